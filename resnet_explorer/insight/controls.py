"""What can be looked at inside a trained network, and what is asked of it: image, layer, class, other run."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple, TypeVar

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QLabel, QPushButton, QToolButton, QWidget

from resnet_explorer.engine.jobs import Job
from resnet_explorer.insight import values
from resnet_explorer.insight.charts import class_name
from resnet_explorer.spec import ResNetSpec
from resnet_explorer.ui.fields import CheckField, ChoiceField, NumberField
from resnet_explorer.ui.jobs import Jobs, JobState, Phase
from resnet_explorer.ui.parts import hbox, told

KEPT = 200
"""Answers that are kept, so that going back to an image shows it at once."""
A = TypeVar("A")


class Answers(QObject):
    """``arrived`` tells that an answer is there, or a part of it, or that there will be none."""

    arrived = Signal()

    def __init__(self, jobs: Jobs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._known: dict[object, object] = {}
        self._asked: dict[object, int] = {}

    def forget(self) -> None:
        """Cancel every request and drop every answer."""
        for number in self._asked.values():
            self._jobs.cancel(number)
        self._asked.clear()
        self._known.clear()

    def to(self, request: values.InsideRequest) -> object | None:
        """Return the answer to a request as far as it is known."""
        return self._known.get(request)

    def newest(self, kind: type[A]) -> A | None:
        return next((one for one in reversed(self._known.values()) if isinstance(one, kind)), None)

    def ask(self, request: values.InsideRequest, label: str, instead: values.InsideRequest | None = None) -> None:
        """Submit a request once; the older request ``instead`` that it replaces is cancelled."""
        if instead is not None and instead != request and instead in self._asked:
            self._jobs.cancel(self._asked.pop(instead))
        if request not in self._asked:
            self._asked[request] = self._jobs.submit(
                request, label, self._on_answer, self._on_problem, so_far=self._on_part
            )

    def is_waiting(self, request: values.InsideRequest | None) -> bool:
        state = self.state_of(request)
        return state is not None and not state.is_over

    def problem(self, request: values.InsideRequest | None) -> str:
        """Return why a request failed; empty where it did not."""
        state = self.state_of(request)
        return state.problem if state is not None else ""

    def is_cancelled(self, request: values.InsideRequest | None) -> bool:
        state = self.state_of(request)
        return state is not None and state.phase is Phase.CANCELLED

    def let_ask_again(self) -> None:
        """Let requests that failed or were cancelled be submitted again."""
        over = {state.number for state in self._jobs.states if state.is_over}
        self._asked = {request: number for request, number in self._asked.items() if number not in over}

    def drop(self, request: values.InsideRequest) -> None:
        """Drop an answer, so that it can be requested again."""
        self._asked.pop(request, None)
        self._known.pop(request, None)

    def state_of(self, request: values.InsideRequest | None) -> JobState | None:
        number = self._asked.get(request) if request is not None else None
        return next((state for state in self._jobs.states if state.number == number), None)

    def _on_part(self, job: Job, result: object) -> None:
        if job in self._asked:
            self._keep(job, result)

    def _on_answer(self, job: Job, result: object) -> None:
        if job in self._asked:
            del self._asked[job]
            self._keep(job, result)

    def _keep(self, job: Job, result: object) -> None:
        self._known.pop(job, None)
        self._known[job] = result
        while len(self._known) > KEPT:
            del self._known[next(iter(self._known))]
        self.arrived.emit()

    def _on_problem(self, problem: str) -> None:
        self.arrived.emit()


class Inside(StrEnum):
    """The pictures."""

    CONFUSION = "Confusion"
    MISTAKES = "Mistakes"
    CAM = "Grad-CAM"
    FILTERS = "Filters"
    FEATURES = "Feature maps"
    SURFACE = "Loss surface"
    LESIONS = "Lesions"


class Words(NamedTuple):
    """What a picture shows, and its source."""

    shows: str
    source: str


WORDS: Mapping[Inside, Words] = {
    Inside.CONFUSION: Words(
        "A row for each true class, a column for each class that the network gives: what is off the diagonal are "
        "mistakes, and the large numbers there are classes that look alike to it. Click a cell to see its images.",
        "Kohavi and Provost 1998, Glossary of Terms",
    ),
    Inside.MISTAKES: Words(
        "The test images that are named wrongly, the surest first: a network's probability says little about whether "
        "it is right. Enter or a double click shows where it looked.",
        "Guo et al. 2017, On Calibration of Modern Neural Networks",
    ),
    Inside.CAM: Words(
        "Where in the image the evidence for a class is: the layer's maps, weighed by how much each raises the class's "
        "score, and of their sum what is above 0. Deep layers say what, in coarse places; early ones where.",
        "Selvaraju et al. 2017, Grad-CAM, section 3",
    ),
    Inside.FILTERS: Words(
        "The weights that look at the image itself: on photographs they become edges, gratings and spots of colour.",
        "Krizhevsky et al. 2012, figure 3; Zeiler and Fergus 2014",
    ),
    Inside.FEATURES: Words(
        "What each channel of a layer answers to this image: early maps keep its outlines, deep ones are small and "
        "answer to few things each. Select any layer, block or stage in any view.",
        "Zeiler and Fergus 2014, Visualizing and Understanding Convolutional Networks",
    ),
    Inside.SURFACE: Words(
        "The training loss in a plane through the trained weights: wide and smooth around a residual network, and the "
        "deeper a plain one is, the rougher around it.",
        "Li et al. 2018, Visualizing the Loss Landscape of Neural Nets, section 4",
    ),
    Inside.LESIONS: Words(
        "The test error when one block is dropped, or two equal neighbours are swapped, and all weights stay as they "
        "are: a residual network, where the shortcut is left, hardly misses most of its blocks; a plain one without "
        "any of its blocks is little better than a guess.",
        "Veit et al. 2016, Residual Networks Behave Like Ensembles of Relatively Shallow Networks, sections 4.1 and "
        "4.3",
    ),
}


GIVEN, TRUE = -1, -2
"""Instead of a class: the one that the network gives, and the right one."""
TOGETHER, EACH = "all maps on one scale", "each map on its own scale"


class InsideControls(QWidget):
    """One line of fields; those that the picture does not need are hidden.

    ``changed`` tells that something else is asked, ``stepped`` that the next image is (1) or the one before (-1),
    ``layer_chosen`` gives an address, ``measured`` tells that what takes long shall be measured,
    ``invalid_entered`` gives a text that is no number.
    """

    changed = Signal()
    stepped = Signal(int)
    layer_chosen = Signal(str)
    measured = Signal()
    invalid_entered = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.before, self.after, self.measure = QToolButton(), QToolButton(), QPushButton("Measure")
        self.before.setText("◀")
        self.after.setText("▶")
        self.layer, self.target, self.other = ChoiceField(), ChoiceField(), ChoiceField()
        self.scaling = ChoiceField([(TOGETHER,), (EACH,)])
        self.image, self.points = NumberField(0, values.MAX_IMAGES), NumberField(3, values.MAX_SIZE)
        self.images, self.seed = NumberField(1, values.MAX_IMAGES), NumberField(0, 10**6)
        self.batch = CheckField("the images' own statistics")
        self.labels: list[tuple[QLabel, QWidget]] = []
        self.row = hbox(of=self)
        for field, value in ((self.image, 0), (self.points, 21), (self.images, 256), (self.seed, 0)):
            field.show_value(value)
            field.invalid_entered.connect(self.invalid_entered)
            field.value_entered.connect(field.show_value)
        for name, key, tip in _FIELDS:
            widget: QWidget = told(getattr(self, key), name or tip, tip)
            if isinstance(widget, ChoiceField):
                widget.setSizeAdjustPolicy(ChoiceField.SizeAdjustPolicy.AdjustToContents)
            if isinstance(widget, ChoiceField | CheckField | NumberField) and widget is not self.layer:
                widget.value_entered.connect(self.changed)
            if name:
                self.labels.append((told(QLabel(name), tip=tip), widget))
                self.labels[-1][0].setBuddy(widget)
                self.row.addWidget(self.labels[-1][0])
            self.row.addWidget(widget)
        self.row.addStretch(1)
        self.before.clicked.connect(lambda: self.stepped.emit(-1))
        self.after.clicked.connect(lambda: self.stepped.emit(1))
        self.layer.value_entered.connect(lambda path: self.layer_chosen.emit(path or ""))
        self.measure.clicked.connect(self.measured)

    def show_network(
        self, spec: ResNetSpec, names: Sequence[str], others: Sequence[values.RunReference], usual: int
    ) -> None:
        """Offer a network's layers and classes, and the runs that it can be compared with."""
        classes = ((f"class {class_name(names, one)}", one) for one in range(spec.classes or 0))
        self.layer.offer((path, path) for path in values.map_paths(spec))
        self.target.offer([("the class it gives", GIVEN), ("the true class", TRUE), *classes])
        self.other.offer([("nothing", None), *((one.plan.name, one) for one in others)], usual + 1)

    def show_layer(self, path: str) -> None:
        self.layer.show_value(path)

    def show_view(self, view: Inside) -> None:
        """Show the fields that a view needs."""
        needed = _NEEDED.get(view, ())
        self.setVisible(bool(needed))
        for _, key, _ in _FIELDS:
            getattr(self, key).setVisible(key in needed)
        for label, widget in self.labels:
            label.setVisible(not widget.isHidden())

    def request(
        self, view: Inside, look: values.RunReference, path: str, gallery: values.Gallery | None
    ) -> values.InsideRequest | None:
        """Return what has to be asked for a picture; None where the image's class must be known first.

        ``gallery`` are the test images whose classes are known. Raises ExplorerError where it cannot be asked.
        """
        run, place = (look.folder, look.plan), self.image.value()
        if view is Inside.CAM:
            target = self._target(place, gallery)
            return None if target == TRUE else values.CamRequest(*run, place, path, None if target == GIVEN else target)
        if view is Inside.FEATURES:
            return values.FeaturesRequest(*run, place, path)
        if view is Inside.FILTERS:
            return values.FiltersRequest(*run)
        other = self.other.chosen
        runs = (look, other) if other else (look,)
        if view is Inside.LESIONS:
            return values.RunLesionsRequest(runs)
        if view is Inside.SURFACE:
            points, images, seed = (field.value() for field in (self.points, self.images, self.seed))
            return values.SurfaceRequest(runs, points, 1.0, images, seed, self.batch.isChecked())
        return values.ConfusionRequest(*run)

    def _target(self, place: int, gallery: values.Gallery | None) -> int:
        chosen = int(self.target.chosen)
        index = place - gallery.request.first if gallery else -1
        known = gallery is not None and chosen == TRUE and 0 <= index < len(gallery.truth)
        return gallery.truth[index] if gallery and known else chosen


