"""A lesson that drives the window: which step is shown, what was answered, and what the user had before."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal, SignalInstance

from resnet_explorer.app.lesson_answers import Given, answers_text, judge
from resnet_explorer.errors import ExplorerError
from resnet_explorer.lessons import course
from resnet_explorer.lessons.expressions import render
from resnet_explorer.lessons.values import Lesson, Question, QuestionKind, Step
from resnet_explorer.scenes.scene import DIAGRAM, Scene
from resnet_explorer.scenes.session import History
from resnet_explorer.ui.document import Change, Document
from resnet_explorer.ui.frame import Frame
from resnet_explorer.ui.window import Window

SETTLE_MS = 60
"""What is shown is compared with the step so many milliseconds after it changed."""
MOMENTS = ("replay", "step")
"""The fields of a page's part that say how far something has played: whoever plays it has not left the step."""


class _Start(Change):
    """The start of a lesson among the user's steps: to undo it is to leave the lesson."""

    def __init__(self, player: "LessonPlayer", document: Document) -> None:
        super().__init__(document, document.state, document.state, f"lesson “{player.lesson.title}”")
        self._player = player

    def redo(self) -> None:
        """Do nothing: the first step shows itself."""

    def undo(self) -> None:
        QTimer.singleShot(0, self._player.leave)  # the stack is still at work


