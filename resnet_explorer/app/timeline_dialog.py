"""The timeline of ideas: a picture of the years, the networks of an idea, and what each changes in its parent."""

from dataclasses import replace

from PySide6.QtCore import QEvent, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QColor, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QDialog, QListWidget, QListWidgetItem, QScrollArea, QToolTip, QWidget

from resnet_explorer.diagram.timeline import basis, timeline
from resnet_explorer.picture.marks import Ink, Picture
from resnet_explorer.picture.theme import Theme
from resnet_explorer.readings.text import si
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.catalogue import CATALOGUE, Entry, changes, entry_of
from resnet_explorer.spec.families import FAMILIES
from resnet_explorer.ui.document import Document, State, read
from resnet_explorer.ui.painter import paint
from resnet_explorer.ui.parts import describe, hbox, text, vbox
from resnet_explorer.ui.scene import hit

_STEPS = {Qt.Key.Key_Right: 1, Qt.Key.Key_Down: 1, Qt.Key.Key_Left: -1, Qt.Key.Key_Up: -1}


class PictureView(QWidget):
    """Shows a picture at its own size; ``clicked`` gives the path of the group under the mouse.

    ``stepped`` gives 1 or -1 for the arrow keys: the next group, or the one before.
    """

    clicked = Signal(str)
    stepped = Signal(int)

    def __init__(self, picture: Picture, theme: Theme) -> None:
        super().__init__()
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._theme = theme
        self.show_picture(picture)

    def show_picture(self, picture: Picture) -> None:
        """Show another picture of the same size."""
        self.picture = picture
        self.setAccessibleName(picture.title)
        self.setAccessibleDescription(picture.description)
        self.setFixedSize(QSize(round(picture.width), round(picture.height)))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        paint(painter, self.picture, self._theme, scale=1.0)
        if self.hasFocus():
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
        if target := hit(self.picture, event.position()):
            self.clicked.emit(target.path)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            target = hit(self.picture, event.pos().toPointF())
            QToolTip.showText(event.globalPos(), target.group.title if target else "", self)
            return True
        return super().event(event)


NAME = Qt.ItemDataRole.UserRole
GESTURE = 1_000_000_000
"""Walking through the list is one step to undo."""


class TimelineDialog(QDialog):
    """Shows the ideas by year; a click on a network shows it in the window, with what it changes marked."""

    def __init__(self, document: Document, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Timeline of residual networks")
        self._document = document
        self._family = ""
        self.picture = PictureView(timeline(), theme)
        self.networks = describe(QListWidget(), "Networks of this idea")
        self.networks.setMinimumWidth(300)
        self._idea, self._title, self._note, self._source, self.changes = (
            text(kind) for kind in ("strong", "title", "", "muted", "")
        )
        scroll = describe(QScrollArea(), "Ideas by year")
        scroll.setWidget(self.picture)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setFixedHeight(self.picture.height() + 16)
        right = vbox(self._title, self._note, self.changes, self._source, 1)
        below = hbox(self.networks, (right, 1), spacing=18)
        vbox(scroll, self._idea, (below, 1), of=self, margins=(9, 9, 9, 9))
        self.resize(min(1140, self.picture.width() + 40), 680)
        self.picture.clicked.connect(self.show_family)
        self.picture.stepped.connect(self._on_stepped)
        self.networks.currentItemChanged.connect(self._on_current_changed)
        self.networks.itemClicked.connect(lambda item: self._choose(CATALOGUE[item.data(NAME)]))
        document.changed.connect(self._on_document_changed)
        self._on_document_changed()

    def show_family(self, key: str) -> None:
        """Show the networks of a family without choosing one."""
        self._family, family = key, FAMILIES[key]
        self.picture.show_picture(timeline(key))
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
        self.show_family(keys[max(0, min(len(keys) - 1, keys.index(self._family) + step))])

    def _on_document_changed(self) -> None:
        spec = self._document.state.spec
        entry = entry_of(spec) or CATALOGUE.get(spec.name.removesuffix("-plain").removesuffix("-edited"))
        if entry is None:
            entry = CATALOGUE["resnet18"]
        if entry.family.key != self._family:
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
