"""The main window with its docks: puts document, views and actions together; what an action does stands in its row."""

from dataclasses import replace
from functools import cached_property, partial
from operator import attrgetter
from typing import TYPE_CHECKING

import psutil
from PySide6.QtCore import QByteArray, QSettings, Qt
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QDockWidget, QLabel, QMainWindow, QTabWidget, QWidget

from resnet_explorer import features
from resnet_explorer.app import actions
from resnet_explorer.picture.theme import Theme
from resnet_explorer.spec.catalogue import title
from resnet_explorer.ui import style
from resnet_explorer.ui.canvas import Canvas
from resnet_explorer.ui.diagram_view import DiagramView
from resnet_explorer.ui.document import Results, Session
from resnet_explorer.ui.parts import describe, label, tabs
from resnet_explorer.ui.preferences import Preferences, folder, save
from resnet_explorer.ui.window import PageView, Window

if TYPE_CHECKING:
    from resnet_explorer.app.pages import Pages, Panels
    from resnet_explorer.ui.jobs import Jobs


LAYOUT_VERSION = 4
_DOCKS = (
    ("Build", Qt.DockWidgetArea.LeftDockWidgetArea, 296),
    ("Inspector", Qt.DockWidgetArea.RightDockWidgetArea, 284),
    ("Layers", Qt.DockWidgetArea.BottomDockWidgetArea, 270),
    ("Code", Qt.DockWidgetArea.BottomDockWidgetArea, 270),
    ("Jobs", Qt.DockWidgetArea.BottomDockWidgetArea, 270),
)


class Docks(dict[str, QDockWidget]):
    """The docks of a window by name."""

    def __init__(self, window: QMainWindow) -> None:
        super().__init__()
        self._window = window
        self._away: list[QDockWidget] = []
        for name, area, _ in _DOCKS:
            dock = self[name] = QDockWidget(name, window)
            dock.setObjectName(name)
            dock.setWidget(QWidget())
            window.addDockWidget(area, dock)
        window.tabifyDockWidget(self["Layers"], self["Code"])
        window.tabifyDockWidget(self["Code"], self["Jobs"])
        window.setTabPosition(Qt.DockWidgetArea.BottomDockWidgetArea, QTabWidget.TabPosition.North)
        window.setCorner(Qt.Corner.BottomLeftCorner, Qt.DockWidgetArea.LeftDockWidgetArea)
        window.setCorner(Qt.Corner.BottomRightCorner, Qt.DockWidgetArea.RightDockWidgetArea)
        self["Layers"].raise_()

    def resize(self, theme: Theme) -> None:
        """Give each panel the size that its text needs: larger text, wider panels."""
        sizes = [round(size * theme.font_points / style.USUAL_POINTS) for _, _, size in _DOCKS]
        self._window.resizeDocks([self["Build"], self["Inspector"]], sizes[:2], Qt.Orientation.Horizontal)
        self._window.resizeDocks([self["Layers"]], sizes[2:3], Qt.Orientation.Vertical)

    def hide_for_lab(self) -> None:
        """Hide all panels: a lab has panels of its own."""
        if not self._away:
            self._away = [dock for dock in self.values() if not dock.isHidden()]
            for dock in self._away:
                dock.hide()

    def show_again(self) -> None:
        """Show the panels again that were hidden for a lab."""
        for dock in self._away:
            dock.show()
        self._away = []

    def restore(self) -> None:
        """Restore the layout of the last session."""
        settings = _settings()
        geometry, docks = settings.value("geometry"), settings.value("docks")
        if isinstance(geometry, QByteArray) and isinstance(docks, QByteArray):
            self._window.restoreGeometry(geometry)
            self._window.restoreState(docks, LAYOUT_VERSION)

    def remember(self) -> None:
        """Save the layout for the next session."""
        self.show_again()
        settings = _settings()
        settings.setValue("geometry", self._window.saveGeometry())
        settings.setValue("docks", self._window.saveState(LAYOUT_VERSION))


def _settings() -> QSettings:
    return QSettings(str(folder() / "window.ini"), QSettings.Format.IniFormat)


