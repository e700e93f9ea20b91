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
_export, _go, _zoom = (partial(_own, menu) for menu in ("&Export", "&Go to", "&Zoom"))
_theme = partial(_own, "&Theme", checkable=True, group="theme")

_OWN: tuple[Action, ...] = (
    _file("open", "&Open network…", "Ctrl+O", "Open a spec file that the app has saved", "open_network"),
    _file("open-session", "Open sess&ion…", "", "Open a saved session (.rnx)", "session_files:ask_open"),
    _file("open-weights", "Open &weights…", "Ctrl+Shift+O", "Find a .pth file's network", "weights_dialog:ask"),
    _file("open-module", "Open &module…", "", "Run a Python file and find its module's network", "module_dialog:ask"),
    _file("save", "&Save network…", "Ctrl+S", "Save this network as a spec file", "save_network"),
    _file("save-session", "Sa&ve session…", "Ctrl+Shift+S", "Save all that is shown", "session_files:save_session"),
    _file("save-session-as", "Save session &as…", "", "Save the session as another file", "session_files:ask_save"),
    _file("save-weights", "Save weig&hts…", "", "Save weights as .safetensors, .pth, ONNX", "weights_dialog:ask_save"),
    _file("save-source", "Save as &PyTorch code…", "", "Save the network as one Python file", "save_source"),
    _export("export", "&Export picture…", "Ctrl+E", "Save or copy the drawing: SVG, PDF, PNG, PGF", "export_picture"),
    _export("export-table", "Export &table…", "Ctrl+Shift+E", "Save all layers as CSV, JSON or Markdown", "save_table"),
    _export("share-page", "Share as &web page…", "", "Save the lesson or scene as one page", "take_home:share_page"),
    _export("hand-out", "Export &hand-out…", "", "Save the lesson or scene to print", "take_home:export_hand_out"),
    _file("disk-space", "&Disk space…", "", "What is kept so that it is not computed again", "disk_space:show"),
    _file("quit", "&Quit", "Ctrl+Q", "Close the window", ".close"),
    _edit("copy-picture", "Copy &picture", "Ctrl+Shift+C", "Copy the diagram as SVG and as image", "copy_shown"),
    _edit("copy-path", "Copy p&ath", "", "Copy the selected part's name in state_dict", "context_menu:copy_path"),
    _edit("copy-csv", "Copy layers as &CSV", "", "Copy the selected layers, or all, as CSV", ".table.copy_csv"),
    _edit("copy-markdown", "Copy layers as &Markdown", "", "Copy them as a Markdown table", ".table.copy_markdown"),
    _edit("find", "&Find layers", "Ctrl+F", "Filter the layers by name or type", "find"),
    _edit("palette", "Find an&ything…", "Ctrl+Shift+P", "All that can be shown or done", "palette:show"),
    _go("diagram", "Block d&iagram", "Ctrl+1", "The block diagram of the network", "show_diagram"),
    _go("next-page", "&Next page", "Ctrl+Tab", "Show the next page", "show_next_page"),
    _go("previous-page", "&Previous page", "Ctrl+Shift+Tab", "Show the page before this one", "show_previous_page"),
    _view("compare", "&Compare with plain twin", "Ctrl+T", "Add the same network without shortcuts", "compare", True),
    _view("changes", "&Mark what changed", "Ctrl+D", "Mark what it changes in its parent", "mark_changes", True),
    _view("timeline", "Timeli&ne of networks…", "Ctrl+K", "How residual networks changed since 2015", "show_timeline"),
    _view("verdict", "&Verification…", "", "The figures beside PyTorch's and fvcore's own counts", "show_verdict"),
    _view("expand", "&Expand all blocks", "Ctrl+Shift+Down", "Open every block, unfold long stages", "expand"),
    _view("collapse", "Co&llapse all", "Ctrl+Shift+Up", "Close every block and fold long stages", "collapse"),
    _zoom("fit", "&Fit", "Ctrl+0", "Show the whole diagram", ".canvas.fit"),
    _zoom("zoom-in", "Zoom &in", "Ctrl++", "Show the diagram larger", "zoom_in"),
    _zoom("zoom-out", "Zoom &out", "Ctrl+-", "Show the diagram smaller", "zoom_out"),
    _theme("system", "&Follow the system", "", "Light or dark, as the system is", "choose_theme"),
    _theme("light", "&Light", "", "Dark text on white", "choose_theme"),
    _theme("dark", "&Dark", "", "Light text on dark", "choose_theme"),
    _theme("projector", "&Projector", "F6", "Large text and heavy lines for the back row", "choose_theme"),
    _view("still", "&Reduce motion", "", "Change the diagram at once, without transitions", "reduce_motion", True),
    _view("present", "&Present", "F5", "Show this page on the whole screen, for the back row", ".present", True),
    _help("lessons", "&Lessons…", "Ctrl+Shift+L", "Lessons that drive the window, step by step", "lessons:show_list"),
    _help("help", "&Help for this page", "F1", "What the page shows, how it is measured, sources", "help:show_page"),
    _help("guide", "User &guide…", "", "How to find one's way, and all texts of the help", "help:show_guide"),
    _help("tour", "&Tour of the window", "", "The main parts in six steps, under a minute", "tour:start"),
    _help("shortcuts", "&Keyboard shortcuts", "Ctrl+/", "All shortcuts on one page", "show_shortcuts"),
    _help("doctor", "Check this &machine…", "", "What of Qt, PyTorch and folders works here", "machine_dialog:show"),
    _help("install-pytorch", "&Install PyTorch", "", "Download PyTorch and install it", "installation:install"),
    _help("about", "&About ResNet Explorer", "", "Version, sources and licences", "show_about"),
)  # fmt: skip

