"""The views of a trained network, the fields that choose what they show, and the engine's answers."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeVar

from PySide6.QtCore import QObject, QSize, Qt, Signal
from PySide6.QtWidgets import QLabel, QLayout, QPushButton, QSizePolicy, QToolButton, QWidget

from resnet_explorer.engine.jobs import Job
from resnet_explorer.insight import values
from resnet_explorer.insight.charts import class_name
from resnet_explorer.insight.part import Inside
from resnet_explorer.runs.recorded import Provenance
from resnet_explorer.spec import ResNetSpec
from resnet_explorer.ui.fields import CheckField, ChoiceField, NumberField
from resnet_explorer.ui.flow import Flow
from resnet_explorer.ui.job_state import JobState
from resnet_explorer.ui.jobs import Jobs
from resnet_explorer.ui.parts import describe, hbox

KEPT = 200
"""Number of cached answers: going back to an image shows it at once."""
A = TypeVar("A")


class Answers(QObject):
    """The engine's answers, cached; ``arrived`` is emitted for an answer, a part of one, or a failure."""

    arrived = Signal()

    def __init__(self, jobs: Jobs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._answers: dict[object, object] = {}
        self._kept: dict[object, Provenance | None] = {}
        self._numbers: dict[values.InsideRequest, int] = {}

    def forget(self) -> None:
        for number in self._numbers.values():
            self._jobs.cancel(number)
        self._numbers.clear()
        self._answers.clear()
        self._kept.clear()

    def to(self, request: values.InsideRequest) -> object | None:
        """Return the answer to a request as far as it is known."""
        return self._answers.get(request)

    def newest(self, kind: type[A]) -> A | None:
        return next((value for value in reversed(self._answers.values()) if isinstance(value, kind)), None)

    def kept_from(self, request: values.InsideRequest) -> Provenance | None:
        """Return where the answer to a request comes from, where it was kept from a time before."""
        return self._kept.get(request) if request in self._answers else None

    def has_kept(self, request: values.InsideRequest) -> bool:
        """Return whether an answer to a request was kept from a time before."""
        return self._jobs.has_kept(request)

    def ask(self, request: values.InsideRequest, label: str, anew: bool = False) -> None:
        """Submit a request once; older ones of its kind are cancelled. One ``anew`` takes no answer that was kept."""
        for older in [older for older in self._numbers if type(older) is type(request) and older != request]:
            self._jobs.cancel(self._numbers.pop(older))
        if request not in self._numbers:
            callbacks = self._on_answer, self._on_problem
            self._numbers[request] = self._jobs.submit(request, label, *callbacks, so_far=self._on_part, anew=anew)

    def let_ask_again(self) -> None:
        """Let requests that failed or were cancelled be submitted again, but for slow ones of which that is known."""
        over = {state.number: state.is_over for state in self._jobs.states}
        for request, number in list(self._numbers.items()):
            if number not in over or (over[number] and not isinstance(request, values.Slow)):
                del self._numbers[request]

    def drop(self, request: values.InsideRequest) -> None:
        self._numbers.pop(request, None)
        self._answers.pop(request, None)

    def state_of(self, request: values.InsideRequest | None) -> JobState | None:
        number = self._numbers.get(request) if request else None
        return next((state for state in self._jobs.states if state.number == number), None)

    def _on_part(self, job: Job, result: object) -> None:
        if job in self._numbers:
            self._keep(job, result)

    def _on_answer(self, job: Job, result: object) -> None:
        if job in self._numbers:
            del self._numbers[job]
            self._kept[job] = self._jobs.kept_from(job)
            self._keep(job, result)

    def _keep(self, job: Job, result: object) -> None:
        self._answers.pop(job, None)
        self._answers[job] = result
        while len(self._answers) > KEPT:
            del self._answers[next(iter(self._answers))]
        self.arrived.emit()

    def _on_problem(self, problem: str) -> None:
        self.arrived.emit()


class Description(NamedTuple):
    """What a view shows, and its source."""

    shows: str
    source: str


DESCRIPTIONS: Mapping[Inside, Description] = {
    Inside.CONFUSION: Description(
        "A row for each true class, a column for each predicted class: numbers off the diagonal are mistakes, and "
        "large ones are classes that the network confuses. Click a cell to see its images.",
        "Kohavi and Provost 1998, Glossary of Terms",
    ),
    Inside.MISTAKES: Description(
        "The misclassified test images, the most confident first: a network's probability says little about whether "
        "it is right. Enter or a double click shows its Grad-CAM.",
        "Guo et al. 2017, On Calibration of Modern Neural Networks",
    ),
    Inside.CAM: Description(
        "Where in the image the evidence for a class is: the layer's maps, weighted by how much each raises the "
        "class's score, summed, and cut at 0. Deep layers show what, in coarse places; early layers show where.",
        "Selvaraju et al. 2017, Grad-CAM, section 3",
    ),
    Inside.FILTERS: Description(
        "The weights that are applied to the image itself: trained on photographs they become edges, gratings and "
        "blobs of colour.",
        "Krizhevsky et al. 2012, figure 3; Zeiler and Fergus 2014",
    ),
    Inside.FEATURES: Description(
        "The output of each channel of a layer for this image: early maps keep its outlines, deep ones are small and "
        "respond to few things each. Select any layer, block or stage in any view.",
        "Zeiler and Fergus 2014, Visualizing and Understanding Convolutional Networks",
    ),
    Inside.SURFACE: Description(
        "The training loss in a plane through the trained weights: wide and smooth around a residual network, and "
        "rougher around a plain one the deeper it is.",
        "Li et al. 2018, Visualizing the Loss Landscape of Neural Nets, section 4",
    ),
    Inside.LESIONS: Description(
        "The test error when one block is dropped, or two equal neighbours are swapped, with all weights unchanged: a "
        "residual network, which keeps its shortcut, hardly needs most of its blocks; a plain one without any of its "
        "blocks is little better than chance.",
        "Veit et al. 2016, Residual Networks Behave Like Ensembles of Relatively Shallow Networks, sections 4.1 and "
        "4.3",
    ),
}


class StateLabel(QLabel):
    """A sentence that takes the rest of a row, in one line where it is not long."""

    LINES_WIDE = 22

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("muted")
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)

    def minimumSizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        wide = min(metrics.horizontalAdvance(self.text()) + 4, self.LINES_WIDE * metrics.height())
        return QSize(wide, metrics.height())


