"""Read files of weights: safely, whatever they are, and with a sentence about what cannot be read."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from torch import Tensor

from resnet_explorer.errors import CheckpointError, ExplorerError, printable
from resnet_explorer.files import kind_of_path
from resnet_explorer.spec import ResNetSpec, codec
from resnet_explorer.weights import archives, keras
from resnet_explorer.weights.archives import open_archive, open_safetensors
from resnet_explorer.weights.choose import Choice, choose
from resnet_explorer.weights.containers import AGAIN, FileError, first_bytes, is_index, no_weights, shortened
from resnet_explorer.weights.tensors import Bytes, Content, Leaf, Strange, Tensors, open_pickle
from resnet_explorer.weights.values import LIMIT

SPEC_KEY = "resnet_explorer_spec"
"""Under this key a saved file holds its spec."""
INFLATED = 240 * 2**20
"""Bytes that are copied into memory unasked, where a file cannot be read in its place: compressed, or in a pickle."""
LONGEST_NAME = 500
_TOO_OFTEN = 8
"""So many times as many bytes as there are may tensors name: some are shared."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The tensors of a file by the file's own names and in its order, and the spec where the file holds one.

    ``notes`` are sentences on what was read. Where the file holds several networks, ``keys`` names them, and ``key`` is
    the one that was read.
    """

    path: Path
    tensors: Mapping[str, Tensor]
    spec: ResNetSpec | None
    notes: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    key: str | None = None


def read(path: Path, limit: int = LIMIT, key: str | None = None) -> Checkpoint:
    """Return the tensors of a file or a folder of weights, without running any code that it may hold.

    ``key`` chooses among several state dictionaries. Raises CheckpointError where the file cannot be read, is larger
    than ``limit`` bytes, or claims more than it holds.
    """
    name = path.name or str(path)
    try:
        parts = archives.parts_of(path)
        _check_size(parts.files, limit)
        most = INFLATED if limit <= LIMIT else limit
        if parts.index is not None:
            return _whole(path, parts, most, key)
        return _checkpoint(parts.files[0], _opened(parts.files[0], most), key)
    except FileError as error:
        raise CheckpointError(str(path), f"{name} {error.what}", error.remedy) from error
    except ExplorerError as error:
        raise CheckpointError(str(path), f"{name} cannot be read: {error.what}", error.remedy) from error
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise CheckpointError(str(path), f"{name} cannot be read: {reason}.", "Check the path.") from error
    except Exception as error:  # a damaged or hostile file can trip every step of every reader
        raise CheckpointError(str(path), f"{name} is damaged: it cannot be read to its end.", AGAIN) from error


def _check_size(files: tuple[Path, ...], limit: int) -> None:
    for file in files:
        kind = kind_of_path(file)
        if kind:
            raise FileError(f"is {kind}, not a file.", "Choose a file of weights.")
    size = sum(file.stat().st_size for file in files)
    if size > limit:
        raise FileError(
            f"has {size / 2**30:.1f} GiB, more than the {limit / 2**30:.1f} GiB that are read by default.",
            "Use --allow-large to read it anyway.",
        )


def _mapped(path: Path) -> Bytes:
    """Return the bytes of a file: read where they are needed, and never written back."""
    return np.memmap(path, np.uint8, mode="c")


def _spec_in(value: object) -> str:
    text = value.get(SPEC_KEY) if isinstance(value, dict) else None
    return text if isinstance(text, str) else ""


_SAFETENSORS = re.compile(rb'.{4}\0{4}\{(["} \n\t\r]|\Z)', re.DOTALL)
"""The length of a header, less than 4 GiB, and the beginning of its JSON."""
_PLAIN_PICKLES = (b"(dp", b"(lp", b"(ip", b"ccopy_reg\n", b"ccollections\n", b"cnumpy", b"ctorch")
"""How pickles of protocol 0 begin that may hold weights."""


def _opened(path: Path, most: int) -> Content:
    """Return what a file holds, whatever container it is; raises FileError with what it is where it is none."""
    head = first_bytes(path)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        content = open_archive(_mapped(path), most)
        return content._replace(value=keras.converted(content.value), spec=_spec_in(content.value))
    if _SAFETENSORS.match(head):
        tensors, about = open_safetensors(path)
        return Content(tensors, spec=about.get(SPEC_KEY, ""))
    if b"\x80" <= head[:2] <= b"\x80\x05" or head.startswith(_PLAIN_PICKLES):
        value, storages = open_pickle(_mapped(path), most)
        return Content(value, Tensors(storages).leaf, _spec_in(value))
    if head.startswith(b"\x89HDF\r\n\x1a\n"):
        arrays, notes, settings = keras.open_hdf5(path, most)
        return Content(arrays, notes=notes, settings=settings)
    if is_index(head):
        raise FileError("lists the parts of a file of weights under another name.", "Let its name end in .index.json.")
    raise no_weights(path, head)


def _whole(path: Path, parts: archives.Parts, most: int, key: str | None) -> Checkpoint:
    leaves: dict[str, Leaf] = {}
    for file in parts.files:
        content = _opened(file, most // len(parts.files))
        leaves |= choose(content.value, content.leaf, None).tensors
    missing = next((name for name in parts.names if name not in leaves), None)
    if missing is not None:
        what = f"names the tensor {shown(missing)}, which its shards do not hold."
        raise FileError(what, "Download the shards again.")
    notes = (f"Read {len(parts.files)} shards by their index {parts.index}.",)
    return _checkpoint(path, Content({name: leaves[name] for name in parts.names}, notes=notes), key)


def _checkpoint(path: Path, content: Content, key: str | None) -> Checkpoint:
    choice = choose(content.value, content.leaf, key)
    tensors = _checked(choice)
    notes = [*content.notes, *choice.notes]
    average = tensors.pop("n_averaged", None)
    if average is not None and average.numel() == 1:
        notes.append(f"The weights are a running average (n_averaged is {int(average):,}).")
    integers = [name for name, values in tensors.items() if values.dim() > 1 and not values.is_floating_point()]
    if integers:
        notes.append(f"{shown(integers[0])} holds integers ({tensors[integers[0]].dtype}), not floating-point weights.")
    spec = codec.loads(content.spec, str(path)) if content.spec else keras.spec_of(tensors, content.settings)
    return Checkpoint(path, tensors, spec, tuple(notes), choice.keys, choice.key if choice.keys else None)


def _checked(choice: Choice) -> dict[str, Tensor]:
    """Return tensors that can be computed with; raises FileError at the first that cannot."""
    tensors: dict[str, Tensor] = {}
    held: dict[int, int] = {}
    claimed = 0
    for name, leaf in choice.tensors.items():
        if len(name) > LONGEST_NAME:
            raise FileError(f"holds a tensor with a name of {len(name):,} characters.", "Do not trust this file.")
        if not name.isprintable():
            raise FileError(f"holds a tensor whose name cannot be printed: {shown(name)}.", "Do not trust this file.")
        if isinstance(leaf, Strange):
            trust = "Do not trust this file." if leaf.why.startswith("claims") else "Save it as a dense tensor."
            raise FileError(f"cannot be used: the tensor {shown(name)} {leaf.why}.", trust)
        if leaf.is_complex():
            raise FileError(f"cannot be used: the tensor {shown(name)} holds complex numbers.", "Save real numbers.")
        size = leaf.numel() * leaf.element_size()
        storage = leaf.untyped_storage()
        if size > storage.nbytes():
            claim = f"claims {size:,} bytes, but the file holds {storage.nbytes():,} of them."
            raise FileError(f"cannot be used: the tensor {shown(name)} {claim}", "Do not trust this file.")
        held[storage.data_ptr()] = storage.nbytes()
        claimed += size
        tensors[name] = leaf
    total = sum(held.values())
    if claimed > _TOO_OFTEN * total:
        what = f"holds {total:,} bytes of numbers, of which its tensors claim {claimed:,}."
        raise FileError(what, "Do not trust it.")
    return tensors


def shown(name: str) -> str:
    """Return a tensor's name as it can be printed, shortened in its middle."""
    return printable(shortened(name)).replace("\n", "\\n")
