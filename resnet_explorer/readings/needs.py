"""What a network needs of its input: the smallest image for inference and for training, and what fails below it."""

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

from resnet_explorer.dataclass import dataclass
from resnet_explorer.errors import InputError
from resnet_explorer.network import Network
from resnet_explorer.network.kinds.heads import FlattenMap
from resnet_explorer.readings.read import analyse
from resnet_explorer.readings.results import Analysis
from resnet_explorer.spec import AntiAlias, InputShape
from resnet_explorer.spec.input_shape import MAX_SIZE

TRIED = 512
"""Where a size does not tell of larger ones, sides up to this one are tried."""


@dataclass(frozen=True, slots=True)
class Needs:
    """Whether a network can train at an input, and the smallest square images it takes at that batch size.

    Of a signal the side is its length; a video is of ``frames``.

    ``failing`` is the first batch norm with a single value per channel (PyTorch raises "Expected more than 1 value
    per channel when training"), None where training works. The smallest sides are None where no size will do;
    ``every_larger`` is False where some size above them fails. ``largest`` is the largest side that a head without a
    pool takes, None where there is no such bound.
    """

    batch: int
    failing: str | None
    smallest_inference: int | None
    smallest_training: int | None
    every_larger: bool = True
    dims: int = 2
    frames: int = 0
    largest: int | None = None

    @property
    def text(self) -> str:
        """Return one or two sentences on what the input allows."""
        unit = self._unit.removesuffix("s") if self.dims == 1 and self.smallest_inference == 1 else self._unit
        runs = f"Inference runs from {self._sized(self.smallest_inference)}{unit}"
        if self.smallest_inference is None:
            runs = f"Inference runs on no square image of up to {TRIED} pixels"
        if not self.every_larger:
            runs = f"Odd sizes can fail: the average pool rounds down where the shortcut rounds up. {runs}"
        small = self._sized(self.smallest_training)
        most = f" The head is made for one map: images have at most {self.largest}×{self.largest} pixels."
        bound = "" if self.largest is None else most
        if self.failing is None:
            trains = f", training with batch {self.batch} from {small}" if self.smallest_training else ""
            return f"{runs}{trains}.{bound}"
        larger = f", or at least {small}{self._unit}" if self.smallest_training else ""
        return (
            f"Inference only: in training, {self.failing} would see one value per channel. "
            f"Use a batch of 2 or more{larger}.{bound}"
        )

    def _sized(self, side: int | None) -> str:
        return f"{side}" if self.dims == 1 else f"{side}×{side}"

    @property
    def _unit(self) -> str:
        frames = f"{self.frames} frame{'' if self.frames == 1 else 's'}"
        return {1: " samples", 2: " pixels"}.get(self.dims, f" pixels at {frames}")


def needs(analysis: Analysis) -> Needs:
    """Return what the network of an analysis needs, at that analysis' batch size."""
    batch = analysis.input.batch
    network, frames = analysis.network, analysis.input.frames
    sides, flat = _smallest_sides(network, batch, frames if network.spec.dims == 3 else 0), _flattened(network)
    largest = flat.image if flat else None
    return Needs(batch, _starved(analysis), *sides, steady(network), network.spec.dims, frames, largest)


def _flattened(network: Network) -> FlattenMap | None:
    """Return the layer of a head without a pool, which takes maps of one size."""
    parts = network.head.form.parts if network.head else ()
    return next((part.layer for part in parts if isinstance(part.layer, FlattenMap)), None)


@lru_cache(maxsize=64)
def _smallest_sides(network: Network, batch: int, frames: int) -> tuple[int | None, int | None]:
    """Return the smallest sides for inference and for training; they do not depend on the input's own size.

    Those of a video network hold for its number of frames.
    """
    # Two blocks a stage will do: the others keep the shape, so that they need nothing more.
    whole = bool(network.spec.block_widths)
    stages = tuple(stage if whole else replace(stage, blocks=stage.blocks[:2]) for stage in network.stages)
    short, is_steady = replace(network, stages=stages), steady(network)

    def trains(side: int) -> bool:
        analysis = _runs(short, batch, side, frames)
        return analysis is not None and _starved(analysis) is None

    flat = _flattened(network)
    low, high = (0, 1) if flat is None else (flat.image - flat.image // flat.side, flat.image)
    runs = _smallest(lambda side: _runs(short, batch, side, frames) is not None, is_steady, low, high)
    smallest = _runs(short, batch, runs, frames) if runs else None
    # A batch norm of one image needs a last map of two pixels: one pixel more than the stride.
    strides = [row.reading.stride for row in smallest.rows] if smallest else []
    likely = 1 + max((stride for stride in strides if isinstance(stride, int)), default=0)
    return runs, _smallest(trains, is_steady, low, high, likely)


def steady(network: Network) -> bool:
    """Return whether every image larger than the smallest will do.

    An average pool in the branch rounds odd sizes down, where the shortcut rounds them up.
    """
    return all(stage.anti_alias is not AntiAlias.AVERAGE for stage in network.spec.by_stages)


def _starved(analysis: Analysis) -> str | None:
    return next((row.path for row in analysis.rows if row.part.layer.starves(row.reading.input)), None)


def _runs(network: Network, batch: int, side: int, frames: int) -> Analysis | None:
    try:
        return analyse(network, InputShape(batch, side, side, frames or 1))
    except InputError:
        return None


def _smallest(works: Callable[[int], bool], steady: bool, low: int, high: int, likely: int = 0) -> int | None:
    """Return the smallest side that works: by bisection where all larger ones work too, else one after the other.

    It is more than ``low``; ``high`` is tried first, then the ``likely`` one, then doubles.
    """
    if not steady:
        return next((side for side in range(low + 1, max(high, TRIED) + 1) if works(side)), None)
    while not works(high):
        low, high = high, likely if high < likely else high * 2
        if high > MAX_SIZE:
            return None
    if high == likely and low < high - 1 and not works(high - 1):
        return high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if works(middle) else (middle, high)
    return high
