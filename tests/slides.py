"""What is wrong with the text of a slide: too small, cut, off the screen, over other text, or too faint."""

from collections.abc import Iterator
from functools import cache

from resnet_explorer.picture.chart.markers import Frame
from resnet_explorer.picture.contrast import band, for_stage
from resnet_explorer.picture.marks import Anchor, Group, Label, Mark, width
from resnet_explorer.picture.theme import THEMES
from resnet_explorer.ui.slide import HIGH
from resnet_explorer.ui.stage_layout import Layout, Placed
from tests.contrast import ON_STAGE, Pair, pairs

SMALLEST = 1 / 42
"""The least height of text, as a part of the screen's."""


def labels(marks: tuple[Mark, ...], x: float = 0.0, y: float = 0.0) -> Iterator[tuple[Label, float, float]]:
    """Yield all labels with the corner of what they are in."""
    for mark in marks:
        if isinstance(mark, Group):
            yield from labels(mark.marks, x + mark.x, y + mark.y)
        elif isinstance(mark, Label):
            yield mark, x, y


def frame(label: Label, x: float, y: float) -> Frame:
    """Return the rectangle that capitals and digits of a label take."""
    long = width(label.text, label.size, label.style)
    start = {Anchor.START: 0.0, Anchor.MIDDLE: long / 2, Anchor.END: long}[label.anchor]
    if label.turned:
        low = y + label.y + start
        return Frame(x + label.x - 0.72 * label.size, low - long, x + label.x, low)
    left, base = x + label.x - start, y + label.y
    return Frame(left, base - 0.72 * label.size, left + long, base)


def placed_labels(part: Placed) -> list[tuple[Label, Frame]]:
    """Return the labels of a part of a slide, and where they are on the slide."""
    made = []
    for label, x, y in labels(part.picture.marks):
        box = frame(label, x, y)
        left, top = part.x + box.left * part.scale, part.y + box.top * part.scale
        made.append((label, Frame(left, top, part.x + box.right * part.scale, part.y + box.bottom * part.scale)))
    return made


@cache
def _is_faint(pair: Pair, is_band: bool) -> bool:
    """Return whether a text cannot be read from far in some theme, on a slide or on the band under it."""
    themes = [band(theme) if is_band else for_stage(theme) for theme in THEMES.values()]
    return min(pair.contrast(theme) for theme in themes) < ON_STAGE


def problems(layout: Layout) -> list[str]:
    """Return what cannot be read on a slide."""
    parts_of = ((layout.head, False), (layout.body, False), (layout.band, True))
    shown_pairs = ((pair, is_band) for part, is_band in parts_of for pair in pairs(part.picture))
    found = [f"{pair} is too faint" for pair, is_band in shown_pairs if _is_faint(pair, is_band)]
    for parts in ((layout.head, layout.body, layout.band), (layout.controls,)):
        shown = [(label, box, part.scale) for part in parts for label, box in placed_labels(part)]
        for index, (label, box, scale) in enumerate(shown):
            if label.size * scale < SMALLEST * HIGH:
                found.append(f"{label.text!r} is 1/{HIGH / label.size / scale:.1f} of the height")
            if label.text.endswith("…"):
                found.append(f"{label.text!r} is cut")
            if not (box.left >= 0 and box.right <= layout.wide and box.top >= 0 and box.bottom <= HIGH):
                found.append(f"{label.text!r} is off the screen")
            overlaps = (other.text for other, place, _ in shown[index + 1 :] if box.touches(place))
            found += [f"{label.text!r} is over {text!r}" for text in overlaps]
    return found
