"""All that can be seen of a window, and what its objects hold: equal for two windows in which nothing was done."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import is_dataclass
from functools import cache, partial
from operator import methodcaller
from typing import Any

from PySide6 import QtWidgets
from PySide6.QtCore import QObject, QTimer, SignalInstance
from PySide6.QtGui import QAction, QUndoStack
from PySide6.QtWidgets import QLayout, QWidget

from resnet_explorer.app.inspector import Inspector
from resnet_explorer.ui.frame import Drawer

State = dict[str, object]

_SHOWN: tuple[tuple[type, tuple[str, ...]], ...] = (
    (QAction, ("text", "isChecked", "isEnabled", "isVisible", "toolTip")),
    (QTimer, ("isActive", "interval")),
    (QUndoStack, ("count", "index")),
    (
        QWidget,
        (
            *("objectName", "isHidden", "isEnabled", "isWindow", "hasFocus", "toolTip", "accessibleName"),
            *("accessibleDescription", "windowTitle", "isWindowModified"),
        ),
    ),
    (QtWidgets.QLabel, ("text",)),
    (QtWidgets.QAbstractButton, ("text", "isChecked", "isDown")),
    (QtWidgets.QLineEdit, ("text", "isModified", "selectedText")),
    (QtWidgets.QComboBox, ("currentIndex", "count", "currentText")),
    (QtWidgets.QAbstractSpinBox, ("text",)),
    (QtWidgets.QAbstractSlider, ("value", "minimum", "maximum", "isSliderDown")),
    (QtWidgets.QTabWidget, ("currentIndex", "count")),
    (QtWidgets.QStackedWidget, ("currentIndex", "count")),
    (QtWidgets.QPlainTextEdit, ("toPlainText",)),
    (QtWidgets.QSplitter, ("sizes",)),
    (QtWidgets.QStatusBar, ("currentMessage",)),
)
_BARS = {"qt_scrollarea_hcontainer", "qt_scrollarea_vcontainer"}
_KEPT_APART = {"_start", "_path", "_saved", "_thread"}
"""Where a window keeps its session: each test has a folder of its own."""
_PLAIN = (str, int, float, bytes, type(None), type)
_VALUES = {"QPoint", "QPointF", "QRect", "QRectF", "QSize", "QSizeF", "QColor"}


def state_of(window: QWidget) -> State:
    """Return what the objects of a window show and hold, by their place in it."""
    return dict(_walk(window, type(window).__name__))


def differences(before: State, now: State) -> list[str]:
    """Return where two states of a window differ."""
    none = object()
    places = [place for place in {**before, **now} if before.get(place, none) != now.get(place, none)]
    return [f"{place}: {before.get(place)} became {now.get(place)}" for place in places]


def _walk(parent: QObject, place: str, has_spare: bool = False) -> Iterator[tuple[str, object]]:
    """Yield a thing and what is in it; lines of the inspector that are hidden are spare, and filled when shown."""
    has_spare = has_spare or isinstance(parent, Inspector)
    yield place, _look(parent)
    numbers = Counter[str]()
    for child in parent.children():
        kind = f"{type(child).__name__} {child.title}" if isinstance(child, Drawer) else type(child).__name__
        numbers[kind] += 1
        is_spare = has_spare and isinstance(child, QWidget) and child.isHidden()
        if _counts(child) and not is_spare:
            yield from _walk(child, f"{place}/{kind} {numbers[kind]}", has_spare)


def _counts(thing: QObject) -> bool:
    """Return whether a thing is of the app, or holds what the user sees or does; not what Qt makes for itself."""
    is_own = type(thing).__module__.startswith("resnet_explorer") and not isinstance(thing, QLayout)
    return (is_own or isinstance(thing, QWidget | QAction | QTimer | QUndoStack)) and thing.objectName() not in _BARS


@cache
def _questions(kind: type) -> tuple[Callable[[Any], object], ...]:
    return tuple(methodcaller(name) for base, names in _SHOWN if issubclass(kind, base) for name in names)


def _look(thing: QObject) -> tuple[object, ...]:
    kind: Any = type(thing)
    shown = [ask(thing) for ask in _questions(kind)]
    if isinstance(thing, QWidget) and thing.isVisible():
        # what is hidden is laid out when it is shown
        shown += (thing.geometry(), thing.minimumSize(), thing.maximumSize())
    if isinstance(thing, QtWidgets.QAbstractScrollArea):
        shown.append((thing.verticalScrollBar().value(), thing.horizontalScrollBar().value()))
    if isinstance(thing, QtWidgets.QAbstractItemView) and (chosen := thing.selectionModel()):
        shown.append([(index.row(), index.column()) for index in (*chosen.selectedIndexes(), chosen.currentIndex())])
    if isinstance(thing, QtWidgets.QHeaderView):
        shown.append([thing.sectionSize(place) for place in range(thing.count())])
        shown.append((thing.isSortIndicatorShown(), thing.sortIndicatorSection(), thing.sortIndicatorOrder()))
    seen = set[int]()
    for key, value in vars(thing).items():
        if type(value) is not SignalInstance and key not in _KEPT_APART:
            shown.append((key, _held(value, seen)))
    return tuple(shown)


def _held(value: Any, seen: set[int]) -> object:
    """Return a value as one that can be compared, and is not changed later."""
    if isinstance(value, _PLAIN):
        return value
    if id(value) in seen:
        return "again"
    seen.add(id(value))
    if isinstance(value, dict):
        return [(_held(key, seen), _held(one, seen)) for key, one in value.items()]
    if isinstance(value, list | tuple | set | frozenset):
        return [_held(one, seen) for one in value]
    if isinstance(value, QObject):
        return type(value).__name__
    if isinstance(value, partial):
        return ["partial", _held(value.func, seen), _held(value.args, seen)]
    if is_dataclass(value) and type(value).__eq__ is not object.__eq__:
        return value
    if type(value).__module__.startswith("PySide6"):
        return repr(value) if type(value).__name__ in _VALUES else type(value).__name__
    if type(value).__module__.startswith("resnet_explorer") and hasattr(value, "__dict__"):
        return [type(value).__name__, *((key, _held(one, seen)) for key, one in vars(value).items())]
    return getattr(value, "__qualname__", type(value).__name__)
