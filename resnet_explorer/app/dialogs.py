"""The window's questions and answers: files to open and save, errors in plain words, help pages."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QLineEdit,
    QMessageBox,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from resnet_explorer import __version__
from resnet_explorer.app.actions import KEYS_OF_VIEWS, commands
from resnet_explorer.app.timeline_dialog import TimelineDialog
from resnet_explorer.app.verdict import VerdictDialog
from resnet_explorer.app.window import AppWindow
from resnet_explorer.errors import ExplorerError
from resnet_explorer.layers.table import to_csv, to_json, to_markdown
from resnet_explorer.picture.marks import Picture
from resnet_explorer.readings import Analysis
from resnet_explorer.spec import codec
from resnet_explorer.ui.dialogs import Texts, save_text, warn
from resnet_explorer.ui.document import State
from resnet_explorer.ui.session import read
from resnet_explorer.ui.style import theme_named


def show_timeline(window: AppWindow) -> None:
    """Show the timeline beside the window, which follows what is chosen in it."""
    dialog = TimelineDialog(window.document, theme_named(window.preferences.theme), window)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.show()


def show_verdict(window: AppWindow) -> None:
    """Show the figures of the verification; they follow the window."""
    dialog = VerdictDialog(window.verdict, window)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.show()


def ask_open(parent: QWidget, folder: str) -> Path | None:
    """Ask for a spec file; None where the user thought better of it."""
    name, _ = QFileDialog.getOpenFileName(parent, "Open network", folder, "Networks (*.json);;All files (*)")
    return Path(name) if name else None


def open_file(window: AppWindow, path: Path) -> bool:
    """Open a spec file as one undo step; a broken one is explained and changes nothing."""
    try:
        state = State(codec.read(path), window.document.state.image)
        read(state)
    except ExplorerError as error:
        warn(window, "This file cannot be opened", error)
        return False
    window.document.propose(state, f"open {path.name}")
    return True


def save_table(window: AppWindow, analysis: Analysis) -> None:
    """Ask where to save all layers, and in which format."""
    name = analysis.network.spec.name
    kinds: Texts = {
        "CSV (*.csv)": lambda: to_csv(analysis),
        "JSON (*.json)": lambda: to_json(analysis),
        "Markdown (*.md)": lambda: to_markdown(analysis),
    }
    save_text(window, f"{name}-layers.csv", kinds)


def export_picture(window: AppWindow, picture: Picture, name: str) -> None:
    """Open the export dialog."""
    from resnet_explorer.ui.export_dialog import ExportDialog  # with fontTools, which the start does not need

    dialog = ExportDialog(picture, name, window.preferences, window)
    dialog.exec()
    window.remember(dialog.preferences())


def show_shortcuts(window: QWidget) -> None:
    """Open the page of shortcuts."""
    ShortcutsPage(window).exec()


class ShortcutsPage(QDialog):
    """All shortcuts, where they work and what they do; a field filters them."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keyboard shortcuts")
        self.resize(640, 620)
        lines = [(c.menu.replace("&", ""), c.shortcut, c.tip) for c in commands() if c.shortcut]
        lines += [("Edit", "Ctrl+Z", "Undo the last change"), ("Edit", "Ctrl+Shift+Z", "Redo it")]
        self.table = QTableWidget(0, 3, self)
        self.table.setHorizontalHeaderLabels(["Where", "Keys", "What they do"])
        self.table.setAccessibleName("Shortcuts")
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setShowGrid(False)
        self.table.verticalHeader().hide()
        self.table.horizontalHeader().setStretchLastSection(True)
        for row, cells in enumerate((*lines, *KEYS_OF_VIEWS)):
            self.table.insertRow(row)
            for column, text in enumerate(cells):
                self.table.setItem(row, column, QTableWidgetItem(text))
        self.table.setColumnWidth(0, 90)
        self.table.setColumnWidth(1, 170)
        self.filter = QLineEdit()
        self.filter.setPlaceholderText("Filter")
        self.filter.setAccessibleName("Filter the shortcuts")
        self.filter.textChanged.connect(self._on_filter_changed)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        column_ = QVBoxLayout(self)
        for widget in (self.filter, self.table, buttons):
            column_.addWidget(widget)

    def _on_filter_changed(self, text: str) -> None:
        for row in range(self.table.rowCount()):
            items = (self.table.item(row, column) for column in range(3))
            words = " ".join(item.text() for item in items if item)
            self.table.setRowHidden(row, text.lower() not in words.lower())


def show_about(parent: QWidget) -> None:
    """Say what this is, by which papers, and under which licences."""
    box = QMessageBox(parent)
    box.setWindowTitle("About ResNet Explorer")
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setText(f"ResNet Explorer {__version__}")
    box.setInformativeText(
        "Networks: He, Zhang, Ren and Sun, Deep Residual Learning for Image Recognition, 2015.\n\n"
        "ResNet Explorer is under the MIT licence; the font Inter under the SIL Open Font License 1.1; "
        "Qt for Python under the LGPL v3."
    )
    box.exec()
