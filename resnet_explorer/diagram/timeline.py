"""The ideas behind the catalogue on a line of years."""

from itertools import groupby
from operator import attrgetter

from resnet_explorer.diagram.overview import STAGE_INKS
from resnet_explorer.picture.marks import Anchor, Arrow, Box, Group, Ink, Label, Mark, Picture, Style
from resnet_explorer.spec.catalogue import CATALOGUE
from resnet_explorer.spec.families import FAMILIES, Family

COLUMN = 156.0
CARD = 134.0
HIGH = 40.0
STEP = 48.0
TOP = 40.0
MARGIN = 14.0


def timeline(chosen: str = "") -> Picture:
    """Return the picture of all families by year; the ``chosen`` one, and those it builds on, are outlined."""
    by_year = attrgetter("year")
    years = sorted(set(map(by_year, FAMILIES.values())))
    places: dict[str, tuple[float, float]] = {}
    for year, families in groupby(sorted(FAMILIES.values(), key=by_year), by_year):
        places |= {family.key: (_x(year, years), TOP + STEP * row) for row, family in enumerate(families)}
    line = _line(chosen)
    cards = [_card(FAMILIES[key], place, key == chosen, key in line) for key, place in places.items()]
    heads = [
        Label(_x(year, years) + CARD / 2, 22, str(year), 13, Ink.MUTED, Anchor.MIDDLE, Style.SEMIBOLD) for year in years
    ]
    wide = MARGIN * 2 + COLUMN * (len(years) - 1) + CARD
    high = max(y for _, y in places.values()) + HIGH + MARGIN
    rule = Arrow(((MARGIN, 30), (wide - MARGIN, 30)), Ink.LINE, 1.4)
    marks: tuple[Mark, ...] = (rule, *heads, *cards)
    return Picture(wide, high, marks, "Timeline", "The ideas of residual networks by year")


def _x(year: int, years: list[int]) -> float:
    return MARGIN + COLUMN * years.index(year)


def basis(key: str) -> str:
    """Return the key of the family that another builds on: that of its networks' parents; empty for the first."""
    parents = [entry.parent for entry in CATALOGUE.values() if entry.family.key == key and entry.parent]
    others = [parent.family.key for parent in parents if parent.family.key != key]
    return others[0] if others else ""


def _line(chosen: str) -> set[str]:
    families: set[str] = set()
    while chosen and chosen not in families:
        families.add(chosen)
        chosen = basis(chosen)
    return families


def _card(family: Family, at: tuple[float, float], is_chosen: bool, lit: bool) -> Group:
    count = sum(entry.family.key == family.key for entry in CATALOGUE.values())
    ink = Ink.ACCENT if lit else STAGE_INKS[(family.year - 2015) % len(STAGE_INKS)]
    marks = (
        Box(0, 0, CARD, HIGH, Ink.OPEN if is_chosen else Ink.CARD, ink, 2.4 if is_chosen else 1.3, 6),
        Label(CARD / 2, 17, family.title, 11, Ink.TEXT, Anchor.MIDDLE, Style.SEMIBOLD),
        Label(CARD / 2, 31, f"{count} network{'' if count == 1 else 's'}", 10, Ink.MUTED, Anchor.MIDDLE),
    )
    title = f"{family.title}: {family.idea} {family.source}"
    return Group(family.key, "family", title, *at, CARD, HIGH, marks)
