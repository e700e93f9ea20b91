"""Pictures as files of the kind that their name asks for; Qt is imported for PDF and PNG alone."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from resnet_explorer.errors import ExportError
from resnet_explorer.picture.marks import Picture
from resnet_explorer.picture.theme import Theme

SUFFIXES = (".svg", ".pdf", ".png")
Paint = Callable[[Picture, Theme], bytes | str]


def painter(path: Path, text: str | None = None, scale: int | None = None) -> Paint:
    """Return what makes a file of the kind that a path asks for; raises ExportError where there is none.

    ``text`` (editable or outlines) is for SVG alone, ``scale``, image pixels to a px, for PNG alone.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        kinds = ", ".join(SUFFIXES)
        raise ExportError(str(path), f"{path} is no picture file.", f"End its name in {kinds}.")
    if text and suffix != ".svg":
        raise ExportError("text", "--text is a choice for SVG alone.", "Leave it out.")
    if scale and suffix != ".png":
        raise ExportError("scale", "--scale is a choice for PNG alone.", "Leave it out.")

    def paint(picture: Picture, theme: Theme) -> bytes | str:
        if suffix == ".svg":
            from resnet_explorer.picture.svg import to_svg

            return to_svg(picture, theme, outlines=text == "outlines")
        with importing_qt():
            from resnet_explorer.ui.clipboard import to_pdf, to_png
        return to_pdf(picture, theme) if suffix == ".pdf" else to_png(picture, theme, scale or 1)

    return paint


@contextmanager
def importing_qt() -> Iterator[None]:
    """Let imports of Qt raise ExplorerError where they fail."""
    try:
        yield
    except ImportError as error:
        from resnet_explorer.terminal.display import missing_qt

        raise missing_qt(error) from error
