"""Every action of the window as a row: what it runs, its menu, text, shortcut and tip; menus and buttons of them."""

from collections.abc import Callable, Mapping
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QActionGroup, QKeySequence, QUndoStack
from PySide6.QtWidgets import QMainWindow, QMenu, QToolButton

from resnet_explorer import features
from resnet_explorer.features import Action
from resnet_explorer.ui.parts import IconButton, describe


def _own(
    menu: str, key: str, text: str, shortcut: str, tip: str, run: str, checkable: bool = False, group: str = ""
) -> Action:
    if not run.startswith("."):  # else it is a method of the window
        run = f"resnet_explorer.app.{'' if ':' in run else 'commands:'}{run}"
    return Action(key, menu, text, shortcut, tip, checkable, group, run.removeprefix("."))


_file, _edit, _view, _help = (partial(_own, menu) for menu in ("&File", "&Edit", "&View", "&Help"))
_theme = partial(_own, "&Theme", checkable=True, group="theme")

_OWN: tuple[Action, ...] = (
    _file("open", "&Open network…", "Ctrl+O", "Open a spec file that the app has saved", "open_network"),
    _file("open-weights", "Open &weights…", "Ctrl+Shift+O", "Find a .pth file's network", "weights_dialog:ask"),
    _file("open-module", "Open &module…", "", "Run a Python file and find its module's network", "module_dialog:ask"),
    _file("save", "&Save network…", "Ctrl+S", "Save this network as a spec file", "save_network"),
    _file("export", "&Export picture…", "Ctrl+E", "Save or copy the diagram as SVG, PDF or PNG", "export_picture"),
    _file("export-table", "Export &table…", "Ctrl+Shift+E", "Save all layers as CSV, JSON or Markdown", "save_table"),
    _file("save-weights", "Save weig&hts…", "", "Save weights as .safetensors, .pth, ONNX", "weights_dialog:ask_save"),
    _file("save-source", "Save as &PyTorch code…", "", "Save the network as one Python file", "save_source"),
    _file("quit", "&Quit", "Ctrl+Q", "Close the window", ".close"),
    _edit("copy-picture", "Copy &picture", "Ctrl+Shift+C", "Copy the diagram as SVG and as image", "copy_shown"),
    _edit("copy-csv", "Copy layers as &CSV", "", "Copy the selected layers, or all, as CSV", ".table.copy_csv"),
    _edit("copy-markdown", "Copy layers as &Markdown", "", "Copy them as a Markdown table", ".table.copy_markdown"),
    _edit("find", "&Find layers", "Ctrl+F", "Filter the layers by name or type", "find"),
    _view("compare", "&Compare with plain twin", "Ctrl+T", "Add the same network without shortcuts", "compare", True),
    _view("changes", "&Mark what changed", "Ctrl+D", "Mark what it changes in its parent", "mark_changes", True),
    _view("timeline", "Timeli&ne of networks…", "Ctrl+K", "How residual networks changed since 2015", "show_timeline"),
    _view("verdict", "&Verification…", "", "The figures beside PyTorch's and fvcore's own counts", "show_verdict"),
    _view("expand", "&Expand all blocks", "Ctrl+Shift+Down", "Open every block, unfold long stages", "expand"),
    _view("collapse", "Co&llapse all", "Ctrl+Shift+Up", "Close every block and fold long stages", "collapse"),
    _view("fit", "&Fit", "Ctrl+0", "Show the whole diagram", ".canvas.fit"),
    _view("zoom-in", "Zoom &in", "Ctrl++", "Show the diagram larger", "zoom_in"),
    _view("zoom-out", "&Zoom out", "Ctrl+-", "Show the diagram smaller", "zoom_out"),
    _view("present", "&Present", "F5", "Show the diagram alone on the whole screen; F5 ends it", ".present", True),
    _theme("system", "&Follow the system", "", "Light or dark, as the system is", "choose_theme"),
    _theme("light", "&Light", "", "Dark text on white", "choose_theme"),
    _theme("dark", "&Dark", "", "Light text on dark", "choose_theme"),
    _theme("projector", "&Projector", "F6", "Large text and heavy lines for the back row", "choose_theme"),
    _view("still", "&Reduce motion", "", "Change the diagram at once, without transitions", "reduce_motion", True),
    _help("shortcuts", "&Keyboard shortcuts", "F1", "All shortcuts on one page", "show_shortcuts"),
    _help("about", "&About ResNet Explorer", "", "Version, sources and licences", "show_about"),
)  # fmt: skip