GIVEN, TRUE = -1, -2
"""Instead of a class: the predicted one, and the true one."""
TOGETHER, EACH = "all maps on one scale", "each map on its own scale"


class InsideControls(QWidget):
    """A row of fields that breaks where it is narrow; those that the view does not need are hidden.

    ``changed`` is emitted for another choice, ``stepped`` with 1 for the next image and -1 for the previous one,
    ``layer_chosen`` with an address, ``measured`` when Measure is pressed, ``invalid_entered`` with invalid input.
    """

    changed = Signal()
    stepped = Signal(int)
    layer_chosen = Signal(str)
    measured = Signal()
    invalid_entered = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.before, self.after, self.measure = QToolButton(), QToolButton(), QPushButton("Measure")
        self.before.setText("◀")
        self.after.setText("▶")
        self.layer, self.target, self.other = ChoiceField(), ChoiceField(), ChoiceField()
        self.scaling = ChoiceField([(TOGETHER,), (EACH,)])
        self.image, self.points = NumberField(0, values.MAX_IMAGES), NumberField(3, values.MAX_SIZE)
        self.images, self.seed = NumberField(1, values.MAX_IMAGES), NumberField(0, 10**6)
        self.batch = CheckField("batch statistics")
        self.labels: list[tuple[QLabel, QWidget]] = []
        self._parts: list[QWidget | QLayout] = []
        for field, value in ((self.image, 0), (self.points, 21), (self.images, 256), (self.seed, 0)):
            field.show_value(value)
            field.invalid_entered.connect(self.invalid_entered)
            field.value_entered.connect(field.show_value)
        for name, key, tip in _FIELDS:
            widget: QWidget = describe(getattr(self, key), name or tip, tip)
            if isinstance(widget, ChoiceField):
                widget.setSizeAdjustPolicy(ChoiceField.SizeAdjustPolicy.AdjustToContents)
            if isinstance(widget, ChoiceField | CheckField | NumberField) and widget is not self.layer:
                widget.value_entered.connect(self.changed)
            if name:
                self.labels.append((describe(QLabel(name), tip=tip), widget))
                self.labels[-1][0].setBuddy(widget)
            self._parts.append(hbox(self.labels[-1][0], widget, spacing=4) if name else widget)
        self.before.clicked.connect(lambda: self.stepped.emit(-1))
        self.after.clicked.connect(lambda: self.stepped.emit(1))
        self.layer.value_entered.connect(lambda path: self.layer_chosen.emit(path or ""))
        self.measure.clicked.connect(self.measured)

    def lay_out(self, before: Sequence[QWidget], after: Sequence[QWidget]) -> None:
        """Put the fields in a row, between other tools of the page."""
        self.setLayout(Flow(*before, *self._parts, *after))

    def show_network(
        self, spec: ResNetSpec, names: Sequence[str], others: Sequence[values.RunReference], usual: int
    ) -> None:
        """Offer a network's layers and classes, and the runs that it can be compared with."""
        classes = ((f"class {class_name(names, label)}", label) for label in range(spec.classes or 0))
        self.layer.offer((path, path) for path in values.map_paths(spec))
        self.target.offer([("the predicted class", GIVEN), ("the true class", TRUE), *classes])
        self.other.offer([("nothing", None), *((other.plan.name, other) for other in others)], usual + 1)

    def show_view(self, view: Inside) -> None:
        needed = _NEEDED.get(view, ())
        for _, key, _ in _FIELDS:
            getattr(self, key).setVisible(key in needed)
        self.measure.setText("Measure")
        for label, widget in self.labels:
            label.setVisible(not widget.isHidden())

    def offer_again(self, is_slow: bool, is_kept: bool) -> None:
        """Offer to measure what is shown once more: what is slow always, and what was kept from a time before."""
        self.measure.setVisible(is_slow or is_kept)
        self.measure.setText("Measure again")

    def request(
        self, view: Inside, reference: values.RunReference, path: str, gallery: values.Gallery | None, place: int
    ) -> values.InsideRequest | None:
        """Return the request for a view; None where the image's true class is not known yet.

        ``gallery`` holds test images with their classes, ``place`` is the number of one. Raises ExplorerError where
        the view is not available.
        """
        run = reference.folder, reference.plan
        if view is Inside.CAM:
            target = self._target(place, gallery)
            return None if target == TRUE else values.CamRequest(*run, place, path, None if target == GIVEN else target)
        if view is Inside.FEATURES:
            return values.FeaturesRequest(*run, place, path)
        if view is Inside.FILTERS:
            return values.FiltersRequest(*run)
        other = self.other.chosen
        runs = (reference, other) if other else (reference,)
        if view is Inside.LESIONS:
            return values.RunLesionsRequest(runs)
        if view is Inside.SURFACE:
            points, images, seed = (field.value() for field in (self.points, self.images, self.seed))
            return values.SurfaceRequest(runs, points, 1.0, images, seed, self.batch.isChecked())
        return values.ConfusionRequest(*run)

    def _target(self, place: int, gallery: values.Gallery | None) -> int:
        chosen = int(self.target.chosen)
        if gallery is None or chosen != TRUE:
            return chosen
        index = place - gallery.request.first
        return gallery.truth[index] if 0 <= index < len(gallery.truth) else TRUE


