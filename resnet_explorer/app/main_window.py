"""The main window with its pages: puts document, views and actions together; what an action does stands in its row."""

from dataclasses import replace
from functools import cached_property, partial
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QPoint, QSettings, QSize, Qt
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QMenu, QWidget

from resnet_explorer import features
from resnet_explorer.app import actions
from resnet_explorer.app.diagram_page import DiagramPage
from resnet_explorer.picture.theme import Theme
from resnet_explorer.spec.catalogue import title
from resnet_explorer.ui import style
from resnet_explorer.ui.canvas import Canvas, shown_canvas
from resnet_explorer.ui.diagram_view import DiagramView
from resnet_explorer.ui.document import Results, Session
from resnet_explorer.ui.frame import Drawer, Edge, Frame, OpenState
from resnet_explorer.ui.last_session import Start
from resnet_explorer.ui.page_tabs import PageTabs
from resnet_explorer.ui.parts import SYSTEM_FRAME, describe, hbox, label
from resnet_explorer.ui.preferences import Preferences, folder, runs_folder, save
from resnet_explorer.ui.window import PageView, Window

if TYPE_CHECKING:
    from resnet_explorer.app.lesson_player import LessonPlayer
    from resnet_explorer.app.pages import Pages, Panels
    from resnet_explorer.app.scenes import Scenes
    from resnet_explorer.app.sessions import Sessions
    from resnet_explorer.scenes.scene import Scene
    from resnet_explorer.scenes.session import History
    from resnet_explorer.ui.jobs import Jobs
    from resnet_explorer.ui.stage import Stage

DIAGRAM_STAGE = "resnet_explorer.app.stage:DiagramShow"


def _show_menu(window: "MainWindow", menu: str, place: QPoint) -> None:
    features.resolve(menu)(window, place)


def _list_recent(window: "MainWindow", menu: QMenu) -> None:
    features.resolve("resnet_explorer.app.session_files:list_recent")(window, menu)


def _settings() -> QSettings:
    return QSettings(str(folder() / "window.ini"), QSettings.Format.IniFormat)


