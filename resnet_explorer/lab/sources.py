"""Where images come from: the app's own digits, torchvision's sets on the user's disk, a folder, or noise.

Nothing is downloaded.
"""

import gzip
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from resnet_explorer import assets
from resnet_explorer.errors import ExplorerError
from resnet_explorer.images import find, read
from resnet_explorer.spec.data_choice import DataChoice, DataKind

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
        items = find.in_folder(root, find.SUFFIXES).items
        flat = [] if items else find.walk(root, find.SUFFIXES)[0]
    except OSError as error:
        raise ExplorerError(str(root), f"{root} cannot be read: {error.strerror}.", "Choose another folder.") from error
    if not items and not flat:
        kinds = ", ".join(suffix[1:] for suffix in find.SUFFIXES)
        raise ExplorerError(str(root), f"{root} holds no images.", f"Images end in {kinds}.")
    if not items:
        return _files(f"images of {root.name} (without classes)", [(path, UNKNOWN, "") for path in flat])
    places = {label: place for place, label in enumerate(classes_of(items))}
    found = [(path, places[label], part) for path, label, part in items]
    return _files(f"images of {root.name} ({len(places)} classes)", found)


def classes_of(items: Sequence[tuple[Path, str, str]]) -> tuple[str, ...]:
    """Return the classes of a folder's images in the order in which their labels are counted."""
    return tuple(sorted({label for _, label, _ in items}))


def _files(words: str, found: Sequence[tuple[Path, int, str]]) -> Source:
    """Return images that are read when they are asked for, in an order that is random but fixed.

    Where they come in no parts, one in six is for the test.
    """
    order = torch.randperm(len(found), generator=torch.Generator().manual_seed(0)).tolist()
    shuffled = sorted((found[index] for index in order), key=lambda one: one[2] in ("val", "test"))
    trained = sum(part not in ("val", "test") for _, _, part in shuffled)
    labels = torch.tensor([label for _, label, _ in shuffled])
    white = read.white_of(top for top in (read.top_of(path) for path, _, _ in shuffled) if top is not None)

    def pick(indices: Tensor, height: int, width: int) -> Tensor:
        return torch.stack([_read(shuffled[index][0], white, height, width) for index in indices.tolist()])

    return Source(words, labels, trained if trained < len(labels) else max(1, trained - trained // 6), pick)


def _read(file: Path, white: Sequence[float], height: int, width: int) -> Tensor:
    from PIL import Image, ImageOps

    try:
        image = Image.fromarray(read.with_channels(read.read_image(file, white), 3))
    except (OSError, ValueError, SyntaxError, EOFError, read.TooLargeError) as error:
        words = f"{file.name} cannot be read as an image."
        raise ExplorerError(str(file), words, "Take it out of the folder.") from error
    fitted = ImageOps.fit(image, (width, height), Image.Resampling.BILINEAR)
    pixels = torch.frombuffer(bytearray(fitted.tobytes()), dtype=torch.uint8)
    return pixels.reshape(height, width, 3).permute(2, 0, 1).float() / 255