_FIELDS = (
    ("", "before", "Previous test image (Left)"),
    ("Image", "image", "The number of a test image, from 0; use Left and Right to step"),
    ("", "after", "Next test image (Right)"),
    ("Layer", "layer", "The layer, block or stage whose maps are shown; it follows the selection in other views"),
    ("Evidence for", "target", "The class whose score is explained"),
    ("", "scaling", "One scale compares maps; separate scales show the details of weak maps"),
    ("Compare with", "other", "Another run, measured the same way and shown on the same scale"),
    ("Grid", "points", "Points along each direction, an odd number: the middle point is the trained weights"),
    ("Images", "images", "Number of training images for the loss; the seed picks them"),
    ("Seed", "seed", "Seed of both directions and of the choice of images"),
    ("", "batch", "Batch norm uses the statistics of these images, not the running ones as in the paper's code"),
    ("", "measure", "Measure now; results appear as they are computed"),
)
"""Label, field and tooltip."""
_NEEDED: Mapping[Inside, tuple[str, ...]] = {
    Inside.CAM: ("before", "image", "after", "layer", "target"),
    Inside.FEATURES: ("before", "image", "after", "layer", "scaling"),
    Inside.SURFACE: ("other", "points", "images", "seed", "batch", "measure"),
    Inside.LESIONS: ("other", "measure"),
}
