"""The rows of the RegNets (Radosavovic et al. 2020), with the figures that the paper publishes for them.

Names are timm's, with torchvision's as aliases. torchvision rounds three networks to other widths; they are rows of
their own, as timm has them.
"""

from collections.abc import Mapping

from resnet_explorer.spec.rows import Row

_X = "stem=3x3 stem_pool=none stem_channels=32 strides=2,2,2,2 expansion=1"
_Y = "attention=se attention_at=middle reduction=4 reduction_multiple=1 reduction_of=block-input"


def _regnet(
    kind: str, number: str, cost: str, blocks: str, widths: str, group: str, error: str, params: str, macs: str,
    torchvision: str = "",
) -> Row:  # fmt: skip
    first = {"x": ("resnet50", _X), "y": ("regnetx_002", _Y)}[kind]
    base, settings = first if number == "002" else (f"regnet{kind}_002", "")
    sizes = f"blocks={blocks} widths={widths} group_width={group}"
    note = "Groups of one width, and widths found by a linear rule." if kind == "x" else "With SE inside of each block."
    return Row(
        f"regnet{kind}_{number}", f"RegNet{kind.upper()}-{cost}", base, f"{settings} {sizes}", 224, note,
        f"Error {error} %, {params} M parameters, {macs} G multiply-adds",
        (f"regnet_{kind}_{torchvision}",) if torchvision else (),
    )  # fmt: skip


def _other(kind: str, number: str, cost: str, widths: str) -> Row:
    name, alias = f"regnet{kind}_{number}", f"regnet_{kind}_{cost.lower().replace('.0', '')}"
    title, note = f"RegNet{kind.upper()}-{cost}, torchvision", "With widths as torchvision rounds them."
    return Row(f"{name}_tv", title, name, f"widths={widths}", 224, note, "", (alias,))


ROWS: Mapping[str, tuple[Row, ...]] = {
    "regnet": (
        _regnet("x", "002", "200MF", "1,1,4,7", "24,56,152,368", "8", "31.1", "2.7", "0.2"),
        _regnet("x", "004", "400MF", "1,2,7,12", "32,64,160,384", "16", "27.3", "5.2", "0.4"),
        _regnet("x", "006", "600MF", "1,3,5,7", "48,96,240,528", "24", "25.9", "6.2", "0.6"),
        _regnet("x", "008", "800MF", "1,3,7,5", "64,128,288,672", "16", "24.8", "7.3", "0.8", "800mf"),
        _regnet("x", "016", "1.6GF", "2,4,10,2", "72,168,408,912", "24", "23.0", "9.2", "1.6", "1_6gf"),
        _regnet("x", "032", "3.2GF", "2,6,15,2", "96,192,432,1008", "48", "21.7", "15.3", "3.2", "3_2gf"),
        _regnet("x", "040", "4.0GF", "2,5,14,2", "80,240,560,1360", "40", "21.4", "22.1", "4.0"),
        _regnet("x", "064", "6.4GF", "2,4,10,1", "168,392,784,1624", "56", "20.8", "26.2", "6.5"),
        _regnet("x", "080", "8.0GF", "2,5,15,1", "80,240,720,1920", "80,120,120,120", "20.7", "39.6", "8.0", "8gf"),
        _regnet("x", "120", "12GF", "2,5,11,1", "224,448,896,2240", "112", "20.3", "46.1", "12.1"),
        _regnet("x", "160", "16GF", "2,6,13,1", "256,512,896,2048", "128", "20.0", "54.3", "15.9", "16gf"),
        _regnet("x", "320", "32GF", "2,7,13,1", "336,672,1344,2520", "168", "19.5", "107.8", "31.7", "32gf"),
        _regnet("y", "002", "200MF", "1,1,4,7", "24,56,152,368", "8", "29.6", "3.2", "0.2"),
        _regnet("y", "004", "400MF", "1,3,6,6", "48,104,208,440", "8", "25.9", "4.3", "0.4", "400mf"),
        _regnet("y", "006", "600MF", "1,3,7,4", "48,112,256,608", "16", "24.5", "6.1", "0.6"),
        _regnet("y", "008", "800MF", "1,3,8,2", "64,128,320,768", "16", "23.7", "6.3", "0.8"),
        _regnet("y", "016", "1.6GF", "2,6,17,2", "48,120,336,888", "24", "22.0", "11.2", "1.6", "1_6gf"),
        _regnet("y", "032", "3.2GF", "2,5,13,1", "72,216,576,1512", "24", "21.0", "19.4", "3.2", "3_2gf"),
        _regnet("y", "040", "4.0GF", "2,6,12,2", "128,192,512,1088", "64", "20.6", "20.6", "4.0"),
        _regnet("y", "064", "6.4GF", "2,7,14,2", "144,288,576,1296", "72", "20.1", "30.6", "6.4"),
        _regnet("y", "080", "8.0GF", "2,4,10,1", "168,448,896,2016", "56", "20.1", "39.2", "8.0"),
        _regnet("y", "120", "12GF", "2,5,11,1", "224,448,896,2240", "112", "19.7", "51.8", "12.1"),
        _regnet("y", "160", "16GF", "2,4,11,1", "224,448,1232,3024", "112", "19.6", "83.6", "15.9", "16gf"),
        _regnet("y", "320", "32GF", "2,5,12,1", "232,696,1392,3712", "232", "19.0", "145.0", "32.3", "32gf"),
        _other("x", "004", "400MF", "32,64,160,400"),
        _other("y", "008", "800MF", "64,144,320,784"),
        _other("y", "080", "8.0GF", "224,448,896,2016"),
    ),
}
