"""The fine-tuning lab: a network with weights on your own images, every choice shown on the network itself."""

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QTabWidget, QVBoxLayout, QWidget

from resnet_explorer.analysis.inside import RunReference
from resnet_explorer.analysis.training import Run
from resnet_explorer.analysis.tuning.choices import Strategy
from resnet_explorer.analysis.tuning.plan import TunePlan
from resnet_explorer.analysis.tuning.view import run_plan
from resnet_explorer.drawing.theme import LIGHT, Theme
from resnet_explorer.errors import ExplorerError
from resnet_explorer.gui.document import Document
from resnet_explorer.gui.jobs import Jobs
from resnet_explorer.gui.preferences import runs_folder
from resnet_explorer.gui.session import Results
from resnet_explorer.gui.views.canvas import Canvas
from resnet_explorer.gui.views.inside_page import InsideView
from resnet_explorer.gui.views.tuning_bar import COMPARED, TuningBar
from resnet_explorer.gui.views.tuning_curves import CurvesPane
from resnet_explorer.gui.views.tuning_diagram import FreezePane
from resnet_explorer.gui.views.tuning_groups import GroupsPane
from resnet_explorer.gui.views.tuning_judged import JudgedPane
from resnet_explorer.gui.views.tuning_runs import FinetuneRunner, TunedRun
from resnet_explorer.gui.views.tuning_samples import SamplesPane
from resnet_explorer.gui.views.tuning_setup import TuningSetup
from resnet_explorer.gui.views.tuning_state import TuningState
from resnet_explorer.gui.views.tuning_take_away import TakeAwayPane
from resnet_explorer.gui.views.tuning_ways import WaysPane
from resnet_explorer.spec import ResNetSpec

REDRAW_MS = 150
"""How long new steps may wait until they are drawn."""
NOTHING = "There is nothing to look into yet: press Start, and look here when it has ended or is paused."


