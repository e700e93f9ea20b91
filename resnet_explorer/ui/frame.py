"""The frame of a page: one picture that keeps most of the room, its tools above it, and drawers at the edges."""

from collections.abc import Mapping, Sequence
from enum import Enum
from math import ceil

from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QStyle, QStyleOptionToolButton, QToolButton, QWidget

from resnet_explorer.ui.parts import describe, vbox
from resnet_explorer.ui.style import USUAL_POINTS
from resnet_explorer.ui.tools_area import ToolsArea

SHARE = 0.6
"""The share of the page's area that the picture keeps beside drawers that are open by themselves; more of it where the
text is larger than usual: the picture is enlarged before the panels."""
LEAST_SHARE, LARGE = 0.4, 1.0
"""The share that it keeps beside drawers that the user opens, and so many times the usual text from which it keeps the
whole share: a larger drawer opens over the picture."""
LEAST_HEIGHT = 120
"""Below this height in pixels at the usual text size a drawer at the bottom is of no use."""
LEAST_PICTURE = 285
"""Nor does it leave the picture less height than this: a chart's plot is then 180 px high."""
LEAST_WIDTH = 500
"""So wide at the usual text size is the picture beside a drawer that it gives way to in large text too."""
GRIP = 5


class Edge(Enum):
    """Where a drawer is."""

    LEFT = "left"
    RIGHT = "right"
    BOTTOM = "bottom"


class OpenState(Enum):
    """Whether a drawer is open: where there is room, always, or not."""

    AUTO = "auto"
    OPEN = "open"
    CLOSED = "closed"


class Handle(QToolButton):
    """The label of a drawer at the page's edge; it is written along the edge."""

    def __init__(self, title: str, edge: Edge, tip: str) -> None:
        super().__init__()
        self.edge = edge
        self.setText(title)
        self.setCheckable(True)
        self.setAutoRaise(True)
        self.setObjectName("handle")
        describe(self, title, tip)

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        size = QSize(metrics.horizontalAdvance(self.text()) + 2 * metrics.height(), metrics.height() + 10)
        return size if self.edge is Edge.BOTTOM else size.transposed()

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        option, painter, size = QStyleOptionToolButton(), QPainter(self), self.size()
        self.initStyleOption(option)
        if self.edge is not Edge.BOTTOM:
            size = size.transposed()
            painter.translate(
                0 if self.edge is Edge.LEFT else self.width(), self.height() if self.edge is Edge.LEFT else 0
            )
            painter.rotate(-90 if self.edge is Edge.LEFT else 90)
        option.rect = QRect(QPoint(0, 0), size)
        self.style().drawComplexControl(QStyle.ComplexControl.CC_ToolButton, option, painter, self)


class Grip(QWidget):
    """The inner border of a drawer, by which its size is changed."""

    dragged = Signal(int)

    def __init__(self, edge: Edge, parent: QWidget) -> None:
        super().__init__(parent)
        self._edge = edge
        self.setCursor(Qt.CursorShape.SplitVCursor if edge is Edge.BOTTOM else Qt.CursorShape.SplitHCursor)
        self._at: QPoint | None = None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._at = event.globalPosition().toPoint()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._at = None

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._at is None:
            return
        now = event.globalPosition().toPoint()
        moved, self._at = now - self._at, now
        self.dragged.emit({Edge.LEFT: moved.x(), Edge.RIGHT: -moved.x(), Edge.BOTTOM: -moved.y()}[self._edge])


