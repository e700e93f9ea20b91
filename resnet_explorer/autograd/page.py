"""The page of the autograd graph: read off the tree at once, and compared with what PyTorch records."""

from PySide6.QtCore import QSignalBlocker, QSize, Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QCheckBox, QDialog, QLineEdit, QSizePolicy, QWidget

from resnet_explorer.autograd.canvas import GraphCanvas, TorchvizView
from resnet_explorer.autograd.clusters import Recorded, facts
from resnet_explorer.autograd.graphviz import to_dot
from resnet_explorer.autograd.part import GraphPart
from resnet_explorer.autograd.picture import GraphView, path_chart
from resnet_explorer.autograd.reader import GraphReader
from resnet_explorer.autograd.reading import differing
from resnet_explorer.autograd.values import (
    AutogradGraph,
    DrawTorchviz,
    GraphNode,
    NodeKind,
    RecordGraph,
    derivative,
    path_lengths,
)
from resnet_explorer.engine.jobs import Job
from resnet_explorer.picture.theme import Theme
from resnet_explorer.readings.kept import training_bytes
from resnet_explorer.scenes.scene import State
from resnet_explorer.spec.catalogue import title
from resnet_explorer.ui.chart_view import ChartView
from resnet_explorer.ui.dialogs import resize_to_fit, save_text
from resnet_explorer.ui.document import Document, Results
from resnet_explorer.ui.flow import tool_row
from resnet_explorer.ui.jobs import Jobs
from resnet_explorer.ui.parts import button, describe, hbox, stack, timer, vbox
from resnet_explorer.ui.play_bar import PlayBar
from resnet_explorer.ui.status import ElidedLabel, LinesLabel, Placeholder, ProblemRow
from resnet_explorer.ui.style import theme_named
from resnet_explorer.ui.window import PageView, Window

PLAY_MS = 700
AT_FIRST = "Step through the backward pass: the gradient goes from the loss to the input."


class BackwardBar(PlayBar):
    """Steps the gradient from the loss to the input over a canvas."""

    def __init__(self, canvas: GraphCanvas) -> None:
        tips = (
            "Let the gradient travel from the loss to the input",
            "Step of the backward pass",
            "Where the gradient is",
        )
        super().__init__(PLAY_MS, *tips)
        self._canvas = canvas
        self._order: list[int] = []
        self._next: dict[int, list[int]] = {}
        self.back = self.icon_button("back", "Back", "One step back, towards the loss", self._on_back)
        self.forth = self.icon_button("forward", "Step", "One step on, towards the input", self.advance)
        self.slider.setFixedWidth(110)
        self.slider.valueChanged.connect(self._on_moved)
        self.play.clicked.connect(self._on_played)
        self.text = LinesLabel(2)
        self.text.setText(AT_FIRST)
        hbox(self.back, self.play, self.forth, self.slider, (self.text, 1), of=self, margins=(10, 2, 10, 4))

    def show_graph(self, graph: AutogradGraph) -> None:
        self.stop()
        kinds = (NodeKind.OPERATION, NodeKind.ACCUMULATE)
        self._order = [index for index in range(len(graph.nodes) - 1, -1, -1) if graph.nodes[index].kind in kinds]
        self._next = {}
        for start, end in graph.edges:
            if graph.nodes[start].kind in kinds and graph.nodes[end].kind in kinds:
                self._next.setdefault(end, []).append(start)
        count, longest = len(self._order), dict[str, GraphNode]()
        for node in map(graph.nodes.__getitem__, self._order):
            if node.name not in longest or len(node.path) > len(longest[node.name].path):
                longest[node.name] = node
        self.text.reserve(max((_step_text(node, count, count) for node in longest.values()), key=len, default=""))
        self.slider.setRange(0, len(self._order))
        self.slider.setValue(0)
        self._on_moved(0)

    def _on_played(self) -> None:
        if self.playing:
            self.advance()

    def _on_back(self) -> None:
        self.stop()
        self.slider.setValue(self.slider.value() - 1)

    def _on_moved(self, step: int) -> None:
        recorded = self._canvas.recorded
        if not step or recorded is None:
            self._canvas.show_front(())
            self.text.setText(AT_FIRST)
            return
        index = self._order[step - 1]
        node, onward = recorded.graph.nodes[index], self._next.get(index, [])
        self._canvas.show_front((index, *onward))
        splits = len({recorded.graph.nodes[n].path for n in onward}) > 1
        self.text.setText(_step_text(node, step, len(self._order), index in recorded.highway.way, splits))


