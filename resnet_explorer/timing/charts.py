"""The roofline plot of measured times."""

from collections.abc import Callable

from resnet_explorer.network import compile_spec
from resnet_explorer.network.kinds import Layer, Role
from resnet_explorer.network.kinds.activations import ReLU
from resnet_explorer.picture.chart import STYLES, Axis, Chart, Guide, Kind, Point, Scale, Series
from resnet_explorer.readings import Analysis, analyse
from resnet_explorer.readings.text import si
from resnet_explorer.timing.values import Limit, Measured, Peaks, Timed, Timing

_KINDS: tuple[tuple[str, Callable[[Layer], bool]], ...] = (
    ("convolutions and fc", lambda layer: layer.role in (Role.CONVOLUTION, Role.LINEAR)),
    ("norms", lambda layer: layer.role is Role.NORM),
    ("ReLU", lambda layer: isinstance(layer, ReLU)),
    ("pools", lambda layer: layer.role is Role.POOLING),
    ("others", lambda layer: True),
)
_ROOF = STYLES[7]._replace(marker=STYLES[7].marker.NONE, dash=STYLES[0].dash)


def roofline(analysis: Analysis, timing: Timing, peaks: Peaks) -> Chart:
    """Return the chart of the FLOP/s of each layer's forward pass by its FLOPs per byte, below the measured roof."""
    placed = [row for row in timing.rows if row.work.intensity and row.rate]
    low = min((row.work.intensity or 1.0 for row in placed), default=0.1) / 2
    high = max(*(row.work.intensity or 1.0 for row in placed), peaks.ridge) * 3
    roof = (low, peaks.ridge, high)
    series = [Series("roof", "peak of the device", roof, tuple(map(peaks.roof, roof)), _ROOF)]
    groups: dict[str, list[Timed]] = {label: [] for label, _ in _KINDS}
    for row in placed:
        layer = analysis.by_path[row.path].part.layer
        groups[next(label for label, fits in _KINDS if fits(layer))].append(row)
    for (name, rows), style in zip(groups.items(), STYLES, strict=False):
        if rows:
            series.append(
                Series(
                    name, name, [row.work.intensity or 0.0 for row in rows], [row.rate for row in rows],
                    style, Kind.SCATTER, points=[Point(row.path, _describe(row, peaks)) for row in rows],
                )
            )  # fmt: skip
    setting, image = timing.setting, timing.image
    threads = f"{setting.threads} thread{'s' if setting.threads > 1 else ''}"
    where = f"{setting.title}, {threads}, torch {setting.torch.partition('+')[0]}"
    batch = f"batch {image.batch}, {image.text(analysis.network.spec.dims)}"
    return Chart(
        "What limits each layer: arithmetic or memory",
        Axis("arithmetic intensity of the forward pass", Scale.LOG, "FLOPs per byte"),
        Axis("reached", Scale.LOG, "FLOP/s"),
        tuple(series),
        f"{where} · {batch} · median of {setting.repeats} runs · {waits(timing, peaks)}",
        (Guide(peaks.ridge, f"ridge: {peaks.ridge:.1f} FLOPs per byte"),),
    )


def chart_of_times(measured: Measured) -> Chart:
    """Return the roofline of what was measured."""
    analysis = analyse(compile_spec(measured.job.spec), measured.job.image)
    return roofline(analysis, measured.timing, measured.peaks)


def _describe(row: Timed, peaks: Peaks) -> str:
    limit = peaks.limit(row.work)
    waits_for = f", limited by {limit.value}" if limit else ""
    return f"{row.path}: {row.forward.median * 1e3:.3g} ms, {si(row.rate)}FLOP/s{waits_for}"


def waits(timing: Timing, peaks: Peaks) -> str:
    """Return the share of the forward time in layers that are limited by memory, as a sentence."""
    spent = dict.fromkeys(Limit, 0.0)
    for row in timing.rows:
        limit = peaks.limit(row.work)
        if limit:
            spent[limit] += row.forward.median
    total = sum(spent.values()) or 1.0
    return f"{100 * spent[Limit.MEMORY] / total:.0f} % of the forward time goes to layers limited by memory"
