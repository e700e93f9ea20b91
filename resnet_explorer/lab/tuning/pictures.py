"""One image from its file to the bytes that a network sees, before they are normed."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from resnet_explorer.analysis.tuning.channels import adapts
from resnet_explorer.analysis.tuning.choices import EMBEDDED, GreyWay, Preprocess
from resnet_explorer.analysis.tuning.plan import TunePlan
from resnet_explorer.errors import ExplorerError
from resnet_explorer.lab.sources import source
from resnet_explorer.lab.tuning.listing import Item
from resnet_explorer.spec.data_choice import DataChoice, DataKind

_MODES: Mapping[int, str] = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}
"""Pillow's names of pictures by their channels."""


class UnreadableError(Exception):
    """An image that cannot be used; its words say why."""


def held(plan: TunePlan) -> int:
    """Return the channels in which images are kept: one where it is repeated, or where colours are turned to grey."""
    return 1 if plan.grey is GreyWay.REPEAT and adapts(plan.spec, plan.channels) else plan.channels


def opened(plan: TunePlan, item: Item) -> Tensor:
    """Return an image as it is, as bytes (channels, height, width); raises UnreadableError where it cannot be."""
    if isinstance(item.where, int):
        return _embedded(EMBEDDED[plan.data.kind])[item.where]
    return _array(item.where) if item.where.suffix.lower() == ".npy" else _picture(item.where)


def with_channels(image: Tensor, channels: int) -> Tensor:
    """Return an image with so many channels, as Pillow converts; raises UnreadableError where it has others."""
    if image.shape[0] == channels:
        return image
    modes = (_MODES.get(image.shape[0]), _MODES.get(channels))
    if None in modes:
        raise UnreadableError(f"it has {image.shape[0]} channels where {channels} are needed")
    planes = image.permute(1, 2, 0).squeeze(2).numpy() if image.shape[0] == 1 else image.permute(1, 2, 0).numpy()
    return _planes(Image.fromarray(np.ascontiguousarray(planes)).convert(modes[1]))


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


def _array(file: Path) -> Tensor:
    try:
        array = np.load(file, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise UnreadableError("it is no array") from error
    if array.dtype != np.uint8 or array.ndim not in (2, 3) or not array.size:
        raise UnreadableError("it is no array of bytes (height, width, channels)")
    return torch.from_numpy(np.atleast_3d(array)).permute(2, 0, 1).contiguous()


def _picture(file: Path) -> Tensor:
    try:
        with Image.open(file) as image:
            image.load()
            return _planes(_usual(image))
    except FileNotFoundError as error:
        raise UnreadableError("it is not there") from error
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError) as error:
        raise UnreadableError(str(error).splitlines()[0][:120] if str(error) else type(error).__name__) from error


def _usual(image: Image.Image) -> Image.Image:
    """Return a picture of bytes: palettes as colours, and of 16 bits the upper 8, which Pillow would cut off."""
    if image.mode.startswith("I"):
        return Image.fromarray((np.asarray(image).astype(np.int64) >> 8).clip(0, 255).astype(np.uint8))
    if image.mode in _MODES.values():
        return image
    if image.mode == "P":
        return image.convert("RGBA").convert("RGB")
    return image.convert("L" if image.mode in ("1", "F") else "RGB")


def _planes(image: Image.Image) -> Tensor:
    return torch.from_numpy(np.atleast_3d(np.array(image))).permute(2, 0, 1).contiguous()


def refuse(item: Item, reason: str) -> ExplorerError:
    """Return the error for an image that could be read once and cannot be now."""
    return ExplorerError(item.name, f"{item.name} cannot be read: {reason}.", "Take it out, or put it back.")
