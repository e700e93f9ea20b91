"""The controls of the gradient lab: which networks, under which conditions."""

from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QFileDialog, QFormLayout, QLabel, QWidget

from resnet_explorer.analysis.gradients import GradientRequest, twin
from resnet_explorer.analysis.quantities import Loss, Mode, Precision
from resnet_explorer.gui.document import Document
from resnet_explorer.gui.views.fields import NumberField
from resnet_explorer.spec import InputShape, ResNetSpec
from resnet_explorer.spec.axes import AXES
from resnet_explorer.spec.catalogue import find, named
from resnet_explorer.spec.change import assign
from resnet_explorer.spec.data_choice import DIGITS, DataChoice, DataKind

DEPTHS = (8, 14, 20, 32, 44, 56, 110, 164, 1202)
WINDOW = 0
USUAL_DEPTH = 56
SCALINGS = (
    ("as the network has it", ()),
    ("1", ("gain=none", "branch_scale=1", "shortcut_scale=1")),
    ("SkipInit: learnt, 0 at first", ("gain=skipinit", "zero_init=false")),
    ("1/√2 on both ways", ("gain=none", "branch_scale=0.7071", "shortcut_scale=0.7071")),
)
_DATA = (
    ("digits 8×8 (built in)", DataKind.DIGITS),
    ("MNIST 28×28 (built in)", DataKind.MNIST),
    ("noise", DataKind.NOISE),
)
_FOLDER = "a folder of images…"


class GradientControls(QWidget):
    """``changed`` tells that another measurement is wanted."""

    changed = Signal()

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._data = DIGITS
        self.network, self.scaling, self.data = QComboBox(), QComboBox(), QComboBox()
        self.norm, self.init, self.activation = _axis("norm"), _axis("init"), _axis("activation")
        self.zero = QCheckBox("zero-init of the last norm")
        self.mode, self.loss, self.precision = _choices(Mode), _choices(Loss), _choices(Precision)
        self.batch, self.side, self.seeds = NumberField(1, 4096), NumberField(1, 1024), NumberField(1, 100)
        self.problem = QLabel()
        self._fill()
        self._arrange()
        self._wire()

    def _fill(self) -> None:
        self.network.addItem("this window's network", WINDOW)
        for depth in DEPTHS:
            self.network.addItem(f"CIFAR, {depth:,} layers", depth)
        self.network.setCurrentIndex(self.network.findData(USUAL_DEPTH))
        for words, _ in SCALINGS:
            self.scaling.addItem(words)
        for words, kind in (
            ("digits 8×8 (built in)", "digits"),
            ("MNIST 28×28 (built in)", "mnist"),
            ("noise", "noise"),
        ):
            self.data.addItem(words, DataChoice(DataKind(kind)))
        self.data.addItem(_FOLDER)
        for field, value in ((self.batch, 32), (self.side, 32), (self.seeds, 3)):
            field.show_value(value)
        self.problem.setObjectName("problem")
        self.problem.setWordWrap(True)

    def _arrange(self) -> None:
        form = QFormLayout(self)
        form.setContentsMargins(14, 8, 12, 8)
        form.setVerticalSpacing(5)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        rows = (
            ("Network", self.network, "Measured beside its plain twin: the same network without its shortcuts"),
            ("Norm", self.norm, AXES["norm"].teaches),
            ("Initialisation", self.init, AXES["init"].teaches),
            ("Activation", self.activation, AXES["activation"].teaches),
            ("Branch scale", self.scaling, "What is multiplied to F(x), and to x, before they are added"),
            ("", self.zero, AXES["zero_init"].teaches),
            ("Mode", self.mode, "Training: batch norm uses the batch's own statistics; evaluation: the running ones"),
            ("Images", self.data, "What goes in; it stands on the plot"),
            ("Batch", self.batch, "Images at once; with a mean loss the norms of ∂L/∂x fall as 1/√batch"),
            ("Image side", self.side, "Images are brought to squares of this many pixels"),
            ("Loss", self.loss, "What is differentiated"),
            ("Seeds", self.seeds, "How many first weights and batches, from seed 0; the curve is their median"),
            ("Precision", self.precision, "float64 shows what is too small for float32"),
        )
        for words, field, tip in rows:
            if isinstance(field, QComboBox):
                field.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
                field.setMinimumContentsLength(8)
            field.setToolTip(tip)
            field.setAccessibleName(words or "Zero-init")
            label = QLabel(words)
            label.setToolTip(tip)
            label.setBuddy(field)
            form.addRow(label, field)
        form.addRow(self.problem)

    def _wire(self) -> None:
        combos = (
            self.network,
            self.norm,
            self.init,
            self.activation,
            self.scaling,
            self.mode,
            self.loss,
            self.precision,
        )
        for combo in combos:
            combo.currentIndexChanged.connect(self._on_changed)
        self.data.activated.connect(self._on_data)
        self.zero.toggled.connect(self._on_changed)
        for field in (self.batch, self.side, self.seeds):
            field.entered.connect(self._on_number)
            field.left.connect(self._on_changed)

    def _on_changed(self) -> None:
        self.changed.emit()

    def _on_number(self, value: object) -> None:
        self.changed.emit()

    def _on_data(self) -> None:
        choice = self.data.currentData()
        if choice is None:
            folder = QFileDialog.getExistingDirectory(self, "A folder of images")
            choice = DataChoice(DataKind.FOLDER, folder) if folder else self._data
            if not folder:
                self.data.setCurrentIndex(0)
                choice = DIGITS
        self._data = choice
        self.changed.emit()

    def spec(self) -> ResNetSpec:
        """Return the residual network that is chosen; raises SpecError where the choices exclude each other."""
        depth = self.network.currentData()
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

    def request(self) -> GradientRequest:
        """Return what is to be measured; raises ExplorerError where that cannot be."""
        spec = self.spec()
        image = InputShape(self.batch.value(), self.side.value(), self.side.value())
        return GradientRequest(
            (spec, twin(spec)),
            image,
            self._data,
            tuple(range(max(1, self.seeds.value()))),
            Mode(self.mode.currentData()),
            Precision(self.precision.currentData()),
            Loss(self.loss.currentData()),
            device=self._document.device,
        )


def cifar(depth: int) -> ResNetSpec:
    """Return the network of 6n + 2 layers of the paper's section 4.2."""
    blocks = (depth - 2) // 6
    base = find("resnet20")
    return named(replace(base, blocks=(blocks,) * 3, name=f"resnet{depth}"))


def _axis(key: str) -> QComboBox:
    box = QComboBox()
    box.addItem("as the network has it", "")
    for choice in AXES[key].choices:
        if choice.value not in ("fixup",):
            box.addItem(choice.label, str(choice.value))
    return box


def _choices(kind: type[Mode] | type[Loss] | type[Precision]) -> QComboBox:
    box = QComboBox()
    for choice in kind:
        box.addItem({"train": "training", "eval": "evaluation"}.get(choice.value, choice.value), choice)
    return box
