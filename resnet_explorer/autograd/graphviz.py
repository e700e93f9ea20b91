"""Graphviz: an autograd graph as DOT source, and the process that lays it out."""

import re
import shutil
import subprocess
import sysconfig
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from subprocess import PIPE, Popen, TimeoutExpired
from time import monotonic

from resnet_explorer.autograd.values import AutogradGraph, GraphNode, NodeKind
from resnet_explorer.errors import ExplorerError
from resnet_explorer.readings.progress import Progress

PAUSE = 0.1
"""Seconds between two looks at the process."""
PURE = "graphviz-pure"
_OTHERWISE = "Export the DOT source, or use the drawing that needs no Graphviz."
_INSTALL = f"Install Graphviz, or {PURE} with pip."


class GraphvizError(ExplorerError):
    """torchviz or Graphviz failed; ``where`` is the command, or ``torchviz``."""


_FILLS: Mapping[NodeKind, str] = {
    NodeKind.OPERATION: "lightgrey",
    NodeKind.ACCUMULATE: "lightgrey",
    NodeKind.LEAF: "lightblue",
    NodeKind.SAVED: "orange",
    NodeKind.OUTPUT: "darkolivegreen1",
}
"""torchviz's colours (its ``make_dot``); grey is what Graphviz fills with where no colour is given."""
_BLOCK = re.compile(r"((layer\d+)\.\d+)\.")
_ESCAPES: Mapping[int, str] = {
    ord('"'): '\\"',
    ord("\\"): "\\\\",
    ord("\n"): "\\n",
    ord("&"): "&amp;",  # Graphviz reads entities in every text
    **{code: " " for code in range(32) if code != ord("\n")},
}


def to_dot(graph: AutogradGraph, title: str) -> str:
    """Return the DOT source of a graph; an arrow leads as the data went, a saved tensor hangs on a line without one."""
    lines = [
        f"digraph {_quoted(title)} {{",
        f'  graph [label={_quoted(title)}, labelloc=t, fontname="Helvetica", ranksep=0.3]',
        '  node [style=filled, shape=box, fontsize=10, height=0.2, fontname="Courier"]',
        *_clusters(graph.nodes),
        *(_edge(graph, start, end) for start, end in graph.edges),
        "}",
        "",
    ]
    return "\n".join(lines)


def _quoted(text: str) -> str:
    """Return a quoted string; without angle brackets around it, Graphviz reads no HTML."""
    return f'"{text.translate(_ESCAPES)}"'


def _clusters(nodes: tuple[GraphNode, ...]) -> Iterator[str]:
    places: dict[tuple[str, ...], list[str]] = {(): []}
    for index, node in enumerate(nodes):
        match = _BLOCK.match(f"{node.path}.")
        place = (match[2], match[1]) if match else ()
        for depth in range(len(place) + 1):
            places.setdefault(place[:depth], [])
        places[place].append(_node(index, node))
    yield from _inside(places, ())


def _inside(places: Mapping[tuple[str, ...], list[str]], place: tuple[str, ...]) -> Iterator[str]:
    indent = "  " * (len(place) + 1)
    yield from (indent + line for line in places[place])
    for inner in places:
        if inner and inner[:-1] == place:
            yield f"{indent}subgraph {_quoted(f'cluster_{inner[-1]}')} {{"
            yield f"{indent}  label={_quoted(inner[-1])}"
            yield from _inside(places, inner)
            yield f"{indent}}}"


def _node(index: int, node: GraphNode) -> str:
    size = "" if node.shape is None else f"({', '.join(map(str, node.shape))})"
    label = f"{node.name}\n{node.path if node.kind in (NodeKind.OPERATION, NodeKind.ACCUMULATE) else size}"
    tooltip = "\n".join((f"{node.path} {size}".strip(), *(f"{name}: {value}" for name, value in node.attributes)))
    return f"n{index} [label={_quoted(label)}, fillcolor={_FILLS[node.kind]}, tooltip={_quoted(tooltip)}]"


def _edge(graph: AutogradGraph, start: int, end: int) -> str:
    """Return an arrow, without a head where no gradient comes back along it: from or to a saved tensor."""
    first, last = graph.nodes[start], graph.nodes[end]
    kept = NodeKind.SAVED in (first.kind, last.kind)
    kept = kept or (first.kind is NodeKind.LEAF and last.kind is NodeKind.OPERATION)
    return f"  n{start} -> n{end}{' [dir=none]' if kept else ''}"


def layout(source: str, *, timeout: float = 60.0, command: Sequence[str] = ()) -> Iterator[Progress | bytes]:
    """Yield progress while Graphviz lays out a DOT source and, last, the SVG file that it wrote.

    ``command`` is by default the system's ``dot``, or graphviz-pure. Closing the generator kills the process. Raises
    GraphvizError where Graphviz is absent, fails, or has not finished after ``timeout`` seconds.
    """
    command = tuple(command or find_command())
    name, where = Path(command[0]).name, command[0]
    with tempfile.TemporaryFile() as given:
        given.write(source.encode())
        given.seek(0)
        quiet = getattr(subprocess, "CREATE_NO_WINDOW", 0)
        try:
            process = Popen((*command, "-Tsvg"), stdin=given, stdout=PIPE, stderr=PIPE, creationflags=quiet)
        except OSError as error:
            problem = f"{name} cannot be started: {error.strerror or error}."
            raise GraphvizError(where, problem, _INSTALL) from error
    start = monotonic()
    with process:
        try:
            while (past := monotonic() - start) < timeout:
                yield Progress(0, 1, f"{name} is laying out the graph: {past:.0f} s")
                with suppress(TimeoutExpired):
                    content, errors = process.communicate(timeout=min(PAUSE, timeout - past))
                    break
            else:
                raise GraphvizError(where, f"{name} has not finished after {timeout:g} seconds.", _OTHERWISE)
        finally:
            process.kill()  # does nothing to a process that has ended
    status, lines = process.returncode, errors.decode(errors="replace").strip().splitlines()
    if status or not content:
        ended = f"signal {-status}" if status < 0 else f"status {status}"
        reason = lines[0][:200].rstrip(".") if lines else f"it ended with {ended} and printed nothing"
        raise GraphvizError(where, f"{name} failed: {reason}.", _OTHERWISE)
    yield content


def find_command() -> tuple[str]:
    """Return the command: ``dot``, or graphviz-pure beside this Python or on the path; raises GraphvizError."""
    for name, folder in (("dot", None), (PURE, sysconfig.get_path("scripts")), (PURE, None)):
        if path := shutil.which(name, path=folder):
            return (path,)
    raise GraphvizError("dot", "Graphviz was not found.", _INSTALL)
