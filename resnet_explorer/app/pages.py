"""What is built after the diagram's first paint: panels in their docks, and pages when they are first looked at."""

from collections.abc import Mapping

from PySide6.QtCore import QObject, QSignalBlocker, Signal
from PySide6.QtWidgets import QDockWidget, QSizePolicy, QTabWidget, QWidget

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
from resnet_explorer.ui.window import PageView

_SEEN = (QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
_UNSEEN = (QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)


class Pages(QObject):
    """Puts pages into tabs after the first one; ``opened`` gives the key of one that is there for the first time."""

    opened = Signal(str)

    def __init__(self, document: Document, jobs: Jobs, tabs: QTabWidget, theme: Theme, results: Results) -> None:
        super().__init__(tabs)
        self._document, self._jobs, self._tabs = document, jobs, tabs
        self._theme, self._results = theme, results
        self._rows = {page.key: page for page in pages()}
        self._built: dict[str, PageView] = {}
        for page in self._rows.values():
            self._put(tabs.count(), QWidget(), page)
        tabs.currentChanged.connect(self._on_current)

    def _put(self, index: int, widget: QWidget, page: Page) -> None:
        widget.setSizePolicy(*_UNSEEN)
        self._tabs.insertTab(index, widget, page.title)
        self._tabs.setTabToolTip(index, page.tip)

    def page(self, key: str) -> PageView:
        """Return the page of a key, which is built where it is not there yet."""
        if key not in self._built:
            made: PageView = resolve(self._rows[key].widget)(self._document, self._jobs)
            self._built[key] = made
            made.show_theme(self._theme)
            made.show_results(self._results)
            index = 1 + list(self._rows).index(key)
            was_current = self._tabs.currentIndex() == index
            with QSignalBlocker(self._tabs):
                empty = self._tabs.widget(index)
                self._tabs.removeTab(index)
                self._put(index, made, self._rows[key])
                if was_current:
                    self._tabs.setCurrentIndex(index)
            if empty is not None:
                empty.deleteLater()
            self.opened.emit(key)
        return self._built[key]

    def reduce_motion(self, still: bool) -> None:
        """Change the pictures of every page at once from now on, or with transitions."""
        for widget in self._built.values():
            widget.reduce_motion(still)

    @property
    def current(self) -> tuple[Page, PageView] | None:
        """Return the page that is looked at; None for the diagram."""
        shown = self._tabs.currentWidget()
        return next(((self._rows[key], widget) for key, widget in self._built.items() if widget is shown), None)

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
        self._results = results
        for widget in self._built.values():
            widget.show_results(results)

    def show_theme(self, theme: Theme) -> None:
        """Show every page in another theme."""
        self._theme = theme
        for widget in self._built.values():
            widget.show_theme(theme)


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
