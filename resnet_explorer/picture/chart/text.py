"""Text that fits: shortened, broken into lines, moved apart."""

from collections.abc import Sequence
from typing import NamedTuple

from resnet_explorer.picture.marks import Ink, Label, Mark, Style, width

ASCENT = 0.8
"""The part of a line's size that is above its baseline; the rest is for what hangs below."""


class Sizes(NamedTuple):
    """Sizes of text in whole px."""

    title: int
    subtitle: int
    axis: int
    tick: int
    label: int
    note: int

    @property
    def sign(self) -> float:
        """Return half the width of a point's sign."""
        return 0.28 * self.tick

    @property
    def gap(self) -> float:
        """Return the room between a frame and the labels of its ticks."""
        return 0.5 * self.tick


def sizes(text: float) -> Sizes:
    """Return the sizes of all words, larger or smaller by a factor."""
    return Sizes(*(max(9, round(size * text)) for size in (16, 12, 12, 11, 12, 11)))


def line(size: int) -> float:
    """Return the height of a line of text."""
    return size * 1.4


def shorten(text: str, room: float, size: int, style: Style = Style.REGULAR) -> str:
    """Return the text, or its beginning and an ellipsis where it is wider than the room; empty where none fits."""
    if width(text, size, style) <= room:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if width(text[:middle].rstrip() + "…", size, style) <= room:
            low = middle
        else:
            high = middle - 1
    return text[:low].rstrip() + "…" if low > 1 else ""


def wrap(text: str, room: float, size: int, most: int, style: Style = Style.REGULAR) -> tuple[str, ...]:
    """Return the text in at most so many lines; what does not fit ends in an ellipsis."""
    lines: list[str] = []
    rest = text.split()
    while rest and len(lines) < most:
        taken = 1
        is_last = len(lines) == most - 1
        while taken < len(rest) and (is_last or width(" ".join(rest[: taken + 1]), size, style) <= room):
            taken += 1
        lines.append(shorten(" ".join(rest[:taken]), room, size, style))
        rest = rest[taken:]
    return tuple(filter(None, lines))


def apart(wanted: Sequence[float], heights: Sequence[float], top: float, bottom: float) -> list[float]:
    """Return where boxes of these heights begin so that none overlap: each as near as can be to the middle it wants.

    They keep the order of what they want, and fit between top and bottom where their sum does.
    """
    order = sorted(range(len(wanted)), key=lambda index: wanted[index])
    blocks: list[tuple[float, float, list[int]]] = []
    for index in order:
        begin, high, members = wanted[index] - heights[index] / 2, heights[index], [index]
        begin = min(max(begin, top), bottom - high)
        while blocks and blocks[-1][0] + blocks[-1][1] > begin:
            above, more, others = blocks.pop()
            begin = (above * len(others) + (begin - more) * len(members)) / (len(others) + len(members))
            high, members = high + more, [*others, *members]
            begin = max(min(begin, bottom - high), top)
        blocks.append((begin, high, members))
    tops = [0.0] * len(wanted)
    for begin, _, members in blocks:
        for index in members:
            tops[index], begin = begin, begin + heights[index]
    return tops


PAD = 14.0
GAP = 8.0


class Budget(NamedTuple):
    """How much is said around a chart; the smaller the picture, the less."""

    title: int = 2
    subtitle: int = 2
    notes: int = 3
    legend: bool = True
    beside: bool = True
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
_ALIKE = (BUDGETS[:2], (*BUDGETS[2:3], Budget(1, 0, 1, with_notes=False)))
ROOMY = tuple(budget._replace(beside=beside) for budgets in _ALIKE for beside in (True, False) for budget in budgets)
"""Those that drop nothing that is needed to read the curves."""
BARE = tuple(Budget(1, 0, 0, beside=False, with_notes=False, spans=spans) for spans in (True, False))
"""Those without notes, and last without names of stages: for large text, where the curves get their part by that."""
FRAME_PART = 0.45
FRAME_AREA = 0.555
"""The part of a picture's area that its curves get, where that is possible."""


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
    lines = [part for note in notes for part in wrap(note, room, size.note, budget.notes)][: budget.notes]
    above = PAD + len(titles) * line(size.title) + len(subtitles) * line(size.subtitle)
    below = PAD + (len(lines) * line(size.note) + GAP / 2 if lines else 0.0)
    return Head(titles, subtitles, tuple(lines), above, below)


def head_marks(head: Head, high: float, size: Sizes) -> list[Mark]:
    """Return title and subtitle at the top of a picture, and the notes at its bottom."""
    marks: list[Mark] = []
    for texts, start, px, ink, style in (
        (head.title, PAD, size.title, Ink.TEXT, Style.SEMIBOLD),
        (head.subtitle, PAD + len(head.title) * line(size.title), size.subtitle, Ink.MUTED, Style.REGULAR),
        (head.notes, high - PAD - len(head.notes) * line(size.note) + 2, size.note, Ink.MUTED, Style.REGULAR),
    ):
        base = start + ASCENT * px
        marks += [Label(PAD, base + n * line(px), text, px, ink, style=style) for n, text in enumerate(texts)]
    return marks
