"""The autograd graph as this app draws it, and as torchviz does."""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QByteArray, QObject, QPointF, QRectF, QSize, QSizeF, Qt, QThreadPool, Signal
from PySide6.QtGui import QColor, QContextMenuEvent, QImage, QKeyEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtSvg import QSvgRenderer

from resnet_explorer.autograd.cluster_marks import nodes_of
from resnet_explorer.autograd.clusters import Recorded
from resnet_explorer.autograd.picture import GraphPicture, GraphView, graph_picture
from resnet_explorer.autograd.values import NodeKind
from resnet_explorer.network import Network
from resnet_explorer.picture.marks import Picture
from resnet_explorer.ui.canvas import Canvas
from resnet_explorer.ui.canvas_menu import place_of, show_menu
from resnet_explorer.ui.document import Document
from resnet_explorer.ui.parts import timer
from resnet_explorer.ui.scene import EDGE, Camera, Hit, places

REST_MS = 120
"""How long zoom and pan must rest before what is seen is rendered anew."""


class _Rendering(QObject):
    rendered = Signal(QImage, object)

    def __init__(self, data: bytes, camera: Camera, size: QSizeF, room: QSize) -> None:
        super().__init__()
        self._data, self._camera, self._size, self._room = data, camera, size, room

    def run(self) -> None:
        image = QImage(self._room, QImage.Format.Format_ARGB32_Premultiplied)
        image.fill(QColor("white"))
        painter = QPainter(image)
        place = self._camera.to_widget(QRectF(0, 0, self._size.width(), self._size.height()))
        QSvgRenderer(QByteArray(self._data)).render(painter, place)
        painter.end()
        self.rendered.emit(image, self._camera)


class TorchvizView(Canvas):
    """Shows an SVG file with zoom and pan; what moves is shown coarsely until it rests."""

    def __init__(self) -> None:
        super().__init__()
        self.data = b""
        self._image, self._seen = QImage(), Camera()
        self._running: _Rendering | None = None
        self._rest = timer(self, REST_MS, self._render, once=True)
        self.setAccessibleName("torchviz's drawing")
        self.animated = False

    def show_svg(self, data: bytes, title: str) -> None:
        self.data = data
        size = QSvgRenderer(QByteArray(data)).viewBoxF().size()
        self._fitted = True
        self.show_picture(Picture(max(1.0, size.width()), max(1.0, size.height()), (), title))
        self._rest.start()

    def redraw(self) -> None:
        if self.data:
            self.show_picture(self.picture)
        self._rest.start()

    def _render(self) -> None:
        if not self.data or self._running is not None:
            return
        size = QSizeF(self.picture.width, self.picture.height)
        self._running = _Rendering(self.data, self.camera, size, self.size())
        self._running.rendered.connect(self._on_rendered, Qt.ConnectionType.QueuedConnection)
        QThreadPool.globalInstance().start(self._running.run)

    def _on_rendered(self, image: QImage, camera: Camera) -> None:
        self._running = None
        self._image, self._seen = image, camera
        if camera != self.camera or image.size() != self.size():
            self._rest.start()
        self.update()

    def pan(self, dx: float, dy: float) -> None:
        self._fitted = False
        self.camera = self.camera.moved(dx, dy)
        self._rest.start()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor("white"))
        ratio = self.camera.zoom / self._seen.zoom
        x, y = self.camera.x - self._seen.x * ratio, self.camera.y - self._seen.y * ratio
        painter.drawImage(QRectF(x, y, self._image.width() * ratio, self._image.height() * ratio), self._image)
        painter.end()
        if self.camera != self._seen:
            self._rest.start()


_HELP = "Enter opens the selected block to its operations and closes it again, plus and minus zoom, F fits."


