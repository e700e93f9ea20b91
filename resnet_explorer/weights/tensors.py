"""From what a pickle says of a tensor to the tensor: PyTorch's own, and NumPy's arrays."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from resnet_explorer.weights.containers import AGAIN, MAGIC, FileError
from resnet_explorer.weights.pickles import PERSISTENT, Global, Made, Reader

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

    Raises FileError where it is cut short or could run code, ValueError where it is damaged.
    """
    reader = Reader(data.data, most)
    try:
        content = reader.next()
        if content != MAGIC or type(content) is not int:
            return content, no_storage
        _version, _machine, content, keys = (reader.next() for _ in range(4))
    except ValueError as error:
        if reader.position >= len(data):
            raise FileError("is cut short: its pickle has no end.", AGAIN) from error
        raise
    places = _places(reader, keys, len(data))
    return content, lambda key: data[slice(*places[key])]


def _places(reader: Reader, keys: object, size: int) -> dict[str, tuple[int, int]]:
    """Return where each storage starts and ends: they lie behind the pickles, each after its length."""
    if not isinstance(keys, list):
        raise ValueError("storages without keys")
    types = {str(storage[2]): storage_dtype(storage[1]) for storage in reader.persistent if len(storage) > 2}
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


def no_storage(key: str) -> Bytes:
    """Raise KeyError: the storages of a file that has none outside of its pickle."""
    raise KeyError(key)


DEEPEST = 8
"""How often a tensor may be wrapped: as a parameter, with attributes, ..."""

_UNREADABLE = {
    "torch._utils._rebuild_sparse_tensor": "is sparse",
    "torch._utils._rebuild_sparse_csr_tensor": "is sparse",
    "torch._utils._rebuild_qtensor": "is quantised",
    "torch._utils._rebuild_meta_tensor_no_storage": "has a shape but no values (it was on the meta device)",
    "torch._utils._rebuild_nested_tensor": "is a nested tensor",
    "torch._utils._rebuild_wrapper_subclass": "is of a subclass that keeps its values elsewhere",
}


@dataclass(frozen=True, slots=True)
class Strange:
    """A tensor that is no array of plain numbers; ``why`` follows its name in a sentence."""

    why: str


Leaf = Tensor | Strange


class Content(NamedTuple):
    """What a container holds, and what finds tensors in it; ``settings`` are axes that its tensors do not tell."""

    value: object
    leaf: Callable[[object], Leaf | None] = lambda value: None
    spec: str = ""
    notes: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()


def typed(data: Bytes, dtype: torch.dtype) -> Tensor:
    """Return bytes as a row of numbers, without copying them where they lie as the type needs."""
    if not len(data):
        return torch.empty(0, dtype=dtype)
    data = data[: len(data) - len(data) % dtype.itemsize]
    if data.ctypes.data % dtype.itemsize or not data.flags.writeable:
        data = data.copy()
    return torch.from_numpy(data).view(dtype)


def swapped(data: Bytes, size: int) -> Bytes:
    """Return numbers of so many bytes each in the other byte order."""
    return np.ascontiguousarray(data[: len(data) - len(data) % size].reshape(-1, size)[:, ::-1]).reshape(-1)


def placed(row: Tensor, offset: object, size: object, stride: object) -> Leaf:
    """Return the view of a row of numbers that a file describes; raises ValueError where that is no view."""
    lengths, steps, (start,) = _whole_numbers(size), _whole_numbers(stride), _whole_numbers((offset,))
    held = len(row) - start
    wanted = prod(lengths)
    reach = 1 + sum((length - 1) * step for length, step in zip(lengths, steps, strict=True)) if wanted else 0
    if wanted > max(held, 0) or reach > held:
        claim = max(wanted, reach) * row.element_size()
        return Strange(f"claims {claim:,} bytes, but the file holds {max(held, 0) * row.element_size():,} of them")
    return row.as_strided(lengths, steps, start)


def _whole_numbers(values: object) -> tuple[int, ...]:
    """Return lengths as a file gives them; raises ValueError where they are none."""
    if not isinstance(values, (tuple, list)) or not all(type(value) is int and 0 <= value < 2**62 for value in values):
        raise ValueError("a tensor without a shape")
    return tuple(values)


