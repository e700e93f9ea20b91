"""Files read within bounds, and written whole or not at all."""

import errno
import io
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from resnet_explorer.errors import ExportError

_REASONS: Mapping[int, tuple[str, str]] = {
    errno.ENOSPC: ("the disk is full", "Free some space, or choose another folder."),
    errno.EDQUOT: ("your share of the disk is full", "Free some space, or choose another folder."),
    errno.EFBIG: ("it would be larger than files may be here", "Choose another folder."),
    errno.ENOENT: ("its folder does not exist", "Create the folder, or choose another one."),
    errno.ENOTDIR: ("its folder is a file", "Choose a folder."),
    errno.EISDIR: ("it is a folder", "Add a file name."),
    errno.EACCES: ("this place is protected", "Choose a place where you may write."),
    errno.EPERM: ("this place is protected", "Choose a place where you may write."),
    errno.EROFS: ("this disk can only be read", "Choose another disk."),
    errno.ENAMETOOLONG: ("its name is too long", "Choose a shorter name."),
}
_STREAMS = ("/dev", "/dev/fd", "/proc/self/fd")
"""What lies here is the terminal or a pipe of this process, and cannot be replaced by another file."""


PIPE = "a named pipe"
_KINDS: tuple[tuple[Callable[[int], bool], str], ...] = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, PIPE),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISSOCK, "a socket"),
)
MEGABYTE = 2**20
MOST = 16 * MEGABYTE
"""Bytes of a file of JSON or text that are read, unless its reader says otherwise: small values take 25 times as many
in memory."""


def kind_of_path(path: Path) -> str:
    """Return what a path is that is no file, such as a named pipe, which would be waited for; empty for a file.

    Raises OSError where there is nothing.
    """
    return _kind(path.stat().st_mode)


def _kind(mode: int) -> str:
    return next((text for is_kind, text in _KINDS if is_kind(mode)), "")


def read_bytes(path: Path, most: int = MOST) -> bytes:
    """Return what a file holds.

    Raises OSError where it cannot be read, is a folder, a pipe or a device, or has more than ``most`` bytes.
    """
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    handle = os.open(path, flags)  # a pipe is opened at once, without waiting for who writes to it
    try:
        if kind := _kind(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, f"it is {kind}, not a file")
        with open(handle, "rb", closefd=False) as file:
            content = file.read(most + 1)
    finally:
        os.close(handle)
    if len(content) > most:
        raise OSError(errno.EFBIG, f"it has more than {most / MEGABYTE:,.0f} MB")
    return content


def read_text(path: Path, most: int = MOST) -> str:
    """Return the text of a file in UTF-8; raises OSError as ``read_bytes``, UnicodeDecodeError where it is none."""
    return read_bytes(path, most).decode()


def write(path: Path, data: bytes | str) -> None:
    """Write a file atomically: a failure leaves what was there before.

    A link is followed to its target; an old file's permissions are kept; a pipe or a device is written to.
    Raises ExportError with the path, what went wrong and what to do.
    """
    with replacing(path) as stream:
        stream.write(data.encode("utf-8") if isinstance(data, str) else data)


@contextmanager
def replacing(path: Path) -> Iterator["Stream"]:
    """Give a stream whose content becomes the file when the block ends well, as ``write`` does."""
    try:
        if _is_stream(path):
            with path.open("ab", buffering=0) as device:
                stream = Stream(device.fileno())
                yield stream
                stream.check()
        else:
            with _replaced(Path(os.path.realpath(path))) as stream:
                yield stream
    except OSError as error:
        what, remedy = reason(path, error)
        raise ExportError(str(path), f"{path} cannot be written: {what}.", remedy) from error


class Stream(io.RawIOBase):
    """Bytes on their way to a file; what the disk refuses is told by ``check``, not by ``write``.

    Where a write fails halfway, what PyTorch's writers of archives raise says nothing of the disk.
    """

    def __init__(self, handle: int) -> None:
        super().__init__()
        self._handle = handle
        self._error: OSError | None = None

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        """Write all of it: one call of the system may write a part, on a disk that fills up or a pipe that is slow."""
        rest = memoryview(data).cast("B")
        length = len(rest)
        try:
            while rest and self._error is None:
                rest = rest[os.write(self._handle, rest) :]
        except OSError as error:
            self._error = error
        return length

    def check(self) -> None:
        """Raise the OSError of the first write that failed."""
        if self._error is not None:
            raise self._error


def reason(path: Path, error: OSError) -> tuple[str, str]:
    """Return why a file cannot be written, and what to do."""
    if error.errno == errno.ENOENT and path.parent.is_dir():
        return "no file can be made there", "Choose another folder."
    return _REASONS.get(error.errno or 0, (error.strerror or str(error), "Choose another place."))


def _is_stream(path: Path) -> bool:
    return path.exists() and not path.is_dir() and (not path.is_file() or str(path.parent) in _STREAMS)


@contextmanager
def _replaced(target: Path) -> Iterator[Stream]:
    """Write beside the target under another name, and give it the target's name once it is safe on disk."""
    old = target.stat() if target.exists() else None
    if target.is_dir():
        raise OSError(errno.EISDIR, "it is a folder")
    if old and not os.access(target, os.W_OK):
        raise OSError(errno.EACCES, "it can only be read")
    part = target.with_name(f".resnet-explorer-{os.urandom(8).hex()}.part")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
    try:
        try:
            stream = Stream(handle)
            yield stream
            stream.check()
            os.fsync(handle)
        finally:
            os.close(handle)
        if old:
            os.chmod(part, old.st_mode & 0o7777)
        os.replace(part, target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
