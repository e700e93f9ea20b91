"""The verification: its line in the status bar, and each sum beside a library's count with the rows that differ."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QToolButton, QWidget

from resnet_explorer.engine.jobs import Job
from resnet_explorer.engine.requests import Verify
from resnet_explorer.readings.kept import inference_bytes, training_bytes
from resnet_explorer.runs.kept_results import age_of, describe_kept
from resnet_explorer.runs.recorded import Provenance
from resnet_explorer.scenes.scene import State
from resnet_explorer.ui.document import Results
from resnet_explorer.ui.jobs import Jobs
from resnet_explorer.ui.parts import WrappedLabel, button, hbox, timer, vbox
from resnet_explorer.ui.tables import TextRow, TextTable
from resnet_explorer.verify.values import Verdict

REST_MS = 600
"""How long the network must be unchanged before it is verified."""
TIP = "Whether all layers agree with PyTorch, and with fvcore if requested; click for the figures"


class VerdictLabel(QToolButton):
    """Verifies the network that is shown in the engine and shows the result; ``shown`` gives each verdict."""

    shown = Signal(object)

    def __init__(self, jobs: Jobs) -> None:
        super().__init__()
        self._jobs = jobs
        self._job = 0
        self._results: Results | None = None
        self.verdict: Verdict | None = None
        self.kept: Provenance | None = None
        self.setAutoRaise(True)
        self._rest = timer(self, REST_MS, self.verify, once=True)
        self._watching = False
        self._say("not verified yet")

    def watch(self) -> None:
        """Verify the network from now on whenever it has not changed for a while; this starts the engine."""
        self._watching = True
        self._verify_soon()

    def _verify_soon(self) -> None:
        """Verify once the network stays unchanged; where a verdict was kept, at once."""
        if self._results is not None:
            state = self._results.state
            self.verify() if self._jobs.has_kept(Verify(state.spec, state.image)) else self._rest.start()

    def show_results(self, results: Results) -> None:
        """Verify the network once it stays unchanged; an older job is cancelled."""
        self._results, self.verdict = results, None
        self._jobs.cancel(self._job)
        self._say("not verified yet")
        if self._watching:
            self._verify_soon()

    def verify(self, fvcore: bool = False, anew: bool = False) -> None:
        """Ask for a verdict now, in place of one that is asked for already.

        Unless it is wanted ``anew``, one that was kept is shown.
        """
        if self._results is None:
            return
        state = self._results.state
        job = Verify(state.spec, state.image, fvcore)
        open_job = self._jobs.state(self._job)
        if open_job and not open_job.is_over:
            if open_job.job == job and not anew:
                return
            self._jobs.cancel(self._job)
        self._say("waiting for PyTorch" if self._jobs.is_installing else "verifying…")
        name = f"Verify {state.spec.name}" + (" with fvcore" if fvcore else "")
        analysis, kept = self._results.analysis, self._results.kept
        needs = (training_bytes(analysis, kept) if kept else inference_bytes(analysis)).total if fvcore else 0
        self._job = self._jobs.submit(job, name, self._on_verdict, self._on_problem, needs, anew=anew)

    def _on_problem(self, problem: str) -> None:
        self._say("⚠ not verified", problem)

    def _on_verdict(self, job: Job, verdict: object) -> None:
        assert isinstance(job, Verify) and isinstance(verdict, Verdict) and self._results
        if State(job.spec, job.image) != self._results.state:
            return  # the answer to an older question
        self.verdict, self.kept = verdict, self._jobs.kept_from(job)
        was = f"This was {describe_kept(self.kept)}. " if self.kept else ""
        self._say(("✓ " if verdict.agrees else "⚠ ") + verdict.text.rstrip("."), f"{was}{TIP}")
        self.shown.emit(verdict)

    def _say(self, text: str, tip: str = TIP) -> None:
        self.setText(text)
        self.setToolTip(tip)
        self.setAccessibleName(f"Verification: {text}")


ABOUT = (
    "The figures shown are computed in closed form. This table compares them with PyTorch's count (by the formulas of "
    "its FlopCounterMode: 1 MAC = 2 FLOPs) and with fvcore's, whose flops are MACs."
)
COLUMNS = (("Library", ""), ("What", ""), ("Closed form", ""), ("Library's count", ""), ("", ""))


class VerdictDialog(QDialog):
    """Shows the last verdict, and asks for one with fvcore."""

    def __init__(self, source: VerdictLabel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Verification")
        self._source = source
        self.text, about, self.notes = WrappedLabel(), WrappedLabel(), WrappedLabel(quiet=False)
        self.text.setObjectName("strong")
        about.setText(ABOUT)
        self.notes.hide()
        self.table = TextTable("Sums and rows compared", COLUMNS, numbers=(2, 3))
        tip = "Runs the network once on the CPU: some seconds for a deep one"
        self.ask = button("Count with fvcore too", tip, self._on_ask_clicked)
        self.again = button("Verify again", "Compare with PyTorch now, whatever was found before", self._on_again)
        vbox(self.text, about, self.table, self.notes, hbox(self.ask, self.again, 1), of=self, margins=(9, 9, 9, 9))
        self.resize(640, 380)
        source.shown.connect(self.show_verdict)
        if source.verdict:
            self.show_verdict(source.verdict)
        else:
            self.text.setText("Verifying against PyTorch…")
            source.verify()

    def show_verdict(self, verdict: Verdict) -> None:
        """Show a verdict: its sums, and up to a hundred rows that differ."""
        kept = self._source.kept
        was = f" This was measured {age_of(kept.began)}." if kept else ""
        self.text.setText(f"{verdict.text} {verdict.where}{was}")
        rows = [
            (check.library, check.what, f"{check.ours:,}", f"{check.theirs:,}", "✓" if check.agrees else "⚠ differs")
            for check in verdict.checks
        ]
        rows += [(row.path, row.what, row.ours, row.theirs, "⚠ differs") for row in verdict.differences[:100]]
        self.table.show_rows([TextRow(row[0], row) for row in rows])
        self.table.fit_columns()
        self.notes.show_text("\n".join(check.note for check in verdict.checks if check.note))

    def _on_again(self) -> None:
        self.text.setText("Verifying against PyTorch…")
        self._source.verify(anew=True)

    def _on_ask_clicked(self) -> None:
        self.text.setText("Counting with fvcore…")
        self._source.verify(fvcore=True)
