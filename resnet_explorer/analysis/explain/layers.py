"""What is to be said of a layer: its story, its formulas, its figures."""

from resnet_explorer.analysis.explain.shortcuts import addition
from resnet_explorer.analysis.explain.words import Explanation, Rule
from resnet_explorer.analysis.facts import layer_facts
from resnet_explorer.analysis.results import Analysis, Row
from resnet_explorer.blueprint import Block
from resnet_explorer.blueprint.kinds.blocks import Add
from resnet_explorer.blueprint.kinds.convolutions import Conv2d
from resnet_explorer.blueprint.place import At


def explain_layer(analysis: Analysis, block: Block, row: Row, where: str) -> Explanation:
    """Return what is to be said of a layer."""
    layer = row.part.layer
    key, words = layer.story(At(row.part, block, analysis.network.spec))
    if isinstance(layer, Add):
        key = addition(block.form)
    counted = (Rule("Parameters", "conv_params"), Rule("MACs", "conv_macs")) if isinstance(layer, Conv2d) else ()
    size = (layer.size_key,) if layer.size_key else ()
    field = (Rule("Receptive field r and stride j", "receptive_field"),) if size else ()
    return Explanation(
        row.path,
        f"{where} · {row.part.name}",
        f"{layer.kind} {layer.hyper}".strip(),
        words,
        (key, *size),
        layer_facts(analysis, row),
        rules=(*counted, *field),
    )
