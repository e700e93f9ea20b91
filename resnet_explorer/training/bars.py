"""The bars above the runs: start, pause, step and stop; options of the curves; replay."""

import time
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QLabel, QSizePolicy, QSlider, QWidget

from resnet_explorer.readings.progress import duration
from resnet_explorer.runs.plan import Run
from resnet_explorer.training.chart_data import Options
from resnet_explorer.training.controller import LiveRun, RunStatus, TrainingController
from resnet_explorer.training.part import Across
from resnet_explorer.ui.fields import CheckField, ChoiceField
from resnet_explorer.ui.flow import Flow
from resnet_explorer.ui.parts import button, describe, hbox, label
from resnet_explorer.ui.play_bar import PlayBar

_ACROSS = (("by steps", Across.STEPS), ("by epochs", Across.EPOCHS), ("by seconds", Across.SECONDS))


class TrainingBar(QWidget):
    """Buttons for all runs at once; ``start_wanted`` is emitted by Start."""

    start_wanted = Signal()

    def __init__(self, trainer: TrainingController) -> None:
        super().__init__()
        self._trainer = trainer
        tip = "Train all networks of the list from their initial weights (Ctrl+Enter)"
        self.start = button("Start", tip, self.start_wanted.emit)
        self.start.setShortcut("Ctrl+Return")
        tip = "Save a checkpoint and pause. Resume continues with bit-identical results."
        self.pause = button("Pause", tip, lambda: trainer.pause() if trainer.is_busy else trainer.resume())
        self.step = button("Step", "Make one step of every run", trainer.step)
        tip = "End these runs; they stay in the list of saved runs"
        self.stop = button("Stop", tip, trainer.give_up)
        self.text = label(kind="muted", cut=True)
        self.show_state()

    def lay_out(self, other: QWidget, views: Sequence[QWidget]) -> None:
        """Put the buttons in a row that breaks where it is narrow, and after them another tool and the page's views."""
        self.setLayout(Flow(self.start, self.pause, self.step, self.stop, self.text, other, *views, together=views))

    def show_state(self) -> None:
        """Enable the buttons that apply now, and show the progress."""
        trainer = self._trainer
        busy, left = trainer.is_busy, [run for run in trainer.runs if run.is_open]
        self.start.setText("Start again" if trainer.runs else "Start")
        self.pause.setText("Pause" if busy or not left else "Resume")
        self.pause.setEnabled(bool(left))
        self.step.setEnabled(bool(left) and not busy)
        self.stop.setEnabled(bool(left))
        self.text.setText(_describe_progress(trainer.runs, busy))
        self.text.setToolTip(self.text.text())
        self.text.setVisible(bool(self.text.text()))


def _describe_progress(runs: list[LiveRun], busy: bool) -> str:
    if not runs:
        return ""
    over = sum(not run.is_open for run in runs)
    if not busy:
        return "all runs have ended" if over == len(runs) else "paused"
    running = [run for run in runs if run.status is RunStatus.RUNNING]
    waiting = sum(run.status is RunStatus.WAITING for run in runs)
    seconds = [left for run in running if (left := run.statistics.seconds_left) is not None]
    pieces = [f"{len(running)} running" if running else "starting PyTorch"]
    if waiting and running:
        pieces.append(f"{waiting} waiting")
    if seconds:
        longest = max(seconds) * (1 + waiting / max(1, len(running)))
        pieces.append(f"about {duration(longest)} left")
    return ", ".join(pieces)