class Drawer(QFrame):
    """A panel at an edge of a frame, ``size`` pixels wide or high at the usual text size.

    ``toggled`` tells whether it is open from now on. ``handle`` is its label at the edge.
    """

    toggled = Signal(bool)

    def __init__(self, title: str, widget: QWidget, edge: Edge, size: int, tip: str = "") -> None:
        super().__init__()
        self.title, self.widget, self.edge, self.wanted = title, widget, edge, size
        self.state = OpenState.AUTO
        self.setObjectName("drawer")
        self.handle = Handle(title, edge, tip or f"Show or hide: {title}")
        self.grip = Grip(edge, self)
        self._box = vbox((widget, 1), of=self, spacing=0)
        self.is_over = False
        """Whether it covers a part of the picture."""
        self.share = 0.0
        """The part of the width that the picture gives way to it in large text too; 0 where it lies over it then."""
        self.offered = True
        """Whether it is there at all: a drawer of one view of a page is hidden, handle and all, in the others."""

    def fit(self, size: int) -> None:
        """Be so many pixels wide or high at the usual text size, unless the user has opened or dragged it."""
        if self.state is OpenState.AUTO and size != self.wanted:
            self.wanted = size
            if isinstance(frame := self.parent(), Frame):
                frame._place()

    def offer(self, on: bool) -> None:
        """Put the drawer and its handle on the page, or take both away; whether it is open is kept."""
        if on != self.offered:
            self.offered = on
            self.handle.setVisible(on)
            if isinstance(frame := self.parent(), Frame):
                frame._place()

    def set_widget(self, widget: QWidget) -> None:
        """Show another widget in the place of the one of today, which is deleted."""
        self._box.replaceWidget(self.widget, widget)
        self.widget.deleteLater()
        self.widget = widget
        self.grip.raise_()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.is_over:
            self.handle.click()
            self.handle.setFocus()
            return
        super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        width, height = self.width(), self.height()
        self.grip.setGeometry(
            {
                Edge.LEFT: QRect(width - GRIP, 0, GRIP, height),
                Edge.RIGHT: QRect(0, 0, GRIP, height),
                Edge.BOTTOM: QRect(0, 0, width, GRIP),
            }[self.edge]
        )
        self.grip.raise_()