class MainWindow(Window):
    """The window on one session: the diagram at once, and the panels around it with ``build_panels``."""

    _panels: "Panels | None" = None
    _pages: "Pages | None" = None

    def __init__(self, app: QApplication, session: Session, preferences: Preferences) -> None:
        super().__init__()
        self._app, self.session, self.document, self.preferences = app, session, session.document, preferences
        self.diagram = DiagramView(self.document)
        self.tabs = tabs("Views", (self.diagram, "Diagram", "The block diagram of the network"))
        self.setCentralWidget(self.tabs)
        self.setAcceptDrops(True)
        self.docks = Docks(self)
        self._sums = describe(QLabel(), "Sums of the selection")
        self._notice = label(kind="problem", cut=True)
        self._notice.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.statusBar().addWidget(self._notice, 1)
        self.statusBar().addPermanentWidget(self._sums)
        panels = [dock.toggleViewAction() for dock in self.docks.values()]
        self.actions_by_key = actions.build(self, self._on_action_triggered, self.document.undo_stack, panels)
        self._toolbar = actions.toolbar(self, self.actions_by_key)
        self.addToolBar(self._toolbar)
        self.session.results_changed.connect(self._show)
        self.document.view_changed.connect(self._on_view_changed)
        app.styleHints().colorSchemeChanged.connect(self._on_scheme_changed)
        self._show(session.results)
        self._restore()

    @cached_property
    def jobs(self) -> "Jobs":  # type: ignore[override]  # made when they are first asked for
        from resnet_explorer.ui.jobs import Jobs

        made = Jobs(self)
        made.unavailable.connect(self._on_unavailable)
        return made

    def start_engine(self) -> None:
        """Let the engine import PyTorch while the panels are built."""
        self.jobs.start()

    def build_panels(self) -> None:
        """Build the panels; they come after the first paint, so that the diagram is there at once."""
        from resnet_explorer.app.pages import Pages, Panels
        from resnet_explorer.ui.dialogs import confirm

        panels = Panels(self.document, self.docks, self.jobs)
        self.jobs.confirm = partial(confirm, self)
        self.jobs.free = self._free_memory
        self.verdict = panels.verdict
        self.verdict.clicked.connect(self.actions_by_key["verdict"].trigger)
        self.statusBar().addPermanentWidget(self.verdict)
        self.build, self.inspector, self.table, self.code = panels.build, panels.inspector, panels.table, panels.code
        self._pages = Pages(self)
        self.tabs.currentChanged.connect(self._on_tab_changed)
        self.code.save_wanted.connect(self.actions_by_key["save-source"].trigger)
        self.build.timeline.clicked.connect(self.actions_by_key["timeline"].trigger)
        panels.show_theme(style.theme_named(self.preferences.theme))
        panels.show_results(self.session.results)
        self.session.results_changed.connect(panels.show_results)
        self.session.results_changed.connect(self._pages.show_results)
        self.table.summary_changed.connect(self._sums.setText)
        self._panels = panels
        self.set_reduced_motion(self.preferences.reduce_motion)
        style.SystemMotion(self.set_reduced_motion, self).ask()

    def _free_memory(self) -> int | None:
        """Return the free bytes of memory of the chosen device; None where they are unknown."""
        device = self.document.device
        return psutil.virtual_memory().available if device == "cpu" else self.build.device.free(device)

    def wake_engine(self) -> None:
        """Let the engine start in the background, and verify what is shown from now on."""
        self.build.device.watch(self.jobs)
        self.verdict.watch()

    def page(self, key: str) -> PageView:
        assert self._pages is not None, "filled"
        return self._pages.page(key)

    def shown_page(self) -> PageView | None:
        current = self._pages.current if self._pages else None
        return current[1] if current else None

    @property
    def canvas(self) -> Canvas:
        """Return the picture that is looked at: what fit, zoom, export and copy are about."""
        page = self.shown_page()
        return page.canvas if page else self.diagram

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if self._panels and any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        paths = [url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()]
        features.resolve("resnet_explorer.app.commands:open_dropped")(self, paths[0])
        event.acceptProposedAction()

    def _on_action_triggered(self, checked: bool) -> None:
        row = next(row for row in actions.rows() if row.key == self.sender().objectName())
        if not row.run:
            self.tabs.setCurrentWidget(self.page(row.key))
        elif ":" in row.run:
            features.resolve(row.run)(self, checked)
        else:
            attrgetter(row.run)(self)(*[checked] if row.checkable else [])

    def _show(self, results: Results) -> None:
        self.diagram.show_results(results)
        self.setWindowTitle(title(results.state.spec))

    def _restore(self) -> None:
        name = self.preferences.theme if self.preferences.theme in self.actions_by_key else style.SYSTEM
        self.actions_by_key[name].setChecked(True)
        self.set_reduced_motion(self.preferences.reduce_motion)
        self.resize(1280, 800)
        self._show_theme(style.theme_named(name))
        self.docks.restore()
        self.diagram.setFocus()

    def closeEvent(self, event: QCloseEvent) -> None:
        if self.isFullScreen():
            self.present(False)
        if self._panels:  # without them the docks have other sizes
            self.docks.remember()
        self.jobs.close()  # whenever that is: what starts later finds them closed
        super().closeEvent(event)

    def set_reduced_motion(self, still: bool = True) -> None:
        """Change the diagram at once from now on, or with transitions."""
        self.actions_by_key["still"].setChecked(still)
        self.diagram.animated = not still
        if self._pages:
            self._pages.reduce_motion(still)

    def _on_tab_changed(self) -> None:
        """Give a lab the whole window: it has panels of its own; the others come back with the next view."""
        current = self._pages.current if self._pages else None
        self.docks.hide_for_lab() if current and current[0].is_lab else self.docks.show_again()

    def present(self, on: bool) -> None:
        """Show the diagram alone on the whole screen, or everything as it was before."""
        if on:
            self._before = self.saveState(LAYOUT_VERSION)
            for part in (*self.docks.values(), self._toolbar):
                part.hide()
            self.showFullScreen()
        else:
            self.restoreState(self._before, LAYOUT_VERSION)
            self.showNormal()
        self.diagram.setFocus()

    def _on_unavailable(self, problem: str) -> None:
        """Keep the reason why there is no engine in the status bar, where it can be copied."""
        self._notice.setText(f"⚠ {problem}")
        self._notice.setToolTip(problem)

    def _on_view_changed(self) -> None:
        self.actions_by_key["compare"].setChecked(self.document.view.compare)
        self.actions_by_key["changes"].setChecked(self.document.view.changes)

    def _on_scheme_changed(self) -> None:
        if self.preferences.theme == style.SYSTEM:
            self.choose_theme(style.SYSTEM)

    def choose_theme(self, name: str) -> None:
        """Show everything in a theme, or as the system is, and remember that."""
        theme = style.theme_named(name)
        self.remember(replace(self.preferences, theme=name))
        style.apply(self._app, theme)
        self._show_theme(theme)

    def _show_theme(self, theme: Theme) -> None:
        self.diagram.show_theme(theme)
        style.set_icons(self.actions_by_key, theme)
        if self._panels and self._pages:
            self._panels.show_theme(theme)
            self._pages.show_theme(theme)
        self.docks.resize(theme)

    def remember(self, preferences: Preferences) -> None:
        self.preferences = preferences
        save(preferences)
