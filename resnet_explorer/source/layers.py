"""How each kind of layer is written, for all blocks of a class at once."""

from collections.abc import Callable, Mapping, Sequence
from math import gcd
from typing import Any

from resnet_explorer.network import Fork, Gated, flat
from resnet_explorer.network.branches import hidden
from resnet_explorer.network.kinds import Layer, Role
from resnet_explorer.network.kinds.base import named
from resnet_explorer.network.kinds.blocks import Dropout
from resnet_explorer.network.kinds.dimensions import argument
from resnet_explorer.network.tree import ALTERING
from resnet_explorer.source.scope import Call, Sample, Scope, Term, broken, call, indented
from resnet_explorer.spec import ReductionOf, ResNetSpec

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
        self.column = [_telling(gated) for gated in column]
        return call(name, *arguments(self))

    def _groups(self) -> str:
        if all(layer is None or layer.groups == 1 for layer in self.column):
            return "1"
        return self.say("groups", "groups")

    def say(self, field: str, *keys: str) -> str:
        """Return a field of the layer, written as the first of the symbols that has its value everywhere."""
        return self.scope.say(values(self.column, field), *keys)

    def grouped(self) -> str:
        """Return the groups of a norm."""
        groups = values(self.column, "groups")
        if self.scope.same(groups):
            return self.scope.say(groups)
        most = self.spec.norm_groups
        assert all(layer is None or layer.groups == gcd(most, layer.channels) for layer in self.column)
        return f"gcd({most}, {self.flow})"

    def convolution(self, name: str) -> tuple[str, ...]:
        """Return the call of a convolution, and let its output flow on."""
        source, size, stride = self.flow, self.kernel or self.say("kernel"), self.say("stride", "stride")
        layers = [layer for layer in self.column if layer is not None]
        wide = [None if layer is None or max(layer.kernels) == 1 else layer.dilation for layer in self.column]
        dilation = self._dilation(wide) if any(wide) else "1"
        self.flow = self.say("out_channels", *self.made)
        padding = _padding(size, dilation)
        if layers[0].dims == 3 and layers[0].time:
            size, stride, padding = self._with_time(size, stride, padding, dilation)
        return (
            name,
            source,
            self.flow,
            size,
            stride if stride == "stride" else named("stride", stride, "1"),
            named("padding", padding, "0"),
            named("dilation", dilation, "1"),
            named("groups", self._groups(), "1"),
            "" if any(layer.bias for layer in layers) else "bias=False",
        )

    def _dilation(self, wide: Sequence[int | None]) -> str:
        """Return the dilation of a convolution, which may be twice that of its place (selective kernels)."""
        half = [None if each is None else each // 2 for each in wide]
        if not self.scope.same(wide) and self.scope.has(half, "before", "dilation"):
            return f"2 * {self.scope.say(half, 'before', 'dilation')}"
        return self.scope.say(wide, "before", "dilation")

    def _with_time(self, kernel: str, stride: str, padding: str, dilation: str) -> tuple[str, str, str]:
        """Return the sizes of a convolution that has another window along time than along height and width."""
        frames = self.scope.say([layer and layer.kernels[0] for layer in self.column])
        skips = self.scope.say([layer and layer.strides[0] for layer in self.column], "stride")
        border = "0" if frames == "1" else _padding(frames, dilation)
        return _axes(frames, kernel), _axes(skips, stride), _axes(border, padding)


def _axes(frames: str, other: str) -> str:
    """Return a size along time, height and width: one number where all are the same."""
    return other if frames == other else f"({frames}, {other}, {other})"


def values(column: Layers, field: str) -> list[int | None]:
    """Return a field of a layer in each sample."""
    return [None if layer is None else getattr(layer, field) for layer in column]


def _padding(kernel: str, dilation: str) -> str:
    if not kernel.isdigit():
        return f"{kernel} // 2" if dilation == "1" else f"{dilation} * ({kernel} // 2)"
    reach = int(kernel) // 2
    if dilation.isdigit() or reach == 0:
        return str(reach * int(dilation)) if reach else "0"
    return dilation if reach == 1 else f"{reach} * {dilation}"


def _telling(gated: Gated) -> Layer:
    """Return the layer of a gate that tells its sizes."""
    return next(part.layer for part in flat(gated.parts) if part.name.endswith((".fc1", ".t", ".conv")))


def _channelwise(writer: Writer) -> tuple[str, str]:
    return writer.flow, _hidden_channels(writer)


def _hidden_channels(writer: Writer) -> str:
    """Return the channels of an attention's hidden layer: a fraction of the channels, rounded where they must be."""
    spec, flow, column = writer.spec, writer.flow, writer.column
    inner = values(column, "out_channels")
    whole: list[int] = [layer.in_channels for layer in column]
    if spec.reduction_of is ReductionOf.INPUT and not writer.scope.same(inner):
        flow, whole = writer.scope.name("channels"), writer.scope.values("channels")
    if [layer.out_channels * spec.reduction for layer in column] == whole:
        return flow if spec.reduction == 1 else f"{flow} // {spec.reduction}"
    if writer.scope.same(inner):
        return writer.scope.say(inner)
    assert inner == [hidden(spec, channels) for channels in whole]
    multiple = spec.reduction_multiple
    if multiple == 1:
        return f"max(1, int({flow} / {spec.reduction} + 0.5))"
    rounded = f"int({flow} / {spec.reduction} + {multiple / 2:g}) // {multiple} * {multiple}"
    return f"max({multiple}, {rounded})"


def _eca(writer: Writer) -> tuple[str]:
    if writer.scope.same(values(writer.column, "kernel")):
        return (writer.say("kernel"),)
    return (f"max(int(log2({writer.flow}) + 1) // 2 | 1, 3)",)


def _spatial(writer: Writer) -> tuple[str, ...]:
    """Return nothing for images; else the window of the convolution over the positions."""
    conv = writer.column[0]
    return () if conv.dims == 2 else tuple(str(argument(sizes)) for sizes in (conv.kernels, conv.paddings))


_GATES: Mapping[str, tuple[str, Callable[[Writer], tuple[str, ...]]]] = {
    "se": ("SE", _channelwise),
    "eca": ("ECA", _eca),
    "cbam_channel": ("ChannelAttention", _channelwise),
    "cbam_spatial": ("SpatialAttention", _spatial),
    "gc": ("GlobalContext", _channelwise),
    "gca": ("AddedContext", _channelwise),
    "nl": ("NonLocal", _channelwise),
}
"""The class of each gate, and what it is called with."""


def bridge(sample: Sample) -> tuple[Layer, ...]:
    """Return what brings x to the shape of F(x): no layers for the identity."""
    layers = [part.layer for part in flat(sample.form.shortcut or ())]
    return tuple(layer for layer in layers if layer.role not in ALTERING)


def _fork(sample: Sample) -> Fork | None:
    return next((step for step in sample.form.shortcut or () if isinstance(step, Fork)), None)


def splits(blocks: Sequence[Sample]) -> bool:
    """Return whether some blocks begin with layers that both paths share, and others do not."""
    return len({bool(sample.form.before) for sample in blocks}) > 1


class Shortcut:
    """Writes what makes a shortcut's layers, and those of its gate, in the ``__init__`` of a class of blocks."""

    def __init__(self, spec: ResNetSpec, scope: Scope, blocks: Sequence[Sample], out: str) -> None:
        self.scope, self.blocks, self.out = scope, blocks, out
        self.writer = Writer(spec, scope, "channels", (out,))
        self.bridges = [bridge(sample) for sample in blocks]

    def lines(self) -> list[str]:
        """Return the lines; there are none for the identity."""
        lines, form = [], self.blocks[0].form
        if form.gate:
            convs: Layers = [flat(sample.form.gate)[0].layer for sample in self.blocks]
            stride = self.scope.say(values(convs, "stride"), "stride")
            stride = _axes("1", stride) if convs[0].time and convs[0].dims == 3 else stride
            lines += broken(
                "self.gate = ", call("Gate", self.scope.name("channels"), self.scope.name(self.out), stride)
            )
        if any(self.bridges):
            lines += self._downsample()
        for part in flat(form.shortcut or ()):
            if isinstance(part.layer, Dropout):
                lines.append(f"self.shortcut_dropout = nn.Dropout({part.layer.chance!r})")
        return lines

    def _downsample(self) -> list[str]:
        present = [bool(layers) for layers in self.bridges]
        test = self.scope.where(present, ("stride", "1"), ("channels", self.out), least=2)
        lines = self._projection(12 if test else 8)
        if not test:
            return lines
        kind, start = ("nn.Module | None", "None") if splits(self.blocks) else ("nn.Module", "nn.Identity()")
        return [f"self.downsample: {kind} = {start}", f"if {test}:", *indented(lines)]

    def _projection(self, indent: int) -> list[str]:
        forks = [_fork(sample) for sample in self.blocks]
        if any(forks):
            made = [self._shifted(forks)]
            made += [self.writer.term(norm)] if any(norm := self._column(Role.NORM)) else []
            return _sequence("self.downsample", made, indent)
        pools, pad = self._column(Role.POOLING), self._column(Role.PAD)
        if any(pad) and not any(pools):
            return broken("self.downsample = ", self.writer.term(pad), indent=indent)
        first, made = ([], [self.writer.term(pad)]) if any(pad) else self._conv()
        if any(norm := self._column(Role.NORM)):
            made.append(self.writer.term(norm))
        strides = {pool and pool.stride for pool, layers in zip(pools, self.bridges, strict=True) if layers}
        if strides == {None}:
            return [*first, *_sequence("self.downsample", made, indent)]
        if None not in strides and (1 not in strides or len(strides) == 1):
            return [*first, *_sequence("self.downsample", [self.writer.term(pools), *made], indent)]
        return [*first, *_sequence("layers", made, indent), *self._pools(pools, indent), "self.downsample = layers"]

    def _shifted(self, forks: Sequence[Fork | None]) -> Term:
        """Return the two convolutions of a shifted projection."""
        pairs: list[list[Any]] = [
            [part.layer for part in flat((fork,)) if part.layer.role is Role.CONVOLUTION] for fork in forks if fork
        ]
        first = [None if fork is None else flat(fork.paths[0])[0].layer for fork in forks]
        stride = self.scope.say(values(first, "stride"), "stride")
        out, step = self.scope.name(self.out), stride if stride == "stride" else named("stride", stride, "1")
        is_even = all(one.params == other.params for one, other in pairs)
        halves = (f"{out} // 2" if is_even else f"{out} - {out} // 2", f"{out} // 2")
        layer = pairs[0][0]
        more = ("" if layer.bias else "bias=False", f"gamma={layer.gamma!r}" if hasattr(layer, "gamma") else "")
        convs = [call(layer.called, self.writer.flow, half, "1", step, *more) for half in halves]
        self.writer.flow = out
        return call("ShiftedConvs", *convs)

    def _column(self, role: Role) -> Layers:
        return [next((layer for layer in layers if layer.role is role), None) for layers in self.bridges]

    def _conv(self) -> tuple[list[str], list[Term]]:
        column = self._column(Role.CONVOLUTION)
        kernels = values(column, "kernel")
        if self.scope.same(kernels):
            return [], [self.writer.term(column)]
        wide = [None if kernel is None else kernel > 1 for kernel in kernels]
        test = self.scope.where(wide, ("stride", "1"), ("dilation", "1"))
        return [f"kernel = 3 if {test} else 1"], [self.writer.term(column, "kernel")]

    def _pools(self, column: Layers, indent: int) -> list[str]:
        """Return the lines that put a pool before the convolution where there is one."""
        same: list[bool | None] = []
        shrinks: list[bool | None] = []
        for pool, layers in zip(column, self.bridges, strict=True):
            keeps_size = bool(pool and pool.stride == 1)
            same.append(keeps_size if layers else None)
            shrinks.append(bool(pool) if layers and not keeps_size else None)
        lines = []
        if any(same):
            pool = self.writer.term([layer if flag else None for layer, flag in zip(column, same, strict=True)])
            lines += [f"if {self.scope.where(same, ('dilation', '1'))}:", f"    layers.insert(0, {pool})"]
        if any(shrinks):
            pool = self.writer.term([layer if flag else None for layer, flag in zip(column, shrinks, strict=True)])
            test = self.scope.where(shrinks, ("stride", "1"))
            word = "elif" if any(same) else "if"
            lines.append(f"{word} {test}:" if test else "else:")
            lines += indented(broken("layers.insert", call("", "0", pool), indent=indent + 4))
        return lines


def _sequence(name: str, layers: list[Term], indent: int) -> list[str]:
    return broken(f"{name} = ", call("nn.Sequential", *layers), indent=indent)
