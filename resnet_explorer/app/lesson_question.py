"""The question of a step: buttons, a number field or a click, and then what is right, and why."""

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLayout, QLineEdit, QPushButton, QSizePolicy, QWidget

from resnet_explorer.app.lesson_player import LessonPlayer
from resnet_explorer.errors import ExplorerError
from resnet_explorer.lessons.values import QuestionKind
from resnet_explorer.ui.parts import Problem, WrappedLabel, button, describe, hbox, label, panel, vbox

CLICK = "Click it in the diagram, or walk to it with the arrow keys and press Enter."


class Choice(QPushButton):
    """A button whose text takes as many lines as it needs."""

    def __init__(self, text: str, tip: str, longest: int = 0) -> None:
        super().__init__()
        self.label = WrappedLabel(quiet=False)
        self.label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.label.setText(text)
        self._longest = longest
        self._box = hbox((self.label, 1), of=self, margins=(8, 5, 8, 5))
        describe(self, text, tip)
        self.setAutoDefault(False)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def sizeHint(self) -> QSize:
        """Return the size for the whole text in a line, or in several of the longest width that is allowed."""
        wide = self.label.fontMetrics().horizontalAdvance(self.label.text()) + 20
        return QSize(min(wide, self._longest or wide), self._box.sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return QSize(60, self._box.sizeHint().height())


class QuestionPart(QWidget):
    """Shows the question of the step that a lesson is at; hidden where there is none.

    ``arrange`` makes the layout of a choice's buttons.
    """

    def __init__(self, player: LessonPlayer, arrange: Callable[..., QLayout], longest: int = 0) -> None:
        super().__init__()
        self._player, self._arrange, self._longest = player, arrange, longest
        self.prompt, self.hint = WrappedLabel(quiet=False), WrappedLabel()
        self.prompt.setObjectName("strong")
        self.options: list[Choice] = []
        self._holder = QWidget()
        self.field = describe(QLineEdit(), "Your answer", "A number, such as 64 or 1.8M; Enter answers")
        self.field.returnPressed.connect(self._on_number)
        self._unit, self.problem = label(kind="muted"), Problem()
        self._number = panel(hbox((self.field, 1), self._unit, button("Answer", "Answer (Enter)", self._on_number)))
        self.reveal = button("Show the answer", "Show what is right without an answer (A)", self._on_reveal)
        self.verdict, self.why = WrappedLabel(quiet=False), WrappedLabel(quiet=False)
        self.verdict.setObjectName("strong")
        self.show_why = button("Show why", "Go to the picture that shows it (W)", self._on_show_why)
        for made in (self.reveal, self.show_why):
            made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        buttons = hbox(self.reveal, self.show_why, 1)
        parts = self.prompt, self._holder, self._number, self.problem, self.hint, self.verdict, self.why
        self._box = vbox(*parts, buttons, of=self, spacing=6)
        self._shown: object = None

    def show_question(self) -> None:
        """Show the question of the step, and its answer once it was given."""
        player, question = self._player, self._player.question
        self.setVisible(question is not None)
        if question is None:
            self._shown = None
            return
        given = player.given
        if self._shown != (player.lesson, player.place):
            self._shown = player.lesson, player.place
            self._build()
        self.problem.say("")
        is_number = question.kind is QuestionKind.NUMBER
        self.prompt.show_text(player.text(question.prompt))
        self._number.setVisible(is_number and given is None)
        self.hint.show_text(CLICK if player.waits_for_click else "")
        self.verdict.show_text(given.verdict if given else "")
        self.why.show_text(given.why if given else "")
        self.reveal.setVisible(given is None)
        self.show_why.setVisible(given is not None and bool(question.show))
        self.show_why.setText("Back to the question" if player.shows_why else "Show why")
        for option in self.options:
            self._mark(option)

    def act(self, event: QKeyEvent) -> bool:
        """Do what a key does to the question, and return whether it does anything.

        1 to 9 choose, digits go to the field of a number, A shows the answer, and W why.
        """
        key, given = event.key(), self._player.given
        place = key - Qt.Key.Key_1
        if self._player.question is None:
            return False
        if given is None and 0 <= place < len(self.options):
            self.options[place].click()
        elif event.text().isdigit() and not self._number.isHidden():
            self.field.setFocus()
            self.field.insert(event.text())
        elif given is None and key == Qt.Key.Key_A:
            self.reveal.click()
        elif given is not None and key == Qt.Key.Key_W and self._player.question.show:
            self.show_why.click()
        else:
            return False
        return True

    def _build(self) -> None:
        """Make the buttons of a choice anew, and empty the field of a number."""
        player, question = self._player, self._player.question
        assert question is not None
        self.field.clear()
        self._unit.setText(question.unit)
        self.options = []
        for place, text in enumerate(map(player.text, question.options), start=1):
            option = Choice(f"{place}  {text}", f"Answer: {text} ({place})", self._longest)
            option.clicked.connect(self._on_chosen)
            self.options.append(option)
        holder = QWidget()
        holder.setLayout(self._arrange(*self.options))
        self._holder.hide()
        self._box.replaceWidget(self._holder, holder)
        self._holder.deleteLater()
        self._holder = holder
        holder.setVisible(bool(self.options))

    def _mark(self, option: Choice) -> None:
        """Mark what was chosen, and what is right, once the answer was given."""
        given, place = self._player.given, self.options.index(option)
        text = self._player.text(self._player.question.options[place]) if self._player.question else ""
        option.label.setText(f"{given.mark(text) or '   '}  {text}" if given else f"{place + 1}  {text}")
        option.setFlat(given is not None)
        option.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents, given is not None)
        option.setFocusPolicy(Qt.FocusPolicy.TabFocus if given is None else Qt.FocusPolicy.NoFocus)
        describe(option, option.label.text())

    def _on_chosen(self) -> None:
        sender = self.sender()
        place = next(at for at, option in enumerate(self.options) if option is sender)
        if question := self._player.question:
            self._player.answer(self._player.text(question.options[place]))

    def _on_number(self) -> None:
        try:
            self._player.answer(self.field.text())
        except ExplorerError as error:
            self.problem.say(str(error))

    def _on_reveal(self) -> None:
        self._player.answer("")

    def _on_show_why(self) -> None:
        self._player.show_why(not self._player.shows_why)
