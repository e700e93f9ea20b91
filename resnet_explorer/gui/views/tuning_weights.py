"""Step 1: the first weights: published ones, which are downloaded on a click alone, a file, or none."""

from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QFileDialog

from resnet_explorer.analysis.tuning.choices import Strategy, WeightsChoice, WeightsKind
from resnet_explorer.analysis.tuning.file_weights import described, head_words
from resnet_explorer.analysis.tuning.results import Published
from resnet_explorer.analysis.weights import Weights
from resnet_explorer.engine.messages import FetchWeights, FindWeights, ReadWeights
from resnet_explorer.gui.jobs import Jobs
from resnet_explorer.gui.questions import FILTER
from resnet_explorer.gui.views.fields import QuietCombo
from resnet_explorer.gui.views.tuning_choices import NONE
from resnet_explorer.gui.views.tuning_state import TuningState
from resnet_explorer.gui.views.tuning_step import Question, Step, Words, button
from resnet_explorer.spec import ResNetSpec
from resnet_explorer.spec.catalogue import title

_RANDOM = (
    "No first weights: the network starts at random. A frozen backbone stays random then: strategy full, or B, learns"
    " more."
)


class WeightsStep(Step):
    """Which weights there are is asked of the engine when the page is first looked at."""

    def __init__(self, state: TuningState, jobs: Jobs) -> None:
        super().__init__("weights", "1 Weights", "What the network has learnt before", state, True)
        self.list, self.words = QuietCombo(), Words()
        self.network = Words(quiet=False)
        self.download = button("Download", "Fetch these weights into the cache of PyTorch; nothing is fetched unasked")
        self.finding, self.fetching, self.reading = Question(jobs), Question(jobs), Question(jobs)
        self.wide(self.network)
        self.list.setAccessibleName("Weights to start from")
        self.list.setToolTip("The weights that the network starts from; its head is made anew")
        self.wide(self.list)
        for part in (self.words, self.download, self.fetching, self.finding, self.reading):
            self.wide(part)
        self.list.activated.connect(self._on_activated)
        self.download.clicked.connect(self._on_download)
        self.fetching.ended.connect(self.show_plan)
        self._asked: ResNetSpec | None = None
        state.network_changed.connect(self.refresh)
        self.finish()

    def refresh(self) -> None:
        """Ask about another network than before, while this is looked at: to know them PyTorch imports a library."""
        if self.isVisible() and self._asked != self.state.plan.spec:
            self.ask()

    def ask(self) -> None:
        """Ask which weights are published of the network, and which of them are here."""
        spec = self._asked = self.state.plan.spec

        def found(result: object) -> None:
            if isinstance(result, tuple) and spec == self.state.plan.spec:
                self.state.take_published(result)

        self.finding.ask(FindWeights(spec), "Which weights there are", found)

    def show_plan(self) -> None:
        plan, chosen = self.state.plan, self.state.chosen
        self.network.show_words(f"{title(plan.spec)}: the window's network; Build changes it")
        with QSignalBlocker(self.list):
            self.list.clear()
            for one in self.state.published:
                where = "here" if one.cached else "not here"
                self._offer(f"{one.name} ({where})", WeightsChoice(WeightsKind.PUBLISHED, one.name), one.words)
            if plan.weights.kind is WeightsKind.FILE:
                self._offer(Path(plan.weights.name).name, plan.weights, plan.weights.name)
            self._offer("none: at random", NONE, _RANDOM)
            self._offer("a file…", None, "Weights that the app can open: safetensors, or PyTorch's")
            self.list.setCurrentIndex(self._place(chosen))
        self.words.show_words(self._words(chosen))
        self.download.setVisible(chosen is not None and not chosen.cached and not self.fetching.is_open)
        if chosen:
            self.download.setText(f"Download, {chosen.bytes / 1e6:,.0f} MB")
        self.summarise(plan.weights.text if plan.weights.kind is not WeightsKind.FILE else "a file")

    def _offer(self, words: str, choice: WeightsChoice | None, tip: str) -> None:
        self.list.addItem(words, choice)
        self.list.setItemData(self.list.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)

    def _place(self, chosen: Published | None) -> int:
        wanted = WeightsChoice(WeightsKind.PUBLISHED, chosen.name) if chosen else self.state.plan.weights
        return next((n for n in range(self.list.count()) if self.list.itemData(n) == wanted), -1)

    def _words(self, chosen: Published | None) -> str:
        plan = self.state.plan
        if chosen:
            where = f"Here: {chosen.cached}" if chosen.cached else "Not on this machine."
            figures = f"{chosen.bytes / 1e6:,.0f} MB, {chosen.parameters:,} parameters."
            accuracy = f"ImageNet: {chosen.top1:g} % top-1, {chosen.top5:g} % top-5."
            return f"{figures} {accuracy}\n{chosen.licence}\n{where}"
        if plan.weights.kind is WeightsKind.FILE:
            return f"{plan.weights.name}\n{self._file_text()}"
        frozen = plan.strategy in (Strategy.A, Strategy.C, Strategy.PROBE)
        is_known = not self.finding.is_open and not self.finding.problem.text()
        published = " torchvision publishes none of it." if is_known and not self.state.published else ""
        return _RANDOM + published if frozen else f"The network starts at random.{published}"

    def _file_text(self) -> str:
        """Return what was found in the file, and whether it can start this network."""
        read = self.state.file
        if read is None:
            return "Its head is replaced where the classes differ."
        if why := self.state.file_problem():
            return f"⚠ {why} Choose that network in Build, or another file."
        classes = len(self.state.plan.classes) or self.state.plan.network_spec.classes or 0
        return "\n".join((described(read.found.spec), *head_words(Path(read.source).name, read.found, classes)))

    def _read_file(self, path: str) -> None:
        """Ask what a file holds: what does not fit is said before the training starts."""

        def found(result: object) -> None:
            if isinstance(result, Weights) and self.state.plan.weights.name == path:
                self.state.take_file(result)

        self.reading.ask(ReadWeights(path), f"Read {Path(path).name}", found)

    def _on_activated(self, index: int) -> None:
        choice = self.list.itemData(index)
        if choice is None:
            name, _ = QFileDialog.getOpenFileName(self, "Weights to start from", "", FILTER)
            choice = WeightsChoice(WeightsKind.FILE, name) if name else self.state.plan.weights
        if choice.kind is WeightsKind.FILE and choice != self.state.plan.weights:
            self.state.use_weights(choice)
            self._read_file(choice.name)
        else:
            self.state.use_weights(choice)
        self.show_plan()

    def _on_download(self) -> None:
        chosen = self.state.chosen
        if chosen is not None:
            self.fetching.ask(FetchWeights(chosen), f"Downloading {chosen.name}", lambda result: self.ask())
            self.show_plan()
