"""The shortcut of an open block: from x, around the branch, into the addition."""

from resnet_explorer.analysis import Reading
from resnet_explorer.blueprint import Part
from resnet_explorer.blueprint.kinds import Role
from resnet_explorer.blueprint.tree import ALTERING
from resnet_explorer.drawing.marks import Anchor, Arrow, Dash, Group, Ink, Label, Mark, Point
from resnet_explorer.drawing.nodes import ADD_SIZE, node, node_width
from resnet_explorer.drawing.text import Style

DROP = 80.0
"""How far the shortcut runs below the branch."""
TOP = 20.0
"""Where its group begins below the branch, so that the two do not cover each other."""
LOW = DROP - TOP
STEP = 24.0
TURN = 34.0


def shortcut(
    path: str,
    parts: tuple[Part, ...],
    readings: list[Reading],
    x: float,
    y: float,
    span: float,
    changed: frozenset[str] = frozenset(),
) -> Group:
    """Return the shortcut from (x, y) to the addition ``span`` further right; solid for identity, else dashed."""
    title, words = _words(parts)
    marks = _identity(span) if not parts else _projection(parts, readings, span, changed)
    middle = span / 2 if not parts else (_start(parts, span) + _length(parts) + span) / 2 - 4
    rise = 9 if not parts else 8
    label = Label(middle, LOW - rise, words, 11, Ink.SHORTCUT, Anchor.MIDDLE, Style.SEMIBOLD)
    return Group(path, "shortcut", title, x, y + TOP, span, LOW + 16, (*marks, label))


def _words(parts: tuple[Part, ...]) -> tuple[str, str]:
    if not parts:
        return "Identity shortcut: x passes unchanged", "identity shortcut: x"
    if parts[0].layer.role is Role.PAD:
        return "Shortcut with zero-padding (option A): no parameters", "zero-padded"
    if parts[0].layer.role in ALTERING:
        return "Shortcut with x altered: no longer the identity", "x, altered"
    return "Projection shortcut: brings x to the shape of F(x)", "projection"


_DOWN: tuple[Point, ...] = ((0, -TOP), (0, LOW - 24), (0, LOW), (TURN, LOW))


def _up(span: float) -> tuple[Point, ...]:
    return ((span, LOW), (span, LOW - 24), (span, ADD_SIZE / 2 - TOP))


def _along(start: float, end: float) -> tuple[Point, ...]:
    return ((start + 4, LOW), (end - 4, LOW), (end, LOW))


def _identity(span: float) -> list[Mark]:
    points = (*_DOWN, *_along(TURN, span - TURN), *_up(span))
    return [Arrow(points, Ink.SHORTCUT, 1.8, curved=True)]


def _length(parts: tuple[Part, ...]) -> float:
    return sum(node_width(part.layer) for part in parts) + STEP * (len(parts) - 1)


def _start(parts: tuple[Part, ...], span: float) -> float:
    return max(TURN + STEP, span * 0.42 - _length(parts) / 2)


def _projection(parts: tuple[Part, ...], readings: list[Reading], span: float, changed: frozenset[str]) -> list[Mark]:
    x = _start(parts, span)
    marks: list[Mark] = [Arrow((*_DOWN, *_along(TURN, x)), Ink.SHORTCUT, 1.8, Dash.DASHED, curved=True)]
    for index, (part, reading) in enumerate(zip(parts, readings, strict=True)):
        if index:
            marks.append(Arrow(((x, LOW), (x + STEP, LOW)), Ink.SHORTCUT, 1.8))
            x += STEP
        name, new = f".{part.name.partition('.')[2]}", part.name in changed
        marks.append(node(part, reading, x, LOW, name, is_shortcut=True, changed=new))
        x += node_width(part.layer)
    points = ((x, LOW), *_along(x, span - TURN), *_up(span))
    return [*marks, Arrow(points, Ink.SHORTCUT, 1.8, Dash.DASHED, curved=True)]
