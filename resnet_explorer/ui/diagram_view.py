"""The block diagram on screen: selection, hover, keyboard, and what is open."""

from collections.abc import Callable, Mapping

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QAccessible, QAccessibleEvent, QKeyEvent
from PySide6.QtWidgets import QWidget

from resnet_explorer.diagram.diagram import diagram
from resnet_explorer.diagram.view import closed, move, toggled
from resnet_explorer.picture.theme import Theme
from resnet_explorer.readings.explain import explain
from resnet_explorer.ui.canvas import Canvas
from resnet_explorer.ui.document import Document, Results
from resnet_explorer.ui.scene import Hit, opened, places
from resnet_explorer.ui.style import USUAL_POINTS

_DIRECTIONS: Mapping[int, str] = {
    Qt.Key.Key_Left: "left",
    Qt.Key.Key_Right: "right",
    Qt.Key.Key_Up: "up",
    Qt.Key.Key_Down: "down",
}

_HELP = "Arrow keys walk along the blocks, Enter opens one, Escape closes it, plus and minus zoom, F fits."


class DiagramView(Canvas):
    """Shows the block diagram of the document's network; ``help`` says what its keys do."""

    help = _HELP

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._results: Results | None = None
        self.setAccessibleName("Block diagram")
        self.setAccessibleDescription(self.help)
        document.view_changed.connect(self._on_view_changed)
        document.selected.connect(self._on_selected)
        document.hovered.connect(self._on_hovered)
        document.overlays_changed.connect(self._on_overlays_changed)

    def show_results(self, results: Results) -> None:
        """Show the network of new results; the zoom stays where the user set it."""
        shown = self._results
        self._results = results
        self._draw(animate=shown is not None and shown.state.spec != results.state.spec)
        self._announce(self._document.selection)

    def show_theme(self, theme: Theme) -> None:
        super().show_theme(theme)
        self.redraw()

    def redraw(self) -> None:
        self._draw(animate=False)

    def _draw(self, animate: bool, show: str = "") -> None:
        if self._results is None:
            return
        part = self._theme.font_points / USUAL_POINTS  # with larger text the picture is larger too
        room, overlays = (self.width() / part, self.height() / part), tuple(self._document.overlays.values())
        picture = diagram(self._results.analysis, self._document.view, room, overlays)
        self.show_picture(picture, animate, opened(picture).get(f"{show}:open"))

    def _on_view_changed(self) -> None:
        shown = {key.removesuffix(":open") for key in opened(self.picture) if key.endswith(":open")}
        new = self._document.view.expanded - shown
        self._draw(animate=True, show=next(iter(new)) if len(new) == 1 else "")

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
            shown = explain(self._results.analysis, path)
            overlays = [text for overlay in self._document.overlays.values() if (text := overlay.describe(path))]
            text = "".join(f" {text}." for text in overlays)
            self.setAccessibleDescription(f"{shown.title}, {shown.kind}. {shown.text}{text} {self.help}")
            QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.DescriptionChanged))

    def _on_hovered(self, path: str) -> None:
        self.update()

    def _places(self, path: str) -> list[QRectF]:
        return places(self.picture, self._results.analysis.network, path) if self._results else []

    def marked(self) -> list[tuple[QRectF, float]]:
        framed = ((self._document.hover, 1.5), (self._document.selection, 2.5))
        return [(place, weight) for path, weight in framed for place in self._places(path)]

    def clicked(self, path: str) -> None:
        self._document.select(path)

    def pointed(self, path: str) -> None:
        self._document.hover_over(path)

    def double_clicked(self, hit: Hit) -> None:
        if self._results:
            network = self._results.analysis.network
            path = hit.path if hit.group.kind != "gone" else network.ancestors(hit.path)[0]
            self._document.show_view(toggled(network, self._document.view, path))

    def path_at(self, position: QPointF) -> str:
        path = super().path_at(position)
        if not path or self._results is None:
            return ""
        return path if self._results.analysis.network.has(path) else path.rpartition(".")[0]

    def action_of(self, event: QKeyEvent) -> Callable[[], None] | None:
        key = event.key()
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
