"""Zip archives of JSON, as sessions are kept in: read within bounds, entry by entry, into memory alone."""

import io
import struct
import zipfile
import zlib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import NamedTuple

from resnet_explorer.errors import ExplorerError
from resnet_explorer.files import MOST, kind_of_path

MOST_BYTES = MOST
"""Bytes of a file, and of all of its entries together, that are read."""
MOST_ENTRIES = 1000
_ENTRY = b"PK\x01\x02"
"""How each entry begins in an archive's directory."""
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_BROKEN = (
    zipfile.BadZipFile, zlib.error, struct.error, RuntimeError, ValueError, LookupError, EOFError, OSError, MemoryError,
)  # fmt: skip
"""What ``zipfile`` raises on damaged archives; a RuntimeError on encrypted ones and methods that it does not know."""
_CHOOSE = "Choose a file that the app saved."


class Unpacked(NamedTuple):
    """The bytes of the entries that could be read by name, and a sentence on each that could not."""

    entries: Mapping[str, bytes]
    problems: list[str]


def bytes_of(path: Path) -> bytes:
    """Return what a file holds; raises ExplorerError, naming it, where it cannot be read or is too large."""
    try:
        if kind := kind_of_path(path):
            raise ExplorerError(str(path), f"{path.name} is {kind}, not a file.", _CHOOSE)
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise ExplorerError(str(path), f"{path.name} cannot be read: {error.strerror}.", "Check the path.") from error
    except ValueError as error:  # a null character in the name
        raise ExplorerError(str(path), f"{str(path)!r} is not a valid file name.", "Check the path.") from error
    if len(data) > MOST_BYTES:
        raise ExplorerError(str(path), f"{path.name} is too large for a session.", _CHOOSE)
    return data


def pack(entries: Mapping[str, bytes]) -> bytes:
    """Return an archive of entries; equal entries make equal archives."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, data in entries.items():
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return stream.getvalue()


def unpack(data: bytes, where: str, names: Collection[str] = ()) -> Unpacked:
    """Return the entries of some names, or all of them; raises ExplorerError, naming ``where``, for no archive."""
    if data.count(_ENTRY) > MOST_ENTRIES:
        raise ExplorerError(where, f"{where} has more entries than any session.", _CHOOSE)
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except _BROKEN as error:
        raise ExplorerError(where, f"{where} is cut short, damaged or no session.", _CHOOSE) from error
    entries: dict[str, bytes] = {}
    problems: list[str] = []
    left = MOST_BYTES
    for entry in archive.infolist():
        if names and entry.filename not in names:
            continue
        try:
            entries[entry.filename] = content = _inflated(archive, entry, left)
            left -= len(content)
        except _BROKEN:
            problems.append(f"{entry.filename[:60]!r} is damaged or too large.")
    return Unpacked(entries, problems)


def _inflated(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, most: int) -> bytes:
    """Return the content of an entry, of which no more is unpacked than may be."""
    if entry.compress_type not in _METHODS or entry.file_size > most:
        raise ValueError
    with archive.open(entry) as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise ValueError
    return content