class CurveOptions(QWidget):
    """X axis, scale and smoothing of the curves; ``changed``: another choice."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        tip = "The x axis of the curves; seconds exclude pauses"
        self.across = describe(ChoiceField(_ACROSS, Across), "X axis", tip)
        self.across.setMinimumContentsLength(7)
        self.log = describe(CheckField("log"), tip="Logarithmic loss axis")
        tip = "Smoothing of the thick curve, 0 for none; the thin curve is as measured"
        self.smoothing = describe(QSlider(Qt.Orientation.Horizontal), "Smoothing", tip)
        self.weight = label(kind="muted")
        self.smoothing.setRange(0, 99)
        self.smoothing.setValue(90)
        self.smoothing.setFixedWidth(70)
        hbox(self.across, self.log, QLabel("Smoothing"), self.smoothing, self.weight, of=self)
        for signal in (self.across.value_entered, self.log.value_entered, self.smoothing.valueChanged):
            signal.connect(self._on_changed)
        self._label()

    def show_options(self, across: Across, log: bool, smoothing: float) -> None:
        """Choose without a signal."""
        with QSignalBlocker(self):
            self.across.show_value(across)
            self.log.show_value(log)
            self.smoothing.setValue(round(100 * smoothing))
        self._label()

    def options(self, replayed: bool) -> Options:
        return Options(self.across.chosen, self.log.isChecked(), self.smoothing.value() / 100, replayed)

    def _on_changed(self) -> None:
        self._label()
        self.changed.emit()

    def _label(self) -> None:
        self.weight.setText(f"{self.smoothing.value() / 100:.2f}")
        self.weight.setMinimumWidth(self.weight.fontMetrics().horizontalAdvance("0.99"))


SPEEDS = (0.5, 1.0, 2.0, 5.0, 20.0, 100.0, 1000.0)
USUAL = 2.0
PARTS = 1000


class ReplayBar(PlayBar):
    """Replays runs; ``moved``: another moment is shown, ``left``: the user ends the replay."""

    moved = Signal()
    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        tip, slider_tip = "Play the recorded training", "The current moment: drag, or use the arrow keys"
        super().__init__(100, tip, "Moment of the recording", slider_tip, parent)
        self._runs: tuple[Run, ...] = ()
        self._times: tuple[list[float], ...] = ()
        self.seconds = 0.0
        self.share = 1.0
        """The moment as a share of the length; kept while there is no recording."""
        self._then = 0.0
        self.play.clicked.connect(self._on_clicked)
        self.slider.setRange(0, PARTS)
        self.slider.valueChanged.connect(lambda part: self.go(self.length * part / PARTS))
        speeds = ((f"{speed:g}×", speed) for speed in SPEEDS)
        self.speed = describe(ChoiceField(speeds), "Speed of the replay", "Speed relative to the training")
        self.speed.setMinimumContentsLength(5)
        self.speed.show_value(USUAL)
        self.text = label(kind="strong")
        self.close_button = button("Leave replay", "Return to the current runs", self.left.emit)
        self.slider.setMinimumWidth(90)
        hbox(self.text, self.play, self.speed, (self.slider, 1), self.close_button, of=self)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    @property
    def is_on(self) -> bool:
        return bool(self._runs)

    @property
    def length(self) -> float:
        """Return the length of the longest recording in seconds."""
        return max((times[-1] for times in self._times if times), default=0.0)

    def show_runs(self, runs: Sequence[Run]) -> None:
        """Show recorded runs at their end: the plot is complete at once, and plays from its start."""
        self._runs = tuple(runs)
        self._times = tuple([metric.seconds for metric in run.metrics] for run in runs)
        self.text.setText("● replayed")
        self.stop()
        self.go(self.length)

    def recorded(self, here: str) -> str:
        """Return where and with what it was recorded; ``here`` is this CPU's instruction set, or empty."""
        made = next((run.environment for run in self._runs if run.environment), None)
        if made is None:
            return ""
        text = f"Recorded {made.began[:10]} on {made.machine}, PyTorch {made.torch}, app {made.app}."
        differs = here and made.instruction_set not in ("", here)
        return text + (f" This machine computes with {here}: the last digits may differ here." if differs else "")

    @property
    def recording(self) -> tuple[Run, ...]:
        """Return the runs with all their steps."""
        return self._runs

    def runs(self) -> tuple[Run, ...]:
        """Return the runs as they were at the moment that is shown."""
        return tuple(
            replace(run, metrics=run.metrics[: bisect_right(times, self.seconds)])
            for run, times in zip(self._runs, self._times, strict=True)
        )

    def go(self, seconds: float) -> None:
        """Show the moment ``seconds`` after the start."""
        self.seconds = min(max(0.0, seconds), self.length)
        if self.length:
            self.share = round(self.seconds / self.length, 4)
        with QSignalBlocker(self.slider):
            self.slider.setValue(round(PARTS * self.seconds / self.length) if self.length else 0)
        self.moved.emit()

    def show_share(self, share: float) -> None:
        """Show the moment at a share of the length, to four decimals."""
        self.go(self.length * share)
        self.share = share

    def leave(self) -> None:
        self.stop()
        self._runs, self._times, self.seconds = (), (), 0.0

    def advance(self) -> None:
        """Show as much more of the recording as time has passed; at its end playing stops."""
        now = time.monotonic()
        spent, self._then = now - self._then, now
        self.go(self.seconds + spent * float(self.speed.chosen))
        if self.seconds >= self.length:
            self.stop()

    def _on_clicked(self) -> None:
        self._then = time.monotonic()
