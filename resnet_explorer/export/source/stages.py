"""Stages: the function that stacks blocks, and the calls that make each stage of a network."""

from collections.abc import Mapping, Sequence

from resnet_explorer.analysis import Analysis
from resnet_explorer.blueprint import Stage
from resnet_explorer.export.source.blocks import BlockClass
from resnet_explorer.export.source.scope import samples
from resnet_explorer.export.source.text import LINE, Call, call, function, indented
from resnet_explorer.spec import Block as Kind

_NAMES: Mapping[Kind, str] = {Kind.BASIC: "basic_stage", Kind.BOTTLENECK: "bottleneck_stage"}

_FIRSTS = {"stride": "takes the stride", "before": "dilates by before"}


def stage_function(analysis: Analysis, blocks: Sequence[BlockClass], block: BlockClass) -> list[str]:
    """Return the function that stacks a class of blocks; nothing where each stage has a single one."""
    if not _repeats(analysis, block):
        return []
    told = _told(block)
    firsts = [word for place, word in _FIRSTS.items() if place in told]
    tells = f"; the first {' and '.join(firsts)}" if firsts else ""
    names = ("channels", "width", "blocks", *told)
    return [
        *function(_name(blocks, block), (f"{name}: int" for name in names), "nn.Sequential", 0),
        f'    """Return blocks of one width{tells}."""',
        *indented(_first(block)),
        *indented(_rest(block)),
        "    return nn.Sequential(first, *rest)",
    ]


def _repeats(analysis: Analysis, block: BlockClass) -> bool:
    network = analysis.network
    stages = zip(network.stages, network.spec.block, strict=True)
    return any(kind is block.kind and len(stage.blocks) > 1 for stage, kind in stages)


def _name(blocks: Sequence[BlockClass], block: BlockClass) -> str:
    return "stage" if len(blocks) == 1 else _NAMES[block.kind]


def _told(block: BlockClass) -> tuple[str, ...]:
    """Return what a stage is told of its place: both dilations where the first block differs from the others."""
    return (
        (*block.places, "dilation")
        if block.parameter("before") != "before" and "before" in block.places
        else block.places
    )


def _arguments(block: BlockClass, values: Mapping[str, str]) -> list[str]:
    """Return the arguments of a block; its stride has its place, dilations are named."""
    return [
        values[place] if place == "stride" else f"{block.parameter(place)}={values[place]}"
        for place in block.places
        if place in values
    ]


def _first(block: BlockClass) -> list[str]:
    made = call(block.name, "channels", "width", *_arguments(block, {place: place for place in block.places}))
    return [f"first = {made}"]


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
    block = next(block for block in blocks if block.kind is spec.block[stage.number - 1])
    first = samples(analysis)[stage.path][0]
    start = (str(first.channels), str(first.width))
    if not _repeats(analysis, block):
        told = [f"{block.parameter(place)}={getattr(first, place)}" for place in block.places]
        return call("nn.Sequential", call(block.name, *start, *told))
    told = [f"{place}={getattr(first, place)}" for place in _told(block)]
    return call(_name(blocks, block), *start, f"blocks={len(stage.blocks)}", *told)
