"""What every kind of layer tells of itself, without running.

A kind of layer is a frozen dataclass, and its class is its row: everything else asks it. Shapes are (N, C, H, W), or
(N, features) after flattening. MACs are multiply-accumulates of convolutions and linear layers (1 MAC = 2 FLOPs);
other layers count 0, as in the papers. Bytes are those of float32, PyTorch's default.
"""

from collections.abc import Iterator, Mapping
from dataclasses import fields
from enum import Enum, auto
from functools import lru_cache
from math import exp, prod
from typing import ClassVar, NamedTuple, Protocol

from resnet_explorer.dataclass import dataclass
from resnet_explorer.network.kinds.dimensions import Time, in_dims, slid
from resnet_explorer.network.kinds.tape import Tape, Value
from resnet_explorer.spec import ResNetSpec

Shape = tuple[int, ...]
BYTES_PER_VALUE = 4
"""float32, PyTorch's default."""
STATISTICS, AFFINE, SIGMOID = 4, 2, 4
"""FLOPs of a value's share of mean (1) and variance (3), of scale and shift, and of 1 / (1 + exp(-x))."""


class Role(Enum):
    """What a layer is there for: what is asked instead of its type."""

    CONVOLUTION = auto()
    LINEAR = auto()
    NORM = auto()
    ACTIVATION = auto()
    POOLING = auto()
    GATE = auto()
    """What leads to an attention's weights beside convolutions, and their product with the map."""
    JOIN = auto()
    """The addition at the end of a residual block."""
    MERGE = auto()
    """What takes several maps of a fork and gives one: a sum, a concatenation, a mix."""
    FACTOR = auto()
    SHIFT = auto()
    DROP = auto()
    """What drops values or branches in training, and does nothing in inference."""
    PAD = auto()
    VIEW = auto()


class Tensor(NamedTuple):
    """A tensor of a layer in its module's state_dict; a buffer is measured, not learnt."""

    name: str
    shape: Shape
    buffer: bool = False


class Saves(NamedTuple):
    """What a layer saves for backward: its input, its output, and ``extra`` bytes of what it makes on the way.

    ``passes`` says that the output lies in the input's memory: in place, a view, or nothing done at all.
    """

    input: bool = False
    output: bool = False
    extra: int = 0
    passes: bool = False


Figure = tuple[str, str, str]
"""A figure's name, the figure worked out, and the sentence that teaches it."""
Description = tuple[str, str]
"""The key of a formula in resources/formulas, and the words on a layer at its place."""


class Writing(Protocol):
    """What writes a network as source: it knows the layer as each block of a class has it, and how channels flow."""

    flow: str
    made: "tuple[str, ...]"

    def say(self, field: str, *keys: str) -> str:
        """Return a field of the layer, written as the first of the symbols that has its value in all blocks."""

    def grouped(self) -> str:
        """Return the groups of the layer."""

    def convolution(self, name: str) -> tuple[str, ...]:
        """Return the call of a convolution, and let its output flow on."""


@dataclass(frozen=True, slots=True)
class Where:
    """Where a layer stands: what its description depends on besides the layer itself.

    ``number`` is that of its block in the stage, 0 in stem and head; ``skip`` is the probability that stochastic depth
    skips the block's branch. ``next`` is the layer that runs next; at the end of a chain, the norm after the addition.
    ``gate`` is the name of the attention gate that the layer is in, empty elsewhere. ``shares_input``: the shortcut
    reads the layer's input, too. ``follows_sum``: it comes after the addition. ``starts_at_0``: its weights do.
    """

    spec: ResNetSpec
    name: str
    number: int
    skip: float
    has_shortcut: bool
    on_shortcut: bool
    ends_chain: bool
    next: "Layer | None"
    gate: str
    shares_input: bool
    follows_sum: bool
    starts_at_0: bool

    @property
    def gated_unit(self) -> str:
        """Return what the attention gate weights: ``channel`` or ``position``."""
        return "position" if self.gate == "cbam_spatial" else "channel"

    def zero(self, what: str) -> str:
        """Return the sentence that something starts at 0; empty where it does not."""
        return f" {what} at 0." if self.starts_at_0 else ""


