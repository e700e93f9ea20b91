"""Windows along one, two or three dimensions: a signal's samples, an image's rows and columns, a video's frames too.

Layers are written for images. In other dimensions they carry ``dims``, and their sizes hold along every axis; where a
video's time axis goes its own way (1×3×3), ``time`` has its kernel, stride and padding.
"""

from collections.abc import Sequence
from typing import NamedTuple

from resnet_explorer.errors import InputError


class Time(NamedTuple):
    """Kernel, stride and padding along a video's time axis, where they are not those along height and width."""

    kernel: int = 1
    stride: int = 1
    padding: int = 0


STILL = Time()
"""The window of one frame: it neither sees other frames nor skips any."""


def along(value: int, dims: int, frames: int | None = None) -> tuple[int, ...]:
    """Return a size along each axis; ``frames`` is that along time, where it differs."""
    return (value if frames is None else frames, value, value) if dims == 3 else (value,) * dims


def argument(sizes: tuple[int, ...]) -> int | tuple[int, ...]:
    """Return sizes as PyTorch takes them: one number where all are equal."""
    return sizes[0] if len(set(sizes)) == 1 else sizes


def sides(sizes: Sequence[int]) -> str:
    """Return sizes in words: ``3×3``, ``1×3×3``, ``3``."""
    return "×".join(map(str, sizes))


def spoken(size: str) -> str:
    """Return a window as sentences name it: ``3×3``, and ``length-3`` for ``3``, which is along a signal."""
    return size if "×" in size.split(" ")[0] else f"length-{size}"


def by(strides: Sequence[int]) -> str:
    """Return strides in few words: nothing for 1, ``/2`` where all axes have it, else ``/1×2×2``."""
    if all(stride == 1 for stride in strides):
        return ""
    return f" /{strides[0]}" if len(set(strides)) == 1 else f" /{sides(strides)}"


def in_dims(name: str, dims: int) -> str:
    """Return the name that PyTorch has for a layer in other dimensions: ``Conv3d`` for ``Conv2d``."""
    return name if dims == 2 else name.replace("2d", f"{dims}d")


def slid(lengths: Sequence[int], kernels: Sequence[int], strides: Sequence[int], paddings: Sequence[int]) -> list[int]:
    """Return how many positions a window takes along each axis of a map.

    PyTorch's rule, ``floor((H + 2 p - d (k - 1) - 1) / s) + 1`` (torch.nn.Conv2d, "Shape"), with d (k - 1) + 1 given
    as the kernel. Raises InputError where it does not fit.
    """
    for length, kernel, padding in zip(lengths, kernels, paddings, strict=True):
        if length + 2 * padding < kernel:
            what = "map" if len(lengths) == 2 else "signal" if len(lengths) == 1 else "video"
            unit = "pixels" if len(lengths) == 2 else "samples" if len(lengths) == 1 else "positions along an axis"
            raise InputError(
                "size",
                f"a {sides(kernels)} window does not fit on a {what} of {length} {unit} padded by {padding}.",
                f"Give it a {what} of at least {kernel - 2 * padding} {unit}.",
            )
    rows = zip(lengths, kernels, strides, paddings, strict=True)
    return [(length + 2 * padding - kernel) // stride + 1 for length, kernel, stride, padding in rows]
