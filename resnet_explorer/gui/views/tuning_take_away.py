"""What is taken away: the model in four formats, its card, the script of its training; and what it says of images."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from resnet_explorer.analysis.tuning.results import Prediction
from resnet_explorer.engine.messages import Predict, SaveTuned
from resnet_explorer.gui.jobs import Jobs
from resnet_explorer.gui.questions import ONNX
from resnet_explorer.gui.views.tuning_runs import TunedRun
from resnet_explorer.gui.views.tuning_step import Question, Words, button

KINDS = (
    (".safetensors", "Model, .safetensors", "Weights alone, in the format that runs no code when it is opened"),
    (".pth", "Model, .pth", "Weights as PyTorch saves them, under torchvision's names"),
    (".onnx", "Model, .onnx", "The network with its weights for other runtimes, such as ONNX Runtime"),
    (".pt2", "Program, .pt2", "What torch.export writes: runs with PyTorch, without any code of the network"),
    (".md", "Model card, .md", "What it was trained on, how, how well, and under which licences, in Markdown"),
    (".py", "Training script, .py", "This very training, to be run elsewhere: one GPU, or several by torchrun"),
)
IMAGES = "Images (*.png *.jpg *.jpeg *.bmp *.gif *.webp *.tif *.tiff *.npy);;All files (*)"
COLUMNS = ("File", "Class", "Probability", "Others")
NOTHING = "Nothing has been fine-tuned yet: press Start, and come back when it has ended or is paused."


class TakeAwayPane(QWidget):
    """Buttons that save, and images that the tuned network names."""

    def __init__(self, jobs: Jobs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.run: TunedRun | None = None
        self.words, self.saved, self.saving, self.asking = Words(quiet=False), Words(), Question(jobs), Question(jobs)
        self.buttons = {suffix: button(f"{words}…", tip) for suffix, words, tip in KINDS}
        self.choose = button("Name images…", "Choose images of yours: the tuned network says what it sees in each")
        self.results = QTreeWidget()
        self._arrange()
        for suffix, one in self.buttons.items():
            one.setObjectName(suffix)
            one.clicked.connect(self._on_save)
        self.choose.clicked.connect(self._on_choose)
        self.look(None)

    def _arrange(self) -> None:
        grid = QGridLayout()
        for index, one in enumerate(self.buttons.values()):
            grid.addWidget(one, index // 3, index % 3)
        heading, second = QLabel("TAKE AWAY"), QLabel("NAME IMAGES")
        for label in (heading, second):
            label.setObjectName("heading")
        line = QHBoxLayout()
        line.addWidget(self.choose)
        line.addWidget(self.asking, 1)
        line.addStretch(0)
        self.results.setColumnCount(len(COLUMNS))
        self.results.setHeaderLabels(list(COLUMNS))
        self.results.setRootIsDecorated(False)
        self.results.setAccessibleName("What the network says of each image")
        self.results.header().setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        self.results.setColumnWidth(0, 260)
        self.results.setColumnWidth(1, 160)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 8, 14, 8)
        for part in (heading, self.words):
            column.addWidget(part)
        column.addLayout(grid)
        for widget in (self.saving, self.saved, second):
            column.addWidget(widget)
        column.addLayout(line)
        column.addWidget(self.results, 1)

    def look(self, run: TunedRun | None) -> None:
        """Take away this run, or none."""
        if run is not self.run:
            self.saved.show_words("")
            self.results.clear()
        self.run = run
        self.words.show_words(f"{run.plan.name}, in {run.folder}" if run else NOTHING)
        for one in (*self.buttons.values(), self.choose):
            one.setEnabled(run is not None)

    def _on_save(self) -> None:
        suffix = self.sender().objectName()
        run = self.run
        if run is None:
            return
        name = ("finetune" if suffix == ".py" else run.plan.name.replace(" ", "-").lower()) + suffix
        kinds = ONNX if suffix == ".onnx" else (f"{suffix[1:]} (*{suffix})",)
        path, kind = QFileDialog.getSaveFileName(self, "Save", name, ";;".join(kinds))
        if path:
            self.save(path if Path(path).suffix else path + suffix, dynamic=kind == ONNX[1])

    def save(self, path: str, *, dynamic: bool = False) -> None:
        """Write what the path's ending says; ``dynamic``: ONNX for images of any size."""
        if self.run is not None:
            self.saved.show_words("")
            job = SaveTuned(str(self.run.folder), path, dynamic)
            self.saving.ask(job, f"Saving {Path(path).name}", self._on_saved)

    def _on_saved(self, result: object) -> None:
        self.saved.show_words(f"Saved {result}.")

    def _on_choose(self) -> None:
        files, _ = QFileDialog.getOpenFileNames(self, "Images to name", "", IMAGES)
        if files:
            self.name(files)

    def name(self, files: Sequence[str]) -> None:
        """Let the network name what is in some files."""
        if self.run is not None:
            job = Predict(str(self.run.folder), tuple(files))
            self.asking.ask(job, f"Naming {len(files):,} images", self._on_named)

    def _on_named(self, result: object) -> None:
        self.results.clear()
        for one in result if isinstance(result, tuple) else ():
            if isinstance(one, Prediction):
                self.results.addTopLevelItem(_item(one))


def _item(one: Prediction) -> QTreeWidgetItem:
    name = Path(one.file).name
    if one.problem or not one.classes:
        texts = [name, f"⚠ {one.problem}", "", ""]
    else:
        (label, chance), *others = one.classes
        rest = ", ".join(f"{other} {100 * share:.1f} %" for other, share in others)
        texts = [name, label, f"{100 * chance:.1f} %", rest]
    item = QTreeWidgetItem(texts)
    item.setTextAlignment(2, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    for column, text in enumerate(texts):
        item.setToolTip(column, one.file if column == 0 else text)
    return item
