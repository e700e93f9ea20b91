"""A row of tools that breaks where it is narrow."""

from collections.abc import Sequence
from typing import NamedTuple

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtWidgets import QLayout, QLayoutItem, QSizePolicy, QWidget


class _Part(NamedTuple):
    """A part that is shown, its least width, and whether it takes the rest of its row."""

    item: QLayoutItem
    wide: int
    takes: bool


class Flow(QLayout):
    """Parts side by side, in as many rows as they need; one that may be of any width takes the rest of its row.

    Those ``together`` follow each other, and stand in one row where one has room for them all.
    """

    def __init__(
        self,
        *parts: QWidget | QLayout,
        margins: tuple[int, int, int, int] = (10, 4, 10, 4),
        together: Sequence[QWidget] = (),
    ) -> None:
        super().__init__()
        self._items: list[QLayoutItem] = []
        self._together = together
        self._known: list[_Part] | None = None
        self._heights: dict[int, int] = {}
        self.setContentsMargins(*margins)
        self.setSpacing(6)
        for part in parts:
            self.addWidget(part) if isinstance(part, QWidget) else self._add_layout(part)

    def _add_layout(self, layout: QLayout) -> None:
        self.addChildLayout(layout)
        self._items.append(layout)

    def addItem(self, item: QLayoutItem) -> None:
        self._items.append(item)
        self.invalidate()

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        if not 0 <= index < len(self._items):
            return None
        item = self._items.pop(index)
        self.invalidate()
        return item

    def expandingDirections(self) -> Qt.Orientation:
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        if width not in self._heights:
            self._heights[width] = self._arrange(QRect(0, 0, width, 0), move=False)
        return self._heights[width]

    def invalidate(self) -> None:
        """Forget the sizes of the parts: Qt says that one of them has changed."""
        self._known, self._heights = None, {}
        super().invalidate()

    def minimumSize(self) -> QSize:
        return QSize(120, self.heightForWidth(max(120, self.geometry().width())))

    def sizeHint(self) -> QSize:
        shown = [item.sizeHint() for item in self._items if not item.isEmpty()]
        margins = self.contentsMargins()
        width = sum(size.width() + self.spacing() for size in shown) + margins.left() + margins.right()
        return QSize(width, max((size.height() for size in shown), default=0) + margins.top() + margins.bottom())

    def setGeometry(self, rect: QRect) -> None:
        super().setGeometry(rect)
        self._arrange(rect, move=True)

    def _least(self) -> int:
        """Return the least width of a part that may be of any width: about 20 letters."""
        owner = self.parentWidget()
        return 10 * owner.fontMetrics().height() if owner else 0

    def _kept(self, item: QLayoutItem, room: int) -> int:
        """Return the width of the parts that stay together, at their first item; 0 where no row has room for them."""
        if not self._together or item.widget() is not self._together[0]:
            return 0
        kept = [other.sizeHint().width() for other in self._items if other.widget() in self._together]
        wide = sum(kept) + self.spacing() * (len(kept) - 1)
        return wide if wide <= room else 0

    def _parts(self) -> list[_Part]:
        if self._known is None:
            least = self._least()
            self._known = [
                _Part(item, max(item.minimumSize().width(), least), True)
                if _stretches(item)
                else _Part(item, item.sizeHint().width(), False)
                for item in self._items
                if not item.isEmpty()
            ]
        return self._known

    def _rows(self, room: int) -> list[list[_Part]]:
        """Return the parts of each row, none wider than the room."""
        rows: list[list[_Part]] = [[]]
        left = room
        for part in self._parts():
            wide = min(room, part.wide)
            if rows[-1] and max(wide, self._kept(part.item, room)) > left:
                rows.append([])
                left = room
            rows[-1].append(part._replace(wide=wide))
            left -= wide + self.spacing()
        return rows

    def _arrange(self, rect: QRect, move: bool) -> int:
        inner, gap = rect.marginsRemoved(self.contentsMargins()), self.spacing()
        top = inner.top()
        for row in self._rows(inner.width()):
            spare = inner.width() - sum(part.wide for part in row) - gap * (len(row) - 1)
            taking = sum(part.takes for part in row)
            widths = [part.wide + (spare // taking if part.takes else 0) for part in row]
            heights = [_height(part.item, wide) for part, wide in zip(row, widths, strict=True)]
            high, x = max(heights, default=0), inner.left()
            for part, wide, tall in zip(row, widths, heights, strict=True):
                if move:
                    part.item.setGeometry(QRect(x, top + (high - tall) // 2, wide, tall))
                x += wide + gap
            top += high + gap
        return top - gap - rect.top() + self.contentsMargins().bottom()


def _stretches(item: QLayoutItem) -> bool:
    widget = item.widget()
    takes = (QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored, QSizePolicy.Policy.MinimumExpanding)
    return widget is not None and widget.sizePolicy().horizontalPolicy() in takes


def _height(item: QLayoutItem, width: int) -> int:
    return item.heightForWidth(width) if item.hasHeightForWidth() else item.sizeHint().height()


def tool_row(*parts: QWidget | QLayout) -> QWidget:
    """Return the tools of a page in a row that breaks where it is narrow."""
    made = QWidget()
    made.setLayout(Flow(*parts))
    return made
