"""The main window: puts document, views and actions together; what an action does is in ``commands``."""

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import psutil
from PySide6.QtCore import QByteArray, QSettings, Qt
from PySide6.QtGui import QAction, QCloseEvent, QDragEnterEvent, QDropEvent, QKeySequence
from PySide6.QtWidgets import QApplication, QDockWidget, QLabel, QMainWindow, QTabWidget, QWidget

from resnet_explorer.drawing.theme import Theme
from resnet_explorer.gui import actions, icons, motion, preferences, style
from resnet_explorer.gui.document import Document
from resnet_explorer.gui.preferences import Preferences
from resnet_explorer.gui.session import Results, Session
from resnet_explorer.gui.views.canvas import Canvas
from resnet_explorer.gui.views.diagram_view import DiagramView
from resnet_explorer.spec.catalogue import title

if TYPE_CHECKING:
    from resnet_explorer.gui.jobs import Jobs
    from resnet_explorer.gui.panels import Panels
    from resnet_explorer.gui.views.build_panel import BuildPanel
    from resnet_explorer.gui.views.code_view import CodeView
    from resnet_explorer.gui.views.gradient_page import GradientPage
    from resnet_explorer.gui.views.graph_page import GraphPage
    from resnet_explorer.gui.views.inspector import Inspector
    from resnet_explorer.gui.views.layer_table import LayerTable
    from resnet_explorer.gui.views.timing_page import TimingPage
    from resnet_explorer.gui.views.verdict_label import VerdictLabel

LAYOUT_VERSION = 4
_DOCKS = (
    ("Build", Qt.DockWidgetArea.LeftDockWidgetArea, 296),
    ("Inspector", Qt.DockWidgetArea.RightDockWidgetArea, 284),
    ("Layers", Qt.DockWidgetArea.BottomDockWidgetArea, 270),
    ("Code", Qt.DockWidgetArea.BottomDockWidgetArea, 270),
    ("Jobs", Qt.DockWidgetArea.BottomDockWidgetArea, 270),
)