_FIELDS = (
    ("", "before", "The test image before this one (Left)"),
    ("Image", "image", "The place of an image among the test images, from 0; Left and Right step"),
    ("", "after", "The next test image (Right)"),
    ("Layer", "layer", "The layer, block or stage whose maps are shown; what is selected in another view is taken"),
    ("Evidence for", "target", "The class whose score is traced back to the image"),
    ("", "scaling", "One scale tells strong maps from weak ones; scales of their own show what is in the weak ones"),
    ("Beside", "other", "Another run, measured in the same way and shown on the same scale"),
    ("Grid", "points", "Points along each direction, an odd number: the middle one is the trained weights"),
    ("Images", "images", "How many training images the loss is of; the seed picks them"),
    ("Seed", "seed", "Draws both directions, and picks the images"),
    (
        "",
        "batch",
        "Batch norm: the statistics of these images instead of the running ones, which the paper's code uses",
    ),
    ("", "measure", "Measure it now; what is known is shown as it comes"),
)
"""Label, field, and what it is for."""
_NEEDED: Mapping[Inside, tuple[str, ...]] = {
    Inside.CAM: ("before", "image", "after", "layer", "target"),
    Inside.FEATURES: ("before", "image", "after", "layer", "scaling"),
    Inside.SURFACE: ("other", "points", "images", "seed", "batch", "measure"),
    Inside.LESIONS: ("other", "measure"),
}