_SUBMENUS = {"&Export": "&File", "&Go to": "&View", "&Zoom": "&View", "&Theme": "&View"}
"""Menus inside of another one."""
_SEPARATED = ("save", "export", "quit", "copy-picture", "find", "compare", "timeline", "expand", "system", "about")
"""The actions before which, or before whose submenu, a line separates."""
_LABS_BEFORE = {"&Export": "quit", "&Go to": "next-page", "&View": "timeline"}
"""In each menu the actions of the labs come before this one."""


def menu_of(row: Action) -> str:
    """Return the menu or submenu that an action stands in: pages have one of their own, and so have exports."""
    if row.menu == "&View" and not row.run:
        return "&Go to"
    is_lab = not row.run.startswith(__package__) and ":" in row.run
    return "&Export" if is_lab and row.menu == "&File" else row.menu


def rows() -> tuple[Action, ...]:
    """Return every action in the order of the menus, those of the labs among them."""
    result: list[Action] = []
    menus, labs = {key: menu for menu, key in _LABS_BEFORE.items()}, features.actions()
    for own in _OWN:
        if own.key in menus:
            result += [row for row in labs if menu_of(row) == menus[own.key]]
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

EVERYWHERE: Mapping[str, str] = {
    "palette": "Find anything",
    "undo": "Undo",
    "redo": "Redo",
    "export": "Export…",
    "present": "Present",
}
"""The actions beside the tabs, which work on every page, and their texts there."""

KEYS_OF_VIEWS = (
    ("Window", "Ctrl+1 to Ctrl+9", "Show the first to the ninth page"),
    ("Window", "Up, Down, Enter, Esc", "In the list of what is found: choose, do it, close"),
    ("Window", "Menu, Shift+F10", "What can be done with the selected part, in the diagram and in Layers"),
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
    ("Stage", "Left, Right, Page Up, Page Down", "The thing before, the next one; a presenter's clicker does it too"),
    ("Stage", "Space, Up, Down", "Play or pause; another picture of the page"),
    ("Stage", "Enter, T", "Open the block; the diagram with and without shortcuts"),
    ("Stage", "1 to 9", "Go to a page"),
    ("Stage", "B, L, P, E", "Blank the screen; a pointer; draw with the mouse; erase"),
    ("Stage", "Esc, F5", "Leave: everything is as before"),
    ("Lesson", "Page Down, Page Up", "The next step, the one before, wherever the keyboard is; a clicker does it too"),
    ("Lesson", "Alt+Right, Alt+Left", "The same"),
    ("Lesson", "Alt+Home", "Back to what the step shows"),
    ("Lesson, its card", "Right, Left, Home", "The next step, the one before, back to what the step shows"),
    ("Lesson, stage", "Page Down, Page Up, Space", "The next step, the one before; Space plays what plays"),
    ("Lesson, stage", "Home", "Back to what the step shows"),
    ("Lesson, its card", "1 to 9, A, W", "Answer; show the answer; show why"),
    ("Charts", "Left, Right", "Read the values from point to point; Esc ends that"),
    ("Training", "Ctrl+Enter", "Start all networks of the list"),
    ("Training", "F2, Delete", "Rename or delete a saved run, in their list"),
    ("Build", "Up, Down", "Change the number in a field by one"),
    ("Build", "Enter", "Use what is typed, and go back to the diagram"),
)


