"""Figures that others have published, to the last digit where they give it."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from resnet_explorer.network import compile_spec
from resnet_explorer.readings import Analysis, analyse
from resnet_explorer.readings.read import depth
from resnet_explorer.spec import InputShape, ResNetSpec, Shortcut, Stride
from resnet_explorer.spec.catalogue import CATALOGUE, find
from tests.cases import each

REFERENCE = Path(__file__).parents[1] / "reference"
PAPER = json.loads((REFERENCE / "paper_tables.json").read_text())
TORCHVISION = json.loads((REFERENCE / "torchvision_resnet.json").read_text())["networks"]


def read(spec: ResNetSpec, side: int) -> Analysis:
    return analyse(compile_spec(spec), InputShape(1, side, side))


@each("row", [row for row in TORCHVISION if row["name"] in CATALOGUE])
def test_torchvisions_parameters_and_macs(row: dict[str, int]) -> None:
    total = read(CATALOGUE[str(row["name"])].spec, 224).total
    assert (total.params, total.macs) == (row["params"], row["macs_224"])


def test_all_ten_resnets_of_torchvision_are_compared() -> None:
    assert sum(row["name"] in CATALOGUE for row in TORCHVISION) == 10


@each("row", PAPER["cifar_he2015"])
def test_cifar_networks_of_every_option(row: dict[str, Any]) -> None:
    """The networks of He et al. 2015, section 4.2 and table 6, with the shortcuts of section 3.3."""
    family, *option, layers = str(row["name"]).split("-")
    spec = replace(CATALOGUE["resnet20"].spec, name="x", blocks=(row["blocks_per_stage"],) * 3)
    spec = (
        spec.plain() if family == "plain" else replace(spec, shortcut=next(one for one in Shortcut if one == option[0]))
    )
    analysis = read(spec, 32)
    assert (analysis.total.params, analysis.total.macs) == (row["params"], row["macs"])
    assert depth(analysis.network).weight_layers == int(layers)


@each(
    "name,millions",
    [
        ("resnet20", 0.27),
        ("resnet32", 0.46),
        ("resnet44", 0.66),
        ("resnet56", 0.85),
        ("resnet110", 1.7),
        ("resnet1202", 19.4),
    ],
)
def test_parameters_printed_in_table_6(name: str, millions: float) -> None:
    digits = 1 if millions > 1 else 2
    assert round(read(CATALOGUE[name].spec, 32).total.params / 1e6, digits) == millions


@each("row", PAPER["imagenet_structures"])
def test_imagenet_networks_of_every_option(row: dict[str, Any]) -> None:
    name = str(row["name"])
    text = name.split()
    spec = find(f"resnet{text[0].partition('-')[2]}")
    if text[0].startswith("plain"):
        spec = spec.plain()
    else:
        stride = Stride.CONV1X1 if " v1 " in name else Stride.CONV3X3
        spec = replace(spec, shortcut=next(one for one in Shortcut if one == text[1]), stride=stride)
    total = read(spec, 224).total
    assert total.params == row["params"]
    assert total.macs / 1e9 == pytest.approx(row["gmacs"], abs=5.1e-5)


@pytest.mark.parametrize(("name", "flops"), list(PAPER["he2015_imagenet_top1"]["Table1_flops_e9"].items()))
def test_flops_printed_in_table_1(name: str, flops: float) -> None:
    """The paper counts multiply-adds, and its bottlenecks carry the stride in the first 1x1."""
    spec = replace(CATALOGUE[f"resnet{name}"].spec, stride=Stride.CONV1X1)
    assert read(spec, 224).total.macs / 1e9 == pytest.approx(flops, abs=0.07)


def test_resnet50_v1_has_3_858_gmacs() -> None:
    spec = replace(CATALOGUE["resnet50"].spec, stride=Stride.CONV1X1)
    assert round(read(spec, 224).total.macs / 1e9, 3) == 3.858


@pytest.mark.parametrize("name", ["resnet18", "resnet34", "resnet50", "resnet101", "resnet152"])
def test_maps_and_blocks_of_table_1(name: str) -> None:
    blocks = {"18": (2, 2, 2, 2), "34": (3, 4, 6, 3), "50": (3, 4, 6, 3), "101": (3, 4, 23, 3), "152": (3, 8, 36, 3)}
    analysis = read(CATALOGUE[name].spec, 224)
    stages = analysis.network.stages
    assert tuple(len(stage.blocks) for stage in stages) == blocks[name.removeprefix("resnet")]
    assert [stage.title for stage in stages] == ["conv2_x", "conv3_x", "conv4_x", "conv5_x"]
    assert analysis.rows[0].reading.output == (1, 64, 112, 112)
    expansion = 1 if name in ("resnet18", "resnet34") else 4
    outputs = [analysis.sums[stage.path].output for stage in stages]
    assert outputs == [(1, width * expansion, side, side) for width, side in ((64, 56), (128, 28), (256, 14), (512, 7))]
    assert analysis.total.output == (1, 1000)


NAMED = [name for name, entry in CATALOGUE.items() if entry.family.key in ("imagenet", "cifar", "plain", "resnext")]
DEEP_STEM = ["resnet50c", "resnet152d", "seresnet152d"]


@pytest.mark.parametrize("name", DEEP_STEM)
def test_a_deep_stem_adds_two_layers_to_the_name(name: str) -> None:
    assert depth(compile_spec(CATALOGUE[name].spec)).weight_layers == int(re.findall(r"\d+", name)[0]) + 2


LATER = (
    ("preresnet1001", 1001),
    ("wrn28_10", 26),
    ("resnetv2_50", 50),
    ("r3d_18", 18),
    ("mc3_18", 18),
    ("r2plus1d_18", 18),
)


@pytest.mark.parametrize(("name", "layers"), LATER)
def test_weight_layers_of_later_papers(name: str, layers: int) -> None:
    """The 28 of a WRN are its convolutions (Zagoruyko and Komodakis 2016, section 2): 26 - 1 fc + 3 projections.

    A convolution in space and the one in time after it are one layer (Tran et al. 2018, table 1).
    """
    assert depth(compile_spec(CATALOGUE[name].spec)).weight_layers == layers


@each("name", [name for name in NAMED if "d_" not in name])
def test_weight_layers_are_the_number_in_the_name(name: str) -> None:
    number = re.search(r"\d+", name)
    assert number is not None
    assert depth(compile_spec(CATALOGUE[name].spec)).weight_layers == int(number[0])


@pytest.mark.parametrize("name", ["resnet18", "resnet34", "resnet50", "resnet101", "resnet152"])
def test_maps_are_halved_five_times_rounding_up(name: str) -> None:
    network = compile_spec(CATALOGUE[name].spec)
    for side, last in ((224, 7), (225, 8), (256, 8), (257, 9), (33, 2), (32, 1), (1, 1)):
        analysis = analyse(network, InputShape(1, side, side))
        assert analysis.sums["layer4"].output[2:] == (last, last) == (-(-side // 32),) * 2


@each(
    "name,field",
    [
        ("resnet18", 435),
        ("resnet34", 899),
        ("resnet50", 427),
        ("plain18", 435),
        ("resnet101", 971),
        ("resnet152", 1451),
    ],
)
def test_receptive_fields(name: str, field: int) -> None:
    assert read(CATALOGUE[name].spec, 224).total.receptive_field == field


def test_the_plain_twin_of_resnet18_loses_its_projections() -> None:
    residual, plain = find("resnet18"), find("resnet18-plain")
    assert (read(residual, 224).total.params, read(plain, 224).total.params) == (11_689_512, 11_515_688)
    assert read(plain, 224).total == read(CATALOGUE["plain18"].spec, 224).total


@pytest.mark.parametrize("name", ["resnet20", "resnet32", "resnet44", "resnet56"])
def test_option_a_costs_what_the_plain_twin_costs(name: str) -> None:
    """He et al. 2015, section 4.2: 'our residual models have exactly the same depth, width, and number of parameters
    as the plain counterparts'."""
    residual, plain = (read(spec, 32).total for spec in (find(name), find(f"{name}-plain")))
    assert (residual.params, residual.macs) == (plain.params, plain.macs)
