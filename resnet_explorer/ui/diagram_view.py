"""The block diagram on screen: selection, hover, keyboard, and what is open."""

from collections.abc import Callable, Mapping

from PySide6.QtCore import QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from resnet_explorer.diagram.diagram import diagram
from resnet_explorer.diagram.view import closed, move, toggled
from resnet_explorer.picture.marks import Picture
from resnet_explorer.ui.canvas import Canvas
from resnet_explorer.ui.document import Document, Results
from resnet_explorer.ui.parts import timer
from resnet_explorer.ui.scene import EDGE, Camera, Hit, fit, opened, places

_DIRECTIONS: Mapping[int, str] = {
    Qt.Key.Key_Left: "left",
    Qt.Key.Key_Right: "right",
    Qt.Key.Key_Up: "up",
    Qt.Key.Key_Down: "down",
}

_HELP = "Arrow keys walk along the blocks, Enter opens one, Escape closes it, plus and minus zoom, F fits."


WORDS_MS = 100
"""How long after the first paint its words for screen readers come."""


class DiagramView(Canvas):
    """Shows the block diagram of the document's network; ``help`` says what its keys do.

    ``menu_wanted`` gives the place on the screen for a menu of what can be done with the selection.
    """

    menu_wanted = Signal(QPoint)
    help = _HELP
    _picture: Picture
    _is_due = False
    """Whether the picture must be drawn when it is asked for: the first time for the size that is painted."""

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self.picker: Callable[[str], None] | None = None
        """Takes the path of what is clicked, or chosen by Enter, where that answers a question instead of selecting."""
        self._results: Results | None = None
        self.setAccessibleName("Block diagram")
        self.setAccessibleDescription(self.help)
        self._say = timer(self, WORDS_MS, lambda: self._announce(document.selection), once=True)
        self.first_painted.connect(self._say.start)
        document.view_changed.connect(self._on_view_changed)
        document.selected.connect(self._on_selected)
        document.hovered.connect(self._on_hovered)
        document.overlays_changed.connect(self._on_overlays_changed)

    def show_results(self, results: Results) -> None:
        """Show new results; another network is fitted."""
        shown = self._results
        self._results = results
        if shown is None and not self.isVisible():
            self._is_due = True
            return
        is_other = shown is not None and shown.state.spec != results.state.spec
        self._fitted = self._fitted or is_other
        self._draw(animate=is_other)
        if self.was_painted:  # the first paint waits for no words
            self._announce(self._document.selection)

    @property
    def picture(self) -> Picture:
        """Return what is drawn."""
        if self._is_due:
            self.redraw()
        return self._picture

    @picture.setter
    def picture(self, picture: Picture) -> None:
        self._picture = picture

    def redraw(self) -> None:
        self._draw(animate=False)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Draw for the new size; while the window is put together only for the last one."""
        self._is_due = not self.was_painted
        if self.was_painted:
            super().resizeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._is_due:
            self.redraw()
        super().paintEvent(event)

    def fitted(self) -> Camera:
        """Return the camera that shows both twins, or else one network large enough to be read."""
        if self._document.view.compare and not self._document.view.expanded:
            return fit(self._size(), self.room(), self._text)
        return super().fitted()

    def composed(self, wide: float, high: float) -> Picture:
        if self._results is None:
            return self.picture
        return diagram(
            self._results.analysis, self._document.view, (wide, high), tuple(self._document.overlays.values())
        )

    def _draw(self, animate: bool, show: str = "") -> None:
        if self._results is None:
            return
        self._is_due = False
        picture = self.composed((self.width() - EDGE) / self._text, (self.height() - EDGE) / self._text)
        self.show_picture(picture, animate, opened(picture).get(f"{show}:open"))

    def _on_view_changed(self) -> None:
        shown = {key.removesuffix(":open") for key in opened(self.picture) if key.endswith(":open")}
        new = self._document.view.expanded - shown
        self._fitted = True
        self._draw(animate=True, show=next(iter(new)) if len(new) == 1 else "")
        self._announce(self._document.selection)

    def _on_overlays_changed(self) -> None:
        self._draw(animate=False)
        self._announce(self._document.selection)

    def _on_selected(self, path: str) -> None:
        if places := self._places(path):
            self.reveal(places[0])
        self._announce(path)
        self.update()

    def _announce(self, path: str) -> None:
        if self._results:
            from resnet_explorer.readings.explain import explain

            shown = explain(self._results.analysis, path)
            overlays = [text for overlay in self._document.overlays.values() if (text := overlay.describe(path))]
            said = " ".join((f"{shown.title}, {shown.kind}. {shown.text}", *(f"{text}." for text in overlays)))
            picture = f"Selected in {self.picture.description}." if path else f"{self.picture.description}."
            self.describe(f"{said} {picture} {self._open_text()}{self.help}", f"{shown.title}, {shown.kind}")

    def _open_text(self) -> str:
        """Return what is open and compared, as a sentence."""
        view = self._document.view
        twin = "The plain twin stands beside it. " if view.compare else ""
        return f"{twin}Open: {', '.join(sorted(view.expanded))}. " if view.expanded else twin

    def _on_hovered(self, path: str) -> None:
        self.update()

    def _places(self, path: str) -> list[QRectF]:
        return places(self.picture, self._results.analysis.network, path) if self._results else []

    def marked(self) -> list[tuple[QRectF, float]]:
        framed = ((self._document.hover, 1.5), (self._document.selection, 2.5))
        return [(place, weight) for path, weight in framed for place in self._places(path)]

    def clicked(self, path: str) -> None:
        (self.picker or self._document.select)(path)

    def pointed(self, path: str) -> None:
        self._document.hover_over(path)

    def double_clicked(self, hit: Hit) -> None:
        if self._results and not self.picker:
            network = self._results.analysis.network
            path = hit.path if hit.group.kind != "gone" else network.ancestors(hit.path)[0]
            self._document.show_view(toggled(network, self._document.view, path))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Ask for the menu: by the mouse for what lies under it, by a key beside what is selected."""
        self._grabbed = None
        if event.reason() == QContextMenuEvent.Reason.Mouse:
            self._document.select(self.path_at(QPointF(event.pos())))
            self.menu_wanted.emit(event.globalPos())
            return
        selected = self._places(self._document.selection)
        middle = self.camera.to_widget(selected[0]).center().toPoint() if selected else self.rect().center()
        self.menu_wanted.emit(self.mapToGlobal(middle))

    def path_at(self, position: QPointF) -> str:
        path = super().path_at(position)
        if not path or self._results is None:
            return ""
        return path if self._results.analysis.network.has(path) else path.rpartition(".")[0]

    def action_of(self, event: QKeyEvent) -> Callable[[], None] | None:
        key, picker = event.key(), self.picker
        if picker and key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            return lambda: picker(self._document.selection)
        if key in _DIRECTIONS:
            return lambda: self._walk(_DIRECTIONS[key])
        return {
            Qt.Key.Key_Return: self._toggle,
            Qt.Key.Key_Enter: self._toggle,
            Qt.Key.Key_Space: self._toggle,
            Qt.Key.Key_Escape: self._close,
        }.get(Qt.Key(key))

    def _walk(self, direction: str) -> None:
        if self._results:
            network, document = self._results.analysis.network, self._document
            document.select(move(network, document.view, document.selection, direction))

    def _toggle(self) -> None:
        if self._results:
            document = self._document
            document.show_view(toggled(self._results.analysis.network, document.view, document.selection))

    def _close(self) -> None:
        if self._results:
            document = self._document
            view, path = closed(self._results.analysis.network, document.view, document.selection)
            document.show_view(view)
            document.select(path)
