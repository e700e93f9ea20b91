"""The class of one kind of block: its parameters, its layers, and its forward."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace

from resnet_explorer.dataclass import dataclass
from resnet_explorer.network import Fork, Gated, Part, flat
from resnet_explorer.network.kinds import Layer, Role
from resnet_explorer.network.kinds.blocks import Dropout, GatedAdd, Scale
from resnet_explorer.network.kinds.scaled import Beta
from resnet_explorer.network.tree import Chain, Step
from resnet_explorer.source import forks
from resnet_explorer.source.layers import Shortcut, Writer, bridge, splits
from resnet_explorer.source.scope import (
    LINE,
    MIDDLES,
    PLACES,
    Sample,
    Scope,
    Term,
    broken,
    expanded,
    function,
    indented,
    symbols,
)
from resnet_explorer.spec import Block as Kind
from resnet_explorer.spec import ResNetSpec, StageEnd


class Forward:
    """Writes the forward of a class of blocks; ``names`` are the modules of its activations."""

    def __init__(
        self, blocks: Sequence[Sample], steps: Chain, names: Mapping[str, str], *, ends_stage: bool = False
    ) -> None:
        self.blocks, self.names, self.ends_stage = blocks, names, ends_stage
        self.form = blocks[0].form
        self.before = max((sample.form.before for sample in blocks), key=len)
        self.branch = steps[len(self.before) :]
        self.projects = any(bridge(sample) for sample in blocks)

    def lines(self) -> list[str]:
        """Return the lines of the function's body."""
        lines, start = self._start()
        for chain in _lines_of(self.branch):
            lines.append(f"y = {self._through(chain, start)}")
            start = "y"
        if self.form.gate and not splits(self.blocks):
            lines.append("gate = self.gate(x)")
        if self.form.shortcut is None and not self._ends("") and not self.ends_stage:
            return [*lines[:-1], lines[-1].replace("y = ", "return ", 1)]
        shortcut = self._shortcut()
        if len(line := self._last(shortcut)) + 8 <= LINE:
            return [*lines, line]
        return [*lines, f"shortcut = {shortcut}", self._last("shortcut")]

    def _start(self) -> tuple[list[str], str]:
        """Return the lines before the branch, and the name of what enters it.

        Where shapes change, a pre-activated block activates before the paths part, so that both see the same.
        """
        if not self.before:
            return [], "x"
        activated = self._through(self.before, "x")
        if not splits(self.blocks):
            return [f"x = {activated}"], "x"
        gate = ["gate = self.gate(x if self.downsample is None else y)"] if self.form.gate else []
        choice = "shortcut = x if self.downsample is None else self.downsample(y)"
        return [f"y = {activated}", choice, *gate], "y"

    def _through(self, chain: Chain, start: str) -> str:
        for step in chain:
            if isinstance(step, Gated | Fork):
                start = f"self.{step.name}({start})"
            elif isinstance(step.layer, Scale):
                start = f"{step.layer.factor!r} * {start}"
            elif isinstance(step.layer, Beta):
                start = f"self.beta * {start}"
            else:
                start = f"self.{self.names.get(step.name, step.name)}({start})"
        return start

    def _shortcut(self) -> str:
        start = "x"
        if splits(self.blocks):
            start = "shortcut"
        elif self.projects:
            start = "self.downsample(x)"
        for part in flat(self.form.shortcut or ()):
            if isinstance(part.layer, Scale):
                start = f"{part.layer.factor!r} * {start}"
            elif isinstance(part.layer, Dropout):
                start = f"self.shortcut_dropout({start})"
        return start

    def _last(self, shortcut: str) -> str:
        total = "y" if self.form.shortcut is None else f"y + {shortcut}"
        if self.form.shortcut is not None and self.form.gate:
            total = f"{'gate * ' if self._is_exclusive() else ''}y + (1 - gate) * {shortcut}"
        ends = self._ends(total)
        return f"return self.bam({ends})" if self.ends_stage else f"return {ends}"

    def _is_exclusive(self) -> bool:
        return any(isinstance(part.layer, GatedAdd) and part.layer.exclusive for part in flat(self.form.after))

    def _ends(self, total: str) -> str:
        chain = tuple(step for step in self.form.after if isinstance(step, Part) and step.layer.role is not Role.JOIN)
        return self._through(chain, total)

    def equation(self) -> str:
        """Return what the block computes, in the words of the papers."""
        function = "F(x)"
        if self.form.shortcut is not None:
            shortcut = "shortcut(x)" if self.projects else "x"
            for part in flat(self.form.shortcut):
                if isinstance(part.layer, Scale):
                    shortcut = f"{part.layer.factor:g} {shortcut}"
            if self.form.gate:
                shortcut = f"(1 - g(x)) {shortcut}"
                function = "g(x) F(x)" if self._is_exclusive() else function
            function = f"{function} + {shortcut}"
        for step in self.form.after:
            if isinstance(step, Part) and step.layer.role is not Role.JOIN:
                function = f"{step.layer.kind}({function})"
        return f"y = {function}" + (": no shortcut" if self.form.shortcut is None else "")


