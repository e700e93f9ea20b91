"""Where the app writes: whether it may, and how much room is left there."""

import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from resnet_explorer.doctor.findings import Finding, Step
from resnet_explorer.readings.text import in_bytes
from resnet_explorer.ui import preferences


class Place(NamedTuple):
    """A folder that the app writes into: what lies there, which folder it is, and the variable that moves it."""

    title: str
    folder: Callable[[], Path]
    variable: str


PLACES: Mapping[str, Place] = {
    "settings": Place("Settings and sessions", preferences.folder, preferences.FOLDER_VARIABLE),
    "runs": Place("Runs", preferences.runs_folder, preferences.FOLDER_VARIABLE),
    "cache": Place("Cache", lambda: preferences.cache_folder(""), preferences.CACHE_VARIABLE),
    "log": Place("Log", preferences.log_folder, preferences.FOLDER_VARIABLE),
    "temporary": Place("Temporary files", lambda: Path(tempfile.gettempdir()), "TMPDIR"),
}
LEAST, SCARCE = 50_000_000, 2_000_000_000
"""With fewer free bytes than these nothing can be kept; trainings and downloads may fill the disk."""


def place(step: Step, key: str) -> Finding:
    """Return whether a folder can be written, and its free space; it is not made where it is not there."""
    of = PLACES[key]
    move = f"Free some space, make it writable, or set {of.variable} to another folder."
    try:
        folder = of.folder()
        there = next(parent for parent in (folder, *folder.parents) if parent.exists())
        with tempfile.TemporaryFile(dir=there) as file:
            file.write(b"doctor")
            file.flush()
            os.fsync(file.fileno())
        free = shutil.disk_usage(there).free
    except OSError as error:
        return step.broken(f"{error.filename or key} cannot be written: {error.strerror or error}.", move)
    text = f"{folder}, {in_bytes(free)} free."
    if free < LEAST:
        return step.broken(text, f"Nothing more can be kept there. {move}")
    if free < SCARCE:
        return step.note(text, "Trainings and downloads may fill it.")
    return step.ok(text)
