"""The list of lessons: those that come with the app and those of a folder of the user's, and what is in each."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from threading import Thread

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QFileDialog, QWidget

from resnet_explorer.app.lesson_files import LOOK_MS, folders, problem_text
from resnet_explorer.app.lesson_text import LessonText
from resnet_explorer.errors import ExplorerError
from resnet_explorer.lessons import check, course
from resnet_explorer.lessons.course import Listed
from resnet_explorer.lessons.topics import titles
from resnet_explorer.ui.dialogs import resize_to_fit
from resnet_explorer.ui.parts import Problem, WrappedLabel, button, describe, hbox, timer, vbox
from resnet_explorer.ui.status import ElidedLabel
from resnet_explorer.ui.tables import TextRow, TextTable
from resnet_explorer.ui.window import Window

COLUMNS = (
    ("Lesson", "Its title; Enter or a double click opens it"),
    ("Minutes", "How long it takes"),
    ("Steps", "How many steps it has"),
    ("Level", "For whom it is"),
)
NO_FOLDER = "No folder of your own. A lesson is a Markdown file; see docs/lessons.md."


class LessonList(QDialog):
    """Lists the lessons; ``open_lesson`` is called with the file of the one that is opened."""

    def __init__(self, window: Window, open_lesson: Callable[[Path], object]) -> None:
        super().__init__(window)
        self._window, self._open_lesson = window, open_lesson
        self.setWindowTitle("Lessons")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._listed: dict[str, Listed] = {}
        self._chosen = ""
        self._problems: dict[str, str] = {}
        self._thread: Thread | None = None
        self._look = timer(self, LOOK_MS, self._on_look)
        self.table = TextTable("Lessons", COLUMNS, numbers=(1, 2))
        self.table.chosen.connect(self._on_chosen)
        self.table.itemActivated.connect(self.open)
        self.knows, self.topics, self.problem = LessonText(), WrappedLabel(), Problem()
        self.folder = ElidedLabel()
        self.open_button = button("Open", "Open the lesson (Enter)", self.open)
        self.open_button.setDefault(True)
        choose = button("Choose folder…", "List the lessons of a folder of your own too", self._on_choose)
        self.forget = button("Forget", "List no folder of your own", self._on_forget)
        close = button("Close", "Close this list (Esc)", self.reject)
        about = describe(QWidget(), "About the lesson")
        vbox(self.knows, self.topics, self.problem, of=about, spacing=4)
        place = hbox((self.folder, 1), choose, self.forget)
        vbox((self.table, 1), about, place, hbox(1, self.open_button, close), of=self, margins=(12, 12, 12, 12))
        resize_to_fit(self, 660, 520)
        self.show_lessons()

    def show_lessons(self) -> None:
        """List the lessons that there are now."""
        listed = course.lessons(*folders(self._window))
        self._listed = {str(entry.path): entry for entry in listed}
        self._problems = {
            key: f"{entry.path.name}, {entry.problem}" for key, entry in self._listed.items() if entry.problem
        }
        self._show_rows()
        self._check([entry.path for entry in listed if entry.lesson and entry.path.parent in folders(self._window)])
        own = self._window.preferences.lessons_folder
        self.folder.setText(f"Your lessons: {own}" if own else NO_FOLDER)
        self.forget.setVisible(bool(own))
        first = next(iter(self._listed), "")
        self.table.select(first)
        self._on_chosen(first)

    def _show_rows(self) -> None:
        self.table.show_rows([_row(entry, self._problems.get(key, "")) for key, entry in self._listed.items()])
        self.table.fit_columns()

    def _check(self, paths: list[Path]) -> None:
        """Look for what is wrong in the user's own lessons, beside the window's thread."""
        if self._thread is None and paths:
            self._thread = Thread(target=self._find_problems, args=(paths, self._problems), daemon=True)
            self._thread.start()
            self._look.start()

    @staticmethod
    def _find_problems(paths: list[Path], problems: dict[str, str]) -> None:
        for path in paths:
            with suppress(ExplorerError):  # a file that is gone
                problems[str(path)] = problem_text(path, check.problems(course.read_text(path), str(path)))

    def _on_look(self) -> None:
        if self._thread is not None and not self._thread.is_alive():
            self._look.stop()
            self._thread = None
            self._show_rows()
            self.table.select(self._chosen)
            self._on_chosen(self._chosen)

    def open(self) -> None:
        """Open the lesson that is selected; a broken one cannot be."""
        entry = self._listed.get(self._chosen)
        if entry is not None and entry.lesson is not None:
            self.accept()
            self._open_lesson(entry.path)

    def _on_chosen(self, key: str) -> None:
        self._chosen, entry = key, self._listed.get(key)
        lesson = entry.lesson if entry else None
        self.knows.show_text(f"*Afterwards you know:* {lesson.knows}" if lesson else "")
        self.topics.show_text(f"It covers {titles(lesson.topics)}." if lesson and lesson.topics else "")
        self.problem.say(self._problems.get(key, ""))
        self.open_button.setEnabled(lesson is not None)

    def _on_choose(self) -> None:
        start = self._window.preferences.lessons_folder or self._window.preferences.export_folder
        if chosen := QFileDialog.getExistingDirectory(self, "The folder of your lessons", start):
            self._use_folder(chosen)

    def _on_forget(self) -> None:
        self._use_folder("")

    def _use_folder(self, folder: str) -> None:
        self._window.remember(replace(self._window.preferences, lessons_folder=folder))
        self.show_lessons()


def _row(entry: Listed, problem: str) -> TextRow:
    lesson = entry.lesson
    if lesson is None:
        return TextRow(str(entry.path), (f"⚠ {entry.path.name}", "", "", ""), tips=(problem,))
    title = f"⚠ {lesson.title}" if problem else lesson.title
    texts = (title, str(lesson.minutes), str(len(lesson.steps)), str(lesson.level))
    return TextRow(str(entry.path), texts, tips=(f"{title}\n{problem or entry.path}",))
