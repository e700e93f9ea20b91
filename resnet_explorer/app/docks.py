"""The panels around the views: where they stand, what is remembered of that, and who may take their room."""

from collections.abc import Mapping

from PySide6.QtCore import QByteArray, QSettings, Qt
from PySide6.QtWidgets import QDockWidget, QMainWindow, QTabWidget, QWidget

from resnet_explorer.app.build_panel import BuildPanel
from resnet_explorer.app.code_view import CodeView
from resnet_explorer.app.inspector import Inspector
from resnet_explorer.app.layer_table import LayerTable
from resnet_explorer.app.verdict import VerdictLabel
from resnet_explorer.picture.theme import Theme
from resnet_explorer.ui import preferences, style
from resnet_explorer.ui.document import Document
from resnet_explorer.ui.jobs import Jobs
from resnet_explorer.ui.jobs_panel import JobsPanel
from resnet_explorer.ui.session import Results

LAYOUT_VERSION = 4
_DOCKS = (
    ("Build", Qt.DockWidgetArea.LeftDockWidgetArea, 296),
    ("Inspector", Qt.DockWidgetArea.RightDockWidgetArea, 284),
    ("Layers", Qt.DockWidgetArea.BottomDockWidgetArea, 270),
    ("Code", Qt.DockWidgetArea.BottomDockWidgetArea, 270),
    ("Jobs", Qt.DockWidgetArea.BottomDockWidgetArea, 270),
)


class Docks:
    """The docks of a window, by name in ``named``."""

    def __init__(self, window: QMainWindow) -> None:
        self._window = window
        self._away: list[QDockWidget] = []
        self.named = {name: self._dock(name, area) for name, area, _ in _DOCKS}
        window.tabifyDockWidget(self.named["Layers"], self.named["Code"])
        window.tabifyDockWidget(self.named["Code"], self.named["Jobs"])
        window.setTabPosition(Qt.DockWidgetArea.BottomDockWidgetArea, QTabWidget.TabPosition.North)
        window.setCorner(Qt.Corner.BottomLeftCorner, Qt.DockWidgetArea.LeftDockWidgetArea)
        window.setCorner(Qt.Corner.BottomRightCorner, Qt.DockWidgetArea.RightDockWidgetArea)
        self.named["Layers"].raise_()

    def _dock(self, name: str, area: Qt.DockWidgetArea) -> QDockWidget:
        dock = QDockWidget(name, self._window)
        dock.setObjectName(name)
        dock.setWidget(QWidget())
        self._window.addDockWidget(area, dock)
        return dock

    def resize(self, theme: Theme) -> None:
        """Give each panel the room that its text needs: larger text, wider panels."""
        sizes = [round(size * theme.font_points / style.USUAL_POINTS) for _, _, size in _DOCKS]
        self._window.resizeDocks([self.named["Build"], self.named["Inspector"]], sizes[:2], Qt.Orientation.Horizontal)
        self._window.resizeDocks([self.named["Layers"]], sizes[2:3], Qt.Orientation.Vertical)

    def hide_for_lab(self) -> None:
        """Hide all panels: a lab has panels of its own."""
        if not self._away:
            self._away = [dock for dock in self.named.values() if not dock.isHidden()]
            for dock in self._away:
                dock.hide()

    def come_back(self) -> None:
        """Show the panels again that a lab has taken the room of."""
        for dock in self._away:
            dock.show()
        self._away = []

    def state(self) -> QByteArray:
        """Return where everything stands."""
        return self._window.saveState(LAYOUT_VERSION)

    def put(self, state: QByteArray) -> None:
        """Put everything where it stood."""
        self._window.restoreState(state, LAYOUT_VERSION)

    def restore(self) -> None:
        """Put everything where it stood when the window was last closed."""
        settings = _settings()
        geometry, docks = settings.value("geometry"), settings.value("docks")
        if isinstance(geometry, QByteArray) and isinstance(docks, QByteArray):
            self._window.restoreGeometry(geometry)
            self.put(docks)

    def remember(self) -> None:
        """Keep for the next run where everything stands."""
        self.come_back()
        settings = _settings()
        settings.setValue("geometry", self._window.saveGeometry())
        settings.setValue("docks", self.state())


def _settings() -> QSettings:
    return QSettings(str(preferences.folder() / "window.ini"), QSettings.Format.IniFormat)


class Panels:
    """The views of one document in their docks, and the verdict that goes into the status bar."""

    def __init__(self, document: Document, docks: Mapping[str, QDockWidget], jobs: Jobs) -> None:
        self.build = BuildPanel(document)
        self.inspector = Inspector(document)
        self.table = LayerTable(document)
        self.code = CodeView(document)
        self.jobs = JobsPanel(jobs)
        self.verdict = VerdictLabel(jobs)
        docks["Build"].setWidget(self.build)
        docks["Inspector"].setWidget(self.inspector)
        docks["Layers"].setWidget(self.table)
        docks["Code"].setWidget(self.code)
        docks["Jobs"].setWidget(self.jobs)
        docks["Code"].visibilityChanged.connect(self.code.watch)
        self.code.watch(not docks["Code"].visibleRegion().isEmpty())

    def show_results(self, results: Results) -> None:
        """Show new results in every panel."""
        self.build.show_results(results)
        self.inspector.show_results(results)
        self.table.show_results(results)
        self.code.show_results(results)
        self.verdict.show_results(results)

    def show_theme(self, theme: Theme) -> None:
        """Show what the panels paint themselves in another theme."""
        self.inspector.show_theme(theme)
        self.table.show_theme(theme)
        self.code.show_theme(theme)