class MainWindow(Window):
    """The window on one session: the diagram at once, and the panels around it with ``build_panels``."""

    _panels: "Panels | None" = None
    _pages: "Pages | None" = None
    scenes: "Scenes"
    sessions: "Sessions"
    stage: "Stage | None" = None
    lesson: "LessonPlayer | None" = None
    """The lesson that drives the window."""

    _asks = True

    def __init__(
        self,
        app: QApplication,
        session: Session,
        preferences: Preferences,
        start: Start,
    ) -> None:
        super().__init__()
        self._start = start
        self.layouts = {page: dict(layout) for page, layout in start.shown.layouts.items()} if start.shown else {}
        self._app, self.session, self.document, self.preferences = app, session, session.document, preferences
        self.actions_by_key = actions.build(self, self._on_action_triggered, self.document.undo_stack)
        self.diagram = DiagramView(self.document)
        self.panels = DiagramPage(self.diagram, self.actions_by_key)
        self.tabs = PageTabs()
        self.tabs.setTabToolTip(self.tabs.addTab(self.panels, "Diagram"), "The block diagram of the network")
        self.tabs.setCornerWidget(self._make_corner())
        self.setCentralWidget(self._with_jobs())
        self.setAcceptDrops(True)
        self._sums = describe(label(cut=True), "Sums of the selection")
        self._sums.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._notice = label(kind="problem", cut=True)
        self._notice.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.statusBar().addWidget(self._notice, 1)
        self._notice.hide()
        self.statusBar().insertPermanentWidget(1, self._sums, 1)
        self._sums.hide()
        self.statusBar().messageChanged.connect(self._show_sums)
        self.session.results_changed.connect(self._show)
        self.document.view_changed.connect(self._on_view_changed)
        app.styleHints().colorSchemeChanged.connect(self._on_scheme_changed)
        self._show(session.results)
        self._on_view_changed()
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
        from resnet_explorer.app.field_keys import FieldKeys
        from resnet_explorer.app.pages import Pages, Panels
        from resnet_explorer.app.scenes import Scenes
        from resnet_explorer.app.sessions import Sessions
        from resnet_explorer.ui.dialogs import confirm
        from resnet_explorer.ui.jobs_panel import JobsPanel

        self._fill_menus()
        panels = Panels(self.document, self.panels, self.jobs)
        self.jobs_drawer.set_widget(JobsPanel(self.jobs))
        self.jobs.confirm = partial(confirm, self)
        self.jobs.free = self._free_memory
        self.verdict = panels.verdict
        self.verdict.clicked.connect(self.actions_by_key["verdict"].trigger)
        self.statusBar().insertPermanentWidget(2, self.verdict)
        self.build, self.inspector, self.table, self.code = panels.build, panels.inspector, panels.table, panels.code
        self._pages = Pages(self)
        self.sessions = Sessions(self, self._pages, self._start)  # before the scenes: a page is given its results first
        self.sessions.file_changed.connect(self._show_title)
        self.scenes = Scenes(self, self._pages)
        FieldKeys(self._app, self)
        self._wire_panels()
        panels.show_theme(style.theme_named(self.preferences.theme))
        panels.show_results(self.session.results)
        self.session.results_changed.connect(panels.show_results)
        self.session.results_changed.connect(self._pages.show_results)
        self._panels = panels
        style.set_icons(self.actions_by_key, style.theme_named(self.preferences.theme))
        self.set_reduced_motion(self.preferences.reduce_motion)
        style.SystemMotion(self.set_reduced_motion, self).ask()
        if notice := " ".join(filter(None, (self.sessions.resume(), self._unfinished()))):
            self.say(notice)
        self.scenes.changed.connect(self.sessions.note_change)

    def _fill_menus(self) -> None:
        menus = actions.fill(self, self._on_action_triggered, self.actions_by_key)
        menus["panels"].aboutToShow.connect(partial(self._list_panels, menus["panels"]))
        menus["recent"].aboutToShow.connect(partial(_list_recent, self, menus["recent"]))

    def _wire_panels(self) -> None:
        menus = "resnet_explorer.app.context_menu"
        self.code.save_wanted.connect(self.actions_by_key["save-source"].trigger)
        self.diagram.menu_wanted.connect(partial(_show_menu, self, f"{menus}:show_for_diagram"))
        self.table.view.menu_wanted.connect(partial(_show_menu, self, f"{menus}:show_for_table"))
        self.build.done.connect(self.diagram.setFocus)
        self.build.timeline.clicked.connect(self.actions_by_key["timeline"].trigger)
        self.table.summary_changed.connect(self._sums.setText)
        self.table.summary_changed.connect(self._show_sums)

    def _free_memory(self) -> int | None:
        """Return the free bytes of memory of the chosen device; None where they are unknown."""
        import psutil  # 10 ms that the start does not need

        device = self.document.device
        return psutil.virtual_memory().available if device == "cpu" else self.build.device.free(device)

    def wake_engine(self) -> None:
        """Let the engine start in the background, and verify what is shown from now on, once PyTorch is installed."""
        if self.jobs.absent and features.resolve("resnet_explorer.app.installation:begin")(self):
            return
        self.build.device.watch(self.jobs)
        self.verdict.watch()

    def page(self, key: str) -> PageView:
        assert self._pages is not None, "filled"
        return self._pages.page(key)

    def shown_page(self) -> PageView | None:
        return self._pages.current if self._pages else None

    def show_page(self, key: str) -> None:
        """Show the page of a key, and let its picture have the keyboard."""
        self.tabs.setCurrentWidget(self.panels if key == "diagram" else self.page(key))
        self.canvas.setFocus()

    def scene(self) -> "Scene":
        return self.scenes.current()

    def go_to(self, scene: "Scene", label: str = "") -> None:
        self.scenes.go_to(scene, label)

    @property
    def own_work(self) -> "tuple[Scene, History]":
        return self.lesson.own_work if self.lesson else (self.scene(), self.document.history)

    def leave_lesson(self) -> None:
        if self.lesson is not None:
            self.lesson.leave()

    def turn_page(self, by: int) -> None:
        """Show the page so many places further, round and round."""
        keys = ("diagram", *(page.key for page in features.pages()))
        self.show_page(keys[(self.tabs.currentIndex() + by) % len(keys)])

    @property
    def canvas(self) -> Canvas:
        """Return the picture that is looked at: what fit, zoom, export and copy are about."""
        page = self.shown_page()
        return shown_canvas(page, page.canvas) if page else self.diagram

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if self._panels and any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        paths = [url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()]
        features.resolve("resnet_explorer.app.commands:open_dropped")(self, paths[0])
        event.acceptProposedAction()

    def _make_corner(self) -> QWidget:
        """Return the buttons beside the tabs."""
        corner = QWidget()
        buttons = actions.buttons(self.actions_by_key, actions.EVERYWHERE, Qt.ToolButtonStyle.ToolButtonIconOnly)
        hbox(*buttons, of=corner, margins=(4, 2, 8, 2), spacing=4)
        return corner

    def _with_jobs(self) -> QWidget:
        """Return the tabs with a drawer of jobs, which opens over every page; its handle is in the status bar."""
        self.jobs_drawer = Drawer("Jobs", QWidget(), Edge.BOTTOM, 240, "What PyTorch computes now, and did before")
        self.jobs_drawer.state = OpenState.CLOSED
        self._window_frame = Frame()
        self._window_frame.set_parts(self.tabs, self.jobs_drawer)
        self.statusBar().addPermanentWidget(self.jobs_drawer.handle)
        self.jobs_drawer.handle.show()
        return self._window_frame

    def put_beside(self, drawer: Drawer) -> None:
        """Put a drawer beside every page; its handle is in the status bar."""
        drawer.handle.edge = Edge.BOTTOM  # so is its text written
        self._window_frame.add(drawer)
        self.statusBar().addPermanentWidget(drawer.handle)

    def drawer_beside(self, title: str) -> Drawer | None:
        """Return the drawer of a title that was put beside the pages."""
        return next((drawer for drawer in self._window_frame.drawers if drawer.title == title), None)

    def open_beside(self, drawer: Drawer, on: bool) -> None:
        """Open such a drawer, or close it."""
        self._window_frame.open(drawer, on)

    def _list_panels(self, menu: QMenu) -> None:
        """List the drawers of the page that is shown."""
        menu.clear()
        page = self.shown_page() or self.panels
        frames = (page, self._window_frame)
        for frame, drawer in ((owner, drawer) for owner in frames for drawer in owner.drawers if drawer.offered):
            action = menu.addAction(drawer.title, partial(frame.open, drawer, not drawer.handle.isChecked()))
            action.setCheckable(True)
            action.setChecked(drawer.handle.isChecked())

    def _on_action_triggered(self, checked: bool) -> None:
        row = next(row for row in actions.rows() if row.key == self.sender().objectName())
        if not row.run:
            self.show_page(row.key)
        elif ":" in row.run:
            features.resolve(row.run)(self, checked)
        else:
            attrgetter(row.run)(self)(*[checked] if row.checkable else [])

    def _show(self, results: Results) -> None:
        self.diagram.show_results(results)
        self._show_title()

    def _show_sums(self) -> None:
        """Show the sums of the selection unless a message stands in their place."""
        self._sums.setVisible(bool(self._sums.text()) and not self.statusBar().currentMessage())

    def _show_title(self) -> None:
        """Name the network, and the session where it was saved as one."""
        file = self.sessions.file if self._pages else ""
        network = title(self.document.state.spec)
        safe = " (safe start)" if self._start.is_safe else ""
        self.setWindowTitle(f"{Path(file).stem}[*] – {network}{safe}" if file else f"{network}{safe}")

    def _restore(self) -> None:
        name = self.preferences.theme if self.preferences.theme in self.actions_by_key else style.SYSTEM
        self.actions_by_key[name].setChecked(True)
        self.set_reduced_motion(self.preferences.reduce_motion)
        self.resize(QSize(1280, 800).boundedTo(self.screen().availableSize() - SYSTEM_FRAME))
        self._show_theme(style.theme_named(name))
        geometry = _settings().value("geometry")
        if isinstance(geometry, QByteArray) and not self._start.is_safe:
            self.restoreGeometry(geometry)
        self.resize(self.size().boundedTo(self.screen().availableGeometry().size()))
        self.panels.set_layout_state(self.layouts.get("diagram", {}))
        self.diagram.setFocus()

    def end(self) -> None:
        """Close without a question, as when the system ends."""
        self._asks = False
        self.close()

    def _may_close(self) -> bool:
        """Ask whether to quit where trainings are running."""
        from resnet_explorer.ui.dialogs import confirm_quit

        running = sum(page.running for page in self._pages.built.values()) if self._pages else 0
        return not running or not self._asks or confirm_quit(self, running)

    @staticmethod
    def _unfinished() -> str:
        """Return a sentence on trainings to continue, where there are any."""
        from resnet_explorer.runs.unfinished import noted

        counts = {page.title: len(noted(runs_folder(), page.key)) for page in features.pages()}
        runs = {title: "1 run is" if count == 1 else f"{count} runs are" for title, count in counts.items() if count}
        return " ".join(f"{text} not finished: the page {title} offers to continue." for title, text in runs.items())

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self._may_close():
            event.ignore()
            return
        self.present(False)
        self.leave_lesson()
        if self._pages:  # without them nobody has seen the window
            if not self._start.is_safe:
                _settings().setValue("geometry", self.saveGeometry())
            self.sessions.finish()
        elif self._start.slot:
            self._start.slot.release()
        self.jobs.close()  # whenever that is: what starts later finds them closed
        super().closeEvent(event)

    def set_reduced_motion(self, still: bool = True) -> None:
        """Change the diagram at once from now on, or with transitions."""
        self.actions_by_key["still"].setChecked(still)
        self.diagram.animated = not still
        if self._pages:
            self._pages.reduce_motion(still)

    def present(self, on: bool) -> None:
        """Show the page that is looked at on the stage, or leave it: everything is as before then."""
        if self.stage is not None:
            self.stage.leave()
        if on and self._pages:
            from resnet_explorer.ui.stage import Stage

            self.stage = Stage(self, {"diagram": DIAGRAM_STAGE, **{page.key: page.stage for page in features.pages()}})
            self.stage.ended.connect(self._on_stage_ended)
            self.stage.begin()
            self.stage_changed.emit()
        self.actions_by_key["present"].setChecked(self.stage is not None)

    def _on_stage_ended(self) -> None:
        if self.stage is not None:
            self.stage.deleteLater()
            self.stage = None
            self.stage_changed.emit()
        self.actions_by_key["present"].setChecked(False)

    def _on_unavailable(self, problem: str) -> None:
        """Keep the reason why there is no engine in the status bar, where it can be copied, until there is one."""
        self._notice.setText(f"⚠ {problem}")
        self._notice.setVisible(bool(problem))

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
        style.set_icons(self.actions_by_key, theme, for_now=self._panels is None)
        if self._panels and self._pages:
            self._panels.show_theme(theme)
            self._pages.show_theme(theme)
        if self.stage is not None:
            self.stage.show_theme()

    def remember(self, preferences: Preferences) -> None:
        self.preferences = preferences
        if not self._start.is_safe:
            save(preferences)
