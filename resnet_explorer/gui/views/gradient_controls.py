"""The controls of the gradient lab: which networks, when, under which conditions."""

from dataclasses import replace
from enum import StrEnum

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QFormLayout, QLabel, QWidget

from resnet_explorer.analysis.descent import RECIPE, DescentRequest
from resnet_explorer.analysis.gradients import GradientRequest, twin
from resnet_explorer.analysis.quantities import Loss, Mode, Precision
from resnet_explorer.errors import ExplorerError
from resnet_explorer.gui.document import Document
from resnet_explorer.gui.views.fields import FractionField, NumberField, QuietCombo
from resnet_explorer.gui.views.gradient_images import ImagesBox, ProblemLabel
from resnet_explorer.spec import InputShape, ResNetSpec
from resnet_explorer.spec.axes import AXES
from resnet_explorer.spec.catalogue import find, named
from resnet_explorer.spec.change import assign

DEPTHS = (8, 14, 20, 32, 44, 56, 110, 164, 1202)
BESIDE = (8, 20, 56, 110)
WINDOW = 0
USUAL_DEPTH = 56
MAX_STEPS = 5_000
"""So many steps are kept in memory, and can be sent while they are made."""
SCALINGS = (
    ("as the network has it", ()),
    ("1", ("gain=none", "branch_scale=1", "shortcut_scale=1")),
    ("SkipInit: learnt, 0 at first", ("gain=skipinit", "zero_init=false")),
    ("1/√2 on both ways", ("gain=none", "branch_scale=0.7071", "shortcut_scale=0.7071")),
)


class When(StrEnum):
    """When the blocks are measured."""

    START = "at initialisation"
    TRAINING = "during training"


USUAL = {When.START: (0.1, 32), When.TRAINING: (0.05, 16)}
"""The learning rate and the image's side that each begins with: a training makes many passes, so its images are
smaller."""


