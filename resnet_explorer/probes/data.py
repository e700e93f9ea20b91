"""Images and labels as a network takes them: resized, with its channels, normalised; and their description."""

import gzip
import struct
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor
from torch.nn import functional

from resnet_explorer import assets
from resnet_explorer.errors import ExplorerError
from resnet_explorer.images import find, read
from resnet_explorer.images.choice import DataChoice, DataKind
from resnet_explorer.probes.decoding import Decoded
from resnet_explorer.spec import InputShape, ResNetSpec
from resnet_explorer.spec.input_shape import check_images

SAMPLE = 1500
"""The number of training images whose mean and standard deviation normalise all images."""
UNKNOWN = -1
"""The label of an image without a class."""


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """Labelled images; the first ``train`` are the training images. ``text`` names the set.

    ``pick`` takes indices, a height and a width, and returns the images as (n, channels, height, width) from 0 to 1.
    Sets of one size, which is ``native``, ignore the requested size. Where each image is a file, ``decode`` returns the
    bytes (3, height, width) of one.
    """

    text: str
    labels: Tensor
    train: int
    pick: Callable[[Tensor, int, int], Tensor]
    native: tuple[int, int] | None = None
    decode: Callable[[int, int, int], Tensor] | None = None


def in_memory(text: str, images: Tensor, labels: Tensor, train: int, top: float = 255.0) -> Source:
    """Return the source of images (N, C, H, W) of integers from 0 to ``top``."""

    def pick(indices: Tensor, height: int, width: int) -> Tensor:
        return images[indices].float() / top

    return Source(text, labels.long(), train, pick, (images.shape[2], images.shape[3]))


@lru_cache(maxsize=3)
def source(choice: DataChoice) -> Source:
    """Return the images of a choice other than noise; raises ExplorerError where they are missing."""
    if choice.kind is DataKind.DIGITS:
        return _embedded("digits", "digits (UCI, 8×8, grey)", 1500, 16.0)
    if choice.kind is DataKind.MNIST and not choice.root:
        return _embedded("mnist", "MNIST digits (5,000 of them, 28×28, grey)", 4000, 255.0)
    if choice.kind is DataKind.FOLDER:
        return _folder(Path(choice.root))
    return _torchvision(choice)


def _embedded(name: str, text: str, train: int, top: float) -> Source:
    images = _idx(assets.path("data", f"{name}-images-idx3-ubyte.gz"))
    labels = _idx(assets.path("data", f"{name}-labels-idx1-ubyte.gz"))
    return in_memory(text, images.unsqueeze(1), labels, train, top)


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
_LARGEST = 2**28
"""Bytes that a file of these sets has at most: the real ones have up to 155 million."""


def _torchvision(choice: DataChoice) -> Source:
    from torchvision import datasets  # takes a second, and few need it

    name, folder = _CLASSES[choice.kind]
    try:
        if any(file.stat().st_size > _LARGEST for file in Path(choice.root, folder).rglob("*")):
            raise ValueError("a file is too large to be one of the set's")
        parts = [getattr(datasets, name)(choice.root, train=train, download=False) for train in (True, False)]
    except Exception as error:  # damaged files break torchvision's readers in many ways
        raise ExplorerError(
            choice.root,
            f"{choice.title} is missing or incomplete in {choice.root}.",
            f"Choose the folder that contains torchvision's {folder}; nothing is downloaded.",
        ) from error
    images = torch.cat([_channels_first(part.data) for part in parts])
    labels = torch.cat([torch.as_tensor(part.targets) for part in parts])
    sides, colours = f"{images.shape[2]}×{images.shape[3]}", "grey" if images.shape[1] == 1 else "colour"
    return in_memory(f"{choice.title} images ({sides}, {colours})", images, labels, len(parts[0].targets))


def _channels_first(values: Any) -> Tensor:
    images = torch.as_tensor(values)
    return images.unsqueeze(1) if images.ndim == 3 else images.permute(0, 3, 1, 2)


def _folder(root: Path) -> Source:
    """Return the images of a folder: a class for each subfolder, or no classes where the images lie flat."""
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
    labelled = [(path, places[label], part) for path, label, part in items]
    return _files(f"images of {root.name} ({len(places)} classes)", labelled)


def classes_of(items: Sequence[tuple[Path, str, str]]) -> tuple[str, ...]:
    """Return the classes of a folder's images in the order in which their labels are counted."""
    return tuple(sorted({label for _, label, _ in items}))


