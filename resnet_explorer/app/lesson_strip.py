"""The strip of a lesson on the stage: a step's text, formula and question under the picture, for the back row."""

from collections.abc import Callable, Mapping
from functools import partial

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent

from resnet_explorer.app.formula import Formula
from resnet_explorer.app.lesson_player import LessonPlayer
from resnet_explorer.app.lesson_strip_layout import Content, Laid, Part, lay_out
from resnet_explorer.app.lesson_text import plain
from resnet_explorer.app.stage import DiagramShow
from resnet_explorer.errors import ExplorerError
from resnet_explorer.lessons.values import QuestionKind
from resnet_explorer.picture.marks import Ink
from resnet_explorer.picture.theme import LIGHT, Theme
from resnet_explorer.ui.painter import paint
from resnet_explorer.ui.parts import describe
from resnet_explorer.ui.slide import ControlKind
from resnet_explorer.ui.stage import Stage
from resnet_explorer.ui.strip import Strip

_NUMBER = "0123456789.,-+eEkMGT%"
CLICK = "click it in the picture, or go to it with ← → and press Enter"
AWAY = "Home: back to the lesson"


class LessonStrip(Strip):
    """Shows what a lesson's player is at; the Page keys, Space and a presenter's clicker go through its steps."""

    def __init__(self, player: LessonPlayer, stage: Stage) -> None:
        super().__init__(stage)
        self._player, self._stage = player, stage
        self._typed, self._problem, self._place = "", "", -1
        self._formula = Formula()
        self._formula.setParent(self)
        self.laid: Laid | None = None
        self._scale, self._theme = 1.0, LIGHT
        self.setCursor(Qt.CursorShape.ArrowCursor)
        player.changed.connect(self._on_changed)

    def _on_changed(self) -> None:
        if self._place != self._player.place:
            self._place, self._typed, self._problem = self._player.place, "", ""
        self._stage.recompose()

    def fit(self, wide: float, scale: float, theme: Theme) -> float:
        """Set the step for a slide of a width, and return its height in px of the slide."""
        self._scale, self._theme = scale, theme
        step = self._player.step
        self._formula.setVisible(bool(step.formula) and self._player.given is None)
        natural = (0.0, 0.0)
        if self._formula.isVisibleTo(self):
            self._formula.show_formula(step.formula, theme.colours[Ink.TEXT])
            natural = self._formula.natural_size()
        self.laid = lay_out(self._content(natural), wide)
        if place := self.laid.formula:
            self._formula.show_formula(step.formula, theme.colours[Ink.TEXT], place.height() * scale / natural[1])
            self._formula.setGeometry(QRectF(place.topLeft() * scale, place.size() * scale).toAlignedRect())
        describe(self, f"Lesson {self._player.lesson.title}, step {self._player.place + 1} of {self._player.count}")
        self.setAccessibleDescription(self.laid.picture.description)
        self.update()
        return self.laid.picture.height

    def _content(self, formula: tuple[float, float]) -> Content:
        player, step, given = self._player, self._player.step, self._player.given
        title = given.verdict if given else step.title
        text = plain(given.why if given and given.why else player.text(step.text))
        parts: list[Part] = []
        prompt = ""
        if player.question is not None and given is None:
            prompt, parts = self._ask()
        elif given is not None and player.question is not None and player.question.show:
            parts.append(Part("W back to the question" if player.shows_why else "W show why", self._why))
        if player.place == player.count - 1 and player.question is None:
            prompt = f"Now you know: {player.lesson.knows}"
        problem = self._problem or player.problem
        return Content(title, text, self._ways(), prompt, tuple(parts), formula, f"⚠ {problem}" if problem else "")

    def _ways(self) -> tuple[Part, ...]:
        player = self._player
        away = (Part(AWAY, player.back_to_lesson, Ink.ACCENT),) if player.is_away else ()
        back, on = (Part(text, partial(player.step_by, by), Ink.MUTED) for text, by in (("‹", -1), ("›", 1)))
        where = Part(f"{player.place + 1} / {player.count}", None, Ink.MUTED)
        return (*away, back, where, on, Part("Leave", player.leave, Ink.MUTED))

    def _ask(self) -> tuple[str, list[Part]]:
        """Return what is asked, and what can be clicked for an answer."""
        player, question = self._player, self._player.question
        assert question is not None
        prompt = player.text(question.prompt)
        parts: list[Part] = []
        if question.kind is QuestionKind.CHOICE:
            for place, option in enumerate(question.options, start=1):
                text = player.text(option)
                parts.append(Part(f"{place}  {text}", partial(player.answer, text)))
        elif question.kind is QuestionKind.NUMBER:
            parts.append(Part(f"{self._typed or 'type a number'}▏ {question.unit}", self._answer_number))
        else:
            prompt = f"{prompt.rstrip('.')}: {CLICK}" if prompt else f"{CLICK[0].upper()}{CLICK[1:]}"
        return prompt, [*parts, Part("A show the answer", partial(player.answer, ""), Ink.MUTED)]

    def action_of(self, event: QKeyEvent) -> Callable[[], object] | None:
        """Return what a key does in the lesson."""
        key = Qt.Key(event.key())
        keys = Qt.Key
        if action := self._answer_of(event):
            return action
        steps: Mapping[Qt.Key, Callable[[], object]] = {
            **dict.fromkeys((keys.Key_PageDown, keys.Key_N), partial(self._player.step_by, 1)),
            **dict.fromkeys((keys.Key_PageUp, keys.Key_Backspace), partial(self._player.step_by, -1)),
            keys.Key_Home: self._player.back_to_lesson,
        }
        if key == keys.Key_Space and not self._plays():
            return partial(self._player.step_by, 1)
        return steps.get(key)

    def _plays(self) -> bool:
        """Return whether Space plays what the page shows."""
        presentation = self._stage.presentation
        return presentation is not None and any(one.kind is ControlKind.PLAY for one in presentation.controls)

    def _answer_of(self, event: QKeyEvent) -> Callable[[], object] | None:
        """Return what a key does to the step's question."""
        question, given, key = self._player.question, self._player.given, Qt.Key(event.key())
        if question is None:
            return None
        if given is not None:
            return self._why if key == Qt.Key.Key_W and question.show else None
        is_enter = key in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if question.kind is QuestionKind.NUMBER:
            if is_enter and self._typed:
                return self._answer_number
            if self._typed and key == Qt.Key.Key_Backspace:
                return partial(self._type, self._typed[:-1])
            if event.text() and event.text() in _NUMBER:
                return partial(self._type, self._typed + event.text())
        place = key - Qt.Key.Key_1
        if question.kind is QuestionKind.CHOICE and 0 <= place < len(question.options):
            return partial(self._player.answer, self._player.text(question.options[place]))
        show = self._stage.presentation
        if question.kind is QuestionKind.CLICK and is_enter and isinstance(show, DiagramShow) and show.path:
            return partial(self._player.answer, show.path)
        return partial(self._player.answer, "") if key == Qt.Key.Key_A else None

    def _type(self, text: str) -> None:
        self._typed, self._problem = text, ""
        self._stage.recompose()

    def _answer_number(self) -> None:
        if not self._typed:
            return
        try:
            self._player.answer(self._typed)
        except ExplorerError as error:
            self._problem = str(error)
            self._stage.recompose()

    def _why(self) -> None:
        self._player.show_why(not self._player.shows_why)

    def picked(self, path: str) -> bool:
        """Answer the step's question by a click, where one is waited for on the diagram."""
        waits = self._player.waits_for_click and isinstance(self._stage.presentation, DiagramShow)
        if waits and path:
            self._player.answer(path)
        return waits and bool(path)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.scale(self._scale, self._scale)
        if self.laid:
            paint(painter, self.laid.picture, self._theme)
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        at: QPointF = event.position() / self._scale
        if action := self.laid.action_at(at) if self.laid else None:
            action()
