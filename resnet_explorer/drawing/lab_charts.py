"""The pictures of the gradient lab's other experiments: training, paths, neighbouring inputs, lesions."""

from collections.abc import Callable, Mapping
from typing import Any

from resnet_explorer.analysis.descent import Descent
from resnet_explorer.analysis.lesions import LesionStudy
from resnet_explorer.analysis.paths import Paths
from resnet_explorer.analysis.shattering import LAGS, Shattering
from resnet_explorer.drawing.chart import LOOKS, PLAIN, RESIDUAL, Axis, Chart, Kind, Series
from resnet_explorer.drawing.descent_charts import loss_chart
from resnet_explorer.drawing.lesion_chart import lesion_chart
from resnet_explorer.spec.catalogue import title


def lab_chart(result: object) -> Chart:
    """Return the chart of a result of any experiment but the gradients block by block."""
    return _CHARTS[type(result)](result)


def _paths(result: Paths) -> Chart:
    lengths = list(range(result.blocks + 1))
    norms, counts = sum(result.norms) or 1.0, result.counts
    first, last = result.norm_carriers
    few = 100 * result.portion(result.norm_carriers)
    bare = PLAIN._replace(marker=PLAIN.marker.NONE)
    series = [
        Series("gradient", "norm of what comes along them", lengths, [100 * one / norms for one in result.norms],
               RESIDUAL, Kind.BARS, note=f"95 % of the norms: {first} to {last}"),
        Series("count", "paths of that length", lengths, [100 * one for one in counts], bare, note="binomial"),
    ]  # fmt: skip
    known = [one or 0.0 for one in result.product]
    if any(known) and None not in result.product:
        paper = [100 * one / sum(known) for one in known]
        look = LOOKS[2]._replace(marker=LOOKS[2].marker.NONE)
        series.append(Series("paper", "the paper's product", lengths, paper, look, note="assumes they all agree"))
    others = "every path passes the activations after the additions"
    exact = "exact: every path is a network of its own" if result.exact else others
    asked = result.request
    return Chart(
        f"{title(asked.spec)}: along which paths the gradient comes",
        Axis("branches that a path takes"),
        Axis("share", unit="%", low=0.0),
        tuple(series),
        f"{exact} · the sum over all lengths is autograd's gradient to {result.error:.0e} · the lengths with "
        f"95 % of the norms are {few:.1f} % of all paths · after {asked.recipe.steps} steps · {result.data} · "
        f"seed {asked.seed}",
    )


def _shattering(result: Shattering) -> Chart:
    series = []
    for one in result.networks:
        look = RESIDUAL if one.spec.residual else PLAIN
        series.append(Series(one.spec.name, title(one.spec), LAGS, one.mean, look))
    deepest = [line for line in result.lines if line.depth == max(result.request.depths)]
    for line, look in zip(deepest, LOOKS[2:], strict=False):
        faint = look._replace(marker=look.marker.NONE)
        key = f"{line.kind}-{line.depth}"
        series.append(Series(key, f"{line.kind}, {line.depth} layers", LAGS, line.mean, faint))
    asked = result.request
    done = [len(one.cosines) for one in result.networks if len(one.cosines) < len(asked.seeds)]
    seeds = f"{done[0]} of {len(asked.seeds)}" if done else f"{len(asked.seeds)}"
    return Chart(
        "Do gradients at neighbouring inputs agree?",
        Axis("how many points the inputs are apart"),
        Axis("cosine, or autocorrelation", low=-0.3, high=1.0),
        tuple(series),
        f"mean of {seeds} seeds · networks: {result.data} · "
        f"fully connected: 256 points, width {asked.width} · {result.seconds:.0f} s",
    )


_CHARTS: Mapping[type, Callable[[Any], Chart]] = {
    Descent: loss_chart,
    Paths: _paths,
    Shattering: _shattering,
    LesionStudy: lesion_chart,
}
