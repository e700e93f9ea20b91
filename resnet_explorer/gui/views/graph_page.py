"""The page of the autograd graph: asks the engine for it when it is looked at, and shows it with its tools."""

from PySide6.QtCore import QTimer
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from resnet_explorer.analysis.kept import training_bytes
from resnet_explorer.drawing.graph.facts import facts
from resnet_explorer.drawing.theme import Theme
from resnet_explorer.engine.messages import DrawTorchviz, Job, Recorded, RecordGraph
from resnet_explorer.export.dot import to_dot
from resnet_explorer.gui.document import Document, State
from resnet_explorer.gui.jobs import Jobs
from resnet_explorer.gui.session import Results
from resnet_explorer.gui.views.graph_canvas import GraphCanvas
from resnet_explorer.gui.views.steps_bar import StepsBar
from resnet_explorer.gui.views.torchviz_view import TorchvizView
from resnet_explorer.gui.views.tuning_step import Problem
from resnet_explorer.spec.catalogue import title

REST_MS = 250
"""How long the network must rest before its graph is recorded anew."""


class GraphPage(QWidget):
    """The graph with its search, its options and the way back."""

    def __init__(self, document: Document, jobs: Jobs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document, self._jobs = document, jobs
        self._results: Results | None = None
        self._job = 0
        self._asked: RecordGraph | None = None
        self._twin: tuple[RecordGraph, int] | None = None
        self._found = -1
        self.canvas = GraphCanvas(document)
        self.steps = StepsBar(self.canvas)
        self.other = TorchvizView()
        self.dot = ""
        self.stack = QStackedWidget()
        self.stack.addWidget(self.canvas)
        self.stack.addWidget(self.other)
        self.search = QLineEdit()
        self.loss, self.saved = QCheckBox("Loss"), QCheckBox("Saved tensors")
        self.torchviz, self.save_dot = QPushButton("torchviz"), QPushButton("Save DOT…")
        self.paths = QPushButton("Paths…")
        self.paths.setToolTip("How many paths lead from the output to the input, and how long they are")
        self.words, self.problem = QLabel(), Problem()
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST_MS)
        self._rest.timeout.connect(self.ask)
        self._dress()
        self._arrange()
        document.device_changed.connect(self._on_option)

    def _dress(self) -> None:
        self.search.setPlaceholderText("Find an operation or a layer")
        self.search.setAccessibleName("Find in the graph")
        self.search.setToolTip("Enter goes to the next operation, parameter or layer whose name holds these letters")
        self.search.setClearButtonEnabled(True)
        self.search.setMinimumWidth(60)
        self.search.setMaximumWidth(200)
        self.search.returnPressed.connect(self._on_search)
        self.loss.setChecked(True)
        self.loss.setToolTip("End with the loss (cross-entropy); without it with the network's output")
        self.saved.setToolTip("Show the tensors that each operation keeps for the way back, as torchviz can")
        self.loss.toggled.connect(self._on_option)
        self.saved.toggled.connect(self._on_option)
        self.torchviz.setCheckable(True)
        self.torchviz.setToolTip("Show the same graph as torchviz and Graphviz draw it, for comparison")
        self.torchviz.toggled.connect(self._on_torchviz)
        self.save_dot.setToolTip("Save the source of this drawing for Graphviz")
        self.problem.setContentsMargins(12, 0, 12, 4)
        self.words.setObjectName("muted")
        self.words.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def _arrange(self) -> None:
        bar = QHBoxLayout()
        bar.setContentsMargins(12, 6, 12, 4)
        bar.addWidget(self.search, 2)
        for widget in (self.loss, self.saved, self.torchviz, self.paths, self.save_dot):
            bar.addWidget(widget)
        bar.addWidget(self.words, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(bar)
        column.addWidget(self.problem)
        column.addWidget(self.stack, 1)
        column.addWidget(self.steps)

    def show_results(self, results: Results) -> None:
        """Wait until the network rests, then ask for its graph; the last one stays until the new one is there."""
        self._results = results
        if self.isVisible():
            self._rest.start()

    def show_theme(self, theme: Theme) -> None:
        """Paint in another theme."""
        self.canvas.show_theme(theme)

    def showEvent(self, event: QShowEvent) -> None:
        if self._results and self._wanted() != self._asked:
            self.ask()

    def _wanted(self) -> RecordGraph | None:
        if self._results is None:
            return None
        state = self._results.state
        trains = self._results.needs.failing is None
        return RecordGraph(
            state.spec, state.image, self._document.device, self.loss.isChecked(), trains, self.saved.isChecked()
        )

    def _on_option(self) -> None:
        if self.isVisible():
            self.ask()

    def _on_torchviz(self, on: bool) -> None:
        self.stack.setCurrentWidget(self.other if on else self.canvas)
        self.steps.setVisible(not on)
        self.ask()

    def ask(self) -> None:
        """Ask for the graph of what is shown now, by the hand that is chosen; an older question is withdrawn."""
        wanted = self._wanted()
        if wanted is None:
            return
        self._jobs.cancel(self._job)
        self._asked = wanted
        self.problem.say("")
        if self.torchviz.isChecked():
            self.words.setText("torchviz is drawing…")
            job = DrawTorchviz(wanted)
            name = f"torchviz's drawing of {wanted.spec.name}"
            self._job = self._jobs.submit(job, name, self._on_drawn, self._on_problem)
            return
        self.words.setText("recording…")
        name = f"Autograd graph of {wanted.spec.name}"
        self._job = self._jobs.submit(wanted, name, self._on_recorded, self._on_problem, self._bytes(wanted))

    def _bytes(self, wanted: RecordGraph) -> int:
        """Return what a recording needs where the network really runs; on the meta device it needs nothing."""
        assert self._results
        known = self._results.kept
        return training_bytes(self._results.analysis, known).total if known and wanted.device != "cpu" else 0

    def _on_recorded(self, job: Job, result: object) -> None:
        assert isinstance(job, RecordGraph) and isinstance(result, Recorded) and self._results
        if job != self._asked or State(job.spec, job.image) != self._results.state:
            return
        self.words.clear()
        self._show(job, result)
        other = job.spec.plain() if job.spec.residual else None
        if other and (self._twin is None or self._twin[0].spec != other):
            twin = RecordGraph(other, job.image, job.device, job.loss, job.training)
            self._jobs.submit(twin, f"Highway of {other.name}", self._on_twin, lambda problem: None)

    def _on_drawn(self, job: Job, result: object) -> None:
        assert isinstance(job, DrawTorchviz) and isinstance(result, tuple)
        if job.graph != self._asked or not self.torchviz.isChecked():
            return
        data, self.dot = result
        self.words.clear()
        self.other.show_svg(data, f"{title(job.graph.spec)} as torchviz draws it")

    def source(self) -> str:
        """Return the DOT source of the drawing that is shown; empty where there is none yet."""
        if self.torchviz.isChecked():
            return self.dot
        return to_dot(self.canvas.recorded.graph, self.canvas.words[0]) if self.canvas.recorded else ""

    def _show(self, job: RecordGraph, result: Recorded) -> None:
        assert self._results
        network = self._results.analysis.network
        self.canvas.show_graph(result, network, f"Autograd graph of {title(job.spec)}", self._facts(result))
        self.steps.show_graph(result.graph)

    def _facts(self, result: Recorded) -> str:
        assert self._results
        spec = self._results.state.spec
        known = self._twin if self._twin and self._twin[0].spec == spec.plain() else None
        return facts(result.graph, result.highway, self._results.analysis.network, known[1] if known else None)

    def _on_twin(self, job: Job, result: object) -> None:
        assert isinstance(job, RecordGraph) and isinstance(result, Recorded)
        self._twin = (job, result.highway.shortest)
        if self.canvas.recorded and self._asked and self._asked.spec.plain() == job.spec:
            self.canvas.words = (self.canvas.words[0], self._facts(self.canvas.recorded))
            self.canvas.redraw()

    def _on_problem(self, problem: str) -> None:
        self.words.clear()
        self.problem.say(problem)

    def _on_search(self) -> None:
        """Go to the next node whose name or layer holds the letters; a closed block is opened for it."""
        recorded, text = self.canvas.recorded, self.search.text().strip().lower()
        if recorded is None or not text:
            return
        nodes = recorded.graph.nodes
        for turn in range(1, len(nodes) + 1):
            index = (self._found + turn) % len(nodes)
            if text in f"{nodes[index].name} {nodes[index].path}".lower():
                self._found = index
                self._go_to(index)
                return
        self.words.setText(f"No operation, parameter or layer is called {text!r}.")

    def _go_to(self, index: int) -> None:
        recorded = self.canvas.recorded
        assert recorded
        node = recorded.graph.nodes[index]
        self.canvas.open_around(index)
        self._document.select(node.path if self.canvas.known(node.path) else "")
        self.canvas.show_front((index,))
        self.words.setText(f"{node.name} · {node.path}")
