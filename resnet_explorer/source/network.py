"""The class of the network: stem, stages, head, initial weights, and the forward through them."""

from collections.abc import Iterator, Mapping, Sequence

from resnet_explorer.network import Block, Form, Gated, Network, Part, Stage, flat
from resnet_explorer.network.kinds import Layer, Role
from resnet_explorer.network.kinds.blocks import Scale
from resnet_explorer.network.kinds.scaled import Beta, ScaledStdConv2d
from resnet_explorer.network.tree import starts_at_0
from resnet_explorer.readings import Analysis
from resnet_explorer.readings.text import size
from resnet_explorer.source.blocks import BlockClass
from resnet_explorer.source.layers import Writer
from resnet_explorer.source.scope import LINE, Call, Scope, Term, broken, call, commented, function, indented, samples
from resnet_explorer.spec import Init

_FIRSTS = {"stride": "takes the stride", "before": "dilates by before"}


def stage_function(blocks: Sequence[BlockClass], block: BlockClass) -> list[str]:
    """Return the function that stacks a class of blocks; nothing where each stage has a single one."""
    if not block.repeats:
        return []
    places = _stage_places(block)
    firsts = [text for place, text in _FIRSTS.items() if place in places]
    tells = f"; the first {' and '.join(firsts)}" if firsts else ""
    if block.by_block:
        return _by_block(blocks, block, places, tells)
    names = ("channels", "width", "blocks", *places)
    first = call(block.name, "channels", "width", *_arguments(block, {place: place for place in block.places}))
    return [
        *function(_name(blocks, block), (f"{name}: int" for name in names), "nn.Sequential", 0),
        f'    """Return blocks of one width{tells}."""',
        f"    first = {first}",
        *indented(_rest(block)),
        "    return nn.Sequential(first, *rest)",
    ]


def _by_block(blocks: Sequence[BlockClass], block: BlockClass, places: tuple[str, ...], tells: str) -> list[str]:
    """Return the function that stacks blocks whose widths differ."""
    firsts = {"stride": ("stride", "1"), "before": ("before", "dilation"), "dilation": ("dilation", "dilation")}
    values = {
        place: first if first == other else f"{first} if number == 0 else {other}"
        for place, (first, other) in firsts.items()
    }
    made = call(block.name, "channels", "width", *_arguments(block, values))
    names = ("channels: int", "widths: tuple[int, ...]", *(f"{name}: int" for name in places))
    return [
        *function(_name(blocks, block), names, "nn.Sequential", 0),
        f'    """Return blocks of these widths{tells}."""',
        "    blocks: list[nn.Module] = []",
        "    for number, width in enumerate(widths):" if "number" in str(made) else "    for width in widths:",
        *indented(broken("blocks.append", call("", made), indent=8), 8),
        f"        channels = {block.out}",
        "    return nn.Sequential(*blocks)",
    ]


def _name(blocks: Sequence[BlockClass], block: BlockClass) -> str:
    return "stage" if len(blocks) == 1 else f"{block.name.replace('Block', '').lower()}_stage"


def _stage_places(block: BlockClass) -> tuple[str, ...]:
    """Return what a stage is told of its place: both dilations where the first block differs from the others."""
    has_both = "before" not in block.places or "dilation" in block.places
    return block.places if has_both else (*block.places, "dilation")


def _arguments(block: BlockClass, values: Mapping[str, str]) -> list[str]:
    """Return the arguments of a block; its stride has its place, dilations are named."""
    return [
        values[place] if place == "stride" else f"{block.parameter(place)}={values[place]}"
        for place in block.places
        if place in values
    ]


def _rest(block: BlockClass) -> list[str]:
    made = call(block.name, block.out, "width", *_arguments(block, {"before": "dilation", "dilation": "dilation"}))
    loop = "for _ in range(blocks - 1)"
    if len(line := f"rest = ({made} {loop})") + 4 <= LINE:
        return [line]
    inside = [f"{made} {loop}"] if len(f"{made} {loop}") + 8 <= LINE else [str(made), loop]
    return ["rest = (", *indented(inside), ")"]


