"""The class of the network: stem, stages, head, first weights, and the forward through them."""

from collections.abc import Mapping, Sequence

from resnet_explorer.analysis import Analysis
from resnet_explorer.analysis.words import size
from resnet_explorer.blueprint import Block, Part, flat
from resnet_explorer.blueprint.kinds import Role
from resnet_explorer.export.source.blocks import BlockClass
from resnet_explorer.export.source.first_weights import first_weights
from resnet_explorer.export.source.layers import Writer
from resnet_explorer.export.source.scope import Scope
from resnet_explorer.export.source.stages import stage_call
from resnet_explorer.export.source.text import Call, Term, broken, call, commented, indented


def class_name(analysis: Analysis) -> str:
    """Return the name of the network's class."""
    return "ResNet" if analysis.network.spec.residual else "PlainNet"


def network_class(analysis: Analysis, blocks: Sequence[BlockClass]) -> list[str]:
    """Return the lines of the network's class."""
    body = [*_Layers(analysis, blocks).lines(), *first_weights(analysis.network, blocks)]
    return [
        f"class {class_name(analysis)}(nn.Module):",
        '    """The network; comments tell the shape of each output."""',
        "",
        "    def __init__(self) -> None:",
        "        super().__init__()",
        *indented(body, 8),
        "",
        "    def forward(self, x: Tensor) -> Tensor:",
        *indented(_forward(analysis), 8),
    ]


class _Layers:
    """Writes the layers of stem and head, and the stages between them, with the shapes that change."""

    def __init__(self, analysis: Analysis, blocks: Sequence[BlockClass]) -> None:
        self.analysis, self.blocks = analysis, blocks
        self.readings = {row.path: row.reading for row in analysis.rows}
        self.writer = Writer(analysis.network.spec, Scope(), str(analysis.network.spec.in_channels))

    def lines(self) -> list[str]:
        network, shape = self.analysis.network, self.analysis.total.input
        lines = self._block(network.stem)
        for stage in network.stages:
            shape = self.analysis.sums[stage.path].output
            made = broken(f"self.{stage.path} = ", stage_call(self.analysis, self.blocks, stage))
            lines += commented(made, size(shape))
        self.writer.flow = str(shape[1])
        return [*lines, *(self._block(network.head) if network.head else [])]

    def _block(self, block: Block) -> list[str]:
        lines = []
        for name, parts in _modules(block).items():
            terms = {part.name: self.writer.term([part.layer]) for part in parts}
            line = broken(f"self.{name} = ", terms.get(name) or _sequence(name, terms))
            before, after = self.readings[parts[0].name].input, self.readings[parts[-1].name].output
            lines += line if after == before else commented(line, size(after))
        return lines


def _sequence(name: str, terms: Mapping[str, Term]) -> Call:
    """Return layers in a row; where a norm or an activation is missing, the identity keeps the names of the others."""
    count = 1 + max(int(key.rpartition(".")[2]) for key in terms)
    return call("nn.Sequential", *(terms.get(f"{name}.{index}", "nn.Identity()") for index in range(count)))


def _modules(block: Block) -> dict[str, list[Part]]:
    """Return the layers of stem or head by the module that they are, or are in; flattening needs none."""
    found: dict[str, list[Part]] = {}
    for part in flat(block.form.branch):
        if part.layer.role is not Role.VIEW:
            found.setdefault(part.name.partition(".")[0], []).append(part)
    return found


def _forward(analysis: Analysis) -> list[str]:
    """Return the way through stem, stages and head."""
    network = analysis.network
    lines = [f"x = {_through(flat(network.stem.form.branch), 'x')}"]
    lines += [f"x = self.{stage.path}(x)" for stage in network.stages]
    if network.head is None:
        return [*lines, "return x"]
    parts = flat(network.head.form.branch)
    pooled = next((index for index, part in enumerate(parts) if part.name == "avgpool"), len(parts))
    if 0 < pooled < len(parts):
        lines.append(f"x = {_through(parts[:pooled], 'x')}")
        parts = parts[pooled:]
    return [*lines, f"return {_through(parts, 'x')}"]


def _through(parts: Sequence[Part], start: str) -> str:
    """Return what comes out of a chain as an expression of what enters it."""
    last = ""
    for part in parts:
        name = part.name.partition(".")[0]
        if part.layer.role is Role.VIEW:
            start = f"{start}.flatten(1)"
        elif name != last:
            start = f"self.{name}({start})"
        last = name
    return start
