"""The files that were opened or saved last: sessions and networks, in a small file of the settings' folder."""

from pathlib import Path

from resnet_explorer import codec
from resnet_explorer.errors import ExplorerError
from resnet_explorer.files import read_text, write
from resnet_explorer.ui.preferences import folder

FORMAT, VERSION = "resnet-explorer recent files", 1
MOST = 10


def _path() -> Path:
    return folder() / "recent.json"


def recent_files() -> tuple[Path, ...]:
    """Return the files, the newest first; they need not be there any more."""
    try:
        text = read_text(_path())
        values = codec.unwrap(text, FORMAT, (VERSION,), _path().name, "lists no files").get("files")
        return tuple(map(Path, codec.decode(values, tuple[str, ...])))[:MOST]
    except (OSError, ValueError, ExplorerError):
        return ()


def add_recent(path: Path) -> None:
    """Put a file first; write errors are ignored."""
    first = path.absolute()
    _save((first, *(other for other in recent_files() if other != first)))


def forget_recent(path: Path) -> None:
    """Take a file off the list; write errors are ignored."""
    _save(tuple(other for other in recent_files() if other != path))


def clear_recent() -> None:
    """Forget all files; write errors are ignored."""
    _save(())


def _save(paths: tuple[Path, ...]) -> None:
    try:
        folder().mkdir(parents=True, exist_ok=True)
        write(_path(), codec.encode({"format": FORMAT, "version": VERSION, "files": list(map(str, paths[:MOST]))}))
    except (OSError, ExplorerError):
        return
