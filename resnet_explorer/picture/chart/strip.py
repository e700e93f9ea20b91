"""Networks as rows of blocks coloured by a value, with an arc over each block that a shortcut bridges."""

from math import isfinite
from typing import NamedTuple

from resnet_explorer.picture.chart.heatmap import ColourScale, bar_height, colour_scale, level_bar, tile, value_text
from resnet_explorer.picture.chart.model import Axis, Cell, Strip
from resnet_explorer.picture.chart.scale import ChartScale
from resnet_explorer.picture.chart.text import ASCENT, BUDGETS, GAP, PAD, Sizes, head, head_marks, line, shorten, sizes
from resnet_explorer.picture.marks import Anchor, Arrow, Group, Ink, Label, Mark, Picture, Style, width

ARC_FROM = 6.0
"""Blocks nearer to each other than this many px have no arcs."""
LABEL_PART = 0.25
BESIDE = 12.0


class _Rows(NamedTuple):
    value: Axis
    colours: ColourScale
    left: float
    right: float
    wide: float
    size: Sizes
    under: ChartScale | None
    low: bool

    @property
    def high(self) -> float:
        return (1.1 if self.low else 2.2) * self.size.tick

    @property
    def rise(self) -> float:
        return 0.0 if self.low else 1.1 * self.size.tick

    @property
    def gap(self) -> float:
        return 2.0 if self.low else GAP

    def middles(self, count: int) -> list[float]:
        if self.under:
            return [self.under.x.px(n + 1.0) for n in range(count)]
        return [self.left + (self.right - self.left) * (n + 0.5) / max(1, count) for n in range(count)]


def block_strip(
    strips: tuple[Strip, ...],
    value: Axis,
    wide: float,
    title: str = "",
    text: float = 1.0,
    under: ChartScale | None = None,
    low: bool = False,
) -> Picture:
    """Return the rows of blocks, as high as they need; with ``under`` block n is under the chart's x = n.

    With ``low`` the rows are half as high, without arcs, title and scale of colours.
    """
    size = sizes(text)
    colours = colour_scale(value, (cell.value for strip in strips for cell in strip.cells))
    title_lines = head("" if low else title, "", (), wide, size, BUDGETS[1])
    labels = max((width(strip.label, size.label, Style.SEMIBOLD) for strip in strips), default=0.0)
    left, right = PAD + min(labels, LABEL_PART * wide) + BESIDE + 2, wide - PAD
    if under:
        left, right = under.frame.left, under.frame.right
    rows = _Rows(value, colours, left, right, wide, size, under, low)
    y = 0.0 if low else title_lines.above
    marks: list[Mark] = head_marks(title_lines, 0, size)
    for strip in strips:
        row = _row(strip, rows, y)
        marks.append(row)
        y += row.height
    if not low:
        bar = level_bar(colours, value, right - left, size)
        y += GAP / 2
        marks.append(Group("", "scale", bar.title, left, y, bar.width, bar.height, bar.marks, ":strip"))
        y += bar.height
    said = ". ".join(_described(strip, value) for strip in strips)
    return Picture(wide, y + GAP, tuple(marks), title, said)


def height(
    strips: tuple[Strip, ...], wide: float, title: str, text: float, under: ChartScale, low: bool = False
) -> float:
    """Return the height of the rows of blocks, without drawing them."""
    size, nothing = sizes(text), ColourScale(0.0, 1.0)
    rows = _Rows(Axis(), nothing, under.frame.left, under.frame.right, wide, size, under, low)
    high = sum(_top(strip, rows) + rows.high + rows.gap for strip in strips) + GAP
    return high if low else high + head(title, "", (), wide, size, BUDGETS[1]).above + GAP / 2 + bar_height(size)


def _room_of(label: str, size: Sizes) -> float:
    return width(label, size.label, Style.SEMIBOLD) + BESIDE + PAD


def _top(strip: Strip, rows: _Rows) -> float:
    """Return where the blocks of a row begin: under their arcs, and under the name where it has no room beside them."""
    is_above = _room_of(strip.label, rows.size) > max(rows.left, rows.wide - rows.right)
    rise = rows.rise if any(cell.has_shortcut for cell in strip.cells) else 0.0
    return rise + rows.gap + (line(rows.size.label) if is_above else 0.0)


def _row(strip: Strip, rows: _Rows, y: float) -> Group:
    top = _top(strip, rows)
    middles = rows.middles(len(strip.cells))
    pitch = abs(middles[1] - middles[0]) if len(middles) > 1 else rows.right - rows.left
    middle = top + rows.high / 2
    rule = Arrow(((rows.left, middle), (rows.right, middle)), Ink.MUTED, 1.2)
    blocks = [
        _block(strip, cell, rows, x, top, pitch)
        for cell, x in zip(strip.cells, middles, strict=True)
        if rows.left - 0.5 <= x <= rows.right + 0.5
    ]
    size = rows.wide, top + rows.high + rows.gap
    marks: tuple[Mark, ...] = (_label(strip, rows, middle), rule, *blocks)
    return Group("", "strip", _described(strip, rows.value), 0, y, *size, marks, f":{strip.key}")


def _label(strip: Strip, rows: _Rows, middle: float) -> Label:
    """Return a network's name left of its blocks or right of them, where it has the room it needs, else above."""
    needed, size, ink = _room_of(strip.label, rows.size), rows.size.label, strip.style.ink
    base = middle + 0.36 * size
    if needed <= rows.left:
        return Label(rows.left - BESIDE, base, strip.label, size, ink, Anchor.END, Style.SEMIBOLD)
    if needed <= rows.wide - rows.right:
        return Label(rows.right + BESIDE, base, strip.label, size, ink, Anchor.START, Style.SEMIBOLD)
    text = shorten(strip.label, rows.right - rows.left, size, Style.SEMIBOLD)
    return Label(rows.left, ASCENT * size + 1, text, size, ink, Anchor.START, Style.SEMIBOLD)


def _block(strip: Strip, cell: Cell, rows: _Rows, x: float, top: float, pitch: float) -> Group:
    wide, high = min(0.7 * pitch, 1.6 * rows.high), rows.high
    is_under = rows.colours.is_under(cell.value)
    marks = tile(rows.colours.ink(cell.value), is_under, wide, high, min(4.0, wide / 4), Ink.LINE)
    if cell.has_shortcut and pitch >= ARC_FROM and rows.rise:
        half = min(pitch, 1.6 * wide) / 2 - 0.6
        marks.append(_arc(wide / 2, high / 2, half, high / 2 + rows.rise, strip.style.ink))
    text = f"{strip.label}, {cell.name}: {value_text(rows.value, cell.value)}"
    return Group(cell.path, "block", text, x - wide / 2, top, wide, high, tuple(marks), ":strip", f"{strip.key}:")


def _arc(x: float, y: float, half: float, rise: float, ink: Ink) -> Arrow:
    """Return a curve that leaves the line before a block, rises over it, and comes back after it."""
    control = y - rise / 0.75
    points = (x - half, y), (x - half, control), (x + half, control), (x + half, y)
    return Arrow(points, ink, 1.5, curved=True, head=False)


def _described(strip: Strip, value: Axis) -> str:
    values = [cell.value for cell in strip.cells if isfinite(cell.value)]
    if not values:
        return f"{strip.label}: no value"
    first, last = value_text(value, values[0]), value_text(value, values[-1])
    return f"{strip.label}: {first} in the first block, {last} in the last"
