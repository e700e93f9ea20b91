"""What a file is, by its first bytes: a container of weights, or something else that is called what it is."""

import re
from pathlib import Path

HEAD = 4096
"""Bytes that are looked at."""
MAGIC = 0x1950A86A20F9469CFC6C
"""The first value in a file that PyTorch wrote before version 1.6."""


class FileError(Exception):
    """A file that cannot be read; ``what`` is a sentence without its subject, which is the file's name."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy


def shortened(name: str) -> str:
    """Return a name as it can be shown: of more than 80 characters the beginning and the end."""
    return name if len(name) <= 80 else f"{name[:40]}…{name[-39:]}"


AGAIN = "Download it again."
UNPACK = "Unpack it, and choose the file of weights in it."
_OTHER = "Choose a .pth, .pt, .safetensors, .npz or .h5 file."
_CONVERT = "Save the weights from PyTorch as .pth or .safetensors."

_STARTS: tuple[tuple[bytes, str, str], ...] = (
    (b"version https://git-lfs", "is a Git LFS pointer, not the file itself.", "Fetch it with: git lfs pull."),
    (b"/annex/objects", "is a git-annex pointer, not the file itself.", "Fetch it with: git annex get."),
    (b"\x89PNG", "is an image (PNG), not weights.", _OTHER),
    (b"\xff\xd8\xff", "is an image (JPEG), not weights.", _OTHER),
    (b"GIF8", "is an image (GIF), not weights.", _OTHER),
    (b"BM", "is an image (BMP), not weights.", _OTHER),
    (b"II*\0", "is an image (TIFF), not weights.", _OTHER),
    (b"MM\0*", "is an image (TIFF), not weights.", _OTHER),
    (b"RIFF", "is a picture, sound or film (RIFF), not weights.", _OTHER),
    (b"%PDF", "is a PDF document, not weights.", _OTHER),
    (b"\x1f\x8b", "is compressed with gzip.", UNPACK),
    (b"BZh", "is compressed with bzip2.", UNPACK),
    (b"\xfd7zXZ", "is compressed with xz.", UNPACK),
    (b"\x28\xb5\x2f\xfd", "is compressed with zstd.", UNPACK),
    (b"7z\xbc\xaf", "is a 7z archive.", UNPACK),
    (b"Rar!", "is a RAR archive.", UNPACK),
    (b"\x93NUMPY", "is a single NumPy array without a name.", "Save all of them by name: numpy.savez."),
    (b"GGUF", "is a GGUF file, the format of llama.cpp: it holds a language model.", _OTHER),
    (b"\x7fELF", "is a program, not weights.", _OTHER),
    (b"MZ", "is a program, not weights.", _OTHER),
)
_SUFFIXES = {
    ".onnx": "is an ONNX file, a program of operators for other runtimes.",
    ".tflite": "is a TensorFlow Lite file.",
    ".pb": "is a TensorFlow graph (protocol buffers).",
    ".msgpack": "is a MessagePack file, as Flax saves.",
    ".mlmodel": "is a Core ML file.",
    ".engine": "is a TensorRT engine.",
}


def first_bytes(path: Path) -> bytes:
    """Return the bytes that tell what a file is."""
    with path.open("rb") as file:
        return file.read(HEAD)


def is_index(head: bytes) -> bool:
    """Return whether a file begins as an index of shards."""
    return head.lstrip()[:1] == b"{" and b'"weight_map"' in head


def no_weights(path: Path, head: bytes) -> FileError:
    """Return what to say of a file that is no container of weights: what it is, from its first bytes."""
    if not head:
        return FileError("is empty (0 bytes).", AGAIN)
    suffix = path.suffix.lower()
    for start, what, remedy in _STARTS:
        if head.startswith(start) and not (len(start) < 3 and suffix in (".txt", ".md", ".csv", ".pth", ".pt")):
            return FileError(what, remedy)
    if head[257:262] == b"ustar":
        return FileError("is a tar archive.", UNPACK)
    if head[4:8] == b"TFL3":
        return FileError(_SUFFIXES[".tflite"], _CONVERT)
    if suffix in _SUFFIXES or _is_onnx(head):
        return FileError(_SUFFIXES.get(suffix, _SUFFIXES[".onnx"]), _CONVERT)
    if re.search(r"\.(index|data-\d{5}-of-\d{5})$", path.name):
        return FileError("is a part of a TensorFlow checkpoint.", _CONVERT)
    if not head.strip(b"\0"):
        return FileError("begins with zeros only, as a download that has not finished.", AGAIN)
    return _text(path, head) or FileError(
        f"is not a file of weights that is known here: it begins with the bytes {head[:8].hex(' ')}.", _OTHER
    )


def _text(path: Path, head: bytes) -> FileError | None:
    try:
        text = head[:-3].decode("utf-8") if len(head) == HEAD else head.decode("utf-8")
    except UnicodeDecodeError:
        return None
    if not all(letter.isprintable() or letter.isspace() for letter in text):
        return None
    start = text.lstrip("\ufeff \t\r\n")
    if re.match(r"(?i)<!doctype html|<html|<head|<body", start):
        return FileError("is a web page (HTML), as a failed download leaves behind.", "Download the file itself.")
    if start.startswith("<"):
        return FileError("is an XML file, not weights.", _OTHER)
    if start[:1] in ("{", "["):
        return FileError("is a JSON file that lists no weights.", "Choose the file of weights beside it.")
    what = "Python source" if path.suffix.lower() == ".py" else "a text file"
    return FileError(f"is {what}, not weights.", _OTHER)


def _is_onnx(head: bytes) -> bool:
    """Return whether protocol buffers begin with a small version and then a text or a graph, as ONNX writes them."""
    return head[:1] == b"\x08" and head[1:2] < b"\x20" and head[2:3] in (b"\x12", b"\x1a", b"\x22", b"\x3a", b"\x42")
