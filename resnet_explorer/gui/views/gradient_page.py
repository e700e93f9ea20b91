"""The gradient lab: residual against plain, block by block, measured as the controls change."""

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from resnet_explorer.analysis.gradient_presets import PRESETS, LabRequest, Preset
from resnet_explorer.analysis.gradients import GradientResult
from resnet_explorer.analysis.quantities import WORDS, Quantity
from resnet_explorer.drawing.chart import Axis, Scale
from resnet_explorer.drawing.gradient_plot import gradient_plot, gradient_strips
from resnet_explorer.drawing.lab_charts import lab_chart
from resnet_explorer.drawing.theme import Theme
from resnet_explorer.engine.messages import Job
from resnet_explorer.errors import ExplorerError
from resnet_explorer.gui.document import Document
from resnet_explorer.gui.jobs import Jobs, Phase
from resnet_explorer.gui.session import Results
from resnet_explorer.gui.views.chart_view import ChartView
from resnet_explorer.gui.views.gradient_controls import WINDOW, GradientControls
from resnet_explorer.gui.views.gradient_words import GradientWords
from resnet_explorer.gui.views.jobs_panel import JobLine

REST_MS = 400
"""How long the controls must rest before it is measured anew."""


class GradientPage(QWidget):
    """Controls, the plot with the blocks under it, and what it shows in words."""

    def __init__(self, document: Document, jobs: Jobs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document, self._jobs = document, jobs
        self._job = 0
        self._asked: LabRequest | None = None
        self.result: GradientResult | None = None
        self.canvas = ChartView(document)
        self.controls = GradientControls(document)
        self.words = GradientWords(document)
        self.quantity, self.measure, self.save_csv = QComboBox(), QPushButton("Measure again"), QPushButton("Save CSV…")
        self.presets = QListWidget()
        self.preset: Preset | None = None
        self.shown: object = None
        self.state = QLabel()
        self.line = JobLine(jobs)
        self.line.hide()
        jobs.changed.connect(self._on_jobs_changed)
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST_MS)
        self._rest.timeout.connect(self.ask)
        self._dress()
        self._arrange()
        self.controls.changed.connect(self._on_controls)
        document.device_changed.connect(self._on_device)

    def _dress(self) -> None:
        for quantity in Quantity:
            self.quantity.addItem(WORDS[quantity].label, quantity)
            self.quantity.setItemData(self.quantity.count() - 1, WORDS[quantity].teaches, Qt.ItemDataRole.ToolTipRole)
        self.quantity.setAccessibleName("What is shown")
        self.quantity.setToolTip("What is shown of each block; all of it is measured at once")
        self.quantity.currentIndexChanged.connect(self._show)
        self.measure.setShortcut("Ctrl+Return")
        self.measure.setToolTip("Measure once more under these conditions (Ctrl+Enter)")
        self.measure.clicked.connect(self.ask)
        self.save_csv.setToolTip("Save every quantity of every block and seed as a table")
        for preset in PRESETS.values():
            item = QListWidgetItem(f"{preset.title}\n{preset.question}")
            item.setData(Qt.ItemDataRole.UserRole, preset.key)
            item.setToolTip(preset.look_for)
            self.presets.addItem(item)
        self.presets.setAccessibleName("Experiments")
        self.presets.setAlternatingRowColors(True)
        self.presets.itemActivated.connect(self._on_preset)
        self.presets.itemClicked.connect(self._on_preset)
        self.state.setObjectName("muted")
        self.state.setTextFormat(Qt.TextFormat.PlainText)
        self.state.setWordWrap(True)

    def _arrange(self) -> None:
        left = QVBoxLayout()
        left.setSpacing(4)
        left.addWidget(self.controls)
        heading = QLabel("EXPERIMENTS")
        heading.setObjectName("heading")
        for widget in (self.measure, self.save_csv, self.state, heading, self.presets):
            line = QHBoxLayout()
            line.setContentsMargins(14, 0, 12, 0)
            line.addWidget(widget)
            left.addLayout(line)
        self.presets.setMinimumHeight(260)
        inner = QWidget()
        inner.setLayout(left)
        scroll = QScrollArea()
        scroll.setWidget(inner)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFixedWidth(318)
        scroll.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        top = QHBoxLayout()
        top.setContentsMargins(12, 6, 12, 4)
        top.addWidget(QLabel("Show"))
        top.addWidget(self.quantity)
        self.quantity.setFixedWidth(270)
        self.line.label.hide()
        top.addWidget(self.line, 1)
        top.addStretch(0)
        middle = QVBoxLayout()
        middle.setSpacing(0)
        middle.addLayout(top)
        middle.addWidget(self.canvas, 1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(scroll)
        row.addLayout(middle, 1)
        row.addWidget(self.words)

    def showEvent(self, event: QShowEvent) -> None:
        if self._asked is None:
            self.ask()

    def show_results(self, results: Results) -> None:
        """Measure anew where the lab is about the window's own network."""
        if self.isVisible() and self.controls.network.currentData() == WINDOW:
            self._rest.start()

    def show_theme(self, theme: Theme) -> None:
        """Paint in another theme."""
        self.canvas.show_theme(theme)
        self.words.show_theme(theme)

    def _on_controls(self) -> None:
        """Leave the preset: from here on the controls say what is measured."""
        self.preset = None
        self.presets.clearSelection()
        self._rest.start()

    def _on_preset(self, item: QListWidgetItem) -> None:
        self.choose(PRESETS[item.data(Qt.ItemDataRole.UserRole)])

    def choose(self, preset: Preset) -> None:
        """Run an experiment."""
        self.preset = preset
        self.quantity.setCurrentIndex(self.quantity.findData(preset.shows))
        self.ask()

    def _on_jobs_changed(self) -> None:
        """Show how far the measurement is, with its time left and Cancel."""
        state = next((state for state in self._jobs.states if state.number == self._job), None)
        self.line.setVisible(state is not None and not state.is_over)
        if state is not None:
            self.line.show_state(state)
            if state.phase is Phase.CANCELLED:
                self.state.setText("cancelled: the last result stays")

    def _on_device(self) -> None:
        if self.isVisible():
            self.ask()

    def ask(self) -> None:
        """Measure what the controls say; an older question is withdrawn, its result stays until the new one comes."""
        self._rest.stop()
        self.controls.problem.clear()
        self._jobs.cancel(self._job)
        try:
            request: LabRequest = self.preset.request if self.preset else self.controls.request()
        except ExplorerError as error:
            self.controls.problem.setText(f"⚠ {error}")
            return
        self._asked = request
        self.state.setText("measuring…")
        name = self.preset.title if self.preset else "Gradients, residual and plain"
        self._job = self._jobs.submit(request, name, self._on_measured, self._on_problem, so_far=self._on_measured)

    def _on_measured(self, job: Job, result: object) -> None:
        if getattr(result, "request", None) != self._asked:
            return
        self.shown = result
        if not isinstance(result, GradientResult):
            self.state.setText(f"done in {getattr(result, 'seconds', 0.0):.1f} s")
            self._show()
            return
        self.result = result
        left = "" if result.complete else f", {len(result.request.seeds) - result.done} to come"
        self.state.setText(f"{result.done} seed{'' if result.done == 1 else 's'} in {result.seconds:.1f} s{left}")
        self._show()

    def _show(self) -> None:
        self.quantity.setEnabled(self.shown is None or self.shown is self.result)
        if self.shown is not None and self.shown is not self.result:
            self.canvas.show_chart(lab_chart(self.shown))
            self.words.show_preset(self.preset)
            return
        if self.result is None:
            return
        quantity = Quantity(self.quantity.currentData())
        words = WORDS[quantity]
        axis = Axis(words.symbol, Scale.LOG if words.log else Scale.LINEAR)
        strips = gradient_strips(self.result, quantity)
        self.canvas.show_chart(gradient_plot(self.result, quantity), strips, axis, "Each block coloured by its value")
        self.words.show_result(self.result, quantity)
        self.words.show_preset(self.preset)

    def _on_problem(self, problem: str) -> None:
        self.state.clear()
        self.controls.problem.setText(f"⚠ {problem}")
