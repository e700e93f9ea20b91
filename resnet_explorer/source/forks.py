"""How parallel paths are written: the class of each kind of fork, and what it is called with."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from resnet_explorer.network import Fork, Gated, Part, flat
from resnet_explorer.network.forks import LEAST_HIDDEN
from resnet_explorer.network.kinds import Role
from resnet_explorer.network.kinds.convolutions import Conv2d
from resnet_explorer.network.kinds.forks import Carry, Slice
from resnet_explorer.network.tree import Chain
from resnet_explorer.source.layers import Writer, values
from resnet_explorer.source.scope import Call, Symbol, Term, call
from resnet_explorer.spec import Selective

Forks = Sequence[Fork | None]
"""A fork as each sample has it."""
_FLOWS = ("channels", "width", "inner", "wide", "first")
_TESTS = ("stride", "1"), ("before", "dilation")


def term(writer: Writer, column: Forks) -> Term:
    """Return a fork as an expression that makes its module; its output's channels flow on."""
    first = next(fork for fork in column if fork is not None)
    return _KINDS[type(first.join.layer).__name__, first.name](writer, column)


def gate(writer: Writer, column: Sequence[Gated]) -> Term:
    """Return split attention over a single split as an expression that makes its module."""
    flow = writer.flow = _flow(writer, [_convs(step.parts)[0].in_channels for step in column])
    layers = _layers(writer, [step.parts for step in column], "splat")
    writer.flow = flow
    return call("GroupedSE", *layers)


def branched(writer: Writer, forks: Sequence[Fork], made: Sequence[str], last: str) -> Term:
    """Return two branches; ``made`` and ``last`` are names for the outputs of their convolutions."""
    return call("Branches", Call("lambda: Path", _branch(writer, [fork.paths[0] for fork in forks], made, last)))


def _branch(writer: Writer, chains: Sequence[Chain], made: Sequence[str], last: str) -> tuple[Term, ...]:
    convs = [part.name for part in flat(chains[0]) if part.layer.role is Role.CONVOLUTION]
    terms: list[Term] = []
    for name, column in _columns(chains).items():
        writer.made = (last,) if name == convs[-1] else tuple(made)
        terms.append(_named(name.removeprefix("branches.0."), _chosen(writer, column)))
    return tuple(terms)


def _columns(chains: Sequence[Chain]) -> Mapping[str, list[Any]]:
    """Return each layer of some chains by its name as every chain has it, in the order of the longest."""
    by_name = [{part.name: part.layer for part in flat(chain)} for chain in chains]
    return {name: [layers.get(name) for layers in by_name] for name in max(by_name, key=len)}


def _chosen(writer: Writer, column: list[Any]) -> Term:
    """Return a layer; where only some samples have it, with the condition for it."""
    made = writer.term(column)
    test = writer.scope.where([layer is not None for layer in column], *_TESTS)
    return f"{made} if {test} else nn.Identity()" if test else made


def _named(name: str, made: Term) -> Term:
    return f"{name}={made}" if isinstance(made, str) else Call(f"{name}={made.function}", made.arguments)


def _layers(writer: Writer, chains: Sequence[Chain], prefix: str) -> list[Term]:
    """Return the layers of chains by their names, those that a class has itself left out."""
    own = {Role.POOLING, Role.GATE, Role.MERGE, Role.VIEW}
    terms: list[Term] = []
    for name, column in _columns(chains).items():
        layer = next(layer for layer in column if layer is not None)
        if layer.role in own:
            continue
        short = name.removeprefix(f"{prefix}.")
        if layer.role is Role.CONVOLUTION and short in ("fc1", "fc_reduce"):
            terms.append(_named(short, _reduced(writer, column)))
        elif layer.role is Role.CONVOLUTION and short in ("fc2", "fc_select"):
            terms.append(_named(short, _restored(writer, column)))
        else:
            terms.append(_named(short, writer.term(column)))
    return terms


def _convs(chain: Chain) -> list[Conv2d]:
    return [part.layer for part in flat(chain) if isinstance(part.layer, Conv2d)]


def _flow(writer: Writer, channels: Sequence[int]) -> str:
    return writer.scope.say(channels, *_FLOWS)


def _linear(column: list[Any], source: str, target: str, groups: str) -> Call:
    bias = "" if column[0].bias else "bias=False"
    return call("nn.Conv2d", source, target, "1", "" if groups == "1" else f"groups={groups}", bias)


def _reduced(writer: Writer, column: list[Any]) -> Call:
    source, groups = writer.flow, writer.scope.say(values(column, "groups"))
    writer.flow = _hidden(writer, column)
    return _linear(column, source, writer.flow, groups)


