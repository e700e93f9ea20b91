"""What is asked of a trained network: which image, which layer, which class, and what is measured beside what."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QLabel, QPushButton, QToolButton, QWidget

from resnet_explorer.analysis.inside import (
    MAX_IMAGES,
    MAX_SIZE,
    CamRequest,
    ConfusionRequest,
    FeaturesRequest,
    FiltersRequest,
    Gallery,
    InsideRequest,
    RunLesionsRequest,
    RunReference,
    SurfaceRequest,
    map_paths,
)
from resnet_explorer.drawing.inside.confusion import class_name
from resnet_explorer.gui.views.fields import NumberField, QuietCombo
from resnet_explorer.gui.views.inside_words import Inside
from resnet_explorer.spec import ResNetSpec

GIVEN, TRUE = -1, -2
"""Instead of a class: the one that the network gives, and the right one."""
TOGETHER, EACH = "all maps on one scale", "each map on its own scale"


class InsideControls(QWidget):
    """One line of fields; those that the picture does not need are hidden.

    ``changed`` tells that something else is asked, ``stepped`` that the next image is (1) or the one before (-1),
    ``layer_chosen`` gives an address, ``measured`` tells that what takes long shall be measured,
    ``refused`` gives a text that is no number.
    """

    changed = Signal()
    stepped = Signal(int)
    layer_chosen = Signal(str)
    measured = Signal()
    refused = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.before, self.after = QToolButton(), QToolButton()
        self.image = NumberField(0, MAX_IMAGES)
        self.layer, self.target, self.scaling, self.other = QuietCombo(), QuietCombo(), QuietCombo(), QuietCombo()
        self.points, self.images, self.seed = (
            NumberField(3, MAX_SIZE),
            NumberField(1, MAX_IMAGES),
            NumberField(0, 10**6),
        )
        self.batch = QCheckBox("the images' own statistics")
        self.measure = QPushButton("Measure")
        self.before.setText("◀")
        self.after.setText("▶")
        self.labels: list[tuple[QLabel, QWidget]] = []
        self._arrange()
        self._wire()

    def _arrange(self) -> None:
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(0, 0, 0, 0)
        for value, field in ((0, self.image), (21, self.points), (256, self.images), (0, self.seed)):
            field.show_value(value)
        for words in (TOGETHER, EACH):
            self.scaling.addItem(words)
        for name, key, words in _FIELDS:
            widget: QWidget = getattr(self, key)
            widget.setToolTip(words)
            widget.setAccessibleName(name or words)
            if isinstance(widget, QComboBox):
                widget.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
            if name:
                label = QLabel(name)
                label.setBuddy(widget)
                label.setToolTip(words)
                self.labels.append((label, widget))
                self.row.addWidget(label)
            self.row.addWidget(widget)
        self.row.addStretch(1)

    def _wire(self) -> None:
        self.before.clicked.connect(self._on_before)
        self.after.clicked.connect(self._on_after)
        for field in (self.image, self.points, self.images, self.seed):
            field.entered.connect(self._on_number)
            field.refused.connect(self.refused)
        for combo in (self.target, self.scaling, self.other):
            combo.currentIndexChanged.connect(self._on_changed)
        self.layer.currentIndexChanged.connect(self._on_layer)
        self.batch.toggled.connect(self._on_changed)
        self.measure.clicked.connect(self.measured)

    def show_network(self, spec: ResNetSpec, names: Sequence[str], others: Sequence[RunReference], usual: int) -> None:
        """Offer a network's layers and classes, and the runs that it may be measured beside."""
        with QSignalBlocker(self.layer), QSignalBlocker(self.target), QSignalBlocker(self.other):
            for combo in (self.layer, self.target, self.other):
                combo.clear()
            for path in map_paths(spec):
                self.layer.addItem(path, path)
            self.target.addItem("the class it gives", GIVEN)
            self.target.addItem("the true class", TRUE)
            for label in range(spec.classes or 0):
                self.target.addItem(f"class {class_name(names, label)}", label)
            self.other.addItem("nothing", None)
            for one in others:
                self.other.addItem(one.plan.name, one)
            self.other.setCurrentIndex(usual + 1)

    def show_layer(self, path: str) -> None:
        """Show which address is looked at."""
        with QSignalBlocker(self.layer):
            self.layer.setCurrentIndex(self.layer.findData(path))

    def show_view(self, view: Inside) -> None:
        """Show the fields that a picture needs."""
        needed = _NEEDED.get(view, ())
        self.setVisible(bool(needed))
        for _, key, _ in _FIELDS:
            getattr(self, key).setVisible(key in needed)
        for label, widget in self.labels:
            label.setVisible(not widget.isHidden())

    def request(self, view: Inside, look: RunReference, path: str, gallery: Gallery | None) -> InsideRequest | None:
        """Return what has to be asked for a picture; None where the image's class must be known first.

        ``gallery`` are the test images whose classes are known. Raises ExplorerError where it cannot be asked.
        """
        run, place = (look.folder, look.plan), self.image.value()
        if view is Inside.CAM:
            target = self._target(place, gallery)
            return None if target == TRUE else CamRequest(*run, place, path, None if target == GIVEN else target)
        if view is Inside.FEATURES:
            return FeaturesRequest(*run, place, path)
        if view is Inside.FILTERS:
            return FiltersRequest(*run)
        other = self.other.currentData()
        runs = (look, other) if other else (look,)
        if view is Inside.LESIONS:
            return RunLesionsRequest(runs)
        if view is Inside.SURFACE:
            points, images, seed = (field.value() for field in (self.points, self.images, self.seed))
            return SurfaceRequest(runs, points, 1.0, images, seed, self.batch.isChecked())
        return ConfusionRequest(*run)

    def _target(self, place: int, gallery: Gallery | None) -> int:
        """Return the class whose evidence is asked for; ``TRUE`` where it is the true one and that is unknown yet."""
        chosen = int(self.target.currentData())
        index = place - gallery.request.first if gallery else -1
        known = gallery is not None and chosen == TRUE and 0 <= index < len(gallery.truth)
        return gallery.truth[index] if gallery and known else chosen

    def _on_before(self) -> None:
        self.stepped.emit(-1)

    def _on_after(self) -> None:
        self.stepped.emit(1)

    def _on_number(self, value: object) -> None:
        field = self.sender()
        if isinstance(field, NumberField) and isinstance(value, int):
            field.show_value(value)
        self.changed.emit()

    def _on_changed(self) -> None:
        self.changed.emit()

    def _on_layer(self) -> None:
        self.layer_chosen.emit(self.layer.currentData() or "")


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
