"""The main window: puts document, views and actions together; what an action does stands in its row."""

from dataclasses import replace
from functools import cached_property, partial
from typing import TYPE_CHECKING

import psutil
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QCloseEvent, QDragEnterEvent, QDropEvent, QKeySequence
from PySide6.QtWidgets import QApplication, QLabel, QSizePolicy, QTabWidget

from resnet_explorer import features
from resnet_explorer.app import actions, motion
from resnet_explorer.app.docks import Docks
from resnet_explorer.app.window import AppWindow
from resnet_explorer.spec.catalogue import title
from resnet_explorer.ui import preferences, style
from resnet_explorer.ui.diagram_view import DiagramView
from resnet_explorer.ui.preferences import Preferences
from resnet_explorer.ui.session import Results, Session
from resnet_explorer.ui.window import PageView

if TYPE_CHECKING:
    from resnet_explorer.app.docks import Panels
    from resnet_explorer.app.pages import Pages
    from resnet_explorer.ui.jobs import Jobs


class MainWindow(AppWindow):
    """The window on one session: the diagram at once, and the panels around it with ``build_panels``."""

    _panels: "Panels | None" = None
    _pages: "Pages | None" = None

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
        self.setAcceptDrops(True)
        self._docks = Docks(self)
        self.docks = self._docks.named
        self._sums = QLabel()
        self._sums.setAccessibleName("Sums of the selection")
        self._notice = QLabel()
        self._notice.setObjectName("problem")
        self._notice.setTextFormat(Qt.TextFormat.PlainText)
        self._notice.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._notice.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.statusBar().addWidget(self._notice, 1)
        self.statusBar().addPermanentWidget(self._sums)
        self.actions_by_key = self._make_actions()
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
        from resnet_explorer.app.docks import Panels
        from resnet_explorer.app.pages import Pages
        from resnet_explorer.ui.dialogs import confirm

        panels = Panels(self.document, self.docks, self.jobs)
        self.jobs.confirm = partial(confirm, self)
        self.jobs.free = self._free_memory
        self.verdict = panels.verdict
        self.verdict.clicked.connect(self.actions_by_key["verdict"].trigger)
        self.statusBar().addPermanentWidget(self.verdict)
        self.build, self.inspector, self.table, self.code = panels.build, panels.inspector, panels.table, panels.code
        theme = style.theme_named(self.preferences.theme)
        self._pages = Pages(self.document, self.jobs, self.tabs, theme, self.session.results)
        self._pages.opened.connect(self._on_page_opened)
        self.tabs.currentChanged.connect(self._on_tab_changed)
        self.code.save_wanted.connect(self.actions_by_key["save-source"].trigger)
        self.build.timeline.clicked.connect(self.actions_by_key["timeline"].trigger)
        panels.show_theme(theme)
        panels.show_results(self.session.results)
        self.session.results_changed.connect(panels.show_results)
        self.session.results_changed.connect(self._pages.show_results)
        self.table.summary_changed.connect(self._sums.setText)
        self._panels = panels
        self.set_reduced_motion(self.preferences.reduce_motion)
        motion.SystemMotion(self.set_reduced_motion, self).ask()

    def _free_memory(self) -> int | None:
        """Return how much memory is free on the chosen device; None where nobody knows."""
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

    def _on_page_opened(self, key: str) -> None:
        """Connect a page that is there for the first time."""
        page = self.page(key)
        page.reduce_motion(not self.diagram.animated)
        page.attach(self)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if self._panels and any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        paths = [url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()]
        from resnet_explorer.app import commands

        commands.open_dropped(self, paths[0])
        event.acceptProposedAction()

    def _make_actions(self) -> dict[str, QAction]:
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
        key = self.sender().objectName()
        run = next(row.run for row in actions.rows() if row.key == key)
        features.resolve(run)(self, checked) if run else self.tabs.setCurrentWidget(self.page(key))

    def _show(self, results: Results) -> None:
        self.diagram.show_results(results)
        self.setWindowTitle(title(results.state.spec))

    def _restore(self) -> None:
        known = self.preferences.theme if self.preferences.theme in self.actions_by_key else style.SYSTEM
        self.actions_by_key[known].setChecked(True)
        self.diagram.show_theme(style.theme_named(known))
        style.dress(self._icons, style.theme_named(known))
        self.set_reduced_motion(self.preferences.reduce_motion)
        self.resize(1280, 800)
        self._docks.resize(style.theme_named(known))
        self._docks.restore()
        self.diagram.setFocus()

    def closeEvent(self, event: QCloseEvent) -> None:
        if self.isFullScreen():
            self.present(False)
        if self._panels:  # without them the docks have other sizes
            self._docks.remember()
        self.jobs.close()  # whenever that is: what starts later finds them closed
        super().closeEvent(event)

    def set_reduced_motion(self, still: bool = True) -> None:
        self.actions_by_key["still"].setChecked(still)
        self.diagram.animated = not still
        if self._pages:
            self._pages.reduce_motion(still)

    def _on_tab_changed(self) -> None:
        """Give a lab the whole window: it has panels of its own; the others come back with the next view."""
        current = self._pages.current if self._pages else None
        self._docks.hide_for_lab() if current and current[0].is_lab else self._docks.come_back()

    def present(self, on: bool) -> None:
        if on:
            self._before = self._docks.state()
            for part in (*self.docks.values(), self._toolbar):
                part.hide()
            self.showFullScreen()
        else:
            self._docks.put(self._before)
            self.showNormal()
        self.diagram.setFocus()

    def _on_unavailable(self, problem: str) -> None:
        """Say for good why there is no engine; its line is there to be copied."""
        self._notice.setText(f"⚠ {problem}")
        self._notice.setToolTip(problem)

    def _on_view_changed(self) -> None:
        self.actions_by_key["compare"].setChecked(self.document.view.compare)
        self.actions_by_key["changes"].setChecked(self.document.view.changes)

    def _on_scheme_changed(self) -> None:
        if self.preferences.theme == style.SYSTEM:
            self.choose_theme(style.SYSTEM)

    def choose_theme(self, name: str) -> None:
        theme = style.theme_named(name)
        self.remember(replace(self.preferences, theme=name))
        style.apply(self._app, theme)
        self.diagram.show_theme(theme)
        style.dress(self._icons, theme)
        if self._panels and self._pages:
            self._panels.show_theme(theme)
            self._pages.show_theme(theme)
        self._docks.resize(theme)

    def remember(self, known: Preferences) -> None:
        self.preferences = known
        preferences.save(known)
