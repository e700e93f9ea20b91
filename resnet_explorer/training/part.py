"""What a scene holds of the training lab: the experiment or an own one, the moment of the replay, and the plots."""

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import PurePosixPath

from resnet_explorer.errors import ExplorerError, did_you_mean
from resnet_explorer.images.choice import DIGITS, DataChoice
from resnet_explorer.insight.part import InsidePart
from resnet_explorer.readings.quantities import Quantity
from resnet_explorer.runs.plan import MAX_RUNS
from resnet_explorer.runs.recipe import Recipe
from resnet_explorer.spec import ResNetSpec
from resnet_explorer.training.presets import PRESETS, preset_of

USUAL = "degradation"
"""The experiment that the lab opens with."""
MAX_SEED = 2**31 - 1


class Measure(StrEnum):
    """What a curve of a run shows."""

    TRAIN_LOSS = "training-loss"
    TRAIN_ERROR = "training-error"
    TEST_LOSS = "test-loss"
    TEST_ERROR = "test-error"
    RATE = "learning-rate"
    SPEED = "speed"


class Across(StrEnum):
    """What the x axis counts."""

    STEPS = "steps"
    EPOCHS = "epochs"
    SECONDS = "seconds"


class TrainingView(StrEnum):
    """The views of the page."""

    CURVES = "Curves"
    INSPECT = "Inspect"


SEEDS, PLANNED = "seeds", "planned"
LIVE = (
    Quantity.OUTPUT,
    Quantity.INPUT,
    Quantity.WEIGHTS,
    Quantity.UPDATE,
    Quantity.ESTIMATE,
    Quantity.ACTIVATION,
    Quantity.WEIGHT_NORM,
    Quantity.SHARE,
)
"""The quantities that are offered of each block."""
CURVES = (
    *(measure.value for measure in Measure),
    SEEDS,
    PLANNED,
    *(f"{kind}:{quantity}" for kind in ("blocks", "heat") for quantity in LIVE),
)
"""What can be plotted of the runs."""


@dataclass(frozen=True, slots=True)
class CurvesPart:
    """How runs are plotted, on each page that trains.

    ``show`` are the names of the runs whose curves are shown, empty for all; ``run`` is the selected one, empty for the
    first. ``curve`` and ``second`` are two of ``CURVES``; an empty second one is the usual one of the page. ``replay``
    is the moment of the recording as a share of its length; ``live`` shows the runs of now instead.
    """

    replay: float = 1.0
    live: bool = False
    show: tuple[str, ...] = ()
    run: str = ""
    curve: str = Measure.TRAIN_LOSS.value
    second: str = ""
    across: Across = Across.STEPS
    log: bool = False
    smoothing: float = 0.9
    inside: InsidePart = field(default_factory=InsidePart)

    def __post_init__(self) -> None:
        if not 0 <= self.replay <= 1:
            raise ExplorerError("replay", f"A replay at {self.replay:g} cannot be.", "Choose a share from 0 to 1.")
        if not 0 <= self.smoothing < 1:
            raise ExplorerError("smoothing", f"A smoothing of {self.smoothing:g} cannot be.", "Choose 0 to 0.99.")
        for key in ("curve", "second"):
            if (value := getattr(self, key)) not in CURVES and (value or key == "curve"):
                remedy = did_you_mean(value, CURVES, f"Choose one of {', '.join(CURVES)}.")
                raise ExplorerError(key, f"There is no curve {value[:40]!r}.", remedy)
        object.__setattr__(self, "replay", round(self.replay, 4))
        object.__setattr__(self, "smoothing", min(0.99, round(self.smoothing, 2)))
        if self.second == self.usual_second:
            object.__setattr__(self, "second", "")

    @property
    def usual_second(self) -> str:
        """Return what the second plot shows where nothing is chosen."""
        return Measure.TEST_ERROR.value


@dataclass(frozen=True, slots=True)
class OwnNetwork:
    """A network of an own experiment, by the name of its run."""

    name: str
    spec: ResNetSpec


@dataclass(frozen=True, slots=True)
class OwnSetup:
    """An experiment of the user's own; all runs start from ``like`` if given. Raises ExplorerError without networks."""

    networks: tuple[OwnNetwork, ...]
    recipe: Recipe = field(default_factory=Recipe)
    side: int = 8
    like: ResNetSpec | None = None

    def __post_init__(self) -> None:
        if not 1 <= len(self.networks) <= MAX_RUNS:
            text = f"{len(self.networks)} networks cannot be trained together."
            raise ExplorerError("networks", text, f"Name 1 to {MAX_RUNS}.")
        if not 1 <= self.side <= 1024:
            raise ExplorerError("side", f"A side of {self.side} cannot be.", "Choose 1 to 1,024.")


@dataclass(frozen=True, slots=True)
class TrainingPart(CurvesPart):
    """The experiment by its key, or where that is empty the ``own`` one, and what is shown of its runs.

    ``saved`` are saved runs or recordings that are shown instead, by their folders in that of all runs. ``images`` are
    those of an own experiment, and of one that needs some.
    """

    preset: str = USUAL
    view: TrainingView = TrainingView.CURVES
    saved: tuple[str, ...] = ()
    seed: int = 0
    images: DataChoice = DIGITS
    own: OwnSetup | None = None

    def __post_init__(self) -> None:
        CurvesPart.__post_init__(self)  # a dataclass with slots is another class than super() knows
        if self.preset:
            preset_of(self.preset)
            object.__setattr__(self, "own", None)
        elif self.own is None:
            remedy = f"Choose one of {', '.join(PRESETS)}, or name own networks."
            raise ExplorerError("preset", "There is no experiment without a name.", remedy)
        if not 0 <= self.seed <= MAX_SEED:
            raise ExplorerError("seed", f"A seed of {self.seed} cannot be.", f"Choose 0 to {MAX_SEED:,}.")
        for folder in map(PurePosixPath, self.saved):
            if folder.is_absolute() or ".." in folder.parts or "\\" in str(folder):
                remedy = "Name folders inside the folder of runs."
                raise ExplorerError("saved", f"{str(folder)[:60]!r} is outside of the folder of runs.", remedy)

    @property
    def files(self) -> tuple[str, ...]:
        """Return the folder of the images, where they are the user's own."""
        return tuple(filter(None, (self.images.root,)))

    @property
    def usual_second(self) -> str:
        return (Measure.TRAIN_ERROR if self.preset == USUAL else Measure.TEST_ERROR).value
