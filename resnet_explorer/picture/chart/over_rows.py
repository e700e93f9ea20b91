"""A chart with rows of blocks under it: in a room whose size is given, or for a page that it has to be whole on."""

from resnet_explorer.picture.chart.frame import Drawn, draw, stack
from resnet_explorer.picture.chart.layout import lay_out
from resnet_explorer.picture.chart.model import Axis, Chart, Strip
from resnet_explorer.picture.chart.strip import block_strip, height
from resnet_explorer.picture.chart.text import FRAME_AREA
from resnet_explorer.picture.marks import Picture

PLOT, PLOT_HIGH = 0.55, 180.0
"""The part of the picture's area that the plot keeps at least, and its least height in px."""
LARGER = (1.0, 1.15, 1.3, 1.5, 1.75, 2.0)
"""By these factors a picture is larger than its page, until all that has to be said fits."""
LEAST_ABOVE = 0.4
"""The part of a page's height above the rows of blocks that a chart keeps."""


def draw_over_rows(
    chart: Chart, strips: tuple[Strip, ...], value: Axis, name: str, wide: float, high: float, text: float = 1.0
) -> Drawn:
    """Return a chart, and under it rows of blocks coloured by ``value``, whose meaning ``name`` says.

    Where that leaves the plot too little room the rows are lower, or there are none.
    """
    for low in (False, True):
        room, plot = _room(chart, strips, name, wide, high, text, low)
        frame = lay_out(chart, wide, room, text, plot).frame
        tall = frame.bottom - frame.top
        if tall >= PLOT_HIGH and (frame.right - frame.left) * tall >= PLOT * wide * high:
            drawn = draw(chart, wide, room, text, plot)
            rows = block_strip(strips, value, wide, name, text, drawn.scale, low)
            return Drawn(stack(drawn.picture, rows), drawn.scale)
    return draw(chart, wide, high, text)


def compose(
    chart: Chart, wide: float, high: float, strips: tuple[Strip, ...] = (), value: Axis | None = None, name: str = ""
) -> Picture:
    """Return a chart of the shape of a page, and as large as the page, or larger where its words need that.

    It has its legend, the titles of its axes, and under it the rows of blocks.
    """
    for factor in LARGER:
        across, down = wide * factor, high * factor
        room, _ = _room(chart, strips, name, across, down, 1.0, False) if strips else (down, FRAME_AREA)
        budget = lay_out(chart, across, room, 1.0).budget
        if room >= LEAST_ABOVE * down and budget.legend and budget.axis_titles:
            break
    drawn = draw(chart, across, room)
    if not strips:
        return drawn.picture
    return stack(drawn.picture, block_strip(strips, value or Axis(), across, name, 1.0, drawn.scale))


def _room(
    chart: Chart, strips: tuple[Strip, ...], name: str, wide: float, high: float, text: float, low: bool
) -> tuple[float, float]:
    """Return the height above the rows, and the part of it for the plot.

    How high the rows are depends on where the chart's frame is, and that on the height above the rows.
    """
    room, plot, taken = high, PLOT, 0.0
    while True:
        needed = height(strips, wide, name, text, lay_out(chart, wide, room, text, plot).scale, low)
        if needed <= taken:
            return room, plot
        taken, room = needed, max(160.0, high - needed)
        plot = PLOT * high / room
