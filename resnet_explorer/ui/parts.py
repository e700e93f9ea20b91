"""What panels and pages are made of: rows and columns, labels, buttons, splitters, scrolled columns."""

from collections.abc import Callable
from typing import TypeVar

from PySide6 import QtWidgets
from PySide6.QtCore import QEvent, QObject, QRect, QSize, Qt, QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLayout, QScrollArea, QSplitter, QToolButton, QVBoxLayout, QWidget
from shiboken6 import isValid

from resnet_explorer.ui.status import ElidedLabel

W = TypeVar("W", bound=QWidget)
B = TypeVar("B", bound=QtWidgets.QBoxLayout)
Part = QWidget | QLayout | tuple[QWidget | QLayout, int] | int
"""What stands in a row or column: a widget or a layout, either with its stretch factor; a number is empty stretch."""
Margins = tuple[int, int, int, int]
NO_MARGINS: Margins = (0, 0, 0, 0)
SYSTEM_FRAME = QSize(16, 48)
"""What the system's frame of a window takes of the screen, at most."""


def vbox(*parts: Part, of: QWidget | None = None, margins: Margins = NO_MARGINS, spacing: int = -1) -> QVBoxLayout:
    """Return parts one under another, as the layout of a widget where one is given; -1 is the style's spacing."""
    return _filled(QVBoxLayout(), parts, of, margins, spacing)


def hbox(*parts: Part, of: QWidget | None = None, margins: Margins = NO_MARGINS, spacing: int = -1) -> QHBoxLayout:
    """Return parts side by side, as the layout of a widget where one is given; -1 is the style's spacing."""
    return _filled(QHBoxLayout(), parts, of, margins, spacing)


def _filled(box: B, parts: tuple[Part, ...], of: QWidget | None, margins: Margins, spacing: int) -> B:
    if of is not None:
        of.setLayout(box)
    box.setContentsMargins(*margins)
    if spacing >= 0:
        box.setSpacing(spacing)
    for part in parts:
        if isinstance(part, int):
            box.addStretch(part)
            continue
        item, stretch = part if isinstance(part, tuple) else (part, 0)
        if isinstance(item, QLayout):
            box.addLayout(item, stretch)
        else:
            box.addWidget(item, stretch)
    return box


def panel(*parts: Part, margins: Margins = NO_MARGINS, spacing: int = -1) -> QWidget:
    """Return a widget that holds parts one under another."""
    made = QWidget()
    vbox(*parts, of=made, margins=margins, spacing=spacing)
    return made


def fill(area: QScrollArea, *parts: Part, margins: Margins = NO_MARGINS, spacing: int = -1, width: int = 0) -> None:
    """Let a frameless area scroll parts one under another; one of a fixed ``width`` always shows its scroll bar."""
    inside = panel(*parts, margins=margins, spacing=spacing)
    area.setWidget(inside)
    area.setWidgetResizable(True)
    area.setFrameShape(QtWidgets.QFrame.Shape.NoFrame)
    if width:
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        area.setFixedWidth(width)
    else:
        _Gutter(area, inside)


class _Gutter(QObject):
    """Keeps what an area scrolls as wide without its scroll bar as with it.

    Its words would else be wrapped anew each time the bar comes or goes. Where they need less height in less width, as
    two columns may, Qt would show the bar because they need it, and hide it because they no longer do, without end.
    """

    _CHANGES = (QEvent.Type.Resize, QEvent.Type.StyleChange, QEvent.Type.LayoutRequest)

    def __init__(self, area: QScrollArea, inside: QWidget) -> None:
        super().__init__(area)
        self._area, self._inside = area, inside
        area.installEventFilter(self)
        inside.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in self._CHANGES and (watched is self._area or event.type() == QEvent.Type.LayoutRequest):
            room = self._area.maximumViewportSize().width() - self._area.verticalScrollBar().sizeHint().width()
            self._inside.setMaximumWidth(max(room, self._inside.minimumSizeHint().width()))
        return False


def split(orientation: Qt.Orientation, sizes: tuple[int, ...], *parts: QWidget, collapsible: bool = False) -> QSplitter:
    """Return parts whose share of the room the user can change; ``sizes`` are the first ones in pixels."""
    made = QSplitter(orientation)
    for part in parts:
        made.addWidget(part)
    made.setSizes(sizes)
    made.setChildrenCollapsible(collapsible)
    return made


