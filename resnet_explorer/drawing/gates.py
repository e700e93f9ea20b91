"""Gates beside the branch: attention above its end, and the gate of a shortcut above the whole."""

from collections.abc import Sequence

from resnet_explorer.analysis import Reading
from resnet_explorer.blueprint import Part
from resnet_explorer.drawing.marks import Anchor, Arrow, Box, Group, Ink, Label, Mark
from resnet_explorer.drawing.nodes import ADD_SIZE, NODE_HEIGHT, node, node_width
from resnet_explorer.drawing.text import Style, width

LANE = 70.0
"""How far a gate runs above what it weighs."""
STEP = 22.0
TURN = 20.0
WORDS = {
    "se": "squeeze-and-excitation",
    "eca": "efficient channel attention",
    "cbam_channel": "channel attention",
    "cbam_spatial": "spatial attention",
    "gate": "gate g(x)",
}


def lane_width(parts: Sequence[Part], name: str) -> float:
    """Return how long the line that a gate bridges must be."""
    inner = sum(node_width(part.layer) for part in parts) + STEP * (len(parts) - 1)
    return max(inner, width(WORDS[name], 11, Style.SEMIBOLD) + 8) + 2 * (TURN + 6)


def gate(
    name: str,
    parts: Sequence[Part],
    readings: Sequence[Reading],
    x: float,
    y: float,
    span: float,
    rise: float,
    changed: frozenset[str] = frozenset(),
) -> Group:
    """Return a gate from (x, y) to the circle ``span`` further right, ``rise`` above the line that it leaves."""
    top, floor = 30.0, 30.0 + rise
    inner = sum(node_width(part.layer) for part in parts) + STEP * (len(parts) - 1)
    at = max(TURN + 6, span / 2 - inner / 2)
    marks: list[Mark] = [
        Box(0, 0, span, floor - NODE_HEIGHT / 2),
        Label(at, top - 20, WORDS[name], 11, Ink.GATE, Anchor.START, Style.SEMIBOLD),
        Arrow(((0, floor), (0, top), (at, top)), Ink.GATE, 1.6),
    ]
    for index, (part, reading) in enumerate(zip(parts, readings, strict=True)):
        if index:
            marks.append(Arrow(((at, top), (at + STEP, top)), Ink.GATE, 1.6))
            at += STEP
        path = f".{part.name.removeprefix(f'{name}.')}"
        marks.append(node(part, reading, at, top, path, changed=part.name in changed))
        at += node_width(part.layer)
    marks.append(Arrow(((at, top), (span, top), (span, floor - ADD_SIZE / 2)), Ink.GATE, 1.6))
    title = f"{WORDS[name].capitalize()}: weighs what passes"
    return Group(f".{name}", "gate", title, x, y - floor, span, floor - NODE_HEIGHT / 2, tuple(marks))
