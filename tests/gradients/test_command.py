"""The command ``gradients``: numbers, tables and pictures; and bad input in one line."""

import csv
import json
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from resnet_explorer.cli import main
from resnet_explorer.cli.run import parser
from resnet_explorer.gradients import options as gradients_options
from resnet_explorer.gradients.command import request_of
from resnet_explorer.readings.quantities import IN_TRAINING, Loss, Mode, Precision, Quantity
from resnet_explorer.spec import InputShape, ResNetSpec
from resnet_explorer.spec.catalogue import find, twin

SMALL = ("gradients", "resnet20", "--input", "16x16", "--batch", "8", "--seeds", "2")


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    status = main(arguments)
    out, err = capsys.readouterr()
    assert (status, err) == (0, "")
    return out


def asked(*arguments: str) -> tuple[tuple[ResNetSpec, ...], InputShape]:
    request = request_of(parser().parse_args(["gradients", *arguments]))
    return request.specs, request.image


def test_text_tells_every_block_and_what_was_found(capsys: pytest.CaptureFixture[str]) -> None:
    out = told(capsys, *SMALL)
    assert out.startswith("Gradient at the block's input, ‖∂L/∂x‖₂\nPyTorch ")
    assert (
        sum(line.split()[1:2] == [f"layer{s}.{b}"] for line in out.splitlines() for s in (1, 2, 3) for b in (0, 1, 2))
        == 9
    )
    assert "ResNet-20: first/last block" in out and "Plain-20: first/last block" in out
    assert "digits (UCI, 8×8, grey)" in out and "seeds 0, 1 · batch 8 · training mode" in out


def test_json_holds_every_quantity_block_and_seed(capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(told(capsys, *SMALL, "--json", "--precision", "float64", "--data", "noise"))
    assert found["conditions"]["precision"] == "float64" and found["conditions"]["input"] == [16, 16]
    assert [one["name"] for one in found["networks"]] == ["resnet20", "plain20"]
    quantities = found["networks"][0]["quantities"]
    assert set(quantities) == set(Quantity) - set(IN_TRAINING)
    assert all(len(row) == 9 for one in quantities.values() for row in one["values"])
    growth = [one["quantities"]["input-gradient"]["growth_per_block"] for one in found["networks"]]
    assert growth[1] > growth[0] > 1


def test_csv_can_be_read(capsys: pytest.CaptureFixture[str]) -> None:
    rows = list(csv.DictReader(told(capsys, *SMALL, "--csv", "--against", "none").splitlines()))
    assert len(rows) == 9 * 2 * (len(Quantity) - len(IN_TRAINING)) and {row["network"] for row in rows} == {"resnet20"}
    assert all(float(row["value"]) > 0 for row in rows if row["quantity"] == "input-gradient")


def test_a_picture(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "px" in told(capsys, *SMALL, "-o", "out.svg", "--theme", "dark")
    root = ElementTree.parse(tmp_path / "out.svg").getroot()
    words = " ".join(text.strip() for text in root.itertext())
    assert "Gradient at the block's input" in words and "ResNet-20" in words and "Plain-20" in words


def test_networks_without_the_quantity_are_left_out_of_the_picture(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told(capsys, *SMALL, "--quantity", "shortcut-share", "-o", "out.svg")
    assert "Plain-20" not in (tmp_path / "out.svg").read_text(encoding="utf-8")


def test_what_is_compared() -> None:
    net = find("resnet20")
    assert asked("resnet20")[0] == (net, twin(net))
    assert asked("plain20")[0] == (find("plain20"), net)
    assert asked("resnet20", "--against", "none")[0] == (net,)
    both = asked("resnet20", "--against", "plain", "--against", "resnet32", "--set", "norm=none")[0]
    assert [spec.name for spec in both] == ["resnet20-edited", "resnet20-edited-plain", "resnet32-edited"]


def test_all_that_can_be_measured_can_be_chosen() -> None:
    at_start = [one for one in Quantity if one not in IN_TRAINING]
    for choices, kinds in (("MODES", Mode), ("PRECISIONS", Precision), ("LOSSES", Loss), ("QUANTITIES", at_start)):
        assert getattr(gradients_options, choices) == tuple(kinds)


def test_the_batch() -> None:
    assert asked("resnet20")[1] == InputShape(32, 32, 32)
    assert asked("resnet20", "--input", "8x3x16x16")[1] == InputShape(8, 16, 16)
    assert asked("resnet20", "--input", "8x3x16x16", "--batch", "4")[1] == InputShape(4, 16, 16)
    assert asked("resnet20", "--input", "16")[1] == InputShape(32, 16, 16)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("--seeds", "0"), "0 seeds cannot be measured"),
        (("--seeds", f"{10**18}"), "000,000 seeds cannot be measured. Choose 1 to 100."),
        (("--data", "cats"), "no images called 'cats'"),
        (("--data", "cifar10:nowhere"), "nothing is downloaded"),
        (("--batch", "5000"), "more than the 1,500 training images"),
        (("--set", "classes=none"), "backbone"),
        (("-o", "out.txt"), "no picture file"),
        (("--against", "resnet21"), "no network 'resnet21'"),
        (("--rate", "-1"), "not a learning rate"),
        (("--mode", "test"), "invalid choice"),
        (("--json", "--csv"), "not allowed with"),
    ],
)
def test_bad_input_is_one_line(arguments: tuple[str, ...], text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main((*SMALL, *arguments)) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("resnet-explorer: ") and err.count("\n") == 1 and text in err


def test_a_result_is_kept_and_taken_where_that_is_asked_for(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    small = (*SMALL, "--csv")
    measured = told(capsys, *small, "--kept")
    monkeypatch.setitem(sys.modules, "resnet_explorer.gradients.lab", None)
    assert main((*small, "--kept")) == 0
    out, err = capsys.readouterr()
    assert out == measured and "measured just now on this machine" in err
    assert main(small) == 2, "without it, it is measured"
