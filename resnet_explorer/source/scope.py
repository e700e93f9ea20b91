"""What the blocks of one kind have in common, and by which names the rest of it varies.

A *sample* is a block of a kind with the values that its place gives it. A *symbol* is a name with its value in each
sample. A number of the tree is written as the symbol that has that value in every sample, else as itself: so the
source says nothing that the tree does not, and has no parameter for what never varies.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from operator import eq

from resnet_explorer.dataclass import dataclass
from resnet_explorer.network import Form, flat
from resnet_explorer.network.tree import stride_of
from resnet_explorer.readings import Analysis
from resnet_explorer.spec import Block as Kind
from resnet_explorer.spec import ResNetSpec
from resnet_explorer.spec.readers import USUAL_BASE_WIDTH

PLACES = ("stride", "before", "dilation")
"""What a block is told of its place beside its channels and its width."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A block's form, and where it stands: ``before`` is the dilation of the stage before it, or of its own."""

    form: Form
    channels: int
    width: int
    out: int
    stride: int
    before: int
    dilation: int


def samples(analysis: Analysis) -> Mapping[str, tuple[Sample, ...]]:
    """Return the different blocks of each stage, by the stage's path: the first, and one that follows it.

    Where widths differ by block it is all of them.
    """
    spec, by_stage, dilation = analysis.network.spec, {}, 1
    for stage, planned in zip(analysis.network.stages, spec.strides, strict=True):
        before, dilation = dilation, dilation * planned // _stride(stage.blocks[0].form)
        blocks, widths = [], spec.stage_widths(stage.number)
        for block, width in zip(stage.blocks, widths, strict=True):
            if block.number > 2 and len(set(widths)) == 1:
                break
            sums = analysis.sums[block.path]
            channels, out, stride = sums.input[1], sums.output[1], _stride(block.form)
            blocks.append(Sample(block.form, channels, width, out, stride, before, dilation))
            before = dilation
        by_stage[stage.path] = tuple(blocks)
    return by_stage


def _stride(form: Form) -> int:
    return stride_of(form.before + form.branch)


@dataclass(frozen=True, slots=True)
class Symbol:
    """A name, its value in each sample, and for a local name what it is made of: a line for each step of it."""

    name: str
    values: tuple[int, ...]
    definition: str = ""

    @property
    def varies(self) -> bool:
        """Return whether its value is not the same in all samples."""
        return len(set(self.values)) > 1


