"""Kinds of parts of a network, for lessons to count and list: each gives the paths in the order in which they run."""

from collections.abc import Callable, Iterable, Mapping

from resnet_explorer.network import Block, Network, Part
from resnet_explorer.network.kinds import Role
from resnet_explorer.network.tree import flat
from resnet_explorer.readings.read import weight_layers


def _blocks(network: Network) -> tuple[Block, ...]:
    return tuple(block for stage in network.stages for block in stage.blocks)


def _blocks_with(holds: Callable[[Block], bool]) -> Callable[[Network], Iterable[str]]:
    return lambda network: (block.path for block in _blocks(network) if holds(block))


def _layers_of(*roles: Role) -> Callable[[Network], Iterable[str]]:
    return lambda network: (path for block in network.blocks for path, part in _parts(block) if _role(part) in roles)


def _parts(block: Block) -> Iterable[tuple[str, Part]]:
    return zip(block.layer_paths, block.form.parts, strict=True)


def _role(part: Part) -> Role:
    return part.layer.role


def _on_shortcut(block: Block) -> tuple[Role, ...]:
    return tuple(_role(part) for part in flat(block.form.shortcut or ()))


def _projections(network: Network) -> Iterable[str]:
    for block in network.blocks:
        own = flat(block.form.shortcut or ())
        yield from (path for path, part in _parts(block) if part in own and _role(part) is Role.CONVOLUTION)


def _tensors(network: Network, buffers: bool) -> Iterable[str]:
    """Yield the names of the tensors that are learnt, or of those that are measured."""
    for block in network.blocks:
        for path, part in _parts(block):
            yield from (f"{path}.{each.name}" for each in part.layer.tensors() if each.buffer is buffers)


def _weight_layers(network: Network) -> Iterable[str]:
    """Yield the layers that ``depth`` counts: those of stem, branches and head, without gates and projections."""
    for block in network.blocks:
        own = weight_layers(block.form.branch)
        yield from (path for path, part in _parts(block) if part in own)


KINDS: Mapping[str, Callable[[Network], Iterable[str]]] = {
    "stages": lambda network: (stage.path for stage in network.stages),
    "blocks": _blocks_with(lambda block: True),
    "shortcuts": _blocks_with(lambda block: block.form.shortcut is not None),
    "identity shortcuts": _blocks_with(lambda block: block.form.shortcut == ()),
    "projection shortcuts": _blocks_with(lambda block: Role.CONVOLUTION in _on_shortcut(block)),
    "padding shortcuts": _blocks_with(
        lambda block: Role.PAD in _on_shortcut(block) and Role.CONVOLUTION not in _on_shortcut(block)
    ),
    "layers": lambda network: (path for block in network.blocks for path in block.layer_paths),
    "weight layers": _weight_layers,
    "convolutions": _layers_of(Role.CONVOLUTION),
    "projections": _projections,
    "norms": _layers_of(Role.NORM),
    "activations": _layers_of(Role.ACTIVATION),
    "additions": _layers_of(Role.JOIN),
    "linear layers": _layers_of(Role.LINEAR),
    "tensors": lambda network: _tensors(network, buffers=False),
    "buffers": lambda network: _tensors(network, buffers=True),
}
"""What can be counted and listed; ``blocks`` are those of the stages."""
