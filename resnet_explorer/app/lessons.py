"""Opening lessons: the card beside the page, the strip on the stage, the keys, and the file that may be edited."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget

from resnet_explorer.app.lesson_card import LessonCard
from resnet_explorer.app.lesson_files import Reload, folders, problem_text
from resnet_explorer.app.lesson_player import LessonPlayer
from resnet_explorer.app.main_window import MainWindow
from resnet_explorer.errors import ExplorerError
from resnet_explorer.lessons import check, course
from resnet_explorer.lessons.values import Lesson
from resnet_explorer.ui.dialogs import warn
from resnet_explorer.ui.frame import Drawer, Edge

WIDTH = 300
"""The width of the card in px at the usual text size."""
SHARE = 0.3
"""It is never wider than this part of the window."""


def show_list(window: MainWindow, checked: bool = False) -> None:
    """Show the list of lessons, from which one can be opened."""
    from resnet_explorer.app.lesson_list import LessonList

    LessonList(window, partial(open_lesson, window)).show()


def open_lesson(window: MainWindow, key_or_path: str | Path) -> LessonPlayer | None:
    """Open a lesson by its key, or the path of its file; one that cannot be opened is explained, and None returned.

    A lesson that is open is left first.
    """
    try:
        path = course.find(str(key_or_path), *folders(window))
        return start(window, course.load(path), path)
    except ExplorerError as error:
        warn(window, "This lesson cannot be opened", error)
        return None


def start(window: MainWindow, lesson: Lesson, path: Path | None = None) -> LessonPlayer:
    """Let a lesson drive the window; one with a file is read again whenever that is saved.

    Raises ExplorerError, with the line where it has a file, where the scene of a step cannot be.
    """
    if window.lesson is not None:
        window.lesson.leave()
    try:
        player = LessonPlayer(window, lesson, window.scenes.changed)
    except ExplorerError as error:
        problems = check.problems(course.read_text(path), str(path)) if path else ()
        raise ExplorerError(error.where, problem_text(path, problems) if path else error.what) from error
    if path is not None:
        Reload(player, path)
    _Desk(window, player)
    player.begin()
    return player


class _Desk(QObject):
    """What a lesson has in the window while it is open: its card, its keys, its strip on the stage, its question."""

    def __init__(self, window: MainWindow, player: LessonPlayer) -> None:
        super().__init__(player)
        self._window, self._player = window, player
        window.lesson = player
        self.card = LessonCard(window, player)
        self._drawer = self._put(self.card)
        keys = {
            "PgDown": self.card.next.click,
            "Alt+Right": self.card.next.click,
            "PgUp": self.card.back.click,
            "Alt+Left": self.card.back.click,
            "Alt+Home": player.back_to_lesson,
        }
        self._shortcuts = [QShortcut(QKeySequence(key), window, act) for key, act in keys.items()]
        player.shown.connect(self._on_shown)
        player.changed.connect(self._on_changed)
        player.ended.connect(self._on_ended)
        window.stage_changed.connect(self._on_stage)
        self.card.setFocus(Qt.FocusReason.OtherFocusReason)

    def _put(self, card: LessonCard) -> Drawer:
        """Return the drawer of lessons with a card in it, which is made for the first lesson."""
        window = self._window
        drawer = window.drawer_beside("Lesson")
        if drawer is None:
            drawer = Drawer("Lesson", card, Edge.RIGHT, WIDTH, "The lesson that is open")
            drawer.share = SHARE
            window.put_beside(drawer)
        else:
            drawer.set_widget(card)
        drawer.offer(True)
        window.open_beside(drawer, True)
        return drawer

    def _on_shown(self) -> None:
        """Let the stage show what the window shows now."""
        if self._window.stage is not None:
            self._window.stage.show_anew()

    def _on_changed(self) -> None:
        self._window.diagram.picker = self._pick if self._player.waits_for_click else None

    def _pick(self, path: str) -> None:
        if path:
            self._player.answer(path)

    def _on_stage(self) -> None:
        """Put the strip on a stage that has begun; show the step again in the window after it was left."""
        if self._window.stage is None:
            self._player.back_to_lesson()
            return
        from resnet_explorer.app.lesson_strip import LessonStrip

        self._window.stage.show_strip(LessonStrip(self._player, self._window.stage))
        self._player.back_to_lesson()

    def _on_ended(self) -> None:
        window = self._window
        window.lesson, window.diagram.picker = None, None
        for shortcut in self._shortcuts:
            shortcut.setEnabled(False)  # the next lesson may have its own before this one is deleted
            shortcut.deleteLater()
        window.stage_changed.disconnect(self._on_stage)
        if window.stage is not None:
            window.stage.show_strip(None)
            window.stage.show_anew()
        window.open_beside(self._drawer, False)
        self._drawer.offer(False)
        self._drawer.set_widget(QWidget())
        window.canvas.setFocus()
        self._player.deleteLater()
