"""The marks of a picture: what is drawn, without saying by what.

Coordinates are in px at zoom 1, y grows downwards, a label's y is its baseline. Colours are roles (Ink), which a
theme turns into colours. Every renderer knows exactly these marks; mypy finds the one that forgets any.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from enum import StrEnum
from functools import cache, lru_cache
from itertools import cycle, pairwise
from math import hypot
from typing import NamedTuple

from resnet_explorer import assets
from resnet_explorer.dataclass import dataclass

UNKNOWN_WIDTH = 0.7
"""In em, for characters that the bundled font lacks."""


class Style(StrEnum):
    """The cuts of the font that pictures use."""

    REGULAR = "regular"
    ITALIC = "italic"
    SEMIBOLD = "semibold"


class _Metrics(NamedTuple):
    units_per_em: int
    advances: Mapping[str, int]


@cache
def _metrics() -> Mapping[Style, _Metrics]:
    fonts = json.loads(assets.path("fonts", "metrics.json").read_text(encoding="utf-8"))
    return {style: _Metrics(**fonts[style]) for style in Style}


@lru_cache(maxsize=8192)
def _em_width(text: str, style: Style) -> float:
    metrics = _metrics()[style]
    unknown = UNKNOWN_WIDTH * metrics.units_per_em
    return sum(metrics.advances.get(character, unknown) for character in text) / metrics.units_per_em


def width(text: str, size: float, style: Style = Style.REGULAR) -> float:
    """Return the width in px of a line of text of ``size`` px."""
    return _em_width(text, style) * size


FALLBACK = 1.2
"""How many times wider a line may be in the font that another machine has instead of ours, DejaVu Sans Bold."""


def room(text: str, size: float, style: Style = Style.REGULAR) -> float:
    """Return the width in px to leave for a line of text before the next one, whatever font an SVG's reader has."""
    return width(text, size, style) * FALLBACK


class Ink(StrEnum):
    """What a colour stands for."""

    PAGE = "page"
    TEXT = "text"
    MUTED = "muted"
    LINE = "line"
    CARD = "card"
    OPEN = "open"
    ACCENT = "accent"
    STEM = "stem"
    STAGE1 = "stage1"
    STAGE2 = "stage2"
    STAGE3 = "stage3"
    STAGE4 = "stage4"
    HEAD = "head"
    CONV = "conv"
    NORM = "norm"
    ACTIVATION = "activation"
    POOL = "pool"
    LINEAR = "linear"
    SHORTCUT = "shortcut"
    ON_DARK = "on-dark"
    ON_LIGHT = "on-light"
    ON_SHORTCUT = "on-shortcut"
    GONE = "gone"
    GATE = "gate"
    CHANGED = "changed"
    GRID = "grid"
    SERIES1 = "series1"
    SERIES2 = "series2"
    SERIES3 = "series3"
    SERIES4 = "series4"
    SERIES5 = "series5"
    SERIES6 = "series6"
    SERIES7 = "series7"
    SERIES8 = "series8"
    SCALE0 = "scale0"
    SCALE1 = "scale1"
    SCALE2 = "scale2"
    SCALE3 = "scale3"
    SCALE4 = "scale4"
    SCALE5 = "scale5"
    SCALE6 = "scale6"
    SCALE7 = "scale7"
    SCALE8 = "scale8"
    SCALE9 = "scale9"
    SCALE10 = "scale10"
    SCALE11 = "scale11"
    SCALE12 = "scale12"
    SCALE13 = "scale13"
    SCALE14 = "scale14"
    SCALE15 = "scale15"


SCALE = tuple(Ink(f"scale{step}") for step in range(16))
"""Colours in order, for values from low to high; what is higher stands out more from the page."""


class Anchor(StrEnum):
    """Which end of a label its x is; the values are SVG's."""

    START = "start"
    MIDDLE = "middle"
    END = "end"


