"""A module for each kind of layer, for a gate and for a fork, and one block whose forward reads as the equation."""

from collections.abc import Sequence
from functools import cache
from pkgutil import resolve_name
from typing import NamedTuple

from torch import Tensor, nn

from resnet_explorer.module.forks import Carry
from resnet_explorer.network import Block as BlockNode
from resnet_explorer.network import Fork as ForkNode
from resnet_explorer.network import Gated, Part, flat
from resnet_explorer.network.kinds import Layer
from resnet_explorer.network.kinds.blocks import GatedAdd, Multiply
from resnet_explorer.network.kinds.gates import AddToMap
from resnet_explorer.network.tree import Chain, Step, follow

_class_at = cache(resolve_name)


def module_of(layer: Layer) -> nn.Module:
    """Return the module of a layer."""
    module: nn.Module = _class_at(layer.built)(**layer.arguments())
    return module


class Gate(nn.Module):
    """Y = x · gate(x), x + gate(x), or x + x · gate(x): attention."""

    def __init__(self, gated: Gated) -> None:
        super().__init__()
        self.chain, self.start = gated.parts, len(gated.name) + 1
        self.join = gated.scale.layer
        for part in flat(gated.parts):
            self.add_module(part.name[self.start :], module_of(part.layer))

    def forward(self, x: Tensor) -> Tensor:
        gate = follow(self.chain, x, self._step)
        if isinstance(self.join, AddToMap):
            return x + gate
        return x * gate if isinstance(self.join, Multiply) else x + x * gate

    def _step(self, part: Part, inputs: tuple[Tensor, ...]) -> Tensor:
        made: Tensor = self.get_submodule(part.name[self.start :])(*inputs)
        return made


class Fork(nn.Module):
    """y = join(F1(x), F2(x), ..., weights): parallel paths, and perhaps weights that see the ends of all of them."""

    def __init__(self, fork: ForkNode) -> None:
        super().__init__()
        self.chains = tuple(self._added(fork, path) for path in fork.paths)
        self.gate = self._added(fork, fork.gate)
        (self.join,) = self._added(fork, (fork.join,))

    def _added(self, fork: ForkNode, chain: Chain) -> tuple[str, ...]:
        """Give the fork the layers of a chain, and return their names."""
        names = tuple(part.name.removeprefix(f"{fork.name}.") for part in flat(chain))
        for name, part in zip(names, flat(chain), strict=True):
            home: nn.Module = self
            *outer, last = name.split(".")
            for folder in outer:
                if not hasattr(home, folder):
                    home.add_module(folder, nn.Sequential())
                home = home.get_submodule(folder)
            home.add_module(last, module_of(part.layer))
        return names

    def forward(self, x: Tensor) -> Tensor:
        ends: list[Tensor] = []
        for names in self.chains:
            end = x
            for name in names:
                layer = self.get_submodule(name)
                end = layer(end, ends[-1]) if isinstance(layer, Carry) else layer(end)
            ends.append(end)
        if self.gate:
            total = self.get_submodule(self.gate[0])(*ends)
            ends.append(run(self, self.gate[1:], total))
        joined: Tensor = self.get_submodule(self.join)(*ends)
        return joined


def add_chain(module: nn.Module, chain: Chain) -> tuple[str, ...]:
    """Give a module the layers of a chain under their names; return those names in their order.

    The addition is the block's own and has no module; ``downsample.0`` goes into a Sequential named ``downsample``.
    """
    names: list[str] = []
    for step in chain:
        if isinstance(step, Gated):
            module.add_module(step.name, Gate(step))
            names.append(step.name)
        elif isinstance(step, ForkNode):
            name, _, inner = step.name.partition(".")
            _add(module, name, inner, Fork(step))
            names += [] if name in names else [name]
        elif step.layer.module:
            name, _, inner = step.name.partition(".")
            _add(module, name, inner, module_of(step.layer))
            names += [] if name in names else [name]
    return tuple(names)


def _add(module: nn.Module, name: str, inner: str, made: nn.Module) -> None:
    if not inner:
        module.add_module(name, made)
        return
    if not hasattr(module, name):
        module.add_module(name, nn.Sequential())
    module.get_submodule(name).add_module(inner, made)


class Chains(NamedTuple):
    """The names of a block's children, chain by chain; an empty ``shortcut`` is the identity, None is none at all."""

    before: tuple[str, ...]
    branch: tuple[str, ...]
    shortcut: tuple[str, ...] | None
    gate: tuple[str, ...]
    after: tuple[str, ...]


class Block(nn.Module):
    """y = after(F(u) + shortcut(u)) with u = before(x): a residual block, or a plain one without shortcut."""

    def __init__(self, node: BlockNode) -> None:
        super().__init__()
        form = node.form
        self.chains = Chains(
            add_chain(self, form.before),
            add_chain(self, form.branch),
            None if form.shortcut is None else add_chain(self, form.shortcut),
            add_chain(self, form.gate),
            add_chain(self, form.after),
        )
        self.exclusive = any(_is_exclusive(step) for step in form.after)
        if "skip" in self.chains.branch:
            setattr(self.get_submodule("skip"), "p", node.skip)  # noqa: B010 - torchvision declares no type

    def forward(self, x: Tensor) -> Tensor:
        x = run(self, self.chains.before, x)
        y = run(self, self.chains.branch, x)
        if self.chains.gate:
            y = self._weighted(x, y)
        elif self.chains.shortcut is not None:
            y = y + run(self, self.chains.shortcut, x)
        return run(self, self.chains.after, y)

    def _weighted(self, x: Tensor, y: Tensor) -> Tensor:
        """Return g F(x) + (1 - g) x, or F(x) + (1 - g) x (He et al. 2016, section 3.1)."""
        gate = run(self, self.chains.gate, x)
        shortcut = (1 - gate) * run(self, self.chains.shortcut or (), x)
        return (gate * y if self.exclusive else y) + shortcut


def _is_exclusive(step: Step) -> bool:
    return isinstance(step, Part) and isinstance(step.layer, GatedAdd) and step.layer.exclusive


def run(module: nn.Module, names: Sequence[str], x: Tensor) -> Tensor:
    """Return x after a module's children of these names, one after the other."""
    for name in names:
        x = module.get_submodule(name)(x)
    return x
