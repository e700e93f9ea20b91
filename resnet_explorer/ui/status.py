"""What a page says about its work: a line that may be cut, a problem above the picture, a text in its place."""

from typing import TypeVar

from PySide6.QtCore import QEvent, QObject, QRect, QSize, Qt
from PySide6.QtGui import QHelpEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QComboBox, QLabel, QLineEdit, QSizePolicy, QToolTip, QWidget

F = TypeVar("F", bound=QComboBox | QLineEdit)


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


class _FullText(QObject):
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(watched, QComboBox | QLineEdit) and isinstance(event, QHelpEvent):
            text = watched.currentText() if isinstance(watched, QComboBox) else watched.text()
            QToolTip.showText(event.globalPos(), "\n".join(filter(None, (text, watched.toolTip()))), watched)
            return True
        return super().eventFilter(watched, event)


def elidable(field: F) -> F:
    """Let a field be narrower than its text: its tooltip begins with the text."""
    field.setProperty("elidable", True)
    field.installEventFilter(_FullText(field))
    return field


class SteadyLabel(QLabel):
    """A wrapped label that always keeps the height of the longest text that it is going to show."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._longest = ""
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(True)
        self.setText(text)
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def reserve(self, longest: str) -> None:
        """Keep room for a text from now on."""
        if longest != self._longest:
            self._longest = longest
            self.updateGeometry()

    def heightForWidth(self, width: int) -> int:
        room = QRect(0, 0, max(60, width), 100_000)
        texts = (self.fontMetrics().boundingRect(room, Qt.TextFlag.TextWordWrap, text) for text in self._texts())
        return max(text.height() for text in texts) + 2

    def minimumSizeHint(self) -> QSize:
        return QSize(60, self.fontMetrics().height())

    def _texts(self) -> tuple[str, str]:
        return self.text() or " ", self._longest


class ProblemRow(QLabel):
    """A problem, as a row above a page's picture; hidden while there is none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("problem")
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.setWordWrap(True)
        self.setContentsMargins(12, 2, 12, 4)
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
