"""What the window and the engine say to each other: frozen values, no tensors."""

import signal
from dataclasses import dataclass

from resnet_explorer.analysis.autograd import AutogradGraph
from resnet_explorer.analysis.gradient_presets import LabRequest
from resnet_explorer.analysis.highway import Highway
from resnet_explorer.analysis.inside import InsideRequest
from resnet_explorer.analysis.rate_test import HIGHEST, LOWEST, STEPS
from resnet_explorer.analysis.timing import Peaks, Timing
from resnet_explorer.analysis.training import RunPlan
from resnet_explorer.analysis.tuning.plan import TunePlan
from resnet_explorer.analysis.tuning.results import Published
from resnet_explorer.drawing.graph.clusters import Cluster
from resnet_explorer.spec import InputShape, ResNetSpec


@dataclass(frozen=True, slots=True)
class Verify:
    """Compare the closed form of a network at an input with PyTorch, and with fvcore where asked."""

    spec: ResNetSpec
    image: InputShape
    fvcore: bool = False


@dataclass(frozen=True, slots=True)
class FindDevices:
    """Tell which devices PyTorch sees."""


@dataclass(frozen=True, slots=True)
class ReadWeights:
    """Find the network that a file of weights belongs to, and the figures of its tensors.

    ``key`` chooses where a file holds several networks.
    """

    path: str
    allow_large: bool = False
    key: str | None = None


@dataclass(frozen=True, slots=True)
class ReadModule:
    """Run a Python file, and find and prove the network of what it calls ``name``: the answer is an ``OwnModule``.

    Such a job has a process of its own, which ends with it: the file may leave PyTorch in any state.
    """

    path: str
    name: str


@dataclass(frozen=True, slots=True)
class SaveWeights:
    """Write a network's weights: those of ``source``, a file of weights, or fresh ones of a seed.

    ONNX takes images of any size where ``dynamic``, those of ``image`` otherwise.
    """

    spec: ResNetSpec
    image: InputShape
    path: str
    source: str = ""
    seed: int = 0
    dynamic: bool = False
    key: str | None = None


@dataclass(frozen=True, slots=True)
class RecordGraph:
    """Record the autograd graph of a network at an input on a device, with its highway."""

    spec: ResNetSpec
    image: InputShape
    device: str = "cpu"
    loss: bool = True
    training: bool = True
    saved: bool = False


@dataclass(frozen=True, slots=True)
class DrawTorchviz:
    """Let torchviz and Graphviz draw the same graph: the answer is an SVG file, and its DOT source."""

    graph: RecordGraph


@dataclass(frozen=True, slots=True)
class MeasureTime:
    """Time each layer and block of a network at an input on a device, backward too where it ``trains``."""

    spec: ResNetSpec
    image: InputShape
    device: str = "cpu"
    repeats: int = 10
    trains: bool = True


@dataclass(frozen=True, slots=True)
class TrainRun:
    """Train a network in a folder from where it stopped there; ``until`` so many steps are made in all.

    What is known so far is a ``Chunk`` of steps, and what comes of it an ``Ending``. To cancel it is to pause it: its
    state is saved first, and the same job goes on from there. ``have`` is how many steps whoever asks knows already:
    what is kept since comes first.
    """

    plan: RunPlan
    folder: str
    until: int | None = None
    tensorboard: bool = False
    have: int | None = None

    @property
    def device(self) -> str:
        """Return the device that it needs."""
        return self.plan.device


@dataclass(frozen=True, slots=True)
class FindRate:
    """Try rising learning rates on a network: what comes of it is a ``RateTest``."""

    plan: RunPlan
    lowest: float = LOWEST
    highest: float = HIGHEST
    steps: int = STEPS

    @property
    def device(self) -> str:
        """Return the device that it needs."""
        return self.plan.device


@dataclass(frozen=True, slots=True)
class FindWeights:
    """Tell which weights torchvision publishes of a network: the answer is a tuple of ``Published``, empty for none."""

    spec: ResNetSpec


@dataclass(frozen=True, slots=True)
class FetchWeights:
    """Download published weights: the answer is the path of the file, and what is done counts bytes.

    To cancel it leaves nothing of them.
    """

    published: Published


@dataclass(frozen=True, slots=True)
class CheckData:
    """Look at every image of a plan, which need not name its classes yet: the answer is a ``DataReport``."""

    plan: TunePlan


@dataclass(frozen=True, slots=True)
class ShowSamples:
    """Prepare some training images as the network sees them: the answer is a ``SamplePage``."""

    plan: TunePlan
    count: int = 24
    seed: int = 0