class LessonPlayer(QObject):
    """Goes through a lesson's steps.

    ``changed`` tells that something else is to be said, ``shown`` that the window shows another scene, ``ended`` that
    the lesson is left. ``scenes`` are those of its steps.

    The user's own scene, the drawers of the pages and the steps to undo are kept, and are as before when it is left.
    ``is_away`` says that something else is shown than the step shows; ``problem`` what is wrong with the lesson's file
    since it was saved last.
    """

    changed = Signal()
    shown = Signal()
    ended = Signal()

    def __init__(self, window: Window, lesson: Lesson, scene_changed: SignalInstance) -> None:
        super().__init__(window)
        self.lesson = lesson
        self.place, self.problem, self.is_away = 0, "", False
        self.answers: dict[int, Given] = {}
        self.shows_why = False
        self._window, self._scene_changed = window, scene_changed
        self._before, self._history = window.scene(), window.document.history
        self._layouts: dict[str, Mapping[str, tuple[str, int]]] = {}
        self.scenes = course.scenes(lesson, self._before)
        self._rendered: dict[str, str] = {}
        self._shown = self._before
        self._has_ended = False
        self._start = _Start(self, window.document)
        self._settled = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._settled.timeout.connect(self._compare)

    def begin(self, place: int = 0) -> None:
        """Show a step, the first one where none is named; from now on the lesson drives the window."""
        self._window.document.undo_stack.push(self._start)
        self._scene_changed.connect(self._settled.start)
        self.go(place)

    @property
    def own_work(self) -> tuple[Scene, History]:
        """Return the user's own scene and steps to undo, which come back when the lesson is left."""
        return self._before, self._history

    @property
    def step(self) -> Step:
        return self.lesson.steps[self.place]

    @property
    def count(self) -> int:
        """Return the number of steps."""
        return len(self.lesson.steps)

    @property
    def question(self) -> Question | None:
        return self.step.question

    @property
    def given(self) -> Given | None:
        """Return what was answered to the step's question."""
        return self.answers.get(self.place)

    @property
    def waits_for_click(self) -> bool:
        """Return whether a click in the diagram answers the step's question."""
        return self.question is not None and self.question.kind is QuestionKind.CLICK and self.given is None

    def text(self, text: str) -> str:
        """Return a text of the step with its values filled in."""
        if text not in self._rendered:
            try:
                self._rendered[text] = render(text, self.scenes[self.place])
            except ExplorerError as error:
                self._rendered[text] = f"{text} ⚠ {error}"
        return self._rendered[text]

    def go(self, place: int) -> None:
        """Go to a step, within those that there are."""
        self.place = max(0, min(place, self.count - 1))
        self.shows_why = False
        self._rendered = {}
        self._show(self.scenes[self.place])

    def step_by(self, by: int) -> None:
        """Go to the next step, or to the one before (-1); past the last one nothing happens."""
        if 0 <= self.place + by < self.count:
            self.go(self.place + by)

    def back_to_lesson(self) -> None:
        """Show what the step shows again."""
        self._show(self._shown)

    def answer(self, text: str) -> None:
        """Take an answer to the step's question, and show what is right; an empty one only shows it.

        Raises ExplorerError where the text is no answer to it, such as no number.
        """
        if self.question is None or self.given is not None:
            return
        self.answers[self.place] = judge(self.question, text, self.scenes[self.place])
        if self.question.kind is QuestionKind.CLICK:
            self._show(replace(self.scenes[self.place], selection=self.answers[self.place].right[0]))
        else:
            self.changed.emit()

    def show_why(self, on: bool) -> None:
        """Go to the scene that shows why the answer is right, or back to the step's."""
        self.shows_why = on and self.question is not None
        scene = self.scenes[self.place]
        self._show(course.answer_scene(self.question, scene) if self.question and self.shows_why else scene)

    def replace(self, lesson: Lesson) -> None:
        """Go on with a lesson that was edited, at the same step."""
        title = self.step.title
        titles = [step.title for step in lesson.steps]
        scenes = course.scenes(lesson, self._before)
        place = titles.index(title) if title in titles else min(self.place, len(titles) - 1)
        questions = {step.title: step.question for step in lesson.steps}
        kept = {
            self.lesson.steps[at].title: given
            for at, given in self.answers.items()
            if questions.get(self.lesson.steps[at].title) == self.lesson.steps[at].question
        }
        self.lesson, self.scenes, self.problem = lesson, scenes, ""
        self.answers = {titles.index(name): given for name, given in kept.items()}
        self.go(place)

    def answers_text(self) -> str:
        """Return what was answered, as a text to be saved."""
        prompts = {place: self._prompt(place) for place in self.answers}
        return answers_text(self.lesson, self.answers, prompts)

    def _prompt(self, place: int) -> str:
        question = self.lesson.steps[place].question
        return render(question.prompt, self.scenes[place]) if question else ""

    def say_problem(self, problem: str) -> None:
        """Show what is wrong with the lesson's file now; the lesson stays as it was."""
        self.problem = problem
        self.changed.emit()

    def leave(self) -> None:
        """Show what the user had before, with the same steps to undo.

        Where those are gone, since other work was opened, that is left as it is.
        """
        if self._has_ended:
            return
        self._has_ended = True
        self._settled.stop()
        self._scene_changed.disconnect(self._settled.start)
        if self._forget_steps():
            self._window.go_to(self._before)
            for key, layout in self._layouts.items():
                self._frame(key).set_layout_state(layout)
        self.ended.emit()

    def _forget_steps(self) -> bool:
        """Take what was done in the lesson from the steps to undo; return whether they are the user's of before."""
        stack = self._window.document.undo_stack
        first = next((place for place in range(stack.count()) if stack.command(place) is self._start), None)
        if first is None:
            return False
        for place in range(first, stack.count()):
            stack.command(place).setObsolete(True)  # such a step goes without being run
        stack.setIndex(stack.count())
        stack.setIndex(first)
        return True

    def _show(self, scene: Scene) -> None:
        frame = self._frame(scene.page)
        self._layouts.setdefault(scene.page, frame.layout_state())
        closed = {drawer.title: False for drawer in frame.drawers}
        scene = replace(scene, drawers={**closed, **scene.drawers})  # the picture has the room, beside the card
        focus, self._shown = self._window.focusWidget(), scene
        self._window.go_to(self._with_other_pages(scene))
        if focus is not None and focus.isVisible():
            focus.setFocus()
        self.shown.emit()
        self.is_away = False
        self.changed.emit()

    def _with_other_pages(self, scene: Scene) -> Scene:
        """Return a scene in which the pages that are not looked at stay as they are, so that nothing is drawn there."""
        now = self._window.scene()
        for key in {*now.parts, *scene.parts} - {scene.page}:
            parts = now.part(key), scene.part(key)
            if not any(getattr(part, "on_diagram", False) for part in parts):
                scene = scene.with_part(key, parts[0])
        return scene

    def _frame(self, page: str) -> Frame:
        return self._window.panels if page == DIAGRAM else self._window.page(page)

    def _compare(self) -> None:
        """Note whether something else is shown than the step shows."""
        shown, step = self._window.scene(), self._shown
        if self.waits_for_click:  # who walks to a block to answer has not left
            shown = replace(shown, selection=step.selection)
        pages = replace(shown, parts={}), replace(step, parts={})
        part = step.part(step.page)
        is_away = pages[0] != pages[1] or _at_moment_of(part, shown.part(step.page)) != part
        if is_away != self.is_away:
            self.is_away = is_away
            self.changed.emit()


def _at_moment_of(other: Any, part: Any) -> Any:
    """Return what a page shows, played as far as another one."""
    moments = {key: getattr(other, key) for key in MOMENTS if hasattr(part, key) and hasattr(other, key)}
    return replace(part, **moments) if moments else part
