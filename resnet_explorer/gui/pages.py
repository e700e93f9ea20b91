"""The tabs beside the diagram: each page is imported and built when it is first looked at."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QSignalBlocker, Signal
from PySide6.QtWidgets import QSizePolicy, QTabWidget, QWidget

from resnet_explorer.drawing.theme import Theme
from resnet_explorer.gui.document import Document
from resnet_explorer.gui.jobs import Jobs
from resnet_explorer.gui.session import Results

if TYPE_CHECKING:
    from resnet_explorer.gui.views.gradient_page import GradientPage
    from resnet_explorer.gui.views.graph_page import GraphPage
    from resnet_explorer.gui.views.timing_page import TimingPage
    from resnet_explorer.gui.views.training_page import TrainingPage
    from resnet_explorer.gui.views.tuning_page import TuningPage

    PageWidget = GraphPage | TimingPage | GradientPage | TrainingPage | TuningPage

_SEEN = (QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
_UNSEEN = (QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)


@dataclass(frozen=True, slots=True)
class Page:
    """A tab: its title, the sentence that explains it, how it is made, and whether it is a lab, which takes all room.

    What is made has a ``canvas``: what fit, zoom, export and copy are about while it is looked at.
    """

    title: str
    tip: str
    make: "Callable[[Document, Jobs], PageWidget]"
    is_lab: bool = False


def _graph(document: Document, jobs: Jobs) -> "GraphPage":
    from resnet_explorer.gui.views.graph_page import GraphPage

    return GraphPage(document, jobs)


def _timing(document: Document, jobs: Jobs) -> "TimingPage":
    from resnet_explorer.gui.views.timing_page import TimingPage

    return TimingPage(document, jobs)


def _gradients(document: Document, jobs: Jobs) -> "GradientPage":
    from resnet_explorer.gui.views.gradient_page import GradientPage

    return GradientPage(document, jobs)


def _training(document: Document, jobs: Jobs) -> "TrainingPage":
    from resnet_explorer.gui.views.training_page import TrainingPage

    return TrainingPage(document, jobs)


def _tuning(document: Document, jobs: Jobs) -> "TuningPage":
    from resnet_explorer.gui.views.tuning_page import TuningPage

    return TuningPage(document, jobs)


PAGES = {
    "graph": Page(
        "Autograd graph", "What PyTorch records of a forward pass, and how the gradient goes back through it", _graph
    ),
    "timing": Page("Timing", "How long each layer takes on this machine, and what it waits for", _timing),
    "gradients": Page("Gradients", "The gradient lab: residual against plain, block by block", _gradients, is_lab=True),
    "training": Page("Training", "The training lab: networks side by side, live", _training, is_lab=True),
    "tuning": Page(
        "Fine-tuning", "The fine-tuning lab: a network with weights on your own images", _tuning, is_lab=True
    ),
}


class Pages(QObject):
    """Puts pages into tabs after the first one; ``opened`` gives the key of one that is there for the first time."""

    opened = Signal(str)

    def __init__(self, document: Document, jobs: Jobs, tabs: QTabWidget, theme: Theme, results: Results) -> None:
        super().__init__(tabs)
        self._document, self._jobs, self._tabs = document, jobs, tabs
        self._theme, self._results = theme, results
        self._built: dict[str, PageWidget] = {}
        for page in PAGES.values():
            self._put(tabs.count(), QWidget(), page)
        tabs.currentChanged.connect(self._on_current)

    def _put(self, index: int, widget: QWidget, page: Page) -> None:
        widget.setSizePolicy(*_UNSEEN)
        self._tabs.insertTab(index, widget, page.title)
        self._tabs.setTabToolTip(index, page.tip)

    def page(self, key: str) -> "PageWidget":
        """Return the page of a key, which is built where it is not there yet."""
        if key not in self._built:
            made = self._built[key] = PAGES[key].make(self._document, self._jobs)
            made.show_theme(self._theme)
            made.show_results(self._results)
            index = 1 + list(PAGES).index(key)
            was_current = self._tabs.currentIndex() == index
            with QSignalBlocker(self._tabs):
                empty = self._tabs.widget(index)
                self._tabs.removeTab(index)
                self._put(index, made, PAGES[key])
                if was_current:
                    self._tabs.setCurrentIndex(index)
            if empty is not None:
                empty.deleteLater()
            self.opened.emit(key)
        return self._built[key]

    def has(self, key: str) -> bool:
        """Return whether a page is built."""
        return key in self._built

    @property
    def current(self) -> "tuple[Page, PageWidget] | None":
        """Return the page that is looked at; None for the diagram."""
        shown = self._tabs.currentWidget()
        return next(((PAGES[key], widget) for key, widget in self._built.items() if widget is shown), None)

    def _on_current(self, index: int) -> None:
        """Build the page that is looked at; only its room counts: else the window would be too wide for the others."""
        if index > 0:
            self.page(list(PAGES)[index - 1])
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
