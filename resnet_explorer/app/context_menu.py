"""What can be done with a part of the network, as a menu at the mouse, or by the Menu key."""

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMenu

from resnet_explorer.app.main_window import MainWindow
from resnet_explorer.diagram.view import View, foldable, toggled
from resnet_explorer.ui.canvas_menu import show_in


def show_for_diagram(window: MainWindow, place: QPoint) -> None:
    """Show what can be done with the selected part of the diagram."""
    menu = _menu(window)
    _add_toggle(menu, window)
    menu.addAction(window.actions_by_key["compare"])
    menu.addSeparator()
    menu.addActions([window.actions_by_key[key] for key in ("copy-picture", "copy-path")])
    menu.addSeparator()
    menu.addAction("Show in &Layers", lambda: show_in(window, "Layers"))
    _add_places(menu, window)
    menu.addAction(window.actions_by_key["export"])
    menu.popup(place)


def show_for_table(window: MainWindow, place: QPoint) -> None:
    """Show what can be done with the selected lines of the layer table."""
    menu, view = _menu(window), window.table.view
    row = view.currentIndex().row()
    line = window.table.model.lines[row] if row >= 0 else None
    if line and line.is_open is not None:
        menu.addAction("Clo&se" if line.is_open else "&Open", lambda: view.toggled.emit(row))
    menu.addAction(window.actions_by_key["compare"])
    menu.addSeparator()
    menu.addActions(window.table.menu.actions())
    menu.addActions([window.actions_by_key[key] for key in ("copy-path", "copy-picture")])
    menu.addSeparator()
    menu.addAction("Show in d&iagram", lambda: window.show_page("diagram"))
    _add_places(menu, window)
    menu.addActions([window.actions_by_key[key] for key in ("export-table", "export")])
    menu.popup(place)


def _menu(window: MainWindow) -> QMenu:
    menu = QMenu(window)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    menu.setAccessibleName(f"What can be done with {window.document.selection or 'the network'}")
    return menu


def _add_toggle(menu: QMenu, window: MainWindow) -> None:
    """Add what opens or closes the selected block or long stage; nothing where the selection is neither."""
    document, network = window.document, window.session.results.analysis.network
    block, stage = network.block_at(document.selection), network.stage_at(document.selection)
    if block:
        is_open = block.path in document.view.expanded
        path, name = block.path, f"block {block.number}" if block.number else block.path
    elif stage and foldable(stage):
        is_open, path, name = stage.path in document.view.unfolded, stage.path, stage.title
    else:
        return
    view: View = toggled(network, document.view, path)
    menu.addAction(f"{'Clo&se' if is_open else '&Open'} {name}", lambda: document.show_view(view))


def _add_places(menu: QMenu, window: MainWindow) -> None:
    menu.addAction("Show in co&de", lambda: show_in(window, "Code"))
    menu.addAction("Show in autograd &graph", lambda: window.show_page("graph"))
    menu.addSeparator()


def copy_path(window: MainWindow, checked: bool) -> None:
    """Copy the path of what is selected."""
    path = window.document.selection
    if path:
        QGuiApplication.clipboard().setText(path)
    window.say(f"{path} is on the clipboard." if path else "Nothing is selected: click on a block or a layer.")