class Scope:
    """The symbols that a class can name, and those that it has named so far.

    Without symbols every number is written as itself. Values that are None belong to layers that a sample lacks.
    """

    def __init__(self, symbols: Iterable[Symbol] = (), renamed: Mapping[str, str] | None = None) -> None:
        self._symbols = {symbol.name: symbol for symbol in symbols}
        self._renamed = renamed or {}
        self.used: set[str] = set()

    def name(self, key: str) -> str:
        """Return how a symbol is written: as its value where that never varies, for what a place tells a block."""
        symbol = self._symbols[key]
        if key in PLACES and not symbol.varies:
            return str(symbol.values[0])
        self.used.add(key)
        return self._renamed.get(key, key)

    def say(self, values: Sequence[int | None], *keys: str) -> str:
        """Return the first symbol that has these values, or the one number that they all are."""
        for key in keys:
            symbol = self._symbols.get(key)
            if symbol and (key not in PLACES or symbol.varies) and _fits(values, symbol.values):
                return self.name(key)
        numbers = {value for value in values if value is not None}
        assert len(numbers) == 1, f"none of {keys} is {values}"
        return str(numbers.pop())

    def define(self, symbol: Symbol) -> str:
        """Add a local name, and return it."""
        self._symbols[symbol.name] = symbol
        return self.name(symbol.name)

    def has(self, values: Sequence[int | None], *keys: str) -> bool:
        """Return whether one of some symbols varies and has these values."""
        symbols = (self._symbols[key] for key in keys if key in self._symbols)
        return any(symbol.varies and _fits(values, symbol.values) for symbol in symbols)

    def values(self, key: str) -> list[int]:
        """Return the value of a symbol in each sample."""
        return list(self._symbols[key].values)

    def same(self, values: Sequence[int | None]) -> bool:
        """Return whether all values are one number."""
        return len({value for value in values if value is not None}) == 1

    def where(self, flags: Sequence[bool | None], *tests: tuple[str, str], least: int = 1) -> str:
        """Return the condition for flags: the pairs of symbols that differ; empty where it always holds.

        The first ``least`` tests are tried together, then one more each time; what never differs is left out.
        """
        if all(flag in (True, None) for flag in flags):
            return ""
        columns = [(left, right, self._differ(left, right)) for left, right in tests]
        for count in range(least, len(columns) + 1):
            chosen = [column for column in columns[:count] if any(column[2])]
            either = [any(row) for row in zip(*(column[2] for column in chosen), strict=True)]
            if _fits(flags, either):
                return " or ".join(self._unequal(left, right) for left, right, _ in chosen)
        raise AssertionError(f"no test of {tests} is {flags}")

    def _differ(self, key: str, other: str) -> list[bool]:
        values = self._symbols[key].values
        others = self._symbols[other].values if other in self._symbols else [int(other)] * len(values)
        return [a != b for a, b in zip(values, others, strict=True)]

    def _unequal(self, *keys: str) -> str:
        """Return the condition; a number stands on the right."""
        left, right = (self.name(key) if key in self._symbols else key for key in keys)
        return f"{right} != {left}" if left.isdigit() else f"{left} != {right}"

    def definitions(self) -> list[str]:
        """Return the lines that make the local names that are used, from the last needed back to the first."""
        lines = []
        for symbol in reversed(self._symbols.values()):
            if symbol.name in self.used and symbol.definition:
                self.used |= self._symbols.keys() & set(re.findall(r"\w+", symbol.definition))
                lines += [f"{symbol.name} = {part}" for part in symbol.definition.split("\n")[::-1]]
        return lines[::-1]


def _fits(wanted: Sequence[int | None], values: Sequence[int]) -> bool:
    return len(values) == len(wanted) and all(
        target is None or target == value for target, value in zip(wanted, values, strict=True)
    )


