"""Plays recorded trainings back: at any speed, from any moment, and labelled as what they are."""

import time
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QSlider, QWidget

from resnet_explorer.analysis.training import Run
from resnet_explorer.gui.views.fields import QuietCombo

TICK_MS = 100
SPEEDS = (0.5, 1.0, 2.0, 5.0, 20.0, 100.0, 1000.0)
USUAL = 2.0
PARTS = 1000


class ReplayBar(QWidget):
    """Play, a scrubber, a speed.

    ``moved`` tells that another moment is shown, ``left`` that the user wants no replay.
    """

    moved = Signal()
    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._runs: tuple[Run, ...] = ()
        self._times: tuple[list[float], ...] = ()
        self.seconds = 0.0
        self._then = 0.0
        self.play, self.slider, self.speed = QPushButton("Play"), QSlider(Qt.Orientation.Horizontal), QuietCombo()
        self.words, self.close_button = QLabel(), QPushButton("Leave replay")
        self._clock = QTimer(self)
        self._clock.setInterval(TICK_MS)
        self._clock.timeout.connect(self._on_tick)
        self._dress()

    def _dress(self) -> None:
        self.play.setToolTip("Play the recorded training from here, or hold it")
        self.play.clicked.connect(self._on_play)
        self.slider.setRange(0, PARTS)
        self.slider.setAccessibleName("Moment of the recording")
        self.slider.setToolTip("The moment that is shown: drag, or use the arrow keys")
        self.slider.valueChanged.connect(self._on_slider)
        self.speed.setAccessibleName("Speed of the replay")
        self.speed.setToolTip("How many times as fast as it was trained")
        self.speed.setMinimumContentsLength(5)
        for speed in SPEEDS:
            self.speed.addItem(f"{speed:g}×", speed)
        self.speed.setCurrentIndex(SPEEDS.index(USUAL))
        self.words.setObjectName("strong")
        self.words.setTextFormat(Qt.TextFormat.PlainText)
        self.words.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self.close_button.setToolTip("Show the runs of now again")
        self.close_button.clicked.connect(self._on_left)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 2, 12, 2)
        for widget in (self.words, self.play, self.speed):
            row.addWidget(widget)
        row.addWidget(self.slider, 1)
        row.addWidget(self.close_button)

    @property
    def is_on(self) -> bool:
        """Return whether a recording is shown."""
        return bool(self._runs)

    @property
    def length(self) -> float:
        """Return the seconds of the longest recording."""
        return max((times[-1] for times in self._times if times), default=0.0)

    def show_runs(self, runs: Sequence[Run]) -> None:
        """Show recorded runs from their end: the figure is there at once, and plays from its start."""
        self._runs = tuple(runs)
        self._times = tuple([metric.seconds for metric in run.metrics] for run in runs)
        self.words.setText("● replayed")
        self._clock.stop()
        self._label()
        self.go(self.length)

    def recorded(self, here: str) -> str:
        """Return where and with what it was recorded; ``here`` is this CPU's instruction set, empty if unknown."""
        known = next((run.setting for run in self._runs if run.setting), None)
        if known is None:
            return ""
        text = f"Recorded {known.began[:10]} on {known.machine}, PyTorch {known.torch}, app {known.app}."
        if not here or known.instruction_set in ("", here):
            return text
        return f"{text} This machine computes with {here}: the last digits may differ here."

    def runs(self) -> tuple[Run, ...]:
        """Return the runs as they were at the moment that is shown."""
        return tuple(
            replace(run, metrics=run.metrics[: bisect_right(times, self.seconds)])
            for run, times in zip(self._runs, self._times, strict=True)
        )

    def go(self, seconds: float) -> None:
        """Show another moment."""
        self.seconds = min(max(0.0, seconds), self.length)
        with QSignalBlocker(self.slider):
            self.slider.setValue(round(PARTS * self.seconds / self.length) if self.length else 0)
        self.moved.emit()

    def start(self) -> None:
        """Play from here, or from the start where it is at the end."""
        if self.seconds >= self.length:
            self.go(0.0)
        self._then = time.monotonic()
        self._clock.start()
        self._label()

    def hold(self) -> None:
        """Stay at this moment."""
        self._clock.stop()
        self._label()

    def leave(self) -> None:
        """Forget the recording."""
        self._clock.stop()
        self._runs, self._times, self.seconds = (), (), 0.0
        self._label()

    def _on_left(self) -> None:
        self.leave()
        self.left.emit()

    def _on_play(self) -> None:
        self.hold() if self._clock.isActive() else self.start()

    def _on_tick(self) -> None:
        now = time.monotonic()
        spent, self._then = now - self._then, now
        self.go(self.seconds + spent * float(self.speed.currentData()))
        if self.seconds >= self.length:
            self.hold()

    def _on_slider(self, part: int) -> None:
        self.go(self.length * part / PARTS)

    def _label(self) -> None:
        self.play.setText("Hold" if self._clock.isActive() else "Play")
