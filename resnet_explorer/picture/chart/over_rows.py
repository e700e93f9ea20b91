"""A chart with rows of blocks under it, in a room whose size is given."""

from resnet_explorer.picture.chart.frame import Drawn, draw, stack
from resnet_explorer.picture.chart.layout import lay_out
from resnet_explorer.picture.chart.model import Axis, Chart, Strip
from resnet_explorer.picture.chart.strip import block_strip, height

PLOT, PLOT_HIGH = 0.55, 180.0
"""The part of the picture's area that the plot keeps at least, and its least height in px."""


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
