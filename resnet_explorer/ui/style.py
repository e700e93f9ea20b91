"""The theme in Qt's terms: palette, style sheet, icons and fonts; and whether the system asks for less motion."""

import shutil
import sys
from collections.abc import Callable, Mapping
from functools import cache

from PySide6.QtCore import QByteArray, QCoreApplication, QEvent, QObject, Qt
from PySide6.QtGui import QAction, QColor, QFont, QFontDatabase, QGuiApplication, QIcon, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication

from resnet_explorer import assets
from resnet_explorer.picture.marks import Ink
from resnet_explorer.picture.theme import CHROME, DARK, LIGHT, THEMES, Theme
from resnet_explorer.ui.painter import FAMILY

SYSTEM = "system"
USUAL_POINTS = 10.0
"""The text size that panels were laid out for."""

_RULES = """
QLabel#heading {{ color: {muted}; font-weight: 600; font-size: {small}pt; padding-top: 3px; }}
QLabel#muted {{ color: {muted}; }}
QToolButton#section {{ color: {muted}; font-weight: 600; font-size: {small}pt; border: none; padding: 2px 0; }}
QToolButton#section:focus {{ border-bottom: 1px solid {accent}; }}
QLabel#problem {{ color: {problem}; }}
QLabel#strong {{ font-weight: 600; }}
QLabel#title {{ font-weight: 600; font-size: {large}pt; }}
QLabel#mono {{ color: {muted}; font-size: {small}pt; }}
QFrame#rule {{ color: {line}; }}
QDialogButtonBox {{ dialogbuttonbox-buttons-have-icons: 0; }}
QToolTip {{ color: {text}; background: {field}; border: 1px solid {line}; padding: 4px; }}
QToolButton#tool {{ padding: 3px 9px; border: 1px solid {line}; border-radius: 5px; background: {field}; }}
QToolButton#tool:hover {{ border-color: {accent}; }}
QToolButton#tool:checked {{ background: {accent}; color: {on_accent}; border-color: {accent}; }}
QToolButton#tool:disabled {{ color: {gone}; }}
QCheckBox {{ padding: 2px; }}
QCheckBox::indicator:unchecked, QTreeView::indicator:unchecked {{ border: 1px solid {muted}; border-radius: 2px; }}
QToolButton#view {{ padding: 1px 5px 0; border: none; border-bottom: 2px solid transparent; color: {muted}; }}
QToolButton#view:hover {{ border-bottom-color: {line}; color: {text}; }}
QToolButton#view:focus {{ background: {chosen}; }}
QToolButton#view:checked {{ border-bottom-color: {accent}; color: {text}; }}
QFrame#drawer QToolButton:checked {{ background: {chosen}; border: 1px solid {accent}; border-radius: 3px;
    padding: 3px; }}
QFrame#drawer QToolButton#section:checked {{ background: transparent; border: none; }}
QToolButton#stages {{ padding: 1px 2px; border: 1px solid transparent; border-radius: 3px; color: {muted}; }}
QToolButton#stages:hover, QToolButton#stages:focus {{ border-color: {line}; color: {text}; }}
QToolButton#stages:checked, QFrame#drawer QToolButton#stages:checked {{ padding: 1px 2px; color: {text};
    background: {chosen}; border: 1px solid {accent}; border-radius: 3px; }}
QFrame#drawer {{ border: 1px solid {line}; background: {panel}; }}
QFrame#palette, QFrame#overlay {{ border: 1px solid {accent}; border-radius: 6px; background: {panel}; }}
QToolButton#handle {{ color: {muted}; background: {panel}; border: 1px solid {line}; font-weight: 600; }}
QToolButton#handle:hover, QToolButton#handle:focus {{ border-color: {accent}; }}
QToolButton#handle:checked {{ background: {chosen}; color: {text}; border-color: {accent}; }}
QTableView, QTreeWidget#table {{ border: none; border-top: 1px solid {line}; font-size: {table}pt; }}
QHeaderView::section {{ background: {panel}; color: {muted}; border: none; border-bottom: 1px solid {line};
    padding: 3px 6px; font-weight: 600; font-size: {table}pt; }}
QStatusBar {{ border-top: 1px solid {line}; color: {muted}; }}
QStatusBar::item {{ border: none; }}
"""


def theme_named(name: str) -> Theme:
    """Return a theme by name; the system's light or dark one for ``system``, light where it tells none."""
    if name in THEMES:
        return THEMES[name]
    return DARK if QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark else LIGHT


def on_accent(theme: Theme) -> str:
    """Return the colour of text on the accent colour."""
    return "#0b1117" if theme.dark else "#ffffff"


def apply(app: QApplication, theme: Theme) -> None:
    """Give the whole application the colours and the text size of a theme."""
    panel, field, chosen, text = CHROME[theme.name]
    colours = theme.colours
    rules = _RULES.format(
        muted=colours[Ink.MUTED],
        problem=colours[Ink.SHORTCUT],
        line=colours[Ink.LINE],
        accent=colours[Ink.ACCENT],
        on_accent=on_accent(theme),
        gone=colours[Ink.GONE],
        text=text,
        chosen=chosen,
        field=field,
        panel=panel,
        small=theme.font_points - 1.5,
        table=theme.font_points - 1,
        large=theme.font_points + 2.5,
    )
    if rules == app.styleSheet():
        return  # Qt would lay out every widget anew
    font = QFont(FAMILY)
    font.setPointSizeF(theme.font_points)
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    app.setStyleSheet("")  # another one in its place is laid on each widget once for each that it is in, not once
    app.setFont(font)
    app.setPalette(_palette(panel, field, chosen, text, theme))
    _tell_unseen(app)
    app.setStyleSheet(rules)


