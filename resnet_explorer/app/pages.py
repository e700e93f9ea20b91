"""What is built after the diagram's first paint: panels in their drawers, and pages when they are first looked at."""

from PySide6.QtCore import QObject, QSignalBlocker, Signal
from PySide6.QtWidgets import QWidget

from resnet_explorer.app.build_panel import BuildPanel
from resnet_explorer.app.code_view import CodeView
from resnet_explorer.app.inspector import Inspector
from resnet_explorer.app.layer_table import LayerTable
from resnet_explorer.app.verdict import VerdictLabel
from resnet_explorer.features import Page, pages, resolve
from resnet_explorer.picture.theme import Theme
from resnet_explorer.ui.document import Document, Results
from resnet_explorer.ui.frame import Frame
from resnet_explorer.ui.jobs import Jobs
from resnet_explorer.ui.style import theme_named
from resnet_explorer.ui.window import PageView, Window


class Pages(QObject):
    """Puts pages into a window's tabs after the first one; ``built_page`` tells the key of one that is there now."""

    built_page = Signal(str)

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self._window, self._tabs = window, window.tabs
        self._rows = {page.key: page for page in pages()}
        self.built: dict[str, PageView] = {}
        for page in self._rows.values():
            self._put(self._tabs.count(), QWidget(), page)
        self._tabs.currentChanged.connect(self._on_current)

    def _put(self, index: int, widget: QWidget, page: Page) -> None:
        self._tabs.insertTab(index, widget, page.title)
        self._tabs.setTabToolTip(index, page.tip)

    def page(self, key: str) -> PageView:
        """Return the page of a key, which is built where it is not there yet."""
        if key not in self.built:
            window = self._window
            page: PageView = resolve(self._rows[key].widget)(window.document, window.jobs)
            self.built[key] = page
            page.show_theme(theme_named(window.preferences.theme))
            page.show_results(window.session.results)
            page.reduce_motion(not window.diagram.animated)
            page.attach(window)
            page.set_layout_state(window.layouts.get(key, {}))
            self.built_page.emit(key)  # before it is seen, so that it shows at once what it shall
            index = 1 + list(self._rows).index(key)
            was_current = self._tabs.currentIndex() == index
            with QSignalBlocker(self._tabs):
                empty = self._tabs.widget(index)
                self._tabs.removeTab(index)
                self._put(index, page, self._rows[key])
                if was_current:
                    self._tabs.setCurrentIndex(index)
            if empty is not None:
                empty.deleteLater()
        return self.built[key]

    def reduce_motion(self, still: bool) -> None:
        """Change the pictures of every page at once from now on, or with transitions."""
        for page in self.built.values():
            page.reduce_motion(still)

    @property
    def current(self) -> PageView | None:
        """Return the page that is looked at; None for the diagram."""
        shown = self._tabs.currentWidget()
        return next((page for page in self.built.values() if page is shown), None)

    def _on_current(self, index: int) -> None:
        if index > 0:
            self.page(list(self._rows)[index - 1])

    def show_results(self, results: Results) -> None:
        """Show new results in every page that is there."""
        for page in self.built.values():
            page.show_results(results)

    def show_theme(self, theme: Theme) -> None:
        """Show every page in another theme."""
        for page in self.built.values():
            page.show_theme(theme)


TITLES = ("Build", "Inspector", "Layers", "Code")


class Panels:
    """The views of one document in the drawers around the diagram, and the verdict that goes into the status bar."""

    def __init__(self, document: Document, frame: Frame, jobs: Jobs) -> None:
        self.build, self.inspector = BuildPanel(document), Inspector(document)
        self.table, self.code, self.verdict = LayerTable(document), CodeView(document), VerdictLabel(jobs)
        for panel, title in zip((self.build, self.inspector, self.table, self.code), TITLES, strict=True):
            frame.drawer(title).set_widget(panel)
        code = frame.drawer("Code")
        code.toggled.connect(self.code.watch)
        self.code.watch(code.handle.isChecked())

    def show_results(self, results: Results) -> None:
        """Show new results in every panel."""
        for panel in (self.build, self.inspector, self.table, self.code, self.verdict):
            panel.show_results(results)

    def show_theme(self, theme: Theme) -> None:
        """Show what the panels paint themselves in another theme."""
        for panel in (self.inspector, self.table, self.code):
            panel.show_theme(theme)
