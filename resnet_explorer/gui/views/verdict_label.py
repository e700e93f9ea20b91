"""The verdict in the status bar: whether the figures shown agree with PyTorch, with the figures behind a click."""

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QToolButton, QWidget

from resnet_explorer.analysis.kept import inference_bytes, training_bytes
from resnet_explorer.analysis.verdict import Verdict
from resnet_explorer.engine.messages import Job, Verify
from resnet_explorer.gui.document import State
from resnet_explorer.gui.jobs import Jobs
from resnet_explorer.gui.session import Results

REST_MS = 600
"""How long the network must rest before it is verified."""

TIP = "Whether every row agrees with PyTorch, and with fvcore where asked; click for the figures"


class VerdictLabel(QToolButton):
    """Asks the engine to verify what is shown, and says what came of it; ``shown`` gives each verdict."""

    shown = Signal(object)

    def __init__(self, jobs: Jobs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._job = 0
        self._results: Results | None = None
        self.verdict: Verdict | None = None
        self.setAutoRaise(True)
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST_MS)
        self._rest.timeout.connect(self.verify)
        self._watching = False
        self._say("not verified yet")

    def watch(self) -> None:
        """Verify what is shown from now on whenever it rests; the engine starts with the first time."""
        self._watching = True
        self._rest.start()

    def show_results(self, results: Results) -> None:
        """Wait until the network rests, then verify it; an older question is withdrawn."""
        self._results, self.verdict = results, None
        self._jobs.cancel(self._job)
        self._say("not verified yet")
        if self._watching:
            self._rest.start()

    def verify(self, fvcore: bool = False) -> None:
        """Ask for a verdict now."""
        if self._results is None:
            return
        state = self._results.state
        self._say("verifying…")
        name = f"Verify {state.spec.name}" + (" with fvcore" if fvcore else "")
        job = Verify(state.spec, state.image, fvcore)
        needs = self._bytes() if fvcore else 0
        self._job = self._jobs.submit(job, name, self._on_verdict, self._on_problem, needs)

    def _bytes(self) -> int:
        assert self._results
        analysis, known = self._results.analysis, self._results.kept
        return (training_bytes(analysis, known) if known else inference_bytes(analysis)).total

    def _on_verdict(self, job: Job, verdict: object) -> None:
        assert isinstance(job, Verify) and isinstance(verdict, Verdict) and self._results
        if State(job.spec, job.image) != self._results.state:
            return  # the answer to an older question
        self.verdict = verdict
        self._say(("✓ " if verdict.agrees else "⚠ ") + verdict.words.rstrip("."))
        self.shown.emit(verdict)

    def _on_problem(self, problem: str) -> None:
        self._say("⚠ not verified", problem)

    def _say(self, words: str, tip: str = TIP) -> None:
        self.setText(words)
        self.setToolTip(tip)
        self.setAccessibleName(f"Verification: {words}")