def symbols(spec: ResNetSpec, kind: Kind, blocks: Sequence[Sample]) -> list[Symbol]:
    """Return what the class of a kind of block can name: its parameters, then the names made of them."""
    widths = tuple(sample.width for sample in blocks)
    made = [
        Symbol("channels", tuple(sample.channels for sample in blocks)),
        Symbol("width", widths),
        *(Symbol(name, tuple(getattr(sample, name) for sample in blocks)) for name in PLACES),
    ]
    inner = "width"
    if kind is Kind.BOTTLENECK:
        if (formula := _inner(spec)) != "width":
            inner = "inner"
            made.append(Symbol(inner, tuple(map(spec.inner_width, widths)), formula))
        if spec.group_width is not None:
            made.append(Symbol("groups", tuple(map(spec.groups, widths)), f"width // {spec.group_width}"))
        if spec.expansion != 1:
            made.append(Symbol("out", tuple(sample.out for sample in blocks), expanded(spec)))
    if kind is Kind.BOTTLENECK and (factor := spec.scales * max(1, spec.radix)) > 1:
        made.append(Symbol("wide", tuple(factor * spec.inner_width(w) for w in widths), f"{factor} * {inner}"))
    if spec.reduce_first > 1:
        whole = map(spec.inner_width, widths) if kind is Kind.BOTTLENECK else widths
        firsts = tuple(value // spec.reduce_first for value in whole)
        made.append(Symbol("first", firsts, f"{inner} // {spec.reduce_first}"))
    return [*made, *_middles(made, blocks)]


MIDDLES = ("middle", "middle2")
"""The names of the channels between a convolution in space and one in time; two where a block has different ones."""


def _middles(made: Sequence[Symbol], blocks: Sequence[Sample]) -> list[Symbol]:
    """Return the channels inside the pairs of a block of R(2+1)D, by what they are made of."""
    symbols: list[Symbol] = []
    parts = [{part.name: part.layer for part in flat(sample.form.before + sample.form.branch)} for sample in blocks]
    for name in parts[0]:
        if not (name.startswith("conv") and name.endswith("_space")):
            continue
        pairs = [(layers[name], layers[f"{name.removesuffix('_space')}_time"]) for layers in parts]
        values = tuple(next(space.tensors()).shape[0] for space, _ in pairs)
        if any(symbol.values == values for symbol in symbols):
            continue
        outs = tuple(next(time.tensors()).shape[0] for _, time in pairs)
        out = next(symbol.name for symbol in made[1:] if symbol.values == outs)
        kernel = next(pairs[0][0].tensors()).shape[-1]
        whole = f"{kernel**3} * channels * {out} // ({kernel**2} * channels + {kernel} * {out})"
        groups = tuple(getattr(space, "groups", 1) for space, _ in pairs)
        symbols.append(Symbol(MIDDLES[len(symbols)], values, _in_groups(whole, groups, values, made)))
    return symbols


def _in_groups(whole: str, groups: tuple[int, ...], values: tuple[int, ...], made: Sequence[Symbol]) -> str:
    """Return how a number of channels is brought to a multiple of the groups; as it is for one group."""
    if set(groups) == {1}:
        return whole
    name = next((symbol.name for symbol in made if symbol.name == "groups" and symbol.values == groups), str(groups[0]))
    return f"max(1, {whole} // {name}) * {name}" if any(map(eq, values, groups)) else f"{whole} // {name} * {name}"


def expanded(spec: ResNetSpec) -> str:
    """Return how the channels that a bottleneck puts out are worked out from its width."""
    times = Fraction(str(spec.expansion))
    whole = f"{times.numerator} * width" if times.numerator > 1 else "width"
    return whole if times.denominator == 1 else f"{whole} // {times.denominator}"


def _inner(spec: ResNetSpec) -> str:
    if spec.group_width is not None:
        return "width"
    whole, rest = divmod(spec.base_width, USUAL_BASE_WIDTH)
    factor = whole * spec.cardinality
    if rest == 0:
        return "width" if factor == 1 else f"{factor} * width"
    groups = f" * {spec.cardinality}" if spec.cardinality > 1 else ""
    return f"width * {spec.base_width} // {USUAL_BASE_WIDTH}{groups}"


LINE = 88
"""Characters in a line: what Python's formatters use where nothing else is asked for."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call with its arguments, each of which may be a call."""

    function: str
    arguments: "tuple[Term, ...]"

    def __str__(self) -> str:
        return f"{self.function}({', '.join(map(str, self.arguments))})"


Term = str | Call


def call(function: str, *arguments: Term) -> Call:
    """Return a call; empty arguments are left out."""
    return Call(function, tuple(argument for argument in arguments if argument != ""))


def broken(before: str, term: Term, after: str = "", indent: int = 8) -> list[str]:
    """Return ``before``, a term and ``after`` in as few lines as the indentation leaves room for.

    The lines are relative to the indentation.
    """
    line = f"{before}{term}{after}"
    if indent + len(line) <= LINE:
        return [line]
    if isinstance(term, str) or not term.arguments:
        return re.sub(r" (if|else) ", r"\n\1 ", line).split("\n")  # a choice, as formatters break it
    joined = ", ".join(map(str, term.arguments))
    if indent + 4 + len(joined) <= LINE:
        body = [joined]
    else:
        body = [line for argument in term.arguments for line in broken("", argument, ",", indent + 4)]
    return [f"{before}{term.function}(", *indented(body), f"){after}"]


def indented(lines: Iterable[str], by: int = 4) -> list[str]:
    """Return lines moved to the right; empty lines stay empty."""
    return [" " * by + line if line else line for line in lines]


def commented(lines: list[str], comment: str, indent: int = 8) -> list[str]:
    """Return lines with a comment: behind the line where there is one and it has room, else above."""
    if len(lines) == 1 and indent + len(lines[0]) + len(comment) + 4 <= LINE:
        return [f"{lines[0]}  # {comment}"]
    return [f"# {comment}", *lines]


def function(name: str, parameters: Iterable[str], returns: str, indent: int) -> list[str]:
    """Return the line, or lines, that begin a function."""
    return broken("def ", call(name, *parameters), f" -> {returns}:", indent)
