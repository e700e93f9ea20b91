"""The pages that pictures are exported for: a slide, one or two columns of a paper, a size of one's own."""

from collections.abc import Mapping
from typing import NamedTuple

from resnet_explorer.errors import ExportError
from resnet_explorer.picture.marks import Group, Picture

PX_PER_INCH = 96


LARGEST, USUAL = 1.6, (1400.0, 800.0)
"""A picture is not shown larger than this on a screen whose room is no larger than that in px."""


def largest_zoom(wide: float, high: float) -> float:
    """Return how large a picture is shown at most in a room: on a large screen larger, so that it fills its part."""
    return LARGEST * max(1.0, min(wide / USUAL[0], high / USUAL[1]))


class Page(NamedTuple):
    """A size in px at 96 px an inch; pictures are enlarged on it by ``zoom``. One without a size is the picture's own.

    A drawing that has a shape of its own may make the page up to ``highest`` times as high as wide, or lower.
    """

    title: str
    tip: str
    width: float = 0.0
    height: float = 0.0
    zoom: float = 1.0
    highest: float = 0.0

    def room(self, has_own_shape: bool) -> tuple[float, float]:
        """Return the size in px that a picture is composed for."""
        height = self.highest * self.width if has_own_shape and self.highest else self.height
        return self.width / self.zoom, height / self.zoom


OWN, CUSTOM = "own", "custom"
PAGES: Mapping[str, Page] = {
    OWN: Page("Own size", "As large as the drawing is at 100 %"),
    "slide": Page("Slide, 16:9", "13.3 × 7.5 inches, with text that is read from the back row", 1280, 720, 1.6),
    "column": Page("One column", "3.5 inches (89 mm) wide, for one column of a paper", 336, 264, 0.8, 1.4),
    "columns": Page("Two columns", "7.2 inches (183 mm) wide, for both columns of a paper", 691, 400, 0.9, 0.8),
    CUSTOM: Page("Custom", "A width and a height in pixels, 96 to an inch"),
}
"""The presets by their keys."""
LEAST, MOST = 160, 8000
"""The smallest and the largest width or height in px of a page of a custom size."""


def custom(width: float, height: float) -> Page:
    """Return a page of a size in px."""
    return PAGES[CUSTOM]._replace(width=width, height=height)


def page_of(text: str) -> Page:
    """Return the page of a preset's key, or of a size such as ``1600x900``; raises ExportError for any other text."""
    presets = [key for key in PAGES if key != CUSTOM]
    if text in presets:
        return PAGES[text]
    width, _, height = text.partition("x")
    sizes = [int(part) if part.isdecimal() else 0 for part in (width, height)]
    if not all(LEAST <= size <= MOST for size in sizes):
        remedy = f"Use {', '.join(presets)}, or width x height from {LEAST} to {MOST} px, such as 1600x900."
        raise ExportError("size", f"{text!r} is no size.", remedy)
    return custom(*sizes)


def on_page(picture: Picture, page: Page, has_own_shape: bool) -> tuple[Picture, float]:
    """Return a picture in the middle of a page, and by how much it is enlarged to fill it."""
    if not page.width:
        return picture, 1.0
    follows = has_own_shape and page.highest > 0
    height = page.highest * page.width if follows else page.height
    zoom = min(page.width / picture.width, height / picture.height)
    wide, high = page.width / zoom, picture.height if follows else page.height / zoom
    x, y = (wide - picture.width) / 2, (high - picture.height) / 2
    if x < 0.5 and y < 0.5:
        return picture, zoom
    inner = Group("", "page", picture.title, x, y, picture.width, picture.height, picture.marks)
    return Picture(wide, high, (inner,), picture.title, picture.description), zoom
