"""Which files of a set of images cannot be read: remembered, so that a run need not read all of them to begin."""

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from PIL import __version__ as pillow

from resnet_explorer import files
from resnet_explorer.errors import ExplorerError
from resnet_explorer.ui.preferences import FOLDER_VARIABLE, folder

KEPT = 200
"""Sets of images that are remembered."""


def recall(images: Iterable[Path], channels: int) -> dict[str, str] | None:
    """Return why files cannot be read, by their paths; None where that is not known of just these files as they are."""
    try:
        content = json.loads(_place(images, channels).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None


def remember(images: Iterable[Path], channels: int, unreadable: Mapping[str, str]) -> None:
    """Remember which of some files cannot be read as images of so many channels; write errors are ignored."""
    place = _place(images, channels)
    with suppress(OSError, ExplorerError):
        place.parent.mkdir(parents=True, exist_ok=True)
        files.write(place, json.dumps(dict(unreadable), ensure_ascii=False))
        for old in sorted(place.parent.glob("*.json"), key=os.path.getmtime)[:-KEPT]:
            old.unlink()


def _place(images: Iterable[Path], channels: int) -> Path:
    """Return the file that speaks of just these files: of their paths, sizes, and times of change."""
    digest = hashlib.sha256(f"{pillow} {channels}".encode())
    for image in images:
        try:
            state = image.stat()
        except OSError:
            digest.update(f"\n{image}".encode(errors="surrogatepass"))
        else:
            digest.update(
                f"\n{image} {state.st_size} {state.st_mtime_ns} {state.st_mode}".encode(errors="surrogatepass")
            )
    return _folder() / f"{digest.hexdigest()[:32]}.json"


def _folder() -> Path:
    if os.environ.get(FOLDER_VARIABLE):
        return folder() / "images"
    from platformdirs import user_cache_path

    return user_cache_path("resnet-explorer", appauthor=False) / "images"
