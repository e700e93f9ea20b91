"""What comes of a fine-tuning: the same test images before and after, and the model with its files."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QSizePolicy, QTabBar, QWidget

from resnet_explorer.engine.jobs import Job
from resnet_explorer.errors import ExplorerError
from resnet_explorer.finetuning import values
from resnet_explorer.finetuning.choices import WeightsKind
from resnet_explorer.finetuning.frozen import COMPUTING
from resnet_explorer.finetuning.plan import TunePlan, plan_from_text, plan_to_text, read_plan, run_plan
from resnet_explorer.insight.charts import confusion_picture
from resnet_explorer.insight.pictures import MarksView
from resnet_explorer.insight.values import Confusion, ConfusionRequest
from resnet_explorer.picture.marks import Picture
from resnet_explorer.picture.theme import Theme
from resnet_explorer.runs.folder import RunFolder, found_runs, newest_first, read
from resnet_explorer.runs.plan import Chunk
from resnet_explorer.runs.unfinished import Unfinished
from resnet_explorer.training.controller import LiveRun, TrainingController
from resnet_explorer.training.run_view import RunPictures
from resnet_explorer.ui.dialogs import ONNX
from resnet_explorer.ui.document import Document
from resnet_explorer.ui.fields import ChoiceField
from resnet_explorer.ui.flow import Flow, tool_row
from resnet_explorer.ui.frame import Drawer, Edge
from resnet_explorer.ui.job_state import JobState
from resnet_explorer.ui.jobs import Jobs
from resnet_explorer.ui.jobs_panel import Question
from resnet_explorer.ui.parts import NO_MARGINS, WrappedLabel, button, describe, hbox, heading, panel, vbox
from resnet_explorer.ui.tables import LinkedTable, TextRow, TextTable
from resnet_explorer.ui.turns import Turns


@dataclass(slots=True)
class TunedRun(LiveRun):
    """A run with its plan of fine-tuning."""

    tune: TunePlan | None = None

    def take(self, chunk: Chunk) -> None:
        """Add steps; how many there will be is known with the images."""
        LiveRun.take(self, chunk)
        if chunk.environment is not None and self.tune is not None:
            self.plan = run_plan(replace(self.tune, classes=chunk.environment.classes), chunk.environment.train)


class FinetuneRunner(TrainingController):
    """Fine-tunes one plan, or several side by side."""

    lab = "tuning"

    def tune(self, plans: Sequence[TunePlan], images: int, title: str) -> None:
        """Start new runs, each in a folder of its own; ``images`` is an estimate until the images are read.

        Raises nothing: an error is its run's ``problem``.
        """
        self.pause()
        runs = [run_plan(plan, images) for plan in plans]
        self.runs = [
            TunedRun(run, folder, tune=plan)
            for plan, run, folder in zip(plans, runs, self.folders(runs, title), strict=True)
        ]
        self.resume()

    def job_of(self, run: LiveRun, until: int | None) -> Job:
        assert isinstance(run, TunedRun) and run.tune is not None
        plan = run.tune
        if plan.weights.kind is not WeightsKind.PUBLISHED:
            plan = replace(plan, classes=())  # so that mean and standard deviation of the images are measured first
        return values.TuneRun(plan, str(run.folder), until, len(run.metrics), self.tensorboard)

    @property
    def computing(self) -> JobState | None:
        """Return the job of a run that computes features before its steps; None where none does."""
        states = (self._jobs.state(run.job) for run in self.runs if run.job)
        return next((state for state in states if state and state.text.startswith(COMPUTING)), None)

    def restored(self, left: Unfinished) -> LiveRun | None:
        run = super().restored(left)
        try:
            tune = plan_from_text(left.tune)
        except ExplorerError:
            return None
        if run is None:
            return None
        return TunedRun(run.plan, run.folder, 0, run.status, run.environment, run.problem, run.metrics, tune=tune)

    def unfinished(self, run: LiveRun) -> Unfinished:
        assert isinstance(run, TunedRun) and run.tune is not None
        return Unfinished(str(run.folder), run.plan, plan_to_text(run.tune))

    def open_kept(self, folder: Path) -> None:
        """Open a saved fine-tuning, to evaluate, export or continue it.

        Raises ExplorerError where the folder holds none.
        """
        run, plan = read(folder), read_plan(folder)
        self.take_up([run])
        taken = self.runs[0]
        self.runs = [
            TunedRun(run.plan, folder, 0, taken.status, run.environment, run.problem, list(run.metrics), tune=plan)
        ]
        self.changed.emit()

    def finished(self, place: int) -> TunedRun | None:
        """Return the run of a place where it has made steps and is not at work; None otherwise."""
        run = self.runs[place] if place < len(self.runs) else None
        if not isinstance(run, TunedRun) or run.job or not run.metrics or not run.folder.exists():
            return None
        return run


class CurvesPane(QWidget):
    """Plots of the runs; their table is in a drawer.

    ``changed`` tells that they are to be drawn otherwise, ``kept_wanted`` gives the folder of a kept run.
    """

    changed = Signal()
    kept_wanted = Signal(object)

    def __init__(self, document: Document, root: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._root, self._turns = root, Turns(self)
        self.pictures = RunPictures(document)
        self.first, self.second, self.table = self.pictures.first, self.pictures.second, self.pictures.table
        tip = "Open a saved fine-tuning to evaluate, export or continue it"
        self.kept = describe(ChoiceField(), "Kept fine-tunings", tip)
        self.kept.setMinimumContentsLength(22)
        self.tools = (tool_row(*self.pictures.tools),)
        runs = panel(hbox(self.kept, 1, margins=(8, 6, 8, 2)), (self.table, 1))
        drawer = Drawer("Runs", runs, Edge.BOTTOM, 136, "The runs as a table, and saved ones to open")
        self.table.grown.connect(lambda high: drawer.fit(min(high + 40, 180)))
        self.drawers = (drawer,)
        vbox((self.pictures, 1), of=self)
        self.pictures.changed.connect(self.changed)
        self.kept.activated.connect(self._on_kept)

    def show_theme(self, theme: Theme) -> None:
        self.pictures.show_theme(theme)

    def list_kept(self) -> None:
        """List the kept fine-tunings, in pieces between the window's events."""
        self._turns.begin(self._listing())

    def _listing(self) -> Iterator[None]:
        found: list[RunFolder] = []
        for run in found_runs(self._root):
            found += [run] if run.is_tuning else []
            yield
        runs = ((f"{run.name}, {run.environment.began[:16].replace('T', ' ')}", run.path, run.path)
                for run in newest_first(found))  # fmt: skip
        self.kept.offer([("Kept fine-tunings…",), *runs])
        self.kept.setEnabled(self.kept.count() > 1)

    def _on_kept(self, index: int) -> None:
        if self.kept.itemData(index) is not None:
            self.kept_wanted.emit(self.kept.itemData(index))


