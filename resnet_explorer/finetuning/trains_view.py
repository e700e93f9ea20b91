"""Images as the network sees them: the ways of other channels into it, side by side, and a page of samples."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHeaderView, QScrollArea, QWidget

from resnet_explorer.finetuning.choices import ChannelCost, GreyWay, adapts, channel_costs
from resnet_explorer.finetuning.requests import ShowSamples
from resnet_explorer.finetuning.results import GreyReport, SamplePage
from resnet_explorer.finetuning.state import TuningState
from resnet_explorer.finetuning.text import WAYS
from resnet_explorer.insight.pictures import ImageGrid, Shown, seen
from resnet_explorer.picture.theme import Theme
from resnet_explorer.readings.text import si
from resnet_explorer.ui.jobs import Jobs
from resnet_explorer.ui.jobs_panel import Question
from resnet_explorer.ui.parts import Words, button, fill, hbox, told, vbox
from resnet_explorer.ui.tables import TextRow, TextTable

COLUMNS = (
    ("Way", "How the image's channels reach the network; the selected one is taken"),
    ("1st conv", "Parameters of what sees the image: the first convolution, and the adapter where there is one"),
    ("MACs", "Multiply-accumulates of the whole network for one image"),
    ("Parameters", "Of the whole network, its new head left out"),
    ("Image", "Bytes of one normed image in 32-bit numbers"),
    ("Off in inference", "Measured: how far the answers are from those on the repeated channel, as a share"),
    ("Off in training", "Measured: the same where batch norm takes the statistics of the batch"),
)
SHORT = 3
"""So many columns are shown where there is little room."""


class WaysTable(TextTable):
    """A row for each way; ``chosen`` gives the way that is to be taken: by a click, or by arrow keys."""

    def __init__(self, columns: int = len(COLUMNS)) -> None:
        super().__init__("Ways of the channels into the network", COLUMNS[:columns], range(1, columns))
        self.setIndentation(0)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.header().setStretchLastSection(False)
        self.header().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)

    def show_ways(self, state: TuningState) -> None:
        """Show what each way costs in the plan, and what was measured of it."""
        plan = state.plan
        needed = adapts(plan.spec, plan.channels)
        costs = {one.way: one for one in channel_costs(plan.spec, plan.image, plan.channels)}
        count = len(self._columns)
        self.show_rows([_row(costs[way], state.grey if needed else None, needed, count) for way in GreyWay])
        self.select(plan.grey)
        if not needed:
            self.clearSelection()
        self.fit_height()


def _row(cost: ChannelCost, grey: GreyReport | None, needed: bool, columns: int) -> TextRow:
    words, known = WAYS[cost.way], [one for one in (grey.measures if grey else ()) if one.way is cost.way]
    far = [share(value) for one in known for value in (one.inference, one.training)] or ["–", "–"]
    figures = [f"{cost.first_params:,}", si(cost.macs).strip(), f"{cost.params:,}", f"{cost.image_bytes:,}", *far]
    texts = (str(cost.way), *(figures if cost.possible else ["–"] * len(figures)))[:columns]
    why = "" if cost.possible else "Not possible from these channels. "
    tip = f"{why}{words.title}. {words.does} {words.keeps} {words.choose}"
    return TextRow(cost.way, texts, tips=(tip,) * columns, usable=cost.possible and needed)


class WaysPane(QScrollArea):
    """The whole table, and every way in words."""

    def __init__(self, state: TuningState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.state = state
        self.table, self.measured, self.says = WaysTable(), Words(quiet=False), {way: Words() for way in GreyWay}
        fill(self, self.table, self.measured, *self.says.values(), 1, margins=(12, 8, 12, 8))
        self.table.chosen.connect(lambda way: state.propose("channels", grey=GreyWay(way)))
        state.changed.connect(self.show_plan)
        self.show_plan()

    def show_plan(self) -> None:
        """Show the plan as it is now."""
        self.table.show_ways(self.state)
        self.measured.show_words(measured_words(self.state))
        for way, label in self.says.items():
            words = WAYS[way]
            label.show_words(f"{way}: {words.does} {words.keeps} When: {words.choose}")

    def show_theme(self) -> None:
        """Take the room that words of another size need."""
        self.table.fit_height()


def share(value: float) -> str:
    """Return a share in few characters: percent, 0, or its power of ten."""
    return f"{100 * value:.1f} %" if value >= 5e-4 else "0" if value < 1e-9 else f"{value:.0e}"


def measured_words(state: TuningState) -> str:
    """Return what the measure says, or how it is made."""
    plan, grey = state.plan, state.grey
    if not adapts(plan.spec, plan.channels):
        return f"Images have {plan.channels:,} channels, and the network takes as many: nothing to adapt."
    if grey is None:
        return "Not measured yet on these images: step 3 measures grey ones." if plan.channels == 1 else ""
    return (
        f"Measured on {grey.images:,} images, against the network on the repeated channel: the length of the difference"
        f" as a share of the answers' length. Norming each colour by its own mean and deviation instead of by one for"
        f" all changes {share(grey.statistics)}."
    )


COUNT, SIDE = 48, 84


class SamplesPane(QWidget):
    """Asks for the images when it is looked at; ``Others`` draws another page."""

    def __init__(self, state: TuningState, jobs: Jobs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.state, self._draw = state, 0
        self._asked: ShowSamples | None = None
        tip = "After resizing and cutting, before they are normed: as the network sees them"
        self.grid = told(ImageGrid(SIDE), "Training images as the network sees them", tip)
        self.words, self.asking = Words(), Question(jobs)
        self.others = button("Others", "Show other training images", self._on_others)
        line = hbox((self.words, 1), self.asking, self.others, margins=(12, 6, 12, 4))
        vbox(line, (self.grid, 1), of=self)
        state.changed.connect(self._on_changed)

    def look(self) -> None:
        """Show the images of the plan, where they are not shown yet."""
        wanted = ShowSamples(self.state.plan, COUNT, self._draw)
        if self._asked is None or _of(self._asked) != _of(wanted):
            self._asked = wanted
            self.asking.ask(wanted, "Training images", self._show)

    def _show(self, result: object) -> None:
        if not isinstance(result, SamplePage):
            return
        pairs = zip(result.pixels, result.labels, result.files, strict=True)
        self.grid.show_images([Shown(seen(pixels), label, f"{label}: {file}") for pixels, label, file in pairs])
        self.words.show_words(f"As the network sees them, before they are normed: {result.words}")

    def show_theme(self, theme: Theme) -> None:
        """Paint in another theme."""
        self.grid.show_theme(theme)

    def _on_changed(self) -> None:
        if self.isVisible():
            self.look()

    def _on_others(self) -> None:
        self._draw += 1
        self.look()


def _of(job: ShowSamples) -> tuple[object, ...]:
    """Return what images depend on."""
    plan = job.plan
    prepared = (plan.image, plan.channels, plan.grey, plan.preprocess, plan.white, plan.spec.in_channels)
    return (job.seed, plan.data, plan.classes, plan.seed, *prepared)
