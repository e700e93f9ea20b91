# ruff: noqa: E501 - a network is a line
"""More rows of the catalogue: networks whose branches have parallel paths."""

from collections.abc import Mapping

from resnet_explorer.spec.rows import Row


def _shake(width: int, published: str) -> Row:
    return Row(
        f"shake26_2x{width}d", f"Shake-Shake-26 2×{width}d", "resnet20",
        f"blocks=4,4,4 widths={width},{2 * width},{4 * width} order=relu-only branches=shake-shake shortcut=B downsample=shifted",
        32, f"Two branches of {width} channels and more, mixed at random in training.", published,
    )  # fmt: skip


def _res2net(depth: int, width: int, scales: int, published: str) -> Row:
    return Row(
        f"res2net{depth}_{width}w_{scales}s", f"Res2Net-{depth} {width}w×{scales}s", f"resnet{depth}",
        f"scales={scales} base_width={width}", 224,
        f"The 3×3 works on {scales} slices of {width} channels and more, one after the other.", published,
    )  # fmt: skip


ROWS: Mapping[str, tuple[Row, ...]] = {
    "shake": (
        _shake(32, "2.9 M parameters, CIFAR-10 error 3.55 % (table 1, mean of 3 runs)"),
        _shake(64, "11.7 M parameters, CIFAR-10 error 2.98 % (table 1, mean of 3 runs)"),
        _shake(96, "26.2 M parameters, CIFAR-10 error 2.86 % (table 1, mean of 5 runs)"),
    ),
    "sk": (
        Row("skresnet18", "SK-ResNet-18", "resnet18", "selective=sk-split reduction=8 reduction_multiple=16", 224,
            "Basic blocks that select between kernels, each of which sees half of the channels (timm)."),
        Row("skresnet34", "SK-ResNet-34", "skresnet18", "blocks=3,4,6,3", 224,
            "Basic blocks that select between kernels, each of which sees half of the channels (timm)."),
        Row("skresnet50", "SK-ResNet-50", "resnet50", "selective=sk-split", 224,
            "Bottlenecks that select between kernels, each of which sees half of the channels (timm)."),
        Row("skresnet50d", "SK-ResNet-50-D", "resnet50d", "selective=sk-split", 224, "Deep stem and pooled projections (timm)."),
        Row("skresnext50_32x4d", "SKNet-50", "resnext50_32x4d", "selective=sk reduction_multiple=32", 224,
            "ResNeXt-50 whose 3×3 become two kernels that attention selects between.",
            "27.5 M parameters, error 20.79 % (table 2)", ("sknet50",)),
        Row("sknet101", "SKNet-101", "skresnext50_32x4d", "blocks=3,4,23,3", 224, "17 more blocks in stage 3.",
            "Error 20.19 % (table 2)"),
    ),
    "res2net": (
        _res2net(50, 26, 4, "Error 22.01 %"), _res2net(50, 26, 6, "Error 21.42 %"),
        _res2net(50, 26, 8, "Error 20.80 %"), _res2net(50, 48, 2, "Error 22.68 %"),
        _res2net(50, 14, 8, "Error 21.86 %"), _res2net(101, 26, 4, "45.21 M parameters, error 20.81 % (authors' code)"),
        Row("res2next50", "Res2NeXt-50", "resnext50_32x4d", "scales=4 cardinality=8 base_width=4", 224,
            "Each of four scales in 8 groups of 4 channels.", "24.67 M parameters, error 21.76 % (authors' code)"),
        Row("res2net50d", "Res2Net-50-D", "resnet50d", "scales=4 base_width=26", 224, "Deep stem and pooled projections (timm)."),
        Row("res2net101d", "Res2Net-101-D", "resnet101d", "scales=4 base_width=26", 224, "Deep stem and pooled projections (timm)."),
    ),
    "resnest": (
        Row("resnest14d", "ResNeSt-14", "resnest50d", "blocks=1,1,1,1", 224, "One block a stage (GluonCV)."),
        Row("resnest26d", "ResNeSt-26", "resnest50d", "blocks=2,2,2,2", 224, "Two blocks a stage (GluonCV)."),
        Row("resnest50d", "ResNeSt-50", "resnet50d", "radix=2 reduction=4 average_down=after", 224,
            "The 3×3 gives two splits, which attention weights against each other.", "27.5 M parameters, top-1 81.13 %",
            ("resnest50",)),
        Row("resnest101e", "ResNeSt-101", "resnest50d", "blocks=3,4,23,3 stem_width=64 stem_channels=128", 256,
            "17 more blocks in stage 3, a wider stem.", "48.3 M parameters, top-1 82.83 %", ("resnest101",)),
        Row("resnest200e", "ResNeSt-200", "resnest101e", "blocks=3,24,36,3", 320, "Deeper in stages 2 and 3.",
            "70.2 M parameters, top-1 83.84 %", ("resnest200",)),
        Row("resnest269e", "ResNeSt-269", "resnest101e", "blocks=3,30,48,8", 416, "The deepest of the paper.",
            "111 M parameters, top-1 84.54 %", ("resnest269",)),
        Row("resnest50d_4s2x40d", "ResNeSt-50 4s2×40d", "resnest50d",
            "radix=4 cardinality=2 base_width=40 average_down=before", 224,
            "Four splits of two groups, after the mean that shrinks the map (the authors' ablation)."),
        Row("resnest50d_1s4x24d", "ResNeSt-50 1s4×24d", "resnest50d",
            "radix=1 cardinality=4 base_width=24 average_down=before", 224,
            "A single split of four groups: attention weights its channels alone (the authors' ablation)."),
    ),
}  # fmt: skip
"""The rows of each family, in the order in which they are shown."""
