"""The quiet bar above the status bar: what went wrong in a sentence, Copy report, Dismiss."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAccessible, QAccessibleEvent
from PySide6.QtWidgets import QMainWindow, QToolBar, QWidget

from resnet_explorer.ui.parts import button, describe, hbox
from resnet_explorer.ui.status import ElidedLabel


class CrashBar(QToolBar):
    """Shows one sentence at a time; it takes no focus and covers nothing.

    ``dismissed`` tells whether the keyboard was in it.
    """

    dismissed = Signal(bool)
    report_wanted = Signal()
    session_wanted = Signal()

    def __init__(self, window: QMainWindow) -> None:
        super().__init__("Problems", window)
        self.setMovable(False)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self.toggleViewAction().setVisible(False)
        self.text = ElidedLabel()
        self.text.setObjectName("problem")
        self.session = button("Open last session", "Open the session that was left out", self.session_wanted.emit)
        tip = "Copy what went wrong, with versions, for a report; look through it before you send it"
        self.report = button("Copy report", tip, self.report_wanted.emit)
        self.dismiss = button("Dismiss", "Close this line; the log keeps what went wrong", self._on_dismiss)
        for part in (self.session, self.report, self.dismiss):
            part.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        row = describe(QWidget(), "Problems")
        hbox((self.text, 1), self.session, self.report, self.dismiss, of=row, margins=(10, 2, 8, 2), spacing=8)
        self.addWidget(row)
        window.addToolBar(Qt.ToolBarArea.BottomToolBarArea, self)
        self.hide()

    def show_text(self, text: str, has_report: bool, has_session: bool) -> None:
        """Show a sentence, with the buttons that go with it."""
        self.text.setText(f"⚠ {text}")
        self.text.setAccessibleName(text)
        self.report.setVisible(has_report)
        self.session.setVisible(has_session)
        if self.isHidden():
            self.show()
            QAccessible.updateAccessibility(QAccessibleEvent(self.text, QAccessible.Event.Alert))

    def _on_dismiss(self) -> None:
        had_focus = self.dismiss.hasFocus()
        self.hide()
        self.dismissed.emit(had_focus)