def _restored(writer: Writer, column: list[Any]) -> Call:
    paths = max(2, writer.spec.radix) if writer.spec.radix != 1 else 1
    inner = _flow(writer, [layer.out_channels // paths for layer in column])
    groups = writer.scope.say(values(column, "groups"))
    return _linear(column, writer.flow, inner if paths == 1 else f"{paths} * {inner}", groups)


def _hidden(writer: Writer, column: list[Any]) -> str:
    """Return the channels of the attention's hidden layer: a number, or the rule that gives it."""
    spec, flow, few = writer.spec, writer.flow, values(column, "out_channels")
    if writer.scope.same(few):
        return writer.scope.say(few)
    splits, least = max(1, spec.radix), LEAST_HIDDEN if spec.radix else spec.reduction_multiple
    whole = flow if splits == 1 else f"{splits} * {flow}"
    if all(layer.out_channels * spec.reduction == layer.in_channels * splits for layer in column):
        return f"{whole} // {spec.reduction}"
    multiple = spec.reduction_multiple
    steps = [f"max({least}, int({whole} / {spec.reduction} + {multiple / 2:g}) // {multiple} * {multiple})"]
    wanted = zip([layer.in_channels * splits for layer in column], few, strict=True)
    near = [(_near(spec.reduction, multiple, least, channels), count) for channels, count in wanted]
    groups = spec.cardinality if spec.radix else 1
    if any(-(-found // groups) * groups != count for found, count in near):
        steps.append(f"max(hidden, ceil(0.9 * {whole} / {spec.reduction} / {multiple}) * {multiple})")
    if groups > 1:
        steps.append(f"-(-hidden // {groups}) * {groups}")
    counts = tuple(layer.out_channels for layer in column)
    return writer.scope.define(Symbol("hidden", counts, "\n".join(steps)))


def _near(reduction: int, multiple: int, least: int, channels: int) -> int:
    return max(least, int(channels / reduction + multiple / 2) // multiple * multiple)


def _scales(writer: Writer, column: Forks) -> Term:
    forks = [fork for fork in column if fork is not None]
    wide = writer.flow
    writer.flow = _flow(writer, [_convs(fork.paths[0])[0].in_channels for fork in forks])
    writer.made = ("width", "inner")
    inside = [tuple(step for step in fork.paths[0] if not _is_view(step)) for fork in forks]
    path = Call("lambda: Path", tuple(_layers(writer, inside, "conv2.paths.0")))
    ends = [[part.layer for part in flat(fork.paths[-1])] for fork in forks]
    pools = [next((layer for layer in end if layer.role is Role.POOLING), None) for end in ends]
    writer.flow = wide
    count = str(len(forks[0].paths) - 1)
    if not any(pools):
        return call("Scales", count, path)
    made = writer.term(pools)
    tests = ("stride", "1"), ("channels", "out" if writer.spec.expansion != 1 else "width")
    test = writer.scope.where([pool is not None for pool in pools], *tests)
    return call("Scales", count, path, f"{made} if {test} else None" if test else made)


def _is_view(step: Any) -> bool:
    return isinstance(step, Part) and isinstance(step.layer, Slice | Carry)


def _selective(writer: Writer, column: Forks) -> Term:
    forks = [fork for fork in column if fork is not None]
    name, is_split = forks[0].name, writer.spec.selective is Selective.SPLIT
    start = f"{writer.flow} // 2" if is_split else writer.flow
    made = writer.made
    paths: list[Term] = []
    for number in (0, 1):
        writer.flow, writer.made = start, made
        paths.append(call("Path", *_layers(writer, [fork.paths[number] for fork in forks], f"{name}.paths.{number}")))
    flow = writer.flow
    attention = _named("attn", call("Path", *_layers(writer, [fork.gate for fork in forks], f"{name}.attn")))
    writer.flow = flow
    return call("SplitSelectiveKernels" if is_split else "SelectiveKernels", *paths, attention)


def _split_attention(writer: Writer, column: Forks) -> Term:
    forks = [fork for fork in column if fork is not None]
    flow = writer.flow = _flow(writer, [_convs(fork.gate)[0].in_channels for fork in forks])
    layers = _layers(writer, [fork.gate for fork in forks], "splat")
    writer.flow = flow
    return call("SplitAttention", str(writer.spec.radix), str(writer.spec.cardinality), *layers)


_KINDS: Mapping[tuple[str, str], Callable[[Writer, Forks], Term]] = {
    ("Concat", "conv2"): _scales,
    ("WeightedSum", "conv1"): _selective,
    ("WeightedSum", "conv2"): _selective,
    ("WeightedSum", "splat"): _split_attention,
}
"""What writes a fork, by how it joins its paths and by its name."""
