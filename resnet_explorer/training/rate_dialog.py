"""Looks for a learning rate: the loss at rates from tiny to huge, and the rate to begin with."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from resnet_explorer.engine.jobs import Job
from resnet_explorer.picture.chart import LOOKS, Axis, Chart, Guide, Marker, Scale, Series
from resnet_explorer.picture.theme import Theme
from resnet_explorer.runs.plan import RunPlan
from resnet_explorer.training.values import FindRate, RateTest
from resnet_explorer.ui.chart_view import ChartView
from resnet_explorer.ui.document import Document
from resnet_explorer.ui.jobs import Jobs
from resnet_explorer.ui.jobs_panel import JobLine


class RateDialog(QDialog):
    """Runs a range test on a network; ``chosen`` gives the rate that the user takes."""

    chosen = Signal(float)

    def __init__(self, plan: RunPlan, document: Document, jobs: Jobs, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._plan, self._jobs, self._job = plan, jobs, 0
        self.result_shown: RateTest | None = None
        self.chart, self.line, self.words = ChartView(document), JobLine(jobs, inside=True), QLabel()
        self.take, self.leave = QPushButton("Use it"), QPushButton("Close")
        self.setWindowTitle(f"A learning rate for {plan.name}")
        self.words.setWordWrap(True)
        self.words.setTextFormat(Qt.TextFormat.PlainText)
        self.words.setText("The rate rises with each step, and the loss tells how far the network bears it.")
        self.take.setEnabled(False)
        self.take.setToolTip("Put the suggested rate into the recipe")
        self.take.clicked.connect(self._on_take)
        self.leave.clicked.connect(self.close)
        buttons = QHBoxLayout()
        buttons.addWidget(self.words, 1)
        buttons.addWidget(self.take)
        buttons.addWidget(self.leave)
        column = QVBoxLayout(self)
        column.addWidget(self.chart, 1)
        column.addWidget(self.line)
        column.addLayout(buttons)
        self.resize(720, 460)
        self.chart.show_theme(theme)
        self._draw(RateTest((), (), None))
        jobs.changed.connect(self._on_jobs)

    def ask(self) -> None:
        """Begin the test."""
        self._job = self._jobs.submit(
            FindRate(self._plan),
            f"Learning rate of {self._plan.name}",
            self._on_found,
            self._on_problem,
            0,
            self._on_known,
        )

    def _on_jobs(self) -> None:
        self.line.follow(self._job)

    def _on_known(self, job: Job, result: object) -> None:
        if isinstance(result, RateTest):
            self._draw(result)

    def _on_found(self, job: Job, result: object) -> None:
        if isinstance(result, RateTest):
            self.result_shown = result
            self.words.setText(result.words)
            self.take.setEnabled(result.suggested is not None)
            self._draw(result)

    def _on_problem(self, problem: str) -> None:
        self.words.setText(f"⚠ {problem}")

    def _on_take(self) -> None:
        if self.result_shown and self.result_shown.suggested is not None:
            self.chosen.emit(float(f"{self.result_shown.suggested:.2g}"))
        self.close()

    def _draw(self, test: RateTest) -> None:
        look = LOOKS[0]._replace(marker=Marker.NONE)
        guides = (Guide(test.suggested, f"{test.suggested:.2g}"),) if test.suggested is not None else ()
        recipe = self._plan.recipe
        self.chart.show_chart(
            Chart(
                "Range test of the learning rate",
                Axis("learning rate", Scale.LOG),
                Axis("training loss, smoothed"),
                (Series("loss", self._plan.name, test.rates, test.losses, look),),
                f"Smith 2017, section 3.3 · {self._plan.data.title} · batch {recipe.batch} · seed {self._plan.seed}",
                guides=guides,
                key="rate-test:",
            )
        )

    def closeEvent(self, event: QCloseEvent) -> None:
        self._jobs.cancel(self._job)
        super().closeEvent(event)
