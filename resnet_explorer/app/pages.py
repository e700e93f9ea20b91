"""What is built after the diagram's first paint: panels in their docks, and pages when they are first looked at."""

from collections.abc import Mapping

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QDockWidget, QSizePolicy, QWidget

from resnet_explorer.app.build_panel import BuildPanel
from resnet_explorer.app.code_view import CodeView
from resnet_explorer.app.inspector import Inspector
from resnet_explorer.app.layer_table import LayerTable
from resnet_explorer.app.verdict import VerdictLabel
from resnet_explorer.features import Page, pages, resolve
from resnet_explorer.picture.theme import Theme
from resnet_explorer.ui.document import Document, Results
from resnet_explorer.ui.jobs import Jobs
from resnet_explorer.ui.jobs_panel import JobsPanel
from resnet_explorer.ui.style import theme_named
from resnet_explorer.ui.window import PageView, Window

_SEEN = (QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
_UNSEEN = (QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)


class Pages:
    """Puts pages into a window's tabs after the first one."""

    def __init__(self, window: Window) -> None:
        self._window, self._tabs = window, window.tabs
        self._rows = {page.key: page for page in pages()}
        self._built: dict[str, PageView] = {}
        for page in self._rows.values():
            self._put(self._tabs.count(), QWidget(), page)
        self._tabs.currentChanged.connect(self._on_current)

    def _put(self, index: int, widget: QWidget, page: Page) -> None:
        widget.setSizePolicy(*_UNSEEN)
        self._tabs.insertTab(index, widget, page.title)
        self._tabs.setTabToolTip(index, page.tip)

    def page(self, key: str) -> PageView:
        """Return the page of a key, which is built where it is not there yet."""
        if key not in self._built:
            window = self._window
            page: PageView = resolve(self._rows[key].widget)(window.document, window.jobs)
            self._built[key] = page
            page.show_theme(theme_named(window.preferences.theme))
            page.show_results(window.session.results)
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
            page.reduce_motion(not window.diagram.animated)
            page.attach(window)
        return self._built[key]

    def reduce_motion(self, still: bool) -> None:
        """Change the pictures of every page at once from now on, or with transitions."""
        for page in self._built.values():
            page.reduce_motion(still)

    @property
    def current(self) -> tuple[Page, PageView] | None:
        """Return the page that is looked at; None for the diagram."""
        shown = self._tabs.currentWidget()
        return next(((self._rows[key], page) for key, page in self._built.items() if page is shown), None)

    def _on_current(self, index: int) -> None:
        """Build the page that is looked at; only its room counts: else the window would be too wide for the others."""
        if index > 0:
            self.page(list(self._rows)[index - 1])
        for number in range(self._tabs.count()):
            widget = self._tabs.widget(number)
            if widget is not None:
                widget.setSizePolicy(*(_SEEN if number == index else _UNSEEN))

    def show_results(self, results: Results) -> None:
        """Show new results in every page that is there."""
        for page in self._built.values():
            page.show_results(results)

    def show_theme(self, theme: Theme) -> None:
        """Show every page in another theme."""
        for page in self._built.values():
            page.show_theme(theme)


class Panels:
    """The views of one document in their docks, and the verdict that goes into the status bar."""

    def __init__(self, document: Document, docks: Mapping[str, QDockWidget], jobs: Jobs) -> None:
        self.build, self.inspector = BuildPanel(document), Inspector(document)
        self.table, self.code, self.verdict = LayerTable(document), CodeView(document), VerdictLabel(jobs)
        for name, panel in (
            ("Build", self.build),
            ("Inspector", self.inspector),
            ("Layers", self.table),
            ("Code", self.code),
            ("Jobs", JobsPanel(jobs)),
        ):
            docks[name].setWidget(panel)
        docks["Code"].visibilityChanged.connect(self.code.watch)
        self.code.watch(not docks["Code"].visibleRegion().isEmpty())

    def show_results(self, results: Results) -> None:
        """Show new results in every panel."""
        for panel in (self.build, self.inspector, self.table, self.code, self.verdict):
            panel.show_results(results)

    def show_theme(self, theme: Theme) -> None:
        """Show what the panels paint themselves in another theme."""
        for panel in (self.inspector, self.table, self.code):
            panel.show_theme(theme)
