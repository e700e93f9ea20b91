"""The actions that write what is shown to take home: a web page, a hand-out; imported when one is triggered.

The files are made beside the window's thread.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from threading import Thread

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog

from resnet_explorer.app.main_window import MainWindow
from resnet_explorer.errors import ExplorerError
from resnet_explorer.files import write
from resnet_explorer.share.article import Article
from resnet_explorer.share.lesson import lesson_article
from resnet_explorer.share.page import to_html
from resnet_explorer.share.scene import scene_article
from resnet_explorer.ui.dialogs import warn
from resnet_explorer.ui.export_dialog import file_name
from resnet_explorer.ui.hand_out import to_pdf

Contents = Mapping[str, Callable[[Article], bytes | str]]
"""What makes the content of a file, by the name of its kind."""
PAGE: Contents = {"Web page (*.html)": to_html}
HAND_OUT: Contents = {
    "PDF on A4 (*.pdf)": to_pdf,
    "PDF on Letter (*.pdf)": partial(to_pdf, paper="letter"),
    "PDF on A4, teacher's sheet with answers (*.pdf)": partial(to_pdf, answers=True),
    "PDF on Letter, teacher's sheet with answers (*.pdf)": partial(to_pdf, paper="letter", answers=True),
}


class Writing(QObject):
    """Writes a file beside the window's thread; ``written`` tells its name, ``failed`` the error."""

    written = Signal(str)
    failed = Signal(object)

    def __init__(self, window: MainWindow, path: Path, make: Callable[[], bytes | str]) -> None:
        super().__init__(window)
        self._window, self._path, self._make = window, path, make
        self.written.connect(self._on_written)
        self.failed.connect(self._on_failed)
        Thread(target=self._write).start()

    def _write(self) -> None:
        with suppress(RuntimeError):  # the window was closed meanwhile: nobody is to be told
            try:
                write(self._path, self._make())
                self.written.emit(str(self._path))
            except ExplorerError as error:
                self.failed.emit(error)

    def _on_written(self, name: str) -> None:
        self._window.remember(replace(self._window.preferences, export_folder=str(self._path.parent)))
        self._window.say(f"Saved {name}.")
        self.deleteLater()

    def _on_failed(self, error: ExplorerError) -> None:
        warn(self._window, "The file could not be saved", error)
        self.deleteLater()


def share_page(window: MainWindow, checked: bool) -> None:
    """Ask where to save the open lesson, or else the scene, as a web page."""
    _save(window, ".html", PAGE)


def export_hand_out(window: MainWindow, checked: bool) -> None:
    """Ask where to save the open lesson, or else the scene, as a hand-out, and on which paper."""
    _save(window, ".pdf", HAND_OUT)


def _save(window: MainWindow, suffix: str, contents: Contents) -> None:
    if window.lesson is not None:
        lesson = window.lesson.lesson
        name, article = lesson.title, partial(lesson_article, lesson)
    else:
        scene = window.scene()
        name, article = scene.state.spec.name, partial(scene_article, scene)
    start = Path(window.preferences.export_folder) / f"{file_name(name)}{suffix}"
    chosen, kind = QFileDialog.getSaveFileName(window, "Save", str(start), ";;".join(contents))
    if chosen:
        path = Path(chosen) if Path(chosen).suffix else Path(f"{chosen}{suffix}")
        make = contents[kind] if kind in contents else next(iter(contents.values()))
        Writing(window, path, lambda: make(article()))
