"""The rows of tools of a page: above its picture, and scrolled where they would leave the picture too little."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, QRect, Qt, Signal
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget


class ToolsArea(QScrollArea):
    """Rows one under another; ``changed`` tells that they need another height."""

    changed = Signal()

    def __init__(self, rows: Sequence[QWidget], parent: QWidget) -> None:
        super().__init__(parent)
        self._rows = rows
        self._holder = QWidget()
        for row in rows:
            row.setParent(self._holder)
        self._holder.installEventFilter(self)
        self.setWidget(self._holder)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def heightForWidth(self, width: int) -> int:
        return sum(_height(row, width) for row in self._rows)

    def place(self, area: QRect) -> None:
        """Take an area; what does not fit into it is scrolled."""
        scrolls = self.heightForWidth(area.width()) > area.height()
        policy = Qt.ScrollBarPolicy.ScrollBarAlwaysOn if scrolls else Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        self.setVerticalScrollBarPolicy(policy)
        self.setGeometry(area)
        wide = area.width() - (self.verticalScrollBar().sizeHint().width() if scrolls else 0)
        top = 0
        for row in self._rows:
            high = _height(row, wide)
            row.setGeometry(0, top, wide, high)
            top += high
        self._holder.resize(wide, top)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.LayoutRequest:
            self.changed.emit()
        return False


def _height(row: QWidget, width: int) -> int:
    if row.isHidden():
        return 0
    return row.heightForWidth(width) if row.hasHeightForWidth() else row.sizeHint().height()
