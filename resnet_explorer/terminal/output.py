"""What the commands print, how they fail (in one line, quietly into a closed pipe), and pictures as files."""

import io
import os
import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from resnet_explorer import codec
from resnet_explorer.errors import ExportError

if TYPE_CHECKING:
    from resnet_explorer.picture.marks import Picture
    from resnet_explorer.picture.theme import Theme

NAME = "resnet-explorer"
BAD_INPUT = 2
SUFFIXES = (".svg", ".pdf", ".png", ".pgf")


class Paint(Protocol):
    """Makes the content of a picture file."""

    def __call__(self, picture: "Picture", theme: "Theme", zoom: float = 1.0, /) -> bytes | str:
        """Return the picture as a file, ``zoom`` times as large."""


def speak_utf8() -> None:
    """Give files and pipes UTF-8 whatever the locale, and a terminal what it can show."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding=None if sys.stdout.isatty() else "utf-8", errors="replace")


def say(text: str) -> None:
    """Write to stdout at once, so that a closed pipe or a full disk is noticed here.

    Raises BrokenPipeError for the one, ExportError for the other.
    """
    if sys.stdout is None:  # a program without a console on Windows
        return
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        silence()
        raise
    except OSError as error:
        silence()
        raise ExportError("stdout", f"The output cannot be written: {error.strerror}.") from error


def say_json(values: object) -> None:
    """Write values as JSON."""
    say(codec.encode(values))


def silence() -> None:
    """Let what Python still holds for stdout vanish, so that it does not complain on its way out."""
    with suppress(OSError, ValueError):  # where stdout is no file of the system, as in a test
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def complain(text: str) -> int:
    """Say in one line on stderr what is wrong, and return the exit status."""
    if sys.stderr is not None:
        print(f"{NAME}: {' '.join(text.split())}", file=sys.stderr)
    return BAD_INPUT


def notes_text(notes: Sequence[str], keys: Sequence[str]) -> str:
    """Return what was read of a file, in lines, and how to ask for another network of it."""
    choose = ["Choose another with --key, as in --key " + shlex.quote(keys[-1]) + "."] if keys else []
    return "".join(f"{line}\n" for line in ("", *notes, *choose)) if notes else ""


def painter(path: Path, text: str | None = None, scale: int | None = None) -> Paint:
    """Return what makes a file of the kind that a path asks for; raises ExportError where there is none.

    ``text`` (editable or outlines) is for SVG alone, ``scale``, image pixels to a px, for PNG alone. What is returned
    takes the picture, the theme, and how many times it is enlarged.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        kinds = ", ".join(SUFFIXES)
        raise ExportError(str(path), f"{path} is no picture file.", f"End its name in {kinds}.")
    if text and suffix != ".svg":
        raise ExportError("text", "--text is a choice for SVG alone.", "Leave it out.")
    if scale and suffix != ".png":
        raise ExportError("scale", "--scale is a choice for PNG alone.", "Leave it out.")

    def paint(picture: "Picture", theme: "Theme", zoom: float = 1.0) -> bytes | str:
        if suffix == ".svg":
            from resnet_explorer.picture.svg import to_svg

            return to_svg(picture, theme, text == "outlines", zoom)
        if suffix == ".pgf":
            from resnet_explorer.picture.pgf import to_pgf

            return to_pgf(picture, theme, zoom)
        with importing_qt():
            from resnet_explorer.ui.clipboard import to_pdf, to_png
        return to_pdf(picture, theme, zoom) if suffix == ".pdf" else to_png(picture, theme, zoom * (scale or 1))

    return paint


@contextmanager
def importing_qt() -> Iterator[None]:
    """Let imports of Qt raise ExplorerError where they fail."""
    try:
        yield
    except ImportError as error:
        from resnet_explorer.terminal.display import missing_qt

        raise missing_qt(error) from error
