"""What is wrong with how a window or dialog is laid out: cut texts, overlaps, parts outside, pictures too small."""

from collections.abc import Iterator
from functools import cache
from itertools import combinations
from typing import TypeGuard

from PySide6 import QtWidgets
from PySide6.QtCore import QPointF, QRectF, QSize, QSizeF
from PySide6.QtWidgets import QAbstractScrollArea, QLabel, QScrollArea, QWidget

from resnet_explorer.app.timeline_dialog import PictureView
from resnet_explorer.picture.contrast import for_stage
from resnet_explorer.picture.marks import Group, Label, Mark
from resnet_explorer.picture.theme import THEMES, Theme
from resnet_explorer.ui.canvas import Canvas
from resnet_explorer.ui.chart_view import ChartView
from resnet_explorer.ui.frame import SHARE, Drawer, Frame, Grip, OpenState
from resnet_explorer.ui.painter import BODY_ONLY, READABLE
from tests.contrast import IN_WINDOW, ON_STAGE, faint, pairs
from tests.geometry.texts import cut_text

SMALLEST_TEXT = 9.0
PLOT_SHARE, PLOT_HEIGHT = 0.55, 180.0
NEAR = 2
"""Frames of neighbours may lie on each other by so many px."""
OWN_PARTS = (
    QtWidgets.QAbstractSpinBox,
    QtWidgets.QComboBox,
    QtWidgets.QLineEdit,
    QtWidgets.QAbstractItemView,
    QtWidgets.QTabBar,
    QtWidgets.QMenuBar,
    QtWidgets.QTextEdit,
    QtWidgets.QPlainTextEdit,
    QtWidgets.QAbstractSlider,
    Canvas,
)
"""Widgets that Qt lays out inside."""


def failures(root: QWidget, room: QSize) -> Iterator[str]:
    """Yield what is wrong with a window or dialog on a screen of a size."""
    if root.width() > room.width() or root.height() > room.height():
        least = root.minimumSizeHint()
        yield f"{name(root)} is {root.width()}x{root.height()}, asks for {least.width()}x{least.height()}"
    yield from _failures_in(root)


def _failures_in(parent: QWidget) -> Iterator[str]:
    children = [child for child in parent.children() if _is_part(child)]
    if not _scrolls(parent):
        area = parent.rect().adjusted(-NEAR, -NEAR, NEAR, NEAR)
        yield from (
            f"{name(child)} is not inside {name(parent)}" for child in children if not area.contains(child.geometry())
        )
        yield from _overlaps(children)
    for child in children:
        yield from _wrong(child)
        if not isinstance(child, OWN_PARTS):
            yield from _failures_in(child)


def _is_part(child: object) -> TypeGuard[QWidget]:
    return isinstance(child, QWidget) and not child.isHidden() and not child.isWindow() and not isinstance(child, Grip)


def _scrolls(parent: QWidget) -> bool:
    """Tell whether a widget is the viewport of a scroll area."""
    outer = parent.parent()
    return isinstance(outer, QAbstractScrollArea) and outer.viewport() is parent


def _overlaps(children: list[QWidget]) -> Iterator[str]:
    for one, other in combinations(children, 2):
        common = one.geometry() & other.geometry()
        if common.width() > NEAR and common.height() > NEAR and not (_may_cover(one) or _may_cover(other)):
            yield f"{name(one)} and {name(other)} overlap"


def _may_cover(widget: QWidget) -> bool:
    return (isinstance(widget, Drawer) and widget.is_over) or isinstance(widget, QtWidgets.QSizeGrip)


def _wrong(widget: QWidget) -> Iterator[str]:
    if text := cut_text(widget):
        yield f"{name(widget)} cuts {text!r}"
    if isinstance(widget, QScrollArea):
        inner = widget.widget()
        if inner is not None and not isinstance(inner, PictureView) and inner.width() > widget.viewport().width() + 1:
            yield f"{name(widget)} has to be scrolled sideways by {inner.width() - widget.viewport().width()} px"
    if isinstance(widget, Frame) and widget.main is not None:
        yield from _small_picture(widget)
    if isinstance(widget, ChartView):
        yield from _small_plot(widget)
    if isinstance(widget, Canvas):
        yield from _small_labels(widget)
        yield from _faint_labels(widget)


