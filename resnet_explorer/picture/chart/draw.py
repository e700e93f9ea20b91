"""A chart as a picture."""

from typing import NamedTuple

from resnet_explorer.picture.chart.frame import axis_marks, frame_marks, guide_marks
from resnet_explorer.picture.chart.layout import Layout, lay_out, legend_marks
from resnet_explorer.picture.chart.model import Chart, number
from resnet_explorer.picture.chart.scale import ChartScale, stacks
from resnet_explorer.picture.chart.series import series_marks
from resnet_explorer.picture.chart.text import head_marks
from resnet_explorer.picture.marks import Group, Mark, Picture


class Drawn(NamedTuple):
    """A chart's picture, and where values are in it."""

    picture: Picture
    scale: ChartScale


def chart(chart: Chart, width: float, height: float, text: float = 1.0) -> Picture:
    """Return the picture of a chart of that size; ``text`` makes words and signs larger (1.3 for a projector)."""
    return draw(chart, width, height, text).picture


def draw(chart: Chart, width: float, height: float, text: float = 1.0) -> Drawn:
    """Return the picture of a chart, and its scale: for crosshairs, zoom, and what is to be aligned with it."""
    lay = lay_out(chart, width, height, text)
    marks: list[Mark] = [
        *head_marks(lay.head, height, lay.sizes),
        *frame_marks(lay),
        *series_marks(lay, stacks(chart.shown) if chart.stacked else {}),
        *guide_marks(lay),
        *axis_marks(lay),
        *legend_marks(lay.legend, lay.scale, lay.head.above + 2, lay.sizes),
    ]
    return Drawn(Picture(width, height, tuple(marks), chart.title, _described(chart, lay)), lay.scale)


def _described(chart: Chart, lay: Layout) -> str:
    """Return the chart in words, for those who do not see it."""
    words = [chart.subtitle] if chart.subtitle else []
    words.append(f"{chart.y_axis.words or 'y'} against {chart.x_axis.words or 'x'}")
    for series in chart.shown:
        if len(series.y) and series.label:
            words.append(f"{series.label}: from {number(series.y[0])} to {number(series.y[-1])}")
    return ". ".join((*words, *lay.head.notes))


def stack(*pictures: Picture, gap: float = 0.0) -> Picture:
    """Return pictures under each other, named after the first; their ids have to differ."""
    y = 0.0
    marks: list[Mark] = []
    for index, picture in enumerate(pictures):
        size = picture.width, picture.height
        marks.append(Group("", "picture", picture.title, 0, y, *size, picture.marks, f":{index}"))
        y += picture.height + gap
    wide = max((picture.width for picture in pictures), default=0.0)
    words = ". ".join(picture.description for picture in pictures if picture.description)
    return Picture(wide, max(0.0, y - gap), tuple(marks), pictures[0].title if pictures else "", words)
