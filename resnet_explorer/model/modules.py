"""A module for each kind of layer, and one block whose forward reads as the equation."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from torch import Tensor, nn

from resnet_explorer.blueprint import Block as BlockNode
from resnet_explorer.blueprint import Gated, layers, norms, pools
from resnet_explorer.blueprint.tree import Chain, Step
from resnet_explorer.model import layers as own


def _conv(layer: Any) -> nn.Module:
    kind = own.StdConv2d if layer.standardised else nn.Conv2d
    return kind(
        layer.in_channels,
        layer.out_channels,
        layer.kernel,
        layer.stride,
        layer.padding,
        layer.dilation,
        layer.groups,
        layer.bias,
    )


def _average(layer: Any) -> nn.Module:
    if layer.whole and layer.stride == 1:
        return own.SamePool()
    return nn.AvgPool2d(layer.kernel, layer.stride, ceil_mode=layer.whole, count_include_pad=not layer.whole)


def _stochastic_depth(layer: Any) -> nn.Module:
    from torchvision.ops import StochasticDepth  # a second that few networks need

    depth: nn.Module = StochasticDepth(0.0, "row")
    return depth


MODULES: Mapping[type[layers.Layer], Callable[[Any], nn.Module]] = {
    layers.Conv2d: _conv,
    layers.ReLU: lambda layer: nn.ReLU(inplace=layer.in_place),
    layers.LeakyReLU: lambda layer: nn.LeakyReLU(inplace=layer.in_place),
    layers.SiLU: lambda layer: nn.SiLU(),
    layers.GELU: lambda layer: nn.GELU(),
    layers.Sigmoid: lambda layer: nn.Sigmoid(),
    layers.Scale: lambda layer: own.Scale(layer.factor),
    layers.Gain: lambda layer: own.Gain(layer.channels, layer.initial),
    layers.Bias: lambda layer: own.Bias(),
    layers.Dropout: lambda layer: nn.Dropout(layer.chance),
    layers.StochasticDepth: _stochastic_depth,
    layers.Flatten: lambda layer: nn.Flatten(),
    layers.Linear: lambda layer: nn.Linear(layer.in_features, layer.out_features),
    layers.ChannelConv1d: lambda layer: own.ChannelConv1d(layer.kernel),
    norms.BatchNorm2d: lambda layer: nn.BatchNorm2d(layer.channels),
    norms.GroupNorm: lambda layer: nn.GroupNorm(layer.groups, layer.channels),
    norms.InstanceNorm2d: lambda layer: nn.InstanceNorm2d(layer.channels, affine=True),
    norms.FRN: lambda layer: own.FRN(layer.channels),
    norms.EvoNormS0: lambda layer: own.EvoNormS0(layer.channels, layer.groups),
    pools.MaxPool2d: lambda layer: nn.MaxPool2d(layer.kernel, layer.stride, layer.padding),
    pools.AvgPool2d: _average,
    pools.BlurPool2d: lambda layer: own.BlurPool2d(layer.stride),
    pools.ConstantPad2d: lambda layer: nn.ConstantPad2d(layer.padding, 0.0),
    pools.ZeroPad: lambda layer: own.ZeroPad(layer.out_channels - layer.in_channels, layer.stride),
    pools.AdaptiveAvgPool2d: lambda layer: nn.AdaptiveAvgPool2d(1),
    pools.ChannelStats: lambda layer: own.ChannelStats(),
    pools.SumPairs: lambda layer: own.SumPairs(),
    pools.SpatialStats: lambda layer: own.SpatialStats(),
}


class Gate(nn.Module):
    """Y = x · gate(x): attention."""

    def __init__(self, gated: Gated) -> None:
        super().__init__()
        for part in gated.parts:
            self.add_module(part.name.removeprefix(f"{gated.name}."), MODULES[type(part.layer)](part.layer))

    def forward(self, x: Tensor) -> Tensor:
        """Return x, weighed."""
        gate = x
        for layer in self.children():
            gate = layer(gate)
        return x * gate


def add_chain(module: nn.Module, chain: Chain) -> tuple[str, ...]:
    """Give a module the layers of a chain under their names; return those names in their order.

    The addition is the block's own and has no module; ``downsample.0`` goes into a Sequential named ``downsample``.
    """
    names: list[str] = []
    for step in chain:
        if isinstance(step, Gated):
            module.add_module(step.name, Gate(step))
            names.append(step.name)
        elif not isinstance(step.layer, layers.Add | layers.GatedAdd):
            name, _, inner = step.name.partition(".")
            _add(module, name, inner, MODULES[type(step.layer)](step.layer))
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
        """Return y of the shape that the blueprint tells."""
        x = run(self, self.chains.before, x)
        y = run(self, self.chains.branch, x)
        if self.chains.gate:
            y = self._weighed(x, y)
        elif self.chains.shortcut is not None:
            y = y + run(self, self.chains.shortcut, x)
        return run(self, self.chains.after, y)

    def _weighed(self, x: Tensor, y: Tensor) -> Tensor:
        """Return g F(x) + (1 - g) x, or F(x) + (1 - g) x (He et al. 2016, section 3.1)."""
        gate = run(self, self.chains.gate, x)
        shortcut = (1 - gate) * run(self, self.chains.shortcut or (), x)
        return (gate * y if self.exclusive else y) + shortcut


def _is_exclusive(step: Step) -> bool:
    return not isinstance(step, Gated) and isinstance(step.layer, layers.GatedAdd) and step.layer.exclusive


def run(module: nn.Module, names: Sequence[str], x: Tensor) -> Tensor:
    """Return x after a module's children of these names, one after the other."""
    for name in names:
        x = module.get_submodule(name)(x)
    return x
