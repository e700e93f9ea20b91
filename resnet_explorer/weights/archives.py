"""Zip archives as files of weights: what torch.save, TorchScript, torch.export and numpy.savez write."""

import io
import json
import re
import stat
import struct
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from resnet_explorer.weights.containers import AGAIN, UNPACK, FileError, first_bytes, is_index, shortened
from resnet_explorer.weights.pickles import Reader
from resnet_explorer.weights.tensors import Bytes, Content, Leaf, Strange, Tensors, array_leaf, array_of, placed, typed

MOST_LISTED = 16 * 2**20
"""Bytes of a directory, a header or an index that are read: enough for some 100,000 tensors."""
_PIECE = 2**20
_HEADER = struct.Struct("<4s5H3I2H")
"""The local header of an entry in an archive."""


class Archive:
    """An archive in mapped bytes. Stored entries are not copied; others inflate to ``most`` bytes in all."""

    def __init__(self, data: Bytes, most: int) -> None:
        self._data = data
        self._left = self.most = most
        try:
            _check_directory(data)
            self._zip = zipfile.ZipFile(_Stream(data))
            entries = self._zip.infolist()
        except zipfile.BadZipFile as error:
            raise FileError(
                "is cut short or damaged: it is a zip archive, as torch.save writes, without the list of its entries "
                "that belongs at its end.",
                "Download or copy it again.",
            ) from error
        self._entries = {entry.filename: entry for entry in entries}
        self.names = tuple(self._entries)

    def bytes_of(self, name: str) -> Bytes:
        """Return the bytes of an entry; raises KeyError where there is none, FileError where they are too many."""
        entry = self._entries[name]
        if entry.flag_bits & 1:
            raise FileError("is an encrypted archive.", "Unpack it first.")
        if entry.compress_type == zipfile.ZIP_STORED:
            return self._stored(entry)
        self._left -= entry.file_size
        if self._left < 0:
            packed = (entry for entry in self._entries.values() if entry.compress_type != zipfile.ZIP_STORED)
            total = sum(entry.file_size for entry in packed)
            raise FileError(
                f"is a compressed archive of {len(self._data):,} bytes that inflates to {total:,}, more than the "
                f"{self.most:,} that are read by default.",
                "Do not trust it, or use --allow-large to read it anyway.",
            )
        data = np.empty(entry.file_size, np.uint8)
        with self._zip.open(entry) as file:
            for at in range(0, len(data), _PIECE):
                data[at : at + _PIECE] = np.frombuffer(file.read(_PIECE), np.uint8)
        return data

    def _stored(self, entry: zipfile.ZipInfo) -> Bytes:
        start = entry.header_offset
        header = _HEADER.unpack(self._data[start : start + _HEADER.size].tobytes())
        start += _HEADER.size + header[-2] + header[-1]
        if header[0] != b"PK\x03\x04" or start + entry.file_size > len(self._data):
            raise FileError("is damaged: an entry of its archive lies outside of it.", "Download it again.")
        return self._data[start : start + entry.file_size]


class _Stream(io.RawIOBase):
    """Mapped bytes as a file, for ``zipfile``."""

    def __init__(self, data: Bytes) -> None:
        self._data, self._at = data, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: len(self._data)}[whence]
        if start + offset < 0:
            raise OSError("before the start")
        self._at = start + offset
        return self._at

    def readinto(self, buffer: Any, /) -> int:
        data = self._data[self._at : self._at + len(buffer)]
        buffer[: len(data)] = data.data
        self._at += len(data)
        return len(data)


def _check_directory(data: Bytes) -> None:
    """Refuse an archive whose directory alone would fill the memory."""
    tail = data[-(2**16 + 64) :].tobytes()
    at = tail.rfind(b"PK\x05\x06")
    entries, size = struct.unpack("<HI", tail[at + 10 : at + 16]) if 0 <= at <= len(tail) - 16 else (0, 0)
    if entries == 0xFFFF or size == 0xFFFFFFFF:
        at = tail.rfind(b"PK\x06\x06")
        entries, size = struct.unpack("<QQ", tail[at + 32 : at + 48]) if 0 <= at <= len(tail) - 48 else (entries, size)
    if size > MOST_LISTED:
        raise FileError(f"is an archive of {entries:,} entries, more than any file of weights has.", "Do not trust it.")


_PROGRAM = "The file is a {}; its code was not run, its tensors were read."


