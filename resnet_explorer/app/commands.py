"""What the window's own actions do; imported when the first one is triggered, since the start needs none of it.

Each function takes the window and whether the action is checked.
"""

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QFileDialog, QLineEdit, QMessageBox, QWidget

from resnet_explorer import __version__
from resnet_explorer.app import module_dialog, weights_dialog
from resnet_explorer.app.actions import KEYS_OF_VIEWS, rows
from resnet_explorer.app.main_window import MainWindow
from resnet_explorer.app.timeline_dialog import TimelineDialog
from resnet_explorer.app.verdict import VerdictDialog
from resnet_explorer.diagram.view import View
from resnet_explorer.errors import ExplorerError
from resnet_explorer.layers.table import to_csv, to_json, to_markdown
from resnet_explorer.picture.theme import THEMES
from resnet_explorer.scenes.scene import State
from resnet_explorer.scenes.session import SUFFIX
from resnet_explorer.spec import codec
from resnet_explorer.ui.canvas import ZOOM_STEP, Canvas
from resnet_explorer.ui.clipboard import copy_picture
from resnet_explorer.ui.dialogs import KINDS, Texts, resize_to_fit, save_text, warn
from resnet_explorer.ui.document import read
from resnet_explorer.ui.parts import describe, vbox
from resnet_explorer.ui.recent import add_recent
from resnet_explorer.ui.style import SYSTEM, theme_named
from resnet_explorer.ui.tables import TextRow, TextTable


def open_network(window: MainWindow, checked: bool) -> None:
    """Ask for a spec file, and open it."""
    folder = window.preferences.export_folder
    name, _ = QFileDialog.getOpenFileName(window, "Open network", folder, "Networks (*.json);;All files (*)")
    if name:
        open_file(window, Path(name))


def open_dropped(window: MainWindow, name: str) -> None:
    """Open a file that was dropped on the window: a session, weights, a Python file, or a network."""
    path = Path(name)
    if path.suffix.lower() == SUFFIX:
        window.sessions.open(path)
    elif path.name.lower().endswith(KINDS):
        weights_dialog.open_weights(window, path)
    elif path.suffix.lower() == module_dialog.KIND:
        module_dialog.open_module(window, path)
    else:
        open_file(window, path)


def open_file(window: MainWindow, path: Path) -> bool:
    """Open a spec file as one undo step; a broken one is explained and changes nothing."""
    try:
        state = State(codec.read(path), window.document.state.image)
        read(state)
    except ExplorerError as error:
        warn(window, "This file cannot be opened", error)
        return False
    window.document.propose(state, f"open {path.name}")
    add_recent(path)
    return True


def save_network(window: MainWindow, checked: bool) -> None:
    """Ask where to save the network as a spec file."""
    spec = window.document.state.spec
    save_text(window, f"{spec.name}.json", {"Network (*.json)": lambda: codec.dumps(spec)})


def save_source(window: MainWindow, checked: bool) -> None:
    """Ask where to save the network as a Python file."""
    save_text(window, f"{window.document.state.spec.name}.py", {"Python (*.py)": window.code.source})


def save_table(window: MainWindow, checked: bool) -> None:
    """Ask where to save all layers, and in which format."""
    analysis = window.session.results.analysis
    kinds: Texts = {
        "CSV (*.csv)": lambda: to_csv(analysis),
        "JSON (*.json)": lambda: to_json(analysis),
        "Markdown (*.md)": lambda: to_markdown(analysis),
    }
    save_text(window, f"{analysis.network.spec.name}-layers.csv", kinds)


def export_picture(window: MainWindow, checked: bool) -> None:
    """Open the export dialog on the picture that is looked at."""
    from resnet_explorer.ui.export_dialog import (  # with fontTools, which the other actions do not need
        ExportDialog,
        file_name,
    )

    canvas = window.canvas
    if not _has_picture(window, canvas):
        return
    name = window.document.state.spec.name if canvas is window.diagram else file_name(canvas.picture.title)
    dialog = ExportDialog(canvas, name, window.preferences, window)
    dialog.exec()
    window.remember(dialog.preferences())
    dialog.deleteLater()


def _has_picture(window: MainWindow, canvas: Canvas) -> bool:
    """Return whether a drawing is shown; where there is none say what to do."""
    if canvas.isVisibleTo(window) and canvas.picture.marks:
        return True
    window.say("No drawing is shown here yet. Images are saved with Save… on the page, torchviz's drawing as DOT.")
    return False


def copy_shown(window: MainWindow, checked: bool) -> None:
    """Copy the picture that is looked at."""
    if not _has_picture(window, window.canvas):
        return
    copy_picture(window.canvas.picture, theme_named(window.preferences.theme))
    window.say("The picture is on the clipboard.")