def stage_call(analysis: Analysis, blocks: Sequence[BlockClass], stage: Stage) -> Call:
    """Return the expression that makes a stage."""
    spec = analysis.network.spec
    block = next(block for block in blocks if stage.number in block.stages)
    first = samples(analysis)[stage.path][0]
    start = (str(first.channels), str(first.width))
    if not block.repeats:
        places = [f"{block.parameter(place)}={getattr(first, place)}" for place in block.places]
        return call("nn.Sequential", call(block.name, *start, *places))
    places = [f"{place}={getattr(first, place)}" for place in _stage_places(block)]
    if block.by_block:
        widths = spec.stage_widths(stage.number)
        alike: Term = f"({widths[0]},) * {len(widths)}"
        if len(set(widths)) > 1:
            alike = call("", *map(str, widths))
        return call(_name(blocks, block), start[0], alike, *places)
    return call(_name(blocks, block), *start, f"blocks={len(stage.blocks)}", *places)


_DRAWS: Mapping[Init, str] = {
    Init.FAN_OUT: 'nn.init.kaiming_normal_(module.weight, mode="fan_out")',
    Init.FAN_IN: "nn.init.kaiming_normal_(module.weight)",
    Init.XAVIER: "nn.init.xavier_normal_(module.weight)",
    Init.ORTHOGONAL: "nn.init.orthogonal_(module.weight)",
    Init.FIXUP: 'nn.init.kaiming_normal_(module.weight, mode="fan_out")',
}
"""What draws a convolution's weights. Kaiming's gain for its default, leaky ReLU with slope 0, is that for ReLU."""

_FIXUP = (
    "# Fixup: of m convolutions in each of L blocks all but the last shrink by",
    "# L^(-1 / (2 m - 2)), and the last starts at 0.",
)


def first_weights(network: Network, blocks: Sequence[BlockClass]) -> list[str]:
    """Return the lines at the end of ``__init__``; none where PyTorch's own initial weights are kept."""
    spec, lines = network.spec, []
    if spec.init in _DRAWS:
        lines += [
            "for module in self.modules():",
            f"    if isinstance(module, nn.Conv{spec.dims}d):",
            f"        {_DRAWS[spec.init]}",
        ]
    lines += [*_blocks(network, blocks), *_betas(network)]
    parts = flat(network.head.form.branch) if network.head else ()
    if spec.init is Init.FIXUP and any(part.name == "fc" for part in parts):
        lines += ["nn.init.zeros_(self.fc.weight)", "nn.init.zeros_(self.fc.bias)"]
    return lines


def _blocks(network: Network, blocks: Sequence[BlockClass]) -> list[str]:
    """Return the loop over the blocks: the chance of skipping each, and the weights that start small or at 0."""
    spec, count = network.spec, sum(network.spec.blocks)
    each = {block.name: _weights(network, block, count) for block in blocks}
    skips = {block.name: _skip(network, block, count) for block in blocks}
    common = skips[blocks[0].name] if len({tuple(lines) for lines in skips.values()}) == 1 else []
    if not common:
        each = {name: [*skips[name], *lines] for name, lines in each.items()}
    if not common and not any(each.values()):
        return []
    kinds = " | ".join(block.name for block in blocks)
    lines = [*_FIXUP] if spec.init is Init.FIXUP else []
    head = f"blocks = [m for m in self.modules() if isinstance(m, {kinds})]"
    lines += [head] if len(head) + 8 <= LINE else broken("kinds = ", call("", *kinds.split(" | ")))
    if len(head) + 8 > LINE:
        lines.append("blocks = [m for m in self.modules() if isinstance(m, kinds)]")
    lines.append("for number, block in enumerate(blocks, start=1):" if any(skips.values()) else "for block in blocks:")
    return [*lines, *indented([*common, *_each(blocks, each)])]


