"""The public face: networks by name, their figures, tables and pictures, as a notebook shows them."""

import csv
import io
import json
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
import torch
import torchvision
from PySide6.QtWidgets import QApplication

import resnet_explorer as rx
from resnet_explorer.errors import ExplorerError, InputError, SpecError
from resnet_explorer.spec.codec import read


def test_resnet50_has_the_figures_of_torchvision() -> None:
    net = rx.network("resnet50", shape=(1, 3, 224, 224))
    assert (net.params, net.macs, net.flops) == (25_557_032, 4_089_184_256, 8_178_368_512)
    assert (net.shape, net.output, net.weight_layers) == ((1, 3, 224, 224), (1, 1000), 50)
    assert repr(net) == (
        "ResNet-50 (resnet50) at 1 × 3 × 224 × 224: 25,557,032 parameters, 4.089 GMACs, 50 weight layers"
    )


@pytest.mark.parametrize("shape", [(2, 3, 64, 64), "2x3x64x64", [2, 3, 64, 64]])
def test_an_input_is_a_tuple_or_a_text(shape: tuple[int, ...] | str) -> None:
    assert rx.network("resnet18", shape).output == (2, 1000)
    assert rx.network("resnet18").at(shape) == rx.network("resnet18", shape)


def test_one_number_is_the_side_of_an_image() -> None:
    assert rx.network("resnet18", 96).shape == (1, 3, 96, 96)


def test_axes_are_keywords_with_values_of_python() -> None:
    net = rx.network("resnet18", width=32, zero_init=True, attention=["none", "none", "se", "se"], classes=None)
    assert net.spec.widths == (32, 64, 128, 256)
    assert net.output == (1, 256, 7, 7)
    assert [stage.attention for stage in net.spec.by_stages][1:3] == ["none", "se"]
    assert net.set(classes=10).output == (1, 10)
    assert net.set(widths=[[16, 20], 24, 28, 32]).spec.block_widths


def test_the_twin_of_the_twin_is_the_network() -> None:
    net = rx.network("resnet18")
    assert net.plain().params == 11_515_688
    assert net.plain().plain() == net


def test_what_cannot_be_says_so() -> None:
    with pytest.raises(SpecError, match="resnet50"):
        rx.network("resnet51")
    with pytest.raises(SpecError):
        rx.network("resnet18", widht=32)
    with pytest.raises(InputError):
        rx.network("resnet18", (1, 1, 224, 224))


def test_a_module_of_a_seed_leaves_the_random_state_alone() -> None:
    net = rx.network("resnet20", width=4)
    before = torch.get_rng_state()
    first, again, other = net.module(seed=1), net.module(seed=1), net.module(seed=2)
    assert torch.equal(torch.get_rng_state(), before)
    drawn, same, others = (model.state_dict()["fc.weight"] for model in (first, again, other))
    assert torch.equal(drawn, same)
    assert not torch.equal(drawn, others)
    assert sum(parameter.numel() for parameter in first.parameters()) == net.params


def test_a_module_and_its_file_are_identified(tmp_path: Path) -> None:
    model = torchvision.models.resnet18(num_classes=7)
    torch.save(model.state_dict(), tmp_path / "model.pth")
    for weights in (model, model.state_dict(), tmp_path / "model.pth", str(tmp_path / "model.pth")):
        found = rx.identify(weights)
        assert found.fits
        assert rx.network(found.spec, 224).output == (1, 7)


def test_layers_are_a_sequence_and_a_table() -> None:
    layers = rx.network("resnet18").layers
    assert layers["layer1.0.conv1"].reading.params == 36_864
    assert layers[0].path == "conv1"
    assert len(layers) == len(list(layers)) == len(layers[:])
    assert sum(int(row["params"]) for row in csv.DictReader(io.StringIO(layers.to_csv()))) == 11_689_512
    table = ET.fromstring(layers._repr_html_())
    assert len(table.findall("table/tbody/tr")) == len(layers)
    assert "36,864" in layers._repr_html_()
    assert "11,689,512" in repr(layers)


def test_layers_become_a_data_frame() -> None:
    frame = rx.network("resnet18").layers.to_pandas()
    assert frame["params"].sum() == 11_689_512
    assert frame["macs"].sum() == 1_814_073_344
    assert frame.loc["layer4.1.conv2", "output"] == "512×7×7"
    assert frame["params_percent"].sum() == pytest.approx(100, abs=0.1)


def test_a_notebook_shows_diagram_graph_and_comparison() -> None:
    net = rx.network("resnet18")
    assert "ResNet-18" in net._repr_svg_()
    graph = net.autograd()
    assert "ConvolutionBackward0" in graph.to_dot()
    assert ET.fromstring(graph._repr_svg_()).tag.endswith("svg")
    assert "nodes" in repr(graph)
    both = rx.compare(net, net.set(attention="se"))
    assert "Attention: SE instead of none" in both.changes
    assert "11,689,512" in repr(both)
    assert "<li>Attention: SE instead of none</li>" in both._repr_html_()
    edited = rx.compare(net.set(width=32), net.set(width=48))
    assert f"{edited.first.title} (first)" in repr(edited) and f"{edited.first.title} (second)" in edited._repr_html_()


def test_files_of_every_kind_are_written(qapp: QApplication, tmp_path: Path) -> None:
    net = rx.network("resnet18", 64)
    for name in ("net.svg", "net.pdf", "net.png", "net.py", "net.csv", "net.md", "net.json"):
        net.save(tmp_path / name)
        assert (tmp_path / name).stat().st_size > 500
    assert read(tmp_path / "net.json") == net.spec
    net.save(tmp_path / "open.svg", ["layer1.0"], compare=True, theme="dark")
    ids = {element.get("id") for element in ET.parse(tmp_path / "open.svg").iter()}
    assert {"layer1.0.conv1", "plain:layer1.0.conv1"} <= ids
    net.autograd().save(tmp_path / "graph.svg", ["layer1.0"])
    net.autograd().save(tmp_path / "graph.dot")
    with pytest.raises(ExplorerError, match=r"\.json"):
        net.save(tmp_path / "net.docx")


def test_names_of_networks_are_found() -> None:
    assert "resnext50_32x4d" in rx.networks()
    assert rx.networks("wide 2016")[0].startswith("wrn")


def test_importing_and_reading_needs_neither_torch_nor_qt_nor_matplotlib() -> None:
    code = (
        "import sys, json, resnet_explorer as rx; net = rx.network('resnet18'); net.layers; net._repr_svg_();"
        "net.autograd(); heavy = 'torch', 'PySide6', 'matplotlib', 'pandas';"
        "print(json.dumps([name for name in heavy if name in sys.modules]))"
    )
    assert json.loads(subprocess.check_output([sys.executable, "-c", code])) == []


def test_rooms_of_the_same_names_are_still_imported() -> None:
    code = (
        "from resnet_explorer.network import compile_spec; import resnet_explorer.gradients.values;"
        "import resnet_explorer as rx; print(rx.network('resnet18').params, callable(rx.gradients))"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True).split() == ["11689512", "True"]
