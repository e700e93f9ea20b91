"""Results of measurements on disk, each in a file under the hash of its request, for the next time that it comes.

A result is used again while all that it depends on beside the request is the same: the version of the app and of
PyTorch, the machine, and the files that it was measured on. A file that cannot be read is passed over: its result is
measured again.
"""

import errno
import gzip
import io
import os
import platform
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from resnet_explorer import __version__, codec, files
from resnet_explorer.errors import ExplorerError
from resnet_explorer.features import resolve
from resnet_explorer.runs.recorded import Provenance, Recording, from_values, made_here, path_of, to_values

BLOCK = 4096
"""Bytes: what a file takes on most disks is a multiple of it."""
MEGABYTE = 10**6
_BROKEN = (OSError, EOFError, zlib.error, ValueError, LookupError, TypeError, ArithmeticError, ExplorerError)
"""What reading a damaged file raises, or one of another version of the app."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a result depends on beside its request: two versions, the machine, and the state of the files it reads."""

    app: str
    torch: str
    machine: str
    reads: str


def conditions(request: object) -> Conditions:
    """Return the conditions under which a request would be measured now."""
    return Conditions(__version__, _torch_version(), _machine(), _state_of(sorted(set(_reads(request)))))


@lru_cache
def _torch_version() -> str:
    """Return the version of the installed PyTorch without importing it; empty where there is none."""
    from importlib import metadata  # slow to import, and needed on the keeper's thread alone

    try:
        return metadata.version("torch")
    except metadata.PackageNotFoundError:
        return ""


def _machine() -> str:
    return f"{platform.node()} {platform.machine()} {os.cpu_count()}"


def _reads(value: Any) -> Iterator[str]:
    """Yield the paths of the files and folders that the values in a request read, as their ``reads`` have them."""
    if isinstance(value, tuple):
        for item in value:
            yield from _reads(item)
    elif is_dataclass(value):
        yield from getattr(value, "reads", ())
        for item in fields(value):
            yield from _reads(getattr(value, item.name))


def _state_of(paths: list[str]) -> str:
    """Return a digest of the names, sizes and times of files, and of all files in folders; empty for no paths."""
    digest = sha256()
    for path in paths:
        for file in sorted(_files(os.path.realpath(path))):
            digest.update(f"{file}\n".encode(errors="surrogateescape"))
    return digest.hexdigest() if paths else ""


def _files(path: str) -> Iterator[str]:
    """Yield name, size and time of a file, or of each file in a folder."""
    try:
        if os.path.isdir(path):
            with os.scandir(path) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        yield from _files(entry.path)
                    else:
                        yield _file(entry.path, entry.stat())
        else:
            yield _file(path, os.stat(path))
    except OSError as error:
        yield f"{path} {error.errno}"


def _file(path: str, stat: os.stat_result) -> str:
    return f"{path} {stat.st_size} {stat.st_mtime_ns}"


def has(request: object, folder: Path) -> bool:
    """Return whether a result of the request is kept in a folder; it may be out of date."""
    return path_of(request, folder).is_file()


def load(request: object, kind: str, folder: Path) -> Recording | None:
    """Return the kept result, whose class is ``kind``; None where there is none that is still true."""
    path = path_of(request, folder)
    try:
        content = codec.parse(_unpacked(path))
        if codec.decode(content.pop("conditions"), Conditions) != conditions(request):
            return None
        recording = from_values(content, {type(request): resolve(kind)}, path.name)
        os.utime(path)  # the least recently used ones are deleted first
    except _BROKEN:
        return None
    return recording


def _unpacked(path: Path) -> bytes:
    """Return what a compressed file holds; raises OSError where that is more than is read."""
    with gzip.GzipFile(fileobj=io.BytesIO(files.read_bytes(path))) as file:
        content = file.read(files.MOST + 1)
    if len(content) > files.MOST:
        raise OSError(errno.EFBIG, "it is too large")
    return content


def save(request: object, result: object, where: Conditions, folder: Path, budget: int) -> None:
    """Keep a result that was measured under some conditions, unless they are others by now.

    Then the least recently used results are deleted until all take at most ``budget`` bytes. Write errors are ignored.
    """
    if budget <= 0 or where != conditions(request):
        return
    made = made_here(str(getattr(request, "device", "cpu")), where.torch)
    content = {**to_values(Recording(result, made)), "conditions": codec.plain(where)}
    with suppress(OSError, ExplorerError):
        folder.mkdir(parents=True, exist_ok=True)
        files.write(path_of(request, folder), gzip.compress(codec.encode(content, indent=None).encode(), 1, mtime=0))
        trim(folder, budget)


def trim(folder: Path, budget: int) -> None:
    """Delete the least recently used results until all take at most ``budget`` bytes."""
    kept = sorted(_kept(folder), key=lambda file: file[1].st_mtime_ns, reverse=True)
    taken = 0
    for path, stat in kept:
        taken += _taken(stat)
        if taken > budget:
            _delete(path)


def size(folder: Path) -> int:
    """Return how many bytes of the disk the results in a folder take."""
    return sum(_taken(stat) for _, stat in _kept(folder))


def clear(folder: Path) -> None:
    """Delete all results in a folder."""
    for path, _ in _kept(folder):
        _delete(path)


def _taken(stat: os.stat_result) -> int:
    return -(-stat.st_size // BLOCK) * BLOCK


def _delete(path: str) -> None:
    with suppress(OSError):
        os.unlink(path)


def _kept(folder: Path) -> list[tuple[str, os.stat_result]]:
    """Return the files of results with their size and time; none where the folder is not there."""
    result = []
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            with suppress(OSError):
                if entry.name.endswith((".json.gz", ".part")):
                    result.append((entry.path, entry.stat()))
    return result


def describe_kept(made: Provenance) -> str:
    """Return a phrase on a kept result: when it was measured, and with what."""
    return f"measured {age_of(made.began)} on this machine, PyTorch {made.torch}"


def age_of(began: str, now: datetime | None = None) -> str:
    """Return when something was measured in words, such as "5 minutes ago" and "on 3 May"."""
    now = now or datetime.now().astimezone()
    try:
        then = datetime.fromisoformat(began).astimezone(now.tzinfo)
    except ValueError:  # from a session's file
        return f"on {began[:10]}"
    minutes, days = (now - then).total_seconds() / 60, (now.date() - then.date()).days
    if minutes < 1:
        return "just now"
    if minutes < 60:
        return _ago(int(minutes), "minute")
    if days < 1 or minutes < 4 * 60:
        return _ago(int(minutes / 60), "hour")
    if days == 1:
        return "yesterday"
    if days < 7:
        return _ago(days, "day")
    return f"on {then.day} {then:%B}" + ("" if then.year == now.year else f" {then.year}")


def _ago(count: int, unit: str) -> str:
    return f"{count} {unit}{'' if count == 1 else 's'} ago"
