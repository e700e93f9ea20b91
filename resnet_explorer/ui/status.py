"""What a page says about its work: a line that may be cut, a problem above the picture, a text in its place."""

from bisect import bisect_right

from PySide6.QtCore import QEvent, QRect, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget


class ElidedLabel(QLabel):
    """A muted line that ends in an ellipsis where it is too narrow; then its tooltip is the whole text.

    ``note`` is said in the tooltip after it.
    """

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.note = ""
        self.setObjectName("muted")
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.setProperty("elidable", True)
        self.setText(text)

    def setText(self, text: str) -> None:
        super().setText(text)
        self._fit()

    def minimumSizeHint(self) -> QSize:
        return QSize(40, super().minimumSizeHint().height())

    @property
    def is_cut(self) -> bool:
        """Return whether there is no room for the whole text."""
        return self.fontMetrics().horizontalAdvance(self.text()) > self.contentsRect().width()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._fit()

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self.is_cut:
            super().paintEvent(event)
            return
        place, painter = self.contentsRect(), QPainter(self)
        text = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, place.width())
        flags, role = int(self.alignment()), self.foregroundRole()
        self.style().drawItemText(painter, place, flags, self.palette(), self.isEnabled(), text, role)
        painter.end()

    def _fit(self) -> None:
        self.setToolTip("\n".join(filter(None, (self.text() if self.is_cut else "", self.note))))


class LinesLabel(QLabel):
    """A wrapped text of at most ``most`` lines; what does not fit into them is in its tooltip.

    ``text`` is always the whole text.
    """

    def __init__(self, most: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._whole, self._longest, self._most = "", "", most
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(True)
        self.setProperty("elidable", True)
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def text(self) -> str:
        return self._whole

    def setText(self, text: str) -> None:
        self._whole = text
        self.setAccessibleName(text)
        self._fit()
        self.updateGeometry()

    def reserve(self, longest: str) -> None:
        """Keep the height that a text takes from now on."""
        if longest != self._longest:
            self._longest = longest
            self.updateGeometry()

    def heightForWidth(self, width: int) -> int:
        needed = max(self._height(text, width) for text in (self._whole or " ", self._longest))
        return min(needed, self._lines_height())

    def minimumSizeHint(self) -> QSize:
        return QSize(60, self.fontMetrics().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _lines_height(self) -> int:
        return self._most * self.fontMetrics().lineSpacing() + 2

    def _height(self, text: str, width: int) -> int:
        room = QRect(0, 0, max(60, width - 2 * max(0, self.indent())), 100_000)
        return self.fontMetrics().boundingRect(room, Qt.TextFlag.TextWordWrap, text).height() + 1

    def _fit(self) -> None:
        """Show as many words as fit."""
        wide, high, words = self.width(), self._lines_height(), self._whole.split(" ")
        shown = self._whole
        if self._height(shown, wide) > high:
            counts = range(len(words))
            least = bisect_right(counts, high, key=lambda count: self._height(" ".join(words[:count]) + "…", wide))
            shown = " ".join(words[: max(1, least - 1)]) + "…"
        super().setText(shown)
        self.setToolTip("" if shown == self._whole else self._whole)


class ProblemRow(LinesLabel):
    """A problem, as a row above a page's picture; hidden while there is none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(2, parent)
        self.setObjectName("problem")
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.setIndent(12)
        self.hide()

    def say(self, problem: str) -> None:
        """Show a problem; an empty text clears it."""
        self.setText(f"⚠ {problem}" if problem else "")
        self.setVisible(bool(problem))


class Placeholder(QLabel):
    """A text in the place of a picture that is not there yet."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("muted")
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setWordWrap(True)
        self.setContentsMargins(24, 24, 24, 24)
        self.setText(text)
