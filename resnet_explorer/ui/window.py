"""What a page, a dialog and an action may ask of the window, and what the window asks of a page."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMainWindow, QTabWidget

from resnet_explorer.picture.theme import Theme
from resnet_explorer.ui.canvas import Canvas
from resnet_explorer.ui.diagram_view import DiagramView
from resnet_explorer.ui.document import Document, Results, Session
from resnet_explorer.ui.frame import Frame
from resnet_explorer.ui.preferences import Preferences

if TYPE_CHECKING:
    from resnet_explorer.runs.plan import Run
    from resnet_explorer.runs.recorded import Recording
    from resnet_explorer.scenes.scene import Scene
    from resnet_explorer.scenes.session import History
    from resnet_explorer.ui.jobs import Jobs


class PageView(Frame):
    """A tab beside the diagram, built when it is first looked at."""

    if TYPE_CHECKING:

        @property
        def canvas(self) -> Canvas:
            """Return the picture that fit, zoom, export and copy are about while the page is looked at."""

    def attach(self, window: "Window") -> None:
        """Connect what the page offers with the window's actions; called once, when the page is built."""

    def show_results(self, results: Results) -> None:
        """Show new results."""

    def show_theme(self, theme: Theme) -> None:
        """Show the page in another theme."""

    def reduce_motion(self, still: bool) -> None:
        """Change pictures at once from now on, or with transitions."""

    part_changed = Signal()
    """Tells that the page shows something else, as ``part`` has it."""

    def part(self) -> object:
        """Return what the page shows, as a scene holds it; None where its row declares no part."""
        return None

    def show_part(self, part: Any) -> None:
        """Show what a scene holds of the page.

        What must first be loaded or measured is shown once it is there; ``part`` returns it from now on.
        """

    measurements_changed = Signal()
    """Tells that ``measurements`` returns something else."""

    def measurements(self) -> Sequence["Recording"]:
        """Return what was measured here and is shown, with where it comes from, as a session keeps it."""
        return ()

    def show_measurements(self, results: Sequence[Mapping[str, Any]]) -> None:
        """Show results of a session in place of measuring them; raises ExplorerError where one cannot be shown."""

    def open_runs(self, folders: Sequence[Path]) -> None:
        """Show saved runs."""

    @property
    def guide(self) -> str:
        """Return the key of the help on what is shown; empty where that is the page's own."""
        return ""

    @property
    def runs(self) -> Sequence["Run"]:
        """Return the runs that the page shows; a page without runs has none."""
        return ()

    @property
    def running(self) -> int:
        """Return how many trainings of the page are running or waiting."""
        return 0


class Window(QMainWindow):
    """The main window as pages, dialogs and actions see it."""

    session: Session
    document: Document
    preferences: Preferences
    jobs: "Jobs"
    diagram: DiagramView
    panels: Frame
    """The diagram's page."""
    tabs: QTabWidget
    actions_by_key: dict[str, QAction]
    layouts: dict[str, dict[str, tuple[str, int]]]
    """For each page the saved states of its drawers."""
    stage_changed = Signal()
    """Tells that the stage has begun, or was left."""

    def page(self, key: str) -> PageView:
        """Return the page of a key, which is built where it is not there yet."""
        raise NotImplementedError

    def show_page(self, key: str) -> None:
        """Show the page of a key; ``diagram`` is one too."""
        raise NotImplementedError

    def shown_page(self) -> PageView | None:
        """Return the page that is looked at; None for the diagram."""
        raise NotImplementedError

    @property
    def canvas(self) -> Canvas:
        """Return the picture that is looked at: what fit, zoom, export and copy are about."""
        raise NotImplementedError

    def scene(self) -> "Scene":
        """Return all that is shown."""
        raise NotImplementedError

    def go_to(self, scene: "Scene", label: str = "") -> None:
        """Show a scene; where ``label`` is given this is one step that can be undone."""
        raise NotImplementedError

    @property
    def own_work(self) -> "tuple[Scene, History]":
        """Return the user's scene and steps to undo; while a lesson drives the window those from before it."""
        raise NotImplementedError

    def leave_lesson(self) -> None:
        """Leave the lesson that drives the window, if one does."""
        raise NotImplementedError

    def say(self, text: str) -> None:
        """Show a text in the status bar for a while."""
        self.statusBar().showMessage(text, 12_000)

    def remember(self, preferences: Preferences) -> None:
        """Use preferences from now on, and save them for the next start."""
        raise NotImplementedError
