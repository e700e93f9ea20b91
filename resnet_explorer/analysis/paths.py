"""Paths through a residual network: how many there are of each length, and how much gradient comes along them.

Veit et al. 2016, "Residual Networks Behave Like Ensembles of Relatively Shallow Networks", section 3 (unravelling)
and section 4 (lengths).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import comb

from resnet_explorer.analysis.descent import RECIPE, DescentRequest
from resnet_explorer.analysis.quantities import Mode
from resnet_explorer.analysis.recipe import Recipe
from resnet_explorer.errors import ExplorerError
from resnet_explorer.spec import InputShape, ResNetSpec
from resnet_explorer.spec.data_choice import DIGITS, DataChoice

PATHS_BATCH = InputShape(32, 16, 16)
PATHS_RECIPE = replace(RECIPE, steps=120, batch=32)
PORTION = 0.95
"""The share of the gradient whose lengths are told, as in the paper."""


@dataclass(frozen=True, slots=True)
class PathsRequest:
    """Follow the gradient of a residual network from the last block to the first, by the number of branches passed.

    ``image`` holds the batch whose gradient that is. The network is trained first, as ``recipe`` says: 0 steps leave
    it as it starts. ``walks`` is how many single paths
    of each length are followed for the paper's curve; 0 leaves it out. Raises ExplorerError for a plain network.
    """

    spec: ResNetSpec
    image: InputShape = PATHS_BATCH
    data: DataChoice = DIGITS
    recipe: Recipe = PATHS_RECIPE
    seed: int = 0
    mode: Mode = Mode.TRAIN
    walks: int = 3
    device: str = "cpu"

    def __post_init__(self) -> None:
        if not self.spec.residual:
            raise ExplorerError("residual", "A plain network has one path alone.", "Choose a residual network.")
        if self.spec.classes is None:
            raise ExplorerError("classes", "A backbone has no loss to follow.", "Give it classes.")

    @property
    def training(self) -> DescentRequest:
        """Return the training that comes first."""
        return DescentRequest((self.spec,), self.image, self.data, self.recipe, self.seed, device=self.device)


@dataclass(frozen=True, slots=True, eq=False)
class Paths:
    """What came along paths of each length k, from 0 to the number of blocks; a length is the branches passed.

    ``norms`` are the lengths of the sums over all paths of k branches, ``shares`` their signed shares of the whole
    gradient, which sum to 1. ``singles`` are mean norms of single paths, None where none was followed. ``total`` is the
    norm of the whole gradient; ``error`` is how far the sum over all lengths is from autograd's gradient, relative.
    ``exact`` tells whether every path is a network of its own (pre-activation); else every path passes the activations
    after the additions.
    """

    request: PathsRequest
    norms: tuple[float, ...]
    shares: tuple[float, ...]
    singles: tuple[float | None, ...]
    total: float
    error: float
    exact: bool
    data: str
    torch: str
    seconds: float

    @property
    def blocks(self) -> int:
        """Return how many blocks there are: the longest path passes the branches of all."""
        return len(self.norms) - 1

    @property
    def counts(self) -> tuple[float, ...]:
        """Return the share of each length in all 2^n paths: the binomial distribution."""
        return binomial(self.blocks)

    @property
    def product(self) -> tuple[float | None, ...]:
        """Return the paper's curve: how many paths, times the mean norm of one.

        It assumes that all paths of a length pull the same way; ``norms`` is what their sum really is.
        """
        pairs = enumerate(self.singles)
        return tuple(None if one is None else float(comb(self.blocks, k)) * one for k, one in pairs)

    @property
    def carriers(self) -> tuple[int, int]:
        """Return the shortest run of lengths, from and to, whose shares make up 95 % of the gradient."""
        return window(self.shares)

    @property
    def norm_carriers(self) -> tuple[int, int]:
        """Return the same for the norms, which do not know that what comes along different lengths may cancel."""
        return window(self.norms)

    @property
    def paper_carriers(self) -> tuple[int, int] | None:
        """Return the same for the paper's curve; None where single paths were not followed."""
        known = [0.0 if one is None else one for one in self.product]
        return window(known) if any(known) else None

    def portion(self, lengths: tuple[int, int]) -> float:
        """Return the share of all paths that have such a length."""
        return sum(self.counts[lengths[0] : lengths[1] + 1])


def binomial(blocks: int) -> tuple[float, ...]:
    """Return for each length from 0 the share of all paths through so many blocks that have it."""
    return tuple(comb(blocks, length) / 2**blocks for length in range(blocks + 1))


def window(weights: Sequence[float], portion: float = PORTION) -> tuple[int, int]:
    """Return the shortest run of indices, from and to, that holds such a portion of all weights."""
    total = sum(weights)
    for width in range(1, len(weights)):
        held = [(sum(weights[start : start + width]), -start) for start in range(len(weights) - width + 1)]
        most, start = max(held)
        if most >= portion * total:
            return -start, -start + width - 1
    return 0, len(weights) - 1
