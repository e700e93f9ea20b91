"""The images of a plan as the training loop takes them: prepared as the weights want it, skipped where unreadable."""

from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from resnet_explorer.errors import ExplorerError
from resnet_explorer.finetuning import checked, choices
from resnet_explorer.finetuning.data_report import BadFile, ClassCount, DataReport, Part, SamplePage, judging
from resnet_explorer.finetuning.listing import Item, listing
from resnet_explorer.finetuning.plan import TunePlan
from resnet_explorer.finetuning.weights import find_published
from resnet_explorer.images import read
from resnet_explorer.images.choice import DataChoice, DataKind
from resnet_explorer.images.read import top_of, white_of
from resnet_explorer.probes.data import Batch, source
from resnet_explorer.probes.decoding import Decoded, cores, decoders, in_order
from resnet_explorer.readings.progress import Progress


class UnreadableError(Exception):
    """An image that cannot be used; its words say why, ``name`` which one. ``passes``: it may be readable later."""

    name, passes = "", False


def held(plan: TunePlan) -> int:
    """Return the channels in which images are kept: one where it is repeated, or where colours are turned to grey."""
    return 1 if plan.grey is choices.GreyWay.REPEAT and choices.adapts(plan.spec, plan.channels) else plan.channels


Reader = Callable[[Path, Sequence[float]], Any]
"""``images.read.read_image``, or what does the same in threads."""


def opened(plan: TunePlan, item: Item, reader: Reader = read.read_image) -> Tensor:
    """Return an image upright, as bytes (channels, height, width); raises UnreadableError where it cannot be."""
    if isinstance(item.where, int):
        return _embedded_image(choices.EMBEDDED[plan.data.kind])[item.where]
    return _file(item.where, plan.white, reader)


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


def fitted(image: Tensor, preprocess: choices.Preprocess, size: tuple[int, int]) -> Tensor:
    """Return an image resized as the weights were tested, and cut to (height, width) from its centre."""
    from torchvision.transforms import InterpolationMode, functional

    shape = (image.shape[1], image.shape[2])
    sides = preprocess.fitted(shape, size)
    if shape == sides == size:
        return image
    resized = functional.resize(image, list(sides), InterpolationMode.BILINEAR, antialias=True)
    cut: Tensor = functional.center_crop(resized, list(size))
    return cut


@lru_cache(maxsize=2)
def _embedded_image(kind: DataKind) -> Tensor:
    images = source(DataChoice(kind))
    return (images.pick(torch.arange(len(images.labels)), 0, 0) * 255).round().to(torch.uint8)


def _file(file: Path, white: tuple[float, ...], reader: Reader) -> Tensor:
    try:
        return _planes(reader(file, white))
    except Exception as error:  # damaged files break Pillow and NumPy in many ways
        problem = UnreadableError(read.reason(error))
        is_of_system = getattr(error, "errno", None) is not None and not isinstance(error, FileNotFoundError)
        problem.passes = is_of_system or isinstance(error, MemoryError)
        raise problem from error


def _planes(pixels: NDArray[np.uint8]) -> Tensor:
    return torch.from_numpy(pixels).permute(2, 0, 1).contiguous()


SAMPLE = 1500
"""Training images from which mean and standard deviation are computed, if no weights come with their own."""
EVERY = 25
"""Images between two looks at who asked."""
BY_VAL = "Each epoch is evaluated on the validation images; the test images are evaluated once, with the best weights."


