"""What the app remembers between two runs, in a small versioned JSON file."""

import os
from dataclasses import fields
from pathlib import Path

from resnet_explorer import codec
from resnet_explorer.dataclass import dataclass
from resnet_explorer.errors import ExplorerError, ExportError
from resnet_explorer.files import read_text, write

VERSION = 1
FOLDER_VARIABLE = "RESNET_EXPLORER_CONFIG"
CACHE_VARIABLE = "RESNET_EXPLORER_CACHE"


@dataclass(frozen=True, slots=True)
class Preferences:
    """The theme, whether motion is reduced, the last choices of exports, the folder of own lessons, the budget
    for results, what was seen.
    """

    theme: str = "system"
    reduce_motion: bool = False
    export_format: str = "svg"
    export_theme: str = "light"
    export_scale: int = 2
    export_outlines: bool = False
    export_folder: str = ""
    export_page: str = ""
    export_width: int = 1280
    export_height: int = 720
    lessons_folder: str = ""
    kept_megabytes: int = 200
    was_welcomed: bool = False


def folder() -> Path:
    """Return the folder of the app's settings; an environment variable can move it."""
    moved = os.environ.get(FOLDER_VARIABLE)
    if moved:
        return Path(moved)
    from platformdirs import user_config_path  # kept out of the start: only this line needs it

    return user_config_path("resnet-explorer", appauthor=False)


def runs_folder() -> Path:
    """Return the folder where trainings are kept; it moves with the folder of the settings."""
    if os.environ.get(FOLDER_VARIABLE):
        return folder() / "runs"
    from platformdirs import user_data_path

    return user_data_path("resnet-explorer", appauthor=False) / "runs"


def cache_folder(name: str) -> Path:
    """Return a folder for what can be computed again.

    An environment variable can move it; otherwise it moves with the folder of the settings, where that is moved.
    """
    if moved := os.environ.get(CACHE_VARIABLE):
        return Path(moved) / name
    if os.environ.get(FOLDER_VARIABLE):
        return folder() / "cache" / name
    from platformdirs import user_cache_path

    return user_cache_path("resnet-explorer", appauthor=False) / name


def results_folder() -> Path:
    """Return the folder where results are kept for the next time."""
    return cache_folder("results")


def log_folder() -> Path:
    """Return the folder of the log of crashes; it moves with the folder of the settings."""
    if os.environ.get(FOLDER_VARIABLE):
        return folder() / "log"
    from platformdirs import user_log_path

    return user_log_path("resnet-explorer", appauthor=False)


def load() -> Preferences:
    """Return the saved preferences; a value that is missing, broken or of another type is the default."""
    try:
        content = codec.parse(read_text(folder() / "preferences.json"))
        values = content["values"] if content["version"] == VERSION else {}
        saved = {item.name: values[item.name] for item in fields(Preferences) if item.name in values}
        default = Preferences()
        return Preferences(**{key: value for key, value in saved.items() if type(value) is type(getattr(default, key))})
    except (OSError, ValueError, KeyError, TypeError, ExplorerError):
        return Preferences()


def save(preferences: Preferences) -> None:
    """Save preferences; write errors are ignored."""
    try:
        folder().mkdir(parents=True, exist_ok=True)
        write(folder() / "preferences.json", codec.encode({"version": VERSION, "values": preferences}))
    except (OSError, ExportError):
        return
