"""Where images come from: the app's own digits, torchvision's sets on the user's disk, a folder, or noise.

Nothing is downloaded.
"""

import gzip
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from resnet_explorer import assets
from resnet_explorer.errors import ExplorerError
from resnet_explorer.spec.data_choice import DataChoice, DataKind

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm")
SAMPLE = 1500
"""So many training images tell the mean and the deviation by which all are scaled."""
UNKNOWN = -1
"""The label of an image that belongs to no class."""


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """Labelled images, the training part first: ``train`` of them.

    ``pick`` returns the images of some indices as (n, channels, height, width) from 0 to 1; sets of one size ignore
    the size that it is asked for. ``native`` is that size; None where every image has its own. ``words`` name the
    set.
    """

    words: str
    labels: Tensor
    train: int
    pick: Callable[[Tensor, int, int], Tensor]
    native: tuple[int, int] | None = None


def in_memory(words: str, images: Tensor, labels: Tensor, train: int, top: float = 255.0) -> Source:
    """Return the source of images (N, C, H, W) that are whole numbers from 0 to ``top``."""

    def pick(indices: Tensor, height: int, width: int) -> Tensor:
        return images[indices].float() / top

    return Source(words, labels.long(), train, pick, (images.shape[2], images.shape[3]))


@lru_cache(maxsize=3)
def source(choice: DataChoice) -> Source:
    """Return the images of a choice other than noise; raises ExplorerError where they are not there."""
    if choice.kind is DataKind.DIGITS:
        return _embedded("digits", "digits (UCI, 8×8, grey)", 1500, 16.0)
    if choice.kind is DataKind.MNIST and not choice.root:
        return _embedded("mnist", "MNIST digits (5,000 of them, 28×28, grey)", 4000, 255.0)
    if choice.kind is DataKind.FOLDER:
        return _folder(Path(choice.root))
    return _torchvision(choice)


def _embedded(name: str, words: str, train: int, top: float) -> Source:
    images = _idx(assets.path("data", f"{name}-images-idx3-ubyte.gz"))
    labels = _idx(assets.path("data", f"{name}-labels-idx1-ubyte.gz"))
    return in_memory(words, images.unsqueeze(1), labels, train, top)


def _idx(file: Path) -> Tensor:
    """Return the array of a compressed IDX file: two zeros, the type, the rank, the sizes, the values."""
    content = gzip.decompress(file.read_bytes())
    rank = content[3]
    shape = struct.unpack_from(f">{rank}I", content, 4)
    return torch.frombuffer(bytearray(content), dtype=torch.uint8, offset=4 + 4 * rank).reshape(shape)


_CLASSES: Mapping[DataKind, tuple[str, str]] = {
    DataKind.CIFAR10: ("CIFAR10", "cifar-10-batches-py"),
    DataKind.CIFAR100: ("CIFAR100", "cifar-100-python"),
    DataKind.MNIST: ("MNIST", "MNIST"),
    DataKind.FASHION: ("FashionMNIST", "FashionMNIST"),
}
"""torchvision's class for each set, and the folder that it expects inside the root."""


def _torchvision(choice: DataChoice) -> Source:
    from torchvision import datasets  # a second, for those who have such a set alone

    name, folder = _CLASSES[choice.kind]
    try:
        parts = [getattr(datasets, name)(choice.root, train=train, download=False) for train in (True, False)]
    except (RuntimeError, OSError, EOFError, KeyError, ValueError) as error:
        raise ExplorerError(
            choice.root,
            f"{choice.title} is not in {choice.root}, or is not whole.",
            f"Give the folder that holds torchvision's {folder}; nothing is downloaded.",
        ) from error
    images = torch.cat([_channels_first(part.data) for part in parts])
    labels = torch.cat([torch.as_tensor(part.targets) for part in parts])
    sides, colours = f"{images.shape[2]}×{images.shape[3]}", "grey" if images.shape[1] == 1 else "colour"
    return in_memory(f"{choice.title} images ({sides}, {colours})", images, labels, len(parts[0].targets))


def _channels_first(values: Any) -> Tensor:
    images = torch.as_tensor(values)
    return images.unsqueeze(1) if images.ndim == 3 else images.permute(0, 3, 1, 2)


def _folder(root: Path) -> Source:
    """Return the images of a folder: a class for each folder inside, or none where the images lie flat."""
    if not root.is_dir():
        raise ExplorerError(str(root), f"{root} is no folder.", "Choose a folder of images.")
    try:
        inside = [_images(path) for path in sorted(root.iterdir()) if path.is_dir()]
        classes = [images for images in inside if images]
        flat = _images(root)
    except OSError as error:
        raise ExplorerError(str(root), f"{root} cannot be read: {error.strerror}.", "Choose another folder.") from error
    if not flat:
        kinds = ", ".join(suffix[1:] for suffix in SUFFIXES)
        raise ExplorerError(str(root), f"{root} holds no images.", f"Images end in {kinds}.")
    if not classes:
        return _files(f"images of {root.name} (without classes)", [(path, UNKNOWN) for path in flat])
    found = [(path, label) for label, images in enumerate(classes) for path in images]
    return _files(f"images of {root.name} ({len(classes)} classes)", found)


def _images(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)


def _files(words: str, found: list[tuple[Path, int]]) -> Source:
    """Return images that are read when they are asked for; one in six, at random but fixed, is for the test."""
    order = torch.randperm(len(found), generator=torch.Generator().manual_seed(0)).tolist()
    paths = [found[index][0] for index in order]
    labels = torch.tensor([found[index][1] for index in order])

    def pick(indices: Tensor, height: int, width: int) -> Tensor:
        return torch.stack([_read(paths[index], height, width) for index in indices.tolist()])

    return Source(words, labels, max(1, len(paths) - len(paths) // 6), pick)


def _read(file: Path, height: int, width: int) -> Tensor:
    from PIL import Image, ImageOps

    try:
        with Image.open(file) as image:
            fitted = ImageOps.fit(image.convert("RGB"), (width, height), Image.Resampling.BILINEAR)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        words = f"{file.name} cannot be read as an image."
        raise ExplorerError(str(file), words, "Take it out of the folder.") from error
    pixels = torch.frombuffer(bytearray(fitted.tobytes()), dtype=torch.uint8)
    return pixels.reshape(height, width, 3).permute(2, 0, 1).float() / 255