def open_archive(data: Bytes, most: int) -> Content:
    """Return what an archive holds, with a note where it is a program; raises FileError where it holds no weights."""
    archive = Archive(data, most)
    names = archive.names
    pickled = min((name for name in names if name == "data.pkl" or name.endswith("/data.pkl")), key=len, default="")
    if pickled:
        return _saved(archive, pickled)
    exported = next((name for name in names if name.endswith("data/weights/model_weights_config.json")), "")
    if exported:
        return Content(dict(_exported(archive, exported)), notes=(_PROGRAM.format("program of torch.export"),))
    if "serialized_state_dict.pt" in names:  # torch.export before version 2.8
        content = open_archive(archive.bytes_of("serialized_state_dict.pt"), most)
        return content._replace(notes=(_PROGRAM.format("program of torch.export"),))
    if names and all(name.endswith(".npy") for name in names):
        return Content(dict(_arrays(archive)))
    raise _other(names)


def _saved(archive: Archive, pickled: str) -> Content:
    folder = pickled.removesuffix("data.pkl")
    order = f"{folder}byteorder"
    is_big = order in archive.names and archive.bytes_of(order).tobytes().strip() == b"big"
    tensors = Tensors(lambda key: archive.bytes_of(f"{folder}data/{key}"), is_big=is_big)
    content = Reader(archive.bytes_of(pickled).data, archive.most).next()
    script = f"{folder}constants.pkl" in archive.names
    if script and not any(name.startswith(f"{folder}data/") for name in archive.names):
        raise FileError(
            "is a frozen TorchScript program: its weights are constants without names.",
            "Save the state_dict of the module that it was made from.",
        )
    return Content(content, tensors.leaf, notes=(_PROGRAM.format("TorchScript program"),) if script else ())


_INTEGERS = (torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64)
_REALS = (torch.float16, torch.float32, torch.float64)
_EXPORTED = {**dict(enumerate(_INTEGERS + _REALS, start=1)), 12: torch.bool, 13: torch.bfloat16}
"""The numbers that torch.export gives types (ScalarType in torch/_export/serde/schema.py)."""


def _exported(archive: Archive, config: str) -> Iterator[tuple[str, Leaf]]:
    """Yield the weights of a .pt2 archive, which lie in it byte by byte beside a table of their shapes."""
    folder = config.rpartition("/")[0]
    table = json.loads(archive.bytes_of(config).tobytes())["config"]
    for name, entry in table.items():
        meta = entry["tensor_meta"]
        dtype = _EXPORTED.get(meta["dtype"])
        if entry["use_pickle"] or dtype is None:
            yield name, Strange("is of a type that is not read")
            continue
        row = typed(archive.bytes_of(f"{folder}/{entry['path_name']}"), dtype)
        size, stride = ([length["as_int"] for length in meta[key]] for key in ("sizes", "strides"))
        yield name, placed(row, meta["storage_offset"]["as_int"], size, stride)


def _arrays(archive: Archive) -> Iterator[tuple[str, Leaf]]:
    """Yield the arrays of an .npz file; those of objects are left out, since they are pickles."""
    for name in archive.names:
        data = archive.bytes_of(name)
        file = io.BytesIO(data[:65536].tobytes())
        version = np.lib.format.read_magic(file)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, fortran, dtype = read(file)
        if dtype.hasobject or dtype.kind in "USVMm":
            continue
        leaf = array_leaf(array_of(data[file.tell() :], dtype, shape, fortran=fortran))
        if leaf is not None:
            yield name.removesuffix(".npy"), leaf


_ARCHIVES: Mapping[str, tuple[str, str]] = {
    "model.weights.h5": ("is a Keras archive (.keras).", "Save the weights as .h5 from Keras."),
    "word/document.xml": ("is a Word document, not weights.", "Choose a file of weights."),
    "xl/workbook.xml": ("is an Excel workbook, not weights.", "Choose a file of weights."),
    "MAR-INF/MANIFEST.json": ("is a TorchServe archive (.mar).", UNPACK),
}


def _other(names: tuple[str, ...]) -> FileError:
    for name, (what, remedy) in _ARCHIVES.items():
        if name in names:
            return FileError(what, remedy)
    if any("/.data/extern_modules" in name for name in names):
        return FileError("is a torch.package archive, which holds a program.", "Save the state_dict of its module.")
    if not names:
        return FileError("is an empty zip archive.", "Download it again.")
    first = next((name for name in names if name.endswith((".pth", ".pt", ".safetensors", ".bin", ".ckpt"))), names[0])
    count = f"{len(names):,} file{'s' * (len(names) > 1)}"
    return FileError(f"is a zip archive of {count}, such as {shortened(first)!r}.", UNPACK)


def open_safetensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Return the tensors in the header's order, and what the file says about itself."""
    from safetensors import SafetensorError, safe_open

    names = _checked_header(path)
    try:
        with safe_open(path, framework="pt") as file:
            about = file.metadata() or {}
            return {name: file.get_tensor(name) for name in names}, about
    except (SafetensorError, ValueError, KeyError, RuntimeError) as error:
        raise FileError("is damaged: its header describes other tensors than it holds.", AGAIN) from error


