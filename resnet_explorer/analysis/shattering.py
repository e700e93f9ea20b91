"""Whether gradients at neighbouring inputs agree (Balduzzi et al. 2017, "The Shattered Gradients Problem")."""

from dataclasses import dataclass
from statistics import fmean

from resnet_explorer.analysis.quantities import Mode
from resnet_explorer.errors import ExplorerError
from resnet_explorer.spec import InputShape, ResNetSpec
from resnet_explorer.spec.data_choice import DIGITS, DataChoice

LINE_IMAGE = InputShape(64, 16, 16)
LAGS = (1, 2, 4, 8, 16)
"""How many points apart two inputs are that are compared."""


@dataclass(frozen=True, slots=True)
class ShatterRequest:
    """Compare gradients along a line of inputs: of networks of the user's, and of the paper's fully connected ones.

    The first go from one image to another in ``image.batch`` points. The paper's have ``width`` units and one
    input, at 256 points from -2 to 2; ``beta`` is the factor on their residual branches.
    """

    specs: tuple[ResNetSpec, ...] = ()
    image: InputShape = LINE_IMAGE
    data: DataChoice = DIGITS
    mode: Mode = Mode.TRAIN
    seeds: tuple[int, ...] = (0, 1, 2)
    depths: tuple[int, ...] = (2, 4, 10, 24, 50)
    width: int = 200
    beta: float = 0.1

    def __post_init__(self) -> None:
        if self.specs and self.image.batch <= max(LAGS):
            words = f"{self.image.batch} points are too few to compare those {max(LAGS)} apart."
            raise ExplorerError("batch", words, f"Choose a batch of {max(LAGS) + 1} or more.")
        if any(spec.classes is None for spec in self.specs):
            raise ExplorerError("classes", "A backbone has no output to differentiate.", "Give it classes.")
        if not self.seeds or any(depth < 1 for depth in self.depths) or self.width < 1:
            raise ExplorerError(
                "depths", "Nothing can be measured so.", "Choose depths, a width and seeds of 1 or more."
            )


@dataclass(frozen=True, slots=True)
class Neighbours:
    """One of the user's networks: the mean cosine of gradients that many points apart, a row for each seed."""

    spec: ResNetSpec
    cosines: tuple[tuple[float, ...], ...]

    @property
    def mean(self) -> tuple[float, ...]:
        """Return the mean over the seeds, one for each of ``LAGS``."""
        return tuple(fmean(column) for column in zip(*self.cosines, strict=True))


@dataclass(frozen=True, slots=True)
class Line:
    """A fully connected network of the paper's: df/dx along the line, and its autocorrelation.

    ``kind`` says which. ``correlations`` are rows of the autocorrelation at ``LAGS``, one for each seed; ``slope`` is
    df/dx at the 256 points for the first seed, scaled to a largest value of 1.
    """

    kind: str
    depth: int
    correlations: tuple[tuple[float, ...], ...]
    slope: tuple[float, ...]

    @property
    def mean(self) -> tuple[float, ...]:
        """Return the mean over the seeds, one for each of ``LAGS``."""
        return tuple(fmean(column) for column in zip(*self.correlations, strict=True))


@dataclass(frozen=True, slots=True, eq=False)
class Shattering:
    """How gradients at neighbouring inputs agree: in the user's networks, and in the paper's."""

    request: ShatterRequest
    networks: tuple[Neighbours, ...]
    lines: tuple[Line, ...]
    data: str
    torch: str
    seconds: float
