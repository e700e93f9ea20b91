"""Claims about gradients as experiments: the question, the request, what to look for, and the references."""

from collections.abc import Mapping
from dataclasses import dataclass

from resnet_explorer.gradients.descent import DescentRequest, LesionRequest, PathsRequest
from resnet_explorer.gradients.values import CIFAR_BATCH, GradientRequest, ShatterRequest
from resnet_explorer.readings.quantities import Mode, Quantity
from resnet_explorer.readings.results import Reference
from resnet_explorer.spec import ResNetSpec
from resnet_explorer.spec.catalogue import find, named, twin
from resnet_explorer.spec.change import assign

LabRequest = GradientRequest | DescentRequest | PathsRequest | ShatterRequest | LesionRequest


@dataclass(frozen=True, slots=True)
class Preset:
    """A claim to check; ``shows`` is the quantity to show first, where blocks are measured."""

    key: str
    title: str
    question: str
    request: LabRequest
    look_for: str
    references: tuple[Reference, ...]
    shows: Quantity = Quantity.INPUT


_HE = Reference("He et al. 2015, section 4.1", "1512.03385")
_YANG = Reference("Yang et al. 2019, “A Mean Field Theory of Batch Normalization”", "1902.08129")
_VEIT = Reference("Veit et al. 2016, “Residual Networks Behave Like Ensembles”", "1605.06431")
_BALDUZZI = Reference("Balduzzi et al. 2017, “The Shattered Gradients Problem”", "1702.08591")
_INIT = Reference("He et al. 2015, “Delving Deep into Rectifiers”, section 2.2", "1502.01852")
_GOYAL = Reference("Goyal et al. 2017, section 5.1", "1706.02677")
_IDENTITY = Reference("He et al. 2016, “Identity Mappings”, section 2", "1603.05027")
_DE = Reference("De and Smith 2020, “Batch Normalization Biases Residual Blocks”", "2002.10444")
_ZHANG = Reference("Zhang et al. 2019, “Fixup Initialization”, section 2", "1901.09321")


def _net(name: str, *settings: str) -> ResNetSpec:
    return named(assign(find(name), *settings)) if settings else find(name)


def _pair(name: str, *settings: str) -> tuple[ResNetSpec, ...]:
    spec = _net(name, *settings)
    return spec, twin(spec)


_SMALL = ("width=8", "in_channels=1")
_GREY = "in_channels=1"
_FOUR = tuple(_net(name, *_SMALL) for name in ("resnet56", "plain56", "resnet20", "plain20"))

_ROWS = (
    Preset(
        "batch-norm",
        "With batch norm",
        "does the gradient vanish?",
        GradientRequest(_pair("resnet56", "init=he-fan-in")),
        "With batch norm the gradient of the plain net does not vanish at the start: towards the input it grows, by "
        "about a half with each block (theory for wide nets: π/(π − 1) = 1.467 for every two layers). The shortcut "
        "keeps the growth small.",
        (_HE, _YANG),
    ),
    Preset(
        "no-norm",
        "Without batch norm",
        "now it vanishes",
        GradientRequest(_pair("resnet56", "norm=none", "init=pytorch-default")),
        "Without a norm, and with PyTorch's default initialisation, each block of the plain net scales the gradient by "
        "about a sixth (√1/6 for each layer): it vanishes towards the input. The residual net, with the same weights, "
        "preserves it.",
        (_HE, _INIT),
    ),
    Preset(
        "he-start",
        "Without a norm, He's initialisation",
        "is a good initialisation enough?",
        GradientRequest(_pair("resnet56", "norm=none", "init=he-fan-in")),
        "He's initialisation preserves the plain net's gradient: it shrinks by a few per cent per block. Now the "
        "residual net has the problem: every block adds about as much as it passes on, and the gradient grows by some "
        "1.4 per block (√2).",
        (_INIT, _ZHANG),
    ),
    Preset(
        "underflow",
        "Underflow in float32",
        "is 0 really 0?",
        GradientRequest(_pair("resnet110", "norm=none", "init=pytorch-default"), seeds=(0,)),
        "At 110 layers the plain net's signal is too small for float32 before it reaches the loss, and every gradient "
        "but that of the last block's output is 0: marked as underflow, since in float64 none is. Choose float64 to "
        "see the numbers.",
        (_INIT,),
    ),
    Preset(
        "zero-init",
        "Zero-init of the last norm",
        "every block starts as its shortcut",
        GradientRequest((_net("resnet56", "zero_init=true"), _net("resnet56"))),
        "With the last norm of each branch at 0 nothing comes back through the branches at the first step: the branch "
        "term is exactly 0, and the gradient reaches the first block unchanged. Nothing before the "
        "last norm of a branch has a gradient yet; at first only that norm's scale and bias change, the bias more.",
        (_GOYAL, _DE),
    ),
    Preset(
        "two-terms",
        "The two terms",
        "does the identity carry the gradient?",
        GradientRequest((_net("resnet110"),)),
        "∂L/∂x is the shortcut's term plus the branch's. They are nearly orthogonal, so that the squares of their "
        "norms add. Near the loss the shortcut carries most; in the first blocks, at the start of training, the "
        "branch carries more.",
        (_IDENTITY, _DE),
        Quantity.SHARE,
    ),
    Preset(
        "evaluation",
        "Evaluation mode",
        "the same weights, another result",
        GradientRequest(_pair("resnet56", "init=he-fan-in"), CIFAR_BATCH, mode=Mode.EVAL),
        "Before any training a batch norm in evaluation mode divides by 1: it does nothing, and these are the curves "
        "of nets without a norm. Look at the mode before you compare two figures.",
        (_YANG,),
    ),
    Preset(
        "degradation",
        "Degradation is not vanishing",
        "healthy gradients that do not learn",
        DescentRequest(_FOUR),
        "Within some twenty steps the gradients of plain-56 are as even from block to block as those of the nets that "
        "learn, and still its training loss stays high: degradation is something else than vanishing gradients.",
        (_HE,),
        Quantity.OUTPUT,
    ),
    Preset(
        "paths",
        "Paths of every length",
        "who carries the gradient?",
        PathsRequest(_net("resnet56", "order=v2", _GREY)),
        "Half of all paths pass half of the branches or more, but nearly all of the gradient comes along shorter ones. "
        "The shares are exact: they add up to autograd's gradient. The paper's curve, the number of paths times the "
        "mean norm of a single one, assumes that all paths of a length point the same way.",
        (_VEIT,),
    ),
    Preset(
        "shattered",
        "Shattered gradients",
        "do neighbouring gradients agree?",
        ShatterRequest(_pair("resnet56", _GREY)),
        "From one image to the next on a line between two, the gradient of the deep plain net turns at random; those "
        "of the residual net still agree. In fully connected nets as in the paper it is batch norm that shatters: "
        "without it neighbours still agree at 50 layers.",
        (_BALDUZZI,),
    ),
    Preset(
        "lesions",
        "Lesions",
        "is every block needed?",
        LesionRequest(_pair("resnet20", *_SMALL)),
        "Remove one block of the trained residual net, and its test error mostly stays low: the median over the "
        "blocks was 4 to 7 % on three seeds, and 1 to 2 % with all blocks. The first block, or one that changes the "
        "shape, costs more. Remove one of the plain net, and its accuracy drops to about chance: an error of 81 to "
        "89 % in the median, and 2 to 5 % with all blocks.",
        (_VEIT,),
    ),
)
PRESETS: Mapping[str, Preset] = {row.key: row for row in _ROWS}
