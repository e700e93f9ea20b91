"""The files of lessons: the user's folder, and the file of an open lesson, which is read again when it is saved."""

from pathlib import Path
from threading import Thread

from PySide6.QtCore import QFileSystemWatcher, QObject

from resnet_explorer import assets
from resnet_explorer.app.lesson_player import LessonPlayer
from resnet_explorer.errors import ExplorerError
from resnet_explorer.lessons import check, course
from resnet_explorer.lessons.parse import parse
from resnet_explorer.lessons.values import Problem
from resnet_explorer.ui.parts import timer
from resnet_explorer.ui.window import Window

WAIT_MS = 120
"""Editors write in several steps: the file is read so many milliseconds after the last one."""
LOOK_MS = 30


def folders(window: Window) -> tuple[Path, ...]:
    """Return the folder of the user's own lessons, where one was chosen."""
    chosen = window.preferences.lessons_folder
    return (Path(chosen),) if chosen else ()


def problem_text(path: Path, problems: tuple[Problem, ...]) -> str:
    """Return the first of some problems with its line, and how many there are; empty where there is none."""
    if not problems:
        return ""
    first, more = problems[0], f" {len(problems)} problems in all." if len(problems) > 1 else ""
    return f"{path.name}, line {first.line}: {first.what} {first.remedy}{more}".rstrip()


class Reload(QObject):
    """Lets a player go on with its lesson's file whenever that is saved.

    What is saved is checked beside the window's thread, since the values of all its expressions are computed; what is
    wrong is said with its line, and the last lesson without a problem stays.
    """

    def __init__(self, player: LessonPlayer, path: Path) -> None:
        super().__init__(player)
        self._player, self._path = player, path
        self._text = course.read_text(path)
        self._problems: tuple[Problem, ...] = ()
        self._is_first = True
        self._thread: Thread | None = None
        self._watcher = QFileSystemWatcher([str(path), str(path.parent)], self)
        self._wait = timer(self, WAIT_MS, self._read, once=True)
        self._look = timer(self, LOOK_MS, self._on_look)
        self._watcher.fileChanged.connect(self._wait.start)
        self._watcher.directoryChanged.connect(self._wait.start)
        if not path.resolve().is_relative_to(assets.path("lessons").resolve()):  # a test checks those of the app
            self._check()

    def _read(self) -> None:
        """Check the file's text where it is another one; what is being checked is waited for."""
        if self._thread is not None:
            self._wait.start()
            return
        if self._path.exists() and str(self._path) not in self._watcher.files():
            self._watcher.addPath(str(self._path))  # another file has taken its place
        try:
            text = course.read_text(self._path)
        except ExplorerError as error:
            self._player.say_problem(str(error))
            return
        if text != self._text:
            self._text, self._is_first = text, False
            self._check()

    def _check(self) -> None:
        self._thread = Thread(target=self._find_problems, args=(self._text,), daemon=True)
        self._thread.start()
        self._look.start()

    def _find_problems(self, text: str) -> None:
        self._problems = check.problems(text, str(self._path))

    def _on_look(self) -> None:
        if self._thread is None or self._thread.is_alive():
            return
        self._look.stop()
        self._thread = None
        if self._problems or self._is_first:
            self._player.say_problem(problem_text(self._path, self._problems))
        else:
            self._player.replace(parse(self._text, str(self._path)))
