"""The card of a lesson at the desk: a step's text, formula and question beside the page, and the way on and back."""

from collections.abc import Callable, Mapping

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QAccessible, QAccessibleEvent, QKeyEvent
from PySide6.QtWidgets import QLayout, QPushButton, QScrollArea, QWidget

from resnet_explorer.app.formula import Formula
from resnet_explorer.app.lesson_player import LessonPlayer
from resnet_explorer.app.lesson_question import QuestionPart
from resnet_explorer.app.lesson_text import LessonText, plain
from resnet_explorer.picture.marks import Ink
from resnet_explorer.ui.dialogs import save_text
from resnet_explorer.ui.parts import Problem, WrappedLabel, button, describe, fill, hbox, label, panel, vbox
from resnet_explorer.ui.style import theme_named
from resnet_explorer.ui.window import Window

AWAY, HANDED_OVER = "Something else is shown than this step shows.", "The window is yours now: change what you like."
_KEYS = "Right, Space, N and Page Down go to the next step, Left and Page Up to the one before, Home back to this step."


class LessonCard(QWidget):
    """Shows what a lesson's player is at; ``keys`` of its own work while it has the keyboard."""

    def __init__(self, window: Window, player: LessonPlayer) -> None:
        super().__init__()
        self._window, self._player = window, player
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.lesson, self.count = label(kind="muted", cut=True), label(kind="muted")
        self.title, self.text = WrappedLabel(quiet=False), LessonText()
        self.title.setObjectName("title")
        self.formula, self.problem = Formula(), Problem()
        self.question = QuestionPart(player, _under_each_other)
        self.away, self.end = WrappedLabel(), LessonText()
        self.to_lesson = button("Back to the lesson", "Show what this step shows (Home)", player.back_to_lesson)
        self.save = button("Save my answers…", "Save what was answered as a text file", self._on_save)
        self.back = button("‹ Back", "The step before (Page Up, Alt+Left)", self._on_back)
        self.next = button("Next ›", "The next step (Page Down, Alt+Right)", self._on_next)
        self.leave = button("Leave", "Leave the lesson: everything is as before it", player.leave)
        self._scroll = QScrollArea()
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        body = self.title, self.text, self.formula, self.question, self.end, panel(hbox(self.save, 1))
        fill(self._scroll, *body, 1, margins=(12, 4, 12, 8), spacing=10)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        top = panel(hbox((self.lesson, 1), self.count), margins=(12, 8, 12, 0))
        buttons = hbox(self.back, self.next, 1, self.leave, spacing=6)
        self._away = panel(self.away, hbox(self.to_lesson, 1), spacing=4)
        bottom = panel(self.problem, self._away, buttons, margins=(12, 6, 12, 10), spacing=8)
        vbox(top, (self._scroll, 1), bottom, of=self, spacing=0)
        for made in self.findChildren(QPushButton):
            made.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # who clicks keeps the keyboard where it is
            made.installEventFilter(self)
        self.question.field.returnPressed.connect(self._on_returned)
        player.changed.connect(self.show_step)
        self.show_step()

    def show_step(self) -> None:
        """Show the step that the lesson is at."""
        player, step = self._player, self._player.step
        self.lesson.setText(player.lesson.title)
        self.count.setText(f"{player.place + 1} of {player.count}")
        self.title.setText(step.title)
        self.text.show_text(player.text(step.text))
        self.formula.setVisible(bool(step.formula))
        if step.formula:
            self.show_formula()
        is_last = player.place == player.count - 1
        self.question.show_question()
        self.end.show_text(f"*Now you know:* {player.lesson.knows}" if is_last else "")
        self.save.setVisible(is_last and any(given.text for given in player.answers.values()))
        self.problem.say(player.problem)
        self.away.setText(HANDED_OVER if step.hands_over else AWAY)
        self._away.setVisible(player.is_away or step.hands_over)
        self.to_lesson.setEnabled(player.is_away)
        self.back.setEnabled(player.place > 0)
        self.next.setEnabled(not is_last)
        self.leave.setText("Finish" if is_last else "Leave")
        where = f"Lesson {player.lesson.title}, step {player.place + 1} of {player.count}: {step.title}"
        describe(self, where)
        self.setAccessibleDescription(f"{plain(player.text(step.text))} {_KEYS}")
        QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.DescriptionChanged))

    def show_formula(self) -> None:
        """Show the step's formula in the colours of the theme."""
        theme = theme_named(self._window.preferences.theme)
        self.formula.show_formula(self._player.step.formula, theme.colours[Ink.TEXT], theme.font_points / 10)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange) and self._player.step.formula:
            self.show_formula()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space:  # on a button it presses that
            self._on_next()
        elif not self._act(event):
            super().keyPressEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let the card's keys work on its buttons too, where arrows would go from button to button."""
        return isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and self._act(event)

    def _act(self, event: QKeyEvent) -> bool:
        if self.question.act(event):
            return True
        action = self._keys.get(Qt.Key(event.key()))
        if action is None or event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            return False
        action()
        return True

    @property
    def _keys(self) -> Mapping[Qt.Key, Callable[[], object]]:
        key = Qt.Key
        return {
            **dict.fromkeys((key.Key_Right, key.Key_N, key.Key_PageDown), self._on_next),
            **dict.fromkeys((key.Key_Left, key.Key_PageUp, key.Key_Backspace), self._on_back),
            key.Key_Home: self._player.back_to_lesson,
            key.Key_Escape: self._window.canvas.setFocus,
        }

    def _on_next(self) -> None:
        self._player.step_by(1)

    def _on_back(self) -> None:
        self._player.step_by(-1)

    def _on_returned(self) -> None:
        """Take the keyboard from the field, once its number was an answer."""
        if self._player.given is not None:
            self.setFocus()

    def _on_save(self) -> None:
        texts = {"Text (*.txt)": self._player.answers_text}
        save_text(self._window, f"{self._player.lesson.key}-answers.txt", texts)


def _under_each_other(*parts: QWidget) -> QLayout:
    return vbox(*parts, spacing=4)
