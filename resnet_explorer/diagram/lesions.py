"""The test error of trained networks without each block, and with two neighbours swapped, beside that of the whole."""

from collections.abc import Iterator
from itertools import groupby

from resnet_explorer.picture import chart
from resnet_explorer.readings.lesions import Lesions, LesionStudy
from resnet_explorer.readings.text import compact, percent

TITLE = "The test error without each block"
_NOTES = (
    "A residual block is replaced by its shortcut, a plain one left out; what it would have halved is then every "
    "second position, with zeros for new channels.",
    "A sign between two blocks: they have one shape, and run in the other order. Thin across: the network as it is.",
)
_SWAPPED = {
    chart.RESIDUAL: chart.Marker.DIAMOND,
    chart.PLAIN: chart.Marker.OPEN_DIAMOND,
    chart.STYLES[2]: chart.Marker.OPEN_TRIANGLE,
}


def lesion_chart(shown: LesionStudy) -> chart.Chart:
    """Return the chart of all that is known: a curve and single signs for each network, and across them its own error.

    A point's path is its block's.
    """
    series = [
        series
        for index, network in enumerate(shown.networks)
        for series in _series(network, index, _style(shown, index))
    ]
    classes = {spec.classes or 1 for spec in shown.request.specs}
    guess = [1 - 1 / count for count in classes] if len(classes) == 1 else []
    return chart.Chart(
        TITLE,
        chart.Axis("block, from the input to the loss"),
        chart.Axis("test error", unit="%", low=0.0),
        tuple(series),
        _subtitle(shown),
        tuple(chart.Guide(100 * error, vertical=False) for error in guess),
        _spans(shown),
        (*_NOTES, *(f"Dashed across: a guess among equally frequent classes, {percent(error)}." for error in guess)),
        key="lesions",
    )


def _style(shown: LesionStudy, index: int) -> chart.SeriesStyle:
    """Return a network's style: by whether it is residual, and where both are alike the second has one of its own."""
    kinds = [spec.has_shortcuts for spec in shown.request.specs[: index + 1]]
    usual = chart.RESIDUAL if kinds[index] else chart.PLAIN
    return chart.STYLES[2 * index] if index and kinds[index] in kinds[:index] else usual


def _series(network: Lesions, index: int, style: chart.SeriesStyle) -> Iterator[chart.Series]:
    name, paths = network.name, [place.path for place in network.places]
    dropped = [(n, 100 * error) for n, error in enumerate(network.dropped) if error is not None]
    swapped = [(n, 100 * error) for n, error in enumerate(network.swapped) if error is not None]
    label, y = f"{name}, a block dropped", [error for _, error in dropped]
    across, whole = (0.5, len(paths) + 0.5), (100 * network.whole, 100 * network.whole)
    yield chart.Series(f"whole{index}", label, across, whole, style._replace(marker=chart.Marker.NONE), faint=True)
    points = [chart.Point(paths[n], paths[n]) for n, _ in dropped]
    note = f"as it is {percent(network.whole)}"
    note += f", typically {percent(network.typical)}" if network.typical is not None else ""
    yield chart.Series(f"run{index}", label, [n + 1 for n, _ in dropped], y, style, points=points, note=note)
    if swapped:
        about = [chart.Point(paths[n], f"{paths[n]} and {paths[n + 1]}") for n, _ in swapped]
        label, at = f"{name}, two swapped", [n + 1.5 for n, _ in swapped]
        signs = style._replace(marker=_SWAPPED.get(style, chart.Marker.CIRCLE))
        y = [error for _, error in swapped]
        yield chart.Series(f"swap{index}", label, at, y, signs, chart.Kind.SCATTER, points=about)


def _subtitle(shown: LesionStudy) -> str:
    tested = " and ".join(dict.fromkeys(f"{network.tested:,}" for network in shown.networks))
    return (
        f"all {tested} test images · evaluation mode, the weights as they are · {shown.data}" if shown.networks else ""
    )


def _spans(shown: LesionStudy) -> tuple[chart.Span, ...]:
    """Return the stages, where all networks have them at the same blocks."""
    if len({tuple(place.stage for place in network.places) for network in shown.networks}) != 1:
        return ()
    spans = []
    for stage, members in groupby(enumerate(shown.networks[0].places, 1), key=lambda pair: pair[1].stage):
        blocks = list(members)
        label = f"stage {stage} · {compact(blocks[0][1].shape)}"
        spans.append(chart.Span(blocks[0][0] - 0.5, blocks[-1][0] + 0.5, label, f"layer{stage}"))
    return tuple(spans)