def find(window: MainWindow, checked: bool) -> None:
    """Show the layer table, with the cursor in its filter."""
    window.show_page("diagram")
    window.panels.open(window.panels.drawer("Layers"))
    window.table.filter.setFocus()
    window.table.filter.selectAll()


def show_diagram(window: MainWindow, checked: bool) -> None:
    """Show the block diagram."""
    window.show_page("diagram")


def show_next_page(window: MainWindow, checked: bool) -> None:
    """Show the page after this one, the first after the last."""
    window.turn_page(1)


def show_previous_page(window: MainWindow, checked: bool) -> None:
    """Show the page before this one, the last before the first."""
    window.turn_page(-1)


def compare(window: MainWindow, checked: bool) -> None:
    """Show the plain twin beside the network, or the network alone."""
    window.document.show_view(replace(window.document.view, compare=checked))


def mark_changes(window: MainWindow, checked: bool) -> None:
    """Mark what the network changes in its parent, or nothing."""
    window.document.show_view(replace(window.document.view, changes=checked))


def expand(window: MainWindow, checked: bool) -> None:
    """Open everything in the picture that is looked at."""
    if not window.canvas.open_all():
        network, view = window.session.results.analysis.network, window.document.view
        window.document.show_view(View.all_open(network, compare=view.compare, changes=view.changes))


def collapse(window: MainWindow, checked: bool) -> None:
    """Close everything in the picture that is looked at."""
    if not window.canvas.close_all():
        view = window.document.view
        window.document.show_view(View(compare=view.compare, changes=view.changes))


def zoom_in(window: MainWindow, checked: bool) -> None:
    """Show the picture larger."""
    window.canvas.zoom(ZOOM_STEP)


def zoom_out(window: MainWindow, checked: bool) -> None:
    """Show the picture smaller."""
    window.canvas.zoom(1 / ZOOM_STEP)


def choose_theme(window: MainWindow, checked: bool) -> None:
    """Show everything in the theme whose action is checked."""
    window.choose_theme(next(name for name in (SYSTEM, *THEMES) if window.actions_by_key[name].isChecked()))


def reduce_motion(window: MainWindow, checked: bool) -> None:
    """Change the diagram at once from now on, or with transitions."""
    window.set_reduced_motion(checked)
    window.remember(replace(window.preferences, reduce_motion=checked))


def show_timeline(window: MainWindow, checked: bool) -> None:
    """Show the timeline beside the window, which follows what is chosen in it."""
    _show(TimelineDialog(window.document, theme_named(window.preferences.theme), window))


def show_verdict(window: MainWindow, checked: bool) -> None:
    """Show the figures of the verification; they follow the window."""
    _show(VerdictDialog(window.verdict, window))


def _show(dialog: QDialog) -> None:
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.show()


def show_shortcuts(window: MainWindow, checked: bool) -> None:
    """Open the page of shortcuts."""
    ShortcutsPage(window).exec()


class ShortcutsPage(QDialog):
    """All shortcuts, where they work and what they do; a field filters them."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keyboard shortcuts")
        resize_to_fit(self, 740, 620)
        lines = [(row.menu.replace("&", ""), row.shortcut, row.tip) for row in rows() if row.shortcut]
        lines += [("Edit", "Ctrl+Z", "Undo the last change"), ("Edit", "Ctrl+Shift+Z", "Redo it"), *KEYS_OF_VIEWS]
        self._rows = [TextRow(line[1], line, tips=line) for line in lines]
        self.table = TextTable("Shortcuts", (("Where", ""), ("Keys", ""), ("What they do", "")))
        self.table.show_rows(self._rows)
        self.table.fit_columns()
        self.filter = describe(QLineEdit(placeholderText="Filter"), "Filter the shortcuts")
        self.filter.textChanged.connect(self._on_filter_changed)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        vbox(self.filter, self.table, buttons, of=self, margins=(9, 9, 9, 9))

    def _on_filter_changed(self, text: str) -> None:
        self.table.show_rows([row for row in self._rows if text.lower() in " ".join(row.texts).lower()])


def show_about(window: MainWindow, checked: bool) -> None:
    """Say what this is, by which papers, and under which licences."""
    box = QMessageBox(window)
    box.setWindowTitle("About ResNet Explorer")
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setText(f"ResNet Explorer {__version__}")
    box.setInformativeText(
        "Networks: He, Zhang, Ren and Sun, Deep Residual Learning for Image Recognition, 2015.\n\n"
        "ResNet Explorer is under the MIT licence; the font Inter under the SIL Open Font License 1.1; "
        "Qt for Python under the LGPL v3."
    )
    box.exec()
