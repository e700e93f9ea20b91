"""The training lab's pictures: curves of several runs, blocks, heat maps, schedules, and medians over seeds.

::

    charts = TrainingCharts()                          # keeps what it has read: a run that grows is read on
    shown = traced(runs)                               # a key, a name and a look for each run
    made = charts.curves(shown, Measure.TRAIN_LOSS, Options(smoothing=0.9, log=True))
    made = charts.seeds(shown, Measure.TRAIN_LOSS)     # median and range of runs that differ in the seed alone
    made = rates(shown)                                # the schedule, before it runs as well
    made = block_plot(shown, Quantity.OUTPUT)          # the newest measured step, block by block
    picture = heatmap(heat(shown[0], Quantity.OUTPUT), 900, 500)

All are told in their captions: the images, the recipe, the seeds, the smoothing, and whether it is a replay.
"""

from resnet_explorer.drawing.training.blocks import BLOCKWISE, block_plot, block_strips, heat
from resnet_explorer.drawing.training.charts import TrainingCharts
from resnet_explorer.drawing.training.options import MEASURES, Across, Measure, Options, Traced, looks, traced
from resnet_explorer.drawing.training.rates import rates

__all__ = [
    "BLOCKWISE",
    "MEASURES",
    "Across",
    "Measure",
    "Options",
    "Traced",
    "TrainingCharts",
    "block_plot",
    "block_strips",
    "heat",
    "looks",
    "rates",
    "traced",
]
