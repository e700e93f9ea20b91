"""A step of the setup of a fine-tuning, and steps 1 and 2: the initial weights, and the images with their labels."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractItemView, QFileDialog, QListWidget, QWidget

from resnet_explorer.engine.requests import ReadWeights
from resnet_explorer.errors import ExplorerError
from resnet_explorer.finetuning.choices import (
    MNIST_WEIGHTS,
    Strategy,
    TuneData,
    TuneKind,
    WeightsChoice,
    WeightsKind,
    normalisation,
)
from resnet_explorer.finetuning.data_report import DataReport
from resnet_explorer.finetuning.recorded import built_in
from resnet_explorer.finetuning.state import NONE, TuningState
from resnet_explorer.finetuning.values import CheckData, FetchWeights, FindWeights, Published
from resnet_explorer.images.find import TABLES
from resnet_explorer.spec import InputShape, ResNetSpec
from resnet_explorer.spec.catalogue import find, title
from resnet_explorer.ui.dialogs import FILTER
from resnet_explorer.ui.fields import ChoiceField, FractionField, NumberField, Section, no_number, out_of_range
from resnet_explorer.ui.jobs import Jobs
from resnet_explorer.ui.jobs_panel import Question
from resnet_explorer.ui.parts import Problem, WrappedLabel, button, describe
from resnet_explorer.weights.compare import describe_head, described
from resnet_explorer.weights.values import Weights


class Step(Section):
    """A step of the setup: its key, its fields in a form, and what is wrong with them.

    What is entered is proposed as the plan's choice of the field's key.
    """

    def __init__(self, key: str, title: str, tip: str, state: TuningState, is_open: bool) -> None:
        super().__init__(title, is_open)
        self.key, self.state = key, state
        self.header.setToolTip(f"{tip}. A click opens or closes this step")
        self.problem = Problem()
        self.form.setContentsMargins(14, 0, 12, 6)
        self.setContentsMargins(10, 0, 0, 0)
        self.form.value_entered.connect(self.take)
        self.form.invalid_entered.connect(lambda key, text: self.problem.say(no_number(text, "10")))
        self.form.focus_left.connect(lambda key: self.problem.say(""))
        state.refused.connect(self._on_refused)

    def finish(self) -> None:
        """Put the room for problems under the fields, and show the plan."""
        self.form.addRow(self.problem)
        self.state.changed.connect(self.show_plan)
        self.show_plan()

    def show_plan(self) -> None:
        raise NotImplementedError

    def take(self, key: str, value: object) -> None:
        self.state.propose(self.key, **{key: value})

    def wide(self, *widgets: QWidget) -> None:
        for widget in widgets:
            self.form.addRow(widget)

    def show_theme(self) -> None:
        """Adapt to another font size."""

    def _on_refused(self, key: str, problem: str) -> None:
        if key == self.key:
            self.problem.say(problem)
            if problem:
                self.header.setChecked(True)


_RANDOM = (
    "No initial weights: the network starts from random ones, and a frozen backbone stays random. Strategy full or B"
    " learns more."
)


FILE_ROW = ("a file…", None, "Weights that the app can open: safetensors, or PyTorch's")


class WeightsStep(Step):
    """The engine lists the published weights when the page is first shown."""

    def __init__(self, state: TuningState, jobs: Jobs) -> None:
        super().__init__("weights", "1 Weights", "Initial weights of the network", state, True)
        tip = "Initial weights of the backbone; the head is new"
        self.list, self.text = describe(ChoiceField(), "Weights to start from", tip), WrappedLabel()
        self.network = WrappedLabel(quiet=False)
        tip = "Download these weights into the cache of PyTorch. Nothing is downloaded without asking"
        self.download = button("Download", tip)
        self.finding, self.fetching, self.reading = Question(jobs), Question(jobs), Question(jobs)
        self.wide(self.network, self.list, self.text, self.download, self.fetching, self.finding, self.reading)
        self.list.activated.connect(self._on_activated)
        self.download.clicked.connect(self._on_download)
        self.fetching.ended.connect(self.show_plan)
        self._asked_for: ResNetSpec | None = None
        state.network_changed.connect(self.refresh)
        self.finish()

    def refresh(self) -> None:
        """List the weights of a new network, once for each; the engine imports torchvision for it."""
        if self._asked_for != self.state.window:
            self.ask()

    def ask(self) -> None:
        """Ask which weights are published of the network, and which of them are here."""
        spec = self._asked_for = self.state.window

        def take(result: object) -> None:
            if isinstance(result, tuple) and spec == self.state.window:
                self.state.take_published(result)

        self.finding.ask(FindWeights(spec), "List published weights", take)

    def show_plan(self) -> None:
        plan, chosen = self.state.plan, self.state.chosen
        self.network.show_text(self._network())
        rows: list[tuple[object, ...]] = []
        for weights in self.state.published:
            where = "here" if weights.cached else "not here"
            choice = WeightsChoice(WeightsKind.PUBLISHED, weights.name)
            rows.append((f"{weights.name} ({where})", choice, weights.text))
        if plan.weights.kind is WeightsKind.FILE:
            rows.append((Path(plan.weights.name).name, plan.weights, plan.weights.name))
        own = ("MNIST, ResNet-20 (built in)", MNIST_WEIGHTS, built_in().text)
        self.list.offer([*rows, own, ("none (random)", NONE, _RANDOM), FILE_ROW])
        self.list.show_value(WeightsChoice(WeightsKind.PUBLISHED, chosen.name) if chosen else plan.weights)
        self.text.show_text(self._describe(chosen))
        self.download.setVisible(chosen is not None and not chosen.cached and not self.fetching.is_open)
        if chosen:
            self.download.setText(f"Download, {chosen.bytes / 1e6:,.0f} MB")
        self.summarise(plan.weights.text if plan.weights.kind is not WeightsKind.FILE else "a file")

    def _network(self) -> str:
        plan, window = self.state.plan, title(self.state.window)
        if plan.weights.kind is WeightsKind.BUILT_IN:
            text = f"{title(find('resnet20'))}, {plan.spec.widths[0]} channels wide: the network of these weights."
            return f"{text} To tune the window's {window}, choose its weights, or none."
        return f"{window}: the network of the window, chosen in Build"

    def _describe(self, chosen: Published | None) -> str:
        plan = self.state.plan
        if plan.weights.kind is WeightsKind.BUILT_IN:
            return built_in().text
        if chosen:
            where = f"Here: {chosen.cached}" if chosen.cached else "Not on this machine."
            figures = f"{chosen.bytes / 1e6:,.0f} MB, {chosen.parameters:,} parameters."
            accuracy = f"ImageNet: {chosen.top1:g} % top-1, {chosen.top5:g} % top-5."
            return f"{figures} {accuracy}\n{chosen.licence}\n{where}"
        if plan.weights.kind is WeightsKind.FILE:
            return f"{plan.weights.name}\n{self._file_text()}"
        frozen = plan.strategy in (Strategy.A, Strategy.C, Strategy.PROBE)
        is_known = not self.finding.is_open and not self.finding.problem.text()
        published = " torchvision publishes no weights for it." if is_known and not self.state.published else ""
        return _RANDOM + published if frozen else f"The network starts from random weights.{published}"

    def _file_text(self) -> str:
        read = self.state.file
        if read is None:
            return "Its head is replaced where the classes differ."
        if why := self.state.file_problem():
            return f"⚠ {why} Choose that network in Build, or another file."
        classes = len(self.state.plan.classes) or self.state.plan.network_spec.classes or 0
        return "\n".join((described(read.found.spec), *describe_head(Path(read.source).name, read.found, classes)))

    def _read_file(self, path: str) -> None:
        def take(result: object) -> None:
            if isinstance(result, Weights) and self.state.plan.weights.name == path:
                self.state.take_file(result)

        self.reading.ask(ReadWeights(path), f"Read {Path(path).name}", take)

    def _on_activated(self, index: int) -> None:
        choice = self.list.itemData(index)
        if choice is None:
            name, _ = QFileDialog.getOpenFileName(self, "Weights to start from", "", FILTER)
            choice = WeightsChoice(WeightsKind.FILE, name) if name else self.state.plan.weights
        is_new = choice != self.state.plan.weights
        self.state.use_weights(choice)
        if choice.kind is WeightsKind.FILE and is_new:
            self._read_file(choice.name)
        self.show_plan()

    def _on_download(self) -> None:
        chosen = self.state.chosen
        if chosen is not None:
            self.fetching.ask(FetchWeights(chosen), f"Downloading {chosen.name}", lambda result: self.ask())
            self.show_plan()


SIDES = (1, 1024)
MOST_OF_CLASS = 1_000_000
ROWS = 4
"""Skipped files visible at once."""
_BUILT_IN_TIP = "Part of the app: nothing is downloaded"
BUILT_IN = (
    ("digits 8×8 (built in)", TuneData(TuneKind.DIGITS), _BUILT_IN_TIP),
    ("MNIST 28×28 (built in)", TuneData(TuneKind.MNIST), _BUILT_IN_TIP),
)
OTHERS = (
    (
        "a folder of classes…",
        TuneKind.FOLDER,
        "A folder with one folder of images per class (ImageFolder), or with such folders in train, val and test",
    ),
    (
        "a table of paths and labels…",
        TuneKind.CSV,
        "A CSV file with a column of image files, one of classes, and optionally one of splits (train, val, test); the"
        " columns are recognised by their contents",
    ),
)
OWN_MOMENTS = "mean and standard deviation of the training images"
SIDE_TIP = (
    "Images are resized to this many pixels square. Any size works, since global average pooling reduces each map of"
    " the last stage to its mean. The closer to the size that the weights were trained at, the better"
)


class ImagesStep(Step):
    """Images are checked as soon as they are chosen, so that problems show before anything trains."""

    def __init__(self, state: TuningState, jobs: Jobs) -> None:
        super().__init__("images", "2 Images", "Images and classes to train on", state, True)
        self.list = describe(ChoiceField(), "Images", "Training images: one class for each folder or label")
        self.side, self.share, self.per_class = NumberField(*SIDES), FractionField(), NumberField(0, MOST_OF_CLASS)
        self.checking = Question(jobs, has_again=False)
        self.again = button("Check again", "Open and check every image again", lambda: self.check(anew=True))
        self.text, self.wrong, self.warned = WrappedLabel(quiet=False), WrappedLabel(quiet=False), WrappedLabel()
        self.notes, self.prepared = WrappedLabel(), WrappedLabel()
        tip = "Unreadable files, with the reason; they are left out"
        self.skipped = describe(QListWidget(), "Skipped files", tip)
        self.wrong.setObjectName("problem")
        self._fill()
        self.list.activated.connect(self._on_activated)
        self.checking.ended.connect(self.show_plan)
        state.data_changed.connect(self.check)
        self.finish()

    def _fill(self) -> None:
        self.wide(self.list)
        self.form.add("side", "Image side", self.side, SIDE_TIP)
        tip = "Fraction of each class held out for testing, if no folder or table value is called val or test"
        self.form.add("share", "Test share", self.share, tip)
        tip = "At most so many training images of each class, drawn by the seed; 0 for all. Few show what weights bring"
        self.form.add("per_class", "Per class", self.per_class, tip, "Training images of each class")
        self.wide(self.text, self.wrong, self.warned, self.skipped, self.notes, self.checking, self.again)
        self.wide(self.prepared)
        self.skipped.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.skipped.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.skipped.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.prepared.setToolTip("Preprocessing of each image: that of the weights, where they come with one")

    def check(self, anew: bool = False) -> None:
        plan = self.state.plan

        def take(result: object) -> None:
            if isinstance(result, DataReport) and plan.data == self.state.plan.data:
                self.state.take_report(result)

        self.checking.ask(CheckData(plan), f"Checking {plan.data.text}", take, anew)
        self.show_plan()

    def show_plan(self) -> None:
        plan, report = self.state.plan, self.state.report
        where = plan.data.where
        own = ((Path(where).name or where, plan.data, where),) if where else ()
        rows = (*BUILT_IN, *own, *OTHERS)
        texts = [data.text if isinstance(data, TuneData) else None for _, data, _ in rows]
        self.list.offer(rows, texts.index(plan.data.text))
        self.side.show_value(plan.image.height)
        self.share.show_value(plan.data.share)
        self.per_class.show_value(plan.data.per_class)
        self._show_report(report)
        self.prepared.show_text(self._prepared())
        name = Path(plan.data.where).name or plan.data.text
        self.summarise(f"{name}, {plan.image.height}×{plan.image.width}")

    def _show_report(self, report: DataReport | None) -> None:
        self.text.show_text(describe_report(report) if report else "Not checked yet.")
        self.notes.show_text("\n".join((*report.notes, report.judging)) if report and report.images else "")
        self.wrong.show_text("\n".join(f"⚠ {text}" for text in report.problems) if report else "")
        self.warned.show_text("\n".join(f"△ {text}" for text in report.warnings) if report else "")
        self.skipped.clear()
        for bad in report.unreadable if report else ():
            self.skipped.addItem(f"{bad.path}: {bad.reason}")
            self.skipped.item(self.skipped.count() - 1).setToolTip(f"{bad.path}: {bad.reason}")
        rows = min(ROWS, self.skipped.count())
        self.skipped.setFixedHeight(rows * self.skipped.sizeHintForRow(0) + 8 if rows else 0)
        self.skipped.setVisible(rows > 0)
        self.again.setVisible(not self.checking.is_open)

    def _prepared(self) -> str:
        plan = self.state.plan
        if plan.weights.kind is not WeightsKind.PUBLISHED:
            size = f"{plan.image.height}×{plan.image.width}"
            return f"Preprocessing: resized to {size}, normalised with {OWN_MOMENTS}."
        mean, std = map(_numbers, normalisation(plan.preprocess, plan.spec, plan.channels, plan.grey))
        return (
            f"Preprocessing of the weights: {plan.preprocess.describe(plan.image)}, normalised with mean {mean} and"
            f" standard deviation {std}."
        )

    def _on_activated(self, index: int) -> None:
        chosen = self.list.itemData(index)
        if isinstance(chosen, TuneData):
            if chosen.text != self.state.plan.data.text:
                self.state.use_data(chosen)
            return
        if chosen == TuneKind.FOLDER:
            where = QFileDialog.getExistingDirectory(self, "A folder with a folder for each class")
        else:
            kinds = f"Tables ({' '.join(f'*{suffix}' for suffix in TABLES)});;All files (*)"
            where, _ = QFileDialog.getOpenFileName(self, "A table of images", "", kinds)
        if where:
            self.state.use_data(TuneData(TuneKind(chosen), where, self.state.plan.data.share))
        self.show_plan()

    def take(self, key: str, value: object) -> None:
        if key == "side":
            problem = out_of_range(value, *SIDES, f"A side of {value}")
            if problem:
                self.problem.say(problem)
            elif isinstance(value, int):
                self.state.propose("images", image=InputShape(1, value, value))
            return
        chosen: dict[str, Any] = {key: value}
        try:
            self.state.use_data(replace(self.state.plan.data, **chosen))
            self.problem.say("")
        except ExplorerError as error:
            self.problem.say(str(error))


def _numbers(values: tuple[float, ...]) -> str:
    return ", ".join(f"{value:.3g}" for value in values[:4]) + (", …" if len(values) > 4 else "")


def describe_report(report: DataReport) -> str:
    """Return what a check of the images found, in two sentences."""
    sizes, val = report.sizes, f", {report.val:,} for validation" if report.val else ""
    text = f"{len(report.classes):,} classes, {report.train:,} images for training{val}, {report.test:,} for testing."
    if sizes is None:
        return text
    least, most = (sizes.heights[0], sizes.widths[0]), (sizes.heights[-1], sizes.widths[-1])
    if least == most:
        return f"{text} All of {least[0]}×{least[1]} pixels."
    return f"{text} Sizes from {least[0]}×{least[1]} to {most[0]}×{most[1]} pixels."
