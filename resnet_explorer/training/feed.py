"""The batches of a training: images prepared once, and cached where they are not too many."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional

from resnet_explorer.errors import ExplorerError
from resnet_explorer.images import find
from resnet_explorer.images.choice import DataChoice, DataKind
from resnet_explorer.probes.data import Images, classes_of
from resnet_explorer.readings.progress import Progress
from resnet_explorer.runs.plan import RunPlan

_STREAM = 7_919
"""Added to the seed of a step, so that augmentation and dropout draw different numbers."""


def augmented(x: Tensor, pad: int, flip: bool, seed: int) -> Tensor:
    """Return images (N, C, H, W) padded with ``pad`` zeros, randomly cropped to their size, and randomly mirrored.

    He et al. 2015, section 4.2: 4 pixels on each side, a crop of 32x32 from the padded image or its mirror image.
    """
    return shifted(x, pad, drawn(len(x), pad, flip, seed + _STREAM)) if pad or flip else x


Drawn = tuple[Tensor, Tensor, Tensor]
"""For each of some images the row and the column of its crop, and whether it is mirrored."""


def drawn(count: int, pad: int, flip: bool, seed: int) -> Drawn:
    """Return what is random in the augmentation of so many images."""
    draw = torch.Generator().manual_seed(seed)
    rows, columns = torch.randint(2 * pad + 1, (2, count, 1), generator=draw)
    return rows, columns, torch.rand((count, 1), generator=draw) < (0.5 if flip else 0.0)


def shifted(x: Tensor, pad: int, drawn: Drawn) -> Tensor:
    """Return images (N, C, H, W) padded, cropped and mirrored as it was drawn for each."""
    rows, columns, mirrored = drawn
    count, channels, height, width = x.shape
    down, right = rows + torch.arange(height), torch.arange(width).expand(count, width)
    right = columns + torch.where(mirrored, right.flip(1), right)
    padded = functional.pad(x, (pad, pad, pad, pad))
    images, planes = torch.arange(count).view(-1, 1, 1, 1), torch.arange(channels).view(1, -1, 1, 1)
    at = (images, planes, down.view(count, 1, height, 1), right.view(count, 1, 1, width))
    return padded[tuple(index.to(x.device) for index in at)]


ROOM = 512 * 2**20
"""Images of more bytes than this are not cached on the CPU; on a GPU the limit is four times as high."""
PIECE = 256
"""Images prepared between two reports of progress."""
AHEAD = 2
"""Batches that are decoded before they are wanted."""


class Fitted(Protocol):
    """Images as ``Images`` has them; ``judged`` is "test" or "validation", depending on what ``val`` are.

    ``is_lazy`` says that each image is best read when it is wanted.
    """

    train: Tensor
    text: str
    judged: str

    @property
    def val(self) -> Tensor:
        """The indices of the images that are evaluated during training."""

    @property
    def is_lazy(self) -> bool: ...

    def decoding(self, count: int | None = None) -> AbstractContextManager[None]:
        """Return the context in which so many threads decode what is expected: as many as usual, none with 0."""

    def expect(self, indices: Tensor) -> None:
        """Have images decoded that are taken soon, in this order."""

    def take(self, indices: Tensor) -> tuple[Tensor, Tensor]:
        """Return images (N, C, H, W) in float32, and their labels."""


class Feed:
    """The batches of a run: the order of the images is drawn from the seed, epoch by epoch.

    ``images`` are those of the plan by default. ``size`` is the batch; an incomplete batch at the end of an epoch is
    dropped. Call ``fit`` first. In ``images.decoding`` the next batches are decoded before they are wanted. Raises
    ExplorerError as ``Images``, and where there are no training images.
    """

    def __init__(
        self, plan: RunPlan, layout: torch.memory_format = torch.contiguous_format, images: Fitted | None = None
    ) -> None:
        self.images = Images(plan.data, plan.spec, plan.image) if images is None else images
        self._plan, self._layout = plan, layout
        self.size = min(plan.recipe.batch, len(self.images.train))
        self._kept: dict[str, tuple[Tensor, Tensor]] = {}
        self._missing: dict[str, Tensor] = {}
        self._drawn = torch.Generator().manual_seed(plan.seed)
        self._epoch, self._orders = -1, dict[int, Tensor]()

    def fit(self) -> Iterator[Progress]:
        """Yield progress while the images that are worth caching are prepared."""
        recipe, train, val = self._plan.recipe, self.images.train, self.images.val
        if self._fits(train) and recipe.steps * self.size >= len(train):
            yield from self._keep("train", train)
        if self._fits(val) and recipe.evaluate_every:
            yield from self._keep("val", val)

    def _keep(self, part: str, indices: Tensor) -> Iterator[Progress]:
        if not self.images.is_lazy:
            yield from self._fill(part, indices)
        elif self._plan.device != "cpu":  # bytes in memory take a quarter, but would go to the device at every step
            self._missing[part] = torch.ones(len(indices), dtype=torch.bool)

    def _fits(self, indices: Tensor) -> bool:
        spec, image = self._plan.spec, self._plan.image
        room = ROOM if self._plan.device == "cpu" else 4 * ROOM
        return 0 < len(indices) * spec.in_channels * image.height * image.width * 4 <= room

    def _fill(self, part: str, indices: Tensor) -> Iterator[Progress]:
        pieces = torch.split(indices, PIECE)
        batches = []
        for number, piece in enumerate(pieces):
            yield Progress(number, len(pieces), f"loading the images: {number * PIECE:,} of {len(indices):,}")
            batches.append(self.images.take(piece))
        x, y = (torch.cat(column) for column in zip(*batches, strict=True))
        device = self._plan.device
        self._kept[part] = x.to(device).contiguous(memory_format=self._layout), y.to(device)

    def batch(self, step: int) -> tuple[Tensor, Tensor]:
        """Return the images and labels of a step on the device, augmented as in the recipe."""
        places = self._places_of(step)
        if not self._is_filled("train"):
            self._expect("train", places)
            for part, following in self._after(step):
                self._expect(part, following)
        x, y = self._take("train", self.images.train, places)
        return self._augmented(x, step).contiguous(memory_format=self._layout), y

    def outputs(self, model: nn.Module, x: Tensor) -> Tensor:
        """Return what a network makes of a batch."""
        made: Tensor = model(x)
        return made

    def _augmented(self, x: Tensor, step: int) -> Tensor:
        recipe = self._plan.recipe
        return augmented(x, recipe.pad, recipe.flip, step_seed(self._plan.seed, step))

    def _places_of(self, step: int) -> Tensor:
        """Return which of the training images are in a step."""
        epoch, number = divmod(step, len(self.images.train) // self.size)
        return self._places(epoch)[number * self.size : (number + 1) * self.size]

    def _after(self, step: int) -> Iterator[tuple[str, Tensor]]:
        """Yield part and places of what comes after a step: the next batches, and the start of a test between them."""
        recipe = self._plan.recipe
        for following in range(step + 1, min(step + AHEAD, recipe.steps) + 1):
            if recipe.evaluate_every and (following % recipe.evaluate_every == 0 or following == recipe.steps):
                yield "val", torch.arange(min(len(self.images.val), AHEAD * self.size))
            if following < recipe.steps:
                yield "train", self._places_of(following)

    def _expect(self, part: str, places: Tensor) -> None:
        if self._is_filled(part):
            return
        if part in self._missing:
            places = places[self._missing[part][places]]
        self.images.expect((self.images.train if part == "train" else self.images.val)[places])

    def _is_filled(self, part: str) -> bool:
        return part in self._kept and part not in self._missing

    def _places(self, epoch: int) -> Tensor:
        """Return the order of an epoch; a draw takes a millisecond, so going back further than one starts again."""
        if epoch <= self._epoch and epoch not in self._orders:
            self._drawn.manual_seed(self._plan.seed)
            self._epoch = -1
        while self._epoch < epoch:
            self._epoch += 1
            order = torch.randperm(len(self.images.train), generator=self._drawn)
            self._orders = {number: kept for number, kept in self._orders.items() if number == self._epoch - 1}
            self._orders[self._epoch] = order
        return self._orders[epoch]

    def _take(self, part: str, indices: Tensor, places: Tensor) -> tuple[Tensor, Tensor]:
        device = self._plan.device
        if part in self._missing:
            self._complete(part, indices, places)
        if part in self._kept:
            x, y = self._kept[part]
            places = places.to(device)
            return x[places], y[places]
        x, y = self.images.take(indices[places])
        return x.to(device), y.to(device)

    def _complete(self, part: str, indices: Tensor, places: Tensor) -> None:
        """Put what is not there yet of some images on the device."""
        places = places[self._missing[part][places]]
        if not len(places):
            return
        device, (x, y) = self._plan.device, self.images.take(indices[places])
        if part not in self._kept:
            empty = torch.empty((len(indices), *x.shape[1:]), device=device, memory_format=self._layout)
            self._kept[part] = empty, torch.empty(len(indices), dtype=y.dtype, device=device)
        for kept, column in zip(self._kept[part], (x, y), strict=True):
            kept[places.to(device)] = column.to(device)
        self._missing[part][places] = False

    def tests(self, size: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield the images that are evaluated during training in batches of ``size``."""
        pieces = torch.split(torch.arange(len(self.images.val)), size)
        for number, places in enumerate(pieces):
            if self._is_filled("val"):
                yield tuple(column[places[0] : places[-1] + 1] for column in self._kept["val"])  # type: ignore[misc]
                continue
            for coming in pieces[number : number + 2]:
                self._expect("val", coming)
            x, y = self._take("val", self.images.val, places)
            yield x.contiguous(memory_format=self._layout), y


