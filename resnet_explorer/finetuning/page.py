"""The fine-tuning lab: a network with weights on your own images, every choice shown on the network itself."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QProgressBar, QPushButton, QScrollArea, QWidget

from resnet_explorer.errors import ExplorerError
from resnet_explorer.finetuning.choices import Strategy, WeightsKind
from resnet_explorer.finetuning.part import TuningPart, TuningView
from resnet_explorer.finetuning.plan import TunePlan, run_plan
from resnet_explorer.finetuning.plan_view import FreezePane, GroupsPane, SamplesPane, WaysPane
from resnet_explorer.finetuning.replay import TransferReplay
from resnet_explorer.finetuning.results_view import BeforeAfterPane, CurvesPane, ExportPane, FinetuneRunner, TunedRun
from resnet_explorer.finetuning.setup import TuningSetup
from resnet_explorer.finetuning.state import TuningState
from resnet_explorer.insight.page import InsideView
from resnet_explorer.insight.values import RunReference
from resnet_explorer.picture.theme import Theme
from resnet_explorer.runs.plan import Run
from resnet_explorer.spec import ResNetSpec
from resnet_explorer.training.bars import TrainingBar
from resnet_explorer.training.curves_part import ShownCurves
from resnet_explorer.training.runs_page import REPLAY_MS, RunsPage
from resnet_explorer.ui.canvas import Canvas, shown_canvas
from resnet_explorer.ui.document import Document, Results
from resnet_explorer.ui.flow import Flow
from resnet_explorer.ui.frame import Drawer, Edge
from resnet_explorer.ui.jobs import Jobs
from resnet_explorer.ui.parts import Problem, fill, panel
from resnet_explorer.ui.preferences import runs_folder
from resnet_explorer.ui.views import View, Views

COMPARED = (Strategy.A, Strategy.B, Strategy.C)


class TuningBar(TrainingBar):
    """``compare_wanted`` tells that several strategies are asked for, on equal budget.

    ``problem`` says why it cannot be started; it belongs under the bar.
    """

    compare_wanted = Signal()

    _trainer: FinetuneRunner

    def __init__(self, trainer: FinetuneRunner) -> None:
        self.compare, self.progress, self.problem = QPushButton("Compare strategies"), QProgressBar(), Problem()
        super().__init__(trainer)
        names = ", ".join(map(str, COMPARED))
        self.compare.setToolTip(f"Train strategies {names} side by side: same images, epochs, rate and seed")
        self.start.setToolTip("Start fine-tuning with the settings of the steps (Ctrl+Enter)")
        self.step.setToolTip("Make one step")
        self.pause.setToolTip("Save a checkpoint and pause. Resume continues with bit-identical results.")
        self.stop.setToolTip("Stop; the weights of the best epoch are kept")
        self.progress.setFixedWidth(130)
        self.progress.setTextVisible(False)
        self.compare.clicked.connect(self.compare_wanted)

    def lay_out(self, other: QWidget, views: Sequence[QWidget]) -> None:
        buttons = self.start, self.compare, self.pause, self.step, self.stop
        self.setLayout(Flow(*buttons, self.progress, self.text, other, *views, together=views))

    def show_state(self) -> None:
        super().show_state()
        runs = self._trainer.runs
        done = sum(len(run.metrics) for run in runs)
        of = sum(run.plan.recipe.steps for run in runs)
        self.progress.setVisible(self._trainer.is_busy)
        computing = self._trainer.computing
        self.text.setMinimumWidth(0)
        if computing is not None:
            done, of = computing.done, computing.of
            self.text.setText(computing.text)
            self.text.setToolTip(computing.text)
            self.text.setMinimumWidth(min(self.width() // 2, self.text.sizeHint().width()))
        self.progress.setRange(0, of if done else 0)
        self.progress.setValue(done)
        self.progress.setAccessibleName(computing.text if computing else f"{done:,} of {of:,} steps")


NOTHING = "Nothing to inspect yet. Press Start, and return when the training has finished or is paused."

TIPS: Mapping[TuningView, str] = {
    TuningView.NETWORK: "What trains in which epoch; click a part to freeze or unfreeze it",
    TuningView.GROUPS: "Parameter groups of the optimiser: tensors, learning rates over time, weight decay",
    TuningView.IMAGES: "Training images as the network sees them",
    TuningView.CHANNELS: "Ways for grey and other images to enter the network: costs, measurements, advice",
    TuningView.CURVES: "Metrics of the trainings, step by step",
    TuningView.RESULTS: "The same test images before and after fine-tuning",
    TuningView.INSPECT: "Mistakes, Grad-CAM, filters, and the loss around the tuned network",
    TuningView.EXPORT: "The model, its card, its training script; and predictions for images",
}
"""What each view of the page shows."""


class TuningPage(RunsPage[FinetuneRunner]):
    """Views of the plan and of what comes of it; the steps that make the plan are in a drawer."""

    def __init__(self, document: Document, jobs: Jobs, parent: QWidget | None = None) -> None:
        super().__init__(document, jobs, FinetuneRunner(jobs, runs_folder()), parent)
        self.state = TuningState(document.state.spec, self)
        self.setup, self.bar = TuningSetup(self.state, jobs), TuningBar(self.trainer)
        jobs.changed.connect(self._on_jobs)
        self.network = FreezePane(self.state, document)
        self.groups = GroupsPane(self.state, self.network.document)
        self.ways = WaysPane(self.state)
        self.samples, self.judged = SamplesPane(self.state, jobs), BeforeAfterPane(document, jobs)
        self.curves = CurvesPane(document, self.trainer.root)
        self.inside, self.export = InsideView(document, jobs), ExportPane(jobs)
        self.replay = TransferReplay()
        self.pictures = self.curves.pictures
        self._plots = ShownCurves(self.pictures, self.replay.bar, self.inside)
        self._asked_once = self._still = self._is_live = self._has_part = self._is_stale = False
        self._spec: ResNetSpec | None = None
        self._lay_out()
        self.views.setCurrentWidget(self.curves)
        self._wire()

    def _lay_out(self) -> None:
        self.views = Views("Views of the fine-tuning", *self._make_views())
        self.bar.lay_out(self.replay, self.views.buttons)
        steps = Drawer("Steps", self.setup, Edge.LEFT, 376, "Weights, images, head, what trains, and the recipe")
        tools = self.offer, self.bar, panel(self.bar.problem, margins=(12, 0, 12, 0)), *self.views.tools
        self.set_parts(self.views, steps, *self.views.drawers, tools=tools)

    def _make_views(self) -> tuple[View, ...]:
        about = QScrollArea()
        fill(about, self.replay.text, 1, margins=(12, 8, 12, 8))
        reading = Drawer("Reading this plot", about, Edge.RIGHT, 290, "What the recorded fine-tuning shows")
        network, groups, curves, judged, inside = self.network, self.groups, self.curves, self.judged, self.inside
        parts: tuple[tuple[QWidget, tuple[QWidget, ...], tuple[Drawer, ...]], ...] = (
            (network, network.tools, ()),
            (groups, (), groups.drawers),
            (self.samples, self.samples.tools, ()),
            (self.ways, (), ()),
            (curves, curves.tools, (*curves.drawers, reading)),
            (judged, judged.tools, judged.drawers),
            (inside, inside.tools, inside.drawers),
            (self.export, (), ()),
        )
        return tuple(View(title, TIPS[title], *part) for title, part in zip(TuningView, parts, strict=True))

    def _wire(self) -> None:
        self.bar.start_wanted.connect(self.start)
        self.offer.continue_wanted.connect(self._on_continue_left)
        self.bar.compare_wanted.connect(self.compare)
        self.trainer.changed.connect(self._on_runs)
        self.trainer.ended.connect(self._on_view)
        self.trainer.ended.connect(self.curves.list_kept)
        self.state.changed.connect(self._on_plan)
        self.curves.changed.connect(self.draw)
        self.pictures.appeared.connect(self.draw_soon)
        self.replay.moved.connect(self._on_moved)
        self.curves.kept_wanted.connect(self._on_kept)
        self.setup.channels.measure.clicked.connect(lambda: self.views.setCurrentWidget(self.ways))
        self.curves.table.renamed.connect(self.rename)
        self.curves.table.currentItemChanged.connect(self._on_view)
        self.views.currentChanged.connect(self._on_view)
        opened, row = self.network.document.view_changed, self.curves.table.currentItemChanged
        shown = (self.state.changed, self.curves.changed, self.replay.moved, self.views.currentChanged)
        for signal in (*shown, self.inside.part_changed, opened, row):
            signal.connect(self.part_changed)

    def part(self) -> TuningPart:
        state, view = self.state, list(TuningView)[self.views.currentIndex()]
        choices: dict[str, Any] = {
            "view": view,
            "epoch": state.epoch + 1,
            "plan": state.plan,
            "diagram": self.network.document.view,
        }
        return TuningPart(**self._plots.values(), **choices, live=self._is_live)

    def show_part(self, part: TuningPart) -> None:
        self._has_part, before, problem = True, self.state.plan.data, ""
        try:
            self.state.show_plan(part.plan, part.epoch - 1, self._spec or self._document.state.spec)
        except ExplorerError as error:
            problem = str(error)
        with self.drawn_once():
            if part.live:
                self.replay.leave()
            elif not self.replay.is_on:
                self.replay.open(self._document.instruction_set, plays=False)
            self._plots.show(part)
            self._is_live = part.live
            self.draw()
        with self.drawn_once():
            self._plots.show_rows(part)
            self.network.document.show_view(part.diagram)
            self.views.setCurrentIndex(list(TuningView).index(part.view))
            self._asked_once &= before == self.state.plan.data
            if self.isVisible():
                self._ask_anew()
            self._on_view()
        self.bar.problem.say(problem)

    @property
    def canvas(self) -> Canvas:
        return shown_canvas(self, self.network.view)

    @property
    def guide(self) -> str:
        return "inspect" if self.views.currentWidget() is self.inside else ""

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._spec is not None:
            self.state.use_network(self._spec)
        self._ask_anew()
        if not self._has_part:
            self._has_part = True
            self._show_recording()
            self.draw()
        if self._is_stale:
            self._on_view()

    def _ask_anew(self) -> None:
        """Ask what weights there are, and check the images, where that was not done yet."""
        self.setup.weights.refresh()
        if not self._asked_once:
            self._asked_once = True
            self.setup.images.check()
            self.curves.list_kept()

    def show_results(self, results: Results) -> None:
        """Tune the window's network from here on; a running training continues.

        Reading a deep network takes a tenth of a second, so a hidden page waits until it is shown.
        """
        self._spec = results.state.spec
        if self.isVisible():
            self.state.use_network(self._spec)

    def show_theme(self, theme: Theme) -> None:
        self._theme = theme
        for part in (self.network, self.groups, self.samples, self.judged, self.curves, self.inside):
            part.show_theme(theme)
        self.setup.show_theme()
        self.ways.show_theme()

    def _show_recording(self) -> None:
        """Replay what the first plan came to, where nobody has begun another one."""
        if self.state.plan.weights.kind is WeightsKind.BUILT_IN and not self.trainer.runs:
            self.replay.open(self._document.instruction_set, plays=not self._still)
            self.views.setCurrentWidget(self.curves)
        else:
            self._is_live = True
            self.views.setCurrentWidget(self.network)

    def _on_moved(self) -> None:
        self._is_live = not self.replay.is_on
        self.draw_soon(REPLAY_MS) if self.replay.bar.playing else self.draw()

    def reduce_motion(self, still: bool) -> None:
        self._still = still

    @property
    def runs(self) -> tuple[Run, ...]:
        """Return the recorded fine-tunings while they are replayed, those of now, or the one that would be."""
        if self.replay.is_on:
            return self.replay.runs()
        if self.trainer.runs:
            return tuple(run.run() for run in self.trainer.runs)
        return (Run(run_plan(self.state.plan, self.state.images), None, ()),)

    def start(self) -> None:
        self._tune((self.state.plan.strategy,))

    def compare(self) -> None:
        """Fine-tune by several strategies side by side: all else is equal, the number of steps too."""
        self._tune(COMPARED)

    def _tune(self, strategies: tuple[Strategy, ...]) -> None:
        problem = self.state.problem()
        try:
            plans = [self._plan(strategy, min(1, len(strategies) - 1)) for strategy in strategies]
        except ExplorerError as error:
            problem = problem or str(error)
        self.bar.problem.say(problem)
        if problem:
            return
        self.replay.leave()
        title = " ".join((self.state.plan.spec.name, *map(str, strategies)))
        self.trainer.tune(plans, self.state.images, title)
        self.views.setCurrentWidget(self.curves)

    def _plan(self, strategy: Strategy, threads: int) -> TunePlan:
        plan = replace(self.state.plan, device=self._document.device, threads=threads)
        return plan if strategy is plan.strategy else replace(plan, strategy=strategy, unfreeze=())

    def _on_kept(self, folder: Path) -> None:
        self.replay.leave()
        try:
            self.trainer.open_kept(folder)
        except ExplorerError as error:
            self.said.emit(str(error))

    def _on_continue_left(self) -> None:
        self.trainer.continue_left()
        self.views.setCurrentWidget(self.curves)

    def _on_plan(self) -> None:
        self.bar.problem.say("")
        if not self.trainer.runs:
            self.draw_soon()

    def _on_runs(self) -> None:
        self.bar.show_state()
        self.bar.problem.say(next((run.problem for run in self.trainer.runs if run.problem), ""))
        self.draw_soon()

    def _on_jobs(self) -> None:
        """Show how far features are before the first step; steps are told by the runs."""
        if self.trainer.computing:
            self.bar.show_state()

    @property
    def chosen(self) -> TunedRun | None:
        """Return the selected run, where it has made steps and is not at work; else the first that is so."""
        places = (self.curves.table.place, *range(len(self.trainer.runs)))
        return next((run for place in places if (run := self.trainer.finished(place)) is not None), None)

    def _on_view(self) -> None:
        """Show what the view needs; a page that is not looked at does it later."""
        self._is_stale = not self.isVisible()
        if self._is_stale:
            return
        shown, run = self.views.currentWidget(), self.chosen
        if shown is self.samples:
            self.samples.show_samples()
        elif shown is self.judged:
            self.judged.show_run(run, self.trainer.is_busy)
        elif shown is self.export:
            self.export.show_run(run)
        elif shown is self.inside:
            self._look_inside(run)
        else:
            self.draw()

    def _look_inside(self, run: TunedRun | None) -> None:
        if run is None:
            self.inside.show_none(NOTHING)
            return
        names = run.environment.classes if run.environment else ()
        others = [RunReference(str(other.folder), other.plan) for other in self.trainer.runs if other.metrics]
        self.inside.show_run(str(run.folder), run.plan, names, others)

    @property
    def is_replayed(self) -> bool:
        return self.replay.is_on