COLUMNS = (
    ("Class", "Name of the folder, or in the table"),
    ("Images", "Test images of the class"),
    ("Before", "Accuracy on them before fine-tuning"),
    ("After", "Accuracy on them with the best weights"),
    ("Change", "In percentage points"),
)
NOTHING = "No results yet. Press Start, and return when the training has finished."
WORKING = "The test images are evaluated when the training has finished or is paused."


class BeforeAfterPane(QWidget):
    """Evaluates a run when the pane is shown."""

    def __init__(self, document: Document, jobs: Jobs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.text, self.asking = WrappedLabel(quiet=False), Question(jobs)
        self.started = WrappedLabel()
        name = "Test images by class, before and after"
        self.table = LinkedTable(Document(document.state, self), name, COLUMNS, range(1, 5))
        self.when, self.matrix = describe(QTabBar(), "Which confusion matrix is shown"), MarksView()
        self._key: tuple[Path, int] | None = None
        self.judged: values.BeforeAfter | None = None
        self.when.addTab("After")
        self.when.addTab("Before")
        self.when.setExpanding(False)
        self.when.setDrawBase(False)
        for part in (self.text, self.asking):
            part.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.tools = (tool_row(self.when, self.text, self.asking),)
        self.started.setContentsMargins(12, 6, 12, 6)
        classes = panel((self.table, 1), self.started)
        self.drawers = (Drawer("Classes", classes, Edge.RIGHT, 440, "Each class before and after"),)
        vbox((self.matrix, 1), of=self)
        self.when.currentChanged.connect(self._show_matrix)
        self.show_none(NOTHING)

    def show_none(self, text: str) -> None:
        """Show no judgement, and say why."""
        self.judged, self._key = None, None
        self.text.show_text(text)
        self.started.show_text("")
        self.matrix.hide()
        self.when.hide()
        self.table.show_rows([])

    def show_run(self, run: TunedRun | None, is_busy: bool) -> None:
        if run is None:
            self.show_none(WORKING if is_busy else NOTHING)
            return
        key = (run.folder, len(run.metrics))
        if key != self._key:
            self.show_none(f"Evaluating the test images before and after {run.plan.name}…")
            self._key = key
            self.asking.ask(values.EvaluateTuned(str(run.folder)), f"Before and after {run.plan.name}", self._show)

    def _show(self, result: object) -> None:
        if not isinstance(result, values.BeforeAfter):
            return
        self.judged = result
        self.text.show_text(describe_result(result))
        self.started.show_text(" ".join(result.sentences))
        self.table.show_rows(_rows(result))
        self.when.setTabEnabled(1, result.before is not None)
        self.matrix.show()
        self.when.show()
        self._show_matrix()

    def _show_matrix(self) -> None:
        judged = self.judged
        if judged is None:
            return
        before = judged.before if self.when.currentIndex() == 1 else None
        shown, when = (before, "before") if before else (judged.after, "after")

        def draw(wide: float, high: float, text: float) -> Picture:
            return confusion_picture(confusion_of(judged, shown, when), judged.plan.classes, wide, high, text)

        self.matrix.show_drawn(draw)

    def show_theme(self, theme: Theme) -> None:
        self.matrix.show_theme(theme)
        if self.judged is not None:
            self.table.show_rows(_rows(self.judged))


def describe_result(result: values.BeforeAfter) -> str:
    """Return the accuracy on the test images before and after, in a sentence."""
    after, outcome = result.after, result.outcome
    of = f"of {int(after.counts.sum()):,} test images"
    best = f", at epoch {outcome.best_epoch:,} of {outcome.epochs:,}" if outcome.best_epoch else ""
    share = f"{100 * after.accuracy:.1f} % {of}"
    end = f"{share} are classified correctly with the best weights{best}, loss {after.loss:.3g}"
    if result.before is None:
        return f"{end}. Predictions from before fine-tuning are no longer available."
    return f"Before: {100 * result.before.accuracy:.1f} %, loss {result.before.loss:.3g}. After: {end}."


def _rows(result: values.BeforeAfter) -> list[TextRow]:
    rows = []
    for label, name in enumerate(result.plan.classes):
        count = int(result.after.counts[label].sum())
        before = result.before.recall(label) if result.before else None
        after = result.after.recall(label)
        change = 100 * (after - before) if after is not None and before is not None else None
        texts = (name, f"{count:,}", _percent(before), _percent(after), "–" if change is None else f"{change:+.1f}")
        numbers = (float(count), *(-1.0 if recall is None else recall for recall in (before, after)), change or 0.0)
        rows.append(TextRow(f"class {label}", texts, (name, *numbers)))
    return rows


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f} %"


