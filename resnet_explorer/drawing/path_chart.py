"""How the paths through a residual network spread over lengths (Veit, Wilber and Belongie 2016, figure 6a)."""

from resnet_explorer.analysis.highway import PathLengths
from resnet_explorer.drawing.chart import RESIDUAL, Axis, Chart, Kind, Series
from resnet_explorer.drawing.graph.facts import count_words


def path_chart(lengths: PathLengths, title: str) -> Chart:
    """Return the chart of a network's paths: the share of those that take k of its n branches."""
    count = lengths.count
    shares = [100 * number / count for number in lengths.by_branches]
    layers = sorted(lengths.by_layers)
    span = f"{layers[0]:,} to {layers[-1]:,} weight layers long"
    return Chart(
        f"{title}: how long the paths are",
        Axis("branches that a path takes; it passes the other blocks by their shortcuts"),
        Axis("share of all paths", unit="%", low=0.0),
        (Series("paths", "paths", list(range(len(shares))), shares, RESIDUAL, Kind.BARS),),
        f"{count_words(lengths.blocks)}, {span}; the plain twin has one path, through all {lengths.blocks} branches",
    )