class TuneImages:
    """Images fitted to a plan: ``take`` returns those of some indices, ``text`` says what was done.

    ``train``, ``val`` and ``test`` are indices: to train on, to choose the best epoch by, and to judge it by; where one
    of the last two has no images, it is the other. ``judged`` is the part that chooses the epoch, ``has_test`` whether
    another one judges it, and ``judging`` says so in words. ``skipped`` are files that could not be read. Made by
    ``load``.
    """

    is_noise = False

    def __init__(
        self, plan: TunePlan, items: Sequence[Item], skipped: tuple[BadFile, ...] = (), decoded: Decoded | None = None
    ) -> None:
        self.plan, self.items, self.skipped = plan, tuple(items), skipped
        self._decoded = decoded_of(plan, self.items) if decoded is None else decoded
        places = {name: place for place, name in enumerate(plan.classes)}
        self._labels = torch.tensor([places[item.label] for item in items])
        self.train, val, test = (
            torch.tensor([place for place, item in enumerate(items) if item.part is part], dtype=torch.long)
            for part in Part
        )
        self.judged, self.judging = "validation" if len(val) else "test", judging(len(val), len(test))
        self.has_test = len(val) > 0 and len(test) > 0
        self.val, self.test = val if len(val) else test, test if len(test) else val
        self.text = _preparation(plan, len(skipped))

    @property
    def notes(self) -> tuple[str, ...]:
        """Return sentences on the images for the record of a run."""
        notes = [f"Unreadable and skipped: {', '.join(bad.path for bad in self.skipped[:10])}."] if self.skipped else []
        return (*notes, BY_VAL) if self.has_test else tuple(notes)

    def take(self, indices: Tensor) -> tuple[Tensor, Tensor]:
        """Return images of these indices as (N, C, H, W) in float32, and their labels."""
        return normed(self.plan, self.bytes(indices)), self.labels(indices)

    def labels(self, indices: Tensor) -> Tensor:
        """Return the labels of images of these indices."""
        return self._labels[indices]

    def bytes(self, indices: Tensor) -> Tensor:
        """Return images of these indices as bytes (N, C, H, W), before normalisation."""
        try:
            return self._decoded.take(indices)
        except UnreadableError as error:
            what = f"{error.name} can no longer be read: {error}."
            raise ExplorerError(error.name, what, "Leave it out, or restore it.") from error

    @property
    def is_lazy(self) -> bool:
        """Return whether each image is read when it is wanted: they are in files, and known to be readable."""
        return self.plan.data.kind not in choices.EMBEDDED

    def decoding(self, count: int | None = None) -> AbstractContextManager[None]:
        """Return the context in which so many threads decode what is expected: as many as usual, none with 0."""
        return self._decoded.decoding(count if self.is_lazy else 0)

    def expect(self, indices: Tensor) -> None:
        """Have images decoded that are taken soon, in this order."""
        self._decoded.expect(indices.tolist())

    def draw(self, count: int, seed: int) -> Batch:
        """Return so many training images that a seed picks; raises ExplorerError where there are not so many."""
        if count > len(self.train):
            text = f"There are {len(self.train):,} training images, not {count:,}."
            raise ExplorerError("images", text, "Choose fewer.")
        order = torch.randperm(len(self.train), generator=torch.Generator().manual_seed(seed))
        return Batch(*self.take(self.train[order[:count]]), self.text)

    def unscaled(self, x: Tensor) -> Tensor:
        """Return images as they were before they were normed: from 0 to 1."""
        mean, std = _moments(self.plan)
        return x.cpu() * std + mean

    def counted(self) -> DataReport:
        """Return how many images of each class there are, without any other check."""
        classes = counted(Counter((item.label, item.part) for item in self.items), self.plan.classes)
        return DataReport(self.text, classes, self.skipped, (), (), (), (), None, {}, self.plan)

    def page(self, indices: Tensor) -> SamplePage:
        """Return images of these indices as the network sees them, in bytes, with their classes and files."""
        pixels = self.bytes(indices)
        pixels = pixels[:, :3] if pixels.shape[1] > 2 else pixels[:, :1].expand(-1, 3, -1, -1)
        chosen = [self.items[index] for index in indices.tolist()]
        labels, files = tuple(item.label for item in chosen), tuple(item.name for item in chosen)
        return SamplePage(pixels.permute(0, 2, 3, 1).contiguous().numpy(), labels, files, self.text)


def counted(counts: Counter[tuple[str, Part]], classes: Sequence[str]) -> tuple[ClassCount, ...]:
    """Return the counts of classes by (class, part)."""
    return tuple(
        ClassCount(name, counts[name, Part.TRAIN], counts[name, Part.TEST], counts[name, Part.VAL]) for name in classes
    )


