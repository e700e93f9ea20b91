"""The requests of the fine-tuning lab and their results, as frozen values without tensors."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from resnet_explorer.dataclass import dataclass
from resnet_explorer.engine.jobs import Place, job
from resnet_explorer.errors import ExplorerError
from resnet_explorer.finetuning.choices import GreyWay, Preprocess
from resnet_explorer.finetuning.plan import TunePlan
from resnet_explorer.readings.plottable import Plottable
from resnet_explorer.runs.folder import run_files
from resnet_explorer.runs.plan import Ending
from resnet_explorer.spec import ResNetSpec
from resnet_explorer.spec.catalogue import title


@dataclass(frozen=True, slots=True)
class GreyMeasure:
    """Relative error of a way's outputs against those for the repeated channel.

    ``inference`` with running statistics, ``training`` with batch statistics.
    """

    way: GreyWay
    inference: float
    training: float


@dataclass(frozen=True, slots=True)
class GreyReport:
    """Every way measured on some images; ``statistics`` is what normalising each colour with its own values changes.

    That is the network on the repeated channel, with a mean and standard deviation for each colour, against the same
    with one for all.
    """

    measures: tuple[GreyMeasure, ...]
    statistics: float
    images: int

    def of(self, way: GreyWay) -> GreyMeasure:
        return next(measure for measure in self.measures if measure.way is way)


@dataclass(frozen=True, slots=True)
class FreezeReport:
    """What really trains, read off the tensors; ``parameters`` counts those that train.

    ``still`` are the batch norms that use their running statistics and leave them as they are.
    ``silent`` are attributes that somebody set and that do nothing.
    """

    trainable: tuple[str, ...]
    frozen: tuple[str, ...]
    parameters: int
    still: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()


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

    def is_called(self, name: str) -> bool:
        """Return whether ``name`` means these weights: the best of a network are also called ``DEFAULT``."""
        return self.name == name or (name == "DEFAULT" and self.is_default)

    @property
    def text(self) -> str:
        size = f"{self.bytes / 1e6:,.0f} MB"
        return f"{self.name} of {self.network}: {size}, {self.top1:g} % top-1 on ImageNet. {self.licence}"


@dataclass(frozen=True, slots=True)
class Started:
    """What a network to tune starts from: ``sentences`` say it, ``head_loaded`` whether the head came from a file."""

    sentences: tuple[str, ...]
    loaded: int
    head_loaded: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a fine-tuning ended: loss and accuracy on the test images, before, and with the best weights.

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
class Evaluation:
    """Test images evaluated: ``counts`` has a row for each true class and a column for each predicted one."""

    counts: NDArray[np.int64]
    loss: float

    @property
    def accuracy(self) -> float:
        return float(self.counts.trace() / self.counts.sum())

    def recall(self, label: int) -> float | None:
        """Return the recall of a class; None where it has no images."""
        count = int(self.counts[label].sum())
        return float(self.counts[label, label] / count) if count else None


@dataclass(frozen=True, slots=True, eq=False)
class BeforeAfter(Plottable):
    """A network on the same test images before its fine-tuning and with its best weights.

    ``before`` has the initial weights, None where they are no longer available; ``sentences`` say what it
    started from, and that a new head guesses. ``data`` says what the images are.
    """

    chart_by: ClassVar[str] = "resnet_explorer.finetuning.charts:chart_of_tuning"

    folder: str
    plan: TunePlan
    before: Evaluation | None
    after: Evaluation
    outcome: Outcome
    sentences: tuple[str, ...]
    data: str


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a network says of an image: (class, probability) from the likeliest on, or why it cannot be read."""

    file: str
    classes: tuple[tuple[str, float], ...]
    problem: str = ""


def choose_published(published: Sequence[Published], spec: ResNetSpec, name: str) -> Published:
    """Return those weights of a network that a name means; raises ExplorerError where there are none."""
    if not published:
        text = f"torchvision publishes no weights for {title(spec)}."
        raise ExplorerError("weights", text, "Choose a file, or none, or one of the ResNets of ImageNet.")
    for weights in published:
        if weights.is_called(name):
            return weights
    names = ", ".join(weights.name for weights in published)
    raise ExplorerError("weights", f"{title(spec)} has no weights called {name}.", f"Choose DEFAULT or {names}.")


@job("resnet_explorer.finetuning.jobs:find_weights")
@dataclass(frozen=True, slots=True)
class FindWeights:
    """List the weights that torchvision publishes for a network: the answer is a tuple of ``Published``."""

    spec: ResNetSpec


@job("resnet_explorer.finetuning.jobs:fetch_weights")
@dataclass(frozen=True, slots=True)
class FetchWeights:
    """Download published weights: the answer is the path of the file, and what is done counts bytes.

    To cancel it leaves nothing of them.
    """

    published: Published


@job("resnet_explorer.finetuning.checks:check", keeps="resnet_explorer.finetuning.data_report:DataReport")
@dataclass(frozen=True, slots=True)
class CheckData:
    """Check every image of a plan, which need not name its classes yet: the answer is a ``DataReport``."""

    plan: TunePlan


@job("resnet_explorer.finetuning.checks:samples", keeps="resnet_explorer.finetuning.data_report:SamplePage")
@dataclass(frozen=True, slots=True)
class ShowSamples:
    """Prepare some training images as the network sees them: the answer is a ``SamplePage``."""

    plan: TunePlan
    count: int = 24
    seed: int = 0


@job("resnet_explorer.finetuning.checks:compare_grey")
@dataclass(frozen=True, slots=True)
class CompareGrey:
    """Measure on some images what each way for grey images changes: the answer is a ``GreyReport``."""

    plan: TunePlan


@job("resnet_explorer.finetuning.jobs:tune_run", Place.POOL)
@dataclass(frozen=True, slots=True)
class TuneRun:
    """Fine-tune a network in a folder from where it stopped there; ``until`` so many steps are made in all.

    It is ``TrainRun`` of a plan of fine-tuning, which need not name its classes: what comes of it is a ``TuneEnding``.
    ``features_budget`` are the bytes on disk that features of frozen layers may take; None for what the user chose.
    """

    plan: TunePlan
    folder: str
    until: int | None = None
    known_steps: int | None = None
    tensorboard: bool = False
    features_budget: int | None = None
    decode: int | None = None

    @property
    def device(self) -> str:
        return self.plan.device


@job("resnet_explorer.finetuning.lab:evaluate", keeps="resnet_explorer.finetuning.values:BeforeAfter")
@dataclass(frozen=True, slots=True)
class EvaluateTuned:
    """Evaluate the test images before and after a fine-tuning: the answer is a ``BeforeAfter``.

    ``decode`` is how many threads decode images, as in ``TrainRun``.
    """

    folder: str
    decode: int | None = None

    @property
    def reads(self) -> tuple[str, ...]:
        return run_files(self.folder)


@job("resnet_explorer.finetuning.jobs:save_tuned")
@dataclass(frozen=True, slots=True)
class SaveTuned:
    """Write what a run's folder holds, by the ending of the path: weights, a program, the script, or the model card.

    Endings are .safetensors, .pth, .onnx, .pt2 (torch.export), .py and .md; the answer is the path. ONNX takes images
    of any size where ``dynamic``.
    """

    folder: str
    path: str
    dynamic: bool = False


@job("resnet_explorer.finetuning.jobs:predict_files")
@dataclass(frozen=True, slots=True)
class Predict:
    """Classify the images in some files: the answer is a tuple of ``Prediction``."""

    folder: str
    files: tuple[str, ...]
