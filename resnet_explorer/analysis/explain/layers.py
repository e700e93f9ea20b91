"""What is to be said of a layer: its story, its formulas, its figures."""

from resnet_explorer.analysis.explain.shortcuts import addition
from resnet_explorer.analysis.explain.stories import story
from resnet_explorer.analysis.explain.words import At, Explanation, Rule
from resnet_explorer.analysis.facts import layer_facts
from resnet_explorer.analysis.results import Analysis, Row
from resnet_explorer.analysis.words import hyper
from resnet_explorer.blueprint import Block
from resnet_explorer.blueprint.layers import Add, Conv2d, Layer
from resnet_explorer.blueprint.pools import AvgPool2d, BlurPool2d, MaxPool2d


def explain_layer(analysis: Analysis, block: Block, row: Row, where: str) -> Explanation:
    """Return what is to be said of a layer."""
    layer = row.part.layer
    key, words = story(layer, At(row.part, block, analysis.network.spec))
    if isinstance(layer, Add):
        key = addition(block.form)
    counted = (Rule("Parameters", "conv_params"), Rule("MACs", "conv_macs")) if isinstance(layer, Conv2d) else ()
    size = _size(layer)
    field = (Rule("Receptive field r and stride j", "receptive_field"),) if size else ()
    return Explanation(
        row.path,
        f"{where} · {row.part.name}",
        f"{layer.kind} {hyper(layer)}".strip(),
        words,
        (key, *size),
        layer_facts(analysis, row),
        rules=(*counted, *field),
    )


def _size(layer: Layer) -> tuple[str, ...]:
    """Return the formula of a sliding window's output size."""
    if layer.window == (1, 1):
        return ()
    if isinstance(layer, Conv2d):
        return ("size_dilated" if layer.dilation > 1 else "size",)
    if isinstance(layer, BlurPool2d) or (isinstance(layer, AvgPool2d) and layer.whole):
        return ("stage",)
    return ("size",) if isinstance(layer, AvgPool2d | MaxPool2d) else ()