class GraphCanvas(Canvas):
    """Shows a recorded graph, with the operations that the gradient has reached; ``opened``: another part is open."""

    opened = Signal()

    def __init__(self, document: Document) -> None:
        super().__init__()
        self._document = document
        self._network: Network | None = None
        self.recorded: Recorded | None = None
        self.view = GraphView()
        self.text = ("", "")
        self._made: GraphPicture | None = None
        self._owner: dict[int, tuple[str, int]] = {}
        self._by_path: dict[str, list[int]] = {}
        self.front: tuple[int, ...] = ()
        self.setAccessibleName("Autograd graph")
        self.setAccessibleDescription(_HELP)
        document.selected.connect(self._on_selected)
        document.hovered.connect(self._on_hovered)

    def show_graph(self, recorded: Recorded, network: Network, title: str, facts: str) -> None:
        """Show a graph; what was open stays open where the new network has the same name."""
        is_other = self._network is None or self._network.spec.name != network.spec.name
        self.recorded, self._network, self.text = recorded, network, (title, facts)
        parts = recorded.clusters
        self._owner = {index: (part.path, n) for part in parts for n, index in enumerate(nodes_of(part))}
        self._by_path = {}
        for index in self._owner:
            self._by_path.setdefault(recorded.graph.nodes[index].path, []).append(index)
        if is_other:
            self.view = GraphView.first(network)
            self._fitted = True
        self.front = ()
        self._draw(animate=False)

    def redraw(self) -> None:
        self._draw(animate=False)

    def show_view(self, view: GraphView, show: str = "") -> None:
        """Open and close clusters; ``show`` is the one to bring into view."""
        self.view = view
        self._draw(animate=True, show=show)
        self.opened.emit()

    def open_all(self) -> bool:
        if self.recorded:
            self.show_view(GraphView.all_open(self.recorded.clusters))
        return True

    def close_all(self) -> bool:
        if self._network:
            self.show_view(GraphView.first(self._network))
        return True

    def _draw(self, animate: bool, show: str = "") -> None:
        if self.recorded is None or self._network is None:
            return
        room = float(self.width()), float(self.height())
        made = self._made = graph_picture(self.recorded, self._network, self.view, *self.text, room)
        drawn = places(made.picture, self._network, show) if show else []
        self.show_picture(made.picture, animate, drawn[0] if drawn else None)
        self._tell()

    def _tell(self) -> None:
        """Tell screen readers what is shown, what is selected, and where the gradient is."""
        path = self._document.selection
        block = self._network.block_at(path) if self._network and path else None
        state = "" if block is None else ", open" if block.path in self.view.blocks else ", closed"
        selected = f"Selected: {path}{state}. " if path else ""
        at = f"The gradient is at {self._name(self.front[0])}. " if self.front else ""
        picture = f"{self.picture.description} "
        self.describe(f"{at}{selected}{picture}{_HELP}", at or selected)

    def _name(self, index: int) -> str:
        node = self.recorded.graph.nodes[index] if self.recorded else None
        return " of ".join(filter(None, (node.name, node.path))) if node else ""

    def place_of(self, index: int) -> QRectF | None:
        """Return where a node of the graph is drawn, or the box that hides it."""
        return QRectF(*self._made.place(*self._owner[index])) if self._made and index in self._owner else None

    def show_front(self, front: tuple[int, ...]) -> None:
        """Mark the operation that the gradient has reached, which comes first, and those that it reaches next."""
        self.front = front
        self._keep_in_sight()
        self._tell()
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._keep_in_sight()

    def _keep_in_sight(self) -> None:
        """Show the operation that the gradient has reached, and the next ones too where all fit.

        Nothing moves where they are seen already.
        """
        front = [place for place in map(self.place_of, self.front) if place is not None]
        if not front:
            return
        room = QRectF(QPointF(0, 0), self.room()).adjusted(EDGE, EDGE, -EDGE, -EDGE)
        shown = front[0]
        for place in front[1:]:
            both = shown.united(place)
            size = self.camera.to_widget(both).size()
            if size.width() <= room.width() and size.height() <= room.height():
                shown = both
        if not room.contains(self.camera.to_widget(shown)):
            self._fitted = False
            self.go(self.camera.showing(shown, self.room()), {})

    def marked(self) -> list[tuple[QRectF, float]]:
        weights = (5.0, *(2.0 for _ in self.front[1:]))
        front = [(self.place_of(index), weight) for index, weight in zip(self.front, weights, strict=False)]
        marks = [(place, weight) for place, weight in front if place is not None]
        if self._network is not None:
            for path, weight in ((self._document.hover, 1.5), (self._document.selection, 2.5)):
                marks += [(place, weight) for place in self._places_of(path)]
        return marks

    def _places_of(self, path: str) -> list[QRectF]:
        """Return where the nodes of a path are drawn, or the boxes that hide them."""
        if not path or self.recorded is None or self._network is None:
            return []
        nodes = self.recorded.graph.nodes
        mine = [index for index in self._by_path.get(path, ()) if nodes[index].kind is not NodeKind.ACCUMULATE]
        inside = [place for place in map(self.place_of, mine) if place is not None]
        distinct = {(place.x(), place.y(), place.width()): place for place in inside}
        return list(distinct.values()) or places(self.picture, self._network, path)

    def _on_selected(self, path: str) -> None:
        drawn = self._places_of(path)
        if drawn and self.isVisible():
            self.reveal(drawn[0])
        if self.recorded is not None:
            self._tell()
        self.update()

    def _on_hovered(self, path: str) -> None:
        if self.isVisible():
            self.update()

    def clicked(self, path: str) -> None:
        self._document.select(self.shared_path(path))

    def pointed(self, path: str) -> None:
        self._document.hover_over(self.shared_path(path))

    def shared_path(self, path: str) -> str:
        """Return the path if the other views know it, else an empty one."""
        return path if self._network is not None and path and self._network.has(path) else ""

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Show the menu: by the mouse for what lies under it, by a key for what is selected."""
        self._grabbed = None
        if event.reason() == QContextMenuEvent.Reason.Mouse:
            self._document.select(self.shared_path(self.path_at(QPointF(event.pos()))))
        path = self._document.selection
        block = self._network.block_at(path) if self._network and path else None
        is_open = block is not None and block.path in self.view.blocks
        text = "&Close the block" if is_open else "&Open to its operations"
        first: dict[str, Callable[[], object]] = {text: partial(self.toggle, path)} if block else {}
        show_menu(self, self._document, place_of(self, event, self._places_of(path)), first, is_graph=True)

    def double_clicked(self, hit: Hit) -> None:
        self.toggle(hit.path)

    def toggle(self, path: str) -> None:
        if self._network is None or not path:
            return
        block = self._network.block_at(path)
        path = block.path if block else path
        self.show_view(self.view.toggled(path, self._network), path)

    def open_around(self, index: int) -> None:
        path = self._owner[index][0] if index in self._owner else ""
        if self._network is None or not path:
            return
        stage = self._network.stage_at(path)
        hidden = self.view.closed_stages - ({stage.path} if stage else set())
        self.show_view(GraphView(self.view.blocks | {path}, hidden), path)

    def tip(self, hit: Hit) -> str:
        return f"{hit.path}\n{hit.group.title}" if hit.path else hit.group.title

    def action_of(self, event: QKeyEvent) -> Callable[[], None] | None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            return lambda: self.toggle(self._document.selection)
        return None
