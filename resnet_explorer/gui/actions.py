"""Every action of the window as data: its menu, words, shortcut, what it does, and the tip that teaches it."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMainWindow, QToolBar


class Command(NamedTuple):
    """An action by its key; ``group`` is the radio group that a checkable one belongs to."""

    key: str
    menu: str
    text: str
    shortcut: str
    tip: str
    checkable: bool = False
    group: str = ""


COMMANDS: tuple[Command, ...] = (
    Command("open", "&File", "&Open network…", "Ctrl+O", "Open a spec file that the app has saved"),
    Command("open-weights", "&File", "Open &weights…", "Ctrl+Shift+O", "Find a .pth file's network"),
    Command("open-module", "&File", "Open &module…", "", "Run a Python file, and find its module's network"),
    Command("save", "&File", "&Save network…", "Ctrl+S", "Save this network as a spec file"),
    Command("export", "&File", "&Export picture…", "Ctrl+E", "Save or copy the diagram as SVG, PDF or PNG"),
    Command("export-table", "&File", "Export &table…", "Ctrl+Shift+E", "Save all layers as CSV, JSON or Markdown"),
    Command("save-weights", "&File", "Save weig&hts…", "", "Save weights as .safetensors, .pth or ONNX"),
    Command("save-source", "&File", "Save as &PyTorch code…", "", "Save the network as one Python file"),
    Command("save-dot", "&File", "Save &graph as DOT…", "", "Save the autograd graph's source for Graphviz"),
    Command("save-gradients", "&File", "Save gra&dients as table…", "", "Save what the gradient lab has measured"),
    Command("save-runs", "&File", "Save &runs as table…", "", "Save every step of the lab's runs"),
    Command("quit", "&File", "&Quit", "Ctrl+Q", "Close the window"),
    Command("copy-picture", "&Edit", "Copy &picture", "Ctrl+Shift+C", "Copy the diagram as SVG and as image"),
    Command("copy-csv", "&Edit", "Copy layers as &CSV", "", "Copy the selected layers, or all, as CSV"),
    Command("copy-markdown", "&Edit", "Copy layers as &Markdown", "", "Copy them as a Markdown table"),
    Command("find", "&Edit", "&Find layers", "Ctrl+F", "Filter the layers by name or type"),
    Command("compare", "&View", "&Compare with plain twin", "Ctrl+T", "Add the same network without shortcuts", True),
    Command("changes", "&View", "&Mark what changed", "Ctrl+D", "Mark what it changes in its parent", True),
    Command("measured", "&View", "C&olour by what was measured", "Ctrl+B", "Colour blocks by the lab's values", True),
    Command("timeline", "&View", "Time&line of networks…", "Ctrl+K", "How residual networks changed since 2015"),
    Command("verdict", "&View", "&Verification…", "", "The figures beside PyTorch's and fvcore's own counts"),
    Command("graph", "&View", "Auto&grad graph", "Ctrl+G", "What PyTorch records, and the gradient's way back"),
    Command("timing", "&View", "T&iming", "Ctrl+M", "How long each layer takes here, and what it waits for"),
    Command("gradients", "&View", "&Gradient lab", "Ctrl+L", "Residual against plain, block by block"),
    Command("training", "&View", "Trainin&g lab", "Ctrl+R", "Several networks side by side, live"),
    Command("tuning", "&View", "Fine-t&uning lab", "Ctrl+U", "A network with weights on your own images"),
    Command("paths", "&View", "Pat&hs through the network…", "", "How many paths there are, and how long they are"),
    Command("expand", "&View", "&Expand all blocks", "Ctrl+Shift+Down", "Open every block, unfold long stages"),
    Command("collapse", "&View", "Co&llapse all", "Ctrl+Shift+Up", "Close every block and fold long stages"),
    Command("fit", "&View", "&Fit", "Ctrl+0", "Show the whole diagram"),
    Command("zoom-in", "&View", "Zoom &in", "Ctrl++", "Show the diagram larger"),
    Command("zoom-out", "&View", "Zoom &out", "Ctrl+-", "Show the diagram smaller"),
    Command("present", "&View", "&Present", "F5", "Show the diagram alone on the whole screen; F5 ends it", True),
    Command("system", "&Theme", "&Follow the system", "", "Light or dark, as the system is", True, "theme"),
    Command("light", "&Theme", "&Light", "", "Dark text on white", True, "theme"),
    Command("dark", "&Theme", "&Dark", "", "Light text on dark", True, "theme"),
    Command("projector", "&Theme", "&Projector", "F6", "Large text and heavy lines for the back row", True, "theme"),
    Command("still", "&View", "&Reduce motion", "", "Change the diagram at once, without transitions", True),
    Command("shortcuts", "&Help", "&Keyboard shortcuts", "F1", "All shortcuts on one page"),
    Command("about", "&Help", "&About ResNet Explorer", "", "Version, sources and licences"),
)  # fmt: skip

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
    ("Training", "F2, Delete in the list of kept runs", "Rename, delete"),
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
    for command in COMMANDS:
        action = actions[command.key] = _action(window, command)
        action.triggered.connect(triggered)
        menus[command.menu].addAction(action)
        if command.group:
            themes.addAction(action)
    menus["&View"].addSeparator()
    menus["&View"].addActions(docks)
    return actions


def _action(window: QMainWindow, command: Command) -> QAction:
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
