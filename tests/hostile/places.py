"""What may lie where a file is expected and is none, or none that can be read."""

import os
import socket
from collections.abc import Callable, Mapping
from pathlib import Path


def _missing(path: Path) -> None:
    path.unlink()


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _full_folder(path: Path) -> None:
    _folder(path)
    (path / path.name).mkdir()
    (path / "data").write_bytes(b"x")


def _pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _socket(path: Path) -> None:
    """Bound by a short name: that of a socket may have some 100 letters."""
    path.unlink()
    before = os.open(".", os.O_RDONLY)
    os.chdir(path.parent)
    try:
        with socket.socket(socket.AF_UNIX) as bound:
            bound.bind(path.name)
    finally:
        os.fchdir(before)
        os.close(before)


def _link(target: str) -> Callable[[Path], None]:
    def place(path: Path) -> None:
        path.unlink()
        path.symlink_to(target)

    return place


def _loop(path: Path) -> None:
    _link(path.name)(path)


def _protected(path: Path) -> None:
    path.chmod(0)


def _sparse(path: Path) -> None:
    """A file that is large by its length, and of which nothing lies on the disk."""
    with path.open("r+b") as file:
        file.truncate(8 * 2**30)


PLACES: Mapping[str, Callable[[Path], None]] = {
    "missing": _missing,
    "a folder": _folder,
    "a folder with files": _full_folder,
    "a named pipe": _pipe,
    "a socket": _socket,
    "an endless device": _link("/dev/zero"),
    "an empty device": _link("/dev/null"),
    "what cannot be read": _link("/proc/self/mem"),
    "a link to nothing": _link("nowhere"),
    "a link to itself": _loop,
    "a link to its folder": _link("."),
    "protected": _protected,
    "8 GB of nothing": _sparse,
}
