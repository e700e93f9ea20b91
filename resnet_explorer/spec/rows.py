# ruff: noqa: E501 - a network is a line
"""The rows of the catalogue: each network as a name, its parent, and what it changes in it.

A row is (name, title, parent, settings, side of the images in pixels, what is new in it, what was published of it).
Its settings are those of ``--set``, applied to the parent. Names and sizes are torchvision's and timm's where they
have the network. Published figures are the papers' own: error rates are top-1, of one crop where nothing else is said.
"""

from collections.abc import Mapping

from resnet_explorer.dataclass import dataclass


@dataclass(frozen=True)
class Row:
    """A network as a change of its parent, ``base``; an empty one is ResNet-18, by which all begins.

    It is asked for by its ``name`` and shown by its ``title``; ``size`` is the side in pixels of the images that it was
    published for.
    """

    name: str
    title: str
    base: str
    settings: str = ""
    size: int = 224
    note: str = ""
    published: str = ""
    aliases: tuple[str, ...] = ()


_D = "stem=deep downsample=avgpool"
_T = "stem=tiered downsample=avgpool"
_RS = "stem_pool=conv attention=se reduction=4"
_NF = (
    "norm=none conv=scaled-standardised conv_bias=true branch_scale=0.2 track_variance=true zero_init=true "
    "downsample=avgpool"
)
_BIT = "norm=group conv=standardised stem_pool=zero-padded-max"


def _bit(name: str, title: str, parent: str, factor: int, size: int) -> Row:
    wide = f" widths={64 * factor} stem_channels={64 * factor}" if factor > 1 else ""
    note = (
        f"Group norm, standardised weights, {factor} times the width."
        if factor > 1
        else "Group norm, standardised weights."
    )
    return Row(name, title, parent, _BIT + wide, size, note)


def _order(depth: int, key: str, text: str, order: str, error: str, figure: str) -> Row:
    note = f"ResNet-{depth} with {text} (figure 4{figure})."
    return Row(
        f"resnet{depth}_{key}", f"ResNet-{depth}, {text}", f"resnet{depth}", f"order={order}", 32, note,
        f"CIFAR-10 error {error} % (He et al. 2016, table 2)",
    )  # fmt: skip


def _shortcut(key: str, title: str, settings: str, figure: str, note: str, result: str) -> Row:
    published = f"CIFAR-10: {result} (He et al. 2016, table 1)"
    return Row(
        f"resnet110_{key}", f"ResNet-110, {title}", "resnet110", settings, 32, f"{note} (figure 2{figure}).", published
    )


def _wide(depth: int, factor: int, c10: str, c100: str) -> Row:
    width, blocks = 16 * factor, (depth - 4) // 6
    errors = f"CIFAR-10 error {c10} %" + (f", CIFAR-100 {c100} %" if c100 else "") + " (table 4, ZCA-whitened images)"
    return Row(
        f"wrn{depth}_{factor}", f"WRN-{depth}-{factor}", "preresnet110",
        f"blocks={blocks},{blocks},{blocks} widths={width},{2 * width},{4 * width} shortcut=B", 32,
        f"{factor} times the width of a CIFAR ResNet, {depth} layers.", errors, (f"wide_resnet{depth}_{factor}",),
    )  # fmt: skip


def _clip(factor: str, width: int, blocks: str, size: int, side: int, embedding: int, zero_shot: str) -> Row:
    widths = ",".join(str(width << stage) for stage in range(4))
    return Row(
        f"resnet50x{factor}_clip", f"CLIP ResNet-50×{factor}", "resnet50_clip",
        f"blocks={blocks} widths={widths} stem_width={width // 2} stem_channels={width} map_side={side} classes={embedding}",
        size, f"About {factor} times the compute of ResNet-50, scaled in width, depth and image.",
        f"Zero-shot top-1 {zero_shot} % (table 11)",
    )  # fmt: skip