def normed(plan: TunePlan, pixels: Tensor) -> Tensor:
    """Return images of bytes as the network takes them: a channel repeated where that is the way, and normed."""
    mean, std = _moments(plan)
    return ((pixels.float() / 255).expand(-1, len(mean), -1, -1) - mean) / std


def _moments(plan: TunePlan) -> tuple[Tensor, Tensor]:
    mean, std = choices.normalisation(plan.preprocess, plan.spec, plan.channels, plan.grey)
    return torch.tensor(mean).view(-1, 1, 1), torch.tensor(std).view(-1, 1, 1)


def prepared(plan: TunePlan, item: Item, reader: Reader = read.read_image) -> Tensor:
    """Return an image as bytes (C, H, W) of the plan's size; raises UnreadableError where it cannot be."""
    try:
        image = with_channels(opened(plan, item, reader), held(plan))
    except UnreadableError as error:
        error.name = item.name
        raise
    return fitted(image, plan.preprocess, (plan.image.height, plan.image.width))


def decoded_of(plan: TunePlan, items: Sequence[Item], count: int | None = None) -> Decoded:
    """Return what keeps the images of some items; ``count`` are those that there will be, where some come later."""
    shape = held(plan), plan.image.height, plan.image.width
    return Decoded(lambda index: prepared(plan, items[index], read.bytes_in), count or len(items), shape)


def load(plan: TunePlan, decode: int | None = None) -> Iterator[Progress | TuneImages]:
    """Yield progress while it is found out which images can be read, and last the images.

    Where that is remembered of these files, none is read before it is wanted; else so many threads decode all, as in
    ``TuneImages.decoding``. Raises ExplorerError where nothing is there to train on, or the plan names no classes: see
    ``complete``.
    """
    available = listing(plan.data, plan.seed, plan.classes)
    if not plan.classes:
        raise ExplorerError("classes", "The plan names no classes yet.", "Look at the images first.")
    known = recall(plan, available.items)
    if known is None:
        images = yield from _read_all(plan, available.items, decode)
    else:
        readable = [item for item in available.items if item.name not in known]
        skipped = [BadFile(item.name, known[item.name]) for item in available.items if item.name in known]
        images = TuneImages(plan, readable, tuple(skipped))
    if not len(images.train):
        raise ExplorerError(plan.data.text, "There is no readable training image.", "Add some.")
    yield images


def threads_for(plan: TunePlan, decode: int | None = None) -> int:
    """Return how many threads read all images of a plan while nothing is trained: as many as cores, or as asked."""
    return 0 if plan.data.kind in choices.EMBEDDED else cores() if decode is None else decode


def _read_all(plan: TunePlan, items: Sequence[Item], decode: int | None) -> Generator[Progress, None, TuneImages]:
    """Yield progress while every image is read, and return the readable ones; those that have room are kept."""
    readable: list[Item] = []
    problems: list[UnreadableError] = []
    decoded = decoded_of(plan, readable, len(items))
    with decoders(threads_for(plan, decode)) as pool:
        reading = in_order(lambda index: prepared(plan, items[index], read.bytes_in), len(items), pool)
        for number, (item, image) in enumerate(zip(items, reading, strict=True)):
            if number % EVERY == 0:
                yield Progress(number, len(items), f"reading the images: {number:,} of {len(items):,}")
            try:
                decoded.keep(len(readable), image())
            except UnreadableError as error:
                problems.append(error)
            else:
                readable.append(item)
    remember(plan, items, problems)
    return TuneImages(plan, readable, tuple(BadFile(error.name, str(error)) for error in problems), decoded)


def recall(plan: TunePlan, items: Sequence[Item]) -> dict[str, str] | None:
    """Return why files cannot be read, by their names, where that is remembered of just these; else None."""
    files = files_of(items)
    return checked.recall(files, _question(plan), dict[str, str]) if files else None


def remember(plan: TunePlan, items: Sequence[Item], problems: Sequence[UnreadableError]) -> None:
    """Remember which files cannot be read, unless that may pass."""
    files = files_of(items)
    if files and not any(error.passes for error in problems):
        checked.remember(files, _question(plan), {error.name: str(error) for error in problems})


