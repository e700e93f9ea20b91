"""What a check of all images found, and a page of samples, as frozen values."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from resnet_explorer.finetuning.plan import TunePlan

IMBALANCE = 10
"""Ratio of the largest to the smallest class from which there is a warning."""
SHOWN = 3
"""Names in a sentence."""


class Part(StrEnum):
    """What images are for: to train on, to choose the best epoch by, and to judge it by at last.

    Where one of the last two is missing, the other does both.
    """

    TRAIN = "train"
    VAL = "val"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class BadFile:
    """A file that is skipped, and why."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class ClassCount:
    """How many readable images a class has to train on, to be tested with, and to choose the best epoch by."""

    name: str
    train: int
    test: int
    val: int = 0

    @property
    def all(self) -> int:
        return self.train + self.val + self.test


@dataclass(frozen=True, slots=True)
class Sizes:
    """The least, the median and the greatest height and width of the images, in pixels."""

    heights: tuple[int, int, int]
    widths: tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class DataReport:
    """All that was found: ``problems`` stop a training, ``warnings`` do not.

    ``leaks`` are pairs of files of different parts that hold the very same pixels, the one that is more used first;
    ``twins`` are those within the same part; ``contrary`` are pairs of equal pixels with different classes. ``modes``
    count the images by their channels. ``plan`` is the plan with the classes, and with how its weights want the images
    prepared; None where that cannot be. ``white`` is the plan's, and ``notes`` say how files and pixels were read.
    """

    text: str
    classes: tuple[ClassCount, ...]
    unreadable: tuple[BadFile, ...]
    empty: tuple[str, ...]
    leaks: tuple[tuple[str, str], ...]
    twins: tuple[tuple[str, str], ...]
    contrary: tuple[tuple[str, str], ...]
    sizes: Sizes | None
    modes: Mapping[int, int]
    plan: TunePlan | None = None
    white: tuple[float, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def images(self) -> int:
        return sum(row.all for row in self.classes)

    @property
    def train(self) -> int:
        return sum(row.train for row in self.classes)

    @property
    def val(self) -> int:
        """Return how many are there to choose the best epoch by; 0 where the test images do."""
        return sum(row.val for row in self.classes)

    @property
    def test(self) -> int:
        """Return how many are there to judge the best epoch by; 0 where the validation images do."""
        return sum(row.test for row in self.classes)

    @property
    def judging(self) -> str:
        return judging(self.val, self.test)

    @property
    def imbalance(self) -> float | None:
        """Return how many times the smallest class fits in the largest; None where one is empty."""
        counts = [row.train for row in self.classes]
        return max(counts) / min(counts) if all(counts) and counts else None

    @property
    def problems(self) -> tuple[str, ...]:
        """Return what has to be mended before anything can be learnt."""
        if not self.images:
            return (f"{self.text}: there is no readable image. Choose a folder with images of each class.",)
        problems = []
        if len(self.classes) < 2:
            problems.append(f"There is only one class, {self.classes[0].name}: add a folder for another one.")
        if without := [row.name for row in self.classes if not row.train]:
            problems.append(f"{_first_names(without)} without a training image: add some, or leave the class out.")
        if len(self.classes) > self.train:
            problems.append(f"There are more classes ({len(self.classes):,}) than training images ({self.train:,}).")
        if not self.test + self.val:
            problems.append("There is no test image: add some, or hold out a fraction.")
        return tuple(problems)

    @property
    def warnings(self) -> tuple[str, ...]:
        """Return what makes the result worse, or better than it is."""
        texts = []
        if self.unreadable:
            names = _first_names([bad.path for bad in self.unreadable])
            texts.append(f"Unreadable and skipped ({len(self.unreadable):,}): {names}.")
        if self.empty:
            texts.append(f"Folders without images: {_first_names(self.empty)}.")
        if self.leaks:
            text = f"Images that are in several parts ({len(self.leaks):,}), such as"
            texts.append(f"{text} {self.leaks[0][1]}, also {self.leaks[0][0]}: the test accuracy will be too high.")
        if self.contrary:
            texts.append(f"Equal images of different classes ({len(self.contrary):,}), such as {self.contrary[0][0]}.")
        if self.twins:
            texts.append(f"Duplicate images ({len(self.twins):,}), such as {self.twins[0][1]}.")
        if single := [row.name for row in self.classes if row.all == 1]:
            texts.append(f"{_first_names(single)} with a single image: it is used for training, not for testing.")
        if self.imbalance is not None and self.imbalance >= IMBALANCE:
            texts.append(f"The largest class has {self.imbalance:.0f} times as many images as the smallest.")
        if len(self.modes) > 1:
            texts.append(f"Images have {' and '.join(map(str, sorted(self.modes)))} channels: all are converted alike.")
        return tuple(texts)


def _first_names(names: list[str] | tuple[str, ...]) -> str:
    more = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {more:,} more" if more > 0 else "")


def judging(val: int, test: int) -> str:
    """Return which of so many validation and test images choose the best epoch and judge it, in a sentence."""
    if val and test:
        return "The validation images choose the best epoch, and the test images judge it."
    missing, there = ("test", "validation") if val else ("validation", "test")
    return (
        f"There are no {missing} images: the {there} images both choose the best epoch and judge it, so that the"
        " accuracy on new images may be lower."
    )


def pairs(
    digests: Mapping[str, tuple[str, str, Part]],
) -> tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]]:
    """Return leaks, twins and contraries of files by (digest of the pixels, label, part)."""
    by_digest: dict[str, list[str]] = {}
    for name, (digest, _, _) in digests.items():
        by_digest.setdefault(digest, []).append(name)
    leaks, twins, contrary = [], [], []
    for names in (names for names in by_digest.values() if len(names) > 1):
        parts = [[name for name in names if digests[name][2] is part] for part in Part]
        first, *others = (part for part in parts if part)
        leaks += [(first[0], name) for part in others for name in part]
        twins += [(part[0], name) for part in parts for name in part[1:]]
        contrary += [(names[0], name) for name in names[1:] if digests[name][1] != digests[names[0]][1]]
    return tuple(leaks), tuple(twins), tuple(contrary)


def sizes(counts: Counter[tuple[int, int]]) -> Sizes | None:
    """Return the sizes of images, counted by (height, width); None where there are none."""
    if not counts:
        return None
    heights, widths = (sorted(size[side] for size in counts.elements()) for side in (0, 1))
    return Sizes(
        (heights[0], heights[len(heights) // 2], heights[-1]), (widths[0], widths[len(widths) // 2], widths[-1])
    )


@dataclass(frozen=True, slots=True, eq=False)
class SamplePage:
    """Images as the network sees them: (n, H, W, 3) in bytes, with class and file of each, and what was done to them.

    Grey is shown as grey; of more than three channels the first three are shown.
    """

    pixels: NDArray[np.uint8]
    labels: tuple[str, ...]
    files: tuple[str, ...]
    text: str
