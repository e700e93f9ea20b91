"""The features of frozen layers on disk: a file for each cut of a network, and a budget for all of them.

A file is written piece by piece, with the checksum of each piece beside it: what is missing or damaged is computed
anew, the rest is used.
"""

import os
from collections.abc import Collection, Iterable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from time import sleep
from zlib import crc32

import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from resnet_explorer import codec, files
from resnet_explorer.errors import ExplorerError
from resnet_explorer.ui.preferences import cache_folder

BUDGET = 2 * 10**9
"""Bytes that all features may take, unless the user chose otherwise."""
BUDGET_FILE = "budget.txt"
DATA, SUMS, LOCK = ".features", ".json", ".lock"
WAIT = 0.1


def features_folder() -> Path:
    """Return the folder of all features."""
    return cache_folder("features")


def features_size() -> int:
    """Return the bytes on disk of all features."""
    return sum(_bytes(file) for file in _files())


def clear_features() -> None:
    """Delete all features; what a run uses at this moment stays readable to it, or is kept where that cannot be."""
    for file in _files():
        _delete(file)


def features_budget() -> int:
    """Return the bytes that all features may take: what was chosen, or else ``BUDGET``."""
    try:
        return max(0, int(files.read_text(features_folder() / BUDGET_FILE)))
    except (OSError, ValueError):
        return BUDGET


def choose_budget(budget: int) -> None:
    """Keep the bytes that all features may take, from the next run on; raises ExportError."""
    folder = features_folder()
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
    files.write(folder / BUDGET_FILE, f"{budget}\n")


def make_room(needed: int, budget: int, keep: Collection[Path] = ()) -> None:
    """Delete the features that were not used for longest until so many bytes more are within the budget."""
    old = sorted(set(_files()) - set(keep), key=_used)
    size = features_size()
    for file in old:
        if size + needed <= budget:
            return
        size -= _bytes(file)
        _delete(file)


def _files() -> list[Path]:
    try:
        return sorted(features_folder().glob(f"*{DATA}"))
    except OSError:
        return []


def _bytes(file: Path) -> int:
    with suppress(OSError):
        return file.stat().st_size
    return 0


def _used(file: Path) -> float:
    with suppress(OSError):
        return file.stat().st_mtime
    return 0.0


def _delete(file: Path) -> None:
    for path in (file, file.with_suffix(SUMS), file.with_suffix(LOCK)):
        with suppress(OSError):  # Windows keeps what a run has open
            path.unlink()


@dataclass(frozen=True, slots=True)
class _Sums:
    """What a file of features holds, and the checksum of each of its pieces: -1 where it is not there yet."""

    version: int = 1
    dtype: str = ""
    shape: tuple[int, ...] = ()
    pieces: tuple[int, ...] = ()
    sums: tuple[int, ...] = ()


@dataclass(slots=True)
class FeatureFile:
    """The features of one cut: rows of a shape and type, in pieces of so many rows.

    ``put`` writes a piece, ``save`` notes which are there; ``rows`` is all of it once none is ``missing``. Raises
    OSError where the disk cannot be read or written.
    """

    path: Path
    shape: tuple[int, ...]
    dtype: str
    pieces: tuple[int, ...]
    _sums: list[int] = field(init=False)

    def __post_init__(self) -> None:
        self._sums = list(self._kept())

    @property
    def size(self) -> int:
        """Return the bytes of all rows."""
        return self._row * sum(self.pieces)

    @property
    def on_disk(self) -> int:
        return _bytes(self.path)

    @property
    def _row(self) -> int:
        return prod(self.shape) * np.dtype(self.dtype).itemsize

    def _kept(self) -> tuple[int, ...]:
        """Return the checksums on disk, where they are of such a file."""
        none = (-1,) * len(self.pieces)
        try:
            text = files.read_text(self.path.with_suffix(SUMS))
            kept = codec.decode(codec.parse(text), _Sums)
        except (OSError, UnicodeDecodeError, ExplorerError):
            return none
        return kept.sums if kept == _Sums(1, self.dtype, self.shape, self.pieces, kept.sums) else none

    def is_there(self, piece: int) -> bool:
        """Return whether a piece is on disk as it was written."""
        if self._sums[piece] < 0:
            return False
        try:
            with self.path.open("rb") as file:
                file.seek(self._at(piece))
                content = file.read(self._row * self.pieces[piece])
        except OSError:
            content = b""
        is_whole = len(content) == self._row * self.pieces[piece] and crc32(content) == self._sums[piece]
        if not is_whole:
            self._sums[piece] = -1
        return is_whole

    def put(self, piece: int, rows: NDArray[np.generic]) -> None:
        content = rows.tobytes()
        flags = os.O_WRONLY | os.O_CREAT | getattr(os, "O_BINARY", 0)
        with open(os.open(self.path, flags, 0o666), "wb") as file:
            file.seek(self._at(piece))
            file.write(content)
        self._sums[piece] = crc32(content)

    def _at(self, piece: int) -> int:
        return self._row * sum(self.pieces[:piece])

    def save(self) -> None:
        """Note which pieces are there; raises ExportError."""
        sums = _Sums(1, self.dtype, self.shape, self.pieces, tuple(self._sums))
        files.write(self.path.with_suffix(SUMS), codec.encode(sums, indent=None))

    def rows(self) -> NDArray[np.generic]:
        """Return all rows, read from disk as they are used; what is written to them stays in memory."""
        with suppress(OSError):
            os.utime(self.path)
        return np.memmap(self.path, self.dtype, "c", shape=(sum(self.pieces), *self.shape))


def lock(stack: ExitStack, paths: Iterable[Path]) -> Iterator[None]:
    """Keep other processes from files of features until a stack ends; yield while another one has them.

    Raises OSError where no lock can be made.
    """
    features_folder().mkdir(parents=True, exist_ok=True)
    for path in sorted(paths):
        own = FileLock(path.with_suffix(LOCK))
        while True:
            try:
                own.acquire(blocking=False)
                break
            except Timeout:
                yield
                sleep(WAIT)
        stack.callback(own.release)