_NUMBERED: Mapping[str, str] = {"branches": "1", "splat": ""}
"""The numbers of steps whose names have none: two branches begin a piece, split attention stays with its 3x3."""


def _lines_of(branch: Chain) -> list[Chain]:
    """Return a branch in the pieces that a line holds: a convolution with what has its number, then how it ends.

    Of a pair in space and time each is one.
    Pools and dropout have no number: they stay with what they follow.
    """
    numbers = [
        re.search(r"\d", _NUMBERED.get(step.name, "" if isinstance(step, Gated) else step.name)) for step in branch
    ]
    count = max(index for index, number in enumerate(numbers) if number) + 1
    pieces: list[list[Step]] = []
    last = ""
    for step, number in zip(branch[:count], numbers, strict=False):
        in_pair = step.name.endswith("_time") or (step.name.endswith("_space") and pieces and len(pieces[-1]) > 2)
        if not pieces or (number and number[0] != last) or in_pair:
            pieces.append([])
        last = number[0] if number else last
        pieces[-1].append(step)
    gates: list[Step] = [step for step in branch[count:] if not isinstance(step, Part)]
    rest: list[Step] = [step for step in branch[count:] if isinstance(step, Part)]
    return [tuple(piece) for piece in (*pieces, gates, rest) if piece]


NAMES: Mapping[Kind, str] = {Kind.BASIC: "BasicBlock", Kind.BOTTLENECK: "Bottleneck"}


def _made_of(stage: ResNetSpec) -> tuple[object, ...]:
    """Return the axes of a stage that its class of blocks depends on: the network gives what ends a stage."""
    return tuple(getattr(stage, axis.name) for axis in fields(ResNetSpec) if axis.name != "stage_end")


def class_names(spec: ResNetSpec) -> tuple[str, ...]:
    """Return the name of the class of each stage's blocks.

    Stages that differ in an axis of their blocks have a class each, numbered as the first stage that has it.
    """
    keys = list(zip(spec.block, map(_made_of, spec.by_stages), strict=True))
    several = {kind for kind in Kind if len({key for key in keys if key[0] is kind}) > 1}
    return tuple(NAMES[key[0]] + (str(keys.index(key) + 1) if key[0] in several else "") for key in keys)


@dataclass(frozen=True, slots=True)
class BlockClass:
    """A class of blocks as text; ``places`` are its parameters beside channels and width, ``out`` what it puts out.

    ``stages`` are the numbers of the stages made of it. ``repeats`` tells whether a stage has several of them; then
    what a place tells a block is 1 by default. ``by_block`` tells whether their widths differ within a stage.
    """

    name: str
    stages: tuple[int, ...]
    places: tuple[str, ...]
    out: str
    repeats: bool
    by_block: bool
    lines: tuple[str, ...] = ()

    @property
    def renamed(self) -> Mapping[str, str]:
        """Return the parameters that are called otherwise: a block that knows one dilation alone calls it so."""
        return {} if "dilation" in self.places else {"before": "dilation"}

    def parameter(self, place: str) -> str:
        """Return the parameter that takes a place's value."""
        return self.renamed.get(place, place)


