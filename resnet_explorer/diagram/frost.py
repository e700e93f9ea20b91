"""Frozen parts in a diagram: hatched, with a broken outline, a lock or a snowflake, and words in their titles.

Nothing is told by colour alone: a lock says that a part never trains, a snowflake that it opens at a later epoch.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import cos, pi, sin

from resnet_explorer.picture.chart.text import line, wrap
from resnet_explorer.picture.marks import Anchor, Area, Arrow, Box, Dash, Group, Ink, Label, Mark, Style, address, width


@dataclass(frozen=True, slots=True)
class Cold:
    """How much of a part stands still: so many tensors of all; ``opens`` is the epoch at which the last one starts.

    It counts from 0; None where some never train.
    """

    tensors: int
    of: int
    opens: int | None

    @property
    def is_whole(self) -> bool:
        """Return whether nothing of it trains."""
        return self.tensors == self.of

    @property
    def for_good(self) -> bool:
        """Return whether some of it never trains."""
        return self.opens is None

    @property
    def words(self) -> str:
        """Return it in words."""
        how = "frozen" if self.is_whole else f"partly frozen, {self.tensors:,} of {self.of:,} tensors"
        return f"{how}: never trains" if self.opens is None else f"{how} until epoch {self.opens + 1:,}"


@dataclass(frozen=True, slots=True, eq=False)
class Frozen:
    """What stands still at an epoch, by the address of each part, and how much trains, in a sentence.

    Parts that train whole are left out.
    """

    parts: Mapping[str, Cold]
    words: str


GAP = 7.0
"""In px: from one line of the hatching to the next."""
INSET, WASH = 6.0, 0.82
"""How far the plate under a block's words is from its edges, and how much it covers of the hatching."""


def frosted(mark: Mark, frozen: Frozen, parent: str = "") -> Mark:
    """Return a mark with everything in it drawn frozen that is."""
    if not isinstance(mark, Group) or mark.side:
        return mark
    path = address(parent, mark)
    inner = tuple(frosted(one, frozen, path) for one in mark.marks)
    if all(one is other for one, other in zip(inner, mark.marks, strict=True)):
        inner = mark.marks
    cold = frozen.parts.get(path) if mark.path or mark.kind == "fold" else None
    if cold is None:
        return mark if inner is mark.marks else replace(mark, marks=inner)
    return replace(mark, title=f"{mark.title}. {_said(cold)}", marks=_drawn(mark, inner, cold))


def _said(cold: Cold) -> str:
    return cold.words[:1].upper() + cold.words[1:]


def _drawn(mark: Group, inner: tuple[Mark, ...], cold: Cold) -> tuple[Mark, ...]:
    wide, high = mark.width, mark.height
    if mark.kind == "shortcut":
        return inner
    if mark.kind == "stage":
        return (*_broken(inner, cold), *_pinned(3, 3, cold))
    if mark.kind == "open-block":
        return (*_broken(inner, cold), *sign(9, 22, cold, 5.0))
    if mark.kind == "fold":
        return (*_broken(inner, cold)[:1], *hatching(wide, high), *inner[1:]) if cold.is_whole else inner
    if mark.kind == "block":
        body = next(one for one in inner if isinstance(one, Box))
        ground = (*hatching(body.width, body.height), _plate(body)) if cold.is_whole else ()
        return (*_broken(inner, cold)[:1], *ground, *inner[1:], *_pinned(1, body.height, cold))
    frame = Box(-3, -3, wide + 6, high + 6, None, Ink.TEXT, 1.3, 7, Dash.DASHED)
    return (*inner, *((frame,) if cold.is_whole else ()), *_pinned(wide, -1, cold))


def _broken(inner: tuple[Mark, ...], cold: Cold) -> tuple[Mark, ...]:
    """Return marks whose body has a broken outline, where nothing of it trains."""
    body = inner[0]
    return (replace(body, dash=Dash.DASHED), *inner[1:]) if cold.is_whole and isinstance(body, Box) else inner