def _skip(network: Network, block: BlockClass, count: int) -> list[str]:
    """Return the line that sets the chance of skipping a block, which rises with the depth."""
    form, spec = network.stages[block.stages[0] - 1].blocks[0].form, network.spec.at(block.stages[0])
    if not any(part.layer.role is Role.DROP and part.name == "skip" for part in flat(form.branch)):
        return []
    chance = f"block.skip.chance = {spec.stochastic_depth!r} * number / {count}"
    return commented([chance], "rises with the depth", 12)


def _loop(target: str, items: Sequence[str]) -> list[str]:
    """Return the line that begins a loop over some items, or an item a line where they are too long for one."""
    line = f"for {target} in ({', '.join(items)}{',' if len(items) == 1 else ''}):"
    if len(line) + 8 <= LINE:
        return [line]
    return [f"for {target} in (", *(f"    {item}," for item in items), "):"]


def _betas(network: Network) -> list[str]:
    """Return the loop that gives each block its β; none where the network does not track the variance of x."""
    if not any(isinstance(part.layer, Beta) for stage in network.stages for part in stage.blocks[0].form.parts):
        return []
    names = [f"self.{stage.path}" for stage in network.stages]
    factors = [_alpha(stage.blocks[0].form) for stage in network.stages]
    same = len(set(factors)) == 1
    pairs = names if same else [f"({name}, {factor!r})" for name, factor in zip(names, factors, strict=True)]
    target, alpha = ("layer", repr(factors[0])) if same else ("layer, alpha", "alpha")
    return [
        "variance = 1.0  # of x, as each branch adds alpha squared to it",
        *_loop(target, pairs),
        "    for number, block in enumerate(layer):",
        "        block.beta = variance**-0.5",
        f"        variance = (variance if number else 1.0) + {alpha}**2",
    ]


def _alpha(form: Form) -> float:
    """Return the factor by whose square a branch adds to the variance of x; 0 where that is not tracked."""
    if not any(isinstance(part.layer, Beta) for part in form.parts):
        return 0.0
    scales = (part.layer for part in flat(form.branch) if part.name == "scale")
    return next((layer.factor for layer in scales if isinstance(layer, Scale)), 1.0)


def _each(blocks: Sequence[BlockClass], lines: Mapping[str, list[str]]) -> list[str]:
    """Return the lines for each class, by tests where the classes differ."""
    first = lines[blocks[0].name]
    if all(lines[block.name] == first for block in blocks) and (len(blocks) == 1 or not first):
        return first
    result: list[str] = []
    for block in blocks:
        word = "elif" if result else "if"
        last = block is blocks[-1] and len(blocks) == sum(bool(lines[other.name]) for other in blocks)
        if lines[block.name]:
            result += ["else:" if last and result else f"{word} isinstance(block, {block.name}):"]
            result += indented(lines[block.name])
    return result


def _weights(network: Network, block: BlockClass, count: int) -> list[str]:
    """Return the lines that set the initial weights of a class of blocks."""
    form, lines = network.stages[block.stages[0] - 1].blocks[0].form, []
    spec = network.spec.at(block.stages[0])
    own = [step for step in (*form.before, *form.branch, *form.after) if isinstance(step, Part)]
    convs = [part.name for part in own if part.layer.role is Role.CONVOLUTION]
    if spec.init is Init.FIXUP:
        power = -0.5 / (len(convs) - 1)
        lines += [f"block.{name}.weight.data.mul_({count}**{power})" for name in convs[:-1]]
        strength = _strength(next(part.layer for part in own if part.name == convs[-1]))
        lines.append(f"nn.init.zeros_(block.{convs[-1]}.{strength})")
    elif spec.zero_init:
        first = starts_at_0(spec, form)
        strength = f"block.{first.name}.{_strength(first.layer)}" if first else ""
        lines += [f"nn.init.zeros_({strength})  # the branch starts at 0"] if first else []
    if form.gate and spec.gate_bias != network.spec.gate_bias:
        lines.append(f"nn.init.constant_(block.gate.conv.bias, {spec.gate_bias!r})")
    return lines


