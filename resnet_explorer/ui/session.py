"""Document to readings to views: the one place where they meet."""

from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from resnet_explorer.network import compile_spec
from resnet_explorer.readings import Analysis, analyse
from resnet_explorer.readings.kept import Kept, kept
from resnet_explorer.readings.needs import Needs, needs
from resnet_explorer.readings.read import Depth, depth
from resnet_explorer.ui.document import Document, State


@dataclass(frozen=True, slots=True, eq=False)
class Results:
    """Everything the views show of one state; computed once, shared by all."""

    state: State
    analysis: Analysis
    depth: Depth
    needs: Needs
    kept: Kept | None


class Session(QObject):
    """Reads the document's network whenever it changes, and hands the frozen results to whoever listens."""

    results_changed = Signal(object)

    def __init__(self, document: Document) -> None:
        super().__init__(document)
        self.document = document
        self.results = read(document.state)
        document.changed.connect(self._on_document_changed)

    def _on_document_changed(self) -> None:
        self.results = read(self.document.state)
        self.results_changed.emit(self.results)


def read(state: State) -> Results:
    """Return all readings of a state; raises ExplorerError where its network cannot take its input."""
    network = compile_spec(state.spec)
    analysis = analyse(network, state.image)
    return Results(state, analysis, depth(network), needs(analysis), kept(analysis))
