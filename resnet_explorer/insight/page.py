"""Inspects a trained network: confusion matrix, Grad-CAM, filters, feature maps, loss surface and lesions."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QKeyEvent, QShowEvent
from PySide6.QtWidgets import QFileDialog, QLabel, QScrollArea, QSizePolicy, QWidget

from resnet_explorer.errors import ExplorerError
from resnet_explorer.files import write
from resnet_explorer.insight import recorded, values
from resnet_explorer.insight.controls import DESCRIPTIONS, TOGETHER, Answers, InsideControls, StateLabel
from resnet_explorer.insight.part import Inside, InsidePart
from resnet_explorer.insight.pictures import mistakes_of
from resnet_explorer.insight.stack import GalleryPane, InsideStack
from resnet_explorer.picture.theme import Theme
from resnet_explorer.readings.lesions import LesionStudy
from resnet_explorer.runs.kept_results import describe_kept
from resnet_explorer.runs.plan import RunPlan
from resnet_explorer.ui.document import Document
from resnet_explorer.ui.fields import ChoiceField, no_number
from resnet_explorer.ui.frame import Drawer, Edge
from resnet_explorer.ui.job_state import Phase
from resnet_explorer.ui.jobs import Jobs
from resnet_explorer.ui.jobs_panel import JobLine
from resnet_explorer.ui.parts import Problem, button, describe, fill, panel, text, timer, vbox

RECORDED_VIEWS = (Inside.SURFACE, Inside.LESIONS)
REST_MS = 400
"""How long the fields must be unchanged before a slow measurement starts."""
IMAGE_VIEWS = (Inside.CAM, Inside.FEATURES)
_STEPS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}


class InsideView(QWidget):
    """Inspects one run: views are computed when they are opened; a recorded result is shown while a slow one is.

    ``tools`` and ``drawers`` are for the page to place around it. ``part_changed``: ``part`` is another one.
    ``reference`` is the run, None where there is none; of one that ``is_recording`` only some results are there, and no
    weights.
    """

    part_changed = Signal()

    def __init__(self, document: Document, jobs: Jobs) -> None:
        super().__init__()
        self._document = document
        self.reference: values.RunReference | None = None
        self._names: Sequence[str] = ()
        self._path = self._layer = ""
        self._wanted = Inside.CONFUSION
        self._none = "Choose a trained run."
        self.is_recording = False
        self._inspected: object = None
        self._request: values.InsideRequest | None = None
        self._rest = timer(self, REST_MS, self._ask_slow, once=True)
        self.answers = Answers(jobs, self)
        self.run, self.state, self.problem = QLabel(), StateLabel(), Problem()
        self.caption = text()
        self.views, self.controls = describe(ChoiceField(), "View", "What is shown of the run"), InsideControls()
        self.line = JobLine(jobs, inside=True)
        tip = "Save this view: drawings as SVG, PDF, PNG or PGF, images as PNG"
        self.save_button = button("Save…", tip, self._on_save)
        self.all = button("Show all mistakes", "Show the mistakes of all pairs of classes", self._on_all)
        self.gallery, self.stack = GalleryPane(), InsideStack(document)
        self._arrange()
        self._wire(jobs)
        self._show()

    def _arrange(self) -> None:
        self.run.setObjectName("strong")
        self.views.setSizeAdjustPolicy(ChoiceField.SizeAdjustPolicy.AdjustToContents)
        self.views.offer((view, view, f"{shows} ({source})") for view, (shows, source) in DESCRIPTIONS.items())
        self.line.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.controls.lay_out((self.run, self.views), (self.all, self.save_button, self.state, self.line))
        self.tools = self.controls, panel(self.problem, margins=(12, 0, 12, 0))
        reading = QScrollArea()
        fill(reading, self.caption, 1, margins=(14, 10, 14, 10))
        reading.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.images = Drawer("Test images", self.gallery, Edge.LEFT, 270, "The test images, to choose one")
        classes = self.stack.confusion.classes
        self.classes = Drawer("Classes", classes, Edge.LEFT, 340, "Recall and precision of each class")
        about = Drawer("Reading this view", reading, Edge.RIGHT, 260, "What the view shows, and its source")
        self.drawers = (self.images, self.classes, about)
        vbox((self.stack, 1), of=self)

    def _wire(self, jobs: Jobs) -> None:
        self.views.currentIndexChanged.connect(self._on_view)
        self.controls.changed.connect(self._on_controls_changed)
        self.controls.stepped.connect(self._step)
        self.controls.layer_chosen.connect(self._on_layer)
        self.controls.measured.connect(self._on_measure)
        self.controls.invalid_entered.connect(lambda text: self._say(no_number(text, "21")))
        self.stack.confusion.picked.connect(self._on_pair)
        self.gallery.chosen.connect(self.show_image)
        self.stack.mistakes.chosen.connect(self._on_mistake)
        self.stack.mistakes.itemActivated.connect(lambda item: self.show_view(Inside.CAM))
        self.answers.arrived.connect(self._show)
        self._document.selected.connect(self._on_selected)
        jobs.changed.connect(self._on_jobs_changed)

    @property
    def view(self) -> Inside:
        return list(Inside)[max(0, self.views.currentIndex())]

    def part(self) -> InsidePart:
        """Return what is shown of a run, or shall be where a recording has it not."""
        image = max(0, min(self.controls.image.value(), values.MAX_IMAGES))
        return InsidePart(self._wanted, self._layer, image)

    def show_part(self, part: InsidePart) -> None:
        """Show what a scene holds of the view."""
        self._wanted, self._layer = part.view, part.layer
        self.controls.image.show_value(part.image)
        if self.reference is not None:
            self._path = values.nearest_map(self.reference.plan.spec, self._layer or self._document.selection)
        self._show_wanted()
        self._show()

    def _show_wanted(self) -> None:
        """Show the view that is wanted; of a recording one that it has."""
        is_there = not self.is_recording or self._wanted in RECORDED_VIEWS
        with QSignalBlocker(self.views):
            self.show_view(self._wanted if is_there else Inside.SURFACE)

    def show_run(
        self,
        folder: str,
        plan: RunPlan,
        names: Sequence[str] = (),
        others: Sequence[values.RunReference] = (),
        is_recording: bool = False,
    ) -> None:
        """Inspect a run as it is now; ``names`` are its classes, ``others`` the runs to compare it with.

        The twin is preselected, or else the first that is residual where this one is plain, or the other way round. A
        recording holds no weights: only what was recorded is shown. What is known of the same weights stays.
        """
        runs = values.RunReference(folder, plan), *others
        inspected = names, is_recording, *((run, values.saved_at(run.folder)) for run in runs)
        if inspected == self._inspected:
            self._show()
            return
        self._inspected = inspected
        self.is_recording = is_recording
        self.answers.forget()
        self.stack.clear()
        self.reference, self._request = values.RunReference(folder, plan), None
        self._names = self.stack.names = names
        self._path = values.nearest_map(plan.spec, self._layer or self._document.selection)
        usable = [other for other in others if other.folder != folder and other.plan.spec.classes is not None]
        self.controls.show_network(
            plan.spec, names, usable, values.twin_of(plan.spec, [other.plan.spec for other in usable])
        )
        self.run.setText(plan.name)
        self.run.show()
        self._show_wanted()
        self._show()

    def show_none(self, text: str) -> None:
        self.answers.forget()
        self.stack.clear()
        self.reference, self._request, self._inspected, self._none = None, None, None, text
        self.run.clear()
        self.run.hide()
        self._show()

    def show_view(self, view: Inside) -> None:
        self.views.setCurrentIndex(list(Inside).index(view))

    def show_image(self, place: int) -> None:
        """Inspect another test image; its place is clipped to the existing ones."""
        gallery = self.answers.newest(values.Gallery)
        last = gallery.total - 1 if gallery else place
        self.controls.image.show_value(max(0, min(place, last)))
        self._show()
        self.part_changed.emit()

    def show_theme(self, theme: Theme) -> None:
        self.gallery.grid.show_theme(theme)
        self.stack.show_theme(theme)
        self._show()

    def showEvent(self, event: QShowEvent) -> None:
        self._show()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = _STEPS.get(Qt.Key(event.key())) if self._needs_image() else None
        if step is None:
            super().keyPressEvent(event)
        else:
            self._step(step)

    def _needs_image(self) -> bool:
        return self.view in IMAGE_VIEWS

    def request_of(self, view: Inside, image: int) -> values.InsideRequest | None:
        """Return the request for a view of a test image; None where it cannot be made yet.

        Raises ExplorerError where the view is not available.
        """
        if self.reference is None:
            return None
        return self.controls.request(view, self.reference, self._path, self.answers.newest(values.Gallery), image)

    def result_of(self, request: values.InsideRequest) -> object | None:
        """Return what is known of a request: a recording until its own answer is complete."""
        own = self.answers.to(request)
        return self._recording(request, own) or own

    def ask_gallery(self, image: int) -> object | None:
        """Request the page of test images that holds one, and return it where it is known."""
        if self.reference is None:
            return None
        request = values.GalleryRequest(self.reference.folder, self.reference.plan, image // values.PAGE * values.PAGE)
        shown = self.answers.to(request)
        if shown is None:
            self.answers.ask(request, f"Test images of {self.reference.plan.name}")
        return shown

    def _show(self) -> None:
        view = self.view
        self.controls.show_view(view)
        self.controls.layer.show_value(self._path)
        self.all.setVisible(view is Inside.MISTAKES and self.stack.pair is not None)
        self.images.offer(self.isVisible() and self._needs_image())
        self.classes.offer(self.isVisible() and view is Inside.CONFUSION)
        self.stack.show_view(view)
        self.stack.together = self.controls.scaling.currentText() == TOGETHER
        self.caption.setText(f"{DESCRIPTIONS[view].shows}\n\n{DESCRIPTIONS[view].source}.")
        self._say("")
        self.controls.measure.setEnabled(not self.is_recording)
        if self.reference is None or (self.is_recording and view not in RECORDED_VIEWS):
            self.state.setText(self._none if self.reference is None else recorded.NOT_RECORDED)
            self._on_jobs_changed()
            return
        if self._needs_image():
            self._show_gallery()
        try:
            self._request = self.request_of(view, self.controls.image.value())
        except ExplorerError as error:
            self._say(str(error))
            return
        self._show_answer()
        self._on_jobs_changed()

    def _show_gallery(self) -> None:
        """Show the page of test images that holds the current one; the page before stays until it is there."""
        place = self.controls.image.value()
        shown = self.ask_gallery(place) if self.isVisible() else None
        confusion = self.answers.newest(values.Confusion)
        if isinstance(shown, values.Gallery):
            if self.gallery.shown != (shown, confusion):
                self.gallery.show_gallery(shown, confusion, self._names)
            self.gallery.show_place(place)

    def _show_answer(self) -> None:
        """Show the answer, or request it; the previous answer stays until it is there."""
        request, run = self._request, self.reference
        if request is None or run is None:
            return
        answer, state = self.answers.to(request), self.answers.state_of(request)
        recording = self._recording(request, answer)
        if recording is not None:
            self.stack.show_answer(self.view, recording)
            own = recorded.RECORDED if state is not None and state.is_over else recorded.MEASURING
            self._say_recorded(recording, recorded.NO_WEIGHTS if self.is_recording else own)
        elif answer is not None:
            text, kept = self.stack.show_answer(self.view, answer), self.answers.kept_from(request)
            self.state.setText("; ".join(filter(None, (text, describe_kept(kept) if kept else ""))))
            self.controls.offer_again(isinstance(request, values.Slow), kept is not None)
        elif self.is_recording:
            self.state.setText(recorded.NOT_RECORDED)
        elif state is None or not state.problem:
            self.state.setText("…")
        if state is None and not self.is_recording and self.isVisible():
            self._ask(request, answer, run)
        if state is not None and state.problem:
            self.problem.say(state.problem)
            self.state.setText("" if recording is None else self.state.text())

    def _ask(self, request: values.InsideRequest, answer: object, run: values.RunReference) -> None:
        """Request what is not known: a slow result when the fields are at rest."""
        if isinstance(request, values.Slow):
            if not recorded.is_complete(answer):
                self._rest.start(0 if self.answers.has_kept(request) else REST_MS)
        elif answer is None:
            self.answers.ask(request, f"{self.view} of {run.plan.name}")

    def _ask_slow(self) -> None:
        if isinstance(self._request, values.Slow):
            self._ask_now()

    def _ask_now(self, anew: bool = False) -> None:
        if self.reference is not None and self._request is not None and self.isVisible():
            self.answers.ask(self._request, f"{self.view} of {self.reference.plan.name}", anew)
            self._on_jobs_changed()

    def _recording(self, request: values.InsideRequest | None, own: object) -> values.Surface | LesionStudy | None:
        """Return what was recorded of a slow request, until its own answer is complete."""
        is_open = isinstance(request, values.Slow) and not recorded.is_complete(own)
        return recorded.find_recorded(request) if is_open else None

    def _say_recorded(self, recording: values.Surface | LesionStudy, text: str) -> None:
        self.state.setText(f"{recorded.describe_origin(recording)} {text}")

    def _say(self, problem: str) -> None:
        self.problem.say(problem)
        if problem:
            self.state.clear()

    def _on_jobs_changed(self) -> None:
        state = self.answers.state_of(self._request)
        is_open = state is not None and not state.is_over
        self.line.setVisible(is_open)
        if state is not None and is_open:
            self.line.show_state(state)
        elif state is not None and state.phase is Phase.CANCELLED:
            self._say_cancelled()
        self.save_button.setEnabled(bool(self.stack.suffixes))

    def _say_cancelled(self) -> None:
        recording = self._recording(self._request, self.answers.to(self._request) if self._request else None)
        if recording is not None:
            self._say_recorded(recording, recorded.RECORDED)
        else:
            is_empty = not self.stack.suffixes
            self.state.setText("Cancelled. Press Measure." if is_empty else "Cancelled; showing the previous result.")

    def _on_view(self) -> None:
        self._wanted = self.view
        self.answers.let_ask_again()
        self._show()
        self.part_changed.emit()

    def _step(self, by: int = 0) -> None:
        self.show_image(self.controls.image.value() + by)

    def _on_controls_changed(self) -> None:
        if self._needs_image():
            self._step()
        else:
            self._show()

    def _on_layer(self, path: str) -> None:
        self._path = path
        self._document.select(path)
        self._layer = path
        self._show()
        self.part_changed.emit()

    def _on_selected(self, path: str) -> None:
        """Inspect what is selected in another view, if this network has it."""
        if path:
            self._layer = ""
        if self.reference is not None and path:
            self._path = values.nearest_map(self.reference.plan.spec, path)
            if self.isVisible():
                self._show()

    def _on_measure(self) -> None:
        if self._request is not None:
            state = self.answers.state_of(self._request)
            if state is None or state.is_over:
                self.answers.drop(self._request)
                self._ask_now(anew=True)

    def _on_pair(self, truth: int, given: int) -> None:
        """Show the images of a cell of the matrix; the diagonal has no mistakes."""
        if truth != given:
            self.stack.pair = (truth, given)
            self.show_view(Inside.MISTAKES)

    def _on_all(self) -> None:
        self.stack.pair = None
        self._show()

    def _on_mistake(self, row: int) -> None:
        shown = self.answers.newest(values.Confusion)
        if shown is not None:
            self.controls.image.show_value(mistakes_of(shown, self.stack.pair)[row][0].image)

    def _on_save(self) -> None:
        kinds = self.stack.suffixes
        filters = ";;".join(f"{suffix[1:].upper()} (*{suffix})" for suffix in kinds)
        name = f"{self.run.text()}-{self.view.lower().replace(' ', '-')}{kinds[0]}"
        chosen, _ = QFileDialog.getSaveFileName(self, "Save view", name, filters)
        if chosen:
            self.save(Path(chosen))

    def save(self, path: Path) -> bool:
        """Write what is shown to a file; where that fails show why, and return False."""
        try:
            write(path, self.stack.content(path.suffix.lower()))
        except ExplorerError as error:
            self._say(str(error))
            return False
        self.state.setText(f"Saved {path.name}.")
        return True