def _tell_unseen(app: QApplication) -> None:
    """Tell widgets that were never shown of the application's font and colours, since Qt does not."""
    for widget in app.allWidgets():
        if not widget.testAttribute(Qt.WidgetAttribute.WA_WState_Polished):
            for change in (QEvent.Type.ApplicationFontChange, QEvent.Type.ApplicationPaletteChange):
                app.sendEvent(widget, QEvent(change))


def _palette(panel: str, field: str, chosen: str, text: str, theme: Theme) -> QPalette:
    roles, colours = QPalette.ColorRole, theme.colours
    palette = QPalette(QColor(panel))
    for role, colour in (
        (roles.Window, panel),
        (roles.WindowText, text),
        (roles.Base, field),
        (roles.AlternateBase, panel),
        (roles.Text, text),
        (roles.Button, panel),
        (roles.ButtonText, text),
        (roles.Highlight, colours[Ink.ACCENT]),
        (roles.HighlightedText, on_accent(theme)),
        (roles.ToolTipBase, field),
        (roles.ToolTipText, text),
        (roles.PlaceholderText, colours[Ink.MUTED]),
        (roles.Mid, colours[Ink.LINE]),
        (roles.Link, colours[Ink.ACCENT]),
    ):
        palette.setColor(role, QColor(colour))
    for role in (roles.Text, roles.ButtonText, roles.WindowText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(colours[Ink.GONE]))
    return palette


SIZE = 16
_SHARP = 3
"""Pixels to a px, so that icons are crisp on dense screens."""
_INK = "#444444"
"""The colour in the files, which each theme replaces by its own."""

NAMES: Mapping[str, str] = {
    "export": "export",
    "palette": "search",
    "compare": "compare",
    "expand": "expand-all",
    "collapse": "collapse-all",
    "fit": "fit",
    "present": "present",
    "undo": "undo",
    "redo": "redo",
}
"""For each action that has one the file of its icon."""


def set_icons(actions: Mapping[str, QAction], theme: Theme, for_now: bool = False) -> None:
    """Give actions their icons: in the text's colour, and where they are checked in the colour on the accent.

    ``for_now`` leaves out those of states that an action is not in.
    """
    text, gone = theme.colours[Ink.TEXT], theme.colours[Ink.GONE]
    for key, name in NAMES.items():
        icon = QIcon(_pixmap(name, text))
        action = actions[key]
        if not (for_now and action.isEnabled()):
            icon.addPixmap(_pixmap(name, gone), QIcon.Mode.Disabled)
        if action.isChecked() or (action.isCheckable() and not for_now):
            icon.addPixmap(_pixmap(name, on_accent(theme)), QIcon.Mode.Normal, QIcon.State.On)
        action.setIcon(icon)
        action.setIconVisibleInMenu(False)


def _pixmap(name: str, colour: str) -> QPixmap:
    drawing = assets.path("icons", f"{name}.svg").read_text(encoding="utf-8").replace(_INK, colour)
    pixmap = QPixmap(SIZE * _SHARP, SIZE * _SHARP)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    QSvgRenderer(QByteArray(drawing.encode())).render(painter)
    painter.end()
    pixmap.setDevicePixelRatio(_SHARP)
    return pixmap


@cache
def load_fonts() -> None:
    """Make the bundled fonts known to Qt, once, since it would keep each copy; an application must exist."""
    for file in sorted(assets.path("fonts").glob("*.ttf")):
        QFontDatabase.addApplicationFont(str(file))


_QUESTIONS = {
    "linux": (("gsettings", "get", "org.gnome.desktop.interface", "enable-animations"), "false"),
    "darwin": (("defaults", "read", "com.apple.universalaccess", "reduceMotion"), "1"),
}
"""For each system the command that asks it, and the answer that means less motion."""


class SystemMotion(QObject):
    """Asks the system once, without waiting; ``reduce_motion`` is called where it wants less motion."""

    def __init__(self, reduce_motion: Callable[[], None], parent: QObject) -> None:
        from PySide6.QtCore import QProcess  # 1 ms that the first paint does not need

        super().__init__(parent)
        self._reduce_motion = reduce_motion
        self._process = QProcess(self)
        self._process.finished.connect(self._on_finished)
        parent.destroyed.connect(self._on_about_to_quit)  # Qt warns of a process that is deleted while it runs
        if app := QCoreApplication.instance():
            app.aboutToQuit.connect(self._on_about_to_quit)

    def ask(self) -> None:
        """Ask; on systems that cannot be asked nothing happens."""
        if sys.platform == "win32":
            self._ask_windows()
        elif sys.platform in _QUESTIONS and shutil.which(_QUESTIONS[sys.platform][0][0]):
            program, *arguments = _QUESTIONS[sys.platform][0]
            self._process.start(program, arguments)

    def _ask_windows(self) -> None:
        import ctypes

        shown = ctypes.c_int(1)
        # SPI_GETCLIENTAREAANIMATION
        ctypes.windll.user32.SystemParametersInfoW(0x1042, 0, ctypes.byref(shown), 0)  # type: ignore[attr-defined, unused-ignore]
        if not shown.value:
            self._reduce_motion()

    def _on_about_to_quit(self) -> None:
        self._process.kill()
        self._process.waitForFinished(200)

    def _on_finished(self) -> None:
        answer = bytes(self._process.readAllStandardOutput().data()).decode(errors="replace").strip()
        if answer == _QUESTIONS[sys.platform][1]:
            self._reduce_motion()
