"""Whether the text of a widget is cut: its width is compared with the room that the style leaves for it."""

from collections.abc import Iterator

from PySide6 import QtWidgets
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtWidgets import QLabel, QStyle, QWidget

from resnet_explorer.ui.frame import Handle

ROWS = 40
"""Rows of a table that are looked at."""


def cut_text(widget: QWidget) -> str:
    """Return the text that a widget shows only in part; empty where all of it is shown, or may be elided."""
    return next(_cut(widget), "")


def _cut(widget: QWidget) -> Iterator[str]:
    if is_elidable(widget):
        return
    if isinstance(widget, QLabel):
        yield from _label(widget)
    elif isinstance(widget, QtWidgets.QAbstractButton):
        yield from _button(widget)
    elif isinstance(widget, QtWidgets.QComboBox):
        yield from _combo(widget)
    elif isinstance(widget, QtWidgets.QAbstractSpinBox):
        option = QtWidgets.QStyleOptionSpinBox()
        widget.initStyleOption(option)
        part = QStyle.SubControl.SC_SpinBoxEditField
        room = widget.style().subControlRect(QStyle.ComplexControl.CC_SpinBox, option, part, widget).width()
        yield from _if_wider(widget, widget.text(), room)
    elif isinstance(widget, QtWidgets.QLineEdit):
        yield from _line(widget)
    elif isinstance(widget, QtWidgets.QTabBar):
        yield from _tabs(widget)
    elif isinstance(widget, QtWidgets.QMenuBar):
        yield from (
            action.text() for action in widget.actions() if not widget.rect().contains(widget.actionGeometry(action))
        )
    elif isinstance(widget, QtWidgets.QAbstractItemView):
        yield from _items(widget)


def is_elidable(widget: QWidget) -> bool:
    """Tell whether a widget is marked as one that may elide its text, which its tooltip then has in full."""
    return bool(widget.property("elidable")) and isinstance(widget, QLabel) and widget.text() in widget.toolTip()


def _if_wider(widget: QWidget, text: str, room: float) -> Iterator[str]:
    if text and widget.fontMetrics().horizontalAdvance(text) > room + 1:
        yield text


def _label(label: QLabel) -> Iterator[str]:
    text = label.text()
    if not text or not label.pixmap().isNull():
        return
    if label.wordWrap():
        words = max(text.split(), key=label.fontMetrics().horizontalAdvance, default="")
        room = label.contentsRect().width()
        if label.heightForWidth(label.width()) > label.height() + 2:
            yield text
        elif label.textFormat() is Qt.TextFormat.PlainText:
            yield from _if_wider(label, words, room)
    elif label.sizeHint().width() > label.width() + 1 or label.sizeHint().height() > label.height() + 2:
        yield text


def _button(button: QtWidgets.QAbstractButton) -> Iterator[str]:
    is_icon = isinstance(button, QtWidgets.QToolButton) and (
        button.toolButtonStyle() is Qt.ToolButtonStyle.ToolButtonIconOnly and not button.icon().isNull()
    )
    if is_icon or not button.text():
        return
    needs = button.fontMetrics().size(Qt.TextFlag.TextShowMnemonic, button.text())
    size = button.size().transposed() if isinstance(button, Handle) and button.height() > button.width() else None
    wide, high = (size or button.size()).toTuple()
    icon = 0 if button.icon().isNull() else button.iconSize().width() + 4
    if isinstance(button, QtWidgets.QCheckBox | QtWidgets.QRadioButton):
        icon = button.style().pixelMetric(QStyle.PixelMetric.PM_IndicatorWidth, None, button) + 4
    if needs.width() + icon + 4 > wide or needs.height() > high + 1:
        yield button.text()


def _combo(combo: QtWidgets.QComboBox) -> Iterator[str]:
    option = QtWidgets.QStyleOptionComboBox()
    combo.initStyleOption(option)
    part = QStyle.SubControl.SC_ComboBoxEditField
    room = combo.style().subControlRect(QStyle.ComplexControl.CC_ComboBox, option, part, combo).width()
    yield from _if_wider(
        combo, combo.currentText(), room - (0 if combo.itemIcon(combo.currentIndex()).isNull() else 20)
    )


def _line(line: QtWidgets.QLineEdit) -> Iterator[str]:
    if isinstance(line.parent(), QtWidgets.QAbstractSpinBox | QtWidgets.QComboBox):
        return
    option = QtWidgets.QStyleOptionFrame()
    line.initStyleOption(option)
    room = line.style().subElementRect(QStyle.SubElement.SE_LineEditContents, option, line).width() - 4
    buttons = 22 if line.isClearButtonEnabled() and line.text() else 0
    yield from _if_wider(line, line.text() or line.placeholderText(), room - buttons)


def _tabs(bar: QtWidgets.QTabBar) -> Iterator[str]:
    for index in range(bar.count()):
        if bar.isTabVisible(index):
            place = bar.tabRect(index)
            if not bar.rect().adjusted(-2, -2, 2, 2).contains(place):
                yield bar.tabText(index)
            yield from _if_wider(bar, bar.tabText(index).replace("&", ""), place.width() - 8)


def _items(view: QtWidgets.QAbstractItemView) -> Iterator[str]:
    header = view.header() if isinstance(view, QtWidgets.QTreeView) else None
    if isinstance(view, QtWidgets.QTableView):
        header = view.horizontalHeader()
    if header is None or view.model() is None:
        return
    is_still = view.horizontalScrollBarPolicy() is Qt.ScrollBarPolicy.ScrollBarAlwaysOff
    if is_still and header.length() > view.viewport().width() + 2:
        yield f"columns of {header.length()} px in {view.viewport().width()}"
    for column in range(view.model().columnCount()):
        if header.isSectionHidden(column):
            continue
        room = header.sectionSize(column)
        if not header.isHidden():
            text = str(view.model().headerData(column, Qt.Orientation.Horizontal) or "")
            yield from _if_wider(header, text, room - 4)
        if isinstance(view, QtWidgets.QTreeView):
            yield from _cells(view, column, room)


def _cells(view: QtWidgets.QTreeView, column: int, room: int) -> Iterator[str]:
    """Yield texts that are wider than their column, and have no tooltip that says all."""
    model = view.model()
    for row in range(min(ROWS, model.rowCount())):
        index = model.index(row, column, QModelIndex())
        text = str(index.data() or "")
        icon = 0 if index.data(Qt.ItemDataRole.DecorationRole) is None else view.iconSize().width() + 24
        if text not in str(index.data(Qt.ItemDataRole.ToolTipRole) or ""):
            yield from _if_wider(view, text, room - 4 - icon)
