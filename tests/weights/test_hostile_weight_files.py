"""Files of weights that are damaged, lie, or want to run code: a sentence each, little memory, and nothing is run."""

import io
import json
import os
import pickle
import struct
import subprocess
import sys
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from resnet_explorer.errors import CheckpointError
from resnet_explorer.weights import pickles, reader
from resnet_explorer.weights.reader import read

try:
    import h5py
except ImportError:
    h5py = None

STATE = {f"{i}.weight": torch.full((4, 4, 3, 3), float(i)) for i in range(5)}


@pytest.fixture(autouse=True)
def nothing_runs(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every test fails in which a file gets the system to do something."""
    ran: list[str] = []
    for module, name in ((os, "system"), (subprocess, "Popen"), (os, "execv"), (sys.modules["posix"], "system")):
        monkeypatch.setattr(module, name, lambda *text, name=name: ran.append(name))
    yield
    assert not ran


def strange(name: str) -> object:
    values = STATE["0.weight"]
    makers: dict[str, Callable[[], object]] = {
        "is sparse": values.to_sparse,
        "is quantised": lambda: torch.quantize_per_tensor(values, 0.1, 0, torch.qint8),
        "has a shape but no values": lambda: values.to("meta"),
        "holds complex numbers": lambda: values.to(torch.complex64),
        "claims 4,000 bytes, but the file holds 4 of them": lambda: torch.zeros(1).expand(1000),
    }
    return makers[name]()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "why",
    [
        "is sparse",
        "is quantised",
        "has a shape but no values",
        "holds complex numbers",
        "claims 4,000 bytes, but the file holds 4 of them",
    ],
)
def test_tensors_that_are_no_plain_arrays_are_said(tmp_path: Path, why: str) -> None:
    path = tmp_path / "odd.pth"
    torch.save({**STATE, "odd.weight": strange(why)}, path)
    with pytest.raises(CheckpointError) as caught:
        read(path)
    assert caught.value.what.startswith(f"odd.pth cannot be used: the tensor odd.weight {why}")
    torch.save({"model": STATE, "elsewhere": {"odd": strange(why)}}, path)
    assert list(read(path).tensors) == list(STATE)


def test_names_and_shared_memory(tmp_path: Path) -> None:
    path = tmp_path / "odd.pth"
    torch.save({**STATE, "layer1." + "9" * 5000: torch.zeros(1)}, path)
    with pytest.raises(CheckpointError, match=r"holds a tensor with a name of 5,007 characters"):
        read(path)
    torch.save({**STATE, "a\x1b[2J\nb": torch.zeros(1)}, path)
    with pytest.raises(CheckpointError, match=r"whose name cannot be printed: a\\x1b\[2J\\nb"):
        read(path)
    shared = torch.zeros(4, 4, 3, 3)
    torch.save({f"{i}.weight": shared for i in range(100)}, path)
    with pytest.raises(CheckpointError, match=r"holds 576 bytes of numbers, of which its tensors claim 57,600"):
        read(path)
    torch.save({**STATE, "5.weight": STATE["0.weight"]}, path)
    assert len(read(path).tensors) == 6


def deflated(path: Path, entries: dict[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)


def of_floats(count: int) -> bytes:
    """Return the pickle of a tensor that many numbers long."""
    buffer = io.BytesIO()
    torch.save({"w": torch.zeros(7)}, buffer)
    archive = zipfile.ZipFile(buffer)
    data = archive.read(next(name for name in archive.namelist() if name.endswith("data.pkl")))
    return data.replace(b"K\x07", b"J" + struct.pack("<i", count))


def test_little_memory_is_taken_by_what_inflates_to_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "INFLATED", 2**20)
    zeros = bytes(16 * 2**20)
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f4", "fortran_order": False, "shape": (2**22,)})
    deflated(tmp_path / "tensor.pth", {"a/data.pkl": of_floats(2**22), "a/data/0": zeros})
    deflated(tmp_path / "pickle.pth", {"a/data.pkl": b"\x80\x02]" + zeros})
    deflated(tmp_path / "array.npz", {"w.npy": header.getvalue() + zeros})
    del zeros
    for name in ("tensor.pth", "pickle.pth", "array.npz"):
        tracemalloc.start()
        with pytest.raises(CheckpointError, match=r"is a compressed archive of [\d,]+ bytes that inflates to 16,"):
            read(tmp_path / name)
        assert tracemalloc.get_traced_memory()[1] < 8 * 2**20
        tracemalloc.stop()
        assert (tmp_path / name).stat().st_size < 100_000
    assert len(read(tmp_path / "tensor.pth", limit=2**40).tensors["w"]) == 2**22


def test_a_large_file_is_mapped_and_not_read(tmp_path: Path) -> None:
    header = json.dumps({"w": {"dtype": "F32", "shape": [2**29], "data_offsets": [0, 2**31]}}).encode()
    path = tmp_path / "large.safetensors"
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(header)) + header)
        file.truncate(8 + len(header) + 2**31)
    tracemalloc.start()
    assert read(path).tensors["w"].shape == (2**29,)
    assert tracemalloc.get_traced_memory()[1] < 20 * 2**20
    tracemalloc.stop()


PICKLES = {
    "too many instructions": b"\x80\x02(" + b"]" * 60_000 + b"l.",
    "a dictionary in itself": b"\x80\x02}q\x00X\x01\x00\x00\x00ah\x00s.",
    "a key of tuples in tuples": b"\x80\x02})" + b"\x85" * 100_000 + b"K\x01s.",  # which no Python can hash
    "2 to the power of 60 dictionaries": b"\x80\x02}q\x00"
    + b"".join(b"0}(X\x01\x00\x00\x00ah%cX\x01\x00\x00\x00bh%cuq%c" % (i, i, i + 1) for i in range(60))
    + b".",
    "lists in lists": b"\x80\x02" + b"]" * 50_000 + b"a" * 49_999 + b".",
}


@pytest.mark.parametrize("name", PICKLES)
def test_pickles_that_would_fill_the_memory_or_the_stack(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if name == "too many instructions":
        monkeypatch.setattr(pickles, "MOST_STEPS", 50_000)
    (tmp_path / "odd.pkl").write_bytes(PICKLES[name])
    with pytest.raises(CheckpointError, match=r"holds no tensors|more than 50,000 instructions"):
        read(tmp_path / "odd.pkl")


def test_headers_that_would_fill_the_memory(tmp_path: Path) -> None:
    (tmp_path / "long.safetensors").write_bytes(struct.pack("<Q", 2**30) + b'{"' + bytes(100))
    with pytest.raises(CheckpointError, match=r"has a header of 1,073,741,824 bytes"):
        read(tmp_path / "long.safetensors")
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 0xFFFE, 0xFFFE, 2**30, 0, 0)
    (tmp_path / "entries.pth").write_bytes(b"PK\x03\x04" + bytes(50) + end)
    with pytest.raises(CheckpointError, match=r"is an archive of 65,534 entries"):
        read(tmp_path / "entries.pth")


@pytest.mark.skipif(h5py is None, reason="h5py is not installed")
def test_an_hdf5_file_opens_no_other(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(bytes(400))
    attacks: tuple[tuple[str, Callable[[Any], object]], ...] = (
        ("link.h5", lambda file: file.__setitem__("kernel:0", h5py.ExternalLink(str(tmp_path / "other.h5"), "x"))),
        ("raw.h5", lambda file: file.create_dataset("kernel:0", (100,), "f4", external=str(tmp_path / "secret"))),
    )
    for name, put in attacks:
        with h5py.File(tmp_path / name, "w") as file:
            put(file)
        with pytest.raises(CheckpointError, match=r"holds (links instead of arrays|numbers of other files)"):
            read(tmp_path / name)
    with h5py.File(tmp_path / "bomb.h5", "w") as file:
        file.create_dataset("kernel:0", (2**30,), "f4", chunks=(2**20,), compression="gzip")
    with pytest.raises(CheckpointError, match=r"holds more numbers than are read by default"):
        read(tmp_path / "bomb.h5")


class Call:
    """What a malicious pickle calls when it is read."""

    def __init__(self, of: Callable[..., object], *arguments: object) -> None:
        self.of, self.arguments = of, arguments

    def __reduce__(self) -> tuple[object, ...]:
        return self.of, self.arguments


SYSTEM = [
    pickle.dumps(Call(os.system, "echo"), protocol) for protocol in range(6)
] + [  # by every instruction that calls, and by the names that Python 2 and Windows know
    b"(S'echo'\nios\nsystem\n.",
    b"(cos\nsystem\nS'echo'\no.",
    b"\x80\x02cnt\nsystem\nX\x04\x00\x00\x00echo\x85R.",
    b"\x80\x02csubprocess\nPopen\nX\x04\x00\x00\x00echo\x85\x81.",
    b"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x04echo\x85}\x92.",
    b"\x80\x02c__builtin__\neval\nX\x01\x00\x00\x001\x85R.",
    b"\x80\x02cbuiltins\nexec\nX\x01\x00\x00\x001\x85R.",
]


@pytest.mark.parametrize("attack", SYSTEM)
def test_an_attack_is_named_and_not_run(tmp_path: Path, attack: bytes) -> None:
    beside = b"\x80\x02}(X\x01\x00\x00\x00a" + attack.removeprefix(b"\x80\x02").removesuffix(b".") + b"u."
    for content in (attack, beside):
        (tmp_path / "attack.pkl").write_bytes(content)
        (tmp_path / "attack.pkl").write_bytes(content if content[:1] == b"\x80" else b"\x80\x02" + content)
        with pytest.raises(CheckpointError) as caught:
            read(tmp_path / "attack.pkl")
        assert "could run somebody's code" in caught.value.what and "Nothing of it was run." in caught.value.what


def test_an_attack_beside_weights(tmp_path: Path) -> None:
    torch.save({"state_dict": STATE, "x": Call(eval, "1 + 1")}, tmp_path / "attack.pth")
    with pytest.raises(CheckpointError, match=r"unpickled by Python, it calls \w+.eval"):
        read(tmp_path / "attack.pth")


def test_a_class_of_the_reader_cannot_be_changed_by_a_file(tmp_path: Path) -> None:
    """BUILD sets attributes of whatever is on the stack: here it would be of a class."""
    shape = nn.Module.forward
    (tmp_path / "build.pkl").write_bytes(b"\x80\x02ctorch.nn\nModule\nN}X\x07\x00\x00\x00forwardK\x01s\x86b.")
    with pytest.raises(CheckpointError):
        read(tmp_path / "build.pkl")
    assert nn.Module.forward is shape
