"""The optimiser's groups: a table, what matching by names would miss, and each rate over the epochs."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from resnet_explorer.analysis.tuning.groups import spared
from resnet_explorer.analysis.tuning.strategies import Group, Grouping
from resnet_explorer.drawing.theme import Theme
from resnet_explorer.drawing.tuning import group_rates
from resnet_explorer.drawing.tuning.rates import unit_words
from resnet_explorer.gui.document import Document
from resnet_explorer.gui.views.chart_view import ChartView
from resnet_explorer.gui.views.text_table import TextRow, TextTable
from resnet_explorer.gui.views.tuning_state import TuningState
from resnet_explorer.gui.views.tuning_step import Words

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
        self.table, self.chart, self.words = TextTable(document, COLUMNS), ChartView(document), Words()
        self.table.setAccessibleName("Groups of parameters")
        self.words.setToolTip(
            "Weight decay should not draw the factors of norms to 0. They are found by their layer's type: in the"
            " projection of a shortcut the norm is called downsample.1, which no search for “bn” finds"
        )
        self.words.setContentsMargins(12, 4, 12, 4)
        top = QWidget()
        inner = QVBoxLayout(top)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(0)
        inner.addWidget(self.table, 1)
        inner.addWidget(self.words)
        split = QSplitter(Qt.Orientation.Vertical)
        split.addWidget(top)
        split.addWidget(self.chart)
        split.setChildrenCollapsible(False)
        split.setSizes([330, 300])
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(split)
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