@dataclass(frozen=True, slots=True)
class CompareGrey:
    """Measure on some images what each way of grey ones into the network changes: the answer is a ``GreyReport``."""

    plan: TunePlan


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


@dataclass(frozen=True, slots=True)
class JudgeTune:
    """Judge the test images before a fine-tuning and after it: what comes of it is a ``BeforeAfter``."""

    folder: str


@dataclass(frozen=True, slots=True)
class SaveTuned:
    """Write what a run's folder holds, by the ending of the path: weights, a program, the script, or the model card.

    Endings are .safetensors, .pth, .onnx, .pt2 (torch.export), .py and .md; the answer is the path. ONNX takes images
    of any size where ``dynamic``.
    """

    folder: str
    path: str
    dynamic: bool = False


@dataclass(frozen=True, slots=True)
class Predict:
    """Name the images in some files by a tuned network: the answer is a tuple of ``Prediction``."""

    folder: str
    files: tuple[str, ...]


TuneJob = FindWeights | FetchWeights | CheckData | ShowSamples | CompareGrey | TuneRun | JudgeTune | SaveTuned | Predict
Job = (
    Verify
    | FindDevices
    | ReadWeights
    | ReadModule
    | SaveWeights
    | RecordGraph
    | DrawTorchviz
    | MeasureTime
    | LabRequest
    | TrainRun
    | FindRate
    | InsideRequest
    | TuneJob
)


@dataclass(frozen=True, slots=True, eq=False)
class Recorded:
    """What comes of ``RecordGraph``: the graph, its highway, and its nodes in the clusters in which they are drawn."""

    graph: AutogradGraph
    highway: Highway
    clusters: tuple[Cluster, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """What comes of ``MeasureTime``: the times, and what the device can do at best."""

    job: MeasureTime
    timing: Timing
    peaks: Peaks


@dataclass(frozen=True, slots=True)
class Device:
    """A device that PyTorch can use: its name for PyTorch, its name for people, its memory in bytes where known.

    ``free`` is how much of that nobody uses; None for the CPU, whose memory the window can see itself.
    ``instruction_set`` is what PyTorch computes with on the CPU.
    """

    key: str
    title: str
    memory: int | None = None
    free: int | None = None
    instruction_set: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """A job under a number; only the newest number of its kind counts."""

    number: int
    job: Job


@dataclass(frozen=True, slots=True)
class Cancel:
    """Stop the job of that number at its next step."""

    number: int


@dataclass(frozen=True, slots=True)
class Stepped:
    """The job of that number has done some of its steps, and what it does now."""

    number: int
    done: int
    of: int
    words: str


@dataclass(frozen=True, slots=True)
class Known:
    """What is known so far of a job's result: each replaces the one before, but of a run it is what came since."""

    number: int
    result: object


@dataclass(frozen=True, slots=True)
class Finished:
    """The job of that number has a result: a frozen value of ``analysis``, or a tuple of devices."""

    number: int
    result: object


@dataclass(frozen=True, slots=True)
class Stopped:
    """The job of that number was cancelled."""

    number: int


@dataclass(frozen=True, slots=True)
class Failed:
    """The job of that number came to nothing: what went wrong, what to do, and the trace for the log.

    ``lasts`` where any other job would come to nothing for the same reason.
    """

    number: int
    what: str
    remedy: str
    trace: str = ""
    lasts: bool = False


@dataclass(frozen=True, slots=True)
class Died:
    """The engine's process ended while it was needed; ``status`` is its exit status, negative for a signal.

    It is None where the process could not be started. ``worker`` says which one of a pool of them, from 1; 0 is the
    engine that stands alone.
    """

    status: int | None
    worker: int = 0

    @property
    def words(self) -> str:
        """Return what happened and what to do; only a signal that a lack of memory may send is blamed on it."""
        if self.status is None:
            return "PyTorch's process could not be started. Try again."
        if self.status >= 0:
            return f"PyTorch's process ended with exit status {self.status}. Try again."
        try:
            name = signal.Signals(-self.status).name
        except ValueError:
            name = f"signal {-self.status}"
        if name in ("SIGKILL", "SIGBUS"):
            what, remedy = f"was ended by {name}, perhaps for lack of memory", "Try again, or a smaller batch or image."
        else:
            what, remedy = (
                f"crashed ({name})",
                "Try again. If that happens again, choose another device.",
            )
        return f"PyTorch's process {what}. {remedy}"


Reply = Stepped | Known | Finished | Stopped | Failed | Died
