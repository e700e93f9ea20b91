"""The catalogue against the papers' own tables and timm's counts."""

import json
from pathlib import Path
from typing import Any

import pytest

from resnet_explorer.network import compile_spec
from resnet_explorer.readings import Sums, analyse
from resnet_explorer.readings.read import depth as depth_of
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.catalogue import CATALOGUE, find
from resnet_explorer.spec.change import assign
from tests.cases import each

REFERENCE = Path(__file__).parents[1] / "reference"
TABLES: dict[str, Any] = json.loads((REFERENCE / "paper_tables.json").read_text())
TIMM: list[dict[str, Any]] = json.loads((REFERENCE / "timm_resnet.json").read_text())["resnets"]
PATHS: list[dict[str, Any]] = json.loads((REFERENCE / "timm_paths.json").read_text())["resnets"]
"""timm's res2net, sknet and resnest."""
PRUNED = {"ecaresnet50d_pruned", "ecaresnet101d_pruned"}
"""timm's two pruned nets have a width of their own in every layer: no axis describes them."""


def total(name: str, side: int, *settings: str) -> Sums:
    return analyse(compile_spec(assign(find(name), *settings)), InputShape(1, side, side)).total


def test_every_network_of_timm_but_the_pruned_ones_has_a_row() -> None:
    assert len(TIMM) == 101
    assert {row["name"] for row in TIMM} - set(CATALOGUE) == PRUNED


@each("row", [*(row for row in TIMM if row["name"] not in PRUNED), *PATHS])
def test_parameters_and_macs_of_timm(row: dict[str, Any]) -> None:
    sums = total(row["name"], row["input_size"][1])
    assert (sums.params, 2 * sums.macs) == (row["params"], row["flops"])
    assert CATALOGUE[row["name"]].size == row["input_size"][1]


@pytest.mark.parametrize(("width", "millions"), [(32, 2.9), (64, 11.7), (96, 26.2)])
def test_gastaldi_2017(width: int, millions: float) -> None:
    """Table 1's parameters; the 26 layers of the name are those of one branch, with stem and classifier."""
    network = compile_spec(find(f"shake26_2x{width}d"))
    assert round(analyse(network, InputShape(1, 32, 32)).total.params / 1e6, 1) == millions
    assert depth_of(network).weight_layers == 26


def test_li_2019() -> None:
    sums = total("sknet50", 224)
    assert (round(sums.params / 1e6, 1), round(sums.macs / 1e9, 2)) == (27.5, 4.46)


@each("row", TABLES["cifar_he2015"])
def test_he_2015_on_cifar(row: dict[str, Any]) -> None:
    kind, *option, depth = row["name"].split("-")
    settings = [f"shortcut={option[0]}"] if option else []
    assert _counts(total(f"{kind}{depth}", 32, *settings)) == (row["params"], row["macs"])
    error = row["test_error_cifar10"]
    if option == ["A"] and isinstance(error, float):
        assert f"CIFAR-10 error {error} %" in CATALOGUE[f"resnet{depth}"].published


@each("row", TABLES["he2016_preact"])
def test_he_2016_pre_activation(row: dict[str, Any]) -> None:
    _, depth, version = row["name"].split("-")
    name = f"{'pre' if version == 'v2' else ''}resnet{depth}"
    assert _counts(total(name, 32)) == (row["params"], row["macs"])
    assert str(row["cifar10"]) in CATALOGUE[name].published


@each("row", TABLES["wrn"])
def test_zagoruyko_2016_wide(row: dict[str, Any]) -> None:
    _, depth, factor = row["name"].split("-")
    name = f"wrn{depth}_{factor}"
    assert _counts(total(name, 32)) == (row["params"], row["macs"])
    published = CATALOGUE[name].published
    assert published.endswith("(table 4, ZCA-whitened images)"), "one preprocessing for all of them"
    assert f"CIFAR-10 error {row['cifar10']:.2f} %" in published
    assert row["cifar100"] is None or f"CIFAR-100 {row['cifar100']:.2f} %" in published


@each("row", TABLES["imagenet_structures"])
def test_he_2015_on_imagenet(row: dict[str, Any]) -> None:
    text = row["name"].split()
    kind, depth = text[0].split("-")
    settings = [f"shortcut={text[1]}"] if len(text) > 1 else []
    settings += ["stride=1x1"] if "v1" in text else []
    sums = total(f"{kind}{depth}", 224, *settings)
    assert (sums.params, round(sums.macs / 1e9, 4)) == (row["params"], row["gmacs"])


@each("depth,flops", TABLES["he2015_imagenet_top1"]["Table1_flops_e9"].items())
def test_the_multiply_adds_that_table_1_prints(depth: str, flops: float) -> None:
    """The paper's nets have the stride in the 1x1, and it rounds down: 3.858 is printed as 3.8."""
    name = f"resnet{depth}" if int(depth) < 50 else f"resnet{depth}_v1"
    assert flops - 0.05 <= total(name, 224).macs / 1e9 < flops + 0.1


def test_the_errors_of_the_shortcut_variants() -> None:
    """He et al. 2016, table 1, as printed."""
    figures = dict(TABLES["he2016_fig2_shortcuts_resnet110_cifar10"])
    for name, row in (
        ("scaled", "constant scaling 0.5 / F 0.5 (frozen gating)"),
        ("exclusive_gate", "exclusive gating b_g=-6"),
        ("shortcut_gate", "shortcut-only gating b_g=-6"),
        ("conv_shortcut", "1x1 conv shortcut"),
    ):
        assert f"error {figures[row]:.2f} %" in CATALOGUE[f"resnet110_{name}"].published
    assert figures["dropout shortcut 0.5"] == "fail"
    assert "fails (> 20 %)" in CATALOGUE["resnet110_dropout_shortcut"].published


def test_the_errors_of_the_orders() -> None:
    """He et al. 2016, table 2, as printed."""
    figures = TABLES["he2016_fig4_activation_cifar10"]
    for column, depth in enumerate((110, 164)):
        for key, row in (
            ("bn_after", "BN after addition"),
            ("relu_before", "ReLU before addition"),
            ("relu_only", "ReLU-only pre-activation"),
        ):
            assert f"error {figures[row][column]:.2f} %" in CATALOGUE[f"resnet{depth}_{key}"].published
        assert str(figures["full pre-activation"][column]) in CATALOGUE[f"preresnet{depth}"].published


def test_the_parameters_that_other_papers_print() -> None:
    """Xie et al. 2017, table 1; Hu et al. 2018, section 6.1 (2.51 M more than ResNet-50, 10 %); in millions."""
    assert round(total("resnext50_32x4d", 224).params / 1e6, 1) == 25.0
    assert round(total("resnext101_32x4d", 224).params / 1e6, 1) == 44.2
    assert round((total("seresnet50", 224).params - total("resnet50", 224).params) / 1e6, 1) == 2.5


def _counts(sums: Sums) -> tuple[int, int]:
    return sums.params, sums.macs


def test_park_2018_bottleneck_attention() -> None:
    """Table 4: 25.92 M parameters and 3.94 GFLOPs, of multiply-accumulates, with the stride in the first 1x1."""
    sums = total("bam_resnet50", 224, "stride=1x1")
    assert (round(sums.params / 1e6, 2), round(sums.macs / 1e9, 2)) == (25.92, 3.94)
