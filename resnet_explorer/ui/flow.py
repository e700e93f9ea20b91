"""A row of tools that breaks where it is narrow."""

from collections.abc import Sequence

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtWidgets import QLayout, QLayoutItem, QSizePolicy, QWidget


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
        self.setContentsMargins(*margins)
        self.setSpacing(6)
        for part in parts:
            self.addWidget(part) if isinstance(part, QWidget) else self._add_layout(part)

    def _add_layout(self, layout: QLayout) -> None:
        self.addChildLayout(layout)
        self._items.append(layout)

    def addItem(self, item: QLayoutItem) -> None:
        self._items.append(item)

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._arrange(QRect(0, 0, width, 0), move=False)

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

    def _arrange(self, rect: QRect, move: bool) -> int:
        inner, gap = rect.marginsRemoved(self.contentsMargins()), self.spacing()
        rows: list[list[tuple[QLayoutItem, int]]] = [[]]
        left, least = inner.width(), self._least()
        for item in self._items:
            if item.isEmpty():
                continue
            wide = min(
                inner.width(), max(item.minimumSize().width(), least) if _stretches(item) else item.sizeHint().width()
            )
            if rows[-1] and max(wide, self._kept(item, inner.width())) > left:
                rows.append([])
                left = inner.width()
            rows[-1].append((item, wide))
            left -= wide + gap
        top = inner.top()
        for row in rows:
            spare = inner.width() - sum(wide for _, wide in row) - gap * (len(row) - 1)
            taking = sum(_stretches(item) for item, _ in row)
            widths = [wide + (spare // taking if _stretches(item) else 0) for item, wide in row]
            heights = [_height(item, wide) for (item, _), wide in zip(row, widths, strict=True)]
            high, x = max(heights, default=0), inner.left()
            for (item, _), wide, tall in zip(row, widths, heights, strict=True):
                if move:
                    item.setGeometry(QRect(x, top + (high - tall) // 2, wide, tall))
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