def confusion_of(judged: values.BeforeAfter, shown: values.Evaluation, text: str) -> Confusion:
    """Return one of both evaluations as a confusion matrix; ``text`` says which."""
    plan = run_plan(judged.plan, int(shown.counts.sum()))
    request = ConfusionRequest(judged.folder, replace(plan, name=f"{plan.name} ({text})"))
    none = shown.counts[:0].astype("uint8")
    return Confusion(request, shown.counts, (), (), none, shown.loss, judged.data, 0.0)


KINDS = (
    (".safetensors", "Model, .safetensors", "Weights only; opening the file runs no code"),
    (".pth", "Model, .pth", "Weights saved by PyTorch, with torchvision's parameter names"),
    (".onnx", "Model, .onnx", "Network and weights for other runtimes, such as ONNX Runtime"),
    (".pt2", "Program, .pt2", "Written by torch.export: runs in PyTorch without the source of the network"),
    (".md", "Model card, .md", "Data, training, results and licences, in Markdown"),
    (".py", "Training script, .py", "The same training as a script: for one GPU, or several with torchrun"),
)
IMAGES = "Images (*.png *.jpg *.jpeg *.bmp *.gif *.webp *.tif *.tiff *.npy);;All files (*)"
ANSWERS = (("File", ""), ("Class", ""), ("Probability", ""), ("Others", ""))
NOT_TUNED = "Nothing to export yet. Press Start, and return when the training has finished or is paused."