def step_seed(seed: int, step: int) -> int:
    """Return the seed of everything random within a step."""
    return seed * 1_000_003 + step


def check(plan: RunPlan) -> None:
    """Raise ExplorerError where a network has no classes."""
    if plan.spec.classes is None:
        raise ExplorerError("classes", "A backbone has no classes to train for.", "Give it a head.")


_NAMES: Mapping[DataKind, tuple[str, ...]] = {
    DataKind.DIGITS: tuple("0123456789"),
    DataKind.MNIST: tuple("0123456789"),
    DataKind.CIFAR10: (*("airplane", "automobile", "bird", "cat", "deer"), *("dog", "frog", "horse", "ship", "truck")),
    DataKind.FASHION: (
        *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
        *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
    ),
}


def class_names(choice: DataChoice, count: int) -> tuple[str, ...]:
    """Return the names of ``count`` classes; a class without a name has its number."""
    names = _NAMES.get(choice.kind, ())
    if choice.kind is DataKind.FOLDER:
        names = classes_of(find.in_folder(Path(choice.root), find.SUFFIXES).items)
    elif choice.kind is DataKind.CIFAR100:
        from torchvision import datasets  # a second, for those who have such a set alone

        names = tuple(datasets.CIFAR100(choice.root, train=False).classes)
    return tuple(names[index] if index < len(names) else str(index) for index in range(count))
