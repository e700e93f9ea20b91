"""The page of measured times: the roofline plot, and under it each layer and block with its times."""

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QComboBox

from resnet_explorer.engine.jobs import Job
from resnet_explorer.errors import ExplorerError
from resnet_explorer.network import compile_spec
from resnet_explorer.picture.theme import Theme
from resnet_explorer.readings import Analysis, analyse
from resnet_explorer.readings.kept import inference_bytes, training_bytes
from resnet_explorer.readings.text import mib, si
from resnet_explorer.runs.kept_results import describe_kept
from resnet_explorer.runs.recorded import Provenance, Recording, from_values, made_here
from resnet_explorer.timing.charts import roofline
from resnet_explorer.timing.part import REPEATS, TimingPart
from resnet_explorer.timing.values import Measured, MeasureTime, Peaks, Timed
from resnet_explorer.ui.chart_view import ChartView
from resnet_explorer.ui.document import Document, Results
from resnet_explorer.ui.flow import tool_row
from resnet_explorer.ui.frame import Drawer, Edge
from resnet_explorer.ui.job_state import Phase
from resnet_explorer.ui.jobs import Jobs
from resnet_explorer.ui.jobs_panel import JobLine, describe_progress
from resnet_explorer.ui.parts import button, describe, stack
from resnet_explorer.ui.status import ElidedLabel, Placeholder, ProblemRow
from resnet_explorer.ui.tables import LinkedTable, TextRow
from resnet_explorer.ui.window import PageView

TITLES = (
    ("Layer or block", "Its path; blocks are measured as a whole, layers in place"),
    ("Forward", "Median time of the forward pass"),
    ("Range", "Shortest and longest time of all runs"),
    ("Backward", "Median time of the backward pass"),
    ("% of time", "Share of the whole network's forward and backward pass"),
    ("MACs", "Multiply-accumulates of convolutions and linear layers; 1 MAC = 2 FLOPs"),
    ("Bytes", "Least memory traffic: input, output and weights, each once"),
    ("FLOP/s", "FLOPs of the forward pass divided by its time"),
    ("Limited by", "Memory below the FLOPs per byte of the roofline's ridge, else arithmetic"),
)
SHOWS = "The chart will show which layers are limited by arithmetic and which by memory."
MEASURE, AGAIN = "Measure", "Measure again"
PRESS = f"Press Measure. {SHOWS}"


