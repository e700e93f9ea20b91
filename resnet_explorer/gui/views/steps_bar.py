"""The gradient on its way back, one operation at a time: play, pause, step, and what happens there in words."""

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QSlider, QStyle, QToolButton, QWidget

from resnet_explorer.analysis.autograd import AutogradGraph, NodeKind
from resnet_explorer.analysis.explain.derivatives import derivative
from resnet_explorer.gui.views.graph_canvas import GraphCanvas

PACE_MS = 700


class StepsBar(QWidget):
    """Leads the gradient from the loss to the input over a canvas."""

    def __init__(self, canvas: GraphCanvas, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._canvas = canvas
        self._order: list[int] = []
        self._next: dict[int, list[int]] = {}
        self._clock = QTimer(self)
        self._clock.setInterval(PACE_MS)
        self._clock.timeout.connect(self._on_tick)
        icons = QStyle.StandardPixmap
        self.back = self._button(icons.SP_MediaSkipBackward, "Back", "One step back, towards the loss")
        self.play = self._button(icons.SP_MediaPlay, "Play", "Let the gradient travel from the loss to the input")
        self.forth = self._button(icons.SP_MediaSkipForward, "Step", "One step on, towards the input")
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setFixedWidth(110)
        self.slider.setAccessibleName("Step of the way back")
        self.slider.setToolTip("Where the gradient is on its way back")
        self.slider.valueChanged.connect(self._on_moved)
        self.words = QLabel("Step through backward: the gradient goes from the loss to the input.")
        self.words.setTextFormat(Qt.TextFormat.PlainText)
        self.words.setWordWrap(True)
        self.words.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.words.setMinimumHeight(self.words.fontMetrics().lineSpacing() * 3)
        line = QHBoxLayout(self)
        line.setContentsMargins(12, 4, 12, 4)
        for widget in (self.back, self.play, self.forth, self.slider):
            line.addWidget(widget)
        line.addWidget(self.words, 1)
        self.back.clicked.connect(self._on_back)
        self.forth.clicked.connect(self._on_forth)
        self.play.clicked.connect(self._on_play)

    def _button(self, icon: QStyle.StandardPixmap, name: str, tip: str) -> QToolButton:
        button = QToolButton(self)
        button.setIcon(self.style().standardIcon(icon))
        button.setIconSize(QSize(16, 16))
        button.setAccessibleName(name)
        button.setToolTip(tip)
        return button

    def show_graph(self, graph: AutogradGraph) -> None:
        """Begin anew with another graph."""
        self.stop()
        kinds = (NodeKind.OPERATION, NodeKind.ACCUMULATE)
        self._order = [index for index in range(len(graph.nodes) - 1, -1, -1) if graph.nodes[index].kind in kinds]
        self._next = {}
        for start, end in graph.edges:
            if graph.nodes[start].kind in kinds and graph.nodes[end].kind in kinds:
                self._next.setdefault(end, []).append(start)
        self.slider.setRange(0, len(self._order))
        self.slider.setValue(0)
        self._on_moved(0)

    @property
    def playing(self) -> bool:
        """Return whether the gradient is on its way."""
        return self._clock.isActive()

    def stop(self) -> None:
        """Let the gradient rest where it is."""
        self._clock.stop()
        self._dress()

    def _dress(self) -> None:
        icons = QStyle.StandardPixmap
        icon = icons.SP_MediaPause if self.playing else icons.SP_MediaPlay
        self.play.setIcon(self.style().standardIcon(icon))
        self.play.setAccessibleName("Pause" if self.playing else "Play")

    def _on_play(self) -> None:
        if self.playing:
            self.stop()
            return
        if self.slider.value() >= len(self._order):
            self.slider.setValue(0)
        self._clock.start()
        self._dress()
        self._on_forth()

    def _on_tick(self) -> None:
        self._on_forth()
        if self.slider.value() >= len(self._order):
            self.stop()

    def _on_forth(self) -> None:
        self.slider.setValue(self.slider.value() + 1)

    def _on_back(self) -> None:
        self.stop()
        self.slider.setValue(self.slider.value() - 1)

    def _on_moved(self, step: int) -> None:
        recorded = self._canvas.recorded
        if not step or recorded is None:
            self._canvas.show_front(())
            self.words.setText("Step through backward: the gradient goes from the loss to the input.")
            return
        index = self._order[step - 1]
        node, onward = recorded.graph.nodes[index], self._next.get(index, [])
        self._canvas.show_front((index, *onward))
        splits = " The gradient splits." if len({recorded.graph.nodes[one].path for one in onward}) > 1 else ""
        bold = " On the highway." if index in recorded.highway.way else ""
        place = f" of {node.path}" if node.path else ""
        self.words.setText(
            f"{step:,} of {len(self._order):,}: {node.name}{place}.{bold}{splits} {derivative(node.name)}"
        )
