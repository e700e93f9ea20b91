"""The tabs of the window's pages."""

from PySide6.QtCore import QEvent
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QTabWidget


class PageTabs(QTabWidget):
    """Tabs with buttons beside them, which give way where a narrow window has room for the tabs alone."""

    def __init__(self) -> None:
        super().__init__()
        self.setDocumentMode(True)
        self.setAccessibleName("Views")

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._fit_corner()
        super().resizeEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._fit_corner()

    def tabInserted(self, index: int) -> None:
        super().tabInserted(index)
        self._fit_corner()

    def _fit_corner(self) -> None:
        corner = self.cornerWidget()
        if corner is not None:
            needed = self.tabBar().sizeHint().width() + corner.sizeHint().width()
            corner.setVisible(needed <= self.width())
