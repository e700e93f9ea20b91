"""The numbers beside a pickle: their types, and where PyTorch put them before it wrote archives (version 1.6)."""

from collections.abc import Callable, Mapping

import numpy as np
import torch
from numpy.typing import NDArray

from resnet_explorer.model.files.kinds import AGAIN, MAGIC, FileError
from resnet_explorer.model.files.pickles import Global, Reader

Bytes = NDArray[np.uint8]
Storages = Callable[[str], Bytes]
"""Gives the bytes that a file keeps under a key; raises KeyError where there are none."""

_TYPES: Mapping[str, torch.dtype] = {
    "FloatStorage": torch.float32,
    "DoubleStorage": torch.float64,
    "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16,
    "LongStorage": torch.int64,
    "IntStorage": torch.int32,
    "ShortStorage": torch.int16,
    "CharStorage": torch.int8,
    "ByteStorage": torch.uint8,
    "BoolStorage": torch.bool,
    "ComplexFloatStorage": torch.complex64,
    "ComplexDoubleStorage": torch.complex128,
    "UntypedStorage": torch.uint8,
}


def storage_dtype(kind: object) -> torch.dtype | None:
    """Return the type of the numbers in a storage, from the name of its class."""
    return _TYPES.get(kind.name) if isinstance(kind, Global) else None


def open_pickle(data: Bytes, most: int) -> tuple[object, Storages]:
    """Return what a file holds that begins with a pickle, and its storages where it has any outside of it.

    Raises FileError where it is cut short, ValueError where it is damaged.
    """
    reader = Reader(data.data, most)
    try:
        content = reader.next()
        if content != MAGIC or type(content) is not int:
            refuse_attacks(reader)
            return content, _nowhere
        _version, _machine, content, keys = (reader.next() for _ in range(4))
    except ValueError as error:
        if reader.position >= len(data):
            raise FileError("is cut short: its pickle has no end.", AGAIN) from error
        raise
    refuse_attacks(reader)
    places = _places(reader, keys, len(data))
    return content, lambda key: data[slice(*places[key])]


def read_pickle(data: Bytes, most: int) -> object:
    """Return what the pickle in some bytes holds; raises FileError where loading it would run code."""
    reader = Reader(data.data, most)
    content = reader.next()
    refuse_attacks(reader)
    return content


def refuse_attacks(reader: Reader) -> None:
    """Raise FileError where a pickle would have called what runs code."""
    if reader.attacks:
        names = ", ".join(dict.fromkeys(one.text[:80] for one in reader.attacks[:3]))
        raise FileError(
            f"could run somebody's code: unpickled by Python, it calls {names}. Nothing of it was run.",
            "Do not trust this file.",
        )


def _places(reader: Reader, keys: object, size: int) -> dict[str, tuple[int, int]]:
    """Return where each storage starts and ends: they lie behind the pickles, each after its length."""
    if not isinstance(keys, list):
        raise ValueError("storages without keys")
    types = {str(one[2]): storage_dtype(one[1]) for one in reader.persistent if len(one) > 2}
    places: dict[str, tuple[int, int]] = {}
    at = reader.position
    for key in map(str, keys):
        dtype = types.get(key)
        if dtype is None:
            raise FileError("holds numbers of a type that is not read.", "Save it again with a newer PyTorch.")
        start = at + 8
        at = start + reader.number(at) * dtype.itemsize
        if at > size or at < start:
            raise FileError(f"is cut short: its tensors need {at:,} bytes, and it has {size:,}.", AGAIN)
        places[key] = start, at
    return places


def _nowhere(key: str) -> Bytes:
    raise KeyError(key)