def _files(text: str, files: Sequence[tuple[Path, int, str]]) -> Source:
    """Return images that are read on request, in a fixed random order; without parts one in six is a test image."""
    order = torch.randperm(len(files), generator=torch.Generator().manual_seed(0)).tolist()
    shuffled = sorted((files[index] for index in order), key=lambda file: file[2] in ("val", "test"))
    trained = sum(part not in ("val", "test") for _, _, part in shuffled)
    labels = torch.tensor([label for _, label, _ in shuffled])
    white = read.white_of(top for top in (read.top_of(path) for path, _, _ in shuffled) if top is not None)

    def decode(index: int, height: int, width: int) -> Tensor:
        return _read(shuffled[index][0], white, height, width)

    def pick(indices: Tensor, height: int, width: int) -> Tensor:
        decoded = Decoded(lambda index: decode(index, height, width), len(shuffled), (3, height, width))
        return decoded.take(indices).float() / 255

    train = trained if trained < len(labels) else max(1, trained - trained // 6)
    return Source(text, labels, train, pick, decode=decode)


def _read(file: Path, white: Sequence[float], height: int, width: int) -> Tensor:
    from PIL import Image, ImageOps

    try:
        image = Image.fromarray(read.with_channels(read.bytes_in(file, white), 3))
    except Exception as error:  # damaged files break Pillow and NumPy in many ways
        raise ExplorerError(
            str(file), f"{file.name} cannot be read as an image.", "Remove it from the folder."
        ) from error
    fitted = ImageOps.fit(image, (width, height), Image.Resampling.BILINEAR)
    pixels = torch.frombuffer(bytearray(fitted.tobytes()), dtype=torch.uint8)
    return pixels.reshape(height, width, 3).permute(2, 0, 1)


NOISES = 70_000
"""The number of different images of noise; the first 60,000 are training images."""
_LUMINANCE = (0.299, 0.587, 0.114)
"""ITU-R BT.601."""
_STREAM = 77
"""The seed of random labels."""


class Batch(NamedTuple):
    """Images (N, C, H, W), their labels (N), and a description."""

    x: Tensor
    y: Tensor
    text: str


class Tested(Protocol):
    """Images with the indices of the test images, as in ``Images``."""

    test: Tensor
    text: str

    def take(self, indices: Tensor) -> tuple[Tensor, Tensor]:
        """Return images as (N, C, H, W) in float32, and their labels."""


def tested(images: Tested) -> Tensor:
    """Return the indices of the test images; raises ExplorerError where there are none."""
    if not len(images.test):
        raise ExplorerError("data", "These images include no test images.", "Choose more images.")
    return images.test


class Images:
    """The images of a choice, as a network takes them; ``train`` and ``test`` are indices for ``take``.

    Images of classes that the network does not have are left out. ``text`` describes the preprocessing.
    """

    judged = "test"
    is_lazy = False  # what cannot be read is said before a training begins

    def __init__(self, choice: DataChoice, spec: ResNetSpec, image: InputShape) -> None:
        self._channels, self._height, self._width = spec.in_channels, image.height, image.width
        self._sizes = image.sizes(spec.dims)
        self.is_noise = noise = choice.kind is DataKind.NOISE
        if not noise:
            check_images(spec.dims, "These are images; noise will do for it.")
        self._source = _noise(spec, self._sizes) if noise else source(choice)
        self._decoded = self._decoded_files()
        self._labels = _labels(self._source, spec)
        kept = torch.arange(len(self._labels))
        if spec.classes is not None:
            kept = kept[self._labels < spec.classes]
        self.train, self.test = kept[kept < self._source.train], kept[kept >= self._source.train]
        self._mean, self._std = (torch.zeros(1), torch.ones(1)) if noise else self._moments()
        self.text = self._source.text if noise else self._described(spec)

    @property
    def val(self) -> Tensor:
        """Return the indices of the images that are tested during training: the test images."""
        return self.test

    def draw(self, count: int, seed: int) -> Batch:
        """Return random training images; raises ExplorerError where there are fewer."""
        if count > len(self.train):
            raise ExplorerError(
                "batch",
                f"A batch of {count:,} is more than the {len(self.train):,} training images.",
                "Choose a smaller batch, or other images.",
            )
        order = torch.randperm(len(self.train), generator=torch.Generator().manual_seed(seed))
        return Batch(*self.take(self.train[order[:count]]), self.text)

    def take(self, indices: Tensor) -> tuple[Tensor, Tensor]:
        """Return images as (N, C, H, W) in float32, contiguous, and their labels."""
        x = (self._resized(indices) - self._mean) / self._std
        size = self._sizes
        if x.shape[2:] != size:
            x = functional.interpolate(x, size, mode="bilinear", align_corners=False, antialias=True)
        return x.contiguous(), self._labels[indices]  # torchvision's sets are (N, H, W, C) underneath

    def decoding(self, count: int | None = None) -> AbstractContextManager[None]:
        """Return the context in which so many threads decode what is expected: as many as usual, none with 0."""
        return nullcontext() if self._decoded is None else self._decoded.decoding(count)

    def expect(self, indices: Tensor) -> None:
        """Have images decoded that are taken soon, in this order."""
        if self._decoded is not None:
            self._decoded.expect(indices.tolist())

    def unscaled(self, x: Tensor) -> Tensor:
        """Return images before their normalisation, from 0 to 1; noise is not normalised."""
        return x.cpu() * self._std + self._mean

    def _decoded_files(self) -> Decoded | None:
        decode, height, width = self._source.decode, self._height, self._width
        if decode is None:
            return None
        return Decoded(lambda index: decode(index, height, width), len(self._source.labels), (3, height, width))

    def _resized(self, indices: Tensor) -> Tensor:
        if self._decoded is not None:
            return _with_channels(self._decoded.take(indices).float() / 255, self._channels)
        return _with_channels(self._source.pick(indices, self._height, self._width), self._channels)

    def _moments(self) -> tuple[Tensor, Tensor]:
        count = SAMPLE if self._source.native else SAMPLE // 20
        if not len(self.train):
            raise ExplorerError("classes", "No image belongs to a class of the network.", "Give it more classes.")
        sample = self._resized(self.train[:count])
        mean, std = sample.mean(dim=(0, 2, 3)), sample.std(dim=(0, 2, 3), correction=0)
        return mean.view(-1, 1, 1), std.clamp(min=1e-3).view(-1, 1, 1)

    def _described(self, spec: ResNetSpec) -> str:
        native, size = self._source.native, (self._height, self._width)
        texts = [self._source.text]
        if native is None:
            texts.append(f"centre-cropped and resized to {size[0]}×{size[1]}")
        texts.append("normalised to mean 0 and standard deviation 1")
        if native is not None and native != size:
            how = "enlarged" if size[0] >= native[0] and size[1] >= native[1] else "shrunk"
            texts.append(f"{how} to {size[0]}×{size[1]}")
        channels = self._source.pick(torch.tensor([0]), 8, 8).shape[1]
        if channels == 1 < self._channels:
            texts.append(f"grey repeated in {self._channels} channels")
        elif channels != self._channels:
            repeated = f"colours repeated over {self._channels} channels"
            texts.append("converted to grey" if self._channels == 1 else repeated)
        if spec.classes is not None and len(self.train) + len(self.test) < len(self._labels):
            texts.append(f"classes 0 to {spec.classes - 1} alone")
        if self._source.labels[0] == UNKNOWN:
            texts.append("random labels")
        return ", ".join(texts)


def _noise(spec: ResNetSpec, sizes: tuple[int, ...]) -> Source:
    """Return Gaussian noise of a network's dimensions: an index always gives the same image."""

    def pick(indices: Tensor, height: int, width: int) -> Tensor:
        shape, generator = (spec.in_channels, *(sizes if spec.dims != 2 else (height, width))), torch.Generator()
        images = [torch.randn(shape, generator=generator.manual_seed(index)) for index in indices.tolist()]
        return torch.stack(images)

    text = "Gaussian noise of mean 0 and standard deviation 1, random labels"
    return Source(text, torch.full((NOISES,), UNKNOWN), 60_000, pick)


def _labels(images: Source, spec: ResNetSpec) -> Tensor:
    if images.labels[0] != UNKNOWN:
        return images.labels
    generator = torch.Generator().manual_seed(_STREAM)
    return torch.randint(spec.classes or 10, (len(images.labels),), generator=generator)


def _with_channels(x: Tensor, channels: int) -> Tensor:
    """Return images with a network's channels: grey repeated, colours weighted to grey, or repeated in turn."""
    if x.shape[1] == 3 and channels == 1:
        return (x * torch.tensor(_LUMINANCE).view(3, 1, 1)).sum(dim=1, keepdim=True)
    return x if x.shape[1] == channels else x[:, torch.arange(channels) % x.shape[1]]