def describe(widget: W, name: str = "", tip: str = "") -> W:
    """Return a widget with the name that a screen reader says, and its tooltip."""
    if name:
        widget.setAccessibleName(name)
    if tip:
        widget.setToolTip(tip)
    return widget


def label(text: str = "", kind: str = "", *, wrap: bool = False, cut: bool = False) -> QLabel:
    """Return a label of plain text in a style of the style sheet; a ``cut`` one takes the room that others leave."""
    made = ElidedLabel() if cut and not wrap else QLabel()
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setText(text)
    made.setObjectName(kind)
    made.setWordWrap(wrap)
    if cut:
        made.setSizePolicy(QtWidgets.QSizePolicy.Policy.Ignored, QtWidgets.QSizePolicy.Policy.Preferred)
    return made


def text(kind: str = "") -> QLabel:
    """Return a label of several lines that can be selected and copied."""
    made = label(kind=kind, wrap=True)
    made.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return made


def heading(text: str) -> QLabel:
    """Return the heading of a part of a panel."""
    return label(text.upper(), "heading")


def button(text: str, tip: str, slot: Callable[[], object] | None = None) -> QtWidgets.QPushButton:
    """Return a button with its tooltip, and what a click does."""
    made = describe(QtWidgets.QPushButton(text), tip=tip)
    made.setAutoDefault(False)
    if slot is not None:
        made.clicked.connect(slot)
    return made


def tool(text: str, tip: str, slot: Callable[[], object] | None = None, *, checkable: bool = False) -> QToolButton:
    """Return a small button with its tooltip, and what a click does."""
    made = describe(QToolButton(), text, tip)
    made.setText(text)
    made.setCheckable(checkable)
    if slot is not None:
        made.clicked.connect(slot)
    return made


class IconButton(QToolButton):
    """A button whose icon is as high as its text."""

    def __init__(self) -> None:
        super().__init__()
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._fit()

    def _fit(self) -> None:
        side = max(16, self.fontMetrics().ascent())
        self.setIconSize(QSize(side, side))


def stack(*parts: QWidget) -> QtWidgets.QStackedWidget:
    """Return parts of which one is shown."""
    made = QtWidgets.QStackedWidget()
    for part in parts:
        made.addWidget(part)
    return made


def tabs(name: str, *pages: tuple[QWidget, str, str]) -> QtWidgets.QTabWidget:
    """Return tabs: for each its widget, title and tooltip."""
    made = describe(QtWidgets.QTabWidget(), name)
    for widget, title, tip in pages:
        made.setTabToolTip(made.addTab(widget, title), tip)
    made.setDocumentMode(True)
    return made


def give_focus(widget: QWidget | None) -> None:
    """Give the keyboard back to a widget that had it, unless there is none or it was deleted meanwhile."""
    if widget is not None and isValid(widget):
        widget.setFocus()


def timer(owner: QObject, milliseconds: int, slot: Callable[[], object], *, once: bool = False) -> QTimer:
    """Return a timer that is not started yet; one that runs ``once`` waits anew with each start."""
    made = QTimer(owner)
    made.setSingleShot(once)
    made.setInterval(milliseconds)
    made.timeout.connect(slot)
    return made


class WrappedLabel(QLabel):
    """A wrapped label of exactly the height that its text needs at its width; a ``quiet`` one is muted.

    Layouts in a scroll area give a wrapped label too little or too much height: this one sets its own.
    """

    def __init__(self, quiet: bool = True, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("muted" if quiet else "plain")
        self.setWordWrap(True)
        self.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setMinimumWidth(60)

    def setText(self, text: str) -> None:
        super().setText(text)
        self._fit()

    def show_text(self, text: str) -> None:
        """Show another text; an empty one hides the label."""
        self.setText(text)
        self.setVisible(bool(text))

    def hasHeightForWidth(self) -> bool:
        return False

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._fit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._fit()

    def _fit(self) -> None:
        margins, wide = self.contentsMargins(), self.contentsRect().width()
        flags = Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignLeft
        needed = self.fontMetrics().boundingRect(QRect(0, 0, max(60, wide), 100_000), flags, self.text())
        self.setFixedHeight(needed.height() + margins.top() + margins.bottom())


class Problem(WrappedLabel):
    """The label of an error message; hidden while there is none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.setObjectName("problem")
        self.hide()

    def say(self, problem: str) -> None:
        """Show a message; an empty one clears it."""
        self.show_text(f"⚠ {problem}" if problem else "")
