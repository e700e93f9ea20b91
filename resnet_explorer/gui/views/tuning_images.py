"""Step 2: the images: which, what a look at them finds, and how they are prepared."""

from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QAbstractItemView, QFileDialog, QListWidget

from resnet_explorer.analysis.tuning.channels import normalisation
from resnet_explorer.analysis.tuning.checks import DataReport
from resnet_explorer.analysis.tuning.choices import TuneData, TuneKind, WeightsKind
from resnet_explorer.engine.messages import CheckData
from resnet_explorer.errors import ExplorerError
from resnet_explorer.gui.jobs import Jobs
from resnet_explorer.gui.views.fields import FractionField, NumberField, QuietCombo
from resnet_explorer.gui.views.tuning_state import TuningState
from resnet_explorer.gui.views.tuning_step import Question, Step, Words, button, show_number
from resnet_explorer.images.find import TABLES
from resnet_explorer.spec import InputShape

SIDES = (1, 1024)
ROWS = 4
"""So many skipped files are seen at once."""
BUILT_IN = (
    ("digits 8×8 (built in)", TuneData(TuneKind.DIGITS)),
    ("MNIST 28×28 (built in)", TuneData(TuneKind.MNIST)),
)
OTHERS = (
    (
        "a folder of classes…",
        TuneKind.FOLDER,
        "A folder with a folder of images for each class (ImageFolder), or with such folders in train, val and test",
    ),
    (
        "a table of paths and labels…",
        TuneKind.CSV,
        "A CSV file with a column of image files and one of classes, and if you like one of parts (train, val, test):"
        " they are found by what they hold",
    ),
)
SIDE_TIP = (
    "Images are brought to squares of this side. Any size works: global average pooling takes the mean of each map"
    " of the last stage, however large the map is, and so the head sees as many features as ever. The nearer to what"
    " the weights were trained at, the better"
)


