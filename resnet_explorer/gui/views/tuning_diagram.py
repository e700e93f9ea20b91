"""The network in the fine-tuning lab: a click freezes a part for good, another one lets it train again."""

from collections.abc import Callable

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSlider, QVBoxLayout, QWidget

from resnet_explorer.drawing.theme import Theme
from resnet_explorer.drawing.tuning import frozen_at
from resnet_explorer.gui.document import Document, State
from resnet_explorer.gui.views.diagram_view import DiagramView
from resnet_explorer.gui.views.scene import Hit
from resnet_explorer.gui.views.tuning_state import TuningState
from resnet_explorer.gui.views.tuning_step import Problem

_HELP = (
    "Arrow keys walk along the blocks, Space freezes the selected part for good or lets it train, Enter opens a block, "
    "Escape closes it, plus and minus zoom, F fits."
)


class FreezeView(DiagramView):
    """The diagram of the network that is tuned; ``toggled`` gives the address of what is to be frozen or thawed."""

    toggled = Signal(str)
    help = _HELP

    _last = ""

    def clicked(self, path: str) -> None:
        super().clicked(path)
        self._last = path
        if path:
            self.toggled.emit(path)

    def double_clicked(self, found: Hit) -> None:
        """Open or close a block: its first click was no wish to freeze it."""
        if self._last:
            self.toggled.emit(self._last)
        super().double_clicked(found)

    def action_of(self, event: QKeyEvent) -> Callable[[], None] | None:
        if event.key() == Qt.Key.Key_Space:
            return self._freeze
        return super().action_of(event)

    def _freeze(self) -> None:
        if self._document.selection:
            self.toggled.emit(self._document.selection)


class FreezePane(QWidget):
    """The diagram, and the epoch that it shows.

    It has a document of its own: the network that is tuned has another head, and maybe other first kernels, than the
    window's. What is selected goes both ways.
    """

    def __init__(self, state: TuningState, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.state, self._outer = state, document
        self.document = Document(State(state.plan.network_spec, state.plan.image), self)
        self.view = FreezeView(self.document)
        self.view.setAccessibleName("Network that is tuned")
        self.view.setMinimumSize(320, 240)
        self.epoch, self.words, self.problem = QSlider(Qt.Orientation.Horizontal), QLabel(), Problem()
        self.hint = QLabel("A click freezes a stage, block or layer for good (Space); a double click opens a block.")
        self.hint.setObjectName("muted")
        self.hint.setWordWrap(True)
        self._arrange()
        self.view.toggled.connect(state.toggle)
        self.epoch.valueChanged.connect(lambda value: state.show_epoch(value - 1))
        self.document.selected.connect(self._on_selected)
        document.selected.connect(self._on_outer_selected)
        state.changed.connect(self.show_plan)
        state.refused.connect(self._on_refused)
        self.show_plan()

    def _arrange(self) -> None:
        self.epoch.setMinimum(1)
        self.epoch.setPageStep(1)
        self.epoch.setFixedWidth(150)
        self.epoch.setAccessibleName("Epoch shown")
        self.epoch.setToolTip("The diagram shows what trains in this epoch")
        self.words.setMinimumWidth(self.words.fontMetrics().horizontalAdvance("Epoch 100 of 100"))
        line = QHBoxLayout()
        line.setContentsMargins(12, 4, 12, 2)
        line.setSpacing(12)
        for part in (self.words, self.epoch):
            line.addWidget(part)
        line.addWidget(self.hint, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(line)
        column.addWidget(self.problem)
        column.addWidget(self.view, 1)

    def show_plan(self) -> None:
        """Show the network as the plan has it in the epoch that is looked at."""
        state, results = self.state, self.state.results
        with QSignalBlocker(self.epoch):
            self.epoch.setMaximum(state.plan.epochs)
            self.epoch.setValue(state.epoch + 1)
        self.words.setText(f"Epoch {state.epoch + 1:,} of {state.plan.epochs:,}")
        if results.state != self.document.state:
            self.document._show(results.state)
        with QSignalBlocker(self.document):
            self.document.show_frozen(frozen_at(state.groups, state.epoch))
        self.view.show_results(results)

    def show_theme(self, theme: Theme) -> None:
        """Paint in another theme."""
        self.view.show_theme(theme)

    def _on_refused(self, step: str, problem: str) -> None:
        if step == "trains":
            self.problem.say(problem)

    def _on_selected(self, path: str) -> None:
        if self.state.results.analysis.network.has(path):
            self._outer.select(path)

    def _on_outer_selected(self, path: str) -> None:
        if self.state.results.analysis.network.has(path):
            self.document.select(path)
