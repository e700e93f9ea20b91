"""The training lab: several networks side by side, live, kept, and played back."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QTabWidget, QVBoxLayout, QWidget

from resnet_explorer import assets
from resnet_explorer.analysis.inside import RunReference
from resnet_explorer.analysis.run_codec import CHECKPOINT
from resnet_explorer.analysis.training import MAX_RUNS, Run, RunPlan
from resnet_explorer.analysis.training_presets import PRESETS
from resnet_explorer.drawing.theme import LIGHT, Theme
from resnet_explorer.drawing.training import Measure, Traced, traced
from resnet_explorer.errors import ExplorerError
from resnet_explorer.export.run_folder import list_runs, read
from resnet_explorer.gui.document import Document
from resnet_explorer.gui.jobs import Jobs
from resnet_explorer.gui.preferences import runs_folder
from resnet_explorer.gui.rate_dialog import RateDialog
from resnet_explorer.gui.session import Results
from resnet_explorer.gui.trainer import TrainingController
from resnet_explorer.gui.views.canvas import Canvas
from resnet_explorer.gui.views.inside_page import InsideView
from resnet_explorer.gui.views.kept_runs import KeptRuns
from resnet_explorer.gui.views.replay_bar import ReplayBar
from resnet_explorer.gui.views.run_pane import RunPane
from resnet_explorer.gui.views.run_table import RunTable
from resnet_explorer.gui.views.run_words import rows
from resnet_explorer.gui.views.training_bar import CurveOptions, TrainingBar
from resnet_explorer.gui.views.training_setup import TrainingSetup
from resnet_explorer.gui.views.training_words import TrainingWords

REDRAW_MS = 150
"""How long new steps may wait until they are drawn."""
USUAL = "degradation"
SIDE = 268
NOTHING = "There is nothing to look into yet: train a network here, or show a kept run of yours."


class TrainingPage(QWidget):
    """The setup, the runs as pictures and as a table, and what they show in words.

    ``said`` gives a sentence for the status bar, ``save_wanted`` runs to be saved as a table.
    """

    said = Signal(str)
    save_wanted = Signal(list)

    def __init__(self, document: Document, jobs: Jobs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document, self._jobs, self._theme = document, jobs, LIGHT
        self.trainer = TrainingController(jobs, runs_folder(), self)
        self.setup = TrainingSetup(document)
        self.bar, self.options, self.replay = TrainingBar(self.trainer), CurveOptions(), ReplayBar()
        self.first = RunPane(document, Measure.TRAIN_LOSS)
        self.second = RunPane(document, Measure.TEST_ERROR)
        self.table, self.words = RunTable(), TrainingWords()
        self.kept = KeptRuns(runs_folder(), assets.path("runs"), document.undo_stack)
        self.inside, self.views, self.side = InsideView(document, jobs), QTabWidget(), QTabWidget()
        self._redraw = QTimer(self)
        self._redraw.setSingleShot(True)
        self._redraw.setInterval(REDRAW_MS)
        self._redraw.timeout.connect(self.draw)
        self._arrange()
        self._wire()

    def _arrange(self) -> None:
        self.first.line.addStretch(0)
        self.first.line.addWidget(self.options)
        self.second.line.addStretch(0)
        self.replay.hide()
        panes = QSplitter(Qt.Orientation.Vertical)
        panes.addWidget(self.first)
        panes.addWidget(self.second)
        panes.setSizes([340, 260])
        panes.setChildrenCollapsible(False)
        middle = QVBoxLayout()
        middle.setSpacing(0)
        for part in (self.bar, self.replay):
            middle.addWidget(part)
        self.views.addTab(panes, "Curves")
        self.views.addTab(self.inside, "Look inside")
        self.views.setTabToolTip(0, "What the runs gave, step by step")
        self.views.setTabToolTip(1, "What the selected run has learnt: mistakes, Grad-CAM, filters, the loss around it")
        self.views.setDocumentMode(True)
        middle.addWidget(self.views, 1)
        middle.addWidget(self.table)
        self.side.addTab(self.words, "What it shows")
        self.side.addTab(self.kept, "Kept runs")
        self.side.setTabToolTip(1, "What was trained here, and recordings that the app carries")
        self.side.setDocumentMode(True)
        self.side.setFixedWidth(SIDE)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.setup)
        row.addLayout(middle, 1)
        row.addWidget(self.side)

    def _wire(self) -> None:
        self.bar.start_wanted.connect(self.start)
        self.trainer.changed.connect(self._on_runs)
        self.setup.changed.connect(self._on_setup)
        self.setup.preset_chosen.connect(self._on_preset)
        self.setup.rate_wanted.connect(self._on_rate_wanted)
        self.setup.tensorboard.toggled.connect(self._on_tensorboard)
        for pane in (self.first, self.second):
            pane.changed.connect(self.draw)
        self.options.changed.connect(self.draw)
        self.table.toggled_row.connect(self.draw)
        self.table.currentItemChanged.connect(self._on_row)
        self.views.currentChanged.connect(self._on_view)
        self.trainer.ended.connect(self._on_view)
        self._document.instruction_set_found.connect(self.draw)
        self.replay.moved.connect(self._on_moved)
        self.replay.left.connect(self._on_replay_left)
        self.trainer.ended.connect(self.kept.refresh)
        self.kept.show_wanted.connect(self._on_show_kept)
        self.kept.continue_wanted.connect(self._on_continue)
        self.kept.save_wanted.connect(self._on_save_kept)
        self.kept.said.connect(self.said)
        self.table.renamed.connect(self._on_renamed)

    @property
    def canvas(self) -> Canvas:
        """Return the picture that is looked at: the one with the focus, else the upper one."""
        return self.second.canvas if self.second.canvas.hasFocus() else self.first.canvas

    def showEvent(self, event: QShowEvent) -> None:
        if not self.setup.networks.networks:
            self.setup.choose(PRESETS[USUAL])
        self.kept.refresh()
        self._jobs.start_training()

    def show_results(self, results: Results) -> None:
        """The window's network is one of many here: it is added when it is asked for."""

    def show_theme(self, theme: Theme) -> None:
        """Paint in another theme."""
        self._theme = theme
        for part in (self.first, self.second, self.table, self.inside):
            part.show_theme(theme)

    @property
    def runs(self) -> tuple[Run, ...]:
        """Return the runs that are shown: of a recording, of kept ones, those of now, or those that would be."""
        if self.replay.is_on:
            return self.replay.runs()
        if self.trainer.runs:
            return tuple(run.run() for run in self.trainer.runs)
        return tuple(Run(plan, None, ()) for plan in self._planned())

    def _planned(self) -> Sequence[RunPlan]:
        try:
            return self.setup.plans()
        except ExplorerError:
            return ()

    def start(self) -> None:
        """Train what the setup says."""
        try:
            plans = self.setup.plans()
        except ExplorerError:
            return
        self._leave_replay()
        self.trainer.start(plans, self.setup.title)

    def _on_preset(self) -> None:
        """Show the figure at once, where a recording of the experiment is carried: it can be repeated live."""
        preset = self.setup.preset
        if preset is None or self.trainer.is_busy:
            return
        self._leave_replay()
        self.trainer.clear()
        kept = list_runs(assets.path("runs") / preset.key)
        order = {name: place for place, (name, _) in enumerate(preset.networks)}
        first = sorted((run for run in kept if run.plan.seed == 0), key=lambda run: order.get(run.name, len(order)))
        if first:
            self.show_recording(self._read([run.path for run in first]))

    def _on_tensorboard(self, on: bool) -> None:
        self.trainer.tensorboard = on

    def _on_rate_wanted(self) -> None:
        try:
            plan = self.setup.plans()[0]
        except ExplorerError:
            return
        dialog = RateDialog(plan, self._document, self._jobs, self._theme, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.chosen.connect(self.setup.recipe.use_rate)
        dialog.show()
        dialog.ask()

    def _on_setup(self) -> None:
        """Show what would be trained, unless something is."""
        self.words.show_preset(self.setup.preset)
        if self.setup.preset is None and self.replay.is_on:
            self._leave_replay()
        if not self.trainer.is_busy and not self.replay.is_on:
            self.draw()

    def _on_runs(self) -> None:
        self.bar.show_state()
        if not self._redraw.isActive():
            self._redraw.start()

    def _on_moved(self) -> None:
        self.draw()

    def _on_view(self) -> None:
        """Look into the selected run, where it is looked at; the words beside the curves give it their room."""
        self.side.setVisible(self.views.currentWidget() is not self.inside)
        if self.views.currentWidget() is not self.inside:
            return
        runs = [run for run in self.runs if run.folder and run.metrics and (Path(run.folder) / CHECKPOINT).exists()]
        if not runs or self.table.chosen >= len(self.runs):
            self.inside.show_none(NOTHING)
            return
        run = self.runs[self.table.chosen]
        run = run if run in runs else runs[0]
        names = run.setting.classes if run.setting else ()
        self.inside.show_run(run.folder, run.plan, names, [RunReference(one.folder, one.plan) for one in runs])

    def _on_row(self) -> None:
        self._on_view()
        if self.first.key.startswith("heat") or self.second.key.startswith("heat"):
            self.draw()

    def _on_show_kept(self, folders: list[Path]) -> None:
        runs = self._read(folders)
        if runs:
            self.show_recording(runs)

    def _on_continue(self, folders: list[Path]) -> None:
        runs = self._read(folders)
        if runs:
            self._leave_replay()
            self.trainer.take_up(runs)
            self.trainer.resume()

    def _on_save_kept(self, folders: list[Path]) -> None:
        self.save_wanted.emit(list(self._read(folders)))

    def _on_renamed(self, row: int, name: str) -> None:
        """Give a run that is trained here another name; a recording keeps its own."""
        if self.replay.is_on or row >= len(self.trainer.runs) or name == self.shown[row].name:
            return
        try:
            self.trainer.rename(row, name)
            self.kept.refresh()
        except ExplorerError as error:
            self.said.emit(str(error))

    def _read(self, folders: Sequence[Path]) -> tuple[Run, ...]:
        """Return kept runs, eight at most; what cannot be read is said."""
        found = []
        for folder in folders[:MAX_RUNS]:
            try:
                found.append(read(folder))
            except ExplorerError as error:
                self.said.emit(str(error))
        if len(folders) > MAX_RUNS:
            self.said.emit(f"{MAX_RUNS} runs are shown at once: the first of the {len(folders)}.")
        return tuple(found)

    def show_recording(self, runs: Sequence[Run]) -> None:
        """Show recorded runs at their end; they play back from their start."""
        self.replay.show()
        self.replay.show_runs(runs)

    def _leave_replay(self) -> None:
        self.replay.hide()
        self.replay.leave()

    def _on_replay_left(self) -> None:
        self.replay.hide()
        self.draw()

    @property
    def shown(self) -> tuple[Traced, ...]:
        """Return the runs with their looks; hidden ones are marked."""
        hidden = frozenset(f"run{row + 1}" for row in self.table.hidden)
        return traced(self.runs, hidden)

    def draw(self) -> None:
        """Draw everything as it is now."""
        shown, replayed = self.shown, self.replay.is_on
        options = self.options.options(replayed)
        self.table.show_rows(rows(shown, () if replayed else self.trainer.runs))
        for pane in (self.first, self.second):
            pane.show_runs(shown, options, self.table.chosen)
        self.words.show_runs(shown, self.replay.recorded(self._document.instruction_set) if replayed else "")
