"""The feature maps that a backbone offers: one a stage, as segmentation and detection use them."""

from typing import NamedTuple

from resnet_explorer.analysis.results import Analysis
from resnet_explorer.analysis.words import compact
from resnet_explorer.blueprint.kinds import Shape


class Feature(NamedTuple):
    """The map at the end of a stage: the stage's path, its shape, and its stride to the input in pixels."""

    path: str
    shape: Shape
    stride: int

    @property
    def words(self) -> str:
        """Return the shape without its batch."""
        return compact(self.shape)


def features(analysis: Analysis) -> tuple[Feature, ...]:
    """Return the map of every stage, in the order in which they run."""
    found = []
    for stage in analysis.network.stages:
        last = stage.blocks[-1]
        row = analysis.rows[analysis.starts[last.path] + len(last.layer_paths) - 1]
        assert row.reading.stride is not None, "stages come before any global pool"
        found.append(Feature(stage.path, row.reading.output, row.reading.stride))
    return tuple(found)