def block_class(network: ResNetSpec, name: str, stages: tuple[int, ...], blocks: Sequence[Sample]) -> BlockClass:
    """Return the class of the blocks of some stages, which are made alike."""
    spec, kind = network.at(stages[0]), network.block[stages[0] - 1]
    repeats = any(network.blocks[number - 1] > 1 for number in stages)
    by_block = any(len(set(network.stage_widths(number))) > 1 for number in stages)
    writer = _Block(spec, kind, blocks)
    writer.body()
    places = tuple(place for place in PLACES if place in writer.scope.used)
    out = expanded(spec) if writer.out == "out" else "width"
    made = BlockClass(name, stages, places, out, repeats, by_block)
    writer = _Block(spec, kind, blocks, made.renamed)
    usual = " = 1" if repeats else ""
    names = ("channels: int", "width: int", *(f"{made.parameter(place)}: int{usual}" for place in places))
    ends = any(network.at(number).stage_end is not StageEnd.NONE for number in stages)
    names_of = {name: used for name, (used, _) in writer.activations.items()}
    forward = Forward(blocks, writer.steps, names_of, ends_stage=ends)
    lines = [
        f"class {made.name}(nn.Module):",
        f'    """{forward.equation()}."""',
        "",
        *(["    beta = 1.0", ""] if any(step.name == "beta" for step in writer.steps) else []),
        *indented(function("__init__", ("self", *names), "None", 4)),
        "        super().__init__()",
        *indented(writer.body(), 8),
        *(["        self.bam: nn.Module = nn.Identity()"] if ends else []),
        "",
        "    def forward(self, x: Tensor) -> Tensor:",
        *indented(forward.lines(), 8),
    ]
    return replace(made, lines=tuple(lines))


def activations(steps: Sequence[Step]) -> dict[str, tuple[str, Layer]]:
    """Return the module of each activation by the activation's name: one for all that are alike, as ``relu``.

    One that learns is a module of its own at each place, and not among them.
    """
    parts = [step for step in steps if isinstance(step, Part) and _is_shared(step)]
    return {
        part.name: (re.sub(r"\d+(_space)?$", "", part.name) if part.layer == parts[-1].layer else part.name, part.layer)
        for part in parts
    }


def _is_shared(part: Part) -> bool:
    return part.layer.role is Role.ACTIVATION and not part.layer.params


class _Block:
    def __init__(
        self, spec: ResNetSpec, kind: Kind, blocks: Sequence[Sample], renamed: Mapping[str, str] | None = None
    ) -> None:
        self.spec, self.blocks = spec, blocks
        self.scope = Scope(symbols(spec, kind, blocks), renamed)
        self.out = "out" if kind is Kind.BOTTLENECK and spec.expansion != 1 else "width"
        self.chains = [sample.form.before + sample.form.branch for sample in blocks]
        self.steps = max(self.chains, key=len)
        self.activations = activations((*self.steps, *blocks[0].form.after))

    def body(self) -> list[str]:
        """Return the lines that make the layers, and above them the names that they need."""
        writer = Writer(self.spec, self.scope, "channels")
        convs = [step for step in self.steps if isinstance(step, Part) and step.layer.role is Role.CONVOLUTION]
        lines = []
        for step in self.steps:
            writer.made = (self.out,) if convs and step is convs[-1] else ("width", "inner", "wide", "first")
            if step.name.endswith("_space"):
                writer.made = MIDDLES
            lines += self._step(writer, step)
        for step in self.blocks[0].form.after:
            if isinstance(step, Part) and step.layer.role is not Role.JOIN:
                lines += self._step(writer, step)
        for name, layer in dict(self.activations.values()).items():
            lines.append(f"self.{name} = {writer.term([layer])}")
        lines += Shortcut(self.spec, self.scope, self.blocks, self.out).lines()
        return [*self.scope.definitions(), *lines]

    def _fork(self, writer: Writer, name: str) -> Term:
        """Return parallel paths, or split attention over a single split."""
        column = [next(step for step in chain if step.name == name) for chain in self.chains]
        gates = [step for step in column if isinstance(step, Gated)]
        if gates:
            return forks.gate(writer, gates)
        paths = [step for step in column if isinstance(step, Fork)]
        if name == "branches":
            return forks.branched(writer, paths, ("width", "inner", "first"), self.out)
        return forks.term(writer, paths)

    def _step(self, writer: Writer, step: Step) -> list[str]:
        if isinstance(step, Fork) or step.name == "splat":
            return broken(f"self.{step.name} = ", self._fork(writer, step.name))
        if isinstance(step, Gated):
            gates = [gate for chain in self.chains for gate in chain if isinstance(gate, Gated)]
            return broken(f"self.{step.name} = ", writer.gate([gate for gate in gates if gate.name == step.name]))
        if _is_shared(step) or isinstance(step.layer, Scale | Beta):
            return []
        by_name = [{part.name: part.layer for part in sample.form.parts} for sample in self.blocks]
        column = [layers.get(step.name) for layers in by_name]
        present = [layer is not None for layer in column]
        test = self.scope.where(present, ("stride", "1"), ("before", "dilation"))
        if not test:
            return broken(f"self.{step.name} = ", writer.term(column))
        made = broken(f"self.{step.name} = ", writer.term(column), indent=12)
        return [f"self.{step.name}: nn.Module = nn.Identity()", f"if {test}:", *indented(made)]
