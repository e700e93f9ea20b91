"""What the window and the engine say to each other: frozen values, no tensors."""

from dataclasses import dataclass

from resnet_explorer.analysis.autograd import AutogradGraph
from resnet_explorer.analysis.gradient_presets import LabRequest
from resnet_explorer.analysis.highway import Highway
from resnet_explorer.analysis.timing import Peaks, Timing
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
    """Find the network that a file of weights belongs to, and the figures of its tensors."""

    path: str
    allow_large: bool = False


@dataclass(frozen=True, slots=True)
class SaveWeights:
    """Write a network's weights: those of ``source``, a file of weights, or fresh ones of a seed."""

    spec: ResNetSpec
    image: InputShape
    path: str
    source: str = ""
    seed: int = 0


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


Job = Verify | FindDevices | ReadWeights | SaveWeights | RecordGraph | DrawTorchviz | MeasureTime | LabRequest


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
    """

    key: str
    title: str
    memory: int | None = None
    free: int | None = None


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
    """What is known so far of a job's result: each replaces the one before."""

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
    """The job of that number came to nothing: what went wrong, what to do, and the trace for the log."""

    number: int
    what: str
    remedy: str
    trace: str = ""


@dataclass(frozen=True, slots=True)
class Died:
    """The engine's process ended while it was needed; ``status`` is its exit status, negative for a signal."""

    status: int | None


Reply = Stepped | Known | Finished | Stopped | Failed | Died