class ExportPane(QWidget):
    """Buttons that export the run, and images that the fine-tuned network classifies."""

    def __init__(self, jobs: Jobs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.run: TunedRun | None = None
        self.text, self.saved = WrappedLabel(quiet=False), WrappedLabel()
        self.saving, self.asking = Question(jobs), Question(jobs)
        self.buttons = {suffix: button(f"{text}…", tip) for suffix, text, tip in KINDS}
        tip = "Choose images to classify with the fine-tuned network"
        self.choose = button("Classify images…", tip, self._on_choose)
        self.results = TextTable("Predicted class of each image", ANSWERS, [2])
        self.results.fit_columns()
        for suffix, save in self.buttons.items():
            save.clicked.connect(partial(self._on_save, suffix))
        saves = Flow(*self.buttons.values(), margins=NO_MARGINS)
        line = hbox(self.choose, (self.asking, 1), 0)
        top = (heading("Export"), self.text, saves, self.saving, self.saved, heading("Classify images"), line)
        vbox(*top, (self.results, 1), of=self, margins=(14, 8, 14, 8))
        self.show_run(None)

    def show_run(self, run: TunedRun | None) -> None:
        if run is not self.run:
            self.saved.show_text("")
            self.results.show_rows(())
        self.run = run
        self.text.show_text(f"{run.plan.name}, in {run.folder}" if run else NOT_TUNED)
        for control in (*self.buttons.values(), self.choose):
            control.setEnabled(run is not None)

    def _on_save(self, suffix: str) -> None:
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
            self.saved.show_text("")
            job = values.SaveTuned(str(self.run.folder), path, dynamic)
            self.saving.ask(job, f"Saving {Path(path).name}", lambda result: self.saved.show_text(f"Saved {result}."))

    def _on_choose(self) -> None:
        files, _ = QFileDialog.getOpenFileNames(self, "Images to classify", "", IMAGES)
        if files:
            self.name(files)

    def name(self, files: Sequence[str]) -> None:
        if self.run is not None:
            job = values.Predict(str(self.run.folder), tuple(files))
            self.asking.ask(job, f"Classifying {len(files):,} images", self._on_named)

    def _on_named(self, result: object) -> None:
        predictions = result if isinstance(result, tuple) else ()
        self.results.show_rows([_answer(answer) for answer in predictions if isinstance(answer, values.Prediction)])
        self.results.fit_columns()


def _answer(prediction: values.Prediction) -> TextRow:
    name = Path(prediction.file).name
    if prediction.problem or not prediction.classes:
        texts: tuple[str, ...] = (name, f"⚠ {prediction.problem}", "", "")
    else:
        (label, chance), *others = prediction.classes
        rest = ", ".join(f"{other} {100 * share:.1f} %" for other, share in others)
        texts = (name, label, f"{100 * chance:.1f} %", rest)
    return TextRow(prediction.file, texts, tips=(prediction.file, *texts[1:]))
