"""The marks of a picture: what is drawn, without saying by what.

Coordinates are in px at zoom 1, y grows downwards, a label's y is its baseline. Colours are roles (Ink), which a
theme turns into colours. Every renderer knows exactly these marks; mypy finds the one that forgets any.
"""

from dataclasses import dataclass
from enum import StrEnum

from resnet_explorer.drawing.text import Style


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

    With ``turned`` it runs upwards: its baseline is at x, and its anchor at y.
    """

    x: float
    y: float
    text: str
    size: int
    ink: Ink = Ink.TEXT
    anchor: Anchor = Anchor.START
    style: Style = Style.REGULAR
    turned: bool = False


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
