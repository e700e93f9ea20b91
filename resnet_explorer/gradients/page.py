"""The gradient lab: residual against plain, block by block, measured as the controls change."""

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QShowEvent, QStandardItemModel
from PySide6.QtWidgets import QComboBox, QLabel, QListView, QScrollArea, QWidget

from resnet_explorer.diagram.overlays import BlockValues
from resnet_explorer.engine.jobs import Job
from resnet_explorer.errors import ExplorerError
from resnet_explorer.gradients.controls import GradientControls
from resnet_explorer.gradients.descent import Descent
from resnet_explorer.gradients.part import NEWEST, WINDOW, GradientPart
from resnet_explorer.gradients.pictures import GradientPictures, GradientText, progress_text
from resnet_explorer.gradients.presets import PRESETS, LabRequest, Preset
from resnet_explorer.gradients.recorded import find_recorded, from_session, marked
from resnet_explorer.gradients.tables import LabResult
from resnet_explorer.gradients.values import GradientResult
from resnet_explorer.picture.theme import Theme
from resnet_explorer.readings.quantities import IN_TRAINING, WORDS, Quantity
from resnet_explorer.runs.kept_results import age_of, describe_kept
from resnet_explorer.runs.recorded import Recording, made_here
from resnet_explorer.spec import InputShape, ResNetSpec
from resnet_explorer.ui.canvas import Canvas
from resnet_explorer.ui.choosers import ExperimentList
from resnet_explorer.ui.document import Document, Results
from resnet_explorer.ui.flow import tool_row
from resnet_explorer.ui.frame import Drawer, Edge
from resnet_explorer.ui.job_state import Phase
from resnet_explorer.ui.jobs import Jobs
from resnet_explorer.ui.jobs_panel import JobLine, describe_progress
from resnet_explorer.ui.parts import button, describe, fill, hbox, stack, timer
from resnet_explorer.ui.status import ElidedLabel, Placeholder, ProblemRow
from resnet_explorer.ui.window import PageView, Window

RECORDED = "Recorded; this machine is measuring its own…"
REST_MS = 400
"""How long the controls must be unchanged before a new measurement starts."""


