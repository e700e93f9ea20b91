"""More rows of the catalogue: networks that differ in what their blocks are made of, or in how they grow."""

from collections.abc import Mapping

from resnet_explorer.spec.rows import Row

_TS = "downsample=1x1 activation=silu"
_33 = "blocks=2,3,3,2 widths=64,128,384,384"
_GC = "attention=gca attention_at=middle reduction=8 reduction_multiple=1"
_FACES = (
    "order=norm-first stride=last activation=prelu stem=cifar stem_pool=none strides=2,2,2,2 pool=none head_norm=true "
    "head=embedding classes=512"
)
_PYRAMID = "order=norm-first shortcut=pool-pad stem_activation=false"


def _pyramid(depth: int, alpha: int, settings: str, figures: str, note: str) -> Row:
    return Row(
        f"pyramidnet{depth}_a{alpha}", f"PyramidNet-{depth}, α = {alpha}", "resnet110",
        f"{_PYRAMID} {settings} widths=16+{alpha}", 32, note, f"{figures} (table 4)",
    )  # fmt: skip


ROWS: Mapping[str, tuple[Row, ...]] = {
    "pyramid": (
        _pyramid(
            110,
            48,
            "blocks=18,18,18",
            "1.7 M parameters, CIFAR-10 error 4.62 %, CIFAR-100 23.31 % (authors' code)",
            "As many parameters as ResNet-110: from 16 channels to 64 in 54 equal steps.",
        ),
        _pyramid(
            110,
            84,
            "blocks=18,18,18",
            "3.8 M parameters, CIFAR-10 error 4.27 %, CIFAR-100 20.21 % (authors' code)",
            "Grows by 84 channels.",
        ),
        _pyramid(
            110,
            270,
            "blocks=18,18,18",
            "28.3 M parameters, CIFAR-10 error 3.73 %, CIFAR-100 18.25 %",
            "Grows by 270 channels.",
        ),
        _pyramid(
            272,
            200,
            "blocks=30,30,30 block=bottleneck",
            "26.0 M parameters, CIFAR-10 error 3.31 %, CIFAR-100 16.35 %",
            "Ninety bottlenecks whose output grows from 64 to 864 channels.",
        ),
    ),
    "bam": (
        Row(
            "bam_resnet50",
            "BAM-ResNet-50",
            "resnet50",
            "stage_end=bam,bam,bam,none",
            224,
            "Attention where the map is shrunk next: after the first three stages.",
            "25.92 M parameters, error 24.02 % (table 4)",
        ),
    ),
    "iresnet": (
        Row(
            "iresnet18",
            "iResNet-18",
            "resnet18",
            _FACES,
            112,
            "For faces of 112 pixels: an embedding of 512 numbers.",
        ),
        Row("iresnet34", "iResNet-34", "iresnet18", "blocks=3,4,6,3", 112, "The depth of ResNet-34."),
        Row("iresnet50", "iResNet-50", "iresnet18", "blocks=3,4,14,3", 112, "24 basic blocks: as deep as ResNet-50."),
        Row(
            "iresnet100",
            "iResNet-100",
            "iresnet18",
            "blocks=3,13,30,3",
            112,
            "49 basic blocks.",
            "LFW 99.83 %, trained with ArcFace (table 4)",
        ),
    ),
    "ts": (
        Row(
            "resnet32ts",
            "ResNet-32-TS",
            "resnet26t",
            f"{_TS} {_33} stem_pool=stride",
            256,
            "Ten bottlenecks, and no pool in the stem.",
        ),
        Row(
            "resnet33ts",
            "ResNet-33-TS",
            "resnet32ts",
            "head_channels=1280",
            256,
            "A 1×1 convolution to 1280 channels before the classifier.",
        ),
        Row(
            "seresnet33ts",
            "SE-ResNet-33-TS",
            "resnet33ts",
            "attention=se attention_at=middle",
            256,
            "With SE in the middle of each block.",
        ),
        Row(
            "eca_resnet33ts",
            "ECA-ResNet-33-TS",
            "resnet33ts",
            "attention=eca attention_at=middle",
            256,
            "With ECA in the middle of each block.",
        ),
        Row(
            "gcresnet33ts",
            "GC-ResNet-33-TS",
            "resnet33ts",
            _GC,
            256,
            "With global context in the middle of each block.",
        ),
        Row("resnext26ts", "ResNeXt-26-TS", "resnet26t", f"{_TS} group_width=32", 256, "Groups of 32 channels."),
        Row(
            "seresnext26ts",
            "SE-ResNeXt-26-TS",
            "resnext26ts",
            "attention=se attention_at=middle",
            256,
            "With SE in the middle of each block.",
        ),
        Row(
            "eca_resnext26ts",
            "ECA-ResNeXt-26-TS",
            "resnext26ts",
            "attention=eca attention_at=middle",
            256,
            "With ECA in the middle of each block.",
        ),
        Row(
            "gcresnext26ts",
            "GC-ResNeXt-26-TS",
            "resnext26ts",
            _GC,
            256,
            "With global context in the middle of each block.",
        ),
        Row("gcresnext50ts", "GC-ResNeXt-50-TS", "gcresnext26ts", "blocks=3,4,6,3", 256, "The depth of ResNet-50."),
        Row(
            "gcresnet50t",
            "GC-ResNet-50-T",
            "resnet50t",
            f"downsample=1x1 stem_pool=stride {_GC}",
            256,
            "ReLU, and no groups.",
        ),
    ),
}