class TuningPage(QWidget):
    """The steps on the left, what they mean and what comes of them in tabs.

    ``said`` gives a sentence for the status bar.
    """

    said = Signal(str)

    def __init__(self, document: Document, jobs: Jobs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document, self._jobs, self._theme = document, jobs, LIGHT
        self.state = TuningState(document.state.spec, self)
        self.trainer = FinetuneRunner(jobs, runs_folder(), self)
        self.setup, self.bar = TuningSetup(self.state, jobs), TuningBar(self.trainer)
        self.network = FreezePane(self.state, document)
        self.groups = GroupsPane(self.state, self.network.document)
        self.ways = WaysPane(self.state)
        self.samples, self.judged = SamplesPane(self.state, jobs), JudgedPane(document, jobs)
        self.curves = CurvesPane(document, self.trainer.root)
        self.inside, self.take_away, self.views = InsideView(document, jobs), TakeAwayPane(jobs), QTabWidget()
        self._asked_once = False
        self._spec: ResNetSpec | None = None
        self._redraw = QTimer(self)
        self._redraw.setSingleShot(True)
        self._redraw.setInterval(REDRAW_MS)
        self._redraw.timeout.connect(self.draw)
        self._arrange()
        self._wire()

    def _arrange(self) -> None:
        for widget, title, tip in (
            (self.network, "Network", "What trains in which epoch; a click freezes a part, or lets it train"),
            (self.groups, "Groups", "The optimiser's groups: tensors, rates, weight decay, and rates over time"),
            (self.samples, "Images", "Training images as the network sees them"),
            (self.ways, "Channels", "The ways of grey and other images into the network: costs, measures, advice"),
            (self.curves, "Curves", "What the trainings give, step by step"),
            (self.judged, "Before and after", "The same test images before the fine-tuning and after it"),
            (self.inside, "Look inside", "Mistakes, Grad-CAM, filters, and the loss around the tuned network"),
            (self.take_away, "Take away", "The model, its card, its training script; and what it says of images"),
        ):
            self.views.setTabToolTip(self.views.addTab(widget, title), tip)
        self.views.setDocumentMode(True)
        self.views.setAccessibleName("Views of the fine-tuning")
        self.views.tabBar().setExpanding(False)
        middle = QVBoxLayout()
        middle.setSpacing(0)
        middle.addWidget(self.bar)
        self.bar.problem.setContentsMargins(14, 2, 12, 4)
        middle.addWidget(self.bar.problem)
        middle.addWidget(self.views, 1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.setup)
        row.addLayout(middle, 1)

    def _wire(self) -> None:
        self.bar.start_wanted.connect(self.start)
        self.bar.compare_wanted.connect(self.compare)
        self.trainer.changed.connect(self._on_runs)
        self.trainer.ended.connect(self._on_view)
        self.trainer.ended.connect(self.curves.list_kept)
        self.state.changed.connect(self._on_plan)
        self.curves.changed.connect(self.draw)
        self.curves.kept_wanted.connect(self._on_kept)
        self.setup.channels.measure.clicked.connect(lambda: self.views.setCurrentWidget(self.ways))
        self.curves.table.renamed.connect(self._on_renamed)
        self.curves.table.currentItemChanged.connect(self._on_view)
        self.views.currentChanged.connect(self._on_view)

    @property
    def canvas(self) -> Canvas:
        """Return the picture that is looked at."""
        shown = self.views.currentWidget()
        if shown is self.groups:
            return self.groups.chart
        if shown is self.judged:
            return self.judged.matrix
        if shown is self.curves:
            return self.curves.canvas
        return self.network.view

    def showEvent(self, event: QShowEvent) -> None:
        """Ask what there is: which weights, and once what the images hold."""
        if self._spec is not None:
            self.state.use_network(self._spec)
        self.setup.weights.refresh()
        if not self._asked_once:
            self._asked_once = True
            self.setup.images.check()
            self.curves.list_kept()
            self.draw()

    def show_results(self, results: Results) -> None:
        """Tune the window's network from here on; what is trained at the moment goes on.

        To read a deep one anew takes a tenth of a second, which is spent where it is looked at alone.
        """
        self._spec = results.state.spec
        if self.isVisible():
            self.state.use_network(self._spec)

    def show_theme(self, theme: Theme) -> None:
        """Paint in another theme."""
        self._theme = theme
        for part in (self.network, self.groups, self.samples, self.judged, self.curves, self.inside):
            part.show_theme(theme)
        self.setup.show_theme()
        self.ways.show_theme()

    @property
    def runs(self) -> tuple[Run, ...]:
        """Return the fine-tunings of now, or the one that would be."""
        if self.trainer.runs:
            return tuple(run.run() for run in self.trainer.runs)
        return (Run(run_plan(self.state.plan, self.state.images), None, ()),)

    def start(self) -> None:
        """Fine-tune as the steps say."""
        self._tune((self.state.plan.strategy,))

    def compare(self) -> None:
        """Fine-tune by several strategies side by side: all else is equal, the number of steps too."""
        self._tune(COMPARED)

    def _tune(self, strategies: tuple[Strategy, ...]) -> None:
        problem = self.state.problem()
        try:
            plans = [self._plan(strategy, min(1, len(strategies) - 1)) for strategy in strategies]
        except ExplorerError as error:
            problem = problem or f"{error.what} {error.remedy}"
        self.bar.say(problem)
        if problem:
            return
        title = " ".join((self.state.plan.spec.name, *map(str, strategies)))
        self.trainer.tune(plans, self.state.images, title)
        self.views.setCurrentWidget(self.curves)

    def _plan(self, strategy: Strategy, threads: int) -> TunePlan:
        """Return the plan with a strategy; its own epochs of opening, where it is another one than is chosen."""
        plan = replace(self.state.plan, device=self._document.device, threads=threads)
        return plan if strategy is plan.strategy else replace(plan, strategy=strategy, unfreeze=())

    def _on_kept(self, folder: Path) -> None:
        try:
            self.trainer.open_kept(folder)
        except ExplorerError as error:
            self.said.emit(str(error))

    def _on_plan(self) -> None:
        self.bar.say("")
        if not self.trainer.runs and not self._redraw.isActive():
            self._redraw.start()

    def _on_runs(self) -> None:
        self.bar.show_state()
        self.bar.say(next((run.problem for run in self.trainer.runs if run.problem), ""))
        if not self._redraw.isActive():
            self._redraw.start()

    def _on_renamed(self, row: int, name: str) -> None:
        if row >= len(self.trainer.runs) or name == self.curves.traced(self.runs)[row].name:
            return
        try:
            self.trainer.rename(row, name)
        except ExplorerError as error:
            self.said.emit(str(error))

    @property
    def chosen(self) -> TunedRun | None:
        """Return the selected run, where it has made steps and is not at work; else the first that is so."""
        places = (self.curves.table.chosen, *range(len(self.trainer.runs)))
        return next((run for place in places if (run := self.trainer.finished(place)) is not None), None)

    def _on_view(self) -> None:
        """Show what is looked at: it is asked of the engine then."""
        shown, run = self.views.currentWidget(), self.chosen
        if shown is self.samples:
            self.samples.look()
        elif shown is self.judged:
            self.judged.look(run, self.trainer.is_busy)
        elif shown is self.take_away:
            self.take_away.look(run)
        elif shown is self.inside:
            self._look_inside(run)
        else:
            self.draw()

    def _look_inside(self, run: TunedRun | None) -> None:
        if run is None:
            self.inside.show_none(NOTHING)
            return
        names = run.setting.classes if run.setting else ()
        others = [RunReference(str(one.folder), one.plan) for one in self.trainer.runs if one.metrics]
        self.inside.show_run(str(run.folder), run.plan, names, others)

    def draw(self) -> None:
        """Draw the curves and the list as they are now."""
        self.curves.show_runs(self.runs, self.trainer.runs)
