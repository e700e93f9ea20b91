"""The requests of the fine-tuning lab, as frozen values without tensors."""

from dataclasses import dataclass

from resnet_explorer.engine.jobs import Place, job
from resnet_explorer.finetuning.plan import TunePlan
from resnet_explorer.finetuning.results import Published
from resnet_explorer.spec import ResNetSpec


@job("resnet_explorer.finetuning.jobs:find_weights")
@dataclass(frozen=True, slots=True)
class FindWeights:
    """Tell which weights torchvision publishes of a network: the answer is a tuple of ``Published``, empty for none."""

    spec: ResNetSpec


@job("resnet_explorer.finetuning.jobs:fetch_weights")
@dataclass(frozen=True, slots=True)
class FetchWeights:
    """Download published weights: the answer is the path of the file, and what is done counts bytes.

    To cancel it leaves nothing of them.
    """

    published: Published


@job("resnet_explorer.finetuning.jobs:check_data")
@dataclass(frozen=True, slots=True)
class CheckData:
    """Look at every image of a plan, which need not name its classes yet: the answer is a ``DataReport``."""

    plan: TunePlan


@job("resnet_explorer.finetuning.jobs:show_samples")
@dataclass(frozen=True, slots=True)
class ShowSamples:
    """Prepare some training images as the network sees them: the answer is a ``SamplePage``."""

    plan: TunePlan
    count: int = 24
    seed: int = 0


@job("resnet_explorer.finetuning.jobs:compare_grey_ways")
@dataclass(frozen=True, slots=True)
class CompareGrey:
    """Measure on some images what each way of grey ones into the network changes: the answer is a ``GreyReport``."""

    plan: TunePlan


@job("resnet_explorer.finetuning.jobs:tune_run", Place.POOL)
@dataclass(frozen=True, slots=True)
class TuneRun:
    """Fine-tune a network in a folder from where it stopped there; ``until`` so many steps are made in all.

    It is ``TrainRun`` of a plan of fine-tuning, which need not name its classes: what comes of it is a ``TuneEnding``.
    """

    plan: TunePlan
    folder: str
    until: int | None = None
    have: int | None = None
    tensorboard: bool = False

    @property
    def device(self) -> str:
        """Return the device that it needs."""
        return self.plan.device


@job("resnet_explorer.finetuning.jobs:judge_run")
@dataclass(frozen=True, slots=True)
class JudgeTune:
    """Judge the test images before a fine-tuning and after it: what comes of it is a ``BeforeAfter``."""

    folder: str


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
    """Name the images in some files by a tuned network: the answer is a tuple of ``Prediction``."""

    folder: str
    files: tuple[str, ...]
