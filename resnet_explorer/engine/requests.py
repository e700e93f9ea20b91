"""Requests that belong to no lab, as frozen values without tensors."""

from resnet_explorer.dataclass import dataclass
from resnet_explorer.engine.jobs import Place, job
from resnet_explorer.spec import InputShape, ResNetSpec


@job("resnet_explorer.engine.server:verify", waits=True, keeps="resnet_explorer.verify.values:Verdict")
@dataclass(frozen=True, slots=True)
class Verify:
    """Compare the closed form of a network at an input with PyTorch, and with fvcore where asked."""

    spec: ResNetSpec
    image: InputShape
    fvcore: bool = False


@job("resnet_explorer.engine.server:find_devices")
@dataclass(frozen=True, slots=True)
class FindDevices:
    """Tell which devices PyTorch sees."""


@job("resnet_explorer.engine.installer:Installer", Place.SETUP)
@dataclass(frozen=True, slots=True)
class InstallPytorch:
    """Install PyTorch by the checkout's bootstrap, whose file this names; all other jobs wait for it."""

    bootstrap: str


@job("resnet_explorer.engine.server:read_weights")
@dataclass(frozen=True, slots=True)
class ReadWeights:
    """Find the network that a file of weights belongs to, and the figures of its tensors.

    ``key`` chooses where a file holds several networks.
    """

    path: str
    allow_large: bool = False
    key: str | None = None


@job("resnet_explorer.engine.server:read_module", Place.ALONE)
@dataclass(frozen=True, slots=True)
class ReadModule:
    """Run a Python file, and find and prove the network of what it calls ``name``: the answer is an ``OwnModule``.

    Such a job has a process of its own, which ends with it: the file may leave PyTorch in any state.
    """

    path: str
    name: str


@job("resnet_explorer.engine.server:save_weights")
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
