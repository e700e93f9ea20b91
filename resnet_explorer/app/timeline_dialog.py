"""The timeline of ideas: a picture of the years, the networks of an idea, and what each changes in its parent."""

from dataclasses import replace

from PySide6.QtCore import QEvent, QRect, QRectF, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QColor, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QDialog, QListWidget, QListWidgetItem, QScrollArea, QToolTip, QWidget

from resnet_explorer.diagram.timeline import basis, timeline
from resnet_explorer.picture.marks import Ink, Picture, placed
from resnet_explorer.picture.theme import Theme
from resnet_explorer.readings.text import si
from resnet_explorer.scenes.scene import State
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.catalogue import CATALOGUE, Entry, changes, entry_of
from resnet_explorer.spec.families import FAMILIES
from resnet_explorer.ui.dialogs import resize_to_fit
from resnet_explorer.ui.document import Document, read
from resnet_explorer.ui.painter import paint
from resnet_explorer.ui.parts import describe, fill, hbox, text, vbox
from resnet_explorer.ui.scene import hit
from resnet_explorer.ui.style import USUAL_POINTS

_STEPS = {Qt.Key.Key_Right: 1, Qt.Key.Key_Down: 1, Qt.Key.Key_Left: -1, Qt.Key.Key_Up: -1}


class PictureView(QWidget):
    """Shows a picture, as large as it is told; ``clicked`` gives the path of the group under the mouse.

    ``stepped`` gives 1 or -1 for the arrow keys: the next group, or the one before.
    """

    clicked = Signal(str)
    stepped = Signal(int)

    def __init__(self, picture: Picture, theme: Theme) -> None:
        super().__init__()
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._theme = theme
        self.zoom = 1.0
        self.show_picture(picture)

    def show_picture(self, picture: Picture) -> None:
        """Show another picture of the same size."""
        self.picture = picture
        self.setAccessibleName(picture.title)
        self.setAccessibleDescription(picture.description)
        self.show_at(self.zoom)

    def show_at(self, zoom: float) -> None:
        """Show the picture so many times as large as it is."""
        self.zoom = zoom
        self.setFixedSize(QSize(round(self.picture.width * zoom), round(self.picture.height * zoom)))
        self.update()

    def place(self, path: str) -> QRect:
        """Return where the group of a path is shown."""
        return next(
            QRectF(x * self.zoom, y * self.zoom, group.width * self.zoom, group.height * self.zoom).toRect()
            for group, found, x, y in placed(self.picture.marks)
            if found == path
        )

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.scale(self.zoom, self.zoom)
        paint(painter, self.picture, self._theme, scale=self.zoom)
        painter.resetTransform()
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(self._theme.colours[Ink.ACCENT]), 1, Qt.PenStyle.DotLine))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = _STEPS.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
        else:
            self.stepped.emit(step)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if target := hit(self.picture, event.position() / self.zoom):
            self.clicked.emit(target.path)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            target = hit(self.picture, event.pos().toPointF() / self.zoom)
            QToolTip.showText(event.globalPos(), target.group.title if target else "", self)
            return True
        return super().event(event)


NAME = Qt.ItemDataRole.UserRole
GESTURE = 1_000_000_000
"""Walking through the list is one step to undo."""
MARGIN = 9
MOST_TEXT, LEAST = 1.4, 0.85
"""How large the map's text may get, and how small beside the size that it should have."""