class TimingPage(PageView):
    """Measures when it is first looked at, and on request; a measurement stays until the next one is complete."""

    canvas: ChartView

    def __init__(self, document: Document, jobs: Jobs) -> None:
        super().__init__()
        self._document, self._jobs = document, jobs
        self._results: Results | None = None
        self._asked: Analysis | None = None
        self._job = 0
        self.measured: Measured | None = None
        self._recording: Recording | None = None
        self._kept: Provenance | None = None
        self.canvas = ChartView(document)
        self.table = LinkedTable(document, "Times of layers and blocks", TITLES, range(1, 8))
        tip = "Run the network on the selected device and time each layer and block (Ctrl+Enter)"
        self.measure = button(MEASURE, tip, self._on_measure)
        self.measure.setShortcut("Ctrl+Return")
        tip = "The number of runs whose median is shown, after two warm-up runs"
        self.repeats = describe(QComboBox(), "Number of runs", tip)
        for count in REPEATS:
            self.repeats.addItem(f"median of {count}", count)
        self.repeats.setCurrentIndex(REPEATS.index(TimingPart().runs))
        self.repeats.currentIndexChanged.connect(self.part_changed)
        self.repeats.currentIndexChanged.connect(self._ask_kept)
        self.text, self.blank, self.problem = ElidedLabel(), Placeholder(PRESS), ProblemRow()
        self.line = JobLine(jobs, inside=True, wide=90)
        self.middle = stack(self.blank, self.canvas)
        drawer = Drawer("Layers and blocks", self.table, Edge.BOTTOM, 240, "The times of each layer and block")
        tools = tool_row(self.measure, self.repeats, self.line, self.text)
        self.set_parts(self.middle, drawer, tools=(tools, self.problem))
        jobs.changed.connect(self._on_jobs_changed)
        document.device_changed.connect(self._describe)
        document.device_changed.connect(self._ask_kept)

    def part(self) -> TimingPart:
        return TimingPart(self.repeats.currentData())

    def show_part(self, part: TimingPart) -> None:
        self.repeats.setCurrentIndex(REPEATS.index(part.runs))

    def measurements(self) -> tuple[Recording, ...]:
        return (self._recording,) if self._recording else ()

    def show_measurements(self, results: Sequence[Mapping[str, Any]]) -> None:
        for values in results:
            recording = from_values(values, {MeasureTime: Measured}, "The session's times")
            job = recording.result.job
            try:
                analysis = analyse(compile_spec(job.spec), job.image)
                roofline(analysis, recording.result.timing, recording.result.peaks)
            except (ValueError, LookupError, ArithmeticError) as error:
                raise ExplorerError("times", "The session's times are damaged.", "Measure them again.") from error
            self._jobs.cancel(self._job)
            self._kept = None
            self._show_measured(analysis, recording)

    def show_results(self, results: Results) -> None:
        self._results = results
        self._describe()
        self._ask_kept()

    def showEvent(self, event: QShowEvent) -> None:
        """Measure at once, unless that is estimated to need much memory: the user is not asked for a look."""
        self._ask_kept()
        if self._asked is not None or self._results is None:
            return
        free = self._jobs.free()
        if free is not None and self._needs(self._results) > free / 2:
            self.blank.setText(f"This network is estimated to need more than half of the free memory. {PRESS}")
        else:
            self.ask()

    def show_theme(self, theme: Theme) -> None:
        self.canvas.show_theme(theme)

    def _is_old(self) -> bool:
        assert self.measured and self._results
        job, state = self.measured.job, self._results.state
        return (job.spec, job.image, job.device) != (state.spec, state.image, self._document.device)

    def _job_text(self) -> str:
        assert self.measured
        job = self.measured.job
        return f"{job.spec.name} at {job.image.batch}×{job.image.text(job.spec.dims)} on {job.device}"

    @staticmethod
    def _needs(results: Results) -> int:
        analysis, kept = results.analysis, results.kept
        return (training_bytes(analysis, kept) if kept else inference_bytes(analysis)).total

    def _job_for(self, results: Results) -> MeasureTime:
        """Return the request for the network that is shown."""
        state, trains = results.state, results.needs.failing is None
        return MeasureTime(state.spec, state.image, self._document.device, self.repeats.currentData(), trains)

    def _ask_kept(self) -> None:
        """Show what was kept of the network that is shown, unless something is being measured."""
        running = self._jobs.state(self._job)
        if self._results is None or not self.isVisible() or (running is not None and not running.is_over):
            return
        job = self._job_for(self._results)
        if (self.measured is None or self.measured.job != job) and self._jobs.has_kept(job):
            self.ask()

    def _on_measure(self) -> None:
        self.ask(anew=True)

    def ask(self, anew: bool = False) -> None:
        """Measure the current network, and cancel a running measurement.

        Unless it is wanted ``anew``, a result that was kept is shown instead.
        """
        if self._results is None:
            return
        state, self._asked, job = self._results.state, self._results.analysis, self._job_for(self._results)
        self._jobs.cancel(self._job)
        self.problem.say("")
        self._tell(f"Measuring {state.spec.name}…")
        name, needs = f"Times of {state.spec.name}", self._needs(self._results)
        self._job = self._jobs.submit(job, name, self._on_measured, self._on_problem, needs, anew=anew)
        self._on_jobs_changed()

    def _tell(self, text: str) -> None:
        """Say what is going on: beside the tools, or in the picture's place where there is none yet."""
        self.text.setText(text if self.measured else "")
        self.blank.setText(f"{text}\n{SHOWS}")

    def _on_jobs_changed(self) -> None:
        state = self.line.follow(self._job)
        self.text.setVisible(self.line.isHidden() or self.measured is not None)
        if state is None:
            return
        if not state.is_over:
            self.blank.setText(f"{state.label}: {describe_progress(state)}\n{SHOWS}")
        elif state.phase is Phase.CANCELLED:
            self.blank.setText(f"Cancelled. {PRESS}")
            self._describe()

    def _on_measured(self, job: Job, result: object) -> None:
        """Show a measurement; of another network than the current one it says so."""
        assert isinstance(result, Measured) and self._asked
        where, self._kept = result.timing.setting, self._jobs.kept_from(job)
        began = self._kept.began if self._kept else ""
        self._show_measured(self._asked, Recording(result, made_here(where.title, where.torch, began)))
        self.measurements_changed.emit()

    def _show_measured(self, analysis: Analysis, recording: Recording) -> None:
        result: Measured = recording.result
        self._asked, self._recording, self.measured = analysis, recording, result
        timing, peaks = result.timing, result.peaks
        self.canvas.show_chart(roofline(analysis, timing, peaks))
        self.middle.setCurrentWidget(self.canvas)
        sums = sorted(timing.sums.values(), key=lambda part: (part.path != "", part.path.count(".")))
        every = (*sums, *timing.rows)
        self.table.show_rows([_row(timed, peaks, timing.whole.both or 1.0) for timed in every])
        self._describe()

    def _describe(self) -> None:
        """Say what was measured, and whether that is what the window shows."""
        is_shown = self.measured is not None and not self._is_old()
        self.measure.setText(AGAIN if is_shown else MEASURE)
        if self.measured is None:
            return
        timing, whole = self.measured.timing, self.measured.timing.whole
        if self._is_old():
            self.text.setText(f"Measured: {self._job_text()}. Measure again for the current network.")
            return
        backward = f", backward {_ms(whole.backward.median)}" if whole.backward else " (eval mode)"
        kept = f"{describe_kept(self._kept)}; " if self._kept else ""
        self.text.setText(
            f"{kept}{self._job_text()}: forward {_ms(whole.forward.median)}{backward}; "
            f"the layers one by one take {100 * timing.overhead:+.1f} %"
        )

    def _on_problem(self, problem: str) -> None:
        self.problem.say(problem)
        self.blank.setText(f"Nothing has been measured yet. {PRESS}")
        self._describe()


def _row(timed: Timed, peaks: Peaks, total: float) -> TextRow:
    forward, work = timed.forward, timed.work
    backward = timed.backward.median if timed.backward else 0.0
    limit = peaks.limit(work)
    share = 100 * timed.both / total
    texts = (
        timed.path or "network",
        _ms(forward.median),
        f"{_ms(forward.low)} to {_ms(forward.high)}",
        _ms(backward) if timed.backward else "–",
        f"{share:.1f} %",
        si(work.macs).strip() if work.macs else "–",
        mib(work.bytes),
        f"{si(timed.rate)}FLOP/s" if timed.rate else "–",
        limit.value if limit else "–",
    )
    values = (timed.path, forward.median, forward.low, backward, share, work.macs, work.bytes, timed.rate, texts[-1])
    return TextRow(timed.path, texts, values)


def _ms(seconds: float) -> str:
    return f"{seconds * 1e3:,.3g} ms" if seconds < 1 else f"{seconds:,.2f} s"
