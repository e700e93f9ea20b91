"""The layer table as files."""

import csv
import io
import json
from dataclasses import replace

import pytest
from hypothesis import given, settings

from resnet_explorer.layers import table
from resnet_explorer.network import compile_spec
from resnet_explorer.readings import Analysis, analyse
from resnet_explorer.spec import Block, InputShape, ResNetSpec, Shortcut, codec
from resnet_explorer.spec.catalogue import CATALOGUE
from resnet_explorer.spec.change import assign
from tests.specs import readable


def read(spec: ResNetSpec, shape: InputShape | None = None) -> Analysis:
    return analyse(compile_spec(spec), shape or InputShape())


def lines_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


PADDED = ResNetSpec("padded", (Block.BOTTLENECK,), (1,), (64,), (1,), shortcut=Shortcut.PADDING)
"""Its zero-padding has stride 1, so that its words begin with a plus sign."""


def test_describe_says_what_is_known_of_resnet18() -> None:
    told = table.describe(read(CATALOGUE["resnet18"].spec))
    assert list(told)[:9] == [
        "name", "spec", "input", "output", "params", "macs", "flops", "weight_layers", "receptive_field",
    ]  # fmt: skip
    assert told["input"] == [1, 3, 224, 224] and told["output"] == [1, 1000]
    assert (told["params"], told["macs"], told["flops"]) == (11_689_512, 1_814_073_344, 3_628_146_688)
    assert (told["weight_layers"], told["receptive_field"]) == (18, 435)
    assert (told["smallest_inference"], told["smallest_training"]) == (1, 33)
    assert told["spec"] == codec.to_dict(CATALOGUE["resnet18"].spec)
    layers = told["layers"]
    assert isinstance(layers, list)
    assert len(layers) == 69
    assert layers[0] == {
        "path": "conv1",
        "kind": "Conv2d",
        "hyper_parameters": {
            "in_channels": 3, "out_channels": 64, "kernel": 7, "stride": 2, "padding": 3, "groups": 1, "bias": False,
            "dilation": 1, "standardised": False,
        },
        "input": [1, 3, 224, 224],
        "output": [1, 64, 112, 112],
        "params": 9_408,
        "macs": 118_013_952,
        "receptive_field": 7,
        "stride": 2,
        "activation_bytes": 4 * 64 * 112 * 112,
    }  # fmt: skip
    assert layers[-1]["receptive_field"] is None and layers[2]["hyper_parameters"] == {"in_place": True}


def test_describe_names_the_layer_that_cannot_train() -> None:
    training = table.describe(read(CATALOGUE["resnet18"].spec, InputShape(1, 32, 32)))["training"]
    assert isinstance(training, dict)
    assert (training["works"], training["failing_layer"]) == (False, "layer4.0.bn1")


