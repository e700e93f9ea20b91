"""Dialogs that pages and actions share: errors in plain words, where to save a text, questions."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from resnet_explorer.errors import ExplorerError
from resnet_explorer.files import write
from resnet_explorer.ui.parts import SYSTEM_FRAME
from resnet_explorer.ui.style import USUAL_POINTS
from resnet_explorer.ui.window import Window

Texts = Mapping[str, Callable[[], str]]
KINDS = (".pth", ".pt", ".safetensors", ".bin", ".ckpt", ".th", ".tar", ".pkl", ".npz", ".h5", ".pt2", ".index.json")
FILTER = f"Weights ({' '.join(f'*{kind}' for kind in KINDS)});;All files (*)"
"""Files of weights, as a file dialog asks for them."""
ONNX = ("ONNX, images of this size (*.onnx)", "ONNX, images of any size (*.onnx)")
"""The two kinds of ONNX files; both take batches of any length."""


_ROOM = QSize(640, 480)
"""The room that a dialog may take also before a window that is smaller."""


def resize_to_fit(dialog: QWidget, width: int, height: int) -> None:
    """Give a dialog a size in px at the usual text size, larger with larger text, within its window and its screen."""
    scale = dialog.font().pointSizeF() / USUAL_POINTS
    size = QSize(round(width * scale), round(height * scale))
    if parent := dialog.parentWidget():
        size = size.boundedTo(parent.window().size().expandedTo(_ROOM))
    dialog.resize(size.boundedTo(dialog.screen().availableSize() - SYSTEM_FRAME))


def confirm(parent: QWidget, text: str, title: str = "Start this?") -> bool:
    """Ask whether to go on; Escape means no."""
    box = QMessageBox(QMessageBox.Icon.Question, title, text, parent=parent)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setStandardButtons(QMessageBox.StandardButton.Yes | QMessageBox.StandardButton.No)
    box.setDefaultButton(QMessageBox.StandardButton.No)
    return QMessageBox.StandardButton(box.exec()) == QMessageBox.StandardButton.Yes


def confirm_quit(parent: QWidget, running: int) -> bool:
    """Ask whether to quit while trainings are running; Escape means no."""
    trainings = "1 training is" if running == 1 else f"{running} trainings are"
    box = QMessageBox(QMessageBox.Icon.Question, "Quit?", f"{trainings} not finished.", parent=parent)
    box.setInformativeText("What has been made stays saved, and the next start offers to continue.")
    leave = box.addButton("Quit", QMessageBox.ButtonRole.AcceptRole)
    box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))
    box.exec()
    return box.clickedButton() is leave


def warn(parent: QWidget, title: str, error: ExplorerError) -> None:
    """Show an error and its remedy as plain text."""
    box = QMessageBox(QMessageBox.Icon.Warning, title, error.what, QMessageBox.StandardButton.Ok, parent)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setInformativeText(error.remedy)
    box.exec()


def offer(parent: QWidget, title: str, text: str, details: str, instead: str) -> bool:
    """Explain something as plain text, and return whether the user takes what is offered instead; Escape means no."""
    box = QMessageBox(QMessageBox.Icon.Information, title, text, parent=parent)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setInformativeText(details)
    taken = box.addButton(instead, QMessageBox.ButtonRole.AcceptRole)
    box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Close))
    box.exec()
    return box.clickedButton() is taken


def save_text(window: Window, name: str, kinds: Texts) -> None:
    """Ask where to save a text, in one of several formats, and save it; a failure is explained."""
    start = str(Path(window.preferences.export_folder) / name)
    chosen, kind = QFileDialog.getSaveFileName(window, "Save", start, ";;".join(kinds))
    if chosen:
        save_at(window, Path(chosen), kinds[kind])


def save_at(window: Window, path: Path, text: Callable[[], str]) -> bool:
    """Save a text at a path and say so; where that fails say why, and return False."""
    try:
        write(path, text())
    except ExplorerError as error:
        warn(window, "The file could not be saved", error)
        return False
    window.remember(replace(window.preferences, export_folder=str(path.parent)))
    window.say(f"Saved {path}.")
    return True