def _plate(body: Box) -> Area:
    """Return what the words of a hatched block stand on."""
    left, top, right, bottom = INSET, INSET, body.width - INSET, body.height - INSET
    fill = body.fill or Ink.CARD
    return Area(((left, top), (right, top), (right, bottom), (left, bottom)), fill, opacity=WASH)


def _pinned(x: float, y: float, cold: Cold) -> tuple[Mark, ...]:
    """Return the sign around a point, on a disc of its own."""
    disc = Box(x - 8, y - 8, 16, 16, Ink.PAGE, Ink.TEXT, 1.0, 8)
    return (disc, *sign(x, y, cold, 4.5))


def hatching(wide: float, high: float) -> tuple[Mark, ...]:
    """Return lines from the lower left to the upper right that fill a rectangle."""
    marks = []
    for step in range(1, int((wide + high) / GAP) + 1):
        far = step * GAP
        start = (max(1.0, far - high), min(far, high - 1.0))
        end = (min(far, wide - 1.0), max(1.0, far - wide))
        marks.append(Arrow((start, end), Ink.MUTED, 0.9, head=False, opacity=0.75))
    return tuple(marks)


def sign(x: float, y: float, cold: Cold, half: float) -> tuple[Mark, ...]:
    """Return the sign of a frozen part around a point: a lock for good, a snowflake for a time."""
    return lock(x, y, half) if cold.for_good else snowflake(x, y, half)


def lock(x: float, y: float, half: float) -> tuple[Mark, ...]:
    """Return a padlock around a point."""
    shackle = Box(x - 0.55 * half, y - half, 1.1 * half, 1.4 * half, None, Ink.TEXT, 1.2, 0.55 * half)
    return (shackle, Box(x - 0.85 * half, y - 0.15 * half, 1.7 * half, 1.25 * half, Ink.TEXT, None, 0, 1.0))


def snowflake(x: float, y: float, half: float) -> tuple[Mark, ...]:
    """Return a snowflake around a point: six arms, each with a fork."""
    marks: list[Mark] = []
    for arm in range(6):
        at = pi * arm / 3 + pi / 6
        end = (x + half * cos(at), y + half * sin(at))
        marks.append(Arrow(((x, y), end), Ink.TEXT, 1.0, head=False))
        fork = (x + 0.55 * half * cos(at), y + 0.55 * half * sin(at))
        for turn in (-pi / 4, pi / 4):
            tip = (fork[0] + 0.4 * half * cos(at + turn), fork[1] + 0.4 * half * sin(at + turn))
            marks.append(Arrow((fork, tip), Ink.TEXT, 0.8, head=False))
    return tuple(marks)


_GOOD, _TIME = Cold(1, 1, None), Cold(1, 1, 1)


def legend(frozen: Frozen, x: float, y: float, wide: float) -> Group:
    """Return how much trains, and what the signs mean that are in the picture."""
    lines = wrap(frozen.words, wide, 12, 2, Style.SEMIBOLD)
    marks: list[Mark] = [Label(0, 14 + n * line(12), words, 12, style=Style.SEMIBOLD) for n, words in enumerate(lines)]
    kinds = [("frozen: never trains", _GOOD), ("frozen now, opens at a later epoch", _TIME)]
    there = {cold.for_good for cold in frozen.parts.values()}
    high = 20.0 + (len(lines) - 1) * line(12)
    left = 0.0
    for words, cold in kinds:
        if cold.for_good in there:
            marks += _sample(words, cold, left, high + 4)
            left += 34 + width(words, 10) + 28
    return Group("", "frozen", frozen.words, x, y, wide, high + 22, (Box(0, 0, wide, high + 22), *marks), ":frozen")


def _sample(words: str, cold: Cold, x: float, y: float) -> list[Mark]:
    box = Box(0, 0, 26, 14, Ink.CARD, Ink.MUTED, 1.2, 3, Dash.DASHED)
    plate = Area(((8, 1), (18, 1), (18, 13), (8, 13)), Ink.CARD, opacity=WASH)
    swatch = Group("", "sample", words, x, y, 26, 14, (box, *hatching(26, 14), plate, *sign(13, 7, cold, 4.5)))
    return [swatch, Label(x + 34, y + 11, words, 10, Ink.MUTED, Anchor.START)]
