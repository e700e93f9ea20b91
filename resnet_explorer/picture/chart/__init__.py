"""Charts as marks: lines, points, bars, heat maps and strips of blocks for screen, PDF, PNG and SVG alike.

::

    made = Chart(
        "Gradient norm at the input of each block",
        Axis("block, from the input to the loss"),
        Axis("‖∂L/∂x‖₂", Scale.LOG),
        (
            Series("residual", "ResNet-56", x, medians, RESIDUAL, low=lows, high=highs, points=points),
            Series("plain", "plain-56", x, others, PLAIN, note="first/last = 13,935"),
        ),
    )
    picture = chart(made, 900, 500)         # a Picture, as every view and export takes it
    picture, scale = draw(made, 900, 500)   # and where values lie in it
    scale.at(412.0)                         # the nearest x, and each series' value there
    read_at(scale, 412.0, 900)              # the same as a line and a box that lie over the picture on screen
    zoomed(made, scale, 1.25, 412.0, 200.0) # the chart zoomed about a point; `panned` as well

``text`` (1, or 1.3 for a projector) makes words and signs larger. What is on a chart:

- a point is a group of kind ``point`` with the block's address as its path (the series' key where it has none), and a
  title with name and value: hover, click and linked selection come from ``scene.hit``. Where points are too close
  to be told apart, a few of them have signs, and ``scale.at`` tells the values;
- a label or a legend's entry is a group of kind ``legend`` whose path is the series' key: ``toggled(chart, key)``
  hides or shows it;
- on a log axis, 0 and what is below the range is marked ▽ on the bottom edge ("underflow"); what is not a number
  breaks the line and is marked × on the top edge, infinity △.
"""

from resnet_explorer.picture.chart.frame import Drawn, chart, draw, stack
from resnet_explorer.picture.chart.heatmap import ColourScale, colour_scale, heatmap
from resnet_explorer.picture.chart.model import (
    PLAIN,
    RESIDUAL,
    STEPS,
    STYLES,
    Axis,
    Cell,
    Chart,
    Guide,
    HeatMap,
    Kind,
    Marker,
    Point,
    Row,
    Scale,
    Series,
    SeriesStyle,
    Span,
    Strip,
)
from resnet_explorer.picture.chart.over_rows import compose, draw_over_rows
from resnet_explorer.picture.chart.readout import Readout, Spot, read_at, read_spot, spots, steps
from resnet_explorer.picture.chart.scale import AxisScale, ChartScale, Reading, panned, toggled, zoomed
from resnet_explorer.picture.chart.strip import block_strip
