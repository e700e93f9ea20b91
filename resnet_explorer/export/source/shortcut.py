"""What a block's ``__init__`` makes for its shortcut: a gate, a projection or zero-padding, and dropout."""

from collections.abc import Sequence
from typing import Any

from resnet_explorer.blueprint import flat
from resnet_explorer.blueprint.kinds import Layer, Role
from resnet_explorer.blueprint.kinds.blocks import Dropout
from resnet_explorer.blueprint.tree import ALTERING
from resnet_explorer.export.source.layers import Writer, values
from resnet_explorer.export.source.scope import Sample, Scope
from resnet_explorer.export.source.text import Term, broken, call, indented
from resnet_explorer.spec import ResNetSpec

Column = list[Any]


def bridge(sample: Sample) -> tuple[Layer, ...]:
    """Return what brings x to the shape of F(x): no layers for the identity."""
    layers = [part.layer for part in flat(sample.form.shortcut or ())]
    return tuple(layer for layer in layers if layer.role not in ALTERING)


def splits(blocks: Sequence[Sample]) -> bool:
    """Return whether some blocks begin with layers that both paths share, and others do not."""
    return len({bool(sample.form.before) for sample in blocks}) > 1


def shortcut(spec: ResNetSpec, scope: Scope, blocks: Sequence[Sample], out: str) -> list[str]:
    """Return the lines that make a shortcut's layers, and those of its gate."""
    lines = []
    if blocks[0].form.gate:
        convs = [flat(sample.form.gate)[0].layer for sample in blocks]
        stride = scope.say(values(convs, "stride"), "stride")
        lines += broken("self.gate = ", call("Gate", scope.name("channels"), scope.name(out), stride))
    bridges = [bridge(sample) for sample in blocks]
    if any(bridges):
        lines += _optional(spec, scope, blocks, out)
    for part in flat(blocks[0].form.shortcut or ()):
        if isinstance(part.layer, Dropout):
            lines.append(f"self.shortcut_dropout = nn.Dropout({part.layer.chance!r})")
    return lines


def _optional(spec: ResNetSpec, scope: Scope, blocks: Sequence[Sample], out: str) -> list[str]:
    """Return the projection where the shape changes, under the condition that says where."""
    present = [bool(bridge(sample)) for sample in blocks]
    test = scope.where(present, ("stride", "1"), ("channels", out), least=2)
    lines = _Projection(spec, scope, blocks, out).lines(12 if test else 8)
    if not test:
        return lines
    kind, start = ("nn.Module | None", "None") if splits(blocks) else ("nn.Module", "nn.Identity()")
    return [f"self.downsample: {kind} = {start}", f"if {test}:", *indented(lines)]


class _Projection:
    """The layers of a shortcut that changes the shape."""

    def __init__(self, spec: ResNetSpec, scope: Scope, blocks: Sequence[Sample], out: str) -> None:
        self.scope = scope
        self.writer = Writer(spec, scope, "channels", (out,))
        self.bridges = [bridge(sample) for sample in blocks]

    def lines(self, indent: int) -> list[str]:
        if any(pad := self._column(Role.PAD)):
            return broken("self.downsample = ", self.writer.term(pad), indent=indent)
        first, made = self._conv()
        if any(norm := self._column(Role.NORM)):
            made.append(self.writer.term(norm))
        pools = self._column(Role.POOLING)
        strides = {pool and pool.stride for pool, found in zip(pools, self.bridges, strict=True) if found}
        if strides == {None}:
            return [*first, *_sequence("self.downsample", made, indent)]
        if None not in strides and (1 not in strides or len(strides) == 1):
            return [*first, *_sequence("self.downsample", [self.writer.term(pools), *made], indent)]
        return [*first, *_sequence("layers", made, indent), *self._pools(pools, indent), "self.downsample = layers"]

    def _column(self, role: Role) -> Column:
        return [next((layer for layer in layers if layer.role is role), None) for layers in self.bridges]

    def _conv(self) -> tuple[list[str], list[Term]]:
        """Return the projection's convolution, and above it a line for a kernel that varies."""
        column = self._column(Role.CONVOLUTION)
        kernels = values(column, "kernel")
        if self.scope.same(kernels):
            return [], [self.writer.term(column)]
        wide = [None if kernel is None else kernel > 1 for kernel in kernels]
        test = self.scope.where(wide, ("stride", "1"), ("dilation", "1"))
        return [f"kernel = 3 if {test} else 1"], [self.writer.term(column, "kernel")]

    def _pools(self, column: Column, indent: int) -> list[str]:
        """Return the lines that put a pool before the convolution where there is one."""
        same = [None if not found else bool(pool and pool.stride == 1) for pool, found in self._found(column)]
        shrinks = [
            None if not found or flag else bool(pool)
            for flag, (pool, found) in zip(same, self._found(column), strict=True)
        ]
        lines = []
        if any(same):
            lines += [f"if {self.scope.where(same, ('dilation', '1'))}:", "    layers.insert(0, SamePool())"]
        if any(shrinks):
            pool = self.writer.term([layer if flag else None for layer, flag in zip(column, shrinks, strict=True)])
            test = self.scope.where(shrinks, ("stride", "1"))
            word = "elif" if any(same) else "if"
            lines.append(f"{word} {test}:" if test else "else:")
            lines += indented(broken("layers.insert", call("", "0", pool), indent=indent + 4))
        return lines

    def _found(self, column: Column) -> list[tuple[Any, bool]]:
        return [(layer, bool(layers)) for layer, layers in zip(column, self.bridges, strict=True)]


def _sequence(name: str, layers: list[Term], indent: int) -> list[str]:
    return broken(f"{name} = ", call("nn.Sequential", *layers), indent=indent)
