"""What a file of weights holds: the network that it belongs to, and the figures of its tensors."""

from collections.abc import Mapping

from resnet_explorer.dataclass import dataclass
from resnet_explorer.network.kinds import Shape
from resnet_explorer.spec import ResNetSpec

BINS = 32
LIMIT = 4 * 2**30
"""Bytes of a file that are read without asking: more than any published ResNet."""
ENOUGH, DAMAGED = 0.8, 0.95
"""The shares of a network's tensors that must be there for it to be the one that was meant, and for it to be sure."""


@dataclass(frozen=True, slots=True)
class Leftover:
    """Tensors of a file that are no part of the network: what their names share, and what they are likely to be."""

    path: str
    what: str
    names: tuple[str, ...]

    @property
    def text(self) -> str:
        """Return this in words: ``projector: head of 2 layers, 128 outputs: not loaded``."""
        return f"{self.path}: {self.what}: not loaded" if self.path else f"{self.what}: not loaded"


@dataclass(frozen=True, slots=True)
class Identified:
    """The network that some tensors belong to, what was assumed, what is left over, and what does not fit.

    ``names`` gives our name for each of the file's tensors that the network has, ``fitting`` counts those that fit.
    ``missing``, ``unexpected`` and ``misshapen`` are sentences, ``misshapen_names`` our names of the tensors of another
    shape. ``alternatives`` are the networks of the catalogue with the same tensors.
    """

    spec: ResNetSpec
    names: Mapping[str, str]
    missing: tuple[str, ...] = ()
    unexpected: tuple[str, ...] = ()
    misshapen: tuple[str, ...] = ()
    misshapen_names: tuple[str, ...] = ()
    fitting: int = 0
    assumed: tuple[str, ...] = ()
    leftovers: tuple[Leftover, ...] = ()
    alternatives: tuple[str, ...] = ()

    @property
    def problems(self) -> tuple[str, ...]:
        """Return everything that does not fit."""
        return self.missing + self.unexpected + self.misshapen

    @property
    def fits(self) -> bool:
        """Return whether all tensors of the network are there, and no others among them."""
        return not self.problems

    @property
    def share(self) -> float:
        """Return the share of the network's tensors that are there, in their shapes."""
        return self.fitting / max(1, self.fitting + len(self.missing) + len(self.misshapen))

    @property
    def likely(self) -> bool:
        """Return whether enough is there for this to be the network that was meant."""
        return self.share > ENOUGH

    @property
    def nearly(self) -> bool:
        """Return whether all is there, or all but a few tensors of a damaged file."""
        return self.fits or (self.share > DAMAGED and not self.unexpected)


@dataclass(frozen=True, slots=True)
class TensorStats:
    """A tensor's name and shape, its norm, moments and range, and a histogram of equal bins from least to greatest.

    Figures are those of the finite values; ``strange`` counts the others (infinite, or not a number).
    """

    name: str
    shape: Shape
    norm: float
    mean: float
    std: float
    least: float
    greatest: float
    histogram: tuple[int, ...]
    strange: int = 0


@dataclass(frozen=True, slots=True)
class Weights:
    """A file of weights: where it lies, the network it belongs to, and the figures of its tensors by our names.

    ``strange`` of the ``values`` in the file are not finite. ``notes`` say what was read of it. Where it holds several
    networks, ``keys`` names them, ``key`` this one.
    """

    source: str
    found: Identified
    stats: Mapping[str, TensorStats]
    strange: int = 0
    values: int = 0
    notes: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    key: str | None = None

    def of_layer(self, path: str) -> tuple[TensorStats, ...]:
        """Return the figures of a layer's tensors."""
        return tuple(stats for name, stats in self.stats.items() if name.rpartition(".")[0] == path)


def strange_text(strange: int, values: int) -> str:
    """Return a sentence on values that are infinite or not a number; empty where all are finite."""
    return f"{strange:,} of {values:,} values are not finite (infinite, or not a number)." if strange else ""