@settings(deadline=None)
@given(readable())
def test_json_is_strict_and_adds_up(pair: tuple[ResNetSpec, InputShape]) -> None:
    spec, shape = pair
    analysis = read(spec, shape)
    told = json.loads(table.to_json(analysis), parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert sum(layer["params"] for layer in told["layers"]) == told["params"]
    assert sum(layer["macs"] for layer in told["layers"]) == told["macs"]
    assert sum(layer["activation_bytes"] for layer in told["layers"]) == told["activation_bytes"]
    assert told["input"] == told["layers"][0]["input"] and told["output"] == told["layers"][-1]["output"]
    assert codec.from_dict(told["spec"]) == spec


@settings(deadline=None)
@given(readable())
def test_csv_adds_up_and_no_spreadsheet_mistakes_it(pair: tuple[ResNetSpec, InputShape]) -> None:
    spec, shape = pair
    analysis = read(spec, shape)
    text = table.to_csv(analysis)
    lines = lines_of(text)
    assert text.isascii()
    assert [line["path"] for line in lines] == [row.path for row in analysis.rows]
    assert sum(int(line["params"]) for line in lines) == analysis.total.params
    assert sum(int(line["macs"]) for line in lines) == analysis.total.macs
    assert sum(float(line["macs_percent"]) for line in lines) == pytest.approx(100, abs=0.01 * len(lines))
    for line in lines:
        assert None not in line.values() and "nan" not in line.values()
        assert not any(cell.startswith(("=", "+", "-", "@")) for cell in line.values())


def test_csv_of_a_padding_without_stride() -> None:
    kernels = {line["path"]: line["kernel"] for line in lines_of(table.to_csv(read(PADDED)))}
    assert kernels["layer1.0.downsample.0"] == "192 ch"
    assert kernels["conv1"] == "7x7 /2"
    assert kernels["fc"] == "256->1000"


def test_chosen_rows_alone() -> None:
    analysis = read(CATALOGUE["resnet18"].spec)
    rows = [row for row in analysis.rows if row.path.startswith("layer4.")]
    assert [line["path"] for line in lines_of(table.to_csv(analysis, rows))] == [row.path for row in rows]
    head, _, _, _, *body = table.to_markdown(analysis, rows).splitlines()
    assert len(body) == len(rows)
    assert "; 16 of its 69 layers: 8,393,728 parameters" in head
    assert lines_of(table.to_csv(analysis, [])) == []
    assert "0 of its 69 layers: 0 parameters, 0 MACs" in table.to_markdown(analysis, [])


@settings(deadline=None)
@given(readable())
def test_markdown_is_a_whole_table(pair: tuple[ResNetSpec, InputShape]) -> None:
    spec, shape = pair
    analysis = read(spec, shape)
    head, empty, titles, rule, *body = table.to_markdown(analysis).splitlines()
    assert empty == "" and head.startswith("**small**, input ")
    assert f"{analysis.total.params:,} parameters, {analysis.total.macs:,} MACs" in head
    assert len(body) == len(analysis.rows)
    assert {line.count("|") for line in (titles, rule, *body)} == {13}
    assert rule.count("--:|") == 7


def test_markdown_separates_thousands_and_escapes_names() -> None:
    text = table.to_markdown(read(replace(assign(CATALOGUE["resnet18"].spec, "width=65"), name="my_*|<b>")))
    assert text.startswith(r"**my\_\*\|\<b\>**, ")
    assert "| 65×112×112 | 9,555 |" in text


def test_text_is_aligned() -> None:
    text = table.to_text(read(CATALOGUE["resnet18"].spec))
    facts, rows = text.split("\n\n")
    assert "11,689,512" in facts and "1,814,073,344 = 3,628,146,688 FLOPs" in facts
    assert "1 fc = 18; 3 projections are not counted." in facts and "435 px" in facts
    assert "training with batch 1 from 33×33" in facts
    lines = rows.splitlines()
    start = lines[0].index("type")
    assert all(line[start - 2 : start] == "  " and line[start] != " " for line in lines)
    assert {len(one) for one in lines} == {len(lines[0])}
    assert all(not line.endswith(" ") for line in text.splitlines())


def test_a_backbone_ends_in_maps() -> None:
    analysis = read(replace(CATALOGUE["resnet50"].spec, classes=None))
    assert table.describe(analysis)["output"] == [1, 2048, 7, 7]
    assert lines_of(table.to_csv(analysis))[-1]["path"] == "layer4.2.relu3"


def test_feature_maps_are_told_with_their_strides() -> None:
    """ResNet-50 as a backbone: strides 4, 8, 16 and 32; with output stride 8 the last two stages dilate."""
    told = table.describe(read(assign(CATALOGUE["resnet50"].spec, "classes=none")))
    assert told["features"] == [
        {"path": f"layer{number}", "shape": [1, channels, side, side], "stride": stride}
        for number, channels, side, stride in ((1, 256, 56, 4), (2, 512, 28, 8), (3, 1024, 14, 16), (4, 2048, 7, 32))
    ]
    text = table.to_text(read(assign(CATALOGUE["resnet50"].spec, "output_stride=8")))
    assert "2048×28² at stride 8" in text