class TimelineDialog(QDialog):
    """Shows the ideas by year; a click on a network shows it in the window, with what it changes marked."""

    def __init__(self, document: Document, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Timeline of residual networks")
        self._document = document
        self.family = ""
        self.picture = PictureView(timeline(), theme)
        self.networks = describe(QListWidget(), "Networks of this idea")
        self._idea, self._title, self._note, self._source, self.changes = (
            text(kind) for kind in ("strong", "title", "", "muted", "")
        )
        self._ideas = describe(QScrollArea(), "Ideas by year")
        self._ideas.setWidget(self.picture)
        self._ideas.setFrameShape(QScrollArea.Shape.NoFrame)
        self._text = min(MOST_TEXT, theme.font_points / USUAL_POINTS)
        told = describe(QScrollArea(), "What the network changes")
        fill(told, self._title, self._note, self.changes, self._source, 1, margins=(0, 0, 8, 0))
        below = hbox((self.networks, 2), (told, 3), spacing=18)
        vbox((self._ideas, 2), self._idea, (below, 1), of=self, margins=(MARGIN, MARGIN, MARGIN, MARGIN))
        self.picture.clicked.connect(self.show_family)
        self.picture.stepped.connect(self._on_stepped)
        self.networks.currentItemChanged.connect(self._on_current_changed)
        self.networks.itemClicked.connect(lambda item: self._choose(CATALOGUE[item.data(NAME)]))
        document.changed.connect(self._on_document_changed)
        self._on_document_changed()
        resize_to_fit(self, round(self.picture.picture.width) + 2 * MARGIN, 680)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Show the map as wide as the dialog, unless its text would be too small."""
        super().resizeEvent(event)
        wide = (event.size().width() - 2 * MARGIN) / self.picture.picture.width
        self.picture.show_at(max(LEAST * self._text, min(self._text, wide)))
        bar = self._ideas.horizontalScrollBar().sizeHint().height()
        self._ideas.setMaximumHeight(self.picture.height() + bar)
        self._show_idea()

    def _show_idea(self) -> None:
        middle = self.picture.place(self.family).center()
        self._ideas.ensureVisible(middle.x(), middle.y(), 90, 30)

    def show_family(self, key: str) -> None:
        """Show the networks of a family without choosing one."""
        self.family, family = key, FAMILIES[key]
        self.picture.show_picture(timeline(key))
        self._show_idea()
        before = f" Builds on {FAMILIES[basis(key)].title}." if basis(key) else ""
        self._idea.setText(f"{family.year} · {family.title}: {family.idea}{before}")
        with QSignalBlocker(self.networks):
            self.networks.clear()
            for entry in CATALOGUE.values():
                if entry.family.key == key:
                    item = QListWidgetItem(entry.title, self.networks)
                    item.setData(NAME, entry.name)
                    item.setToolTip(f"{entry.name}: {entry.note}")
        self._tell(CATALOGUE[self.networks.item(0).data(NAME)])

    def _on_stepped(self, step: int) -> None:
        keys = list(FAMILIES)
        self.show_family(keys[max(0, min(len(keys) - 1, keys.index(self.family) + step))])

    def _on_document_changed(self) -> None:
        spec = self._document.state.spec
        entry = entry_of(spec) or CATALOGUE.get(spec.name.removesuffix("-plain").removesuffix("-edited"))
        if entry is None:
            entry = CATALOGUE["resnet18"]
        if entry.family.key != self.family:
            self.show_family(entry.family.key)
        rows = [self.networks.item(row).data(NAME) for row in range(self.networks.count())]
        with QSignalBlocker(self.networks):
            self.networks.setCurrentRow(rows.index(entry.name))
        self._tell(entry)

    def _on_current_changed(self, item: QListWidgetItem | None) -> None:
        if item is not None:
            self._choose(CATALOGUE[item.data(NAME)])

    def _choose(self, entry: Entry) -> None:
        batch = self._document.state.image.batch
        state = State(entry.spec, InputShape(batch, entry.size, entry.size))
        self._document.show_view(replace(self._document.view, changes=entry.parent is not None, compare=False))
        self._document.propose(state, f"choose {entry.title}", GESTURE)
        self._tell(entry)

    def _tell(self, entry: Entry) -> None:
        total = read(State(entry.spec, InputShape(1, entry.size, entry.size))).analysis.total
        self._title.setText(entry.title)
        costs = f"{si(total.params).strip()} parameters, {si(total.macs)}MACs at {entry.size} × {entry.size} pixels."
        self._note.setText(f"{entry.note} {costs}")
        if entry.parent:
            lines = changes(entry.parent.spec, entry.spec)
            head = f"{entry.title} = {entry.parent.title} with {len(lines)} change{'' if len(lines) == 1 else 's'}:"
            self.changes.setText("\n".join([head, *(f"  •  {line}" for line in lines)]))
        else:
            self.changes.setText("The first residual network: all others change it.")
        published = f"Published: {entry.published}.\n" if entry.published else ""
        self._source.setText(published + entry.family.source)