_BEFORE = {"&File": "quit", "&View": "expand"}
"""In each menu the actions of the labs come before this one."""


def rows() -> tuple[Action, ...]:
    """Return every action in the order of the menus, those of the labs among them."""
    result: list[Action] = []
    for own in _OWN:
        if _BEFORE.get(own.menu) == own.key:
            result += [row for row in features.actions() if row.menu == own.menu]
        result.append(own)
    return tuple(result)


TOOLS: Mapping[str, str] = {
    "compare": "Compare with plain twin",
    "changes": "Mark changes",
    "expand": "Expand all",
    "collapse": "Collapse all",
    "fit": "Fit",
}
"""The actions above the diagram, and their texts there."""

EVERYWHERE: Mapping[str, str] = {"undo": "Undo", "redo": "Redo", "export": "Export…", "present": "Present"}
"""The actions beside the tabs, which work on every page, and their texts there."""

KEYS_OF_VIEWS = (
    ("Diagram", "Left, Right", "Walk along the blocks, or along an open block's layers"),
    ("Diagram", "Down, Up", "Go into an open block, and out again"),
    ("Diagram", "Enter, double-click", "Open or close a block; unfold a long stage"),
    ("Diagram", "Esc", "Go out of a block, close it, fold its stage"),
    ("Diagram", "+, −, F", "Zoom in, zoom out, fit"),
    ("Diagram", "Mouse wheel", "Zoom to the cursor; with Shift or Alt: pan"),
    ("Diagram", "Drag, Ctrl+arrows", "Pan"),
    ("Layers", "Right, Left, Enter", "Open or close a stage or block"),
    ("Layers", "Ctrl+C", "Copy the selected lines"),
    ("Layers", "Click on a header", "Sort down, up, and back to the network's order"),
    ("Charts", "Left, Right", "Read the values from point to point; Esc ends that"),
    ("Training", "Ctrl+Enter", "Start all networks of the list"),
    ("Training", "F2, Delete in the list of saved runs", "Rename, delete"),
    ("Build", "Up, Down in a field", "Change the number by one"),
)


def build(
    window: QMainWindow, triggered: Callable[[bool], None], undo_stack: QUndoStack
) -> tuple[dict[str, QAction], QMenu]:
    """Make all actions, their menus and groups; each is named by its key and calls ``triggered``.

    Undo and redo come first in the Edit menu. The menu returned is the one of panels, which is still empty.
    """
    undo, redo = undo_stack.createUndoAction(window, "Undo"), undo_stack.createRedoAction(window, "Redo")
    undo.setShortcut(QKeySequence("Ctrl+Z"))
    redo.setShortcuts([QKeySequence("Ctrl+Shift+Z"), QKeySequence("Ctrl+Y")])
    menus = {text: window.menuBar().addMenu(text) for text in ("&File", "&Edit", "&View", "&Help")}
    menus["&Edit"].addActions([undo, redo])
    menus["&Edit"].addSeparator()
    menus["&Theme"] = menus["&View"].addMenu("&Theme")
    themes = QActionGroup(window)
    made = {"undo": undo, "redo": redo}
    for row in rows():
        action = made[row.key] = QAction(row.text, window, checkable=row.checkable, statusTip=row.tip)
        action.setObjectName(row.key)
        action.setShortcut(QKeySequence(row.shortcut))
        action.setToolTip(f"{row.tip} ({row.shortcut})" if row.shortcut else row.tip)
        action.triggered.connect(triggered)
        menus[row.menu].addAction(action)
        if row.group:
            themes.addAction(action)
    return made, menus["&View"].addMenu("Panel&s")


def buttons(actions: Mapping[str, QAction], texts: Mapping[str, str], style: Qt.ToolButtonStyle) -> list[QToolButton]:
    """Return a button for each action of ``texts``."""
    made: list[QToolButton] = []
    for key, text in texts.items():
        actions[key].setIconText(text)
        button = describe(IconButton(), text)
        button.setObjectName("tool")
        button.setDefaultAction(actions[key])
        button.setToolButtonStyle(style)
        made.append(button)
    return made