def _step_text(node: GraphNode, step: int, of: int, bold: bool = True, splits: bool = True) -> str:
    parts = (
        f"{step:,} of {of:,}: {node.name}{f' of {node.path}' if node.path else ''}.",
        "On the highway." if bold else "",
        "The gradient splits." if splits else "",
        derivative(node.name),
    )
    return " ".join(filter(None, parts))


class SearchField(QLineEdit):
    """A line of text as wide as what it asks for."""

    def sizeHint(self) -> QSize:
        text = self.fontMetrics().horizontalAdvance(self.placeholderText())
        return QSize(text + 3 * self.fontMetrics().height(), super().sizeHint().height())


REST_MS = 250
"""How long the network must be unchanged before PyTorch records its graph, to compare."""


class GraphPage(PageView):
    """The graph with its search, its options and the steps of the backward pass."""

    canvas: GraphCanvas

    def __init__(self, document: Document, jobs: Jobs) -> None:
        super().__init__()
        self._document, self._jobs = document, jobs
        self._results: Results | None = None
        self._job = 0
        self._requested: RecordGraph | None = None
        self._draws_torchviz = False
        self._recorded: RecordGraph | None = None
        self._waiting: tuple[State, GraphPart] | None = None
        """What shall be shown of the graph of a state once it is recorded."""
        self._reader = GraphReader(self)
        self._reader.read.connect(self._on_read)
        self._twin: int | None = None
        """The length of the shortest way back in the plain twin."""
        self._match = -1
        self.canvas = GraphCanvas(document)
        self.steps = BackwardBar(self.canvas)
        self.other, self.dot = TorchvizView(), ""
        self.blank, self.problem = Placeholder("Reading the graph…"), ProblemRow()
        self.stack = stack(self.blank, self.canvas, self.other)
        tip = "Enter goes to the next operation, parameter or layer whose name contains this text"
        self.search = describe(SearchField(), "Find in the graph", tip)
        self.search.setPlaceholderText("Find an operation or a layer")
        self.search.setClearButtonEnabled(True)
        self.search.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        tip = "End the graph with the loss (cross-entropy), else with the network's output"
        self.loss = describe(QCheckBox("Loss"), tip=tip)
        self.loss.setChecked(True)
        tip = "Show the tensors that each operation saves for the backward pass, as torchviz can"
        self.saved = describe(QCheckBox("Saved tensors"), tip=tip)
        self.torchviz = button("torchviz", "Show the same graph as torchviz and Graphviz draw it, for comparison")
        self.torchviz.setCheckable(True)
        self.save_dot = button("Save DOT…", "Save the source of this drawing for Graphviz")
        tip = "How many paths lead from the output to the input, and how long they are"
        self.paths = button("Paths…", tip)
        self.text = ElidedLabel()
        self._rest = timer(self, REST_MS, self.ask, once=True)
        parts = (self.search, self.loss, self.saved, self.torchviz, self.paths, self.save_dot, self.text)
        self.set_parts(self.stack, tools=(tool_row(*parts), self.steps, self.problem))
        self._wire()

    def _wire(self) -> None:
        self.search.returnPressed.connect(self._on_search)
        for check in (self.loss, self.saved):
            check.toggled.connect(self._on_option)
        self.torchviz.toggled.connect(self._on_torchviz)
        self._document.device_changed.connect(self._on_option)
        toggled = (self.loss.toggled, self.saved.toggled, self.torchviz.toggled)
        for signal in (self.canvas.opened, self.steps.slider.valueChanged, *toggled):
            signal.connect(self.part_changed)

    def part(self) -> GraphPart:
        options = self.loss.isChecked(), self.saved.isChecked(), self.torchviz.isChecked()
        state = self._results.state if self._results else None
        if self._waiting and self._waiting[0] == state:
            waiting = self._waiting[1]
            return GraphPart(waiting.step, waiting.clusters, waiting.stages, *options)
        if self._results is None or self._recorded is None or self._recorded.spec != self._results.state.spec:
            return GraphPart(0, frozenset(), frozenset(), *options)
        view, first = self.canvas.view, GraphView.first(self._results.analysis.network)
        step = self.steps.slider.value()
        return GraphPart(step, view.blocks, view.closed_stages ^ first.closed_stages, *options)

    def show_part(self, part: GraphPart) -> None:
        checks = {self.loss: part.loss, self.saved: part.saved, self.torchviz: part.torchviz}
        for check, is_on in checks.items():
            with QSignalBlocker(check):
                check.setChecked(is_on)
        self._show_drawing()
        self._waiting = (self._results.state, part) if self._results else None
        if self._recorded == self._wanted():
            self._show_waiting()
        if self.isVisible():
            self._ask_anew()

    def _show_waiting(self) -> None:
        """Open what shall be open of the graph that is shown, and go to its step."""
        waiting, self._waiting = self._waiting, None
        if waiting is None or self._results is None or waiting[0] != self._results.state:
            return
        part, first = waiting[1], GraphView.first(self._results.analysis.network)
        self.canvas.show_view(GraphView(part.clusters, part.stages ^ first.closed_stages))
        self.steps.stop()
        self.steps.slider.setValue(part.step)

    def show_results(self, results: Results) -> None:
        self._results = results
        if self.isVisible():
            self._read()
            self._rest.start()

    def attach(self, window: Window) -> None:
        self.save_dot.clicked.connect(window.actions_by_key["save-dot"].trigger)
        self.paths.clicked.connect(window.actions_by_key["paths"].trigger)

    def reduce_motion(self, still: bool) -> None:
        self.canvas.animated = not still

    def show_theme(self, theme: Theme) -> None:
        self.canvas.show_theme(theme)

    def showEvent(self, event: QShowEvent) -> None:
        self._ask_anew()

    def _ask_anew(self) -> None:
        """Ask for what is wanted, where that was not done yet."""
        wanted = self._wanted(), self.torchviz.isChecked()
        if self._results and wanted != (self._requested, self._draws_torchviz):
            self.ask()

    def _wanted(self) -> RecordGraph | None:
        if self._results is None:
            return None
        state, trains = self._results.state, self._results.needs.failing is None
        loss, saved = self.loss.isChecked(), self.saved.isChecked()
        return RecordGraph(state.spec, state.image, self._document.device, loss, trains, saved)

    def _on_option(self) -> None:
        if self.isVisible():
            self.ask()

    def _on_torchviz(self, on: bool) -> None:
        self._show_drawing()
        self.ask()

    def _show_drawing(self) -> None:
        """Show torchviz's drawing or the app's own, with its steps."""
        on = self.torchviz.isChecked()
        self.stack.setCurrentWidget(self.other if on else self.canvas if self.canvas.recorded else self.blank)
        self.steps.setVisible(not on)

    def ask(self) -> None:
        """Record the graph of the current network, or have torchviz draw it; a running job is cancelled."""
        wanted, results = self._wanted(), self._results
        if wanted is None or results is None:
            return
        self._rest.stop()
        self._jobs.cancel(self._job)
        self._requested, self._draws_torchviz = wanted, self.torchviz.isChecked()
        self.problem.say("")
        if self.torchviz.isChecked():
            self.text.setText("torchviz is drawing…")
            job = DrawTorchviz(wanted)
            name = f"torchviz's drawing of {wanted.spec.name}"
            self._job = self._jobs.submit(job, name, self._on_drawn, self._on_problem)
            return
        self._read()
        self.text.setText("PyTorch records it, to compare…")
        kept = results.kept if wanted.device != "cpu" else None
        memory = training_bytes(results.analysis, kept).total if kept else 0
        name = f"Autograd graph of {wanted.spec.name}"
        self._job = self._jobs.submit(wanted, name, self._on_recorded, self._on_problem, memory)

    def _read(self) -> None:
        """Read the graph that is wanted off the tree, where it is not shown yet."""
        wanted, results = self._wanted(), self._results
        if wanted is None or results is None or wanted == self._recorded or self.torchviz.isChecked():
            return
        self._reader.ask(wanted, len(results.analysis.network.blocks))

    def _on_read(self, request: RecordGraph, result: Recorded, shortest: int | None) -> None:
        if request == self._wanted():
            self._twin = shortest
            self._show_graph(request, result)

    def _on_recorded(self, job: Job, result: object) -> None:
        """Say whether PyTorch records the nodes that were read; where it does not, what it records is shown."""
        assert isinstance(job, RecordGraph) and isinstance(result, Recorded) and self._results
        if job != self._requested or State(job.spec, job.image) != self._results.state:
            return
        shown = self.canvas.recorded if self._recorded == job else None
        count = len(result.graph.nodes)
        if shown is None or (others := differing(shown.graph, result.graph)):
            self._waiting = (self._results.state, self.part())
            self._show_graph(job, result)
            says = f"{others:,} of {count:,} nodes differ from the tree's" if shown else f"{count:,} nodes"
            self.text.setText(f"As PyTorch {result.graph.torch} records it on {job.device}: {says}")
        else:
            self.text.setText(f"Agrees with PyTorch {result.graph.torch}: {count:,} nodes")

    def _show_graph(self, request: RecordGraph, result: Recorded) -> None:
        assert self._results
        network = self._results.analysis.network
        heading = f"Autograd graph of {title(request.spec)}", facts(result, network, self._twin)
        self.canvas.show_graph(result, network, *heading)
        self.steps.show_graph(result.graph)
        self._recorded = request
        self._show_waiting()
        if not self.torchviz.isChecked():
            self.stack.setCurrentWidget(self.canvas)

    def _on_drawn(self, job: Job, result: object) -> None:
        assert isinstance(job, DrawTorchviz) and isinstance(result, tuple)
        if job.graph != self._requested or not self.torchviz.isChecked():
            return
        data, self.dot = result
        self.text.setText("")
        self.other.show_svg(data, f"{title(job.graph.spec)} as torchviz draws it")

    def source(self) -> str:
        """Return the DOT source of the current drawing; empty where there is none yet."""
        if self.torchviz.isChecked():
            return self.dot
        return to_dot(self.canvas.recorded.graph, self.canvas.text[0]) if self.canvas.recorded else ""

    def _on_problem(self, problem: str) -> None:
        is_read = self._recorded == self._requested and not self.torchviz.isChecked()
        self.text.setText("as read off the tree; PyTorch could not record it" if is_read else "")
        self.blank.setText("No graph is drawn yet.")
        self.problem.say(problem)

    def _on_search(self) -> None:
        recorded, text = self.canvas.recorded, self.search.text().strip().lower()
        if recorded is None or not text:
            return
        nodes = recorded.graph.nodes
        for turn in range(1, len(nodes) + 1):
            index = (self._match + turn) % len(nodes)
            if text in f"{nodes[index].name} {nodes[index].path}".lower():
                self._match = index
                self.canvas.open_around(index)
                self._document.select(self.canvas.shared_path(nodes[index].path))
                self.canvas.show_front((index,))
                self.text.setText(f"{nodes[index].name} · {nodes[index].path}")
                return
        self.text.setText(f"No operation, parameter or layer contains {text!r}.")


class PathsDialog(QDialog):
    """Shows the chart of a network's paths; it follows the window."""

    def __init__(self, document: Document, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Paths through the network")
        self.view = ChartView(document)
        self.view.show_theme(theme)
        vbox(self.view, of=self, margins=(9, 9, 9, 9))
        resize_to_fit(self, 820, 500)

    def show_results(self, results: Results) -> None:
        self.view.show_chart(path_chart(path_lengths(results.analysis.network), title(results.state.spec)))


def save_dot(window: Window, checked: bool) -> None:
    """Save the graph as DOT, once it is recorded."""
    page = window.page("graph")
    assert isinstance(page, GraphPage)
    if not page.source():
        window.show_page("graph")
        window.say("The graph is still being recorded. Save it when it is shown.")
        return
    save_text(window, f"{window.document.state.spec.name}-autograd.dot", {"Graphviz (*.dot *.gv)": page.source})


def show_paths(window: Window, checked: bool) -> None:
    """Show how long the paths through the network are; the chart follows the window."""
    dialog = PathsDialog(window.document, theme_named(window.preferences.theme), window)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.show_results(window.session.results)
    window.session.results_changed.connect(dialog.show_results)
    dialog.show()
