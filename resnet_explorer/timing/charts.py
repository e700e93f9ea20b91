"""The roofline of a network: what each layer reaches, under what the device can (Williams et al. 2009)."""

from collections.abc import Callable

from resnet_explorer.network.kinds import Layer, Role
from resnet_explorer.network.kinds.activations import ReLU
from resnet_explorer.picture.chart import LOOKS, Axis, Chart, Guide, Kind, Point, Scale, Series
from resnet_explorer.readings import Analysis
from resnet_explorer.readings.text import si
from resnet_explorer.timing.values import Limit, Peaks, Timed, Timing

_KINDS: tuple[tuple[str, Callable[[Layer], bool]], ...] = (
    ("convolutions and fc", lambda layer: layer.role in (Role.CONVOLUTION, Role.LINEAR)),
    ("norms", lambda layer: layer.role is Role.NORM),
    ("ReLU", lambda layer: isinstance(layer, ReLU)),
    ("pools", lambda layer: layer.role is Role.POOLING),
    ("others", lambda layer: True),
)
_ROOF = LOOKS[7]._replace(marker=LOOKS[7].marker.NONE, dash=LOOKS[0].dash)


def roofline(analysis: Analysis, timing: Timing, peaks: Peaks) -> Chart:
    """Return the chart: FLOP/s that each layer's forward pass reached by its FLOPs a byte, and the measured roof."""
    placed = [row for row in timing.rows if row.work.intensity and row.rate]
    low = min((row.work.intensity or 1.0 for row in placed), default=0.1) / 2
    high = max(*(row.work.intensity or 1.0 for row in placed), peaks.ridge) * 3
    roof = (low, peaks.ridge, high)
    series = [Series("roof", "what the device can do", roof, tuple(map(peaks.roof, roof)), _ROOF)]
    for (label, fits), look in zip(_KINDS, LOOKS, strict=False):
        rows = [row for row in placed if _kind(analysis, row) == label and fits(_layer(analysis, row))]
        if rows:
            series.append(
                Series(
                    label, label, [row.work.intensity or 0.0 for row in rows], [row.rate for row in rows],
                    look, Kind.SCATTER, points=[Point(row.path, _told(row, peaks)) for row in rows],
                )
            )  # fmt: skip
    setting = timing.setting
    batch = f"batch {timing.image.batch}, {timing.image.height}×{timing.image.width}"
    where = (
        f"{setting.title}, {setting.threads} thread{'s' if setting.threads > 1 else ''}, torch {_short(setting.torch)}"
    )
    return Chart(
        "What each layer waits for: arithmetic or memory",
        Axis("arithmetic intensity of the forward pass", Scale.LOG, "FLOPs per byte"),
        Axis("reached", Scale.LOG, "FLOP/s"),
        tuple(series),
        f"{where} · {batch} · median of {setting.repeats} runs · {waits(timing, peaks)}",
        (Guide(peaks.ridge, f"ridge: {peaks.ridge:.1f} FLOPs per byte"),),
    )


def _short(version: str) -> str:
    return version.partition("+")[0]


def _layer(analysis: Analysis, row: Timed) -> Layer:
    return analysis.by_path[row.path].part.layer


def _kind(analysis: Analysis, row: Timed) -> str:
    layer = _layer(analysis, row)
    return next(label for label, fits in _KINDS if fits(layer))


def _told(row: Timed, peaks: Peaks) -> str:
    limit = peaks.limit(row.work)
    waits_for = f", limited by {limit.value}" if limit else ""
    return f"{row.path}: {row.forward.median * 1e3:.3g} ms, {si(row.rate)}FLOP/s{waits_for}"


def waits(timing: Timing, peaks: Peaks) -> str:
    """Return in words what share of the forward time goes to layers that memory limits."""
    spent = dict.fromkeys(Limit, 0.0)
    for row in timing.rows:
        limit = peaks.limit(row.work)
        if limit:
            spent[limit] += row.forward.median
    total = sum(spent.values()) or 1.0
    return f"{100 * spent[Limit.MEMORY] / total:.0f} % of the forward time goes to layers limited by memory"
