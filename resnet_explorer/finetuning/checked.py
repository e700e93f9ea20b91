"""What was found out about a set of images: remembered, so that a run need not read all of them to begin."""

import hashlib
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from PIL import __version__ as pillow

from resnet_explorer import codec, files
from resnet_explorer.errors import ExplorerError
from resnet_explorer.ui.preferences import cache_folder

T = TypeVar("T")
KEPT = 200
"""Answers that are remembered."""


def recall(images: Iterable[Path], question: str, kind: type[T]) -> T | None:
    """Return the answer to a question, of a type; None where it is not known of just these files as they are."""
    try:
        return codec.decode(codec.parse(files.read_text(_place(images, question))), kind)
    except (OSError, UnicodeDecodeError, ExplorerError):
        return None


def remember(images: Iterable[Path], question: str, answer: object) -> None:
    """Remember the answer to a question about some files; write errors are ignored."""
    place = _place(images, question)
    with suppress(OSError, ExplorerError):
        place.parent.mkdir(parents=True, exist_ok=True)
        if place.is_symlink() or not place.is_file():
            place.unlink(missing_ok=True)  # a pipe would be waited for, and a link leads elsewhere
        files.write(place, codec.encode(answer, indent=None))
        for old in sorted(place.parent.glob("*.json"), key=os.path.getmtime)[:-KEPT]:
            old.unlink()


def _place(images: Iterable[Path], question: str) -> Path:
    """Return the file that speaks of just these files: of their paths, sizes, and times of change."""
    digest = hashlib.sha256(f"{pillow} {question}".encode())
    for image in images:
        try:
            state = image.stat()
        except (OSError, ValueError):  # of no name that can be
            digest.update(f"\n{image}".encode(errors="surrogatepass"))
        else:
            digest.update(
                f"\n{image} {state.st_size} {state.st_mtime_ns} {state.st_mode}".encode(errors="surrogatepass")
            )
    return cache_folder("images") / f"{digest.hexdigest()[:32]}.json"
