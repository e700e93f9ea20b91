"""The tensors that a network can learn, unit by unit, and which of them are spared from weight decay."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from math import prod

from resnet_explorer.errors import ExplorerError
from resnet_explorer.network import Block, Network
from resnet_explorer.network.kinds import Layer, Role, Shape
from resnet_explorer.network.kinds.convolutions import Conv2d, Linear
from resnet_explorer.network.tree import ADAPTER

BUFFERS = ("running_mean", "running_var", "num_batches_tracked")
"""The tensors of a batch norm that are measured, not learnt (torch.nn.BatchNorm2d)."""


@dataclass(frozen=True, slots=True)
class Weight:
    """A tensor that can be learnt: its name, its shape, its layer, and the unit that it lies in.

    Units are what strategies open one by one: the adapter, the stem, each stage, the head. ``spared`` says that no
    weight decay should draw it to 0: it belongs to a norm, or is a bias or a learnt factor.
    """

    name: str
    shape: Shape
    layer: Layer
    unit: str
    spared: bool

    @property
    def kind(self) -> str:
        """Return the type of its layer."""
        return self.layer.kind

    @property
    def parameters(self) -> int:
        """Return how many numbers it holds."""
        return prod(self.shape)


@lru_cache(maxsize=32)
def weights(network: Network, adapter: tuple[int, int] | None = None) -> tuple[Weight, ...]:
    """Return the learnable tensors in the order in which an image meets them.

    ``adapter`` gives the channels of the 1x1 convolution before the network, from and to; None where there is none.
    """
    found = [_adapter(*adapter)] if adapter else []
    for block in network.blocks:
        for path, part in zip(block.layer_paths, block.form.parts, strict=True):
            for tensor in part.layer.tensors():
                if not tensor.buffer:
                    spared = _spared(part.layer, tensor.name)
                    found.append(Weight(f"{path}.{tensor.name}", tensor.shape, part.layer, _unit(block), spared))
    return tuple(found)


def _adapter(channels: int, into: int) -> Weight:
    return Weight(f"{ADAPTER}.weight", (into, channels, 1, 1), Conv2d(channels, into, 1), ADAPTER, False)


def _unit(block: Block) -> str:
    return block.path if block.path in ("stem", "head") else block.path.partition(".")[0]


def _spared(layer: Layer, name: str) -> bool:
    return layer.role in (Role.NORM, Role.FACTOR, Role.SHIFT) or name == "bias"


def units(network: Network, *, adapter: bool = False) -> tuple[str, ...]:
    """Return the units from the image to the loss."""
    inner = (network.stem.path, *(stage.path for stage in network.stages))
    return (*((ADAPTER,) if adapter else ()), *inner, *((network.head.path,) if network.head else ()))


def distance(unit: str, network: Network) -> int:
    """Return how many units lie between one and the head: 0 for the head, 1 for the last stage.

    The adapter is as new as the head, and as near to it.
    """
    order = list(reversed(units(network)))
    return 0 if unit == ADAPTER else order.index(unit) + (0 if network.head else 1)


def under(path: str, network: Network, known: Iterable[Weight]) -> tuple[Weight, ...]:
    """Return the tensors of what has a path: a unit, a block, a layer or a tensor itself.

    Raises ExplorerError where the path names nothing that learns.
    """
    block = network.block_at(path)
    layers = block.layer_paths if block and block.path == path else ()
    found = tuple(
        one
        for one in known
        if one.name == path or one.name.startswith(f"{path}.") or one.name.rpartition(".")[0] in layers
    )
    if not path or not found:
        there = path and (network.has(path) or path == ADAPTER)
        what = f"{path} has no weights to freeze." if there else f"There is no {path or 'path without a name'!r} here."
        raise ExplorerError("frozen", what, "Name a stage, a block or a layer, such as layer1 or layer2.0.conv1.")
    return found


@dataclass(frozen=True, slots=True)
class Spared:
    """The tensors that are spared from decay by their layer's type, and what matching words in names would miss."""

    tensors: int
    parameters: int
    by_name: int
    missed: tuple[str, ...]
    words: tuple[str, ...]


def spared(known: Iterable[Weight], words: tuple[str, ...] = ("bn", "bias")) -> Spared:
    """Return the choice by type against the choice by names that hold one of some words."""
    by_type = [one for one in known if one.spared]
    by_name = [one for one in by_type if any(word in one.name for word in words)]
    missed = tuple(one.name for one in by_type if not any(word in one.name for word in words))
    return Spared(len(by_type), total(by_type), len(by_name), missed, words)


@dataclass(frozen=True, slots=True)
class HeadCost:
    """The parameters of the classifier before and after it is replaced, and the features that it reads."""

    features: int
    before: int
    after: int


def head_cost(network: Network, classes: int) -> HeadCost:
    """Return what a head for so many classes costs, with weights and biases, against the one that is there.

    Raises ExplorerError where there is no head.
    """
    parts = network.head.form.parts if network.head else ()
    linear = next((part.layer for part in parts if isinstance(part.layer, Linear)), None)
    if linear is None:
        raise ExplorerError("net", "A backbone has no head to replace.", "Give it classes.")
    return HeadCost(linear.in_features, linear.params, (linear.in_features + 1) * classes)


def total(known: Iterable[Weight]) -> int:
    """Return how many parameters some tensors hold."""
    return sum(one.parameters for one in known)
