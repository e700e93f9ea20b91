"""Images and labels as a network takes them: resized, given its channels, scaled; and the words that say so."""

from typing import NamedTuple, Protocol

import torch
from torch import Tensor
from torch.nn import functional

from resnet_explorer.errors import ExplorerError
from resnet_explorer.lab.sources import SAMPLE, UNKNOWN, Source, source
from resnet_explorer.spec import InputShape, ResNetSpec
from resnet_explorer.spec.data_choice import DataChoice, DataKind

NOISES = 70_000
"""So many different images of noise there are, the first 60,000 to train on."""
_LUMINANCE = (0.299, 0.587, 0.114)
"""ITU-R BT.601."""
_STREAM = 77
"""Keeps the labels of noise apart from what else a seed of 0 draws."""


class Batch(NamedTuple):
    """Images (N, C, H, W), their labels (N), and a sentence that says what they are."""

    x: Tensor
    y: Tensor
    words: str


class Tested(Protocol):
    """Images as ``Images`` has them; ``test`` are the indices of those of the test."""

    test: Tensor
    words: str

    def take(self, indices: Tensor) -> tuple[Tensor, Tensor]:
        """Return images of these indices as (N, C, H, W) in float32, and their labels."""


def tested(images: Tested) -> Tensor:
    """Return the indices of the test images; raises ExplorerError where there are none."""
    if not len(images.test):
        raise ExplorerError("data", "These images leave none for the test.", "Choose more images.")
    return images.test


def batch(choice: DataChoice, spec: ResNetSpec, image: InputShape, seed: int) -> Batch:
    """Return ``image.batch`` training images that a seed picks, as the network takes them.

    Raises ExplorerError where there are not so many, or they cannot be read.
    """
    return Images(choice, spec, image).draw(image.batch, seed)


class Images:
    """The images of a choice, fitted to a network: ``train`` and ``test`` are indices, ``take`` returns some.

    Images of classes that the network does not have are left out. ``words`` say what was done to them.
    """

    judged = "test"

    def __init__(self, choice: DataChoice, spec: ResNetSpec, image: InputShape) -> None:
        self._channels, self._height, self._width = spec.in_channels, image.height, image.width
        self.is_noise = noise = choice.kind is DataKind.NOISE
        self._source = _noise(spec) if noise else source(choice)
        self._labels = _labels(self._source, spec)
        kept = torch.arange(len(self._labels))
        if spec.classes is not None:
            kept = kept[self._labels < spec.classes]
        self.train, self.test = kept[kept < self._source.train], kept[kept >= self._source.train]
        self._mean, self._std = (torch.zeros(1), torch.ones(1)) if noise else self._moments()
        self.words = self._source.words if noise else self._described(spec)

    @property
    def val(self) -> Tensor:
        """Return the indices of the images that are judged in training: those of the test."""
        return self.test

    def draw(self, count: int, seed: int) -> Batch:
        """Return so many training images that a seed picks; raises ExplorerError where there are not so many."""
        if count > len(self.train):
            raise ExplorerError(
                "batch",
                f"A batch of {count:,} is more than the {len(self.train):,} training images.",
                "Choose a smaller batch, or other images.",
            )
        order = torch.randperm(len(self.train), generator=torch.Generator().manual_seed(seed))
        return Batch(*self.take(self.train[order[:count]]), self.words)

    def take(self, indices: Tensor) -> tuple[Tensor, Tensor]:
        """Return images of these indices as (N, C, H, W) in float32, contiguous, and their labels."""
        x = (self._fitted(indices) - self._mean) / self._std
        size = (self._height, self._width)
        if x.shape[2:] != size:
            x = functional.interpolate(x, size, mode="bilinear", align_corners=False, antialias=True)
        return x.contiguous(), self._labels[indices]  # torchvision's sets are (N, H, W, C) underneath

    def unscaled(self, x: Tensor) -> Tensor:
        """Return images as they were before they were scaled: from 0 to 1, but for noise, which is as it was."""
        return x.cpu() * self._std + self._mean

    def _fitted(self, indices: Tensor) -> Tensor:
        return _with_channels(self._source.pick(indices, self._height, self._width), self._channels)

    def _moments(self) -> tuple[Tensor, Tensor]:
        """Return the mean and the deviation of each channel over (at most) the first training images."""
        count = SAMPLE if self._source.native else SAMPLE // 20
        if not len(self.train):
            raise ExplorerError("classes", "No image is of a class that the network has.", "Give it more classes.")
        sample = self._fitted(self.train[:count])
        mean, std = sample.mean(dim=(0, 2, 3)), sample.std(dim=(0, 2, 3), correction=0)
        return mean.view(-1, 1, 1), std.clamp(min=1e-3).view(-1, 1, 1)

    def _described(self, spec: ResNetSpec) -> str:
        native, size = self._source.native, (self._height, self._width)
        words = [self._source.words]
        if native is None:
            words.append(f"cut to the centre and resized to {size[0]}×{size[1]}")
        words.append("scaled to mean 0 and deviation 1")
        if native is not None and native != size:
            how = "enlarged" if size[0] >= native[0] and size[1] >= native[1] else "shrunk"
            words.append(f"{how} to {size[0]}×{size[1]}")
        words += _channel_words(self._source, self._channels)
        if spec.classes is not None and len(self.train) + len(self.test) < len(self._labels):
            words.append(f"classes 0 to {spec.classes - 1} alone")
        if self._source.labels[0] == UNKNOWN:
            words.append("random labels")
        return ", ".join(words)


def _noise(spec: ResNetSpec) -> Source:
    """Return normal noise: the same index is always the same image."""

    def pick(indices: Tensor, height: int, width: int) -> Tensor:
        shape = (spec.in_channels, height, width)
        return torch.stack(
            [torch.randn(shape, generator=torch.Generator().manual_seed(index)) for index in indices.tolist()]
        )

    words = "Gaussian noise of mean 0 and deviation 1, random labels"
    return Source(words, torch.full((NOISES,), UNKNOWN), 60_000, pick)


def _labels(images: Source, spec: ResNetSpec) -> Tensor:
    """Return the labels; random ones where there are none."""
    if images.labels[0] != UNKNOWN:
        return images.labels
    generator = torch.Generator().manual_seed(_STREAM)
    return torch.randint(spec.classes or 10, (len(images.labels),), generator=generator)


def _with_channels(x: Tensor, channels: int) -> Tensor:
    """Return images with a network's channels: grey repeated, colours weighed to grey, or repeated in turn."""
    have = x.shape[1]
    if have == channels:
        return x
    if have == 3 and channels == 1:
        return (x * torch.tensor(_LUMINANCE).view(3, 1, 1)).sum(dim=1, keepdim=True)
    return x[:, torch.arange(channels) % have]


def _channel_words(images: Source, channels: int) -> list[str]:
    have = images.pick(torch.tensor([0]), 8, 8).shape[1]
    if have == channels:
        return []
    if have == 1:
        return [f"grey repeated in {channels} channels"]
    return ["turned to grey"] if channels == 1 else [f"colours repeated over {channels} channels"]
