"""What trains when: the network, where a click freezes a part, and the optimiser's groups with their rates."""

from collections.abc import Callable

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QSlider, QWidget

from resnet_explorer.finetuning.charts import frozen_at, group_rates, unit_words
from resnet_explorer.finetuning.groups import spared
from resnet_explorer.finetuning.state import TuningState
from resnet_explorer.finetuning.strategies import Group, Grouping
from resnet_explorer.picture.theme import Theme
from resnet_explorer.ui.chart_view import ChartView
from resnet_explorer.ui.diagram_view import DiagramView
from resnet_explorer.ui.document import Document, State
from resnet_explorer.ui.parts import Problem, Words, hbox, label, panel, split, told, vbox
from resnet_explorer.ui.scene import Hit
from resnet_explorer.ui.tables import LinkedTable, TextRow

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
        tip = "The diagram shows what trains in this epoch"
        self.epoch = told(QSlider(Qt.Orientation.Horizontal), "Epoch shown", tip)
        self.epoch.setMinimum(1)
        self.epoch.setPageStep(1)
        self.epoch.setFixedWidth(150)
        self.words, self.problem = label(), Problem()
        self.words.setMinimumWidth(self.words.fontMetrics().horizontalAdvance("Epoch 100 of 100"))
        hint = "A click freezes a stage, block or layer for good (Space); a double click opens a block."
        self.hint = label(hint, "muted", wrap=True)
        line = hbox(self.words, self.epoch, (self.hint, 1), margins=(12, 4, 12, 2), spacing=12)
        vbox(line, self.problem, (self.view, 1), of=self, spacing=0)
        self.view.toggled.connect(state.toggle)
        self.epoch.valueChanged.connect(lambda value: state.show_epoch(value - 1))
        self.document.selected.connect(self._on_selected)
        document.selected.connect(self._on_outer_selected)
        state.changed.connect(self.show_plan)
        state.refused.connect(self._on_refused)
        self.show_plan()

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
            self.document.show_overlay("frozen", frozen_at(state.groups, state.epoch))
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


COLUMNS = (
    ("Group", "A unit of the network; norms and biases stand apart, where they are spared from weight decay"),
    ("Tensors", "Tensors in the group"),
    ("Parameters", "Numbers in them"),
    ("Learning rate", "At the step at which the group opens; the chart shows it over the epochs"),
    ("Weight decay", "How strongly its weights are drawn towards 0"),
    ("Opens", "The epoch from which it trains"),
)


class GroupsPane(QWidget):
    """The table over the chart."""

    def __init__(self, state: TuningState, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.state = state
        self.table = LinkedTable(document, "Groups of parameters", COLUMNS, range(1, 5))
        self.chart, self.words = ChartView(document), Words()
        self.words.setToolTip(
            "Weight decay should not draw the factors of norms to 0. They are found by their layer's type: in the"
            " projection of a shortcut the norm is called downsample.1, which no search for “bn” finds"
        )
        self.words.setContentsMargins(12, 4, 12, 4)
        top = panel((self.table, 1), self.words, spacing=0)
        vbox(split(Qt.Orientation.Vertical, (330, 300), top, self.chart), of=self)
        state.changed.connect(self.show_plan)
        self.show_plan()

    def show_plan(self) -> None:
        """Show the groups of the plan."""
        groups = self.state.groups
        rows = [_row(groups, group) for group in groups.groups]
        self.table.show_rows([*rows, *_frozen_rows(groups)])
        self.words.show_words(spared_words(groups))
        self.chart.show_chart(group_rates(groups))

    def show_theme(self, theme: Theme) -> None:
        """Paint in another theme."""
        self.chart.show_theme(theme)
        self.show_plan()


def _row(groups: Grouping, group: Group) -> TextRow:
    network, epochs = groups.plan.network, groups.plan.epochs
    name = group.name.replace(group.unit, unit_words(group.unit, network), 1)
    rate = groups.recipe.rate_at(min(group.opens * groups.steps, groups.recipe.steps - 1)) * group.share_at(group.opens)
    is_open = group.opens < epochs
    texts = (
        name,
        f"{len(group.tensors):,}",
        f"{group.parameters:,}",
        f"{rate:.3g}",
        f"{group.decay:g}",
        f"epoch {group.opens + 1:,}" if is_open else f"never (epoch {group.opens + 1:,} of {epochs:,})",
    )
    values = (name, float(len(group.tensors)), float(group.parameters), rate, group.decay, f"{group.opens:06d}")
    return TextRow(group.unit, texts, values)


def _frozen_rows(groups: Grouping) -> list[TextRow]:
    if not groups.frozen:
        return []
    known = {one.name: one.parameters for one in groups.plan.tensors}
    count, total = len(groups.frozen), sum(known[name] for name in groups.frozen)
    texts = ("frozen", f"{count:,}", f"{total:,}", "–", "–", "never")
    return [TextRow("never", texts, ("frozen", float(count), float(total), -1.0, -1.0, "never"))]


def spared_words(groups: Grouping) -> str:
    """Return how many tensors are spared from decay by their type, and how many a search in names would miss."""
    found = spared(groups.plan.tensors)
    words = f"{found.tensors:,} tensors ({found.parameters:,} parameters) belong to norms or are biases, by layer type."
    if not groups.plan.recipe.spares:
        words += " They have weight decay like all others: the recipe can spare them."
    if not found.missed:
        return f"{words} Matching “bn” and “bias” in names would find them all here."
    some = ", ".join(found.missed[:2]) + (", …" if len(found.missed) > 2 else "")
    return f"{words} Matching “bn” and “bias” in names would miss {len(found.missed):,}: {some}"