class Layer:
    """A layer; the defaults are those of a pointwise layer without tensors.

    ``module`` is its PyTorch class as ``module:class``, which is built from ``arguments``; empty where the block itself
    computes it. ``renames`` are the names that the class has for fields. ``allocates`` is False where the output lies
    in memory that is there already (in place, or a view); ``operands`` counts the maps of its output's size that it
    reads beside its input; ``saves_input`` says that autograd saves the input for backward; ``sees_all`` that each
    value of its output depends on the whole map; ``is_random`` that it draws numbers in training. In diagrams ``ink``
    is its colour, ``box`` the text in its box, ``is_round`` says that it is a circle, ``has_caption`` that its
    hyper-parameters and ``shows_map`` that the shape of its output stand under it. ``noun`` names windows.
    """

    __slots__ = ()
    role: ClassVar[Role]
    module: ClassVar[str] = ""
    renames: ClassVar[Mapping[str, str]] = {}
    ink: ClassVar[str] = "norm"
    flops_each: ClassVar[int] = 1
    allocates: ClassVar[bool] = True
    operands: ClassVar[int] = 0
    saves_input: ClassVar[bool] = False
    sees_all: ClassVar[bool] = False
    is_random: ClassVar[bool] = False
    shows_map: ClassVar[bool] = False
    has_caption: ClassVar[bool] = False
    is_round: ClassVar[bool] = False
    box: ClassVar[str] = ""
    noun: ClassVar[str] = ""

    @property
    def kind(self) -> str:
        """Return the name of the kind: torch.nn's, where torch has such a layer."""
        return type(self).__name__

    @property
    def params(self) -> int:
        """Return the number of learnable parameters."""
        return _parameters(self)

    def tensors(self) -> Iterator[Tensor]:
        """Yield the tensors that its module's state_dict has."""
        return iter(())

    @property
    def shifts(self) -> bool:
        """Return whether it has a bias, so that a convolution just before it needs none."""
        return any(tensor.name == "bias" for tensor in self.tensors())

    def lifted(self, dims: int, time: Time | None = None) -> "Layer":
        """Return the layer for signals (1 dimension) or videos (3); itself where it is alike in all.

        ``time`` is its window along a video's frames, where that is not the one along height and width.
        """
        return self

    @property
    def time_window(self) -> tuple[int, int]:
        """Return the window along a video's time axis."""
        return self.window

    @property
    def window(self) -> tuple[int, int]:
        """Return (kernel, stride): what one output position sees of the input, and how far apart they lie."""
        return (1, 1)

    def output(self, shape: Shape) -> Shape:
        """Return the output's shape; raises InputError where the layer cannot take that input."""
        return shape

    def starves(self, shape: Shape) -> bool:
        """Return whether training fails on an input of this shape, for want of values to take statistics of."""
        return False

    def idles(self, training: bool) -> bool:
        """Return whether a forward pass computes and moves nothing."""
        return False

    def macs(self, output: Shape) -> int:
        """Return the multiply-accumulates that an output of this shape costs."""
        return 0

    def work(self, shape: Shape, output: Shape) -> int:
        """Return the multiply-accumulates where the input's shape has a say, too."""
        return self.macs(output)

    def flops(self, shape: Shape, output: Shape, training: bool) -> int:
        """Return the FLOPs beside those of the MACs, for an input and an output of these shapes."""
        return self.flops_each * prod(output)

    def saves(self, shape: Shape, output: Shape, training: bool) -> Saves:
        """Return what is saved at these shapes, where the input leads back to a parameter.

        The rules are those of PyTorch's ``tools/autograd/derivatives.yaml`` and of the modules' forward passes, in
        float32 on the CPU. By default the input, where ``saves_input`` says so: the derivative of sums and pads needs
        shapes alone.
        """
        return Saves(input=self.saves_input)

    def record(self, tape: Tape, x: Value) -> Value:
        """Return the output of the layer for an input, after recording what autograd would."""
        raise NotImplementedError(f"{self.kind} has no backward nodes")

    def record_all(self, tape: Tape, inputs: tuple[Value, ...]) -> Value:
        """Return the output for all that the layer takes: more than one map where its role is ``MERGE``."""
        return self.record(tape, *inputs)

    @property
    def built(self) -> str:
        """Return the PyTorch class of this very layer, as ``module:class``."""
        return self.module

    def arguments(self) -> Mapping[str, object]:
        """Return what the PyTorch class is called with: by default the fields."""
        names = [field.name for field in fields(self)]  # type: ignore[arg-type]  # a dataclass
        return {self.renames.get(name, name): getattr(self, name) for name in names}

    @property
    def called(self) -> str:
        """Return how source calls the PyTorch class: ``nn.ReLU``, or the bare name of a class of its own."""
        home, _, name = self.built.partition(":")
        return f"nn.{name}" if home == "torch.nn" else name

    def source(self, write: Writing) -> tuple[str, ...]:
        """Return the class that source calls, and the arguments; empty ones are left out."""
        return (self.called,)

    @property
    def label(self) -> str:
        """Return the words in its box of a diagram."""
        return self.box or self.kind

    @property
    def short(self) -> str:
        """Return its word in the caption of a block; empty where it has none there."""
        return ""

    @property
    def hyper(self) -> str:
        """Return the hyper-parameters in few words: ``3×3 /2 g32 d2`` for stride 2, 32 groups, dilation 2."""
        return ""

    @property
    def caption(self) -> str:
        """Return what stands under its box."""
        return self.hyper if self.has_caption else ""

    @property
    def follows(self) -> str:
        """Return what it does after a convolution of a branch, as a sentence; empty where that goes without saying."""
        return ""

    def figures(self, output: Shape) -> tuple[Figure, ...]:
        """Return the figures with the numbers that they are worked out from."""
        return ()

    def describe(self, at: Where) -> Description:
        """Return the key of its formula and a sentence or two: what it computes, and why it stands there."""
        raise NotImplementedError(f"{self.kind} has no story")

    @property
    def size_key(self) -> str:
        """Return the key of the formula of its output's size; empty where the size stays."""
        return ""


