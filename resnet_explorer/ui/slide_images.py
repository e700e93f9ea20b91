"""Images on a slide: where they are, as marks with captions, and how they are painted there."""

from collections.abc import Mapping, Sequence
from math import ceil
from typing import NamedTuple

from PySide6.QtCore import QRectF, QSizeF, Qt
from PySide6.QtGui import QImage, QPainter

from resnet_explorer.picture.chart.text import ASCENT, line
from resnet_explorer.picture.marks import Anchor, Box, Group, Ink, Label, Mark, Picture, placed, width

SIZE, GAP = 11, 8.0
"""The size of captions, and the space between images, in px of a slide."""
CAPTIONED = 32.0
"""In px of a slide: images that would be smaller than this with captions have none."""


class _Grid(NamedTuple):
    columns: int
    cell: float
    side: float


def image_key(place: int) -> str:
    """Return the path of the mark that an image is painted over."""
    return f"image{place}"


def caption_width(captions: Sequence[str]) -> float:
    """Return the width of the widest line, in px of a slide."""
    return max((width(part, SIZE) for caption in captions for part in caption.split("\n")), default=0.0)


def image_rows(captions: Sequence[str], wide: float, high: float, title: str = "") -> Picture:
    """Return rows of square places for images, as large as fit, each with its caption in lines below it.

    Where images would be too small beside their captions they have none.
    """
    texts = [caption.split("\n") if caption else [] for caption in captions]
    below = max(map(len, texts), default=0) * line(SIZE)
    grid = _grid(len(captions), wide, high, below, caption_width(captions))
    if grid.side < CAPTIONED:
        texts, below = [[] for _ in captions], 0.0
        grid = _grid(len(captions), wide, high, below, 0.0)
    rows = ceil(len(captions) / grid.columns)
    step = grid.side + below + GAP
    left, top = (wide - grid.columns * grid.cell - (grid.columns - 1) * GAP) / 2, (high - rows * step + GAP) / 2
    marks: list[Mark] = []
    for place, parts in enumerate(texts):
        middle = left + place % grid.columns * (grid.cell + GAP) + grid.cell / 2
        y, side = top + place // grid.columns * step, grid.side
        ground = Box(0, 0, side, side, Ink.CARD)
        marks.append(Group(image_key(place), "image", captions[place], middle - side / 2, y, side, side, (ground,)))
        for number, part in enumerate(parts):
            base = y + side + number * line(SIZE) + (ASCENT + 0.2) * SIZE
            marks.append(Label(middle, base, part, SIZE, Ink.TEXT, Anchor.MIDDLE))
    return Picture(wide, high, tuple(marks), title, ". ".join(text.replace("\n", ", ") for text in captions if text))


def _grid(count: int, wide: float, high: float, below: float, widest: float) -> _Grid:
    """Return the number of columns that makes the images largest, and the width of a column that has the captions."""
    best = _Grid(1, wide, 0.0)
    for columns in range(1, max(1, count) + 1):
        rows = ceil(count / columns)
        room = (wide - GAP * (columns - 1)) / columns
        side = min(room, (high - GAP * (rows - 1)) / max(1, rows) - below)
        if side > best.side and (widest <= room or columns == 1):
            best = _Grid(columns, max(side, widest), side)
    return best


def paint_images(painter: QPainter, picture: Picture, images: Mapping[str, QImage], zoom: float) -> None:
    """Paint images over the marks with their keys, at a zoom on screen: enlarged pixel by pixel, reduced smoothly."""
    for group, path, x, y in placed(picture.marks):
        image = images.get(path)
        if image is not None:
            size = QSizeF(image.size()).scaled(group.width, group.height, Qt.AspectRatioMode.KeepAspectRatio)
            left, top = x + (group.width - size.width()) / 2, y + (group.height - size.height()) / 2
            is_reduced = size.width() * zoom < image.width()
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, is_reduced)
            painter.drawImage(QRectF(left, top, size.width(), size.height()), image)
