"""What each action does, by its key; imported when the first one is triggered, since the start needs none of it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

from resnet_explorer import features
from resnet_explorer.app import dialogs, own_module_dialog, weights_dialog
from resnet_explorer.app.window import AppWindow
from resnet_explorer.diagram.view import View
from resnet_explorer.spec import codec
from resnet_explorer.ui import style
from resnet_explorer.ui.canvas import ZOOM_STEP
from resnet_explorer.ui.clipboard import copy_picture
from resnet_explorer.ui.dialogs import KINDS, save_text


def run(window: AppWindow, key: str, checked: bool) -> None:
    """Do what the action of that key says; ``checked`` is its state where it has one."""
    _what(key)(window, checked)


@cache
def _what(key: str) -> Callable[[AppWindow, bool], None]:
    """Return what an action does: the window's own, a page's, which is shown, or a lab's."""
    if key in _RUN:
        return _RUN[key]
    if any(page.key == key for page in features.pages()):
        return lambda window, checked: window.tabs.setCurrentWidget(window.page(key))
    row = next(action for action in features.actions() if action.key == key)
    run: Callable[[AppWindow, bool], None] = features.resolve(row.run)
    return run


def _open(window: AppWindow, checked: bool) -> None:
    path = dialogs.ask_open(window, window.preferences.export_folder)
    if path:
        dialogs.open_file(window, path)


def open_dropped(window: AppWindow, name: str) -> None:
    """Open a file that was dropped on the window: weights, a Python file, or a network."""
    path = Path(name)
    if path.name.lower().endswith(KINDS):
        weights_dialog.open_weights(window, path)
    elif path.suffix.lower() == own_module_dialog.KIND:
        own_module_dialog.open_module(window, path)
    else:
        dialogs.open_file(window, path)


def _save(window: AppWindow, checked: bool) -> None:
    spec = window.document.state.spec
    save_text(window, f"{spec.name}.json", {"Network (*.json)": lambda: codec.dumps(spec)})


def _copy_picture(window: AppWindow, checked: bool) -> None:
    copy_picture(window.canvas.picture, style.theme_named(window.preferences.theme))
    window.say("The picture is on the clipboard.")


def _find(window: AppWindow, checked: bool) -> None:
    window.docks["Layers"].show()
    window.docks["Layers"].raise_()
    window.table.filter.setFocus()
    window.table.filter.selectAll()


def _choose_theme(name: str) -> Callable[[AppWindow, bool], None]:
    return lambda window, checked: window.choose_theme(name)


def _compare(window: AppWindow, checked: bool) -> None:
    window.document.show_view(replace(window.document.view, compare=checked))


def _changes(window: AppWindow, checked: bool) -> None:
    window.document.show_view(replace(window.document.view, changes=checked))


def _expand(window: AppWindow, checked: bool) -> None:
    if not window.canvas.open_all():
        network, view = window.session.results.analysis.network, window.document.view
        window.document.show_view(View.all_open(network, compare=view.compare, changes=view.changes))


def _collapse(window: AppWindow, checked: bool) -> None:
    if not window.canvas.close_all():
        view = window.document.view
        window.document.show_view(View(compare=view.compare, changes=view.changes))


def _still(window: AppWindow, checked: bool) -> None:
    window.set_reduced_motion(checked)
    window.remember(replace(window.preferences, reduce_motion=checked))


_RUN: Mapping[str, Callable[[AppWindow, bool], None]] = {
    "open": _open,
    "open-weights": lambda window, checked: weights_dialog.ask(window),
    "open-module": lambda window, checked: own_module_dialog.ask(window),
    "save-weights": lambda window, checked: weights_dialog.ask_save(window),
    "save": _save,
    "export": lambda window, checked: dialogs.export_picture(
        window, window.canvas.picture, window.document.state.spec.name
    ),
    "export-table": lambda window, checked: dialogs.save_table(window, window.session.results.analysis),
    "save-source": lambda window, checked: save_text(
        window, f"{window.document.state.spec.name}.py", {"Python (*.py)": window.code.source}
    ),
    "quit": lambda window, checked: window.quit(),
    "copy-picture": _copy_picture,
    "copy-csv": lambda window, checked: window.table.copy_csv(),
    "copy-markdown": lambda window, checked: window.table.copy_markdown(),
    "find": _find,
    "compare": _compare,
    "changes": _changes,
    "timeline": lambda window, checked: dialogs.show_timeline(window),
    "verdict": lambda window, checked: dialogs.show_verdict(window),
    "expand": _expand,
    "collapse": _collapse,
    "present": lambda window, checked: window.present(checked),
    "fit": lambda window, checked: window.canvas.fit(),
    "zoom-in": lambda window, checked: window.canvas.zoom(ZOOM_STEP),
    "zoom-out": lambda window, checked: window.canvas.zoom(1 / ZOOM_STEP),
    **{name: _choose_theme(name) for name in ("system", "light", "dark", "projector")},
    "still": _still,
    "shortcuts": lambda window, checked: dialogs.show_shortcuts(window),
    "about": lambda window, checked: dialogs.show_about(window),
}
