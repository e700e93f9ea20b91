"""The class of one kind of block: its parameters, its layers, and its forward."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from resnet_explorer.blueprint import Gated, Part
from resnet_explorer.blueprint.kinds import Layer, Role
from resnet_explorer.blueprint.kinds.blocks import Scale
from resnet_explorer.blueprint.tree import Step
from resnet_explorer.export.source.forward import Forward
from resnet_explorer.export.source.layers import Writer
from resnet_explorer.export.source.scope import PLACES, Sample, Scope, symbols
from resnet_explorer.export.source.shortcut import shortcut
from resnet_explorer.export.source.text import broken, function, indented
from resnet_explorer.spec import Block as Kind
from resnet_explorer.spec import ResNetSpec

NAMES: Mapping[Kind, str] = {Kind.BASIC: "BasicBlock", Kind.BOTTLENECK: "Bottleneck"}


@dataclass(frozen=True, slots=True)
class BlockClass:
    """A class of blocks as text; ``places`` are its parameters beside channels and width, ``out`` what it puts out."""

    kind: Kind
    lines: tuple[str, ...]
    places: tuple[str, ...]
    out: str

    @property
    def name(self) -> str:
        """Return the name of the class."""
        return NAMES[self.kind]

    def parameter(self, place: str) -> str:
        """Return the parameter that takes a place's value; a block that knows one dilation alone calls it so."""
        return _renamed(self.places).get(place, place)


def _renamed(places: Sequence[str]) -> Mapping[str, str]:
    return {} if "dilation" in places else {"before": "dilation"}


def block_class(spec: ResNetSpec, kind: Kind, blocks: Sequence[Sample], *, repeats: bool) -> BlockClass:
    """Return the class of a kind of block. Where stages ``repeat`` it, what a place tells it is 1 by default."""
    writer = _Block(spec, kind, blocks)
    writer.body()
    places = tuple(place for place in PLACES if place in writer.scope.used)
    writer = _Block(spec, kind, blocks, _renamed(places))
    made = BlockClass(kind, (), places, f"{spec.expansion} * width" if writer.out == "out" else "width")
    usual = " = 1" if repeats else ""
    names = ("channels: int", "width: int", *(f"{made.parameter(place)}: int{usual}" for place in places))
    forward = Forward(blocks, writer.steps, {name: used for name, (used, _) in writer.activations.items()})
    lines = [
        f"class {made.name}(nn.Module):",
        f'    """{forward.equation()}."""',
        "",
        *indented(function("__init__", ("self", *names), "None", 4)),
        "        super().__init__()",
        *indented(writer.body(), 8),
        "",
        "    def forward(self, x: Tensor) -> Tensor:",
        *indented(forward.lines(), 8),
    ]
    return BlockClass(kind, tuple(lines), places, made.out)


def activations(steps: Sequence[Step]) -> dict[str, tuple[str, Layer]]:
    """Return the module of each activation by the activation's name: one for all that are alike, as ``relu``."""
    parts = [step for step in steps if isinstance(step, Part) and step.layer.role is Role.ACTIVATION]
    found = {}
    for part in parts:
        alike = part.layer == parts[-1].layer
        found[part.name] = (re.sub(r"\d+$", "", part.name) if alike else part.name, part.layer)
    return found


class _Block:
    """Writes what a block's ``__init__`` makes."""

    def __init__(
        self, spec: ResNetSpec, kind: Kind, blocks: Sequence[Sample], renamed: Mapping[str, str] | None = None
    ) -> None:
        self.spec, self.blocks = spec, blocks
        self.scope = Scope(symbols(spec, kind, blocks), renamed)
        self.out = "out" if kind is Kind.BOTTLENECK and spec.expansion > 1 else "width"
        self.chains = [sample.form.before + sample.form.branch for sample in blocks]
        self.steps = max(self.chains, key=len)
        self.activations = activations((*self.steps, *blocks[0].form.after))

    def body(self) -> list[str]:
        """Return the lines that make the layers, and above them the names that they need."""
        writer = Writer(self.spec, self.scope, "channels")
        convs = [step for step in self.steps if isinstance(step, Part) and step.layer.role is Role.CONVOLUTION]
        lines = []
        for step in self.steps:
            writer.made = (self.out,) if step is convs[-1] else ("width", "inner", "first")
            lines += self._step(writer, step)
        for step in self.blocks[0].form.after:
            if isinstance(step, Part) and step.layer.role is not Role.JOIN:
                lines += self._step(writer, step)
        for name, layer in dict(self.activations.values()).items():
            lines.append(f"self.{name} = {writer.term([layer])}")
        lines += shortcut(self.spec, self.scope, self.blocks, self.out)
        return [*self.scope.definitions(), *lines]

    def _step(self, writer: Writer, step: Step) -> list[str]:
        if isinstance(step, Gated):
            gates = [found for chain in self.chains for found in chain if isinstance(found, Gated)]
            return broken(f"self.{step.name} = ", writer.gate([gate for gate in gates if gate.name == step.name]))
        if step.layer.role is Role.ACTIVATION or isinstance(step.layer, Scale):
            return []
        column = [self._layer(sample, step.name) for sample in self.blocks]
        present = [layer is not None for layer in column]
        test = self.scope.where(present, ("stride", "1"), ("before", "dilation"))
        if not test:
            return broken(f"self.{step.name} = ", writer.term(column))
        made = broken(f"self.{step.name} = ", writer.term(column), indent=12)
        return [f"self.{step.name}: nn.Module = nn.Identity()", f"if {test}:", *indented(made)]

    def _layer(self, sample: Sample, name: str) -> Layer | None:
        return next((part.layer for part in sample.form.parts if part.name == name), None)
