"""Which keys belong to a field: the window's shortcuts come first, unless a text is edited and not committed yet."""

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractSpinBox, QApplication, QComboBox, QLineEdit, QMainWindow, QWidget

_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class FieldKeys(QObject):
    """Gives a window's shortcuts to the window, where the field that has the keyboard would take them.

    Qt lets a field keep keys such as Ctrl+Z, Ctrl+U and Ctrl+E for the editing of its text. That is right while the
    text is edited, until Enter or until the focus leaves the field.
    """

    def __init__(self, app: QApplication, window: QMainWindow) -> None:
        super().__init__(window)
        self._window = window
        app.focusChanged.connect(self._on_focus_changed)

    def _on_focus_changed(self, before: QWidget | None, now: QWidget | None) -> None:
        if isinstance(now, QLineEdit | QAbstractSpinBox | QComboBox) and now.window() is self._window:
            now.installEventFilter(self)

    def eventFilter(self, field: QObject, event: QEvent) -> bool:
        """Turn down what the field would keep of the window's shortcuts."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride:
            if is_edited(field) or not self._is_shortcut(event):
                return False
            event.ignore()
            return True
        is_over = event.type() == QEvent.Type.FocusOut or (isinstance(event, QKeyEvent) and event.key() in _ENTER)
        if is_over and (line := _line(field)):
            line.setModified(False)
        return False

    def _is_shortcut(self, event: QKeyEvent) -> bool:
        keys = QKeySequence(event.keyCombination())
        actions = self._window.findChildren(QAction, options=Qt.FindChildOption.FindDirectChildrenOnly)
        return any(action.isEnabled() and keys in action.shortcuts() for action in actions)


def is_edited(field: QObject) -> bool:
    """Return whether a field holds a text that is not committed: no value yet, or typed and not confirmed by Enter."""
    known = getattr(field, "is_edited", None)
    line = _line(field)
    return bool(known) if known is not None else line is not None and line.isModified()


def _line(field: QObject) -> QLineEdit | None:
    if isinstance(field, QAbstractSpinBox | QComboBox):
        return field.lineEdit()
    return field if isinstance(field, QLineEdit) else None
