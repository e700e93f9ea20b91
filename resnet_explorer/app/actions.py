"""Every action of the window as data: its menu, words, shortcut, what it does, and the tip that teaches it."""

from collections.abc import Callable, Mapping

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMainWindow, QToolBar

from resnet_explorer import features
from resnet_explorer.features import Action

_OWN: tuple[Action, ...] = (
    Action("open", "&File", "&Open network…", "Ctrl+O", "Open a spec file that the app has saved"),
    Action("open-weights", "&File", "Open &weights…", "Ctrl+Shift+O", "Find a .pth file's network"),
    Action("open-module", "&File", "Open &module…", "", "Run a Python file, and find its module's network"),
    Action("save", "&File", "&Save network…", "Ctrl+S", "Save this network as a spec file"),
    Action("export", "&File", "&Export picture…", "Ctrl+E", "Save or copy the diagram as SVG, PDF or PNG"),
    Action("export-table", "&File", "Export &table…", "Ctrl+Shift+E", "Save all layers as CSV, JSON or Markdown"),
    Action("save-weights", "&File", "Save weig&hts…", "", "Save weights as .safetensors, .pth or ONNX"),
    Action("save-source", "&File", "Save as &PyTorch code…", "", "Save the network as one Python file"),
    Action("quit", "&File", "&Quit", "Ctrl+Q", "Close the window"),
    Action("copy-picture", "&Edit", "Copy &picture", "Ctrl+Shift+C", "Copy the diagram as SVG and as image"),
    Action("copy-csv", "&Edit", "Copy layers as &CSV", "", "Copy the selected layers, or all, as CSV"),
    Action("copy-markdown", "&Edit", "Copy layers as &Markdown", "", "Copy them as a Markdown table"),
    Action("find", "&Edit", "&Find layers", "Ctrl+F", "Filter the layers by name or type"),
    Action("compare", "&View", "&Compare with plain twin", "Ctrl+T", "Add the same network without shortcuts", True),
    Action("changes", "&View", "&Mark what changed", "Ctrl+D", "Mark what it changes in its parent", True),
    Action("timeline", "&View", "Time&line of networks…", "Ctrl+K", "How residual networks changed since 2015"),
    Action("verdict", "&View", "&Verification…", "", "The figures beside PyTorch's and fvcore's own counts"),
    Action("expand", "&View", "&Expand all blocks", "Ctrl+Shift+Down", "Open every block, unfold long stages"),
    Action("collapse", "&View", "Co&llapse all", "Ctrl+Shift+Up", "Close every block and fold long stages"),
    Action("fit", "&View", "&Fit", "Ctrl+0", "Show the whole diagram"),
    Action("zoom-in", "&View", "Zoom &in", "Ctrl++", "Show the diagram larger"),
    Action("zoom-out", "&View", "Zoom &out", "Ctrl+-", "Show the diagram smaller"),
    Action("present", "&View", "&Present", "F5", "Show the diagram alone on the whole screen; F5 ends it", True),
    Action("system", "&Theme", "&Follow the system", "", "Light or dark, as the system is", True, "theme"),
    Action("light", "&Theme", "&Light", "", "Dark text on white", True, "theme"),
    Action("dark", "&Theme", "&Dark", "", "Light text on dark", True, "theme"),
    Action("projector", "&Theme", "&Projector", "F6", "Large text and heavy lines for the back row", True, "theme"),
    Action("still", "&View", "&Reduce motion", "", "Change the diagram at once, without transitions", True),
    Action("shortcuts", "&Help", "&Keyboard shortcuts", "F1", "All shortcuts on one page"),
    Action("about", "&Help", "&About ResNet Explorer", "", "Version, sources and licences"),
)  # fmt: skip

_BEFORE = {"&File": "quit", "&View": "expand"}
"""In each menu the actions of the labs come before this one."""


def commands() -> tuple[Action, ...]:
    """Return every action in the order of the menus, those of the labs among them."""
    rows = list(_OWN)
    for menu, key in _BEFORE.items():
        place = next(place for place, row in enumerate(rows) if row.key == key)
        rows[place:place] = [row for row in features.actions() if row.menu == menu]
    return tuple(rows)


TOOLBAR = ("compare", "expand", "collapse", "fit", "export", "present")
SHORT: Mapping[str, str] = {
    "compare": "Compare with plain twin",
    "expand": "Expand all",
    "collapse": "Collapse all",
    "fit": "Fit",
    "export": "Export…",
    "present": "Present",
}

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
    window: QMainWindow, triggered: Callable[[bool], None], edits: list[QAction], docks: list[QAction]
) -> dict[str, QAction]:
    """Make all actions, their menus and groups; each is named by its key and tells ``triggered``.

    ``edits`` come first in the Edit menu, ``docks`` last in the View menu.
    """
    menus = {words: window.menuBar().addMenu(words) for words in ("&File", "&Edit", "&View", "&Help")}
    menus["&Edit"].addActions(edits)
    menus["&Edit"].addSeparator()
    menus["&Theme"] = menus["&View"].addMenu("&Theme")
    themes = QActionGroup(window)
    actions: dict[str, QAction] = {}
    for command in commands():
        action = actions[command.key] = _action(window, command)
        action.triggered.connect(triggered)
        menus[command.menu].addAction(action)
        if command.group:
            themes.addAction(action)
    menus["&View"].addSeparator()
    menus["&View"].addActions(docks)
    return actions


def _action(window: QMainWindow, command: Action) -> QAction:
    action = QAction(command.text, window)
    action.setObjectName(command.key)
    action.setShortcut(QKeySequence(command.shortcut))
    action.setStatusTip(command.tip)
    action.setToolTip(f"{command.tip} ({command.shortcut})" if command.shortcut else command.tip)
    action.setCheckable(command.checkable)
    return action


def toolbar(window: QMainWindow, actions: Mapping[str, QAction], undo: QAction, redo: QAction) -> QToolBar:
    """Return the toolbar: undo and redo, then the actions that are used most."""
    bar = QToolBar("Toolbar", window)
    bar.setObjectName("toolbar")
    bar.setMovable(False)
    bar.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    bar.setIconSize(QSize(16, 16))
    for action, words in ((undo, "Undo"), (redo, "Redo")):
        action.setIconText(words)
        bar.addAction(action)
    bar.addSeparator()
    for key in TOOLBAR:
        actions[key].setIconText(SHORT[key])
        bar.addAction(actions[key])
    return bar