def slide(shape: Shape, kernel: int, stride: int, padding: int) -> tuple[int, int]:
    """Return how many positions a window of ``kernel`` pixels takes along height and width of a map.

    Raises InputError where it does not fit.
    """
    height, width = slid(shape[2:], (kernel, kernel), (stride, stride), (padding, padding))
    return (height, width)


def home(path: str, dims: int) -> str:
    """Return where the PyTorch class of a layer stands for signals and videos, from where it stands for images."""
    if dims == 2 or path.startswith("torch"):
        return in_dims(path, dims)
    return path.replace("module.layers:", "module.any_dims:")


def by(stride: int) -> str:
    """Return a stride in few words; nothing for 1."""
    return f" /{stride}" if stride > 1 else ""


def images(output: Shape) -> tuple[int, ...]:
    """Return the number of images as a factor; nothing for a single one."""
    return output[:1] if output[0] > 1 else ()


def named(name: str, value: str, usual: str) -> str:
    """Return a named argument; nothing where it has its usual value."""
    return "" if value == usual else f"{name}={value}"


def ordinal(number: int) -> str:
    """Return ``second``, ``third``, ``4th``."""
    return {2: "second", 3: "third"}.get(number, f"{number}th")


def gate_start(spec: ResNetSpec) -> str:
    """Return where the gate of a shortcut starts: ``Its bias starts at −6, so that g is about 0.0025 at first.``"""
    bias = f"{spec.gate_bias:g}".replace("-", "−")
    return f"Its bias starts at {bias}, so that g is about {1 / (1 + exp(-spec.gate_bias)):.2g} at first."


@lru_cache(maxsize=1024)
def _parameters(layer: Layer) -> int:
    """Return the parameters of a layer, counted once: an analysis asks for them at every place of an equal layer."""
    return sum(prod(tensor.shape) for tensor in layer.tensors() if not tensor.buffer)
