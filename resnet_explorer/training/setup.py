"""The setup of a training: experiment, networks, images, seed and recipe."""

from dataclasses import replace
from math import isfinite

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QCheckBox, QScrollArea, QWidget

from resnet_explorer.errors import ExplorerError
from resnet_explorer.images.choice import DataChoice
from resnet_explorer.runs.plan import RunPlan
from resnet_explorer.runs.recipe import MAX_STEPS
from resnet_explorer.spec import InputShape, ResNetSpec
from resnet_explorer.training.part import MAX_SEED, OwnNetwork, OwnSetup
from resnet_explorer.training.presets import PRESETS, TrainingPreset
from resnet_explorer.training.recipe_form import RecipeForm
from resnet_explorer.ui.choosers import ExperimentList, ImagesBox, NetworkList
from resnet_explorer.ui.document import Document
from resnet_explorer.ui.fields import Form, FractionField, NumberField, out_of_range
from resnet_explorer.ui.parts import Part, Problem, button, describe, fill, heading, vbox

EPOCHS_TIP = (
    "Epochs: passes over the training set, steps × batch / images; an incomplete batch is dropped. A change sets the "
    "steps"
)


class TrainingSetup(QScrollArea):
    """``changed``: another setup; ``preset_chosen``: an experiment's; ``rate_wanted``: find a learning rate."""

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
        self.images, self.side, self.seed = ImagesBox(), NumberField(1, 1024), NumberField(0, MAX_SEED)
        self.epochs = FractionField()
        self.tensorboard = describe(
            QCheckBox("write event files for TensorBoard"),
            tip="In each run's folder; tensorboard --logdir FOLDER shows them",
        )
        tip = "Train the first network for a few steps at rates from small to large (Smith 2017)"
        self.finder = button("Find a learning rate…", tip, self.rate_wanted.emit)
        self.images.list.setAccessibleName("Images")
        self.recipe, self.problem = RecipeForm(), Problem()
        fields = QWidget()
        self.form = Form(fields, margins=(14, 0, 12, 0))
        for key, text, field, tip in (
            ("images", "Images", self.images, "Training and test images; nothing is downloaded"),
            ("side", "Image side", self.side, "Images are resized to this many pixels square"),
            ("seed", "Seed", self.seed, "Seed of the initial weights, the order of images, and everything else random"),
            ("epochs", "Epochs", self.epochs, EPOCHS_TIP),
        ):
            self.form.add(key, text, field, tip)
        self.presets.setFixedHeight(self.presets.sizeHintForRow(0) * min(4, len(PRESETS)) + 4)
        parts: list[Part] = []
        titles = ("Experiments", "Networks", "Images and seed", "Recipe")
        for title, part in zip(map(heading, titles), (self.presets, self.networks, fields, self.recipe), strict=True):
            title.setContentsMargins(14, 0, 0, 0)
            parts += [title, part]
        below = vbox(self.finder, self.tensorboard, self.problem, margins=(14, 0, 12, 0))
        fill(self, *parts, below, 1, margins=(0, 6, 0, 8), spacing=4)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._wire()

    def _wire(self) -> None:
        self.presets.chosen.connect(self.choose)
        self.networks.changed.connect(self._on_changed)
        self.recipe.changed.connect(self._on_changed)
        self.images.changed.connect(self._on_images)
        self.form.value_entered.connect(self._on_value_entered)
        self.epochs.focus_left.connect(self._show_epochs)
        self.changed.connect(self._show_epochs)

    def choose(self, preset: TrainingPreset) -> None:
        """Show the networks, images and recipe of an experiment."""
        self.preset, self._like = preset, preset.like
        self.presets.show_chosen(preset.key)
        self.networks.show_networks(preset.networks)
        self.recipe.show_recipe(preset.recipe)
        self.side.show_value(preset.image.height)
        self.problem.say("")
        self.preset_chosen.emit()
        self.changed.emit()

    @property
    def own(self) -> OwnSetup | None:
        """Return the user's own experiment; None where an app's one is chosen, or there is no network."""
        networks = tuple(OwnNetwork(name, spec) for name, spec in self.networks.networks)
        if self.preset is not None or not networks:
            return None
        return OwnSetup(networks, self.recipe.recipe, max(1, min(self.side.value(), 1024)), self._like)

    def show_setup(self, preset: TrainingPreset | None, own: OwnSetup | None, images: DataChoice, seed: int) -> None:
        """Show an experiment, or an own one, without a signal."""
        with QSignalBlocker(self), QSignalBlocker(self.images):
            self.images.use(images)
            self.seed.show_value(seed)
            if preset is not None and preset is not self.preset:
                self.choose(preset)
            elif own is not None:
                self._leave_preset()
                self._like = own.like
                self.networks.show_networks([(network.name, network.spec) for network in own.networks])
                self.recipe.show_recipe(own.recipe)
                self.side.show_value(own.side)
        self.problem.say("")
        self._show_epochs()

    def _on_images(self) -> None:
        if self.preset is None or self.preset.needs != self.images.choice.kind:
            self._leave_preset()
        self.changed.emit()

    def _on_changed(self) -> None:
        self._leave_preset()
        self.changed.emit()

    def _on_value_entered(self, key: str, value: object) -> None:
        if key == "epochs":
            self._take_epochs(value)
            return
        field = self.form.fields[key]
        problem = out_of_range(value, field.low, field.high)
        self.problem.say(problem)
        if not problem:
            field.show_value(value)
            if key == "side":  # the seed leaves an experiment what it is
                self._leave_preset()
            self.changed.emit()

    @property
    def _epoch(self) -> int | None:
        """Return the number of steps in an epoch; None where the number of training images is unknown."""
        count = self.images.choice.training_images
        return None if count is None else max(1, count // self.recipe.recipe.batch)

    def _show_epochs(self) -> None:
        epoch = self._epoch
        self.epochs.setEnabled(epoch is not None)
        if epoch and not self.epochs.hasFocus():
            self.epochs.show_value(round(self.recipe.recipe.steps / epoch, 2))

    def _take_epochs(self, value: object) -> None:
        epoch = self._epoch
        steps = round(float(str(value)) * epoch) if epoch and isfinite(float(str(value))) else -1
        if not 0 <= steps <= MAX_STEPS:
            self.problem.say(f"{value} is not a valid number of epochs: choose 0 or more.")
            return
        self.problem.say("")
        if steps != self.recipe.recipe.steps:
            self.recipe.use(replace(self.recipe.recipe, steps=steps))

    def _leave_preset(self) -> None:
        self.preset = None
        self.presets.show_chosen("")

    @property
    def title(self) -> str:
        names = ", ".join(name for name, _ in self.networks.networks)
        return self.preset.title if self.preset else names[:60]

    def plans(self) -> tuple[RunPlan, ...]:
        """Return the runs to train; where they are invalid raises ExplorerError and shows why."""
        try:
            plans = self._plans()
        except ExplorerError as error:
            self.problem.say(f"{error.what} {error.remedy}")
            raise
        self.problem.say("")
        return plans

    def _plans(self) -> tuple[RunPlan, ...]:
        choice, seed, device = self.images.choice, self.seed.value(), self._document.device
        if self.preset is not None:
            root = choice.root if choice.kind == self.preset.needs else ""
            return tuple(replace(plan, device=device) for plan in self.preset.plans(seed, root))
        if not self.networks.networks:
            raise ExplorerError("networks", "There is no network to train.", "Add one.")
        image = InputShape(1, self.side.value(), self.side.value())
        like = self._like or self.networks.networks[0][1]
        return tuple(
            RunPlan(name, spec, image, choice, self.recipe.recipe, seed, device, like)
            for name, spec in self.networks.networks
        )
