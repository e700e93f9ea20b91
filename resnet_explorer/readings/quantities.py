"""The quantities that the gradient lab measures at a block, their descriptions, and the conditions."""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from resnet_explorer.dataclass import dataclass
from resnet_explorer.network.kinds import Shape

Series = tuple[float | None, ...]
"""A value for each block, from the input to the loss; None where a block has no such quantity."""


@dataclass(frozen=True, slots=True)
class Place:
    """A block's address, the number of its stage, and the shape of its output."""

    path: str
    stage: int
    shape: Shape


class Quantity(StrEnum):
    """What is measured at each block; x is its input, y its output, W all its parameters."""

    INPUT = "input-gradient"
    OUTPUT = "output-gradient"
    WEIGHTS = "weight-gradient"
    WEIGHTS_RMS = "weight-gradient-rms"
    ACTIVATION = "activation-deviation"
    UPDATE = "measured-update"
    ESTIMATE = "update-estimate"
    WEIGHT_NORM = "weight-norm"
    SHORTCUT = "shortcut-term"
    BRANCH = "branch-term"
    COSINE = "cosine"
    SHARE = "shortcut-share"

    @classmethod
    def _missing_(cls, value: object) -> "Quantity | None":
        return cls.ESTIMATE if value == "update-ratio" else None  # the name in older files


class QuantityWords(NamedTuple):
    """A quantity's name, its symbol, a sentence on it, and whether it belongs on a logarithmic axis."""

    label: str
    symbol: str
    teaches: str
    log: bool = True


WORDS: Mapping[Quantity, QuantityWords] = {
    Quantity.INPUT: QuantityWords(
        "Gradient at the block's input",
        "‖∂L/∂x‖₂",
        "How strongly the loss depends on the block's input. For the first block that is the stem's output.",
    ),
    Quantity.OUTPUT: QuantityWords(
        "Gradient at the block's output",
        "‖∂L/∂y‖₂",
        "How strongly the loss depends on the block's output, which is the next block's input.",
    ),
    Quantity.WEIGHTS: QuantityWords(
        "Gradient of the parameters",
        "‖∂L/∂W‖₂",
        "The norm of the gradient of all the block's parameters together.",
    ),
    Quantity.WEIGHTS_RMS: QuantityWords(
        "Gradient per parameter",
        "rms ∂L/∂W",
        "The same norm divided by the square root of the number of parameters, to compare blocks of different sizes.",
    ),
    Quantity.ACTIVATION: QuantityWords(
        "Standard deviation of the output",
        "std(y)",
        "The standard deviation of all values of the block's output for the batch.",
    ),
    Quantity.UPDATE: QuantityWords(
        "Update ratio",
        "‖ΔW‖₂ / ‖W‖₂",
        "How far the optimiser's step moved the block's parameters, relative to their norm: measured before and after "
        "the step, with clipping, momentum and weight decay.",
    ),
    Quantity.ESTIMATE: QuantityWords(
        "Update ratio, estimate for plain SGD",
        "η‖∂L/∂W‖₂ / ‖W‖₂",
        "How far one step of plain SGD at the learning rate η would move the block's parameters, relative to their "
        "norm: without clipping, momentum and weight decay. The steps of other optimisers are mostly longer.",
    ),
    Quantity.WEIGHT_NORM: QuantityWords(
        "Norm of the weights",
        "‖W‖₂",
        "The norm of all the block's parameters together: weight decay reduces it, training mostly increases it.",
    ),
    Quantity.SHORTCUT: QuantityWords(
        "Shortcut term",
        "‖Sᵀδ‖₂",
        "The part of ∂L/∂x that came through the shortcut; δ is the gradient at the addition.",
    ),
    Quantity.BRANCH: QuantityWords(
        "Branch term",
        "‖J_Fᵀδ‖₂",
        "The part of ∂L/∂x that came through the branch F.",
    ),
    Quantity.COSINE: QuantityWords(
        "Cosine of the two terms",
        "cos(Sᵀδ, J_Fᵀδ)",
        "Near 0 the two terms are orthogonal, so that the squares of their norms add.",
        log=False,
    ),
    Quantity.SHARE: QuantityWords(
        "Share of the shortcut",
        "⟨Sᵀδ, ∂L/∂x⟩ / ‖∂L/∂x‖²",
        "The fraction of ∂L/∂x that the shortcut term contributes; the branch contributes the rest.",
        log=False,
    ),
}
GRADIENTS = (
    *(Quantity.INPUT, Quantity.OUTPUT, Quantity.WEIGHTS, Quantity.WEIGHTS_RMS),
    *(Quantity.ESTIMATE, Quantity.SHORTCUT, Quantity.BRANCH),
)
"""The quantities that can underflow: a 0 in float32 may be a small number in float64."""
IN_TRAINING = (Quantity.UPDATE,)
"""The quantities that take a step of an optimiser: they are not there at initialisation."""
TERMS = (Quantity.SHORTCUT, Quantity.BRANCH, Quantity.COSINE, Quantity.SHARE)
"""The quantities that residual blocks alone have."""


class Mode(StrEnum):
    """Whether norms use the batch's own statistics, and dropout drops (training), or not."""

    TRAIN = "train"
    EVAL = "eval"


class Precision(StrEnum):
    """The numbers in which the network computes; norms are always taken in float64."""

    FLOAT32 = "float32"
    FLOAT64 = "float64"


class Loss(StrEnum):
    """What is differentiated.

    Cross-entropy and mean-square are means over the batch (mean-square against one-hot labels; the mean square of the
    map itself for a backbone), sum is the sum of all outputs.
    """

    CROSS_ENTROPY = "cross-entropy"
    MEAN_SQUARE = "mean-square"
    SUM = "sum"
