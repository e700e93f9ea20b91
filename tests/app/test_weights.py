"""Files of weights in the window: opened, dropped, refused, shown layer by layer, saved."""

from pathlib import Path

import pytest
import torch
import torchvision
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot

from resnet_explorer.app import weights_dialog
from resnet_explorer.app.main_window import MainWindow
from resnet_explorer.app.weights_dialog import WeightsDialog
from resnet_explorer.ui.job_state import Phase
from resnet_explorer.weights.reader import read

PATIENCE = 60_000


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "flowers.pth"
    torch.save({"state_dict": torchvision.models.resnet50(num_classes=102).state_dict()}, path)
    return path


def opened(window: MainWindow, qtbot: QtBot, path: Path) -> None:
    weights_dialog.open_weights(window, path)
    qtbot.waitUntil(lambda: window.jobs.states[0].is_over, timeout=PATIENCE)


def test_weights_show_their_network_and_the_figures_of_each_layer(window: MainWindow, qtbot: QtBot, file: Path) -> None:
    opened(window, qtbot, file)
    spec = window.document.state.spec
    assert (spec.name, spec.classes) == ("resnet50-edited", 102)
    assert window.document.undo_stack.undoText() == "open the weights flowers.pth"
    dialog = window.findChild(WeightsDialog)
    assert isinstance(dialog, WeightsDialog) and "All 320 tensors fit." in dialog.text.text()
    assert any("stride" in dialog.lists[0].item(row).text() for row in range(dialog.lists[0].count()))
    dialog.close()
    window.document.select("layer2.0.bn1")
    lines = [label.text() for label, _ in window.inspector.tensors.lines if label.isVisibleTo(window.inspector)]
    assert len(lines) == 4 and any(line.startswith("weight: norm 11.3") for line in lines)
    window.document.select("layer2.0.conv1")
    histogram = window.inspector.tensors.lines[0][1]
    assert histogram.stats is not None and sum(histogram.stats.histogram) == 256 * 128
    window.document.undo_stack.undo()
    window.document.select("layer2.0.conv2")
    shown = [label for label, _ in window.inspector.tensors.lines if label.isVisibleTo(window.inspector)]
    assert not shown, "they are another network's"


def test_a_file_can_be_dropped(window: MainWindow, qtbot: QtBot, file: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(file))])
    event = QDropEvent(
        QPointF(5, 5), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    window.dropEvent(event)
    qtbot.waitUntil(lambda: bool(window.jobs.states) and window.jobs.states[0].is_over, timeout=PATIENCE)
    assert window.document.state.spec.classes == 102


def test_what_does_not_fit_is_listed_and_changes_nothing(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    state = torchvision.models.resnet18().state_dict()
    del state["layer1.0.conv2.weight"]
    state["layer4.0.downsample.7.weight"] = torch.zeros(3)
    path = tmp_path / "odd.pth"
    torch.save(state, path)
    before = window.document.state
    opened(window, qtbot, path)
    dialog = window.findChild(WeightsDialog)
    assert isinstance(dialog, WeightsDialog) and "nothing was loaded" in dialog.text.text()
    assert "layer1.0.conv2.weight is missing." in [
        dialog.lists[0].item(row).text() for row in range(dialog.lists[0].count())
    ]
    assert window.document.state == before
    dialog.close()


def test_a_bad_file_is_explained(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(QMessageBox, "exec", lambda box: said.append(box.text()))
    path = tmp_path / "junk.pth"
    path.write_bytes(b"junk")
    before = window.document.state
    opened(window, qtbot, path)
    assert said and "junk.pth is a text file, not weights." in said[0]
    assert window.document.state == before and window.jobs.states[0].phase is Phase.FAILED


def test_a_large_file_is_asked_about_first(window: MainWindow, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights_dialog, "LIMIT", 10)
    monkeypatch.setattr(QMessageBox, "question", lambda *_: QMessageBox.StandardButton.Cancel)
    weights_dialog.open_weights(window, file)
    assert not window.jobs.states


@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
def test_opened_weights_are_saved_as_they_are(
    window: MainWindow, qtbot: QtBot, file: Path, tmp_path: Path, suffix: str
) -> None:
    opened(window, qtbot, file)
    target = tmp_path / f"again{suffix}"
    weights_dialog.save_weights(window, target)
    qtbot.waitUntil(lambda: all(job.is_over for job in window.jobs.states), timeout=PATIENCE)
    wanted = torch.load(file)["state_dict"]["layer3.2.conv1.weight"]
    assert torch.equal(read(target).tensors["layer3.2.conv1.weight"], wanted)
    assert "the weights that were opened" in window.statusBar().currentMessage()


def test_fresh_weights_are_saved_with_their_spec(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    window.build.preset.chosen.emit("preresnet110")
    target = tmp_path / "fresh.safetensors"
    weights_dialog.save_weights(window, target)
    qtbot.waitUntil(lambda: window.jobs.states[0].is_over, timeout=PATIENCE)
    assert read(target).spec == window.document.state.spec
    assert "initial weights of seed 0" in window.statusBar().currentMessage()


def test_of_two_networks_the_other_can_be_chosen(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    """The dialog says which one was read; another is read in its place, shown, and saved."""
    state = torchvision.models.resnet18(num_classes=4).state_dict()
    path = tmp_path / "two.pth"
    torch.save({"model": state, "model_ema": {**state, "fc.bias": torch.ones(4)}}, path)
    opened(window, qtbot, path)
    dialog = window.findChild(WeightsDialog)
    assert isinstance(dialog, WeightsDialog) and dialog.keys is not None
    assert [dialog.keys.itemText(row) for row in range(dialog.keys.count())] == ["model", "model_ema"]
    assert dialog.keys.currentText() == "model"
    dialog.keys.setFocus()
    qtbot.keyClick(dialog.keys, Qt.Key.Key_Down)
    qtbot.waitUntil(lambda: len(window.jobs.states) == 2 and window.jobs.states[0].is_over, timeout=PATIENCE)
    weights = window.inspector.weights_of(window.document.state.spec)
    assert weights is not None and weights.key == "model_ema" and weights.stats["fc.bias"].mean == 1.0
    weights_dialog.save_weights(window, tmp_path / "ema.safetensors")
    qtbot.waitUntil(lambda: all(job.is_over for job in window.jobs.states), timeout=PATIENCE)
    assert torch.equal(read(tmp_path / "ema.safetensors").tensors["fc.bias"], torch.ones(4))