class GradientControls(QWidget):
    """``changed`` tells that another measurement is wanted."""

    changed = Signal()

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._kept = dict(USUAL)
        self._when = When.START
        self.network, self.beside, self.scaling = QuietCombo(), QuietCombo(), QuietCombo()
        self.when, self.images = _choices(When), ImagesBox()
        self.norm, self.init, self.activation = _axis("norm"), _axis("init"), _axis("activation")
        self.zero = QCheckBox("zero-init of the last norm")
        self.mode, self.loss, self.precision = _choices(Mode), _choices(Loss), _choices(Precision)
        self.batch, self.side, self.seeds = NumberField(1, 4096), NumberField(1, 1024), NumberField(1, 100)
        self.steps, self.every, self.rate = NumberField(1, MAX_STEPS), NumberField(1, 1000), FractionField()
        self._rate = USUAL[When.START][0]
        self.problem = ProblemLabel()
        self._fill()
        self._arrange()
        self._wire()
        self._show_rows()

    def _fill(self) -> None:
        self.network.addItem("this window's network", WINDOW)
        for depth in DEPTHS:
            self.network.addItem(f"CIFAR, {depth:,} layers", depth)
        self.network.setCurrentIndex(self.network.findData(USUAL_DEPTH))
        self.beside.addItem("its plain twin", WINDOW)
        for depth in BESIDE:
            self.beside.addItem(f"its twin, and the pair of {depth}", depth)
        for words, _ in SCALINGS:
            self.scaling.addItem(words)
        for field, value in ((self.batch, 32), (self.side, 32), (self.seeds, 3), (self.steps, 150), (self.every, 5)):
            field.show_value(value)
        self.rate.show_value(self._rate)

    def _arrange(self) -> None:
        self._form = form = QFormLayout(self)
        form.setContentsMargins(14, 8, 12, 4)
        form.setVerticalSpacing(4)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for words, field, tip in self._rows():
            field.setToolTip(tip)
            field.setAccessibleName(words or "Zero-init")
            label = QLabel(words)
            label.setToolTip(tip)
            label.setBuddy(field)
            form.addRow(label, field)
            if field is self.images:
                form.addRow(self.images.problem)
        self.images.list.setAccessibleName("Images")
        form.addRow(self.problem)

    def _rows(self) -> tuple[tuple[str, QWidget, str], ...]:
        return (
            ("Network", self.network, "Measured beside its plain twin: the same network without its shortcuts"),
            ("Beside", self.beside, "What else is measured: the plain twin, and a pair of another depth"),
            ("When", self.when, "With the first weights, or step by step while the networks are trained"),
            ("Steps", self.steps, "How many steps of gradient descent with momentum are made"),
            ("Every … steps", self.every, "At how many steps' distance all blocks are measured"),
            (
                "Learning rate",
                self.rate,
                "η: of the training, and of the estimated update of plain SGD, η‖∂L/∂W‖ / ‖W‖",
            ),
            ("Norm", self.norm, AXES["norm"].teaches),
            ("Initialisation", self.init, AXES["init"].teaches),
            ("Activation", self.activation, AXES["activation"].teaches),
            ("Branch scale", self.scaling, "What is multiplied to F(x), and to x, before they are added"),
            ("", self.zero, AXES["zero_init"].teaches),
            ("Mode", self.mode, "Training: batch norm uses the batch's own statistics; evaluation: the running ones"),
            ("Images", self.images, "What goes in; it stands on the plot"),
            ("Batch", self.batch, "Images at once; with a mean loss the norms of ∂L/∂x fall as 1/√batch"),
            ("Image side", self.side, "Images are brought to squares of this many pixels"),
            ("Loss", self.loss, "What is differentiated"),
            ("Seeds", self.seeds, "How many first weights and batches, from seed 0; the curve is their median"),
            ("Precision", self.precision, "float64 shows what is too small for float32"),
        )

    def _wire(self) -> None:
        combos = (self.network, self.beside, self.norm, self.init, self.activation, self.scaling, self.mode, self.loss)
        for combo in (*combos, self.precision):
            combo.currentIndexChanged.connect(self._on_changed)
        self.when.currentIndexChanged.connect(self._on_when)
        self.images.changed.connect(self._on_changed)
        self.zero.toggled.connect(self._on_changed)
        for field in (self.batch, self.side, self.seeds, self.steps, self.every):
            field.entered.connect(self._on_number)
            field.refused.connect(self._on_refused)
        self.rate.entered.connect(self._on_rate)
        self.rate.refused.connect(self._on_refused)

    def _show_rows(self) -> None:
        """Show what can be chosen at initialisation, or during training."""
        trains = self._when is When.TRAINING
        for field, on in ((self.steps, trains), (self.every, trains), (self.mode, not trains)):
            self._form.setRowVisible(field, on)
        for field in (self.seeds, self.precision):
            self._form.setRowVisible(field, not trains)

    def say(self, problem: str, measured: bool = False) -> None:
        """Say what is wrong; an empty sentence clears it.

        What came of a measurement is said beside the images, where those are what has just been chosen.
        """
        of_images = measured and self.images.is_new
        self.images.problem.say(problem if of_images else "")
        self.problem.say("" if of_images else problem)

    def _on_changed(self) -> None:
        self.changed.emit()

    def _on_when(self) -> None:
        """Keep a learning rate and a side for either."""
        self._kept[self._when] = self._rate, self.side.value()
        self._when = When(self.when.currentData())
        self._rate, side = self._kept[self._when]
        self.rate.show_value(self._rate)
        self.side.show_value(side)
        self._show_rows()
        self.changed.emit()

    def _on_number(self, value: object) -> None:
        field = self.sender()
        if isinstance(field, NumberField) and isinstance(value, int):
            field.show_value(value)
        self.changed.emit()

    def _on_rate(self, value: object) -> None:
        if isinstance(value, float):
            self._rate = value
            self.rate.show_value(value)
        self.changed.emit()

    def _on_refused(self, text: str) -> None:
        self.say(f"{text!r} is no number. Write one, such as 32.")

    def spec(self, depth: int | None = None) -> ResNetSpec:
        """Return the residual network of a depth, or the one that is chosen, with what is set here.

        Raises SpecError where the choices exclude each other.
        """
        depth = self.network.currentData() if depth is None else depth
        base = self._document.state.spec if depth == WINDOW else cifar(depth)
        if not base.residual:
            base = twin(base)
        settings = [f"{key}={field.currentData()}" for key, field in self._axes() if field.currentData()]
        settings += SCALINGS[self.scaling.currentIndex()][1]
        if self.zero.isChecked():
            settings.append("zero_init=true")
        return named(assign(base, *settings)) if settings else base

    def _axes(self) -> tuple[tuple[str, QComboBox], ...]:
        return (("norm", self.norm), ("init", self.init), ("activation", self.activation))

    def specs(self) -> tuple[ResNetSpec, ...]:
        """Return the networks: the residual one and its twin, and another such pair where that is chosen."""
        first, beside = self.spec(), self.beside.currentData()
        second = self.spec(beside) if beside != WINDOW else first
        if second.in_channels != first.in_channels:
            second = named(assign(second, f"in_channels={first.in_channels}"))
        return tuple(dict.fromkeys((first, twin(first), second, twin(second))))

    def request(self) -> GradientRequest | DescentRequest:
        """Return what is to be measured; raises ExplorerError where that cannot be."""
        image = InputShape(self.batch.value(), self.side.value(), self.side.value())
        images, loss, device = self.images.choice, Loss(self.loss.currentData()), self._document.device
        if self._when is When.TRAINING:
            steps = self._whole(self.steps, "steps", MAX_STEPS)
            every = self._whole(self.every, "steps from one measurement to the next", steps)
            recipe = replace(RECIPE, steps=steps, batch=image.batch, rate=self._rate, measure=every)
            return DescentRequest(self.specs(), image, images, recipe, loss=loss, device=device)
        mode, precision = Mode(self.mode.currentData()), Precision(self.precision.currentData())
        seeds = tuple(range(self.seeds.value()))
        return GradientRequest(self.specs(), image, images, seeds, mode, precision, loss, self._rate, device)

    def _whole(self, field: NumberField, words: str, most: int) -> int:
        if not 1 <= field.value() <= most:
            raise ExplorerError("steps", f"{field.value():,} {words} cannot be.", f"Choose 1 to {most:,}.")
        return field.value()


def cifar(depth: int) -> ResNetSpec:
    """Return the network of 6n + 2 layers of the paper's section 4.2."""
    blocks = (depth - 2) // 6
    base = find("resnet20")
    return named(replace(base, blocks=(blocks,) * 3, name=f"resnet{depth}"))


def _axis(key: str) -> QComboBox:
    box = QuietCombo()
    box.addItem("as the network has it", "")
    for choice in AXES[key].choices:
        if choice.value not in ("fixup",):
            box.addItem(choice.label, str(choice.value))
    return box


def _choices(kind: type[StrEnum]) -> QComboBox:
    box = QuietCombo()
    for choice in kind:
        box.addItem({"train": "training", "eval": "evaluation"}.get(choice.value, choice.value), choice)
    return box
