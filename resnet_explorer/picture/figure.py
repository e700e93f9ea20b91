"""Charts for matplotlib: as values, on axes, and as a Python file that draws them anywhere."""

import inspect
from collections.abc import Sequence
from math import isfinite
from pprint import pformat
from textwrap import dedent, wrap
from typing import TYPE_CHECKING, Any

from resnet_explorer import __version__
from resnet_explorer.errors import ExplorerError
from resnet_explorer.picture import matplotlib_chart
from resnet_explorer.picture.chart import Axis, Chart, HeatMap, Kind, Marker, Scale, Series
from resnet_explorer.picture.marks import Dash
from resnet_explorer.picture.theme import LIGHT

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_DASHES = {Dash.SOLID: "-", Dash.DASHED: "--", Dash.DASH_DOT: "-.", Dash.DOTTED: ":"}
_MARKERS = {
    Marker.NONE: None,
    Marker.CIRCLE: "o",
    Marker.OPEN_CIRCLE: "o",
    Marker.SQUARE: "s",
    Marker.OPEN_SQUARE: "s",
    Marker.TRIANGLE: "^",
    Marker.OPEN_TRIANGLE: "^",
    Marker.DIAMOND: "D",
    Marker.OPEN_DIAMOND: "D",
}


class _Nan(float):
    """What is not a number, as the exported file names it."""

    def __repr__(self) -> str:
        return "NAN"


_NAN = _Nan("nan")


def data_of(chart: Chart | HeatMap) -> dict[str, Any]:
    """Return all that matplotlib needs of a chart as dictionaries, lists, texts and numbers; hidden series are out."""
    head = {"title": chart.title, "about": [text for text in (chart.subtitle, *chart.notes) if text]}
    if isinstance(chart, HeatMap):
        rows = {"rows": [row.label for row in chart.rows], "values": [_numbers(row.values) for row in chart.rows]}
        axes = {"x": _axis(chart.x_axis), "value": _axis(chart.value), "y_title": chart.y_title}
        return {**head, **axes, "x_values": _numbers(chart.x), **rows}
    return {
        **head,
        "x": _axis(chart.x_axis),
        "y": _axis(chart.y_axis),
        "stacked": chart.stacked,
        "guides": [{"value": g.value, "label": g.label, "vertical": g.vertical} for g in chart.guides],
        "spans": [{"low": span.low, "high": span.high, "label": span.label} for span in chart.spans],
        "series": [_series(series, chart) for series in chart.shown],
    }


def _axis(axis: Axis) -> dict[str, Any]:
    ticks = [list(tick) for tick in axis.ticks] if axis.ticks else None
    return {
        "title": axis.text,
        "log": axis.scale is Scale.LOG,
        "low": axis.low,
        "high": axis.high,
        "ticks": ticks,
        "whole": axis.whole,
    }


def _series(series: Series, chart: Chart) -> dict[str, Any]:
    marker = series.style.marker
    return {
        "label": f"{series.label} ({series.note})" if series.note and series.label else series.label,
        "kind": str(series.kind),
        "x": _numbers(series.x),
        "y": _numbers(series.y),
        "low": _numbers(series.low) if series.low is not None else None,
        "high": _numbers(series.high) if series.high is not None else None,
        "colour": LIGHT.colours[series.style.ink],
        "dash": _DASHES[series.style.dash],
        "marker": _MARKERS[marker],
        "open": marker.value.startswith("open"),
        "hatch": "///" if series.kind is Kind.BARS and chart.is_hatched(series) else None,
        "faint": series.faint,
    }


def _numbers(values: Sequence[float]) -> list[float]:
    return [float(value) if isfinite(value) else _NAN for value in values]


def plot(chart: Chart | HeatMap, ax: "Axes | None" = None) -> "Axes":
    """Return matplotlib axes with a chart on them: the given ones, or those of a new figure.

    Raises ExplorerError where matplotlib is not installed.
    """
    try:
        from matplotlib import pyplot
    except ImportError as error:
        raise ExplorerError("plot", "matplotlib is not installed.", "Install it: pip install matplotlib.") from error
    if ax is None:
        _, ax = pyplot.subplots(figsize=(7.0, 4.2), layout="constrained")
    matplotlib_chart.draw(ax, data_of(chart))
    return ax


def to_script(*charts: Chart | HeatMap) -> str:
    """Return a Python file that holds the numbers of charts, and draws them by matplotlib alone, under each other.

    Run with the name of a file (``.pdf``, ``.svg``, ``.png``, ``.pgf``) it writes that, else it shows the figure.
    """
    data = [data_of(chart) for chart in charts]
    about = [f"{made['title']}. " + " ".join(made["about"]) for made in data]
    numbers = pformat(data, width=110, compact=True, sort_dicts=False)
    drawing = inspect.getsource(matplotlib_chart).partition("# fmt: off\n")[2].strip()
    return _SCRIPT.format(
        about="\n\n".join("\n".join(wrap(_plain(text), 100)) for text in about),
        version=__version__,
        numbers=numbers,
        drawing=drawing,
        high=f"{4.2 * len(charts):g}",
    )


def _plain(text: str) -> str:
    return text.replace("\\", "/").replace('"""', "'''")


_SCRIPT = dedent('''\
    """{about}

    Measured and written by ResNet Explorer {version}. Needs matplotlib alone:

        python FILE.py                # shows the figure
        python FILE.py figure.pdf     # writes it: .pdf, .svg, .png, or .pgf for LaTeX
    """

    import sys
    from typing import Any

    from matplotlib import pyplot

    NAN = float("nan")
    CHARTS: list[dict[str, Any]] = {numbers}


    {drawing}


    def main() -> None:
        """Draw all charts under each other, and show or write them."""
        figure, axes = pyplot.subplots(len(CHARTS), figsize=(7.0, {high}), squeeze=False, layout="constrained")
        for ax, chart in zip(axes[:, 0], CHARTS):
            draw(ax, chart)
        if len(sys.argv) > 1:
            figure.savefig(sys.argv[1])
        else:
            pyplot.show()


    if __name__ == "__main__":
        main()
''')