class GradientPage(PageView):
    """The plot, and in drawers its conditions, the experiments and an explanation.

    ``values_changed`` tells of other ``values_shown``.
    """

    values_changed = Signal()

    def __init__(self, document: Document, jobs: Jobs) -> None:
        super().__init__()
        self._document, self._jobs = document, jobs
        self._job = 0
        self._requested: LabRequest | None = None
        self._problem = ""
        self._quantity = Quantity.INPUT
        self._colours = self._is_coloured = self._is_loading = False
        self._measured: Recording | None = None
        self._of_session: dict[LabRequest, Recording] = {}
        self.shown: LabResult | None = None
        self.is_recorded = False
        self.preset: Preset | None = None
        self.controls, self.presets = GradientControls(document), ExperimentList(list(PRESETS.values()))
        self.pictures, self.text = GradientPictures(document), GradientText(document)
        self.measure = button("Measure again", "Measure under these conditions (Ctrl+Enter)", self._on_measure)
        self.measure.setShortcut("Ctrl+Return")
        self.save_table = button("Save table…", "Save the result as a table: CSV or JSON")
        tip = "Colour the network's blocks in the diagram by these values (Ctrl+B)"
        self.colour = button("Colour the diagram", tip)
        tip = "The quantity shown for each block; all are measured at once"
        self.quantity = describe(QComboBox(), "Quantity", tip)
        for place, quantity in enumerate(Quantity):
            self.quantity.addItem(WORDS[quantity].label, quantity)
            self.quantity.setItemData(place, WORDS[quantity].teaches, Qt.ItemDataRole.ToolTipRole)
        self._offer()
        self.state, self.blank, self.problem = ElidedLabel(), Placeholder("Measuring…"), ProblemRow()
        self.line = JobLine(jobs, inside=True, wide=90)
        self.middle = stack(self.blank, self.pictures)
        self._rest = timer(self, REST_MS, self.ask, once=True)
        self._arrange()
        self._wire()

    def _arrange(self) -> None:
        """Lay out the page: the picture, its tools, and the drawers."""
        shown, scroll = QWidget(), QScrollArea()
        hbox(QLabel("Show"), self.quantity, of=shown)
        fill(scroll, self.controls, 1, margins=(0, 0, 0, 6), spacing=4)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusProxy(self.controls.network)
        self.conditions = Drawer("Conditions", scroll, Edge.LEFT, 318, "Which networks are measured, and how")
        tip = "Claims from the literature, to check on this machine"
        self.experiments = Drawer("Experiments", self.presets, Edge.LEFT, 318, tip)
        tip = "What the plot shows, the terms of the selected block, the conditions, and references"
        reading = Drawer("Reading this plot", self.text, Edge.RIGHT, 260, tip)
        tools = tool_row(shown, self.measure, self.save_table, self.colour, self.line, self.state)
        rows = (tools, self.problem, self.pictures.bar)
        self.set_parts(self.middle, self.conditions, reading, self.experiments, tools=rows)

    def _wire(self) -> None:
        self._jobs.changed.connect(self._on_jobs_changed)
        self.quantity.currentIndexChanged.connect(self._on_quantity)
        self.presets.chosen.connect(self.choose)
        self.controls.changed.connect(self._on_controls)
        self.pictures.step_changed.connect(self._tell)
        self.conditions.toggled.connect(self._show_problem)
        self._document.device_changed.connect(self._on_device)
        bar = self.pictures.bar
        for signal in (self.quantity.currentIndexChanged, self.controls.changed, bar.changed, bar.view_changed):
            signal.connect(self.part_changed)

    @property
    def canvas(self) -> Canvas:
        return self.pictures.canvas

    def part(self) -> GradientPart:
        experiment, bar = self.preset.key if self.preset else "", self.pictures.bar
        conditions = self.controls.conditions
        return GradientPart(experiment, self._quantity, bar.wanted, bar.view, self._colours, conditions)

    def show_part(self, part: GradientPart) -> None:
        if not part.colours or part != self.part():
            self._document.show_overlay("gradients", None)
        self.preset = PRESETS.get(part.experiment)
        self.presets.show_chosen(part.experiment)
        self.controls.show_conditions(part.conditions)
        self._quantity, self._colours = part.shows, part.colours
        self.pictures.bar.show_view(part.view)
        self.pictures.bar.show_step(part.step)
        self._offer()
        if self.isVisible() or part.colours:
            self._ask_anew()
        self._show()

    def measurements(self) -> tuple[Recording, ...]:
        return (self._measured,) if self._measured else ()

    def show_measurements(self, results: Sequence[Mapping[str, Any]]) -> None:
        self._of_session = {saved.result.request: saved for saved in map(from_session, results)}
        if self._requested in self._of_session:
            self.ask()

    def showEvent(self, event: QShowEvent) -> None:
        self._ask_anew()

    def _ask_anew(self) -> None:
        """Start a measurement where what is wanted has not been asked for."""
        try:
            wanted: LabRequest | None = self._request()
        except ExplorerError:
            wanted = None
        if wanted is None or wanted != self._requested:
            self.ask()

    def show_results(self, results: Results) -> None:
        if self.isVisible() and self.preset is None and self.controls.network.currentData() == WINDOW:
            self._rest.start()

    def attach(self, window: Window) -> None:
        colour = self._action = window.actions_by_key["measured"]
        self.save_table.clicked.connect(window.actions_by_key["save-gradients"].trigger)
        self.colour.clicked.connect(lambda: colour.setChecked(False))
        self.colour.clicked.connect(colour.trigger)
        self.values_changed.connect(self._on_values_changed)
        window.document.overlays_changed.connect(self._on_overlays_changed)

    def _on_overlays_changed(self) -> None:
        """Note whether the diagram is coloured: another network, or the user, takes the colours away."""
        before, self._is_coloured = self._is_coloured, "gradients" in self._document.overlays
        self._action.setChecked(self._is_coloured)
        if before != self._is_coloured:
            self._colours = self._is_coloured
            self.part_changed.emit()

    def _on_values_changed(self) -> None:
        """Update the colours of the diagram while both show the same network."""
        shown, document = self.values_shown(), self._document
        if self._colours and shown and shown[0] == document.state.spec:
            document.show_overlay("gradients", shown[2])

    def show_theme(self, theme: Theme) -> None:
        self.pictures.show_theme(theme)
        self.text.show_theme(theme)

    def _on_controls(self) -> None:
        self._leave()
        self.pictures.bar.show_step(NEWEST)
        self._rest.start()

    def _on_measure(self) -> None:
        self._of_session = {}
        self._leave()
        self.ask(anew=True)

    def _leave(self) -> None:
        self.preset = None
        self.presets.show_chosen("")
        self.part_changed.emit()

    def choose(self, preset: Preset) -> None:
        self.preset = preset
        self.presets.show_chosen(preset.key)
        self._quantity = preset.shows
        self.pictures.bar.show_step(NEWEST)
        self._offer()
        self.ask()
        self.part_changed.emit()

    def _on_jobs_changed(self) -> None:
        state = self.line.follow(self._job)
        if state is None:
            return
        if self._is_loading and not self._jobs.is_loading(self._job):
            self._is_loading = False
            if not state.is_over and self._requested is not None:
                self._show_recorded(self._requested)
        if not state.is_over:
            self.blank.setText(f"Measuring… {describe_progress(state)}")
        if state.phase is Phase.CANCELLED and self.shown is not None:
            self.state.setText("cancelled: showing the previous result")
        elif state.phase is Phase.CANCELLED:
            self.blank.setText("Cancelled. Press Measure again to see the gradient at each block.")

    def _on_device(self) -> None:
        if self.isVisible():
            self.ask()

    def ask(self, anew: bool = False) -> None:
        """Start a measurement and cancel a running one; the previous result stays until the new one arrives.

        Unless it is wanted ``anew``, a result that was kept is shown instead of measuring.
        """
        self._rest.stop()
        self._say("")
        self._jobs.cancel(self._job)
        try:
            request = self._request()
        except ExplorerError as error:
            self._stay()
            self._say(str(error))
            return
        self._requested = request
        if request in self._of_session:
            return self._show_of_session(self._of_session[request])
        self.state.setText("measuring…")
        self.blank.setText("Measuring…")
        name = self.preset.title if self.preset else "Gradients, residual and plain"
        callbacks = self._on_measured, self._on_problem, 0, self._on_partial
        self._job = self._jobs.submit(request, name, *callbacks, anew=anew)
        self._is_loading = self._jobs.is_loading(self._job)
        self._on_jobs_changed()
        if not self._is_loading:
            self._show_recorded(request)

    def _request(self) -> LabRequest:
        return self.preset.request if self.preset else self.controls.request()

    def _show_of_session(self, recording: Recording) -> None:
        self._measured, self.shown, self.is_recorded = recording, marked(recording), False
        made = recording.made
        self.state.setText(f"measured {age_of(made.began)}, PyTorch {made.torch}; Measure again renews it")
        self.middle.setCurrentWidget(self.pictures)
        self._show()

    def _show_recorded(self, request: LabRequest) -> None:
        """Show the recorded result of a request until its own is complete, unless an own one is shown already."""
        recording = None if _is_of(self.shown, request) and not self.is_recorded else find_recorded(request)
        self.is_recorded = recording is not None
        if recording is not None:
            self.shown = recording
            self.state.setText(RECORDED)
            self.middle.setCurrentWidget(self.pictures)
            self._show()

    def _on_measured(self, job: Job, result: object) -> None:
        if job == self._requested:
            self.controls.images.is_new &= getattr(job, "data", None) != self.controls.images.choice
            assert isinstance(result, LabResult)
            self.is_recorded = False
            kept = self._jobs.kept_from(job)
            device, using = str(getattr(job, "device", "cpu")), self._document.instruction_set
            cpu = f"CPU ({using})" if using else "CPU"
            made = made_here(cpu if device == "cpu" else device, result.torch, kept.began if kept else "")
            self._measured = Recording(result, made)
            self.measurements_changed.emit()
            self._on_partial(job, result)
            if kept is not None:
                self.state.setText(describe_kept(kept))

    def _on_partial(self, job: Job, result: object) -> None:
        """Show a partial result, or all; of an experiment that trains first, a partial one is the training.

        A recorded result stays until all is measured.
        """
        if job == self._requested:
            assert isinstance(result, LabResult)
            if self.is_recorded:
                self.state.setText(f"{RECORDED} {progress_text(result)}")
                return
            self.shown = result
            self.state.setText(progress_text(result))
            self.middle.setCurrentWidget(self.pictures)
            self._show()

    def _show(self) -> None:
        if self.shown is None:
            return
        self._offer()
        self.pictures.show_result(self.shown, Quantity(self.quantity.currentData()))
        self.quantity.setEnabled(self._gradients() is not None)
        self._tell()

    def _offer(self) -> None:
        """Offer the quantities that were measured: without a training step there is only the estimated update."""
        trains, items, rows = isinstance(self.shown, Descent), self.quantity.model(), self.quantity.view()
        assert isinstance(items, QStandardItemModel) and isinstance(rows, QListView)
        for quantity in IN_TRAINING:
            row = self.quantity.findData(quantity)
            items.item(row).setEnabled(trains)  # the arrow keys pass over it
            rows.setRowHidden(row, not trains)
        shown = self._quantity if trains or self._quantity not in IN_TRAINING else Quantity.ESTIMATE
        with QSignalBlocker(self.quantity):
            self.quantity.setCurrentIndex(self.quantity.findData(shown))

    def _on_quantity(self) -> None:
        self._quantity = Quantity(self.quantity.currentData())
        self._show()

    def _tell(self) -> None:
        quantity, gradients = Quantity(self.quantity.currentData()), self._gradients()
        self.text.show_result(self.shown, gradients, quantity, self.preset)
        self.values_changed.emit()

    def _gradients(self) -> GradientResult | None:
        """Return the gradients block by block that are shown; of a training, those at the slider's step."""
        shown, step = self.shown, self.pictures.bar.step
        if isinstance(shown, Descent):
            return shown.at(step) if step else None
        return shown if isinstance(shown, GradientResult) else None

    def values_shown(self) -> tuple[ResNetSpec, InputShape, BlockValues] | None:
        """Return the first residual network that is shown, its input, and the value at each of its blocks.

        The value is the median over the seeds, or that at the slider's step; None where no blocks are measured.
        """
        gradients, quantity = self._gradients(), Quantity(self.quantity.currentData())
        first = gradients.first_residual if gradients else None
        if gradients is None or first is None:
            return None
        text, request = WORDS[quantity], gradients.request
        pairs = zip(first.places, first.median(quantity), strict=True)
        values = {place.path: value for place, value in pairs if value is not None}
        seeds = f"median of {gradients.done} seeds" if gradients.done > 1 else "one seed"
        source = f"{seeds}, batch {request.image.batch}, {request.data.title}, {request.device}"
        source += ", recorded" if self.is_recorded else ""
        return first.spec, request.image, BlockValues(text.label, text.symbol, values, text.log, source)

    def _on_problem(self, problem: str) -> None:
        self._stay()
        self._say(problem, measured=self.preset is None)

    def _say(self, problem: str, measured: bool = False) -> None:
        self.controls.say(problem, measured)
        self._problem = problem
        self._show_problem()

    def _show_problem(self) -> None:
        """Show the problem above the picture while the conditions, where it stands too, are not open."""
        self.problem.say("" if self.conditions.handle.isChecked() else self._problem)

    def _stay(self) -> None:
        kind = "recorded" if self.is_recorded else "previous"
        self.state.setText("" if self.shown is None else f"showing the {kind} result")
        self.blank.setText("Nothing has been measured yet.")


def _is_of(result: LabResult | None, request: LabRequest) -> bool:
    return result is not None and result.request == request
