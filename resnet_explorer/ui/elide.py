"""Texts that may be cut where there is no room, and whose tooltip then says all of them."""

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QComboBox, QLabel, QLineEdit, QSizePolicy, QToolTip, QWidget


class ElidedLabel(QLabel):
    """A line of plain text that takes the room that others leave, and ends in … where that is too little."""

    def __init__(self) -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.setProperty("elidable", True)

    def minimumSizeHint(self) -> QSize:
        return QSize(0, super().minimumSizeHint().height())

    @property
    def is_cut(self) -> bool:
        """Return whether there is no room for the whole text."""
        return self.fontMetrics().horizontalAdvance(self.text()) > self.contentsRect().width()

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self.is_cut:
            super().paintEvent(event)
            return
        place, painter = self.contentsRect(), QPainter(self)
        text = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, place.width())
        flags = int(self.alignment())
        self.style().drawItemText(painter, place, flags, self.palette(), self.isEnabled(), text, self.foregroundRole())
        painter.end()

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() is QEvent.Type.ToolTip and self.is_cut:
            QToolTip.showText(event.globalPos(), full_tip(self), self)
            return True
        return super().event(event)


class _FullText(QObject):
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(watched, QWidget) and isinstance(event, QHelpEvent) and event.type() is QEvent.Type.ToolTip:
            QToolTip.showText(event.globalPos(), full_tip(watched), watched)
            return True
        return super().eventFilter(watched, event)


def elidable(widget: QComboBox | QLineEdit) -> None:
    """Let a field be narrower than its text; its tooltip says the text first."""
    widget.setProperty("elidable", True)
    widget.installEventFilter(_FullText(widget))


def full_tip(widget: QWidget) -> str:
    """Return the text of a widget that may be cut, and under it what its tooltip says besides."""
    text = ""
    if isinstance(widget, QComboBox):
        text = widget.currentText()
    elif isinstance(widget, QLabel | QLineEdit):
        text = widget.text()
    tip = widget.toolTip()
    return tip if text in tip else "\n".join(filter(None, (text, tip)))
