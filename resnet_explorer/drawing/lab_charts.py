"""The pictures of the gradient lab's other experiments: training, paths, neighbouring inputs, lesions."""

from collections.abc import Callable, Mapping
from typing import Any

from resnet_explorer.analysis.descent import Descent
from resnet_explorer.analysis.lesions import LesionStudy
from resnet_explorer.analysis.paths import Paths
from resnet_explorer.analysis.shattering import LAGS, Shattering
from resnet_explorer.drawing.chart import LOOKS, PLAIN, RESIDUAL, Axis, Chart, Guide, Kind, Point, Scale, Series
from resnet_explorer.spec.catalogue import title

SMOOTH = 10
"""Over how many steps a training loss is averaged."""


def lab_chart(result: object) -> Chart:
    """Return the chart of a result of any experiment but the gradients block by block."""
    return _CHARTS[type(result)](result)


def _descent(result: Descent) -> Chart:
    recipe, asked = result.request.recipe, result.request
    series = []
    for index, (spec, look) in enumerate(zip(asked.specs, LOOKS, strict=False)):
        losses = result.losses(index)
        mean = [sum(losses[max(0, n - SMOOTH + 1) : n + 1]) / min(SMOOTH, n + 1) for n in range(len(losses))]
        steps = list(range(1, len(losses) + 1))
        series.append(Series(f"{spec.name}-raw", title(spec), steps, losses, look, faint=True))
        note = f"ends at {mean[-1]:.2f}" if mean else ""
        bare = look._replace(marker=look.marker.NONE)
        series.append(Series(spec.name, title(spec), steps, mean, bare, note=note))
    return Chart(
        "Training loss, step by step",
        Axis("step"),
        Axis("training loss", low=0.0),
        tuple(series),
        f"{result.data} · batch {asked.image.batch}, rate {recipe.rate:g}, momentum {recipe.momentum:g}, decay "
        f"{recipe.decay:g} · seed {asked.seed}, the same order for all · mean of {SMOOTH} steps, thin: each step · "
        f"{asked.device}, {result.seconds:.0f} s",
    )


def _paths(result: Paths) -> Chart:
    lengths = list(range(result.blocks + 1))
    norms, counts = sum(result.norms) or 1.0, result.counts
    first, last = result.norm_carriers
    few = 100 * result.portion(result.norm_carriers)
    bare = PLAIN._replace(marker=PLAIN.marker.NONE)
    series = [
        Series("gradient", "gradient that comes along them", lengths, [100 * one / norms for one in result.norms],
               RESIDUAL, Kind.BARS, note=f"95 % along {first} to {last} branches"),
        Series("count", "paths of that length", lengths, [100 * one for one in counts], bare, note="binomial"),
    ]  # fmt: skip
    known = [one or 0.0 for one in result.product]
    if any(known):
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
        f"{exact} · the sum over all lengths is autograd's gradient to {result.error:.0e} · the lengths that carry "
        f"95 % are {few:.1f} % of all paths · after {asked.recipe.steps} steps · {result.data} · seed {asked.seed}",
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
    return Chart(
        "Do gradients at neighbouring inputs agree?",
        Axis("how many points the inputs are apart"),
        Axis("cosine, or autocorrelation", low=-0.3, high=1.0),
        tuple(series),
        f"mean of {len(asked.seeds)} seeds · networks: {asked.image.batch} points between two images, {result.data} · "
        f"fully connected: 256 points, width {asked.width} · {result.seconds:.0f} s",
    )


def _lesions(result: LesionStudy) -> Chart:
    asked = result.request
    series, guides = [], []
    for one in result.networks:
        look = RESIDUAL if one.spec.residual else PLAIN
        blocks = list(range(1, len(one.places) + 1))
        points = [Point(place.path, f"{title(one.spec)} without {place.path}") for place in one.places]
        dropped = [100 * value for value in one.dropped]
        note = f"whole {100 * one.whole:.0f} %"
        series.append(Series(one.spec.name, title(one.spec), blocks, dropped, look, points=points, note=note))
        guides.append(Guide(100 * one.whole, f"{title(one.spec)}, whole", vertical=False))
        swapped = [float("nan") if value is None else 100 * value for value in one.swapped]
        thin = look._replace(dash=LOOKS[3].dash, marker=LOOKS[3].marker)
        key, label = f"{one.spec.name}-swapped", f"{title(one.spec)}, swapped with the next"
        series.append(Series(key, label, blocks, swapped, thin, points=points))
    return Chart(
        "What is still named right when a block is taken out",
        Axis("block that is taken out"),
        Axis("test images named right", Scale.LINEAR, "%", low=0.0, high=100.0),
        tuple(series),
        f"{result.tested} test images · trained {asked.recipe.steps} steps · {result.data} · seed {asked.seed}",
        tuple(guides),
    )


_CHARTS: Mapping[type, Callable[[Any], Chart]] = {
    Descent: _descent,
    Paths: _paths,
    Shattering: _shattering,
    LesionStudy: _lesions,
}
