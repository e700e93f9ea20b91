"""What a scene holds of the gradient lab: the experiment or the conditions, and what is shown of the result."""

from collections.abc import Container
from dataclasses import dataclass, field
from enum import StrEnum
from math import isfinite

from resnet_explorer.errors import ExplorerError, did_you_mean
from resnet_explorer.gradients.presets import PRESETS
from resnet_explorer.images.choice import DIGITS, DataChoice
from resnet_explorer.readings.quantities import Loss, Mode, Precision, Quantity
from resnet_explorer.spec.axes import AXES

WINDOW = 0
"""Instead of a depth: the window's own network, or no other pair beside it."""
DEPTHS = (8, 14, 20, 32, 44, 56, 110, 164, 1202)
BESIDE = (8, 20, 56, 110)
MAX_STEPS = 5_000
"""The number of steps that can be kept in memory, and sent while they are made."""
NEWEST = -1
"""Instead of a step: the newest that was measured."""
AXIS_KEYS = ("norm", "init", "activation")


class When(StrEnum):
    """When the blocks are measured."""

    START = "at initialisation"
    TRAINING = "during training"


class Scaling(StrEnum):
    """The factors of F(x) and of x before they are added."""

    NETWORK = "network"
    ONE = "one"
    SKIPINIT = "skipinit"
    ROOT_HALF = "root-half"


class DescentView(StrEnum):
    """How a training is shown."""

    BLOCKS = "blocks"
    HEAT = "heat map"
    LOSS = "losses"


def axis_values(key: str) -> tuple[str, ...]:
    """Return the values of an axis that are offered besides the network's own, which is empty."""
    return tuple(str(choice.value) for choice in AXES[key].choices if choice.value != "fixup")


@dataclass(frozen=True, slots=True)
class Conditions:
    """What is measured where no experiment is chosen, and how: the lab's controls by their keys.

    ``network`` and ``beside`` are depths of CIFAR networks. ``norm``, ``init`` and ``activation`` are empty for the
    network's own. ``images`` are resized to ``side`` pixels square. Raises ExplorerError for a value that the controls
    do not offer.
    """

    network: int = 56
    beside: int = WINDOW
    when: When = When.START
    steps: int = 150
    every: int = 5
    rate: float = 0.1
    norm: str = ""
    init: str = ""
    activation: str = ""
    scaling: Scaling = Scaling.NETWORK
    zero: bool = False
    mode: Mode = Mode.TRAIN
    images: DataChoice = DIGITS
    batch: int = 32
    side: int = 32
    loss: Loss = Loss.CROSS_ENTROPY
    seeds: int = 3
    precision: Precision = Precision.FLOAT32

    def __post_init__(self) -> None:
        _need("network", self.network, (WINDOW, *DEPTHS))
        _need("beside", self.beside, (WINDOW, *BESIDE))
        for key in AXIS_KEYS:
            _need(key, getattr(self, key), ("", *axis_values(key)))
        ranges = {"steps": MAX_STEPS, "every": 1000, "batch": 4096, "side": 1024, "seeds": 100}
        for key, most in ranges.items():
            _need(key, getattr(self, key), range(1, most + 1), f"1 to {most:,}")
        if not (isfinite(self.rate) and self.rate > 0):
            raise ExplorerError("rate", f"{self.rate} is not a learning rate.", "Choose one above 0.")


def _need(key: str, value: object, offered: Container[object], text: str = "") -> None:
    if value not in offered:
        choices = text or ", ".join(repr(choice) for choice in offered)  # type: ignore[attr-defined]  # a tuple
        raise ExplorerError(key, f"{value!r} is not offered for {key}.", f"Choose {choices}.")


@dataclass(frozen=True, slots=True)
class GradientPart:
    """The experiment by its key, empty for the ``conditions``, and what is shown of its result.

    ``quantity`` is None for the one that the experiment shows first. ``step`` is that of a training, of those measured
    the last one up to it, or -1 for the newest. ``colours`` says whether the diagram is coloured by the values, once
    they are there, while it shows the network that was measured.
    """

    experiment: str = ""
    quantity: Quantity | None = None
    step: int = NEWEST
    view: DescentView = DescentView.BLOCKS
    colours: bool = False
    conditions: Conditions = field(default_factory=Conditions)

    def __post_init__(self) -> None:
        if self.experiment and self.experiment not in PRESETS:
            remedy = did_you_mean(self.experiment, PRESETS, f"Choose one of {', '.join(PRESETS)}.")
            raise ExplorerError("experiment", f"There is no experiment {self.experiment[:40]!r}.", remedy)
        if self.step < NEWEST:
            raise ExplorerError("step", f"There is no step {self.step}.", "Choose 0 or more, or -1 for the newest.")
        if self.quantity is self._usual:
            object.__setattr__(self, "quantity", None)

    @property
    def _usual(self) -> Quantity:
        return PRESETS[self.experiment].shows if self.experiment else Quantity.INPUT

    @property
    def shows(self) -> Quantity:
        """Return the quantity that is shown."""
        return self.quantity or self._usual

    @property
    def files(self) -> tuple[str, ...]:
        """Return the folder of the images, where they are the user's own."""
        return tuple(filter(None, (self.conditions.images.root,)))

    @property
    def on_diagram(self) -> bool:
        return self.colours