class Tensors:
    """Finds the tensors in a pickle; ``storages`` gives the bytes that lie outside of it, ``is_big`` their order."""

    def __init__(self, storages: Storages, *, may_nest: bool = True, is_big: bool = False) -> None:
        self._storages = storages
        self._is_big = is_big
        self._may_nest = may_nest
        self._rows: dict[tuple[str, torch.dtype], Tensor] = {}
        self._files: dict[int, tuple[object, Tensors]] = {}

    def leaf(self, value: object) -> Leaf | None:
        """Return the tensor that a value of the pickle stands for, None where it stands for none."""
        for _ in range(DEEPEST):
            if not isinstance(value, Made):
                return None
            name, arguments = value.name, value.arguments
            if name in _UNREADABLE:
                return Strange(_UNREADABLE[name])
            if name in _TORCH:
                dtype = _dtype(arguments[6]) if name.endswith("v3") and len(arguments) > 6 else None
                row = self._row(arguments[0], dtype)
                return row if isinstance(row, Strange) else placed(row, *arguments[1:4])
            if name in _ARRAYS:
                return array_leaf(_array(value))
            if name not in _WRAPPERS or len(arguments) <= _WRAPPERS[name]:
                return None
            value = Made(arguments[0], arguments[2]) if name.endswith("_from_type_v2") else arguments[0]
        return None

    def _row(self, storage: object, dtype: torch.dtype | None) -> Leaf:
        """Return all numbers of a storage: one that lies outside of the pickle, or as a file of its own in it."""
        if isinstance(storage, Made) and storage.name == "torch.storage._load_from_bytes":
            return self._inner(storage, dtype)
        if not isinstance(storage, Made) or storage.of != PERSISTENT:
            raise ValueError("a tensor without a storage")
        _, kind, key, _, _, *views = storage.arguments
        dtype = dtype or storage_dtype(kind)
        if dtype is None:
            return Strange(f"is of a type that is not read ({kind.name[:80] if isinstance(kind, Global) else 'none'})")
        if any(view is not None for view in views):
            return Strange("is a view as PyTorch wrote them before version 0.4")
        place = (str(key), dtype)
        if place not in self._rows:
            data = self._storages(place[0])
            self._rows[place] = typed(swapped(data, dtype.itemsize) if self._is_big else data, dtype)
        return self._rows[place]

    def _inner(self, storage: Made, dtype: torch.dtype | None) -> Leaf:
        """Return the numbers of a storage that Python's own pickle wrote: as bytes, which are a file of PyTorch."""
        if id(storage) not in self._files:
            data = storage.arguments[0] if storage.arguments else None
            if not self._may_nest or not isinstance(data, (bytes, bytearray)):
                raise ValueError("a storage without bytes")
            content, storages = open_pickle(np.frombuffer(data, np.uint8), 2 * len(data))
            self._files[id(storage)] = content, Tensors(storages, may_nest=False)
        content, tensors = self._files[id(storage)]
        return tensors._row(content, dtype)


def _dtype(kind: object) -> torch.dtype | None:
    dtype = getattr(torch, kind.name, None) if isinstance(kind, Global) and kind.module == "torch" else None
    return dtype if isinstance(dtype, torch.dtype) else None


_TORCH = frozenset(f"torch._utils._rebuild_tensor{version}" for version in ("", "_v2", "_v3"))
_WRAPPERS: Mapping[str, int] = {
    "torch._utils._rebuild_parameter": 0,
    "torch._utils._rebuild_parameter_with_state": 0,
    "torch._utils._rebuild_device_tensor_from_numpy": 0,
    "torch._utils._rebuild_device_tensor_from_cpu_tensor": 0,
    "torch._tensor._rebuild_from_type_v2": 2,
    "torch.jit._pickle.restore_type_tag": 0,
    "torch.jit._pickle.build_tensor_from_id": 0,
}
"""What wraps a tensor, and the last of the arguments that is needed to unwrap it."""
_ARRAYS = frozenset(
    f"numpy.{core}.{name}" for core in ("core", "_core") for name in ("multiarray._reconstruct", "numeric._frombuffer")
)


def array_leaf(array: NDArray[np.generic] | None) -> Leaf | None:
    """Return an array as a tensor; None where it holds texts or objects, which are no weights."""
    if array is None or array.dtype.hasobject or array.dtype.kind in "USVOMm":
        return None
    if not array.dtype.isnative:
        array = array.astype(array.dtype.newbyteorder("="))
    if not array.flags.writeable or array.ctypes.data % array.dtype.itemsize or min(array.strides, default=1) < 0:
        array = array.copy()
    try:
        return torch.from_numpy(array)
    except TypeError:
        return Strange(f"holds numbers of the type {array.dtype.name}, which PyTorch does not know")


def _array(made: Made) -> NDArray[np.generic] | None:
    if made.name.endswith("_frombuffer"):
        data, kind, shape, order = made.arguments
        fortran = order == "F"
    else:
        if not isinstance(made.state, tuple) or len(made.state) != 5:
            return None
        _, shape, kind, fortran, data = made.state
    dtype = _numpy_dtype(kind)
    if dtype is None or isinstance(data, list):
        return None
    return array_of(data, dtype, shape, fortran=bool(fortran))


def array_of(data: object, dtype: np.dtype[np.generic], shape: object, *, fortran: bool) -> NDArray[np.generic]:
    """Return bytes as an array of a shape; raises FileError where the shape asks for other bytes than there are."""
    raw = bytearray(data, "latin-1") if isinstance(data, str) else data  # Python 2 wrote bytes as text
    if not isinstance(raw, (bytes, bytearray, np.ndarray)) or not dtype.itemsize:
        raise ValueError("an array without bytes")
    lengths = _whole_numbers(shape)
    count, held = prod(lengths), raw.nbytes if isinstance(raw, np.ndarray) else len(raw)
    if count * dtype.itemsize > held:
        claim = f"claims {count * dtype.itemsize:,} bytes of {held:,}"
        raise FileError(f"holds an array that {claim}.", "Do not trust this file.")
    flat = np.frombuffer(raw, dtype, count=count) if count else np.zeros(0, dtype)
    return flat.reshape(lengths, order="F" if fortran else "C")


def _numpy_dtype(kind: object) -> np.dtype[np.generic] | None:
    """Return the type of an array's numbers, None where they are objects, texts or records."""
    if not isinstance(kind, Made) or kind.name != "numpy.dtype":
        return None
    text = kind.arguments[0] if kind.arguments else None
    order = kind.state[1] if isinstance(kind.state, tuple) and len(kind.state) > 1 else "="
    if not isinstance(text, str) or not re.fullmatch(r"[fiubc]\d+", text) or order not in ("<", ">", "|", "="):
        return None
    return np.dtype(f"{order}{text}")