class Frame(QWidget):
    """A picture with at least ``SHARE`` of the area, tools above it, and drawers at the edges.

    A drawer has a labelled handle at its edge. It is beside the picture where there is room, and otherwise opens
    over the picture. One drawer at each edge is open at a time.
    """

    main: QWidget | None = None
    tools: Sequence[QWidget] = ()
    drawers: Sequence[Drawer] = ()

    def set_parts(self, main: QWidget, *drawers: Drawer, tools: Sequence[QWidget] = ()) -> None:
        """Put in the picture, the drawers in the order of importance, and the rows of tools above the picture."""
        self.main, self.tools, self.drawers = main, tuple(tools), drawers
        self._heights: dict[int, int] = {}
        self._tools_area = ToolsArea(self.tools, self)
        self._tools_area.changed.connect(self._place)
        main.setParent(self)
        for drawer in drawers:
            self._put(drawer)

    def add(self, drawer: Drawer) -> None:
        """Put in one more drawer, which comes before the others."""
        self.drawers = (drawer, *self.drawers)
        self._put(drawer)

    def _put(self, drawer: Drawer) -> None:
        for part in (drawer.handle, drawer):
            part.setParent(self)
        drawer.hide()
        drawer.handle.setVisible(drawer.offered)
        drawer.handle.clicked.connect(lambda checked: self.open(drawer, checked))
        drawer.grip.dragged.connect(lambda by: self._on_dragged(drawer, by))

    def minimumSizeHint(self) -> QSize:
        return QSize(320, 240)

    def sizeHint(self) -> QSize:
        return QSize(1000, 640)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._place()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._place()

    def event(self, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.LayoutRequest, QEvent.Type.Show):
            self._place()
        return super().event(event)

    def drawer(self, title: str) -> Drawer:
        """Return the drawer of a title."""
        return next(drawer for drawer in self.drawers if drawer.title == title)

    def open(self, drawer: Drawer, on: bool = True) -> None:
        """Open a drawer, and close the others at its edge; or close it."""
        for other in self.drawers:
            if other.edge is drawer.edge and other.offered:
                other.state = OpenState.CLOSED
        drawer.state = OpenState.OPEN if on else OpenState.CLOSED
        self._place()
        if on and drawer.is_over:
            drawer.widget.setFocus(Qt.FocusReason.OtherFocusReason)

    def layout_state(self) -> dict[str, tuple[str, int]]:
        """Return for each drawer by its title whether it is open, and its size."""
        return {drawer.title: (drawer.state.value, drawer.wanted) for drawer in self.drawers}

    def set_layout_state(self, state: Mapping[str, tuple[str, int]]) -> None:
        """Restore a state; drawers that it does not name stay as they are."""
        for drawer in self.drawers:
            if drawer.title in state:
                name, drawer.wanted = state[drawer.title]
                drawer.state = OpenState(name)
        self._place()

    def _on_dragged(self, drawer: Drawer, by: int) -> None:
        drawer.state = OpenState.OPEN
        drawer.wanted = max(100, round(drawer.wanted + by / self._scale()))
        self._place()

    def _scale(self) -> float:
        return self.font().pointSizeF() / USUAL_POINTS

    def _place(self) -> None:
        """Give every part its place, once the frame can be seen."""
        if self.main is None or not self.isVisible():
            return
        self._heights = {}
        inner = self._place_handles(self.contentsRect())
        docked = self._docked(inner)
        left, right, bottom = (docked.get(edge, 0) for edge in Edge)
        middle = inner.adjusted(left, 0, -right, -bottom)
        high = self._tools_height(middle)
        self._tools_area.place(QRect(middle.left(), middle.top(), middle.width(), high))
        self.main.setGeometry(middle.left(), middle.top() + high, middle.width(), max(1, middle.height() - high))
        for drawer in self.drawers:
            self._place_drawer(drawer, inner, middle, docked)

    def _tools_height(self, middle: QRect) -> int:
        """Return the height of the tools: a row at least, and no more than leaves the picture its share."""
        needed, row = self._whole_tools_height(middle.width()), 3 * self.fontMetrics().height()
        share = LEAST_SHARE if any(map(self._gives_way_to, self.drawers)) else SHARE
        room = middle.height() - ceil(share * self.width() * self.height() / max(1, middle.width()))
        return max(min(needed, row), min(needed, room))

    def _place_handles(self, area: QRect) -> QRect:
        """Place the handles along their edges, in as many lines as they need, and return the area between them."""
        lines = {edge: self._handle_lines(edge, area) for edge in Edge}
        depths = {edge: [max(_across(handle) for handle in line) for line in lines[edge]] for edge in Edge}
        left, right, bottom = (sum(depths[edge]) for edge in Edge)
        inner = area.adjusted(left, 0, -right, -bottom)
        for edge, start in (
            (Edge.LEFT, area.left()),
            (Edge.RIGHT, inner.right() + 1),
            (Edge.BOTTOM, inner.bottom() + 1),
        ):
            for line, depth in zip(lines[edge], depths[edge], strict=True):
                along = inner.left() if edge is Edge.BOTTOM else inner.top()
                for handle in line:
                    size = handle.sizeHint()
                    if edge is Edge.BOTTOM:
                        handle.setGeometry(along, start, size.width(), depth)
                    else:
                        handle.setGeometry(start, along, depth, size.height())
                    along += _along(handle)
                start += depth
        return inner

    def _handle_lines(self, edge: Edge, area: QRect) -> list[list[Handle]]:
        """Return the handles of an edge in lines that fit along it."""
        lines: list[list[Handle]] = []
        left = 0
        for handle in self._handles(edge):
            if not lines or _along(handle) > left:
                lines.append([])
                left = area.width() if edge is Edge.BOTTOM else area.height() - 2 * self.fontMetrics().height()
            lines[-1].append(handle)
            left -= _along(handle)
        return lines

    def _handles(self, edge: Edge) -> list[Handle]:
        """Return the handles at an edge; those that were put elsewhere take no room."""
        handles = [drawer.handle for drawer in self.drawers if drawer.edge is edge and drawer.offered]
        return [handle for handle in handles if handle.parent() is self]

    def _docked(self, inner: QRect) -> dict[Edge, int]:
        """Return the size that the drawers beside the picture take at each edge."""
        docked: dict[Edge, int] = {}
        whole = self.width() * self.height()
        for drawer in self.drawers:
            if drawer.edge in docked or not self._may_open(drawer) or self._is_second(drawer):
                continue
            share = LEAST_SHARE if self._gives_way_to(drawer) else min(0.85, SHARE * self._scale())
            size = round(min(drawer.wanted * self._scale(), (drawer.share or 1) * self.width()))
            least = min(size, round(LEAST_HEIGHT * self._scale())) if drawer.edge is Edge.BOTTOM else size
            while size >= least and self._is_too_large(inner, {**docked, drawer.edge: size}, share * whole):
                size -= 8
            if size >= least:
                docked[drawer.edge] = size
        return docked

    def _gives_way_to(self, drawer: Drawer) -> bool:
        """Tell whether the picture may be smaller than usual because the user opened a drawer, in usual text."""
        leaves, scale = (1 - drawer.share) * self.width() if drawer.share else 0, self._scale()
        return drawer.state is OpenState.OPEN and (scale <= LARGE or leaves >= LEAST_WIDTH * scale)

    @staticmethod
    def _may_open(drawer: Drawer) -> bool:
        return drawer.offered and drawer.state is not OpenState.CLOSED

    def _is_second(self, drawer: Drawer) -> bool:
        """Tell whether another drawer of the edge comes first: one that is open, else the first of them."""
        same = [other for other in self.drawers if other.edge is drawer.edge and (other.offered or other is drawer)]
        first = next((other for other in same if other.state is OpenState.OPEN), same[0])
        return first is not drawer

    def _is_too_large(self, inner: QRect, docked: Mapping[Edge, int], area: float) -> bool:
        """Tell whether drawers leave the picture less than an area, or too little height above one at the bottom."""
        size = self._main_size(inner, docked)
        is_low = Edge.BOTTOM in docked and size.height() < LEAST_PICTURE * self._scale()
        return is_low or size.width() * size.height() < area

    def _whole_tools_height(self, wide: int) -> int:
        """Return the height that all tools need at a width; it is asked for many sizes of drawers."""
        if wide not in self._heights:
            self._heights[wide] = self._tools_area.heightForWidth(wide)
        return self._heights[wide]

    def _main_size(self, inner: QRect, docked: Mapping[Edge, int]) -> QSize:
        wide = inner.width() - docked.get(Edge.LEFT, 0) - docked.get(Edge.RIGHT, 0)
        high = inner.height() - docked.get(Edge.BOTTOM, 0) - self._whole_tools_height(wide)
        return QSize(max(0, wide), max(0, high))

    def _place_drawer(self, drawer: Drawer, inner: QRect, middle: QRect, docked: Mapping[Edge, int]) -> None:
        is_docked = drawer.edge in docked and not self._is_second(drawer) and self._may_open(drawer)
        drawer.is_over = not is_docked and drawer.offered and drawer.state is OpenState.OPEN
        size = docked[drawer.edge] if is_docked else round(drawer.wanted * self._scale())
        if drawer.edge is Edge.BOTTOM:
            room = middle.adjusted(0, 0, 0, docked.get(Edge.BOTTOM, 0))
            size = min(size, round(0.8 * inner.height()))
            place = QRect(room.left(), room.bottom() + 1 - size, room.width(), size)
        else:
            size = min(size, round(0.9 * inner.width()))
            place = QRect(
                inner.left() if drawer.edge is Edge.LEFT else inner.right() + 1 - size,
                inner.top(),
                size,
                inner.height(),
            )
        drawer.setGeometry(place)
        was_open = drawer.handle.isChecked()
        drawer.setVisible(is_docked or drawer.is_over)
        drawer.handle.setChecked(is_docked or drawer.is_over)
        if drawer.is_over:
            drawer.raise_()
        if was_open != drawer.handle.isChecked():
            drawer.toggled.emit(drawer.handle.isChecked())


def _along(handle: Handle) -> int:
    size = handle.sizeHint()
    return size.width() if handle.edge is Edge.BOTTOM else size.height()


def _across(handle: Handle) -> int:
    size = handle.sizeHint()
    return size.height() if handle.edge is Edge.BOTTOM else size.width()
