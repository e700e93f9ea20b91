"""What a look at images finds before they are trained on, and a page of them as the network sees them."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from resnet_explorer.analysis.tuning.plan import TunePlan

IMBALANCE = 10
"""From this ratio between the largest and the smallest class on it is said."""
SHOWN = 3
"""So many names stand in a sentence."""


@dataclass(frozen=True, slots=True)
class BadFile:
    """A file that is skipped, and why."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class ClassCount:
    """How many readable images a class has to train on and to be tested with."""

    name: str
    train: int
    test: int

    @property
    def all(self) -> int:
        """Return both together."""
        return self.train + self.test


@dataclass(frozen=True, slots=True)
class Sizes:
    """The least, the median and the greatest height and width of the images, in pixels."""

    heights: tuple[int, int, int]
    widths: tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class DataReport:
    """All that was found: ``problems`` stop a training, ``warnings`` do not.

    ``leaks`` are (training file, test file) that hold the very same pixels, ``twins`` those within the same part;
    ``contrary`` are pairs of equal pixels with different classes. ``modes`` count the images by their channels.
    ``plan`` is the plan with the classes, and with how its weights want the images prepared; None where that cannot be.
    """

    words: str
    classes: tuple[ClassCount, ...]
    unreadable: tuple[BadFile, ...]
    empty: tuple[str, ...]
    leaks: tuple[tuple[str, str], ...]
    twins: tuple[tuple[str, str], ...]
    contrary: tuple[tuple[str, str], ...]
    sizes: Sizes | None
    modes: Mapping[int, int]
    plan: TunePlan | None = None

    @property
    def images(self) -> int:
        """Return how many images can be read."""
        return sum(one.all for one in self.classes)

    @property
    def train(self) -> int:
        """Return how many of them there are to train on."""
        return sum(one.train for one in self.classes)

    @property
    def imbalance(self) -> float | None:
        """Return how many times the smallest class fits in the largest; None where one is empty."""
        counts = [one.train for one in self.classes]
        return max(counts) / min(counts) if all(counts) and counts else None

    @property
    def problems(self) -> tuple[str, ...]:
        """Return what has to be mended before anything can be learnt."""
        if not self.images:
            return (f"{self.words}: there is no image that can be read. Choose a folder with an image for each class.",)
        found = []
        if len(self.classes) < 2:
            found.append(f"There is one class alone, {self.classes[0].name}: add a folder for another one.")
        if without := [one.name for one in self.classes if not one.train]:
            found.append(f"{_some(without)} without an image to train on: add some, or take the class out.")
        if len(self.classes) > self.train:
            found.append(f"There are more classes ({len(self.classes):,}) than training images ({self.train:,}).")
        if not sum(one.test for one in self.classes):
            found.append("There is no image to test with: add some, or let a share be kept.")
        return tuple(found)

    @property
    def warnings(self) -> tuple[str, ...]:
        """Return what makes the result worse, or better than it is."""
        found = []
        if self.unreadable:
            names = _some([one.path for one in self.unreadable])
            found.append(f"Unreadable and skipped ({len(self.unreadable):,}): {names}.")
        if self.empty:
            found.append(f"Folders without images: {_some(self.empty)}.")
        if self.leaks:
            words = f"Test images that are also trained on ({len(self.leaks):,}), such as {self.leaks[0][1]}"
            found.append(f"{words}: the test will look better than it is.")
        if self.contrary:
            found.append(f"Equal images of different classes ({len(self.contrary):,}), such as {self.contrary[0][0]}.")
        if self.twins:
            found.append(f"Images that are there twice ({len(self.twins):,}), such as {self.twins[0][1]}.")
        if single := [one.name for one in self.classes if one.all == 1]:
            found.append(f"{_some(single)} with a single image: it is trained on, and never tested.")
        if self.imbalance is not None and self.imbalance >= IMBALANCE:
            found.append(f"The largest class has {self.imbalance:.0f} times as many images as the smallest.")
        if len(self.modes) > 1:
            found.append(f"Images have {' and '.join(map(str, sorted(self.modes)))} channels: all are given the same.")
        return tuple(found)


def _some(names: list[str] | tuple[str, ...]) -> str:
    """Return the first names, and how many more there are."""
    more = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {more:,} more" if more > 0 else "")


def pairs(
    digests: Mapping[str, tuple[str, str, bool]],
) -> tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]]:
    """Return leaks, twins and contraries of files by (digest of the pixels, label, whether it is for the test)."""
    by_digest: dict[str, list[str]] = {}
    for name, (digest, _, _) in digests.items():
        by_digest.setdefault(digest, []).append(name)
    leaks, twins, contrary = [], [], []
    for names in (names for names in by_digest.values() if len(names) > 1):
        train = [name for name in names if not digests[name][2]]
        test = [name for name in names if digests[name][2]]
        leaks += [(train[0], name) for name in test] if train else []
        twins += [(part[0], name) for part in (train, test) for name in part[1:]]
        contrary += [(names[0], name) for name in names[1:] if digests[name][1] != digests[names[0]][1]]
    return tuple(leaks), tuple(twins), tuple(contrary)


def sizes(found: Counter[tuple[int, int]]) -> Sizes | None:
    """Return the sizes of images, counted by (height, width); None where there are none."""
    if not found:
        return None
    heights, widths = (sorted(size[side] for size in found.elements()) for side in (0, 1))
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
    words: str
