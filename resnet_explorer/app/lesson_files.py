"""The files of lessons: the user's folder, and the file of an open lesson, which is read again when it is saved."""

from pathlib import Path

from PySide6.QtCore import QFileSystemWatcher, QObject, QTimer

from resnet_explorer.app.lesson_player import LessonPlayer
from resnet_explorer.errors import ExplorerError
from resnet_explorer.lessons import check, course
from resnet_explorer.lessons.parse import parse
from resnet_explorer.lessons.values import Lesson
from resnet_explorer.ui.window import Window

WAIT_MS = 120
"""Editors write in several steps: the file is read so many milliseconds after the last one."""


def folders(window: Window) -> tuple[Path, ...]:
    """Return the folder of the user's own lessons, where one was chosen."""
    chosen = window.preferences.lessons_folder
    return (Path(chosen),) if chosen else ()


def read_lesson(path: Path) -> Lesson:
    """Return a lesson whose scenes, expressions and questions were checked.

    Raises ExplorerError with the line of what is wrong first.
    """
    text = course.read_text(path)
    if problems := check.problems(text, str(path)):
        first = problems[0]
        more = f" ({len(problems)} problems in all.)" if len(problems) > 1 else ""
        raise ExplorerError(str(path), f"{path.name}, line {first.line}: {first.what}", f"{first.remedy}{more}".strip())
    return parse(text, str(path))


class Reload(QObject):
    """Lets a player go on with its lesson's file whenever that is saved; a broken one is told, and the lesson stays."""

    def __init__(self, player: LessonPlayer, path: Path) -> None:
        super().__init__(player)
        self._player, self._path = player, path
        self._text = course.read_text(path)
        self._watcher = QFileSystemWatcher([str(path), str(path.parent)], self)
        self._wait = QTimer(self, singleShot=True, interval=WAIT_MS)
        self._wait.timeout.connect(self._read)
        self._watcher.fileChanged.connect(self._wait.start)
        self._watcher.directoryChanged.connect(self._wait.start)

    def _read(self) -> None:
        if self._path.exists() and str(self._path) not in self._watcher.files():
            self._watcher.addPath(str(self._path))  # another file has taken its place
        try:
            text = course.read_text(self._path)
            if text == self._text:
                return
            self._text = text
            self._player.replace(read_lesson(self._path))
        except ExplorerError as error:
            self._player.say_problem(str(error))
