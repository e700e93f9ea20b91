"""The actions on files of sessions: open, save, and the recent files; imported when one is triggered."""

from functools import partial
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QMenu

from resnet_explorer.app.commands import open_dropped
from resnet_explorer.app.main_window import MainWindow
from resnet_explorer.errors import ExplorerError
from resnet_explorer.scenes.session import SUFFIX
from resnet_explorer.ui.dialogs import warn
from resnet_explorer.ui.recent import clear_recent, forget_recent, recent_files

KIND = f"Sessions (*{SUFFIX})"


def ask_open(window: MainWindow, checked: bool) -> None:
    """Ask for a session, and open it."""
    name, _ = QFileDialog.getOpenFileName(
        window, "Open session", window.preferences.export_folder, f"{KIND};;All files (*)"
    )
    if name:
        window.sessions.open(Path(name))


def save_session(window: MainWindow, checked: bool) -> None:
    """Save the session into its file; where it has none yet ask for one."""
    if window.sessions.file:
        window.sessions.save(Path(window.sessions.file))
    else:
        ask_save(window, checked)


def ask_save(window: MainWindow, checked: bool) -> None:
    """Ask where to save the session."""
    name = window.sessions.file or str(
        Path(window.preferences.export_folder) / f"{window.document.state.spec.name}{SUFFIX}"
    )
    chosen, _ = QFileDialog.getSaveFileName(window, "Save session", name, KIND)
    if chosen:
        path = Path(chosen)
        window.sessions.save(path if path.suffix else path.with_suffix(SUFFIX))


def list_recent(window: MainWindow, menu: QMenu) -> None:
    """List the recent files, and what forgets them."""
    menu.clear()
    menu.setToolTipsVisible(True)
    paths = recent_files()
    for number, path in enumerate(paths, start=1):
        name = path.name.replace("&", "&&")
        action = menu.addAction(f"&{number % 10} {name}", partial(open_recent, window, path))
        action.setToolTip(str(path))
        action.setStatusTip(str(path))
    if paths:
        menu.addSeparator()
    menu.addAction("&Clear this list" if paths else "No files yet", clear_recent).setEnabled(bool(paths))


def open_recent(window: MainWindow, path: Path) -> None:
    """Open a recent file; one that is gone is said to be, and taken off the list."""
    if not path.is_file():
        forget_recent(path)
        problem = f"{path.name} is no longer in {path.parent}."
        warn(window, "This file is missing", ExplorerError(str(path), problem, "It was removed from the recent files."))
        return
    open_dropped(window, str(path))
