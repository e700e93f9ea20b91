"""The training lab: several networks side by side, live, saved, and played back."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QWidget

from resnet_explorer import assets
from resnet_explorer.errors import ExplorerError
from resnet_explorer.insight.page import InsideView
from resnet_explorer.insight.recorded import is_recorded
from resnet_explorer.insight.values import RunReference
from resnet_explorer.picture.theme import Theme
from resnet_explorer.runs.folder import CHECKPOINT, list_runs, read
from resnet_explorer.runs.plan import MAX_RUNS, Run, RunPlan
from resnet_explorer.training.bars import ReplayBar, TrainingBar
from resnet_explorer.training.chart_data import Traced
from resnet_explorer.training.controller import TrainingController
from resnet_explorer.training.curves_part import ShownCurves
from resnet_explorer.training.kept_runs import KeptRuns
from resnet_explorer.training.part import MAX_SEED, USUAL, Measure, TrainingPart, TrainingView
from resnet_explorer.training.presets import PRESETS, TrainingPreset
from resnet_explorer.training.recipe_form import RateDialog
from resnet_explorer.training.run_view import RunPictures
from resnet_explorer.training.runs_page import REPLAY_MS, RunsPage
from resnet_explorer.training.setup import TrainingSetup
from resnet_explorer.training.text import blocks_to_csv, to_csv, to_json
from resnet_explorer.training.words import TrainingWords
from resnet_explorer.ui.canvas import Canvas, shown_canvas
from resnet_explorer.ui.dialogs import Texts, save_text
from resnet_explorer.ui.document import Document, Results
from resnet_explorer.ui.flow import tool_row
from resnet_explorer.ui.frame import Drawer, Edge
from resnet_explorer.ui.jobs import Jobs
from resnet_explorer.ui.preferences import runs_folder
from resnet_explorer.ui.views import View, Views
from resnet_explorer.ui.window import Window

NOTHING = "Nothing to inspect yet. Train a network or open a saved run."
KEPT_TIP = "Runs trained here, and recordings that come with the app"


class TrainingPage(RunsPage[TrainingController]):
    """The curves of the runs or one of them inspected; setup, table, description and saved runs are in drawers."""

    def __init__(self, document: Document, jobs: Jobs, parent: QWidget | None = None) -> None:
        super().__init__(document, jobs, TrainingController(jobs, runs_folder()), parent)
        self.setup = TrainingSetup(document)
        self.bar, self.replay, self.text = TrainingBar(self.trainer), ReplayBar(), TrainingWords()
        self.pictures = RunPictures(document)
        self.first, self.second = self.pictures.first, self.pictures.second
        self.options, self.table = self.pictures.options, self.pictures.table
        self.kept = KeptRuns(runs_folder(), assets.path("runs"), document.undo_stack)
        self.inside = InsideView(document, jobs)
        self._plots = ShownCurves(self.pictures, self.replay, self.inside)
        self._is_live = False
        self._saved: tuple[str, ...] = ()
        self.second.choose(Measure.TRAIN_ERROR)
        self.replay.hide()
        self._lay_out()
        self._wire()

    def _lay_out(self) -> None:
        reading = Drawer("Reading this plot", self.text, Edge.RIGHT, 290, "What to look for, and what was measured")
        kept = Drawer("Saved runs", self.kept, Edge.RIGHT, 290, KEPT_TIP)
        inspect = "The selected run: mistakes, Grad-CAM, filters, feature maps, the loss surface around its weights"
        plot_tools = tool_row(*self.pictures.tools)
        self.views = Views(
            "Views of the training",
            View(TrainingView.CURVES, "The runs, step by step", self.pictures, (plot_tools,), (reading,)),
            View(TrainingView.INSPECT, inspect, self.inside, self.inside.tools, self.inside.drawers),
        )
        self.bar.lay_out(self.replay, self.views.buttons)
        runs = Drawer("Runs", self.table, Edge.BOTTOM, 124, "The runs as a table: steps, losses, errors, status")
        self.table.grown.connect(lambda high: runs.fit(min(high, 160)))
        setup = Drawer("Experiment and recipe", self.setup, Edge.LEFT, 346, "What is trained, on what, and how")
        self.set_parts(
            self.views,
            runs,
            setup,
            reading,
            *self.inside.drawers,
            kept,
            tools=(self.offer, self.bar, *self.views.tools),
        )

    def _wire(self) -> None:
        self.bar.start_wanted.connect(self.start)
        self.offer.continue_wanted.connect(self._on_continue_left)
        self.trainer.changed.connect(self._on_runs)
        self.setup.changed.connect(self._on_setup)
        self.setup.preset_chosen.connect(self._on_preset)
        self.setup.rate_wanted.connect(self._on_rate_wanted)
        self.setup.tensorboard.toggled.connect(partial(setattr, self.trainer, "tensorboard"))
        self.pictures.changed.connect(self.draw)
        self.pictures.appeared.connect(self.draw_soon)
        self.table.currentItemChanged.connect(self._on_row)
        self.views.currentChanged.connect(self._on_view)
        self.trainer.ended.connect(self._on_view)
        self._document.instruction_set_found.connect(self.draw)
        self.replay.moved.connect(self._on_moved)
        self.replay.left.connect(self._leave_replay)
        self.replay.left.connect(self.draw)
        self.trainer.ended.connect(self.kept.refresh_soon)
        self.kept.show_wanted.connect(self._on_saved)
        self.kept.continue_wanted.connect(self._on_continue)
        self.kept.said.connect(self.said)
        self.table.renamed.connect(self._on_renamed)
        plots, parts = (self.pictures.changed, self.table.currentItemChanged), (self.setup.changed, self.replay.moved)
        for signal in (*plots, *parts, self.replay.left, self.views.currentChanged, self.inside.part_changed):
            signal.connect(self.part_changed)

    def part(self) -> TrainingPart:
        setup, own = self.setup, self.setup.own
        preset = setup.preset.key if setup.preset else "" if own else USUAL
        view, seed = list(TrainingView)[self.views.currentIndex()], max(0, min(setup.seed.value(), MAX_SEED))
        choices: dict[str, Any] = {
            "live": self._is_live,
            "saved": self._saved,
            "seed": seed,
            "images": setup.images.choice,
        }
        return TrainingPart(**self._plots.values(), **choices, preset=preset, view=view, own=own)

    def show_part(self, part: TrainingPart) -> None:
        before = self.part()
        self.setup.show_setup(PRESETS.get(part.preset), part.own, part.images, part.seed)
        self.text.show_preset(self.setup.preset)
        self._is_live, self._saved = part.live, part.saved
        is_same = (part.preset, part.saved) == (before.preset, before.saved)
        with self.drawn_once():
            if part.live or not (is_same and self.replay.is_on):
                self._end_replay()
                self.show_recording(() if part.live else self._recording())
            self._plots.show(part)
            self.draw()
        if self._plots.show_rows(part):
            self.draw()
        self.views.setCurrentIndex(list(TrainingView).index(part.view))
        self._on_view()

    def open_runs(self, folders: Sequence[Path]) -> None:
        self._on_saved(list(folders))

    def _recording(self) -> tuple[Run, ...]:
        """Return the saved runs that are chosen, or the recording of the experiment, if the app has one."""
        if self._saved:
            folders = (root / name for name in self._saved for root in (assets.path("runs"), runs_folder()))
            return self._read([folder for folder in folders if folder.is_dir()])
        preset = self.setup.preset
        if preset is None:
            return ()
        kept = list_runs(assets.path("runs") / preset.key)
        order = {name: place for place, (name, _) in enumerate(preset.networks)}
        first = sorted((run for run in kept if run.plan.seed == 0), key=lambda run: order.get(run.name, len(order)))
        return self._read([run.path for run in first])

    @property
    def canvas(self) -> Canvas:
        return shown_canvas(self, self.pictures.canvas)

    @property
    def guide(self) -> str:
        return "inspect" if self.views.currentWidget() is self.inside else ""

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not self.setup.networks.networks:
            self.setup.choose(PRESETS[USUAL])
        self.kept.refresh()
        self._jobs.start_training()

    def show_results(self, results: Results) -> None:
        """Do nothing: the window's network is added only when the user asks."""

    def attach(self, window: Window) -> None:
        super().attach(window)
        self.kept.save_wanted.connect(lambda folders: _save(window, self._read(folders)))

    def show_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.pictures.show_theme(theme)
        self.inside.show_theme(theme)

    @property
    def runs(self) -> tuple[Run, ...]:
        """Return the runs that are shown: a recording, saved ones, current ones, or those to be trained."""
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
        """Train the networks of the setup."""
        if plans := self._planned():
            self._leave_replay()
            self.trainer.start(plans, self.setup.title)

    def _on_preset(self) -> None:
        """Show the experiment's recording at once, if the app has one."""
        preset = self.setup.preset
        if preset is None or self.trainer.is_busy:
            return
        self._leave_replay()
        self.trainer.clear()
        self.second.choose(Measure.TRAIN_ERROR if preset.key == USUAL else Measure.TEST_ERROR)
        self._is_live = False
        self.show_recording(self._recording())

    def _on_rate_wanted(self) -> None:
        plans = self._planned()
        if not plans:
            return
        dialog = RateDialog(plans[0], self._document, self._jobs, self._theme, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.chosen.connect(self.setup.recipe.use_rate)
        dialog.show()
        dialog.ask()

    def _on_setup(self) -> None:
        """Show what would be trained, unless a training is running."""
        self.text.show_preset(self.setup.preset)
        if self.setup.preset is None and self.replay.is_on:
            self._leave_replay()
        if not self.trainer.is_busy and not self.replay.is_on:
            self.draw()

    def _on_runs(self) -> None:
        self.bar.show_state()
        if not self.replay.is_on:
            self.draw_soon()

    def _on_moved(self) -> None:
        self.draw_soon(REPLAY_MS) if self.replay.playing else self.draw()

    def _on_view(self) -> None:
        """Inspect the selected run if that view is open."""
        self.replay.setVisible(self.replay.is_on and self.views.currentWidget() is not self.inside)
        if self.views.currentWidget() is not self.inside:
            return
        shown = self.runs
        runs = [run for run in shown if run.folder and run.metrics and (Path(run.folder) / CHECKPOINT).exists()]
        if is_recording := self.replay.is_on and not runs:
            runs = [run for run in shown if is_recorded(run.plan)]
        if not runs or self.table.place >= len(shown):
            self.inside.show_none(NOTHING)
            return
        run = shown[self.table.place]
        run = run if run in runs else runs[0]
        names = run.environment.classes if run.environment else ()
        others = [RunReference(other.folder, other.plan) for other in runs]
        self.inside.show_run(run.folder, run.plan, names, others, is_recording)

    def _on_row(self) -> None:
        self._on_view()
        if self.first.key.startswith("heat") or self.second.key.startswith("heat"):
            self.draw()

    def _on_saved(self, folders: list[Path]) -> None:
        """Show saved runs or recordings; what is shown of them tells where they lie among all runs."""
        roots = (assets.path("runs"), runs_folder())
        pairs = ((folder, root) for folder in folders for root in roots if folder.is_relative_to(root))
        self._saved = tuple(folder.relative_to(root).as_posix() for folder, root in pairs)
        self._is_live = False
        self.show_recording(self._read(folders))
        self.part_changed.emit()

    def _on_continue(self, folders: list[Path]) -> None:
        runs = self._read(folders)
        if runs:
            self._leave_replay()
            self.trainer.take_up(runs)
            self.trainer.resume()

    def _on_continue_left(self) -> None:
        self._leave_replay()
        self.trainer.continue_left()

    def _on_renamed(self, place: int, name: str) -> None:
        """Rename a run trained here; a recording keeps its name."""
        if not self.replay.is_on and self.rename(place, name):
            self.kept.refresh()

    def _read(self, folders: Sequence[Path]) -> tuple[Run, ...]:
        runs = []
        for folder in folders[:MAX_RUNS]:
            try:
                runs.append(read(folder))
            except ExplorerError as error:
                self.said.emit(str(error))
        if len(folders) > MAX_RUNS:
            self.said.emit(f"Only the first {MAX_RUNS} of {len(folders)} runs are shown.")
        return tuple(runs)

    def show_recording(self, runs: Sequence[Run]) -> None:
        """Show recorded runs at their end; they play from their start."""
        if runs:
            self.replay.show_runs(runs)
            self.replay.setVisible(self.views.currentWidget() is not self.inside)

    def _leave_replay(self) -> None:
        """Show the runs of now."""
        self._is_live, self._saved = True, ()
        self._end_replay()
        self.part_changed.emit()

    def _end_replay(self) -> None:
        self.replay.hide()
        self.replay.leave()

    @property
    def is_replayed(self) -> bool:
        return self.replay.is_on

    def _describe(self, shown: Sequence[Traced]) -> None:
        recorded = self.replay.recorded(self._document.instruction_set) if self.replay.is_on else ""
        self.text.show_runs(shown, recorded)


def save_runs(window: Window, checked: bool) -> None:
    """Save the runs of the current page; those of the training lab if it has none."""
    shown = window.shown_page()
    page = shown if shown is not None and shown.runs else window.page("training")
    runs = [run for run in page.runs if run.metrics]
    if not runs:
        window.tabs.setCurrentWidget(page)
        window.say("No run has made a step yet: start one first.")
        return
    _save(window, runs)


def _save(window: Window, runs: Sequence[Run]) -> None:
    """Ask for a file, and save every step of some runs in it."""
    kinds: Texts = {
        "CSV (*.csv)": lambda: to_csv(runs),
        "CSV of the blocks (*.csv)": lambda: blocks_to_csv(runs),
        "JSON (*.json)": lambda: to_json(runs),
    }
    save_text(window, "runs.csv", kinds)


def show_experiment(window: Window, preset: TrainingPreset) -> None:
    """Show an experiment, as a click in the list does."""
    page = window.page("training")
    assert isinstance(page, TrainingPage)
    page.setup.choose(preset)
    window.show_page("training")