def _checked_header(path: Path) -> list[str]:
    """Return the names of all tensors; raises FileError where the header or what follows it is not all there."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        size = path.stat().st_size
        if length > MOST_LISTED:
            what = f"has a header of {length:,} bytes, more than any residual network needs."
            raise FileError(what, "Do not trust this file.")
        text = file.read(length)
    if len(text) < length:
        raise FileError(f"is cut short: its header has {length:,} bytes, the file {size:,}.", AGAIN)
    try:
        header = json.loads(text)
        header.pop("__metadata__", None)
        end = max((entry["data_offsets"][1] for entry in header.values()), default=0) + 8 + length
        names = sorted(header, key=lambda name: header[name]["data_offsets"][0])
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise FileError("is damaged: its header is not that of a safetensors file.", AGAIN) from error
    if isinstance(end, int) and end > size:
        raise FileError(f"is cut short: its tensors need {end:,} bytes, and it has {size:,}.", AGAIN)
    return names


INDEX = ".index.json"
IN_FOLDER = ("model.safetensors", f"model.safetensors{INDEX}", "pytorch_model.bin", f"pytorch_model.bin{INDEX}")
"""How transformers names what it saves, the best first."""
_SHARD = re.compile(r"(.+)-(\d{5})-of-(\d{5})(\.\w+)")


@dataclass(frozen=True, slots=True)
class Parts:
    """Files to read; where an index tells, its name, and the names of all tensors in its order."""

    files: tuple[Path, ...]
    index: str | None = None
    names: tuple[str, ...] = ()


def parts_of(path: Path) -> Parts:
    """Return the files that a path stands for; raises FileError where some are missing."""
    mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        return parts_of(_in_folder(path))
    if not stat.S_ISREG(mode):
        return Parts((path,))
    if path.name.endswith(INDEX) or is_index(first_bytes(path)):
        return _of_index(path)
    shard = _SHARD.fullmatch(path.name)
    return _of_shard(path, shard) if shard else Parts((path,))


def _in_folder(path: Path) -> Path:
    for name in IN_FOLDER:
        if (path / name).is_file():
            return path / name
    if (path / ".metadata").is_file():
        raise FileError(
            "is a folder of torch.distributed.checkpoint.",
            "Convert it: python -m torch.distributed.checkpoint.format_utils dcp_to_torch FOLDER FILE.",
        )
    if (path / "saved_model.pb").is_file():
        raise FileError("is a TensorFlow SavedModel.", "Save the weights from PyTorch.")
    raise FileError(f"is a folder without {' or '.join(IN_FOLDER[::2])}.", "Choose a file of weights.")


def _of_shard(path: Path, shard: re.Match[str]) -> Parts:
    base, number, count, suffix = shard.groups()
    index = path.with_name(f"{base}{suffix}{INDEX}")
    if index.is_file():
        return _of_index(index)
    raise FileError(
        f"is shard {int(number)} of {int(count)}, and the index {index.name} is not beside it.",
        "Put all shards and the index into one folder.",
    )


def _of_index(path: Path) -> Parts:
    """Return the shards that an index names: files beside it, and nowhere else."""
    with path.open("rb") as file:
        text = file.read(MOST_LISTED + 1)
    if len(text) > MOST_LISTED:
        raise FileError(f"is an index of more than {MOST_LISTED:,} bytes.", "Do not trust it.")
    try:
        table = json.loads(text)["weight_map"]
    except (ValueError, RecursionError, KeyError, TypeError) as error:
        raise FileError("is not an index of shards: it has no weight_map.", "Choose a file of weights.") from error
    if not isinstance(table, dict) or not table or not all(isinstance(name, str) for name in table.values()):
        raise FileError("is an index that names no shards.", "Choose a file of weights.")
    names = tuple(dict.fromkeys(table.values()))
    strange = next((name for name in names if not _is_plain(name)), None)
    if strange is not None:
        raise FileError(f"names a shard in another place: {strange[:80]!a}.", "Do not trust this file.")
    files = tuple(path.with_name(name) for name in names)
    missing = [file.name for file in files if not file.is_file()]
    if missing:
        raise FileError(
            f"is an index of {len(files):,} shards, of which {len(missing):,} are missing, such as {missing[0]}.",
            "Put all shards into its folder.",
        )
    return Parts(files, path.name, tuple(table))


def _is_plain(name: str) -> bool:
    return bool(name) and len(name) < 200 and name.isprintable() and not re.search(r"[/\\:]|^\.\.?$", name)