def _question(plan: TunePlan) -> str:
    return f"unreadable with {held(plan)} channels"


def files_of(items: Sequence[Item]) -> list[Path]:
    """Return the files of items that are none of an embedded set."""
    return [item.where for item in items if isinstance(item.where, Path)]


def _preparation(plan: TunePlan, skipped: int) -> str:
    few = (f"{plan.data.per_class:,} training images of each class",) if plan.data.per_class else ()
    texts = [plan.data.text, *few, plan.preprocess.describe(plan.image), "normalised per channel"]
    if choices.adapts(plan.spec, plan.channels) and plan.grey is choices.GreyWay.REPEAT:
        texts.append(f"grey repeated in {plan.spec.in_channels} channels" if plan.spec.in_channels > 1 else "grey")
    return ", ".join([*texts, f"unreadable files skipped: {skipped:,}"] if skipped else texts)


def complete(plan: TunePlan, white: tuple[float, ...] | None = None) -> TunePlan:
    """Return the plan with the classes of its images, what is white in them, and how its weights want them prepared.

    Published weights have their own preprocessing; otherwise mean and standard deviation are those of the training
    images. ``white`` is what is known already. Raises ExplorerError where there are no images, or no such weights.
    """
    available = listing(plan.data, plan.seed, plan.classes)
    white = white_of(tops(available.items)) if white is None else white
    plan = replace(plan, classes=available.classes, white=white)
    if plan.weights.kind is choices.WeightsKind.PUBLISHED:
        return replace(plan, preprocess=find_published(plan.spec, plan.weights.name).preprocess)
    items = [item for item in available.items if item.part is Part.TRAIN]
    return replace(plan, preprocess=_measured(plan, items))


def tops(items: Sequence[Item]) -> list[float]:
    """Return the greatest number in each image of more than 8 bits."""
    values = (top_of(item.where) for item in items if isinstance(item.where, Path))
    return [top for top in values if top is not None]


def _measured(plan: TunePlan, items: Sequence[Item]) -> choices.Preprocess:
    """Return the preprocessing with the mean and standard deviation of a sample, cropped to the input's aspect."""
    side = max(plan.image.height, plan.image.width)
    bare = replace(plan, preprocess=replace(plan.preprocess, resize=side, crop=side))
    sample = items[:: max(1, len(items) // SAMPLE)]
    question = f"mean and deviation of {held(plan)} channels at {plan.image}, white {plan.white}"
    files = files_of(sample)
    known = checked.recall(files, question, _Moments) if files else None
    if known is None or not len(known.mean) == len(known.std) == held(plan):
        known, is_lasting = _moments_of(bare, sample)
        if files and is_lasting:
            checked.remember(files, question, known)
    return choices.Preprocess(side, side, known.mean, known.std)


@dataclass(frozen=True, slots=True)
class _Moments:
    """Mean and standard deviation of each channel."""

    mean: tuple[float, ...]
    std: tuple[float, ...]

    def __post_init__(self) -> None:
        choices.Preprocess(mean=self.mean, std=self.std)


def _moments_of(plan: TunePlan, items: Sequence[Item]) -> tuple[_Moments, bool]:
    """Return mean and standard deviation of the readable images, and whether no other may become readable."""
    images: list[Tensor] = []
    problems: list[UnreadableError] = []
    with decoders(threads_for(plan)) as pool:
        for image in in_order(lambda index: prepared(plan, items[index], read.bytes_in), len(items), pool):
            try:
                images.append(image())
            except UnreadableError as error:
                problems.append(error)
    if not images:
        raise ExplorerError(plan.data.text, "There is no readable training image.", "Add some.")
    pixels = torch.stack(images).double() / 255
    mean, std = pixels.mean(dim=(0, 2, 3)), pixels.std(dim=(0, 2, 3), correction=0).clamp(min=1e-3)
    moments = (tuple(round(value, 6) for value in row.tolist()) for row in (mean, std))
    return _Moments(*moments), not any(error.passes for error in problems)
