"""Frozen results of what PyTorch measures and does around a fine-tuning."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from resnet_explorer.finetuning.choices import GreyWay, Preprocess
from resnet_explorer.finetuning.plan import TunePlan
from resnet_explorer.runs.plan import Ending

if TYPE_CHECKING:
    from numpy import int64


@dataclass(frozen=True, slots=True)
class GreyMeasure:
    """How far a way's answers lie from the network's on the repeated channel, as shares of their length.

    ``inference`` with running statistics, ``training`` with those of the batch.
    """

    way: GreyWay
    inference: float
    training: float


@dataclass(frozen=True, slots=True)
class GreyReport:
    """Every way measured on some images; ``statistics`` is what norming each colour by its own values changes.

    That is the network on the repeated channel, with the means and deviations of the colours, against the same with
    one mean and deviation.
    """

    measures: tuple[GreyMeasure, ...]
    statistics: float
    images: int

    def of(self, way: GreyWay) -> GreyMeasure:
        """Return what was measured of a way."""
        return next(one for one in self.measures if one.way is way)


@dataclass(frozen=True, slots=True)
class FreezeReport:
    """What really trains, read off the tensors; ``silent`` are attributes that somebody set and that do nothing.

    ``still`` are the batch norms that use their running statistics and leave them as they are.
    """

    trainable: tuple[str, ...]
    frozen: tuple[str, ...]
    trainable_parameters: int
    frozen_parameters: int
    still: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """Return the report as a sentence."""
        tensors = len(self.trainable) + len(self.frozen)
        parameters = self.trainable_parameters + self.frozen_parameters
        return (
            f"{len(self.trainable):,} of {tensors:,} tensors train:"
            f" {self.trainable_parameters:,} of {parameters:,} parameters."
        )


@dataclass(frozen=True, slots=True)
class Published:
    """Weights that torchvision publishes for a network; accuracies in per cent on ImageNet, of one crop.

    ``cached`` is where they lie on this machine, empty where they do not.
    """

    network: str
    name: str
    is_default: bool
    url: str
    bytes: int
    parameters: int
    top1: float
    top5: float
    classes: tuple[str, ...]
    preprocess: Preprocess
    recipe: str
    licence: str
    cached: str = ""

    @property
    def words(self) -> str:
        """Return what is asked before a download, in a sentence."""
        size = f"{self.bytes / 1e6:,.0f} MB"
        return f"{self.name} of {self.network}: {size}, {self.top1:g} % top-1 on ImageNet. {self.licence}"


@dataclass(frozen=True, slots=True)
class Started:
    """What a network to tune starts from: ``words`` say it, ``head_loaded`` whether the head came from a file."""

    words: tuple[str, ...]
    loaded: int
    head_loaded: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a fine-tuning ended: losses and shares named right of the test images, before, and with the best weights.

    ``best_epoch`` counts from 1; ``epochs`` were made. ``train_loss`` is the mean over the last ``train_steps`` steps.
    What is not known is None.
    """

    before_accuracy: float | None
    test_accuracy: float | None
    test_loss: float | None
    train_loss: float | None
    best_epoch: int | None
    epochs: int
    seconds: float
    torch: str
    app: str
    machine: str = ""
    train_steps: int = 0


@dataclass(frozen=True, slots=True)
class TuneEnding(Ending):
    """How a piece of fine-tuning ended, with the epoch, counted from 1, whose validation loss was the least so far.

    Without validation images it is the test loss. ``waited`` is how many epochs came since without a better one;
    ``stopped_early`` says that these were too many.
    """

    best_epoch: int | None = None
    best_loss: float | None = None
    best_accuracy: float | None = None
    waited: int = 0
    stopped_early: bool = False

    @property
    def is_finished(self) -> bool:
        """Return whether every step was made that there was reason to make."""
        return (self.steps >= self.of or self.stopped_early) and not self.problem


@dataclass(frozen=True, slots=True, eq=False)
class Judgement:
    """How test images are named: ``counts`` has a row for each true class, a column for each given one."""

    counts: "NDArray[int64]"
    loss: float

    @property
    def accuracy(self) -> float:
        """Return the share that was named right."""
        return float(self.counts.trace() / self.counts.sum())

    def recall(self, label: int) -> float | None:
        """Return the share of a class's images that were given to it; None where there are none."""
        count = int(self.counts[label].sum())
        return float(self.counts[label, label] / count) if count else None


@dataclass(frozen=True, slots=True, eq=False)
class BeforeAfter:
    """A network on the same test images before its fine-tuning and with its best weights.

    ``before`` has the first weights as at step 0, None where they are not there any longer; ``words`` say what it
    started from, and that a new head guesses. ``data`` says what the images are.
    """

    folder: str
    plan: TunePlan
    before: Judgement | None
    after: Judgement
    outcome: Outcome
    words: tuple[str, ...]
    data: str


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a network says of an image: (class, probability) from the likeliest on, or why it cannot be read."""

    file: str
    classes: tuple[tuple[str, float], ...]
    problem: str = ""


IMBALANCE = 10
"""From this ratio between the largest and the smallest class on it is said."""
SHOWN = 3
"""So many names stand in a sentence."""


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
        """Return all together."""
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
    white: tuple[float, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def images(self) -> int:
        """Return how many images can be read."""
        return sum(one.all for one in self.classes)

    @property
    def train(self) -> int:
        """Return how many of them there are to train on."""
        return sum(one.train for one in self.classes)

    @property
    def val(self) -> int:
        """Return how many are there to choose the best epoch by; 0 where the test images do."""
        return sum(one.val for one in self.classes)

    @property
    def test(self) -> int:
        """Return how many are there to judge the best epoch by; 0 where the validation images do."""
        return sum(one.test for one in self.classes)

    @property
    def judging(self) -> str:
        """Return which images choose the best epoch and which judge it, in a sentence."""
        return judging(self.val, self.test)

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
        if not self.test + self.val:
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
            words = f"Images that are also trained on, or in both other parts ({len(self.leaks):,}), such as"
            found.append(f"{words} {self.leaks[0][1]}, also {self.leaks[0][0]}: the test will look better than it is.")
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