_FIRST = {*TOOLS, *EVERYWHERE, *(row.key for row in _OWN if row.group), "still"}
"""The actions that the first paint shows or sets."""
_MENUS = ("&File", "&Edit", "&View", "&Help")
Triggered = Callable[[bool], None]


def build(window: QMainWindow, triggered: Triggered, undo_stack: QUndoStack) -> dict[str, QAction]:
    """Make the menus, which are empty, and the actions that the first paint needs; ``fill`` makes all others.

    Each action is named by its key and calls ``triggered``.
    """
    undo, redo = undo_stack.createUndoAction(window, "Undo"), undo_stack.createRedoAction(window, "Redo")
    undo.setShortcut(QKeySequence("Ctrl+Z"))
    redo.setShortcuts([QKeySequence("Ctrl+Shift+Z"), QKeySequence("Ctrl+Y")])
    for text in _MENUS:
        window.menuBar().addMenu(text)
    made = {"undo": undo, "redo": redo}
    return made | {row.key: _made(row, window, triggered) for row in _OWN if row.key in _FIRST}


def fill(window: QMainWindow, triggered: Triggered, actions: dict[str, QAction]) -> dict[str, QMenu]:
    """Make all other actions, and put every action into its menu and group, undo and redo first.

    The menus returned are ``panels`` and ``recent``, which are still empty.
    """
    bar = (action.menu() for action in window.menuBar().actions())
    menus = {text: menu for text, menu in zip(_MENUS, bar, strict=True) if isinstance(menu, QMenu)}
    first, themes = dict(actions), QActionGroup(window)
    actions.clear()
    actions.update(undo=first["undo"], redo=first["redo"])
    menus["&Edit"].addActions(list(actions.values()))
    pages = {page.key: f"Ctrl+{place}" for place, page in enumerate(features.pages(), start=2)}
    for row in rows():
        action = actions[row.key] = first.get(row.key) or _made(row, window, triggered)
        if row.key in pages:
            action.setShortcuts([*action.shortcuts(), QKeySequence(pages[row.key])])
        _menu_for(row, menus).addAction(action)
        if row.group:
            themes.addAction(action)
    panels = QMenu("Panel&s", menus["&View"])
    menus["&View"].insertMenu(actions["still"], panels)
    recent = QMenu("&Recent files", menus["&File"])
    menus["&File"].insertMenu(actions["open-weights"], recent)
    return {"panels": panels, "recent": recent}


def _made(row: Action, window: QMainWindow, triggered: Triggered) -> QAction:
    action = QAction(row.text, window, checkable=row.checkable, statusTip=row.tip)
    action.setObjectName(row.key)
    if row.shortcut:
        action.setShortcut(QKeySequence(row.shortcut))
    action.setToolTip(f"{row.tip} ({row.shortcut})" if row.shortcut else row.tip)
    action.setVisible(row.key != "install-pytorch")  # it is shown where that is missing
    action.triggered.connect(triggered)
    return action


def _menu_for(row: Action, menus: dict[str, QMenu]) -> QMenu:
    """Return the menu that an action goes to, with a line at its end where one separates the action from the others."""
    text = menu_of(row)
    parent = menus[_SUBMENUS.get(text, text)]
    if row.key in _SEPARATED:
        parent.addSeparator()
    if text not in menus:
        menus[text] = parent.addMenu(text)
    return menus[text]


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
