"""Views of the plan: the network with what is frozen, the parameter groups, the channels, and sample images."""

from collections.abc import Callable

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QHeaderView, QScrollArea, QSizePolicy, QSlider, QWidget

from resnet_explorer.finetuning.charts import frozen_at, group_rates, unit_title
from resnet_explorer.finetuning.choices import WAYS, ChannelCost, GreyWay, adapts, channel_costs
from resnet_explorer.finetuning.data_report import SamplePage
from resnet_explorer.finetuning.features_view import forecast_of
from resnet_explorer.finetuning.frozen import describe_epoch
from resnet_explorer.finetuning.groups import Group, Grouping
from resnet_explorer.finetuning.plan import no_decay
from resnet_explorer.finetuning.state import TuningState
from resnet_explorer.finetuning.values import GreyReport, ShowSamples
from resnet_explorer.insight.pictures import ImageGrid, Shown, seen
from resnet_explorer.picture.theme import Theme
from resnet_explorer.readings.text import si
from resnet_explorer.scenes.scene import State
from resnet_explorer.ui.chart_view import ChartView
from resnet_explorer.ui.diagram_view import DiagramView
from resnet_explorer.ui.document import Document
from resnet_explorer.ui.flow import tool_row
from resnet_explorer.ui.frame import Drawer, Edge
from resnet_explorer.ui.jobs import Jobs
from resnet_explorer.ui.jobs_panel import Question
from resnet_explorer.ui.parts import Problem, WrappedLabel, button, describe, fill, label, panel, vbox
from resnet_explorer.ui.scene import Hit
from resnet_explorer.ui.tables import LinkedTable, TextRow, TextTable

