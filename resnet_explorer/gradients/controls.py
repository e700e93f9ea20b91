"""The controls of the gradient lab: which networks, when, under which conditions."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from enum import StrEnum
from typing import Any

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QWidget

from resnet_explorer.errors import ExplorerError
from resnet_explorer.gradients.descent import RECIPE, DescentRequest
from resnet_explorer.gradients.part import (
    AXIS_KEYS,
    BESIDE,
    DEPTHS,
    MAX_STEPS,
    WINDOW,
    Conditions,
    Scaling,
    When,
    axis_values,
)
from resnet_explorer.gradients.values import GradientRequest, first_seeds
from resnet_explorer.readings.quantities import Loss, Mode, Precision
from resnet_explorer.spec import InputShape, ResNetSpec
from resnet_explorer.spec.axes import AXES
from resnet_explorer.spec.catalogue import find, named, twin
from resnet_explorer.spec.change import assign
from resnet_explorer.ui.choosers import ImagesBox
from resnet_explorer.ui.document import Document
from resnet_explorer.ui.fields import CheckField, ChoiceField, Form, FractionField, NumberField, no_number
from resnet_explorer.ui.parts import Problem

USUAL = {When.START: (0.1, 32), When.TRAINING: (0.05, 16)}
"""The initial learning rate and image side of each; a training makes many passes, so its images are smaller."""
SCALINGS: Mapping[Scaling, tuple[str, tuple[str, ...]]] = {
    Scaling.NETWORK: ("as the network has it", ()),
    Scaling.ONE: ("1", ("gain=none", "branch_scale=1", "shortcut_scale=1")),
    Scaling.SKIPINIT: ("SkipInit: learnt, initially 0", ("gain=skipinit", "zero_init=false")),
    Scaling.ROOT_HALF: ("1/√2 on both paths", ("gain=none", "branch_scale=0.7071", "shortcut_scale=0.7071")),
}


class GradientControls(QWidget):
    """Which networks to measure, when, and under which conditions; ``changed``: another measurement is wanted."""

    changed = Signal()

    def __init__(self, document: Document) -> None:
        super().__init__()
        self._document = document
        self._rate = 0.0
        self.network = ChoiceField([("this window's network", WINDOW)])
        self.beside = ChoiceField([("its plain twin", WINDOW)])
        for depth in DEPTHS:
            self.network.add(f"CIFAR, {depth:,} layers", depth)
        for depth in BESIDE:
            self.beside.add(f"its twin, and the pair of {depth}", depth)
        self.scaling = ChoiceField(((text, scaling) for scaling, (text, _) in SCALINGS.items()), Scaling)
        self.when, self.images = _choices(When), ImagesBox()
        self.norm, self.init, self.activation = map(_axis, AXIS_KEYS)
        self.zero = CheckField("zero-init of the last norm")
        self.mode, self.loss, self.precision = _choices(Mode), _choices(Loss), _choices(Precision)
        self.batch, self.side, self.seeds = NumberField(1, 4096), NumberField(1, 1024), NumberField(1, 100)
        self.steps, self.every, self.rate = NumberField(1, MAX_STEPS), NumberField(1, 1000), FractionField()
        self.problem = Problem()
        self.form = Form(self, (14, 8, 12, 4), 4)
        for key, text, tip in self._rows():
            self.form.add(key, text, getattr(self, key), tip, "Zero-init" if key == "zero" else "")
            if key == "images":
                self.form.addRow(self.images.problem)
        self.images.list.setAccessibleName("Images")
        self.form.addRow(self.problem)
        self.images.changed.connect(self.changed)
        self.form.value_entered.connect(self._on_value_entered)
        self.form.invalid_entered.connect(lambda key, text: self.say(no_number(text, "32")))
        self.show_conditions(Conditions())

    @property
    def conditions(self) -> Conditions:
        """Return the conditions; the last valid ones where a field holds what cannot be."""
        values = {key: _value_of(field) for key, field in self.form.fields.items()}
        with suppress(ExplorerError):
            self._good = Conditions(**values | {"rate": self._rate})
        return self._good

    def show_conditions(self, conditions: Conditions) -> None:
        """Show conditions without a signal."""
        self._good, self._when, self._rate = conditions, conditions.when, conditions.rate
        self._kept = dict(USUAL)
        with QSignalBlocker(self.images):
            self.images.use(conditions.images)
        for key in self.form.fields.keys() - {"images"}:
            self.form.show_value(key, getattr(conditions, key))
        self.say("")
        self._show_rows()

    def _rows(self) -> Iterator[tuple[str, str, str]]:
        yield "network", "Network", "Measured beside its plain twin: the same network without its shortcuts"
        yield "beside", "Beside", "Networks measured for comparison: the plain twin, and a pair of another depth"
        yield "when", "When", "With the initial weights, or step by step while the networks are trained"
        yield "steps", "Steps", "Steps of gradient descent with momentum"
        yield "every", "Every … steps", "Steps from one measurement of all blocks to the next"
        yield "rate", "Learning rate", "η: of the training, and of the estimated update of plain SGD, η‖∂L/∂W‖ / ‖W‖"
        yield "norm", "Norm", AXES["norm"].teaches
        yield "init", "Initialisation", AXES["init"].teaches
        yield "activation", "Activation", AXES["activation"].teaches
        yield "scaling", "Branch scale", "The factors of F(x) and of x before they are added"
        yield "zero", "", AXES["zero_init"].teaches
        yield "mode", "Mode", "Training: batch norm uses the batch's own statistics; evaluation: the running ones"
        yield "images", "Images", "The input; the plot names it"
        yield "batch", "Batch", "Images per batch; with a mean loss the norms of ∂L/∂x fall as 1/√batch"
        yield "side", "Image side", "Images are resized to this many pixels square"
        yield "loss", "Loss", "The function that is differentiated"
        yield "seeds", "Seeds", "Number of initial weights and batches, from seed 0; the curve is their median"
        yield "precision", "Precision", "float64 shows values too small for float32"

    def _show_rows(self) -> None:
        trains = self._when is When.TRAINING
        for key in ("steps", "every"):
            self.form.set_shown(key, trains)
        for key in ("mode", "seeds", "precision"):
            self.form.set_shown(key, not trains)

    def say(self, problem: str, measured: bool = False) -> None:
        """Show a problem; an empty text clears it.

        The problem of a measurement is shown beside the images where those were chosen last.
        """
        of_images = measured and self.images.is_new
        self.images.problem.say(problem if of_images else "")
        self.problem.say("" if of_images else problem)

    def _on_value_entered(self, key: str, value: object) -> None:
        if key == "when":
            self._kept[self._when] = self._rate, self.side.value()
            self._when = self.when.chosen
            self._rate, side = self._kept[self._when]
            self.rate.show_value(self._rate)
            self.side.show_value(side)
            self._show_rows()
        elif key == "rate" and isinstance(value, float):
            self._rate = value
        if isinstance(self.form.fields[key], NumberField | FractionField):
            self.form.show_value(key, value)
        self.changed.emit()

    def spec(self, depth: int | None = None) -> ResNetSpec:
        """Return the residual network of a depth, by default the chosen one, with the settings of the controls.

        Raises SpecError where the settings exclude each other.
        """
        depth = self.network.chosen if depth is None else depth
        base = self._document.state.spec if depth == WINDOW else cifar(depth)
        if not base.residual:
            base = twin(base)
        settings = [f"{key}={value}" for key in AXIS_KEYS if (value := self.form.fields[key].chosen)]
        settings += SCALINGS[self.scaling.chosen][1]
        if self.zero.isChecked():
            settings.append("zero_init=true")
        return named(assign(base, *settings)) if settings else base

    def specs(self) -> tuple[ResNetSpec, ...]:
        """Return the networks: the residual one and its twin, and the other pair where one is chosen."""
        first, beside = self.spec(), self.beside.chosen
        second = self.spec(beside) if beside != WINDOW else first
        if second.in_channels != first.in_channels:
            second = named(assign(second, f"in_channels={first.in_channels}"))
        return tuple(dict.fromkeys((first, twin(first), second, twin(second))))

    def request(self) -> GradientRequest | DescentRequest:
        """Return the request; raises ExplorerError where it is not valid."""
        frames = self._document.state.image.frames
        image = InputShape(self.batch.value(), self.side.value(), self.side.value(), frames)
        images, loss, device = self.images.choice, self.loss.chosen, self._document.device
        if self._when is When.TRAINING:
            steps = _whole(self.steps, "steps", MAX_STEPS)
            every = _whole(self.every, "steps from one measurement to the next", steps)
            recipe = replace(RECIPE, steps=steps, batch=image.batch, learning_rate=self._rate, measure_every=every)
            return DescentRequest(self.specs(), image, images, recipe, loss=loss, device=device)
        seeds, mode, precision = first_seeds(self.seeds.value()), self.mode.chosen, self.precision.chosen
        return GradientRequest(self.specs(), image, images, seeds, mode, precision, loss, self._rate, device)


def _whole(field: NumberField, what: str, most: int) -> int:
    if not 1 <= field.value() <= most:
        raise ExplorerError("steps", f"{field.value():,} {what} is out of range.", f"Choose 1 to {most:,}.")
    return field.value()


def cifar(depth: int) -> ResNetSpec:
    """Return the network of 6n + 2 layers of the paper's section 4.2."""
    return named(replace(find("resnet20"), blocks=((depth - 2) // 6,) * 3, name=f"resnet{depth}"))


def _axis(key: str) -> ChoiceField:
    labels = {str(choice.value): choice.label for choice in AXES[key].choices}
    return ChoiceField([("as the network has it", ""), *((labels[value], value) for value in axis_values(key))])


def _value_of(field: QWidget) -> Any:
    """Return the value that a field of the controls shows."""
    match field:
        case ImagesBox():
            return field.choice
        case ChoiceField():
            return field.chosen
        case CheckField():
            return field.isChecked()
        case NumberField() | FractionField():
            return field.value() if isinstance(field, NumberField) else field.read()
    raise TypeError(type(field).__name__)


def _choices(kind: type[StrEnum]) -> ChoiceField:
    text = {"train": "training", "eval": "evaluation"}
    return ChoiceField(((text.get(choice.value, choice.value), choice) for choice in kind), kind)
