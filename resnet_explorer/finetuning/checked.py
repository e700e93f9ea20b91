"""What was found out about a set of images: remembered, so that a run need not read all of them to begin."""

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from PIL import __version__ as pillow

from resnet_explorer import files
from resnet_explorer.errors import ExplorerError
from resnet_explorer.ui.preferences import cache_folder

KEPT = 200
"""Answers that are remembered."""


def recall(images: Iterable[Path], question: str) -> dict[str, Any] | None:
    """Return the answer to a question; None where it is not known of just these files as they are."""
    try:
        content = json.loads(_place(images, question).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None


def remember(images: Iterable[Path], question: str, answer: Mapping[str, Any]) -> None:
    """Remember the answer to a question about some files; write errors are ignored."""
    place = _place(images, question)
    with suppress(OSError, ExplorerError):
        place.parent.mkdir(parents=True, exist_ok=True)
        files.write(place, json.dumps(dict(answer), ensure_ascii=False))
        for old in sorted(place.parent.glob("*.json"), key=os.path.getmtime)[:-KEPT]:
            old.unlink()


def _place(images: Iterable[Path], question: str) -> Path:
    """Return the file that speaks of just these files: of their paths, sizes, and times of change."""
    digest = hashlib.sha256(f"{pillow} {question}".encode())
    for image in images:
        try:
            state = image.stat()
        except OSError:
            digest.update(f"\n{image}".encode(errors="surrogatepass"))
        else:
            digest.update(
                f"\n{image} {state.st_size} {state.st_mtime_ns} {state.st_mode}".encode(errors="surrogatepass")
            )
    return cache_folder("images") / f"{digest.hexdigest()[:32]}.json"
