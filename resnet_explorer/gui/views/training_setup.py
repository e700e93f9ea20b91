"""What is to be trained: an experiment to start from, the networks, the images, the seed, and the recipe."""

from dataclasses import replace
from math import isfinite

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QFormLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from resnet_explorer.analysis.recipe import MAX_STEPS
from resnet_explorer.analysis.training import RunPlan
from resnet_explorer.analysis.training_presets import PRESETS, TrainingPreset
from resnet_explorer.errors import ExplorerError
from resnet_explorer.gui.document import Document
from resnet_explorer.gui.views.experiments import ExperimentList
from resnet_explorer.gui.views.fields import FractionField, NumberField
from resnet_explorer.gui.views.gradient_images import ImagesBox
from resnet_explorer.gui.views.network_list import NetworkList
from resnet_explorer.gui.views.recipe_form import RecipeForm
from resnet_explorer.spec import InputShape, ResNetSpec

WIDTH = 318


class TrainingSetup(QScrollArea):
    """``changed`` tells that something else is to be trained, ``preset_chosen`` that it is an experiment's.

    ``rate_wanted`` tells that a learning rate is looked for.
    """

    changed = Signal()
    preset_chosen = Signal()
    rate_wanted = Signal()

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self.preset: TrainingPreset | None = None
        self._like: ResNetSpec | None = None
        self.presets = ExperimentList(list(PRESETS.values()))
        self.networks = NetworkList(document)
        self.images, self.side, self.seed = ImagesBox(), NumberField(1, 1024), NumberField(0, 2**31 - 1)
        self.epochs = FractionField()
        self.tensorboard = QCheckBox("write event files for TensorBoard")
        self.finder, self.recipe, self.problem = QPushButton("Find a learning rate…"), RecipeForm(), QLabel()
        self._dress()
        self._arrange()
        self._wire()

    def _dress(self) -> None:
        self.tensorboard.setToolTip("In each run's folder; tensorboard --logdir FOLDER shows them")
        self.side.setToolTip("Images are brought to squares of this many pixels")
        self.seed.setToolTip("Draws the first weights, the order of the images, and all else that is random")
        self.finder.setToolTip("Train the first network for a few steps at rates from tiny to huge (Smith 2017)")
        self.epochs.setToolTip(
            "How many times all training images are seen: steps times batch over their number; what is left of a batch "
            "is passed over. A change sets the steps"
        )
        self.epochs.setAccessibleName("Epochs")
        self.problem.setObjectName("problem")
        self.problem.setWordWrap(True)
        self.problem.setTextFormat(Qt.TextFormat.PlainText)
        self.problem.hide()
        self.side.setAccessibleName("Image side")
        self.seed.setAccessibleName("Seed")
        self.images.setAccessibleName("Images")
        self.images.setToolTip("What the networks are trained and tested on; nothing is downloaded")

    def _arrange(self) -> None:
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 6, 0, 8)
        column.setSpacing(4)
        below = QVBoxLayout()
        below.setContentsMargins(14, 0, 12, 0)
        for widget in (self.finder, self.tensorboard, self.problem):
            below.addWidget(widget)
        self.presets.setFixedHeight(self.presets.sizeHintForRow(0) * min(4, len(PRESETS)) + 4)
        for heading, part in (
            ("Experiments", self.presets),
            ("Networks", self.networks),
            ("Images and seed", self._image_fields()),
            ("Recipe", self.recipe),
        ):
            label = QLabel(heading.upper())
            label.setObjectName("heading")
            label.setContentsMargins(14, 0, 0, 0)
            column.addWidget(label)
            column.addWidget(part)
        column.addLayout(below)
        column.addStretch(1)
        self.setWidget(inner)
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.setFixedWidth(WIDTH)

    def _image_fields(self) -> QWidget:
        fields = QWidget()
        form = QFormLayout(fields)
        form.setContentsMargins(14, 0, 12, 0)
        form.setVerticalSpacing(5)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for words, field in (
            ("Images", self.images),
            ("Image side", self.side),
            ("Seed", self.seed),
            ("Epochs", self.epochs),
        ):
            label = QLabel(words)
            label.setToolTip(field.toolTip())
            label.setBuddy(field)
            form.addRow(label, field)
        return fields

    def _wire(self) -> None:
        self.presets.chosen.connect(self.choose)
        self.networks.changed.connect(self._on_changed)
        self.recipe.changed.connect(self._on_changed)
        self.images.changed.connect(self._on_images)
        for field in (self.side, self.seed):
            field.entered.connect(self._on_number)
        self.finder.clicked.connect(self.rate_wanted)
        self.epochs.entered.connect(self._on_epochs)
        self.epochs.left.connect(self._show_epochs)
        self.changed.connect(self._show_epochs)

    def choose(self, preset: TrainingPreset) -> None:
        """Start from an experiment: its networks, images and recipe are shown, and can be changed."""
        self.preset, self._like = preset, preset.like
        self.presets.show_chosen(preset.key)
        self.networks.show_networks(preset.networks)
        self.recipe.show_recipe(preset.recipe)
        self.side.show_value(preset.image.height)
        self._explain("")
        self.preset_chosen.emit()
        self.changed.emit()

    def _on_images(self) -> None:
        if self.preset is None or self.preset.needs != self.images.choice.kind:
            self._leave_preset()
        self.changed.emit()

    def _on_changed(self) -> None:
        self._leave_preset()
        self.changed.emit()

    def _on_number(self, value: object) -> None:
        """A number of the experiment has changed; the seed leaves it what it is."""
        field = self.sender()
        low, high = (1, 1024) if field is self.side else (0, 2**31 - 1)
        if not isinstance(value, int) or not low <= value <= high:
            self._explain(f"{value} cannot be: choose {low} to {high:,}.")
            return
        self._explain("")
        (self.side if field is self.side else self.seed).show_value(value)
        if field is self.side:
            self._leave_preset()
        self.changed.emit()

    @property
    def _epoch(self) -> int | None:
        """Return the steps that go once over the training images; None where their number is not known."""
        count = self.images.choice.training_images
        return None if count is None else max(1, count // self.recipe.recipe.batch)

    def _show_epochs(self) -> None:
        """Say how many epochs the steps are."""
        epoch = self._epoch
        self.epochs.setEnabled(epoch is not None)
        if epoch and not self.epochs.hasFocus():
            self.epochs.show_value(round(self.recipe.recipe.steps / epoch, 2))

    def _on_epochs(self, value: object) -> None:
        """Make the steps of so many epochs."""
        epoch = self._epoch
        steps = round(float(str(value)) * epoch) if epoch and isfinite(float(str(value))) else -1
        if not 0 <= steps <= MAX_STEPS:
            self._explain(f"{value} epochs cannot be: choose 0 or more.")
            return
        self._explain("")
        if steps != self.recipe.recipe.steps:
            self.recipe.use(replace(self.recipe.recipe, steps=steps))

    def _leave_preset(self) -> None:
        """From here on it is the user's own experiment."""
        self.preset = None
        self.presets.show_chosen("")

    @property
    def title(self) -> str:
        """Return the name of what is to be trained."""
        names = ", ".join(name for name, _ in self.networks.networks)
        return self.preset.title if self.preset else names[:60]

    def plans(self) -> tuple[RunPlan, ...]:
        """Return what is to be trained; raises ExplorerError where that cannot be, and says why under the recipe."""
        try:
            plans = self._plans()
        except ExplorerError as error:
            self._explain(f"{error.what} {error.remedy}")
            raise
        self._explain("")
        return plans

    def _plans(self) -> tuple[RunPlan, ...]:
        choice, seed, device = self.images.choice, self.seed.value(), self._document.device
        if self.preset is not None:
            root = choice.root if choice.kind == self.preset.needs else ""
            found = self.preset.plans(seed, root)
            return tuple(_on(plan, device) for plan in found)
        if not self.networks.networks:
            raise ExplorerError("networks", "There is no network to train.", "Add one.")
        image = InputShape(1, self.side.value(), self.side.value())
        like = self._like or self.networks.networks[0][1]
        return tuple(
            RunPlan(name, spec, image, choice, self.recipe.recipe, seed, device, like)
            for name, spec in self.networks.networks
        )

    def say(self, problem: str) -> None:
        """Say why it could not be trained."""
        self._explain(problem)

    def _explain(self, words: str) -> None:
        self.problem.setText(f"⚠ {words}")
        self.problem.setVisible(bool(words))


def _on(plan: RunPlan, device: str) -> RunPlan:
    return replace(plan, device=device)