_HELP = (
    "Arrow keys walk along the blocks, Space freezes or unfreezes the selected part, Enter opens a block, "
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

    def double_clicked(self, hit: Hit) -> None:
        """Open or close a block: its first click did not mean to freeze it."""
        if self._last:
            self.toggled.emit(self._last)
        super().double_clicked(hit)

    def action_of(self, event: QKeyEvent) -> Callable[[], None] | None:
        if event.key() == Qt.Key.Key_Space:
            return self._freeze
        return super().action_of(event)

    def _freeze(self) -> None:
        if self._document.selection:
            self.toggled.emit(self._document.selection)


HINT = "A click freezes a part (Space), a double click opens a block."


class FreezePane(QWidget):
    """The diagram; ``tools`` choose the epoch that it shows.

    It has a document of its own: the network that is tuned has another head, and maybe other first kernels, than the
    window's. What is selected goes both ways.
    """

    def __init__(self, state: TuningState, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.state, self._outer = state, document
        self.document = Document(State(state.plan.network_spec, state.plan.image), self)
        self.view = FreezeView(self.document)
        self.view.setAccessibleName("Network to fine-tune")
        self.view.setMinimumSize(320, 240)
        tip = "The diagram shows what trains in this epoch"
        self.epoch = describe(QSlider(Qt.Orientation.Horizontal), "Epoch shown", tip)
        self.epoch.setMinimum(1)
        self.epoch.setPageStep(1)
        self.epoch.setFixedWidth(150)
        self.epoch.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.text, self.problem = label(), Problem()
        self.text.setMinimumWidth(self.text.fontMetrics().horizontalAdvance("Epoch 100 of 100"))
        self.hint = label(HINT, "muted", wrap=True, cut=True)
        self.tools = tool_row(self.text, self.epoch, self.hint), panel(self.problem, margins=(12, 0, 12, 0))
        vbox((self.view, 1), of=self)
        self.view.toggled.connect(state.toggle)
        self.epoch.valueChanged.connect(lambda value: state.show_epoch(value - 1))
        self.document.selected.connect(self._on_selected)
        document.selected.connect(self._on_outer_selected)
        state.changed.connect(self.show_plan)
        state.refused.connect(self._on_refused)
        self.show_plan()

    def show_plan(self) -> None:
        state, results = self.state, self.state.results
        with QSignalBlocker(self.epoch):
            self.epoch.setMaximum(state.plan.epochs)
            self.epoch.setValue(state.epoch + 1)
        self.text.setText(f"Epoch {state.epoch + 1:,} of {state.plan.epochs:,}")
        self.hint.setText(f"{HINT} {describe_epoch(forecast_of(state), state.epoch)}".strip())
        if results.state != self.document.state:
            self.document._show(results.state)
        with QSignalBlocker(self.document):
            self.document.show_overlay("frozen", frozen_at(state.groups, state.epoch))
        self.view.show_results(results)

    def show_theme(self, theme: Theme) -> None:
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


GROUP_COLUMNS = (
    ("Group", "A unit of the network; norms and biases are a group of their own where they get no weight decay"),
    ("Tensors", "Tensors in the group"),
    ("Parameters", "Parameters in these tensors"),
    ("Learning rate", "When the group starts to train; the chart shows it over the epochs"),
    ("Weight decay", "Coefficient of the L2 penalty on the weights"),
    ("Opens", "The epoch from which it trains"),
)


class GroupsPane(QWidget):
    """The chart of the learning rates; the table of the groups is in a drawer."""

    def __init__(self, state: TuningState, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.state = state
        self.table = LinkedTable(document, "Groups of parameters", GROUP_COLUMNS, range(1, 5))
        self.chart, self.text = ChartView(document), WrappedLabel()
        self.text.setToolTip(
            "Norm scales and biases should get no weight decay. They are found by layer type: the norm of a projection"
            " shortcut is called downsample.1, which a search for “bn” in names misses"
        )
        self.text.setContentsMargins(12, 4, 12, 4)
        groups = panel((self.table, 1), self.text, spacing=0)
        self.drawers = (Drawer("Groups", groups, Edge.BOTTOM, 190, "The groups as a table, and what has no decay"),)
        vbox((self.chart, 1), of=self)
        state.changed.connect(self.show_plan)
        self.show_plan()

    def show_plan(self) -> None:
        groups = self.state.groups
        rows = [_group_row(groups, group) for group in groups.groups]
        self.table.show_rows([*rows, *_frozen_rows(groups)])
        self.text.show_text(describe_no_decay(groups))
        self.chart.show_chart(group_rates(groups))

    def show_theme(self, theme: Theme) -> None:
        self.chart.show_theme(theme)
        self.show_plan()


def _group_row(groups: Grouping, group: Group) -> TextRow:
    network, epochs = groups.plan.network, groups.plan.epochs
    name = group.name.replace(group.unit, unit_title(group.unit, network), 1)
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
    parameters = {tensor.name: tensor.parameters for tensor in groups.plan.tensors}
    count, total = len(groups.frozen), sum(parameters[name] for name in groups.frozen)
    texts = ("frozen", f"{count:,}", f"{total:,}", "–", "–", "never")
    return [TextRow("never", texts, ("frozen", float(count), float(total), -1.0, -1.0, "never"))]


def describe_no_decay(groups: Grouping) -> str:
    """Return how many tensors get no weight decay by their type, and how many a search in names would miss."""
    exempt = no_decay(groups.plan.tensors)
    count = f"{exempt.tensors:,} tensors ({exempt.parameters:,} parameters)"
    text = f"{count} belong to norms or are biases, by layer type."
    if not groups.plan.recipe.no_decay_on_norms:
        text += " They get weight decay like all others; the recipe can exempt them."
    if not exempt.missed:
        return f"{text} Matching “bn” and “bias” in names would find them all here."
    some = ", ".join(exempt.missed[:2]) + (", …" if len(exempt.missed) > 2 else "")
    return f"{text} Matching “bn” and “bias” in names would miss {len(exempt.missed):,}: {some}"


WAY_COLUMNS = (
    ("Way", "How the channels of an image enter the network; the selected way is used"),
    ("1st conv", "Parameters of the first convolution, and of the adapter where there is one"),
    ("MACs", "Multiply-accumulates of the whole network for one image"),
    ("Parameters", "Of the whole network, without its new head"),
    ("Image", "Bytes of one normalised image in float32"),
    ("Error in inference", "Measured: relative error of the outputs against those for the repeated channel"),
    ("Error in training", "Measured: the same with batch statistics in batch norm"),
)
SHORT = 3
"""So many columns are shown where there is little room."""


class WaysTable(TextTable):
    """A row for each way; ``chosen`` gives the way that is to be taken: by a click, or by arrow keys."""

    def __init__(self, columns: int = len(WAY_COLUMNS)) -> None:
        super().__init__("Ways of the channels into the network", WAY_COLUMNS[:columns], range(1, columns))
        self.setIndentation(0)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.header().setStretchLastSection(False)
        self.header().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Let the first column take what is left; where all need more than there is, they are scrolled."""
        super().resizeEvent(event)
        hints = (max(self.sizeHintForColumn(n), self.header().sectionSizeHint(n)) for n in range(self.columnCount()))
        modes = QHeaderView.ResizeMode
        fits = sum(hints) <= self.viewport().width()
        self.header().setSectionResizeMode(0, modes.Stretch if fits else modes.ResizeToContents)
        self.fit_height()

    def show_ways(self, state: TuningState) -> None:
        """Show what each way costs in the plan, and what was measured of it."""
        plan = state.plan
        needed = adapts(plan.spec, plan.channels)
        costs = {cost.way: cost for cost in channel_costs(plan.spec, plan.image, plan.channels)}
        count = len(self._columns)
        self.show_rows([_way_row(costs[way], state.grey if needed else None, needed, count) for way in GreyWay])
        self.select(plan.grey)
        if not needed:
            self.clearSelection()
        self.fit_height()


def _way_row(cost: ChannelCost, grey: GreyReport | None, needed: bool, columns: int) -> TextRow:
    text, measures = WAYS[cost.way], [measure for measure in (grey.measures if grey else ()) if measure.way is cost.way]
    far = [share(value) for measure in measures for value in (measure.inference, measure.training)] or ["–", "–"]
    figures = [f"{cost.first_params:,}", si(cost.macs).strip(), f"{cost.params:,}", f"{cost.image_bytes:,}", *far]
    texts = (str(cost.way), *(figures if cost.possible else ["–"] * len(figures)))[:columns]
    why = "" if cost.possible else "Not possible from these channels. "
    tip = f"{why}{text.title}. {text.does} {text.keeps} {text.choose}"
    return TextRow(cost.way, texts, tips=(tip,) * columns, usable=cost.possible and needed)


class WaysPane(QScrollArea):
    """The whole table, and every way in words."""

    def __init__(self, state: TuningState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.state = state
        self.table, self.measured = WaysTable(), WrappedLabel(quiet=False)
        self.says = {way: WrappedLabel() for way in GreyWay}
        fill(self, self.table, self.measured, *self.says.values(), 1, margins=(12, 8, 12, 8))
        self.table.chosen.connect(lambda way: state.propose("channels", grey=GreyWay(way)))
        state.changed.connect(self.show_plan)
        self.show_plan()

    def show_plan(self) -> None:
        self.table.show_ways(self.state)
        self.measured.show_text(describe_measures(self.state))
        for way, part in self.says.items():
            text = WAYS[way]
            part.show_text(f"{way}: {text.does} {text.keeps} When: {text.choose}")

    def show_theme(self) -> None:
        self.table.fit_height()


def share(value: float) -> str:
    """Return a share in few characters: percent, 0, or its power of ten."""
    return f"{100 * value:.1f} %" if value >= 5e-4 else "0" if value < 1e-9 else f"{value:.0e}"


def describe_measures(state: TuningState) -> str:
    """Return what the measure says, or how it is made."""
    plan, grey = state.plan, state.grey
    if not adapts(plan.spec, plan.channels):
        return f"Images have {plan.channels:,} channels, and the network takes as many: nothing to adapt."
    if grey is None:
        return "Not measured yet on these images. Step 3 measures grey ones." if plan.channels == 1 else ""
    return (
        f"Measured on {grey.images:,} images: relative error of the outputs against those for the repeated channel."
        f" Normalising each colour with its own mean and standard deviation instead of one for all changes them by"
        f" {share(grey.statistics)}."
    )


COUNT, SIDE = 48, 84


class SamplesPane(QWidget):
    """Loads the images when it is shown; ``Others`` draws another page."""

    def __init__(self, state: TuningState, jobs: Jobs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.state, self._draw = state, 0
        self._key: tuple[object, ...] = ()
        tip = "After resizing and cropping, before normalisation"
        self.grid = describe(ImageGrid(SIDE), "Training images as the network sees them", tip)
        self.text, self.asking = WrappedLabel(), Question(jobs)
        self.others = button("Others", "Show other training images", self._on_others)
        for part in (self.text, self.asking):
            part.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.tools = (tool_row(self.others, self.text, self.asking),)
        vbox((self.grid, 1), of=self)
        state.changed.connect(self._on_changed)

    def show_samples(self) -> None:
        """Show the images of the plan, where they are not shown yet."""
        wanted = ShowSamples(self.state.plan, COUNT, self._draw)
        key = (wanted.seed, wanted.plan.images_key)
        if self._key != key:
            self._key = key
            self.asking.ask(wanted, "Training images", self._show)

    def _show(self, result: object) -> None:
        if not isinstance(result, SamplePage):
            return
        pairs = zip(result.pixels, result.labels, result.files, strict=True)
        self.grid.show_images([Shown(seen(pixels), label, f"{label}: {file}") for pixels, label, file in pairs])
        self.text.show_text(f"Before normalisation: {result.text}")

    def show_theme(self, theme: Theme) -> None:
        self.grid.show_theme(theme)

    def _on_changed(self) -> None:
        if self.isVisible():
            self.show_samples()

    def _on_others(self) -> None:
        self._draw += 1
        self.show_samples()
