"""The actions that write what is shown to take home: a web page, a hand-out; imported when one is triggered.

The files are made beside the window's thread.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtWidgets import QFileDialog

from resnet_explorer.app.main_window import MainWindow
from resnet_explorer.errors import ExplorerError
from resnet_explorer.share.article import Article
from resnet_explorer.share.lesson import lesson_article
from resnet_explorer.share.page import to_html
from resnet_explorer.share.scene import scene_article
from resnet_explorer.ui.dialogs import warn
from resnet_explorer.ui.export_dialog import file_name
from resnet_explorer.ui.hand_out import to_pdf
from resnet_explorer.ui.writing import Writing

Contents = Mapping[str, Callable[[Article], bytes | str]]
"""What makes the content of a file, by the name of its kind."""
PAGE: Contents = {"Web page (*.html)": to_html}
HAND_OUT: Contents = {
    "PDF on A4 (*.pdf)": to_pdf,
    "PDF on Letter (*.pdf)": partial(to_pdf, paper="letter"),
    "PDF on A4, teacher's sheet with answers (*.pdf)": partial(to_pdf, answers=True),
    "PDF on Letter, teacher's sheet with answers (*.pdf)": partial(to_pdf, paper="letter", answers=True),
}


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
        Writing(window, path, lambda: make(article()), partial(_on_end, window, path))


def _on_end(window: MainWindow, path: Path, error: ExplorerError | None) -> None:
    if error:
        warn(window, "The file could not be saved", error)
        return
    window.remember(replace(window.preferences, export_folder=str(path.parent)))
    window.say(f"Saved {path}.")
