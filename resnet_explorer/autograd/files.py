"""An autograd graph as DOT source, in torchviz's colours and shapes, with a cluster for each stage and block."""

import re
from collections.abc import Iterator, Mapping

from resnet_explorer.autograd.values import AutogradGraph, GraphNode, NodeKind

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
    """Return a text in quotes, every sign as itself: only labels in angle brackets without quotes are HTML."""
    return f'"{text.translate(_ESCAPES)}"'


def _clusters(nodes: tuple[GraphNode, ...]) -> Iterator[str]:
    """Yield the nodes, those of a stage in its cluster and there those of a block in its own."""
    places: dict[tuple[str, ...], list[str]] = {(): []}
    for index, node in enumerate(nodes):
        found = _BLOCK.match(f"{node.path}.")
        place = (found[2], found[1]) if found else ()
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
    named = node.kind in (NodeKind.OPERATION, NodeKind.ACCUMULATE)
    size = "" if node.shape is None else f"({', '.join(map(str, node.shape))})"
    label = f"{node.name}\n{node.path}" if named else f"{node.name}\n{size}"
    told = "\n".join((f"{node.path} {size}".strip(), *(f"{name}: {value}" for name, value in node.attributes)))
    return f"n{index} [label={_quoted(label)}, fillcolor={_FILLS[node.kind]}, tooltip={_quoted(told)}]"


def _edge(graph: AutogradGraph, start: int, end: int) -> str:
    """Return an arrow; what a function has only saved gets no gradient from it, and no head."""
    first, last = graph.nodes[start], graph.nodes[end]
    kept = NodeKind.SAVED in (first.kind, last.kind)
    kept = kept or (first.kind is NodeKind.LEAF and last.kind is NodeKind.OPERATION)
    return f"  n{start} -> n{end}{' [dir=none]' if kept else ''}"
