"""The bar over the runs: start, pause, one step, stop, how far it is; and how the curves are drawn."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QSlider, QWidget

from resnet_explorer.analysis.progress import duration
from resnet_explorer.drawing.training import Across, Options
from resnet_explorer.gui.trainer import LiveRun, Stand, TrainingController
from resnet_explorer.gui.views.fields import QuietCombo

_ACROSS = ((Across.STEPS, "by steps"), (Across.EPOCHS, "by epochs"), (Across.SECONDS, "by seconds"))


class TrainingBar(QWidget):
    """Buttons for all runs at once; ``start_wanted`` tells that new ones are asked for."""

    start_wanted = Signal()

    def __init__(self, trainer: TrainingController, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._trainer = trainer
        self.start, self.pause = QPushButton("Start"), QPushButton("Pause")
        self.step, self.stop = QPushButton("Step"), QPushButton("Stop")
        self.words = QLabel()
        for button, tip in (
            (self.start, "Train all networks of the list from their first weights (Ctrl+Enter)"),
            (self.pause, "Keep where every run is, and stop; Resume goes on from there bit for bit"),
            (self.step, "Make one step of every run"),
            (self.stop, "End these runs; what they made stays in the list of kept runs"),
        ):
            button.setToolTip(tip)
        self.start.setShortcut("Ctrl+Return")
        self.words.setObjectName("muted")
        self.words.setTextFormat(Qt.TextFormat.PlainText)
        self.words.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 6, 12, 2)
        for button in (self.start, self.pause, self.step, self.stop):
            row.addWidget(button)
        row.addWidget(self.words, 1)
        self.start.clicked.connect(self.start_wanted)
        self.pause.clicked.connect(self._on_pause)
        self.step.clicked.connect(trainer.step)
        self.stop.clicked.connect(trainer.give_up)
        self.show_state()

    def _on_pause(self) -> None:
        self._trainer.pause() if self._trainer.is_busy else self._trainer.resume()

    def show_state(self) -> None:
        """Show what can be done now, and how far it is."""
        trainer = self._trainer
        busy, left = trainer.is_busy, [run for run in trainer.runs if run.is_open]
        self.start.setText("Start again" if trainer.runs else "Start")
        self.pause.setText("Pause" if busy or not left else "Resume")
        self.pause.setEnabled(bool(left))
        self.step.setEnabled(bool(left) and not busy)
        self.stop.setEnabled(bool(left))
        self.words.setText(_words(trainer.runs, busy))
        self.words.setToolTip(self.words.text())


def _words(runs: list[LiveRun], busy: bool) -> str:
    if not runs:
        return ""
    over = sum(not run.is_open for run in runs)
    if not busy:
        return "all runs have ended" if over == len(runs) else "paused"
    at_work = [run for run in runs if run.stand is Stand.RUNNING]
    waiting = sum(run.stand is Stand.WAITING for run in runs)
    seconds = [left for run in at_work if (left := run.statistics.seconds_left) is not None]
    pieces = [f"{len(at_work)} at work" if at_work else "starting PyTorch"]
    if waiting and at_work:
        pieces.append(f"{waiting} to come")
    if seconds:
        longest = max(seconds) * (1 + waiting / max(1, len(at_work)))
        pieces.append(f"about {duration(longest)} left")
    return ", ".join(pieces)


class CurveOptions(QWidget):
    """How curves are drawn: along what, on which scale, how much smoothed; ``changed`` tells of another choice."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.across, self.log = QuietCombo(), QCheckBox("log")
        self.smoothing, self.weight = QSlider(Qt.Orientation.Horizontal), QLabel()
        for across, words in _ACROSS:
            self.across.addItem(words, across)
        self.across.setMinimumContentsLength(7)
        self.across.setAccessibleName("Along what curves are drawn")
        self.across.setToolTip("Along what curves are drawn; seconds leave pauses out")
        self.log.setToolTip("Losses on a logarithmic axis")
        self.smoothing.setRange(0, 99)
        self.smoothing.setValue(90)
        self.smoothing.setFixedWidth(70)
        self.smoothing.setAccessibleName("Smoothing")
        self.smoothing.setToolTip("Weight of the past in the thick curve: 0 for none; the thin curve is as measured")
        self.weight.setObjectName("muted")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        for widget in (self.across, self.log, QLabel("Smoothing"), self.smoothing, self.weight):
            row.addWidget(widget)
        self.across.currentIndexChanged.connect(self._on_changed)
        self.log.toggled.connect(self._on_changed)
        self.smoothing.valueChanged.connect(self._on_changed)
        self._label()

    def options(self, replayed: bool) -> Options:
        """Return how curves are drawn."""
        across = Across(self.across.currentData())
        return Options(across, self.log.isChecked(), self.smoothing.value() / 100, replayed)

    def _on_changed(self) -> None:
        self._label()
        self.changed.emit()

    def _label(self) -> None:
        self.weight.setText(f"{self.smoothing.value() / 100:.2f}")
        self.weight.setMinimumWidth(self.weight.fontMetrics().horizontalAdvance("0.99"))
