"""Safetensors files, checked against their own header before anything is mapped."""

import json
from pathlib import Path

from torch import Tensor

from resnet_explorer.model.files.kinds import AGAIN, FileError

MOST_HEADER = 16 * 2**20
"""Bytes of a header that are read: some 100,000 tensors."""


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
        if length > MOST_HEADER:
            what = f"has a header of {length:,} bytes, more than any residual network needs."
            raise FileError(what, "Do not trust this file.")
        text = file.read(length)
    if len(text) < length:
        raise FileError(f"is cut short: its header has {length:,} bytes, the file {size:,}.", AGAIN)
    try:
        header = json.loads(text)
        header.pop("__metadata__", None)
        end = max((one["data_offsets"][1] for one in header.values()), default=0) + 8 + length
        names = sorted(header, key=lambda name: header[name]["data_offsets"][0])
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise FileError("is damaged: its header is not that of a safetensors file.", AGAIN) from error
    if isinstance(end, int) and end > size:
        raise FileError(f"is cut short: its tensors need {end:,} bytes, and it has {size:,}.", AGAIN)
    return names