def _strength(layer: Layer) -> str:
    """Return the name of the tensor at whose 0 a layer puts out 0."""
    return "gain" if isinstance(layer, ScaledStdConv2d) else "weight"


def class_name(analysis: Analysis) -> str:
    """Return the name of the network's class."""
    return "ResNet" if analysis.network.spec.has_shortcuts else "PlainNet"


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


def _stage_end(stage: Stage, channels: int) -> list[str]:
    """Return the line that gives the last block of a stage what ends the stage; none without it."""
    gates = [step for step in stage.blocks[-1].form.after if isinstance(step, Gated)]
    if not gates:
        return []
    inner = next(part.layer for part in flat(gates[0].parts) if part.name == "bam.fc1")
    return [f"self.{stage.path}[-1].bam = BAM({channels}, {inner.arguments()['out_channels']})"]


class _Layers:
    """Writes the layers of stem and head, and the stages between them, with the shapes that change."""

    def __init__(self, analysis: Analysis, blocks: Sequence[BlockClass]) -> None:
        self.analysis, self.blocks = analysis, blocks
        self.readings = {row.path: row.reading for row in analysis.rows}
        self.writer = Writer(analysis.network.spec.at(1), Scope(), str(analysis.network.spec.in_channels))

    def lines(self) -> list[str]:
        network, shape = self.analysis.network, self.analysis.total.input
        lines = self._block(network.stem)
        for stage in network.stages:
            shape = self.analysis.sums[stage.path].output
            made = broken(f"self.{stage.path} = ", stage_call(self.analysis, self.blocks, stage))
            lines += commented(made, size(shape))
            lines += _stage_end(stage, shape[1])
        self.writer = Writer(network.spec.by_stages[-1], Scope(), str(shape[1]))
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
    modules: dict[str, list[Part]] = {}
    for part in flat(block.form.branch):
        if part.layer.role is not Role.VIEW:
            modules.setdefault(part.name.partition(".")[0], []).append(part)
    return modules


def _forward(analysis: Analysis) -> list[str]:
    network = analysis.network
    lines = [f"x = {_through(parts, 'x')}" for parts in _pairs(flat(network.stem.form.branch))]
    lines += [f"x = self.{stage.path}(x)" for stage in network.stages]
    if network.head is None:
        return [*lines, "return x"]
    parts = flat(network.head.form.branch)
    pooled = next((index for index, part in enumerate(parts) if part.layer.role is Role.POOLING), len(parts))
    if 0 < pooled < len(parts):
        lines.append(f"x = {_through(parts[:pooled], 'x')}")
        parts = parts[pooled:]
    last = f"return {_through(parts, 'x')}"
    flat_at = next((index for index, part in enumerate(parts) if part.layer.role is Role.VIEW), -1) + 1
    if len(last) + 8 > LINE and flat_at:
        lines.append(f"x = {_through(parts[:flat_at], 'x')}")
        last = f"return {_through(parts[flat_at:], 'x')}"
    return [*lines, last]


def _pairs(parts: Sequence[Part]) -> Iterator[Sequence[Part]]:
    """Yield the stem as one piece, or up to the convolution in time and from there on."""
    time = next((place for place, part in enumerate(parts) if part.name.endswith("_time")), 0)
    yield from (parts[:time], parts[time:]) if time else (parts,)


def _through(parts: Sequence[Part], start: str) -> str:
    last = ""
    for part in parts:
        name = part.name.partition(".")[0]
        if part.layer.role is Role.VIEW:
            start = f"{start}.flatten(1)"
        elif name != last:
            start = f"self.{name}({start})"
        last = name
    return start
