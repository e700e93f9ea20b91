"""What tensors are of that are no residual network, by their names and shapes, and why they make none."""

import re
from collections.abc import Iterable, Mapping
from itertools import pairwise

from resnet_explorer.network.kinds import Shape
from resnet_explorer.weights.backbone import Backbone, weighted
from resnet_explorer.weights.layers import Kind, Layers

_FAMILIES: tuple[tuple[str, str], ...] = (
    (r"denseblock|dense_block", "a DenseNet"),
    (r"(^|\.)s\d\.b\d+\.|trunk_output\.block\d|encoder\.stages\.\d\.layers\.\d\.layer\.\d\.attention", "a RegNet"),
    (r"fuse_layers|(^|\.)transition\d", "an HRNet"),
    (r"c1x1_[abcw]\.", "a DPN (dual path network)"),
    (r"conv2d_7b\.|(^|\.)repeat(_\d)?\.\d+\.branch", "an Inception-ResNet"),
    (r"(^|\.)block\d+\.rep\.|(^|\.)blocks\.\d+\.stack\.", "an Xception"),
    (r"rbr_(dense|1x1|identity|reparam)|(^|\.)stages\.\d+\.\d+\.conv_1x1\.bn", "a RepVGG"),
    (r"conv_transition_b|(^|\.)stages\.\d+\.conv_exp\.", "a CSPNet"),
    (r"(^|\.)features\.\d+\.conv6\.", "a SelecSLS"),
    (r"Mixed_\d|inception\d|branch3x3dbl|mixed_\d", "an Inception network"),
    (r"relative_position_bias_table", "a Swin transformer"),
    (r"self_attn\.(pos_embed|rel_)", "a BoTNet"),
    (r"cls_token|patch_embed|class_token|vit\.embeddings|pos_embed", "a vision transformer"),
    (r"word_embeddings|token_type_embeddings", "a BERT-like language model"),
    (r"(^|\.)(wte|tok_embeddings|embed_tokens)\.|lm_head|shared\.weight", "a language model"),
    (r"\.gamma$|features\.\d+\.\d+\.layer_scale|dwconv|conv_dw\.weight.*7x7", "a ConvNeXt"),
    (
        r"(^|\.)_?blocks\.[\d.]+(conv_pwl|_depthwise_conv)\."
        r"|features\.\d+(\.\d+)?\.block\.\d\.fc1\.|features\.\d+\.conv\.\d\.0\.",
        "a MobileNet or an EfficientNet",
    ),
    (r"conv_pwl|conv_pw\.|_depthwise_conv|depthwise|conv_dw", "a network of depthwise convolutions"),
    (r"squeeze\.weight|expand3x3", "a SqueezeNet"),
    (r"conv_offset|deform", "a network with deformable convolutions"),
    (r"^unet\.|down_blocks\.|up_blocks\.|input_blocks\.", "a U-Net"),
)
"""Names that one family alone has; the first that fits counts."""


def family(shapes: Mapping[str, Shape]) -> str:
    """Return what other family of networks some tensors are of; empty where that cannot be told."""
    for pattern, text in _FAMILIES:
        if any(re.search(pattern, name) for name in shapes):
            return text
    convs = [shape for shape in shapes.values() if len(shape) == 4 and shape[2:] != (1, 1)]
    matrices = [shape for shape in shapes.values() if len(shape) == 2]
    if not convs and len(matrices) > 3:
        return "a network of matrices, such as a transformer or a multi-layer perceptron"
    depthwise = [shape for shape in convs if shape[1] == 1 and shape[0] > 3]
    if len(depthwise) * 2 > len(convs) > 2:
        return "a network of depthwise convolutions"
    return ""


def structural_family(layers: Layers) -> str:
    """Return the family that the shapes of the layers alone tell; empty where they do not."""
    row = weighted(layers)
    convs = [layer for layer in row if layer.kind is Kind.CONV]
    stack = [layer for layer in convs if layer.side == 3]
    chained = all(b.inputs == a.out for a, b in pairwise(stack))
    if len(stack) > 4 and chained and stack[0].inputs <= 4 and len(convs) - len(stack) < 3:
        return "a plain stack of 3×3 convolutions, such as a VGG"
    middle = [convs[at] for at in range(1, len(convs) - 1) if convs[at].side == 3 and convs[at - 1].side == 1]
    widths = {layer.inputs for layer in middle}
    straight = [layer for layer in middle if layer.out % layer.inputs == 0 and layer.out > layer.inputs]
    if len(middle) > 2 and len(widths) == 1 and len(straight) == len(middle) and len({x.out for x in middle}) > 1:
        return "a RegNet (groups of one width in every stage)"
    return ""


def reason(shapes: Mapping[str, Shape], nearest: Iterable[Backbone]) -> str:
    """Return why some tensors make no residual network that the app knows, as a sentence's end."""
    best = max(nearest, key=lambda backbone: len(backbone.blocks), default=None)
    if best is not None and best.stop is not None:
        count = len(best.blocks)
        fitting = "block is one" if count == 1 else f"{count:,} blocks are those"
        what = "×".join(map(str, best.stop.shape))
        return f"the first {fitting} of a residual network, but then comes {best.stop.path[:60]} of {what}"
    if not any(len(shape) == 4 for shape in shapes.values()):
        return "there are no convolutions"
    return "no stem is followed by blocks of two 3×3 convolutions, or of 1×1, 3×3 and 1×1"
