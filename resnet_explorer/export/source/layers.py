"""How each kind of layer is written, for all blocks of a class at once."""

from collections.abc import Callable, Mapping, Sequence
from math import gcd
from typing import Any

from resnet_explorer.blueprint import Gated
from resnet_explorer.blueprint.attention import hidden
from resnet_explorer.blueprint.kinds.base import named
from resnet_explorer.export.source.scope import Scope
from resnet_explorer.export.source.text import Call, Term, call
from resnet_explorer.spec import ResNetSpec

Layers = Sequence[Any]
"""One layer as each sample has it; None where a sample lacks it."""


class Writer:
    """Writes the layers of one path after the other; it knows how many channels flow between them.

    ``flow`` is how the channels are written, ``made`` which names the next convolution's output may have.
    """

    def __init__(self, spec: ResNetSpec, scope: Scope, flow: str, made: Sequence[str] = ()) -> None:
        self.spec = spec
        self.scope = scope
        self.flow = flow
        self.made = tuple(made)
        self.column: Layers = ()
        self.kernel = ""

    def term(self, column: Layers, kernel: str = "") -> Call:
        """Return a layer as an expression that makes the module; a kernel that varies has a name already."""
        self.column, self.kernel = column, kernel
        return call(*next(layer for layer in column if layer is not None).source(self))

    def gate(self, column: Sequence[Gated]) -> Term:
        """Return an attention's gate as an expression that makes the module."""
        name, arguments = _GATES[column[0].name]
        return call(name, *arguments(self, [gated.parts[1].layer for gated in column]))

    def say(self, field: str, *keys: str) -> str:
        """Return a field of the layer, written as the first of the symbols that has its value everywhere."""
        return self.scope.say(values(self.column, field), *keys)

    def grouped(self) -> str:
        """Return the groups of a norm."""
        groups = values(self.column, "groups")
        if self.scope.same(groups):
            return self.scope.say(groups)
        asked = self.spec.norm_groups
        assert all(layer is None or layer.groups == gcd(asked, layer.channels) for layer in self.column)
        return f"gcd({asked}, {self.flow})"

    def convolution(self, name: str) -> tuple[str, ...]:
        """Return the call of a convolution, and let its output flow on."""
        source, size, stride = self.flow, self.kernel or self.say("kernel"), self.say("stride", "stride")
        layers = [layer for layer in self.column if layer is not None]
        wide = [None if layer is None or layer.kernel == 1 else layer.dilation for layer in self.column]
        dilation = self.scope.say(wide, "before", "dilation") if any(wide) else "1"
        self.flow = self.say("out_channels", *self.made)
        return (
            name,
            source,
            self.flow,
            size,
            stride if stride == "stride" else named("stride", stride, "1"),
            named("padding", _padding(size, dilation), "0"),
            named("dilation", dilation, "1"),
            named("groups", self.say("groups"), "1"),
            "" if any(layer.bias for layer in layers) else "bias=False",
        )


def values(column: Layers, field: str) -> list[int | None]:
    """Return a field of a layer in each sample."""
    return [None if layer is None else getattr(layer, field) for layer in column]


def _padding(kernel: str, dilation: str) -> str:
    """Return the padding that keeps a map's size."""
    if not kernel.isdigit():
        return f"{kernel} // 2" if dilation == "1" else f"{dilation} * ({kernel} // 2)"
    reach = int(kernel) // 2
    if dilation.isdigit() or reach == 0:
        return str(reach * int(dilation)) if reach else "0"
    return dilation if reach == 1 else f"{reach} * {dilation}"


def _reduced(writer: Writer, column: Layers) -> str:
    """Return the channels of an attention's hidden layer: a fraction of the channels, rounded where they must be."""
    spec, flow, inner = writer.spec, writer.flow, values(column, "out_channels")
    if all(layer.out_channels * spec.reduction == layer.in_channels for layer in column):
        return flow if spec.reduction == 1 else f"{flow} // {spec.reduction}"
    if writer.scope.same(inner):
        return writer.scope.say(inner)
    assert all(layer.out_channels == hidden(spec, layer.in_channels) for layer in column)
    multiple = spec.reduction_multiple
    if multiple == 1:
        return f"max(1, int({flow} / {spec.reduction} + 0.5))"
    rounded = f"int({flow} / {spec.reduction} + {multiple / 2:g}) // {multiple} * {multiple}"
    return f"max({multiple}, {rounded})"


def _channelwise(writer: Writer, column: Layers) -> tuple[str, ...]:
    return (writer.flow, _reduced(writer, column))


def _eca(writer: Writer, column: Layers) -> tuple[str, ...]:
    kernels = values(column, "kernel")
    if writer.scope.same(kernels):
        return (writer.scope.say(kernels),)
    return (f"max(int(log2({writer.flow}) + 1) // 2 | 1, 3)",)


_GATES: Mapping[str, tuple[str, Callable[[Writer, Layers], tuple[str, ...]]]] = {
    "se": ("SE", _channelwise),
    "eca": ("ECA", _eca),
    "cbam_channel": ("ChannelAttention", _channelwise),
    "cbam_spatial": ("SpatialAttention", lambda writer, column: ()),
}
"""The class of each gate, and what it is called with."""