class ImagesStep(Step):
    """Images are looked at as soon as they are chosen: what is wrong with them is said before anything trains."""

    def __init__(self, state: TuningState, jobs: Jobs) -> None:
        super().__init__("images", "2 Images", "What the network is to tell apart", state, True)
        self.list, self.side, self.share = QuietCombo(), NumberField(*SIDES), FractionField()
        self.checking, self.again = Question(jobs), button("Check again", "Look at every image once more")
        self.found, self.wrong, self.warned = Words(quiet=False), Words(quiet=False), Words()
        self.notes = Words()
        self.skipped, self.prepared = QListWidget(), Words()
        self.wrong.setObjectName("problem")
        self._fill()
        self.list.activated.connect(self._on_activated)
        self.again.clicked.connect(self.check)
        self.checking.ended.connect(self.show_plan)
        self.watch(self.side, self._on_side)
        self.watch(self.share, self._on_share)
        state.data_changed.connect(self.check)
        self.finish()

    def _fill(self) -> None:
        self.list.setAccessibleName("Images")
        self.list.setToolTip("What is learnt: a class for each folder or label")
        self.wide(self.list)
        self.add("Image side", self.side, SIDE_TIP)
        self.add(
            "Test share",
            self.share,
            "The fraction of each class that is kept for the test, where there are images to train on alone: no folder,"
            " and no value in a table, is called val or test",
        )
        for part in (self.found, self.wrong, self.warned, self.skipped, self.notes, self.checking, self.again):
            self.wide(part)
        self.wide(self.prepared)
        self.skipped.setAccessibleName("Skipped files")
        self.skipped.setToolTip("Files that cannot be read, and why: they are left out")
        self.skipped.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.skipped.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.skipped.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.prepared.setToolTip(
            "What is done to each image before the network sees it: the weights' own preprocessing where they have one"
        )

    def check(self) -> None:
        """Look at every image of the plan."""
        plan = self.state.plan

        def found(result: object) -> None:
            if isinstance(result, DataReport) and plan.data == self.state.plan.data:
                self.state.take_report(result)

        self.checking.ask(CheckData(plan), f"Looking at {plan.data.text}", found)
        self.show_plan()

    def show_plan(self) -> None:
        plan, report = self.state.plan, self.state.report
        with QSignalBlocker(self.list):
            self.list.clear()
            for words, data in BUILT_IN:
                self._offer(words, data, "Carried by the app: nothing is downloaded")
            if plan.data.where:
                self._offer(Path(plan.data.where).name or plan.data.where, plan.data, plan.data.where)
            for words, kind, tip in OTHERS:
                self._offer(words, kind, tip)
            known = [self.list.itemData(n) for n in range(self.list.count())]
            same = [n for n, one in enumerate(known) if isinstance(one, TuneData) and one.text == plan.data.text]
            self.list.setCurrentIndex(same[0] if same else -1)
        show_number(self.side, plan.image.height)
        show_number(self.share, plan.data.share)
        self._show_report(report)
        self.prepared.show_words(self._prepared())
        name = Path(plan.data.where).name or plan.data.text
        self.summarise(f"{name}, {plan.image.height}×{plan.image.width}")

    def _offer(self, words: str, data: object, tip: str) -> None:
        self.list.addItem(words, data)
        self.list.setItemData(self.list.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)

    def _show_report(self, report: DataReport | None) -> None:
        self.found.show_words(report_words(report) if report else "Not looked at yet.")
        self.notes.show_words("\n".join((*report.notes, report.judging)) if report and report.images else "")
        self.wrong.show_words("\n".join(f"⚠ {one}" for one in report.problems) if report else "")
        self.warned.show_words("\n".join(f"△ {one}" for one in report.warnings) if report else "")
        self.skipped.clear()
        for bad in report.unreadable if report else ():
            self.skipped.addItem(f"{bad.path}: {bad.reason}")
            self.skipped.item(self.skipped.count() - 1).setToolTip(f"{bad.path}: {bad.reason}")
        rows = min(ROWS, self.skipped.count())
        self.skipped.setFixedHeight(rows * self.skipped.sizeHintForRow(0) + 8 if rows else 0)
        self.skipped.setVisible(rows > 0)
        self.again.setVisible(not self.checking.is_open)

    def _prepared(self) -> str:
        """Say how images are prepared."""
        plan = self.state.plan
        if plan.weights.kind is not WeightsKind.PUBLISHED:
            return (
                f"Prepared: brought to {plan.image.height}×{plan.image.width}, normed by the mean and deviation of the"
                " training images, which are measured first."
            )
        how = plan.preprocess
        mean, std = normalisation(how, plan.spec, plan.channels, plan.grey)
        ratio = how.resize / how.crop
        return (
            f"Prepared as the weights want it: resized to {ratio:.3g} times {plan.image.height}×{plan.image.width}"
            f" (at {how.crop}: {how.resize}), cut to the centre, normed by mean {_numbers(mean)} and deviation"
            f" {_numbers(std)}."
        )

    def _on_activated(self, index: int) -> None:
        chosen = self.list.itemData(index)
        if isinstance(chosen, TuneData):
            self.use(chosen)
            return
        if chosen == TuneKind.FOLDER:
            where = QFileDialog.getExistingDirectory(self, "A folder with a folder for each class")
        else:
            kinds = f"Tables ({' '.join(f'*{suffix}' for suffix in TABLES)});;All files (*)"
            where, _ = QFileDialog.getOpenFileName(self, "A table of images", "", kinds)
        if where:
            self.use(TuneData(TuneKind(chosen), where, self.state.plan.data.share))
        self.show_plan()

    def use(self, data: TuneData) -> None:
        """Tune on other images."""
        self.state.use_data(data)

    def _on_side(self, value: object) -> None:
        low, high = SIDES
        if not isinstance(value, int) or not low <= value <= high:
            self.say(f"A side of {value} cannot be: choose {low} to {high:,}.")
            return
        self.state.propose("images", image=InputShape(1, value, value))

    def _on_share(self, value: object) -> None:
        data = self.state.plan.data
        try:
            self.use(TuneData(data.kind, data.where, float(str(value))))
        except ExplorerError as error:
            self.say(f"{error.what} {error.remedy}")
        else:
            self.say("")


def _numbers(values: tuple[float, ...]) -> str:
    return ", ".join(f"{one:.3g}" for one in values[:4]) + (", …" if len(values) > 4 else "")


def report_words(report: DataReport) -> str:
    """Return what a look at the images found, in two sentences."""
    sizes, val = report.sizes, f", {report.val:,} to validate" if report.val else ""
    words = f"{len(report.classes):,} classes, {report.train:,} images to train on{val}, {report.test:,} to test with."
    if sizes is None:
        return words
    least, most = (sizes.heights[0], sizes.widths[0]), (sizes.heights[-1], sizes.widths[-1])
    if least == most:
        return f"{words} All of {least[0]}×{least[1]} pixels."
    return f"{words} Sizes from {least[0]}×{least[1]} to {most[0]}×{most[1]} pixels."
