"""What stands above and below a chart: title, subtitle, notes; how many lines of each there is room for."""

from typing import NamedTuple

from resnet_explorer.drawing.chart.words import ASCENT, Sizes, line, wrap
from resnet_explorer.drawing.marks import Ink, Label, Mark
from resnet_explorer.drawing.text import Style

PAD = 14.0
GAP = 8.0


class Budget(NamedTuple):
    """How much is said around a chart; the smaller the picture, the less."""

    title: int = 2
    subtitle: int = 2
    notes: int = 3
    legend: bool = True
    with_notes: bool = True
    spans: bool = True
    axis_titles: bool = True


BUDGETS = (
    Budget(),
    Budget(1, 1, 2),
    Budget(1, 1, 1, with_notes=False),
    Budget(1, 0, 0, with_notes=False, spans=False),
    Budget(1, 0, 0, legend=False, with_notes=False, spans=False, axis_titles=False),
)
"""From all to the least; the first that leaves the frame enough of the height is taken."""
FRAME_PART = 0.45


class Head(NamedTuple):
    """Title and subtitle in lines, the notes in lines, and how high both are."""

    title: tuple[str, ...]
    subtitle: tuple[str, ...]
    notes: tuple[str, ...]
    above: float
    below: float


def head(title: str, subtitle: str, notes: tuple[str, ...], wide: float, size: Sizes, budget: Budget) -> Head:
    """Return the words around a picture of a width, in lines that fit."""
    room = wide - 2 * PAD
    titles = wrap(title, room, size.title, budget.title, Style.SEMIBOLD)
    subtitles = wrap(subtitle, room, size.subtitle, budget.subtitle)
    lines = [one for note in notes for one in wrap(note, room, size.note, budget.notes)][: budget.notes]
    above = PAD + len(titles) * line(size.title) + len(subtitles) * line(size.subtitle)
    below = PAD + (len(lines) * line(size.note) + GAP / 2 if lines else 0.0)
    return Head(titles, subtitles, tuple(lines), above, below)


def head_marks(head: Head, high: float, size: Sizes) -> list[Mark]:
    """Return title and subtitle at the top of a picture, and the notes at its bottom."""
    y = PAD
    marks: list[Mark] = []
    for one in head.title:
        marks.append(Label(PAD, y + ASCENT * size.title, one, size.title, style=Style.SEMIBOLD))
        y += line(size.title)
    for one in head.subtitle:
        marks.append(Label(PAD, y + ASCENT * size.subtitle, one, size.subtitle, Ink.MUTED))
        y += line(size.subtitle)
    y = high - PAD - len(head.notes) * line(size.note)
    for one in head.notes:
        marks.append(Label(PAD, y + ASCENT * size.note + 2, one, size.note, Ink.MUTED))
        y += line(size.note)
    return marks