class MainWindow(QMainWindow):
    """The window on one session: the diagram at once, and the panels around it with ``fill``."""

    session: Session
    document: Document
    preferences: Preferences
    diagram: DiagramView
    build: "BuildPanel"
    inspector: "Inspector"
    table: "LayerTable"
    code: "CodeView"
    jobs: "Jobs"
    verdict: "VerdictLabel"
    graph: "GraphPage"
    timing: "TimingPage"
    gradients: "GradientPage"
    tabs: QTabWidget
    _panels: "Panels | None" = None

    def __init__(self, app: QApplication, session: Session, known: Preferences) -> None:
        super().__init__()
        self._app, self.session, self.document, self.preferences = app, session, session.document, known
        self.diagram = DiagramView(self.document)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.setAccessibleName("Views")
        self.tabs.addTab(self.diagram, "Diagram")
        self.tabs.setTabToolTip(0, "The block diagram of the network")
        self.setCentralWidget(self.tabs)
        self._away: list[QDockWidget] = []
        self.setAcceptDrops(True)
        self.docks = {name: self._dock(name, area) for name, area, _ in _DOCKS}
        self.tabifyDockWidget(self.docks["Layers"], self.docks["Code"])
        self.tabifyDockWidget(self.docks["Code"], self.docks["Jobs"])
        self.setTabPosition(Qt.DockWidgetArea.BottomDockWidgetArea, QTabWidget.TabPosition.North)
        self.docks["Layers"].raise_()
        self._sums = QLabel()
        self._sums.setAccessibleName("Sums of the selection")
        self.statusBar().addPermanentWidget(self._sums)
        self.actions_by_key = self._make_actions()
        self.session.results_changed.connect(self._show)
        self.document.view_changed.connect(self._on_view_changed)
        app.styleHints().colorSchemeChanged.connect(self._on_scheme_changed)
        self._show(session.results)
        self._restore()

    def start_engine(self) -> None:
        """Let the engine import PyTorch while the panels are built."""
        from resnet_explorer.gui.jobs import Jobs

        self.jobs = Jobs(self)
        self.jobs.start()

    def fill(self) -> None:
        """Build the panels; they come after the first paint, so that the diagram is there at once."""
        from resnet_explorer.gui.jobs import Jobs
        from resnet_explorer.gui.panels import Panels
        from resnet_explorer.gui.questions import confirm

        if "jobs" not in self.__dict__:
            self.jobs = Jobs(self)
        panels = Panels(self.document, self.docks, self.jobs)
        self.jobs.confirm = partial(confirm, self)
        self.jobs.free = self._free_memory
        self.verdict = panels.verdict
        self.verdict.clicked.connect(self.actions_by_key["verdict"].trigger)
        self.statusBar().addPermanentWidget(self.verdict)
        self.build, self.inspector, self.table, self.code = panels.build, panels.inspector, panels.table, panels.code
        self.graph = panels.graph
        self.graph.save_dot.clicked.connect(self.actions_by_key["save-dot"].trigger)
        self.tabs.addTab(self.graph, "Autograd graph")
        self.timing = panels.timing
        self.tabs.addTab(self.timing, "Timing")
        self.tabs.setTabToolTip(2, "How long each layer takes on this machine, and what it waits for")
        self.gradients = panels.gradients
        self.tabs.addTab(self.gradients, "Gradients")
        self.tabs.setTabToolTip(3, "The gradient lab: residual against plain, block by block")
        self.gradients.save_csv.clicked.connect(self.actions_by_key["save-gradients"].trigger)
        self.tabs.currentChanged.connect(self._on_tab_changed)
        self.graph.paths.clicked.connect(self.actions_by_key["paths"].trigger)
        self.tabs.setTabToolTip(1, "What PyTorch records of a forward pass, and how the gradient goes back through it")
        self.code.save_wanted.connect(self.actions_by_key["save-source"].trigger)
        self.build.timeline.clicked.connect(self.actions_by_key["timeline"].trigger)
        panels.show_theme(style.theme_named(self.preferences.theme))
        panels.show_results(self.session.results)
        self.session.results_changed.connect(panels.show_results)
        self.table.summary_changed.connect(self._sums.setText)
        self._panels = panels
        self.be_still(self.preferences.reduce_motion)
        motion.SystemMotion(self.be_still, self).ask()

    def _free_memory(self) -> int | None:
        """Return how much memory is free on the chosen device; None where nobody knows."""
        device = self.document.device
        return psutil.virtual_memory().available if device == "cpu" else self.build.device.free(device)

    def wake_engine(self) -> None:
        """Let the engine start in the background, and verify what is shown from now on."""
        self.build.device.watch(self.jobs)
        self.verdict.watch()

    @property
    def canvas(self) -> Canvas:
        """Return the picture that is looked at: what fit, zoom, export and copy are about."""
        page = self.tabs.currentWidget()
        return page.canvas if self._panels and page in (self.graph, self.timing, self.gradients) else self.diagram

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if self._panels and any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        from resnet_explorer.gui import commands

        paths = [url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()]
        commands.open_dropped(self, paths[0])
        event.acceptProposedAction()

    def _dock(self, name: str, area: Qt.DockWidgetArea) -> QDockWidget:
        dock = QDockWidget(name, self)
        dock.setObjectName(name)
        dock.setWidget(QWidget())
        self.addDockWidget(area, dock)
        return dock

    def _make_actions(self) -> dict[str, QAction]:
        self.setCorner(Qt.Corner.BottomLeftCorner, Qt.DockWidgetArea.LeftDockWidgetArea)
        self.setCorner(Qt.Corner.BottomRightCorner, Qt.DockWidgetArea.RightDockWidgetArea)
        undo = self.document.undo_stack.createUndoAction(self, "Undo")
        redo = self.document.undo_stack.createRedoAction(self, "Redo")
        undo.setShortcut(QKeySequence("Ctrl+Z"))
        redo.setShortcuts([QKeySequence("Ctrl+Shift+Z"), QKeySequence("Ctrl+Y")])
        made = actions.build(
            self, self._on_action_triggered, [undo, redo], [dock.toggleViewAction() for dock in self.docks.values()]
        )
        self._icons = {**made, "undo": undo, "redo": redo}
        self._toolbar = actions.toolbar(self, made, undo, redo)
        self.addToolBar(self._toolbar)
        return made

    def _on_action_triggered(self, checked: bool) -> None:
        from resnet_explorer.gui import commands

        commands.run(self, self.sender().objectName(), checked)

    def _show(self, results: Results) -> None:
        self.diagram.show_results(results)
        self.setWindowTitle(title(results.state.spec))

    def _restore(self) -> None:
        known = self.preferences.theme if self.preferences.theme in self.actions_by_key else style.SYSTEM
        self.actions_by_key[known].setChecked(True)
        self.diagram.show_theme(style.theme_named(known))
        icons.dress(self._icons, style.theme_named(known))
        self.be_still(self.preferences.reduce_motion)
        self.resize(1280, 800)
        self._size_docks(style.theme_named(known))
        settings = self._settings()
        geometry, docks = settings.value("geometry"), settings.value("docks")
        if isinstance(geometry, QByteArray) and isinstance(docks, QByteArray):
            self.restoreGeometry(geometry)
            self.restoreState(docks, LAYOUT_VERSION)
        self.diagram.setFocus()

    def _size_docks(self, theme: Theme) -> None:
        """Give each panel the room that its text needs: larger text, wider panels."""
        sizes = [round(size * theme.font_points / style.USUAL_POINTS) for _, _, size in _DOCKS]
        self.resizeDocks([self.docks["Build"], self.docks["Inspector"]], sizes[:2], Qt.Orientation.Horizontal)
        self.resizeDocks([self.docks["Layers"]], sizes[2:3], Qt.Orientation.Vertical)

    def _settings(self) -> QSettings:
        return QSettings(str(preferences.folder() / "window.ini"), QSettings.Format.IniFormat)

    def closeEvent(self, event: QCloseEvent) -> None:
        if self.isFullScreen():
            self.present(False)
        self._back()
        settings = self._settings()
        settings.setValue("geometry", self.saveGeometry())
        settings.setValue("docks", self.saveState(LAYOUT_VERSION))
        if self._panels:
            self.jobs.close()
        super().closeEvent(event)

    def quit(self) -> None:
        """Close the window, and the app with it."""
        self.close()

    def be_still(self, still: bool = True) -> None:
        """Change the diagram at once from now on, or with transitions."""
        self.actions_by_key["still"].setChecked(still)
        self.diagram.animated = not still
        if self._panels:
            self.graph.canvas.animated = not still

    def _on_tab_changed(self, index: int) -> None:
        """Give a lab the whole window: it has panels of its own; the others come back with the next view."""
        if self.tabs.widget(index) is self.gradients:
            self._away = [dock for dock in self.docks.values() if not dock.isHidden()]
            for dock in self._away:
                dock.hide()
        else:
            self._back()

    def _back(self) -> None:
        """Show the panels again that a lab has taken the room of."""
        for dock in self._away:
            dock.show()
        self._away = []

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

    def say(self, words: str) -> None:
        """Say something in the status bar for a while."""
        self.statusBar().showMessage(words, 12_000)

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
        self.diagram.show_theme(theme)
        icons.dress(self._icons, theme)
        if self._panels:
            self._panels.show_theme(theme)
        self._size_docks(theme)

    def remember(self, known: Preferences) -> None:
        """Keep preferences, now and for the next run."""
        self.preferences = known
        preferences.save(known)