ROWS: Mapping[str, tuple[Row, ...]] = {
    "imagenet": (
        Row("resnet18", "ResNet-18", "", "", 224, "Eight basic blocks: the smallest ImageNet net of the paper.",
            "10-crop error 27.88 % with option A (table 2); torchvision's weights 69.758 % top-1"),
        Row("resnet34", "ResNet-34", "resnet18", "blocks=3,4,6,3", 224, "Sixteen basic blocks.",
            "10-crop error 25.03 % (A), 24.52 % (B), 24.19 % (C) (table 3)"),
        Row("resnet50", "ResNet-50", "resnet34", "block=bottleneck", 224, "ResNet-34 with bottlenecks for basic blocks.",
            "10-crop error 22.85 % (table 3); torchvision's weights 76.13 % (V1), 80.858 % (V2) top-1", ("resnet50_v1.5",)),
        Row("resnet101", "ResNet-101", "resnet50", "blocks=3,4,23,3", 224, "17 more blocks in stage 3.",
            "10-crop error 21.75 % (table 3)"),
        Row("resnet152", "ResNet-152", "resnet101", "blocks=3,8,36,3", 224, "More blocks in stages 2 and 3.",
            "10-crop error 21.43 % (table 3)"),
        Row("resnet50_v1", "ResNet-50, stride in the 1×1", "resnet50", "stride=1x1", 224,
            "The paper's own: the first 1×1 carries the stride, which saves MACs.", "3.8 × 10⁹ multiply-adds (table 1)"),
        Row("resnet101_v1", "ResNet-101, stride in the 1×1", "resnet101", "stride=1x1", 224,
            "The paper's own: the first 1×1 carries the stride.", "7.6 × 10⁹ multiply-adds (table 1)"),
        Row("resnet152_v1", "ResNet-152, stride in the 1×1", "resnet152", "stride=1x1", 224,
            "The paper's own: the first 1×1 carries the stride.", "11.3 × 10⁹ multiply-adds (table 1)"),
        Row("resnet26", "ResNet-26", "resnet50", "blocks=2,2,2,2", 224, "Bottlenecks at the depth of ResNet-18 (timm)."),
        Row("resnet200", "ResNet-200", "resnet152", "blocks=3,24,36,3", 224, "Deeper in stage 2 (timm)."),
    ),
    "cifar": (
        Row("resnet20", "ResNet-20", "resnet18",
            "blocks=3,3,3 widths=16,32,64 stem=cifar stem_channels=16 shortcut=A classes=10", 32,
            "Three stages of 16, 32 and 64 channels for images of 32 pixels.", "0.27 M parameters, CIFAR-10 error 8.75 % (table 6)"),
        Row("resnet32", "ResNet-32", "resnet20", "blocks=5,5,5", 32, "Five blocks a stage.",
            "0.46 M parameters, CIFAR-10 error 7.51 % (table 6)"),
        Row("resnet44", "ResNet-44", "resnet20", "blocks=7,7,7", 32, "Seven blocks a stage.",
            "0.66 M parameters, CIFAR-10 error 7.17 % (table 6)"),
        Row("resnet56", "ResNet-56", "resnet20", "blocks=9,9,9", 32, "Nine blocks a stage.",
            "0.85 M parameters, CIFAR-10 error 6.97 % (table 6)"),
        Row("resnet110", "ResNet-110", "resnet20", "blocks=18,18,18", 32, "Eighteen blocks a stage.",
            "1.7 M parameters, CIFAR-10 error 6.43 %, 6.61 ± 0.16 over five runs (table 6)"),
        Row("resnet1202", "ResNet-1202", "resnet20", "blocks=200,200,200", 32,
            "More than a thousand layers still train, but over-fit.", "19.4 M parameters, CIFAR-10 error 7.93 % (table 6)"),
        Row("resnet164", "ResNet-164", "resnet110", "block=bottleneck shortcut=B", 32, "ResNet-110 with bottlenecks.",
            "CIFAR-10 error 5.93 %, CIFAR-100 25.16 % (He et al. 2016, table 4)"),
        Row("resnet1001", "ResNet-1001", "resnet164", "blocks=111,111,111", 32, "A thousand layers of bottlenecks.",
            "CIFAR-10 error 7.61 %, CIFAR-100 27.82 % (He et al. 2016, table 4)"),
    ),
    "plain": (
        Row("plain18", "Plain-18", "resnet18", "residual=false", 224, "ResNet-18 without shortcuts.",
            "10-crop error 27.94 % (table 2)"),
        Row("plain34", "Plain-34", "resnet34", "residual=false", 224,
            "ResNet-34 without shortcuts: worse than Plain-18, also on the training set.", "10-crop error 28.54 % (table 2)"),
        Row("plain20", "Plain-20", "resnet20", "residual=false", 32, "ResNet-20 without shortcuts."),
        Row("plain32", "Plain-32", "resnet32", "residual=false", 32, "ResNet-32 without shortcuts."),
        Row("plain44", "Plain-44", "resnet44", "residual=false", 32, "ResNet-44 without shortcuts."),
        Row("plain56", "Plain-56", "resnet56", "residual=false", 32,
            "ResNet-56 without shortcuts: trains worse than Plain-20 (figure 6)."),
        Row("plain110", "Plain-110", "resnet110", "residual=false", 32, "ResNet-110 without shortcuts: hardly trains.",
            "CIFAR-10 error above 60 % (figure 6)"),
    ),
    "shortcuts": (
        _shortcut("scaled", "shortcut and branch × 0.5", "shortcut_scale=0.5 branch_scale=0.5", "b",
                  "Both paths are halved, so the signal of early blocks fades", "error 12.35 %"),
        _shortcut("half_shortcut", "shortcut × 0.5", "shortcut_scale=0.5", "b", "The shortcut alone is halved", "fails (> 20 %)"),
        _shortcut("exclusive_gate", "exclusive gating", "gating=exclusive", "c",
                  "A learnt gate shares the signal out between both paths", "error 8.70 % with a bias of −6"),
        _shortcut("shortcut_gate", "shortcut-only gating", "gating=shortcut-only", "d",
                  "A learnt gate weights the shortcut alone", "error 6.91 % with a bias of −6"),
        _shortcut("conv_shortcut", "1×1 convolution shortcut", "shortcut=C", "e",
                  "A 1×1 convolution on every shortcut", "error 12.22 %"),
        _shortcut("dropout_shortcut", "dropout shortcut", "shortcut_dropout=0.5", "f",
                  "Half of the shortcut's values are dropped in training", "fails (> 20 %)"),
    ),
    "orders": (
        _order(110, "bn_after", "norm after addition", "bn-after-add", "8.17", "b"),
        _order(110, "relu_before", "ReLU before addition", "relu-before-add", "7.84", "c"),
        _order(110, "relu_only", "ReLU-only pre-activation", "relu-only", "6.71", "d"),
        _order(164, "bn_after", "norm after addition", "bn-after-add", "6.50", "b"),
        _order(164, "relu_before", "ReLU before addition", "relu-before-add", "6.14", "c"),
        _order(164, "relu_only", "ReLU-only pre-activation", "relu-only", "5.91", "d"),
    ),
    "preact": (
        Row("preresnet110", "Pre-activation ResNet-110", "resnet110", "order=v2", 32,
            "Norm and ReLU before each convolution (figure 4e).", "CIFAR-10 error 6.37 % (table 2)", ("resnet110_v2",)),
        Row("preresnet164", "Pre-activation ResNet-164", "resnet164", "order=v2", 32, "Pre-activated bottlenecks.",
            "CIFAR-10 error 5.46 %, CIFAR-100 24.33 % (table 4)", ("resnet164_v2",)),
        Row("preresnet1001", "Pre-activation ResNet-1001", "resnet1001", "order=v2", 32,
            "A thousand layers that train easily.", "CIFAR-10 error 4.92 %, CIFAR-100 22.71 % (table 4)", ("resnet1001_v2",)),
        Row("resnetv2_18", "ResNet-18 v2", "resnet18", "order=v2", 224, "Pre-activated basic blocks (timm)."),
        Row("resnetv2_34", "ResNet-34 v2", "resnet34", "order=v2", 224, "Pre-activated basic blocks (timm)."),
        Row("resnetv2_50", "ResNet-50 v2", "resnet50", "order=v2", 224, "Pre-activated bottlenecks."),
        Row("resnetv2_101", "ResNet-101 v2", "resnet101", "order=v2", 224, "Pre-activated bottlenecks."),
        Row("resnetv2_152", "ResNet-152 v2", "resnet152", "order=v2", 224, "Pre-activated bottlenecks."),
        Row("resnetv2_18d", "ResNet-18-D v2", "resnetv2_18", _D, 224, "Deep stem and pooled projections."),
        Row("resnetv2_34d", "ResNet-34-D v2", "resnetv2_34", _D, 224, "Deep stem and pooled projections."),
        Row("resnetv2_50d", "ResNet-50-D v2", "resnetv2_50", _D, 224, "Deep stem and pooled projections."),
        Row("resnetv2_50t", "ResNet-50-T v2", "resnetv2_50", _T, 224, "Tiered stem and pooled projections."),
        Row("resnetv2_101d", "ResNet-101-D v2", "resnetv2_101", _D, 224, "Deep stem and pooled projections."),
        Row("resnetv2_152d", "ResNet-152-D v2", "resnetv2_152", _D, 224, "Deep stem and pooled projections."),
    ),
    "stochastic": (
        Row("resnet110_sd", "ResNet-110, stochastic depth", "resnet110", "stochastic_depth=0.5", 32,
            "Each step skips blocks at random: the last with a chance of one half, a quarter of all on average.", "CIFAR-10 error 5.23 %"),
        Row("resnet1202_sd", "ResNet-1202, stochastic depth", "resnet1202", "stochastic_depth=0.5", 32,
            "With a quarter of its blocks skipped at each step, 1202 layers no longer over-fit.", "CIFAR-10 error 4.91 %"),
    ),
    "wide": (
        _wide(40, 1, "6.85", "30.89"), _wide(40, 2, "5.33", "26.04"), _wide(40, 4, "4.97", "22.89"),
        _wide(16, 8, "4.81", "22.07"), _wide(22, 8, "4.38", "21.22"), _wide(28, 10, "4.17", "20.50"),
        _wide(40, 8, "4.66", ""),
        Row("wide_resnet50_2", "Wide ResNet-50-2", "resnet50", "base_width=128", 224,
            "Twice the channels in the 3×3 of every bottleneck.", "Error 21.9 % (table 8)"),
        Row("wide_resnet101_2", "Wide ResNet-101-2", "resnet101", "base_width=128", 224, "Twice the channels in the 3×3."),
    ),
    "resnext": (
        Row("resnext50_32x4d", "ResNeXt-50 32×4d", "resnet50", "cardinality=32 base_width=4", 224,
            "The 3×3 in 32 groups of 4 channels: as many parameters, more channels.", "25.0 M parameters, error 22.2 % (table 3)"),
        Row("resnext101_32x4d", "ResNeXt-101 32×4d", "resnet101", "cardinality=32 base_width=4", 224,
            "ResNet-101 in 32 groups.", "44.2 M parameters, error 21.2 % (table 3)"),
        Row("resnext101_64x4d", "ResNeXt-101 64×4d", "resnet101", "cardinality=64 base_width=4", 224,
            "Twice the groups.", "Error 20.4 % (table 4)"),
        Row("resnext101_32x8d", "ResNeXt-101 32×8d", "resnext101_32x4d", "base_width=8", 224, "Groups of 8 channels."),
        Row("resnext101_32x16d", "ResNeXt-101 32×16d", "resnext101_32x4d", "base_width=16", 224, "Groups of 16 channels."),
        Row("resnext101_32x32d", "ResNeXt-101 32×32d", "resnext101_32x4d", "base_width=32", 224, "Groups of 32 channels."),
        Row("resnext50d_32x4d", "ResNeXt-50-D 32×4d", "resnext50_32x4d", _D, 224, "Deep stem and pooled projections (timm)."),
    ),
    "signals": (
        Row("resnet18_1d", "ResNet-18, 1-D", "resnet18", "dims=1 in_channels=1 classes=10", 1000,
            "ResNet-18 for signals of one channel. The paper's own blocks have three convolutions, of kernels 8, 5 and 3.",
            aliases=("resnet1d18",)),
    ),
    "video": (
        Row("r3d_18", "R3D-18", "resnet18", "dims=3 stem_pool=none classes=400", 112,
            "ResNet-18 with 3×3×3 convolutions, and no pool after the stem.", "Kinetics-400 top-1 63.2 % (torchvision)"),
        Row("mc3_18", "MC3-18", "r3d_18", "conv_time=3d,2d,2d,2d", 112,
            "Only stem and first stage look at other frames: a third of the weights.", "Kinetics-400 top-1 64.0 % (torchvision)"),
        Row("r2plus1d_18", "R(2+1)D-18", "r3d_18", "conv_time=2+1d", 112,
            "Each 3×3×3 becomes a 1×3×3 and a 3×1×1, with a norm and a ReLU between.", "Kinetics-400 top-1 67.5 % (torchvision)"),
    ),
    "se": (
        Row("seresnet18", "SE-ResNet-18", "resnet18", "attention=se", 224, "Basic blocks with SE (timm)."),
        Row("seresnet34", "SE-ResNet-34", "resnet34", "attention=se", 224, "Basic blocks with SE (timm)."),
        Row("seresnet50", "SE-ResNet-50", "resnet50", "attention=se", 224, "Every block rescales its channels.",
            "Error 23.29 % (table 2)"),
        Row("seresnet101", "SE-ResNet-101", "resnet101", "attention=se", 224, "Every block rescales its channels.",
            "Error 22.38 % (table 2)"),
        Row("seresnet152", "SE-ResNet-152", "resnet152", "attention=se", 224, "Every block rescales its channels.",
            "Error 21.57 % (table 2)"),
        Row("seresnext50_32x4d", "SE-ResNeXt-50 32×4d", "resnext50_32x4d", "attention=se", 224, "ResNeXt with SE.",
            "Error 21.10 % (table 2)"),
        Row("seresnext101_32x4d", "SE-ResNeXt-101 32×4d", "resnext101_32x4d", "attention=se", 224, "ResNeXt with SE.",
            "Error 20.70 % (table 2)"),
        Row("seresnext101_32x8d", "SE-ResNeXt-101 32×8d", "resnext101_32x8d", "attention=se", 224, "ResNeXt with SE (timm)."),
        Row("seresnext101_64x4d", "SE-ResNeXt-101 64×4d", "resnext101_64x4d", "attention=se", 224, "ResNeXt with SE (timm)."),
        Row("senet154", "SENet-154", "seresnet152",
            "cardinality=64 base_width=4 reduce_first=2 downsample=3x3 stem=deep stem_width=64 stem_channels=128", 224,
            "Part of the entry that won ImageNet in 2017: 64 groups, half-width first convolutions, 3×3 projections, deep stem.",
            "Error 18.68 % (table 9)"),
        Row("seresnet50t", "SE-ResNet-50-T", "resnet50t", "attention=se", 224, "ResNet-50-T with SE (timm)."),
        Row("seresnet152d", "SE-ResNet-152-D", "resnet152d", "attention=se", 256, "ResNet-152-D with SE (timm)."),
        Row("seresnet200d", "SE-ResNet-200-D", "resnet200d", "attention=se", 256, "ResNet-200-D with SE (timm)."),
        Row("seresnet269d", "SE-ResNet-269-D", "seresnet200d", "blocks=3,30,48,8", 256, "Deeper in every stage but the first."),
        Row("seresnext26d_32x4d", "SE-ResNeXt-26-D 32×4d", "resnet26d", "cardinality=32 base_width=4 attention=se", 224,
            "A small ResNeXt with SE (timm)."),
        Row("seresnext26t_32x4d", "SE-ResNeXt-26-T 32×4d", "resnet26t", "cardinality=32 base_width=4 attention=se", 224,
            "A small ResNeXt with SE and tiered stem (timm)."),
        Row("seresnext101d_32x8d", "SE-ResNeXt-101-D 32×8d", "seresnext101_32x8d", _D, 224, "Deep stem and pooled projections."),
    ),
    "cbam": (
        Row("cbam_resnet50", "CBAM-ResNet-50", "resnet50", "attention=cbam reduction_multiple=1", 224,
            "Channel and spatial attention in every block.", "Error 22.66 %; 28.09 M parameters, with biases that timm's weights lack (table 4)", ("resnet50_cbam",)),
    ),
    "group": (
        Row("resnet50_gn", "ResNet-50, group norm", "resnet50", "norm=group", 224, "Group norm in 32 groups for batch norm.",
            "Error 24.1 % (table 1)"),
    ),
    "tricks": (
        Row("resnet50c", "ResNet-50-C", "resnet50", "stem=deep", 224, "Three 3×3 for the stem's 7×7.",
            "Top-1 76.87 % (table 5)"),
        Row("resnet101c", "ResNet-101-C", "resnet101", "stem=deep", 224, "Three 3×3 for the stem's 7×7."),
        Row("resnet152c", "ResNet-152-C", "resnet152", "stem=deep", 224, "Three 3×3 for the stem's 7×7."),
        Row("resnet50s", "ResNet-50-S", "resnet50", "stem=deep stem_width=64 stem_channels=128", 224, "A deep stem of 64 channels."),
        Row("resnet101s", "ResNet-101-S", "resnet101", "stem=deep stem_width=64 stem_channels=128", 224, "A deep stem of 64 channels."),
        Row("resnet152s", "ResNet-152-S", "resnet152", "stem=deep stem_width=64 stem_channels=128", 224, "A deep stem of 64 channels."),
        Row("resnet18d", "ResNet-18-D", "resnet18", _D, 224, "Deep stem and pooled projections (timm)."),
        Row("resnet26d", "ResNet-26-D", "resnet26", _D, 224, "Deep stem and pooled projections (timm)."),
        Row("resnet34d", "ResNet-34-D", "resnet34", _D, 224, "Deep stem and pooled projections (timm)."),
        Row("resnet50d", "ResNet-50-D", "resnet50", _D, 224, "Deep stem, and projections that pool before they convolve.",
            "Top-1 77.16 % (table 5)"),
        Row("resnet101d", "ResNet-101-D", "resnet101", _D, 256, "Deep stem and pooled projections."),
        Row("resnet152d", "ResNet-152-D", "resnet152", _D, 256, "Deep stem and pooled projections."),
        Row("resnet200d", "ResNet-200-D", "resnet200", _D, 256, "Deep stem and pooled projections (timm)."),
        Row("resnet10t", "ResNet-10-T", "resnet18", f"blocks=1,1,1,1 {_T}", 176, "One basic block a stage, tiered stem (timm)."),
        Row("resnet14t", "ResNet-14-T", "resnet26", f"blocks=1,1,1,1 {_T}", 176, "One bottleneck a stage, tiered stem (timm)."),
        Row("resnet26t", "ResNet-26-T", "resnet26", _T, 256, "Tiered stem and pooled projections (timm)."),
        Row("resnet50t", "ResNet-50-T", "resnet50", _T, 224, "Tiered stem and pooled projections (timm)."),
        Row("test_resnet", "timm's test ResNet", "resnet18d",
            "block=basic,basic,bottleneck,basic blocks=1,1,1,1 widths=32,48,48,96 stem_width=16 stem_channels=32", 160,
            "A mixed network that timm tests itself with: basic blocks and one bottleneck."),
    ),
    "fixup": (
        Row("fixup_resnet110", "Fixup ResNet-110", "resnet110", "norm=none init=fixup", 32,
            "No batch norm: careful initial weights, scalar biases, one factor a block.", "CIFAR-10 error 7.24 % (table 1)"),
    ),
    "blur": (
        Row("resnetblur18", "ResNet-18, blur pool", "resnet18", "anti_alias=blur", 224, "A 1-2-1 blur before each stride."),
        Row("resnetblur50", "ResNet-50, blur pool", "resnet50", "anti_alias=blur", 224, "A 1-2-1 blur before each stride."),
        Row("resnetblur50d", "ResNet-50-D, blur pool", "resnet50d", "anti_alias=blur", 224, "ResNet-50-D with blurred strides."),
        Row("resnetblur101d", "ResNet-101-D, blur pool", "resnet101d", "anti_alias=blur", 224, "ResNet-101-D with blurred strides."),
        Row("resnetaa34d", "ResNet-34-D, average pool", "resnet34d", "anti_alias=average", 224, "A 2×2 mean for each stride (timm)."),
        Row("resnetaa50", "ResNet-50, average pool", "resnet50", "anti_alias=average", 224, "A 2×2 mean for each stride (timm)."),
        Row("resnetaa50d", "ResNet-50-D, average pool", "resnet50d", "anti_alias=average", 224, "A 2×2 mean for each stride (timm)."),
        Row("resnetaa101d", "ResNet-101-D, average pool", "resnet101d", "anti_alias=average", 224, "A 2×2 mean for each stride (timm)."),
        Row("seresnetaa50d", "SE-ResNet-50-D, average pool", "resnetaa50d", "attention=se", 224, "With SE (timm)."),
        Row("seresnextaa101d_32x8d", "SE-ResNeXt-101-D 32×8d, average pool", "seresnext101d_32x8d", "anti_alias=average", 288,
            "A 2×2 mean for each stride (timm)."),
        Row("seresnextaa201d_32x8d", "SE-ResNeXt-201-D 32×8d, average pool", "seresnextaa101d_32x8d",
            "blocks=3,24,36,4 stem_width=64 stem_channels=128", 384, "Deeper, with a stem of 64 channels (timm)."),
    ),
    "eca": (
        Row("ecaresnet50d", "ECA-ResNet-50-D", "resnet50d", "attention=eca", 224, "ResNet-50-D with ECA (timm)."),
        Row("ecaresnet101d", "ECA-ResNet-101-D", "resnet101d", "attention=eca", 224, "ResNet-101-D with ECA (timm)."),
        Row("ecaresnet200d", "ECA-ResNet-200-D", "resnet200d", "attention=eca", 256, "ResNet-200-D with ECA (timm)."),
        Row("ecaresnet269d", "ECA-ResNet-269-D", "ecaresnet200d", "blocks=3,30,48,8", 320, "Deeper in every stage but the first."),
        Row("ecaresnet26t", "ECA-ResNet-26-T", "resnet26t", "attention=eca", 256, "ResNet-26-T with ECA (timm)."),
        Row("ecaresnet50t", "ECA-ResNet-50-T", "resnet50t", "attention=eca", 256, "ResNet-50-T with ECA (timm)."),
        Row("ecaresnetlight", "ECA-ResNet-Light", "resnet50", "blocks=1,1,11,3 downsample=avgpool attention=eca", 224,
            "Shallow in the early, costly stages (timm)."),
        Row("ecaresnext26t_32x4d", "ECA-ResNeXt-26-T 32×4d", "ecaresnet26t", "cardinality=32 base_width=4", 224, "In 32 groups (timm)."),
        Row("ecaresnext50t_32x4d", "ECA-ResNeXt-50-T 32×4d", "ecaresnet50t", "cardinality=32 base_width=4", 224, "In 32 groups (timm)."),
    ),
    "frn": (
        Row("resnetv2_50d_frn", "ResNet-50-D v2, FRN", "resnetv2_50d", "norm=frn", 224,
            "FRN with its learnt threshold for batch norm and ReLU (timm)."),
    ),
    "bit": (
        _bit("resnetv2_50x1_bit", "BiT R50×1", "resnetv2_50", 1, 224), _bit("resnetv2_50x3_bit", "BiT R50×3", "resnetv2_50", 3, 448),
        _bit("resnetv2_101x1_bit", "BiT R101×1", "resnetv2_101", 1, 448), _bit("resnetv2_101x3_bit", "BiT R101×3", "resnetv2_101", 3, 448),
        _bit("resnetv2_152x2_bit", "BiT R152×2", "resnetv2_152", 2, 224), _bit("resnetv2_152x4_bit", "BiT R152×4", "resnetv2_152", 4, 480),
        Row("resnetv2_50d_gn", "ResNet-50-D v2, group norm", "resnetv2_50d", "norm=group", 224, "Group norm, plain weights (timm)."),
    ),
    "skipinit": (
        Row("skipinit_resnet110", "SkipInit ResNet-110", "resnet110", "norm=none gain=skipinit", 32,
            "No norm: each branch has a learnt factor that starts at 0."),
    ),
    "evonorm": (
        Row("resnetv2_50d_evos", "ResNet-50-D v2, EvoNorm-S0", "resnetv2_50d", "norm=evonorm-s0", 224,
            "Normalisation and activation in one layer (timm)."),
    ),
    "rs": (
        Row("resnetrs50", "ResNet-RS-50", "resnet50d", _RS, 160, "ResNet-50-D with SE, and a 3×3 for the max-pool.", "Top-1 78.8 %"),
        Row("resnetrs101", "ResNet-RS-101", "resnet101d", _RS, 192, "ResNet-101-D with SE, and a 3×3 for the max-pool."),
        Row("resnetrs152", "ResNet-RS-152", "resnet152d", _RS, 256, "ResNet-152-D with SE, and a 3×3 for the max-pool."),
        Row("resnetrs200", "ResNet-RS-200", "resnet200d", _RS, 256, "ResNet-200-D with SE, and a 3×3 for the max-pool."),
        Row("resnetrs270", "ResNet-RS-270", "resnetrs200", "blocks=4,29,53,4", 256, "Deeper."),
        Row("resnetrs350", "ResNet-RS-350", "resnetrs200", "blocks=4,36,72,4", 288, "Deeper."),
        Row("resnetrs420", "ResNet-RS-420", "resnetrs200", "blocks=4,44,87,4", 320, "The deepest of the family.", "Top-1 84.4 %"),
    ),
    "nf": (
        Row("nf_resnet50", "NF-ResNet-50", "resnetv2_50", _NF, 256,
            "Standardised weights with gains, biases, α = 0.2 and β in place of every norm (timm's reading)."),
        Row("nf_resnet26", "NF-ResNet-26", "nf_resnet50", "blocks=2,2,2,2", 224, "Two blocks a stage (timm)."),
        Row("nf_resnet101", "NF-ResNet-101", "nf_resnet50", "blocks=3,4,23,3", 224, "17 more blocks in stage 3."),
        Row("nf_seresnet26", "NF-SE-ResNet-26", "nf_resnet26", "attention=se attention_scale=2", 224, "With SE (timm)."),
        Row("nf_seresnet50", "NF-SE-ResNet-50", "nf_resnet50", "attention=se attention_scale=2", 224, "With SE (timm)."),
        Row("nf_seresnet101", "NF-SE-ResNet-101", "nf_resnet101", "attention=se attention_scale=2", 224, "With SE (timm)."),
        Row("nf_ecaresnet26", "NF-ECA-ResNet-26", "nf_resnet26", "attention=eca attention_scale=2", 224, "With ECA (timm)."),
        Row("nf_ecaresnet50", "NF-ECA-ResNet-50", "nf_resnet50", "attention=eca attention_scale=2", 224, "With ECA (timm)."),
        Row("nf_ecaresnet101", "NF-ECA-ResNet-101", "nf_resnet101", "attention=eca attention_scale=2", 224, "With ECA (timm)."),
    ),
    "clip": (
        Row("resnet50_clip", "CLIP ResNet-50", "resnetaa50d", "pool=attention classes=1024", 224,
            "ResNet-50-D with average pools and attention pooling: embeddings of 1024 numbers.",
            "Zero-shot top-1 59.6 % (table 11)"),
        Row("resnet101_clip", "CLIP ResNet-101", "resnetaa101d", "pool=attention classes=512", 224,
            "ResNet-101-D with average pools and attention pooling.", "Zero-shot top-1 62.2 % (table 11)"),
        _clip("4", 80, "4,6,10,6", 288, 9, 640, "65.8"), _clip("16", 96, "6,8,18,8", 384, 12, 768, "70.5"),
        _clip("64", 128, "3,15,36,10", 448, 14, 1024, "73.6"),
        Row("resnet50_mlp", "ResNet-50 with MLP head", "resnetaa50d", "head=mlp head_norm=true", 224,
            "CLIP's ResNet-50 with a norm and an MLP of 1024 features on an average pool (timm)."),
    ),
}  # fmt: skip
"""The rows of each family, in the order in which they are shown."""
