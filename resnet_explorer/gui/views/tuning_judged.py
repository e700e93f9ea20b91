"""Before and after on the same test images: accuracy, each class, and what is confused with what."""

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QTabBar, QVBoxLayout, QWidget

from resnet_explorer.analysis.inside import Confusion, ConfusionRequest
from resnet_explorer.analysis.tuning.results import BeforeAfter, Judgement
from resnet_explorer.analysis.tuning.view import run_plan
from resnet_explorer.drawing.inside.confusion import confusion_picture
from resnet_explorer.drawing.marks import Picture
from resnet_explorer.drawing.theme import Theme
from resnet_explorer.engine.messages import JudgeTune
from resnet_explorer.gui.document import Document
from resnet_explorer.gui.jobs import Jobs
from resnet_explorer.gui.views.inside_pictures import MarksView
from resnet_explorer.gui.views.text_table import TextRow, TextTable
from resnet_explorer.gui.views.tuning_runs import TunedRun
from resnet_explorer.gui.views.tuning_step import Question, Words

COLUMNS = (
    ("Class", "As the folder or the table names it"),
    ("Images", "Test images of the class"),
    ("Before", "Share of them that was named right before the fine-tuning"),
    ("After", "Share of them that is named right with the best weights"),
    ("Change", "In percentage points"),
)
NOTHING = "There is nothing to judge yet: press Start, and look here when the training has ended."
WORKING = "The test images are judged when the training has ended or is paused."


class JudgedPane(QWidget):
    """Asks for the judgement of a run when it is looked at."""

    def __init__(self, document: Document, jobs: Jobs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.words, self.asking = Words(quiet=False), Question(jobs)
        self.started = Words()
        self.table = TextTable(Document(document.state, self), COLUMNS)
        self.when, self.matrix = QTabBar(), MarksView()
        self._asked: tuple[Path, int] | None = None
        self.judged: BeforeAfter | None = None
        self._arrange()
        self.when.currentChanged.connect(self._show_matrix)
        self.show_none(NOTHING)

    def _arrange(self) -> None:
        self.table.setAccessibleName("Test images by class, before and after")
        self.when.addTab("After")
        self.when.addTab("Before")
        self.when.setExpanding(False)
        self.when.setDrawBase(False)
        self.when.setAccessibleName("Which confusion matrix is shown")
        right = QWidget()
        inner = QVBoxLayout(right)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.addWidget(self.when)
        inner.addWidget(self.matrix, 1)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.addWidget(self.table)
        split.addWidget(right)
        split.setChildrenCollapsible(False)
        split.setSizes([440, 460])
        split.setStretchFactor(1, 1)
        line = QHBoxLayout()
        line.addWidget(self.words, 1)
        line.addWidget(self.asking)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 6, 12, 8)
        column.addLayout(line)
        column.addWidget(self.started)
        column.addWidget(split, 1)
        self._split = split

    def show_none(self, words: str) -> None:
        """Show no judgement, and say why."""
        self.judged, self._asked = None, None
        self.words.show_words(words)
        self.started.show_words("")
        self._split.hide()

    def look(self, run: TunedRun | None, is_busy: bool) -> None:
        """Show the judgement of a run, and ask for it where it is not known."""
        if run is None:
            self.show_none(WORKING if is_busy else NOTHING)
            return
        key = (run.folder, len(run.metrics))
        if key != self._asked:
            self.show_none(f"The test images are judged before and after {run.plan.name}…")
            self._asked = key
            self.asking.ask(JudgeTune(str(run.folder)), f"Before and after {run.plan.name}", self._show)

    def _show(self, result: object) -> None:
        if not isinstance(result, BeforeAfter):
            return
        self.judged = result
        self.words.show_words(judged_words(result))
        self.started.show_words(" ".join(result.words))
        self.table.show_rows(_rows(result))
        self.when.setTabEnabled(1, result.before is not None)
        self._split.show()
        self._show_matrix()

    def _show_matrix(self) -> None:
        judged = self.judged
        if judged is None:
            return
        is_before = self.when.currentIndex() == 1 and judged.before is not None
        shown = judged.before if is_before and judged.before is not None else judged.after
        words = "before" if is_before else "after"

        def draw(wide: float, high: float, text: float) -> Picture:
            return confusion_picture(_confusion(judged, shown, words), judged.plan.classes, wide, high, text)

        self.matrix.show_drawn(draw)

    def show_theme(self, theme: Theme) -> None:
        """Paint in another theme."""
        self.matrix.show_theme(theme)
        if self.judged is not None:
            self.table.show_rows(_rows(self.judged))


def judged_words(result: BeforeAfter) -> str:
    """Return how well the network names the test images before and after, in a sentence."""
    after, outcome = result.after, result.outcome
    of = f"of {int(after.counts.sum()):,} test images"
    best = f", at epoch {outcome.best_epoch:,} of {outcome.epochs:,}" if outcome.best_epoch else ""
    end = f"{100 * after.accuracy:.1f} % {of} are named right with the best weights{best}, loss {after.loss:.3g}"
    if result.before is None:
        return f"{end}. What it named before is not known any longer."
    return f"Before: {100 * result.before.accuracy:.1f} %, loss {result.before.loss:.3g}. After: {end}."


def _rows(result: BeforeAfter) -> list[TextRow]:
    rows = []
    for label, name in enumerate(result.plan.classes):
        count = int(result.after.counts[label].sum())
        before = result.before.recall(label) if result.before else None
        after = result.after.recall(label)
        change = 100 * (after - before) if after is not None and before is not None else None
        texts = (name, f"{count:,}", _percent(before), _percent(after), "–" if change is None else f"{change:+.1f}")
        numbers = (float(count), *(-1.0 if one is None else one for one in (before, after)), change or 0.0)
        rows.append(TextRow(f"class {label}", texts, (name, *numbers)))
    return rows


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f} %"


def _confusion(judged: BeforeAfter, shown: Judgement, words: str) -> Confusion:
    """Return a judgement as what the picture of the confusion matrix is drawn of."""
    plan = run_plan(judged.plan, int(shown.counts.sum()))
    request = ConfusionRequest(judged.folder, replace(plan, name=f"{plan.name} ({words})"))
    none = shown.counts[:0].astype("uint8")
    return Confusion(request, shown.counts, (), (), none, shown.loss, judged.data, 0.0)
