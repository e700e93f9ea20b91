"""More rows of the catalogue: networks that differ in what their blocks are made of, or in how they grow."""

from collections.abc import Mapping

from resnet_explorer.spec.rows import Row

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
            "1.7 M parameters, CIFAR-10 error 4.58 %, CIFAR-100 23.12 %",
            "As many parameters as ResNet-110: from 16 channels to 64 in 54 equal steps.",
        ),
        _pyramid(
            110,
            84,
            "blocks=18,18,18",
            "3.8 M parameters, CIFAR-10 error 4.26 %, CIFAR-100 20.66 %",
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
}
