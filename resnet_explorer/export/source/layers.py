"""How each kind of layer is written, for all blocks of a class at once."""

from collections.abc import Callable, Mapping, Sequence
from math import gcd
from typing import Any

from resnet_explorer.blueprint import Gated, layers, norms, pools
from resnet_explorer.blueprint.attention import hidden
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
        self.made = made

    def term(self, column: Layers) -> Term:
        """Return a layer as an expression that makes the module."""
        kind = next(type(layer) for layer in column if layer is not None)
        return _WRITERS[kind](self, column)

    def gate(self, column: Sequence[Gated]) -> Term:
        """Return an attention's gate as an expression that makes the module."""
        parts = column[0].parts
        return _GATES[type(parts[0].layer), type(parts[1].layer)](self, [gated.parts[1].layer for gated in column])

    def say(self, column: Layers, field: str, *keys: str) -> str:
        """Return a field of a layer, written as the first of the symbols that has its value everywhere."""
        return self.scope.say(values(column, field), *keys)


def values(column: Layers, field: str) -> list[int | None]:
    """Return a field of a layer in each sample."""
    return [None if layer is None else getattr(layer, field) for layer in column]


def conv(writer: Writer, column: Layers, kernel: str = "") -> Call:
    """Return a convolution, and let its output flow on; a kernel that varies has a name already."""
    source, size = writer.flow, kernel or writer.say(column, "kernel")
    stride = writer.say(column, "stride", "stride")
    wide = [None if layer is None or layer.kernel == 1 else layer.dilation for layer in column]
    dilation = writer.scope.say(wide, "before", "dilation") if any(wide) else "1"
    writer.flow = writer.say(column, "out_channels", *writer.made)
    groups, biased = writer.say(column, "groups"), any(layer is not None and layer.bias for layer in column)
    kind = "StdConv2d" if any(layer is not None and layer.standardised for layer in column) else "nn.Conv2d"
    return call(
        kind,
        source,
        writer.flow,
        size,
        stride if stride == "stride" else _named("stride", stride, "1"),
        _named("padding", _padding(size, dilation), "0"),
        _named("dilation", dilation, "1"),
        _named("groups", groups, "1"),
        "" if biased else "bias=False",
    )


def _padding(kernel: str, dilation: str) -> str:
    """Return the padding that keeps a map's size."""
    if not kernel.isdigit():
        return f"{kernel} // 2" if dilation == "1" else f"{dilation} * ({kernel} // 2)"
    reach = int(kernel) // 2
    if dilation.isdigit() or reach == 0:
        return str(reach * int(dilation)) if reach else "0"
    return dilation if reach == 1 else f"{reach} * {dilation}"


def _named(name: str, value: str, usual: str) -> str:
    return "" if value == usual else f"{name}={value}"


def _grouped(writer: Writer, column: Layers) -> str:
    groups = values(column, "groups")
    if writer.scope.same(groups):
        return writer.scope.say(groups)
    assert all(layer is None or layer.groups == gcd(writer.spec.norm_groups, layer.channels) for layer in column)
    return f"gcd({writer.spec.norm_groups}, {writer.flow})"


def _average(writer: Writer, column: Layers) -> Call:
    layer = next(layer for layer in column if layer is not None)
    if not layer.whole:
        return call("nn.AvgPool2d", writer.say(column, "kernel", "stride"))
    if layer.stride == 1:
        return call("SamePool")
    return call("nn.AvgPool2d", writer.say(column, "kernel", "stride"), "ceil_mode=True", "count_include_pad=False")


def _max_pool(writer: Writer, column: Layers) -> Call:
    padding = _named("padding", writer.say(column, "padding"), "0")
    return call("nn.MaxPool2d", writer.say(column, "kernel"), f"stride={writer.say(column, 'stride')}", padding)


def _gain(writer: Writer, column: Layers) -> Call:
    one = all(layer.channels == 1 for layer in column)
    return call("Gain", "1" if one else writer.flow, repr(column[0].initial))


def _zero_pad(writer: Writer, column: Layers) -> Call:
    source, writer.flow = writer.flow, writer.say(column, "out_channels", *writer.made)
    return call("ZeroPad", f"{writer.flow} - {source}", writer.say(column, "stride", "stride"))


def _rectifier(name: str) -> Callable[[Writer, Layers], Call]:
    return lambda writer, column: call(name, "inplace=True" if column[0].in_place else "")


def _normal(name: str, *options: str) -> Callable[[Writer, Layers], Call]:
    return lambda writer, column: call(name, writer.flow, *options)


def _constant(name: str, *arguments: str) -> Callable[[Writer, Layers], Call]:
    return lambda writer, column: call(name, *arguments)


_WRITERS: Mapping[type[layers.Layer], Callable[[Writer, Layers], Call]] = {
    layers.Conv2d: conv,
    layers.ReLU: _rectifier("nn.ReLU"),
    layers.LeakyReLU: _rectifier("nn.LeakyReLU"),
    layers.SiLU: _constant("nn.SiLU"),
    layers.GELU: _constant("nn.GELU"),
    layers.Gain: _gain,
    layers.Bias: _constant("Bias"),
    layers.Dropout: lambda writer, column: call("nn.Dropout", repr(column[0].chance)),
    layers.StochasticDepth: _constant("StochasticDepth"),
    layers.Linear: lambda writer, column: call("nn.Linear", writer.flow, writer.say(column, "out_features")),
    norms.BatchNorm2d: _normal("nn.BatchNorm2d"),
    norms.GroupNorm: lambda writer, column: call("nn.GroupNorm", _grouped(writer, column), writer.flow),
    norms.InstanceNorm2d: _normal("nn.InstanceNorm2d", "affine=True"),
    norms.FRN: _normal("FRN"),
    norms.EvoNormS0: lambda writer, column: call("EvoNormS0", writer.flow, _grouped(writer, column)),
    pools.MaxPool2d: _max_pool,
    pools.AvgPool2d: _average,
    pools.BlurPool2d: lambda writer, column: call("BlurPool2d", writer.say(column, "stride", "stride")),
    pools.ConstantPad2d: lambda writer, column: call("nn.ConstantPad2d", writer.say(column, "padding"), "0.0"),
    pools.ZeroPad: _zero_pad,
    pools.AdaptiveAvgPool2d: _constant("nn.AdaptiveAvgPool2d", "1"),
}


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


def _channelwise(name: str) -> Callable[[Writer, Layers], Call]:
    return lambda writer, column: call(name, writer.flow, _reduced(writer, column))


def _eca(writer: Writer, column: Layers) -> Call:
    kernels = values(column, "kernel")
    if writer.scope.same(kernels):
        return call("ECA", writer.scope.say(kernels))
    return call("ECA", f"max(int(log2({writer.flow}) + 1) // 2 | 1, 3)")


_GATES: Mapping[tuple[type[layers.Layer], type[layers.Layer]], Callable[[Writer, Layers], Call]] = {
    (pools.AdaptiveAvgPool2d, layers.Conv2d): _channelwise("SE"),
    (pools.AdaptiveAvgPool2d, layers.ChannelConv1d): _eca,
    (pools.ChannelStats, layers.Conv2d): _channelwise("ChannelAttention"),
    (pools.SpatialStats, layers.Conv2d): _constant("SpatialAttention"),
}
"""A gate by what it sees and what it does with it first."""
