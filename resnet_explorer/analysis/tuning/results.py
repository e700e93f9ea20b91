"""Frozen results of what PyTorch measures and does around a fine-tuning."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from resnet_explorer.analysis.training import Ending
from resnet_explorer.analysis.tuning.choices import GreyWay, Preprocess
from resnet_explorer.analysis.tuning.plan import TunePlan

if TYPE_CHECKING:  # numpy need not be there when the window starts
    from numpy import int64
    from numpy.typing import NDArray


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
    def is_whole(self) -> bool:
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
