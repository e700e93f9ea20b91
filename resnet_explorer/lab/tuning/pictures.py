"""One image from its file to the bytes that a network sees, before they are normed."""

from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from resnet_explorer.analysis.tuning.channels import adapts
from resnet_explorer.analysis.tuning.choices import EMBEDDED, GreyWay, Preprocess
from resnet_explorer.analysis.tuning.plan import TunePlan
from resnet_explorer.errors import ExplorerError
from resnet_explorer.images import read
from resnet_explorer.lab.sources import source
from resnet_explorer.lab.tuning.listing import Item
from resnet_explorer.spec.data_choice import DataChoice, DataKind


class UnreadableError(Exception):
    """An image that cannot be used; its words say why."""


def held(plan: TunePlan) -> int:
    """Return the channels in which images are kept: one where it is repeated, or where colours are turned to grey."""
    return 1 if plan.grey is GreyWay.REPEAT and adapts(plan.spec, plan.channels) else plan.channels


def opened(plan: TunePlan, item: Item) -> Tensor:
    """Return an image upright, as bytes (channels, height, width); raises UnreadableError where it cannot be."""
    if isinstance(item.where, int):
        return _embedded(EMBEDDED[plan.data.kind])[item.where]
    return _file(item.where, plan.white)


def with_channels(image: Tensor, channels: int) -> Tensor:
    """Return an image with so many channels, as Pillow converts, and transparent pixels put on white.

    Raises UnreadableError where it has others.
    """
    if image.shape[0] == channels:
        return image
    try:
        return _planes(read.with_channels(image.permute(1, 2, 0).numpy(), channels))
    except ValueError as error:
        raise UnreadableError(str(error)) from error


def shows_white(image: Tensor, channels: int) -> bool:
    """Return whether white shows through an image where it gets so many channels."""
    return image.shape[0] in (2, 4) and channels in (1, 3) and bool((image[-1] < 255).any())


def fitted(image: Tensor, preprocess: Preprocess, size: tuple[int, int]) -> Tensor:
    """Return an image resized as the weights were tested, and cut to (height, width) from its centre."""
    from torchvision.transforms import InterpolationMode, functional

    sides = preprocess.fitted((image.shape[1], image.shape[2]), size)
    resized = functional.resize(image, list(sides), InterpolationMode.BILINEAR, antialias=True)
    cut: Tensor = functional.center_crop(resized, list(size))
    return cut


@lru_cache(maxsize=2)
def _embedded(kind: DataKind) -> Tensor:
    images = source(DataChoice(kind))
    return (images.pick(torch.arange(len(images.labels)), 0, 0) * 255).round().to(torch.uint8)


def _file(file: Path, white: tuple[float, ...]) -> Tensor:
    try:
        return _planes(read.read_image(file, white))
    except (OSError, ValueError, SyntaxError, EOFError, read.TooLargeError) as error:
        raise UnreadableError(read.reason(error)) from error


def _planes(pixels: NDArray[np.uint8]) -> Tensor:
    return torch.from_numpy(pixels).permute(2, 0, 1).contiguous()


def refuse(item: Item, reason: str) -> ExplorerError:
    """Return the error for an image that could be read once and cannot be now."""
    return ExplorerError(item.name, f"{item.name} cannot be read: {reason}.", "Take it out, or put it back.")
