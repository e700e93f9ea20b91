"""What can be done with a picture and with what is selected in it, as a menu at the mouse, or by the Menu key."""

from collections.abc import Callable, Mapping
from functools import partial

from PySide6.QtCore import QPoint, QPointF, QRectF
from PySide6.QtGui import QContextMenuEvent, QGuiApplication
from PySide6.QtWidgets import QMenu, QWidget

from resnet_explorer.ui.canvas import Canvas
from resnet_explorer.ui.clipboard import copy_picture
from resnet_explorer.ui.document import Document
from resnet_explorer.ui.style import SYSTEM, theme_named
from resnet_explorer.ui.window import Window


def place_of(canvas: Canvas, event: QContextMenuEvent, selected: list[QRectF]) -> QPoint:
    """Return where on the screen a menu belongs: at the mouse, or beside what is selected where a key asks for it."""
    if event.reason() == QContextMenuEvent.Reason.Mouse:
        return event.globalPos()
    frame = QRectF(canvas.rect())
    places = (canvas.camera.to_widget(place).center() for place in selected)
    seen = next((place for place in places if frame.contains(place)), QPointF(canvas.rect().center()))
    return canvas.mapToGlobal(seen.toPoint())


def show_menu(
    canvas: Canvas,
    document: Document,
    place: QPoint,
    first: Mapping[str, Callable[[], object]] | None = None,
    *,
    is_graph: bool = False,
) -> QMenu:
    """Show what can be done with a picture and with the selected part of the network; ``first`` comes above that.

    Exports are offered for the picture that the page's export is about, the autograd graph where it ``is_graph`` not.
    """
    path, window = document.selection, _window_of(canvas)
    menu = QMenu(canvas)
    menu.aboutToHide.connect(menu.deleteLater)
    menu.setAccessibleName(f"What can be done with {path or 'the picture'}")
    for text, act in (first or {}).items():
        menu.addAction(text, act)
    menu.addSeparator()
    menu.addAction("Copy &picture", lambda: _copy(canvas, window))
    copy = menu.addAction("Copy p&ath", lambda: QGuiApplication.clipboard().setText(path))
    copy.setEnabled(bool(path))
    if window is not None:
        if window.canvas is canvas:
            menu.addAction(window.actions_by_key["export"])
        menu.addSeparator()
        for text, drawer in (("Show in &diagram", ""), ("Show in &Layers", "Layers"), ("Show in co&de", "Code")):
            menu.addAction(text, partial(show_in, window, drawer)).setEnabled(bool(path))
        if not is_graph:
            menu.addAction("Show in autograd &graph", lambda: window.show_page("graph")).setEnabled(bool(path))
    menu.popup(place)
    return menu


def _window_of(canvas: Canvas) -> Window | None:
    """Return the main window that a picture is in, or its dialog is of."""
    widget: QWidget | None = canvas.window()
    while widget is not None and not isinstance(widget, Window):
        widget = widget.parentWidget()
    return widget


def _copy(canvas: Canvas, window: Window | None) -> None:
    copy_picture(canvas.picture, theme_named(window.preferences.theme if window else SYSTEM))
    if window:
        window.say("The picture is on the clipboard.")


def show_in(window: Window, title: str) -> None:
    """Show the selection in the diagram, or in a drawer of its page, which gets the keyboard."""
    window.show_page("diagram")
    if title:
        drawer = window.panels.drawer(title)
        window.panels.open(drawer)
        drawer.widget.setFocus()
