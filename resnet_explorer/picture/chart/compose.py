"""A chart for a page: whole, with its legend and the titles of its axes."""

from resnet_explorer.picture.chart.frame import draw, stack
from resnet_explorer.picture.chart.layout import lay_out
from resnet_explorer.picture.chart.model import Axis, Chart, Strip
from resnet_explorer.picture.chart.strip import block_strip
from resnet_explorer.picture.marks import Picture

LARGER = (1.0, 1.15, 1.3, 1.5, 1.75, 2.0)
"""By these factors a picture is larger than its page, until all that has to be said fits."""
LEAST_PLOT = 0.4
"""The part of the height above rows of blocks that a chart keeps."""


def compose(
    chart: Chart, wide: float, high: float, strips: tuple[Strip, ...] = (), value: Axis | None = None, name: str = ""
) -> Picture:
    """Return a chart of the shape of a page, and as large as the page, or larger where its words need that.

    Under it are rows of blocks coloured by ``value``, whose meaning ``name`` says.
    """
    picture = Picture(wide, high, (), chart.title)
    for factor in LARGER:
        across, down = wide * factor, high * factor
        first = draw(chart, across, down)
        rows = block_strip(strips, value or Axis(), across, name, 1.0, first.scale) if strips else None
        above = down - rows.height if rows else down
        if above < LEAST_PLOT * down and factor < LARGER[-1]:
            continue
        drawn = draw(chart, across, above)
        if strips and rows:
            rows = block_strip(strips, value or Axis(), across, name, 1.0, drawn.scale)
        picture = stack(drawn.picture, rows) if rows else drawn.picture
        budget = lay_out(chart, across, above, 1.0).budget
        if budget.legend and budget.axis_titles:
            break
    return picture
