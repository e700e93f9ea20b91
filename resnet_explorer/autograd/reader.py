"""Reads graphs for the page: small ones at once, large ones on a thread."""

from dataclasses import replace
from functools import partial

from PySide6.QtCore import QObject, QThreadPool, Signal

from resnet_explorer.autograd.reading import read, read_graph
from resnet_explorer.autograd.values import RecordGraph, highway

AT_ONCE = 24
"""Networks of more blocks than this take longer than a frame."""


class GraphReader(QObject):
    """``read`` gives a request, its graph, and the length of the shortest way back in the plain twin, None for one."""

    read = Signal(object, object, object)

    def ask(self, request: RecordGraph, blocks: int) -> None:
        """Read the graph of a request, whose network has so many blocks."""
        if blocks <= AT_ONCE:
            self._read(request)
        else:
            QThreadPool.globalInstance().start(partial(self._read, request))

    def _read(self, request: RecordGraph) -> None:
        twin = replace(request, spec=request.spec.plain()) if request.spec.has_shortcuts else None
        shortest = highway(read_graph(twin)).shortest if twin else None
        self.read.emit(request, read(request), shortest)
