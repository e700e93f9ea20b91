"""Straight lines at a value, each with a few words where they fit."""

from resnet_explorer.drawing.chart.layout import Layout
from resnet_explorer.drawing.chart.model import Guide
from resnet_explorer.drawing.chart.words import ASCENT, line
from resnet_explorer.drawing.marks import Anchor, Area, Arrow, Dash, Group, Ink, Label, Mark
from resnet_explorer.drawing.text import Style, width

ROWS = 3
"""Words of vertical lines stand in at most so many rows, one under the other."""
_Place = tuple[float, float, float, float]


def guide_marks(lay: Layout) -> list[Mark]:
    """Return the guides that are in the frame; words that would lie on others are left to the titles."""
    taken: list[_Place] = []
    marks: list[Mark] = []
    for index, guide in enumerate(lay.scale.chart.guides):
        frame, axis = lay.frame, lay.scale.x if guide.vertical else lay.scale.y
        place = axis.px(guide.value)
        if not (frame.left <= place <= frame.right if guide.vertical else frame.top <= place <= frame.bottom):
            continue
        ends = (
            ((place, frame.top), (place, frame.bottom))
            if guide.vertical
            else ((frame.left, place), (frame.right, place))
        )
        inner: list[Mark] = [Arrow(ends, Ink.MUTED, 1.2, Dash.DASHED, head=False), *_words(lay, guide, place, taken)]
        key = lay.scale.chart.key
        marks.append(Group("", "guide", guide.label, 0, 0, lay.width, lay.height, tuple(inner), f":{key}{index}"))
    return marks


def _words(lay: Layout, guide: Guide, place: float, taken: list[_Place]) -> list[Mark]:
    size, frame = lay.sizes.note, lay.frame
    wide, high = width(guide.label, size, Style.ITALIC) + 6, line(size)
    for x, y in _places(lay, guide, place, wide, high):
        box = (x, y, x + wide, y + high)
        inside = x >= frame.left and box[2] <= frame.right and y >= frame.top and box[3] <= frame.bottom
        if guide.label and inside and not any(_touch(box, other) for other in taken):
            taken.append(box)
            corners = ((x, y), (box[2], y), (box[2], box[3]), (x, box[3]))
            text = Label(x + 3, y + ASCENT * size + 2, guide.label, size, Ink.MUTED, Anchor.START, Style.ITALIC)
            return [Area(corners, Ink.PAGE, opacity=0.85), text]
    return []


def _places(lay: Layout, guide: Guide, place: float, wide: float, high: float) -> list[tuple[float, float]]:
    frame = lay.frame
    if guide.vertical:
        sides = (place + 3, place - wide - 3)
        return [(x, frame.top + 3 + row * high) for row in range(ROWS) for x in sides]
    heights = (place - high - 1, place + 2)
    return [(x, y) for x in (frame.right - wide - 4, frame.left + 6) for y in heights]


def _touch(one: _Place, other: _Place) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
