"""What a network needs of its input: the smallest image for inference and for training, and what fails below it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

from resnet_explorer.errors import InputError
from resnet_explorer.network import Network
from resnet_explorer.readings.read import analyse
from resnet_explorer.readings.results import Analysis
from resnet_explorer.spec import AntiAlias, InputShape
from resnet_explorer.spec.input_shape import MAX_SIZE

TRIED = 512
"""Where a size does not tell of larger ones, sides up to this one are tried."""


@dataclass(frozen=True, slots=True)
class Needs:
    """Whether a network can train at an input, and the smallest square images it takes at that batch size.

    ``failing`` is the first batch norm with a single value per channel (PyTorch raises "Expected more than 1 value
    per channel when training"), None where training works. The smallest sides are None where no size will do;
    ``every_larger`` is False where some size above them fails.
    """

    batch: int
    failing: str | None
    smallest_inference: int | None
    smallest_training: int | None
    every_larger: bool = True

    @property
    def text(self) -> str:
        """Return one or two sentences on what the input allows."""
        runs = f"Inference runs from {self.smallest_inference}×{self.smallest_inference} pixels"
        if self.smallest_inference is None:
            runs = f"Inference runs on no square image of up to {TRIED} pixels"
        if not self.every_larger:
            runs = f"Odd sizes can fail: the average pool rounds down where the shortcut rounds up. {runs}"
        small = f"{self.smallest_training}×{self.smallest_training}"
        if self.failing is None:
            trains = "" if self.smallest_training is None else f", training with batch {self.batch} from {small}"
            return f"{runs}{trains}."
        larger = "" if self.smallest_training is None else f", or at least {small} pixels"
        return (
            f"Inference only: in training, {self.failing} would see one value per channel. "
            f"Use a batch of 2 or more{larger}."
        )


def needs(analysis: Analysis) -> Needs:
    """Return what the network of an analysis needs, at that analysis' batch size."""
    batch = analysis.input.batch
    return Needs(batch, _starved(analysis), *_smallest_sides(analysis.network, batch), steady(analysis.network))


@lru_cache(maxsize=64)
def _smallest_sides(network: Network, batch: int) -> tuple[int | None, int | None]:
    """Return the smallest sides for inference and for training; they do not depend on the input's own size."""
    # Two blocks a stage will do: the others keep the shape, so that they need nothing more.
    stages = tuple(replace(stage, blocks=stage.blocks[:2]) for stage in network.stages)
    short, is_steady = replace(network, stages=stages), steady(network)

    def trains(side: int) -> bool:
        analysis = _runs(short, batch, side)
        return analysis is not None and _starved(analysis) is None

    return _smallest(lambda side: _runs(short, batch, side) is not None, is_steady), _smallest(trains, is_steady)


def steady(network: Network) -> bool:
    """Return whether every image larger than the smallest will do.

    An average pool in the branch rounds odd sizes down, where the shortcut rounds them up.
    """
    return network.spec.anti_alias is not AntiAlias.AVERAGE


def _starved(analysis: Analysis) -> str | None:
    return next((row.path for row in analysis.rows if row.part.layer.starves(row.reading.input)), None)


def _runs(network: Network, batch: int, side: int) -> Analysis | None:
    try:
        return analyse(network, InputShape(batch, side, side))
    except InputError:
        return None


def _smallest(works: Callable[[int], bool], steady: bool) -> int | None:
    """Return the smallest side that works: by bisection where all larger ones work too, else one after the other."""
    if not steady:
        return next((side for side in range(1, TRIED + 1) if works(side)), None)
    low, high = 0, 1
    while not works(high):
        low, high = high, high * 2
        if high > MAX_SIZE:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if works(middle) else (middle, high)
    return high