class Dash(StrEnum):
    """How a line is broken: solid for identity, dashed for a projection, dotted for what is gone.

    Charts tell their lines apart by it.
    """

    SOLID = "solid"
    DASHED = "dashed"
    DOTTED = "dotted"
    DASH_DOT = "dash-dot"


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle, rounded by ``radius``; a circle where the radius is half its side."""

    x: float
    y: float
    width: float
    height: float
    fill: Ink | None = None
    line: Ink | None = None
    thickness: float = 1.0
    radius: float = 0.0
    dash: Dash = Dash.SOLID


@dataclass(frozen=True, slots=True)
class Label:
    """A line of text whose baseline is at y; ``size`` is in whole px, as Qt's fonts are.

    With ``turned`` it runs upwards: its baseline is at x, and its anchor at y. A name (``is_name``) of a layer, a
    block or a stage stays readable on screen, however small the picture is shown.
    """

    x: float
    y: float
    text: str
    size: int
    ink: Ink = Ink.TEXT
    anchor: Anchor = Anchor.START
    style: Style = Style.REGULAR
    turned: bool = False
    is_name: bool = False


Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Arrow:
    """A line through points: straight legs, or with ``curved`` cubic Béziers (1 + 3 n points); a head at its end.

    ``opacity`` is the line's.
    """

    points: tuple[Point, ...]
    ink: Ink = Ink.MUTED
    thickness: float = 1.4
    dash: Dash = Dash.SOLID
    curved: bool = False
    head: bool = True
    opacity: float = 1.0


@dataclass(frozen=True, slots=True)
class Area:
    """A filled polygon: the band around a curve, a marker; ``opacity`` is the filling's."""

    points: tuple[Point, ...]
    fill: Ink
    line: Ink | None = None
    thickness: float = 1.0
    opacity: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Marks that are one thing: a layer, a block, a stage; its children's coordinates start at its corner.

    ``path`` is the address of the thing; one that begins with a dot continues the parent's, so that equal blocks
    share their marks. ``suffix`` tells two pictures of one thing apart (``:open``), and ``side`` the twin's from the
    network's own. The first ``brief`` marks are the body: drawn alone where the group is less than ``detail`` px high
    on screen (0: where it is too small to be read).
    """

    path: str
    kind: str
    title: str
    x: float
    y: float
    width: float
    height: float
    marks: "tuple[Mark, ...]"
    suffix: str = ""
    side: str = ""
    brief: int = 1
    detail: float = 0.0


Mark = Box | Label | Arrow | Area | Group


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A whole picture: its size, its marks, and the words by which it is announced."""

    width: float
    height: float
    marks: tuple[Mark, ...]
    title: str
    description: str = ""


def address(parent: str, group: Group) -> str:
    """Return the absolute path of a group inside a parent."""
    return parent + group.path if group.path.startswith(".") else group.path or parent


def placed(
    marks: Iterable[Mark], parent: str = "", x: float = 0.0, y: float = 0.0
) -> Iterator[tuple[Group, str, float, float]]:
    """Yield all groups with their absolute paths and corners, each before those inside of it."""
    for mark in marks:
        if isinstance(mark, Group):
            path, left, top = address(parent, mark), x + mark.x, y + mark.y
            yield mark, path, left, top
            yield from placed(mark.marks, path, left, top)


DASHES: Mapping[Dash, tuple[float, ...]] = {
    Dash.DASHED: (5.0, 3.5),
    Dash.DOTTED: (1.5, 3.5),
    Dash.DASH_DOT: (7.0, 3.0, 1.5, 3.0),
}
"""In px, strokes and gaps in turn."""

HEAD_LENGTH = 7.0
HEAD_HALF = 3.4


def head(arrow: Arrow) -> tuple[Point, Point, Point]:
    """Return the triangle at the end of an arrow: its tip first."""
    (bx, by), (x, y) = arrow.points[-2:]
    length = hypot(x - bx, y - by) or 1.0
    ux, uy = (x - bx) / length, (y - by) / length
    size = HEAD_LENGTH * (0.7 + 0.2 * arrow.thickness)
    half = size * HEAD_HALF / HEAD_LENGTH
    cx, cy = x - ux * size, y - uy * size
    return (x, y), (cx - uy * half, cy + ux * half), (cx + uy * half, cy - ux * half)


def shaft(arrow: Arrow) -> tuple[Point, ...]:
    """Return the points of the line, ending inside the head so that its tip stays sharp."""
    if not arrow.head:
        return arrow.points
    tip, left, right = head(arrow)
    middle = ((left[0] + right[0]) / 2, (left[1] + right[1]) / 2)
    return (*arrow.points[:-1], ((middle[0] + tip[0] * 0.2) / 1.2, (middle[1] + tip[1] * 0.2) / 1.2))


def elbow(arrow: Arrow) -> tuple[Arrow, ...]:
    """Return an arrow with corners as two: thick lines meet in round corners where they have no head."""
    if len(arrow.points) < 3 or not arrow.head:
        return (arrow,)
    return replace(arrow, points=arrow.points[:-1], head=False), replace(arrow, points=arrow.points[-2:])


def broken(points: tuple[Point, ...], dash: Dash) -> Iterator[tuple[Point, Point]]:
    """Yield the straight strokes of a broken line; the pattern runs on around its corners, as it does in SVG."""
    pattern = cycle(DASHES[dash])
    left, is_stroke = next(pattern), True
    for (x, y), (to_x, to_y) in pairwise(points):
        length = hypot(to_x - x, to_y - y)
        done = 0.0
        while done < length:
            step = min(left, length - done)
            if is_stroke:
                first, last = done / length, (done + step) / length
                yield (x + (to_x - x) * first, y + (to_y - y) * first), (x + (to_x - x) * last, y + (to_y - y) * last)
            done, left = done + step, left - step
            if left <= 0:
                left, is_stroke = next(pattern), not is_stroke
