"""The code view shows this network's file, marks what is selected, and works only while it is looked at."""

from pathlib import Path

from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from resnet_explorer.app.main_window import MainWindow
from resnet_explorer.scenes.scene import State
from resnet_explorer.source import to_source
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.catalogue import find
from resnet_explorer.ui.dialogs import save_at


def look(window: MainWindow, qtbot: QtBot) -> str:
    window.panels.open(window.panels.drawer("Code"))
    qtbot.waitUntil(lambda: window.code.text.toPlainText() != "")
    return window.code.text.toPlainText()


def marked(window: MainWindow) -> list[str]:
    return [mark.cursor.block().text().strip() for mark in window.code.text.extraSelections()]


def test_it_shows_the_file_of_this_network(window: MainWindow, qtbot: QtBot) -> None:
    assert window.code.text.toPlainText() == ""  # nobody has looked yet
    assert look(window, qtbot) == to_source(window.session.results.analysis)
    window.document.propose(State(find("resnet50"), InputShape()), "choose ResNet-50")
    assert "class Bottleneck" in window.code.text.toPlainText()
    window.show_page("journey")
    window.document.propose(State(find("resnet18"), InputShape()), "choose ResNet-18")
    assert "class Bottleneck" in window.code.text.toPlainText(), "nobody looks behind another page"
    window.show_page("diagram")
    assert "class BasicBlock" in window.code.text.toPlainText()


def test_the_selections_lines_are_marked(window: MainWindow, qtbot: QtBot) -> None:
    look(window, qtbot)
    window.document.select("layer2.0.conv1")
    assert marked(window) == [
        "self.conv1 = nn.Conv2d(channels, width, 3, stride, padding=1, bias=False)",
        "y = self.relu(self.bn1(self.conv1(x)))",
    ]
    window.document.select("layer2")
    assert marked(window)[0].startswith("self.layer2 = stage(64, 128, blocks=2, stride=2)")
    window.document.select("conv1")
    assert marked(window)[0].startswith("self.conv1 = nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False)")
    window.document.select("layer2.0.downsample")
    assert any("self.downsample(x)" in line for line in marked(window))
    for path in ("layer2.0.add", "layer1.0.shortcut"):
        window.document.select(path)
        assert marked(window) == ["return self.relu(y + self.downsample(x))"]
    window.document.select("flatten")
    assert marked(window) == ["return self.fc(self.avgpool(x).flatten(1))"]
    window.document.select("")
    assert marked(window) == []


def test_it_is_copied_and_saved(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    window.code.copy()
    text = QGuiApplication.clipboard().text()
    assert text.startswith('"""ResNet-18: 11,689,512 parameters.')
    assert save_at(window, tmp_path / "net.py", window.code.source)
    assert (tmp_path / "net.py").read_text(encoding="utf-8") == text