def _small_picture(frame: Frame) -> Iterator[str]:
    """Yield the share of the picture where it is too small, while drawers open and close by themselves."""
    assert frame.main is not None
    share = frame.main.width() * frame.main.height() / max(1, frame.width() * frame.height())
    around = [frame, *_frames_around(frame)]
    if share < SHARE and not any(drawer.state is OpenState.OPEN for one in around for drawer in one.drawers):
        yield f"the picture of {name(frame)} has {100 * share:.0f} % of the page"


def _frames_around(widget: QWidget) -> Iterator[Frame]:
    while (outer := widget.parentWidget()) is not None:
        widget = outer
        if isinstance(widget, Frame):
            yield widget


def _small_plot(view: ChartView) -> Iterator[str]:
    if view.chart is None or view._drawn is None:
        return
    frame = view._drawn.scale.frame
    wide, high = frame.right - frame.left, frame.bottom - frame.top
    share = wide * high / (view.width() * view.height())
    if share < PLOT_SHARE or high < PLOT_HEIGHT:
        yield f"the plot of {view.chart.title!r} has {100 * share:.0f} % of its picture, is {high:.0f} px high"


def _small_labels(canvas: Canvas) -> Iterator[str]:
    zoom = canvas.camera.zoom
    seen = canvas.camera.visible(QSizeF(canvas.size()))
    small = [size for size in _sizes(canvas.picture.marks, zoom, QPointF(), seen) if size < SMALLEST_TEXT - 0.25]
    if small:
        yield f"{len(small)} texts in {name(canvas)} are under 9 px: {min(small):.1f}"


def _faint_labels(canvas: Canvas) -> Iterator[str]:
    """Yield the texts that cannot be read in the picture's theme, or would not be on the stage."""
    found = pairs(canvas.picture)
    yield from (f"text in {name(canvas)}: {what}" for what in faint(found, canvas._theme, IN_WINDOW))
    stage = _on_stage(canvas._theme.name)
    yield from (f"text in {name(canvas)} on the stage: {what}" for what in faint(found, stage, ON_STAGE))


@cache
def _on_stage(theme: str) -> Theme:
    return for_stage(THEMES[theme])


def _sizes(marks: tuple[Mark, ...], zoom: float, corner: QPointF, seen: QRectF) -> Iterator[float]:
    """Yield the height in px of each label that is painted and seen."""
    for mark in marks:
        if isinstance(mark, Label):
            if mark.size * zoom >= READABLE:
                yield mark.size * zoom
        elif isinstance(mark, Group):
            place = QRectF(corner.x() + mark.x, corner.y() + mark.y, mark.width, mark.height)
            if seen.intersects(place):
                is_low = mark.height * zoom < max(BODY_ONLY, mark.detail)
                inner = tuple(m for m in mark.marks[: mark.brief] if not isinstance(m, Group)) if is_low else mark.marks
                yield from _sizes(inner, zoom, place.topLeft(), seen)


def name(widget: QWidget) -> str:
    """Return what a widget is called: its class with the words by which a reader of the table finds it."""
    words = widget.accessibleName() or widget.windowTitle()
    if isinstance(widget, Drawer):
        words = widget.title
    if not words and isinstance(widget, QLabel | QtWidgets.QAbstractButton):
        words = widget.text()
    short = words if len(words) <= 32 else f"{words[:31]}…"
    return f"{type(widget).__name__} {short!r}" if short else type(widget).__name__


def first_of_each(found: Iterator[str]) -> list[str]:
    """Return the different failures in their order."""
    return list(dict.fromkeys(found))
