"""What a user does to a control, by its kind: press, turn, type, choose a line."""

import shiboken6
from PySide6 import QtWidgets
from PySide6.QtCore import QEvent, QModelIndex, QPoint, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

Key, Mod, Left = Qt.Key, Qt.KeyboardModifier, Qt.MouseButton.LeftButton
KEYS = (
    *(Key.Key_Left, Key.Key_Right, Key.Key_Up, Key.Key_Down, Key.Key_Return, Key.Key_Escape, Key.Key_Tab),
    *(Key.Key_Backtab, Key.Key_Space, Key.Key_Home, Key.Key_End, Key.Key_PageUp, Key.Key_PageDown, Key.Key_Delete),
    *(Key.Key_Backspace, Key.Key_Plus, Key.Key_Minus, Key.Key_Menu, Key.Key_F1, Key.Key_F5, Key.Key_F6, Key.Key_F10),
    *(Key.Key_B, Key.Key_L, Key.Key_P, Key.Key_E, Key.Key_F, Key.Key_Period, Key.Key_A, Key.Key_C, Key.Key_V),
    *(Key.Key_Z, Key.Key_Y, Key.Key_T, Key.Key_D, Key.Key_K, Key.Key_S, Key.Key_O, Key.Key_0, Key.Key_1, Key.Key_2),
    *(Key.Key_3, Key.Key_4, Key.Key_5, Key.Key_6, Key.Key_7, Key.Key_Slash, Key.Key_Question),
)
MODS = (*[Mod.NoModifier] * 5, Mod.ControlModifier, Mod.ControlModifier, Mod.ShiftModifier, Mod.AltModifier)
TEXTS = (
    *("0", "1", "-1", "2", "3", "8", "16", "64", "224", "512", "99999999999", "0.1", "1e-3", "inf", "nan", "x", ""),
    *("2,3", "1-4", "3x3", "conv", "resnet50", "layer2", "é✓", "   ", "<b>", "0.5, 0.9", "../..", "a" * 300),
)


CONTROLS = (
    *(
        QtWidgets.QPushButton,
        QtWidgets.QToolButton,
        QtWidgets.QAbstractButton,
        QtWidgets.QComboBox,
        QtWidgets.QAbstractSpinBox,
        QtWidgets.QLineEdit,
    ),
    *(QtWidgets.QAbstractSlider, QtWidgets.QAbstractItemView, QtWidgets.QTabBar, QtWidgets.QPlainTextEdit),
    QtWidgets.QMenu,
)


def handle(widget: QWidget, value: int) -> None:
    """Do something to a control that its kind is made for."""
    if isinstance(widget, QtWidgets.QAbstractButton):
        widget.click()
    elif isinstance(widget, QtWidgets.QMenu):
        actions = [action for action in widget.actions() if action.isEnabled() and not action.isSeparator()]
        actions = [action for action in actions if action.objectName() != "quit"]
        if actions:
            QTest.mouseClick(
                widget, Left, Mod.NoModifier, widget.actionGeometry(actions[value % len(actions)]).center()
            )
    elif isinstance(widget, QtWidgets.QComboBox | QtWidgets.QAbstractSpinBox | QtWidgets.QAbstractSlider):
        _turn(widget, value)
    elif isinstance(widget, QtWidgets.QLineEdit):
        _write(widget, value)
    elif isinstance(widget, QtWidgets.QAbstractItemView):
        _pick(widget, value)
    elif isinstance(widget, QtWidgets.QTabBar):
        widget.setCurrentIndex(value % max(1, widget.count()))
    else:
        QTest.keyClick(widget, KEYS[value % 16], Mod.NoModifier)


def _turn(widget: QWidget, value: int) -> None:
    widget.setFocus()
    if isinstance(widget, QtWidgets.QAbstractSpinBox) and value % 3 == 0:
        _write(widget, value)
        return
    keys = (Key.Key_Up, Key.Key_Down, Key.Key_Home, Key.Key_End, Key.Key_PageUp, Key.Key_PageDown, Key.Key_Space)
    for _ in range(1 + value // 7 % 3):
        if shiboken6.isValid(widget):
            QTest.keyClick(widget, keys[value % len(keys)])


def _write(widget: QWidget, value: int) -> None:
    widget.setFocus()
    QTest.keyClick(widget, Key.Key_A, Mod.ControlModifier)
    type_text(widget, TEXTS[value % len(TEXTS)])
    if value // 31 % 3 and shiboken6.isValid(widget):
        QTest.keyClick(widget, (Key.Key_Return, Key.Key_Tab)[value // 93 % 2])


def _pick(view: QtWidgets.QAbstractItemView, value: int) -> None:
    if isinstance(view, QtWidgets.QHeaderView):
        place = QPoint(view.sectionViewportPosition(value % max(1, view.count())) + 5, view.height() // 2)
        QTest.mouseClick(view.viewport(), Left, Mod.NoModifier, place)
        return
    model = view.model()
    rows = model.rowCount(QModelIndex()) if model else 0
    if not rows:
        return
    index: QModelIndex = model.index(value // 11 % rows, value % _columns(view))
    view.scrollTo(index)
    mods = MODS[value % len(MODS)]
    act = (QTest.mouseClick, QTest.mouseClick, QTest.mouseDClick)[value % 3]
    act(view.viewport(), Left, mods, view.visualRect(index).center())


def _columns(view: QtWidgets.QAbstractItemView) -> int:
    header = view.horizontalHeader() if isinstance(view, QtWidgets.QTableView) else None
    return max(1, header.count()) if header else 1


def type_text(widget: QWidget, text: str) -> None:
    """Type a text of any letters, which QTest cannot."""
    for letter in text:
        for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
            if shiboken6.isValid(widget):
                QApplication.sendEvent(widget, QKeyEvent(kind, ord(letter.upper()), Mod.NoModifier, letter))


def name_of(widget: QWidget) -> str:
    """Return what tells a widget from the others beside it."""
    text = widget.text() if isinstance(widget, QtWidgets.QAbstractButton) else ""
    own = widget.accessibleName() or text or widget.objectName()
    return f"{type(widget.window()).__name__}/{type(widget).__name__}:{own}"
