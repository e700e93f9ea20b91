"""The bar under a training: which view of it, which step, and how the losses stand there."""

from enum import StrEnum

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QIcon, QPainter, QPalette, QPixmap
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QLabel, QSizePolicy, QSlider, QToolButton, QVBoxLayout, QWidget

from resnet_explorer.gradients.descent import Descent, DescentStep
from resnet_explorer.spec.catalogue import title

PACE_MS = 250
MANY = 3
"""So many networks need two lines for their losses."""
ICON, SHARP = 16, 3


class DescentView(StrEnum):
    """How a training is looked at."""

    BLOCKS = "blocks"
    HEAT = "heat map"
    LOSS = "losses"


_TIPS = {
    DescentView.BLOCKS: "The plot block by block, at the step of the slider",
    DescentView.HEAT: "All blocks by all steps as colours",
    DescentView.LOSS: "The training losses, step by step",
}


class DescentBar(QWidget):
    """``changed`` tells of another step, ``view_changed`` of another view.

    The slider stays on the newest step until the user moves it; on the last one again it follows again.
    """

    changed = Signal()
    view_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._result: Descent | None = None
        self.follows = True
        self.view = DescentView.BLOCKS
        self.views = {view: self._view_button(view) for view in DescentView}
        group = QButtonGroup(self)
        for button in self.views.values():
            group.addButton(button)
        self.views[self.view].setChecked(True)
        self.play = QToolButton()
        self.play.setIconSize(QSize(ICON, ICON))
        self.play.setToolTip("Let the steps pass by; on the slider the arrow keys go step by step")
        self.play.clicked.connect(self._on_play)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setAccessibleName("Step of the training")
        self.slider.setToolTip("The step whose blocks are shown; ← and → go from one to the next")
        self.slider.setMinimumWidth(80)
        self.slider.valueChanged.connect(self._on_moved)
        self.slider.actionTriggered.connect(self._on_taken)
        self.words = QLabel()
        self.words.setTextFormat(Qt.TextFormat.PlainText)
        self.words.setWordWrap(True)
        self.words.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._clock = QTimer(self)
        self._clock.setInterval(PACE_MS)
        self._clock.timeout.connect(self._on_tick)
        self._dress()
        self._arrange()

    def _view_button(self, view: DescentView) -> QToolButton:
        button = QToolButton(self)
        button.setText(view.value.capitalize())
        button.setCheckable(True)
        button.setToolTip(_TIPS[view])
        button.setProperty("view", view)
        button.clicked.connect(self._on_view)
        return button

    def _arrange(self) -> None:
        line = QHBoxLayout()
        line.setSpacing(4)
        for button in self.views.values():
            line.addWidget(button)
        line.addSpacing(8)
        line.addWidget(self.play)
        line.addWidget(self.slider, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 4, 12, 6)
        column.setSpacing(2)
        column.addLayout(line)
        column.addWidget(self.words)

    @property
    def step(self) -> DescentStep | None:
        """Return the measured step that is looked at; None before there is one."""
        known = self._result.measured if self._result else ()
        return known[min(self.slider.value(), len(known) - 1)] if known else None

    def step_of(self, result: Descent) -> DescentStep | None:
        """Return the step that is looked at, where it is that training's."""
        return self.step if self._result is result else None

    def show_result(self, result: Descent) -> None:
        """Show another training, or more of the same."""
        if self._result is None or result.request != self._result.request:
            self.follows = True
            self.stop()
        self._result = result
        last = max(0, len(result.measured) - 1)
        self.slider.blockSignals(True)
        self.slider.setRange(0, last)
        if self.follows:
            self.slider.setValue(last)
        self.slider.blockSignals(False)
        self._tell()

    def stop(self) -> None:
        """Let the steps rest."""
        self._clock.stop()
        self._dress()

    @property
    def playing(self) -> bool:
        """Return whether the steps pass by."""
        return self._clock.isActive()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._dress()

    def _dress(self) -> None:
        colour = self.palette().color(QPalette.ColorGroup.Active, QPalette.ColorRole.ButtonText)
        self.play.setIcon(_icon(self.playing, colour))
        self.play.setAccessibleName("Pause" if self.playing else "Play")

    def _on_view(self) -> None:
        self.view = DescentView(self.sender().property("view"))
        self.view_changed.emit()

    def _on_play(self) -> None:
        if self.playing:
            self.stop()
            return
        if self.slider.value() >= self.slider.maximum():
            self.slider.setValue(0)
        self.follows = False
        self._clock.start()
        self._dress()

    def _on_tick(self) -> None:
        self.slider.setValue(self.slider.value() + 1)
        if self.slider.value() >= self.slider.maximum():
            self.follows = True
            self.stop()

    def _on_taken(self) -> None:
        self.follows = self.slider.sliderPosition() >= self.slider.maximum()

    def _on_moved(self) -> None:
        self._tell()
        self.changed.emit()

    def _tell(self) -> None:
        """Say the step, and each network's loss there."""
        step, result = self.step, self._result
        if step is None or result is None:
            self.words.setText("no step is measured yet")
            return
        told = (f"{title(spec)} {loss:.3g}" for spec, loss in zip(result.request.specs, step.losses, strict=True))
        made = "" if result.complete else f" ({len(result.steps)} made)"
        words = f"Step {step.number} of {result.request.recipe.steps}{made} · training loss: {' · '.join(told)}"
        self.words.setText(words)
        lines = 1 if len(result.request.specs) < MANY else 2
        self.words.setMinimumHeight(lines * self.words.fontMetrics().lineSpacing())


def _icon(playing: bool, colour: QColor) -> QIcon:
    """Return two bars or a triangle in the theme's own colour."""
    pixmap = QPixmap(ICON * SHARP, ICON * SHARP)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.scale(SHARP, SHARP)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    if playing:
        for left in (3.0, 9.0):
            painter.drawRect(QRectF(left, 2, 4, 12))
    else:
        painter.drawPolygon([QPointF(3, 2), QPointF(14, 8), QPointF(3, 14)])
    painter.end()
    pixmap.setDevicePixelRatio(SHARP)
    return QIcon(pixmap)
