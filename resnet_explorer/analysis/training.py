"""What is trained, and what each step of it gave: frozen values for the window, the command line and the run folder."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf, isfinite

from resnet_explorer.analysis.gradients import Place, Series
from resnet_explorer.analysis.quantities import Quantity
from resnet_explorer.analysis.recipe import Recipe
from resnet_explorer.spec import InputShape, ResNetSpec
from resnet_explorer.spec.data_choice import DIGITS, DataChoice

DIGITS_IMAGE = InputShape(1, 8, 8)
MAX_RUNS = 8


@dataclass(frozen=True, slots=True)
class RunPlan:
    """One network to train: on which images, by which recipe, from which seed, on which device.

    ``image`` is the size of the images that the network sees; its batch is the recipe's. Networks of equal ``seed``
    and ``data`` see the same images in the same order. ``like`` is a network whose first weights this one takes
    wherever name and shape agree (the plain twin starts from the very branches of the residual network). ``threads``
    is how many threads PyTorch may use, 0 for as many as it likes.
    """

    name: str
    spec: ResNetSpec
    image: InputShape = DIGITS_IMAGE
    data: DataChoice = DIGITS
    recipe: Recipe = field(default_factory=Recipe)
    seed: int = 0
    device: str = "cpu"
    like: ResNetSpec | None = None
    threads: int = 1


@dataclass(frozen=True, slots=True)
class Metric:
    """What one step gave; ``step`` counts from 0, ``loss`` and ``accuracy`` are of its batch before its update.

    ``seconds`` is the time of training since the run's first step, pauses left out. ``test_loss`` and
    ``test_accuracy`` are of all test images after the step's update, where they were judged; ``blocks`` holds every
    quantity of every block where it was measured.
    """

    step: int
    loss: float
    accuracy: float | None
    rate: float
    seconds: float
    test_loss: float | None = None
    test_accuracy: float | None = None
    blocks: Mapping[Quantity, Series] | None = None


@dataclass(frozen=True, slots=True)
class Setting:
    """What a run was made with, besides its plan: versions, machine, the words on its images, and its blocks.

    ``notes`` are sentences on what could not be done as the recipe asks. ``test`` counts the images that are judged in
    training: ``judged`` says whether they are "test" or "validation" images.
    """

    data: str
    classes: tuple[str, ...]
    places: tuple[Place, ...]
    train: int
    test: int
    torch: str
    app: str
    machine: str
    began: str
    notes: tuple[str, ...] = ()
    judged: str = "test"

    @property
    def instruction_set(self) -> str:
        """Return the CPU's instructions that it was computed with; empty on another device."""
        found = re.match(r"CPU \((.+?)\)", self.machine)
        return found[1] if found else ""


@dataclass(frozen=True, slots=True)
class Chunk:
    """The steps of a run that came since the last chunk; ``setting`` comes with the first.

    A run that goes on after a crash makes again the steps since its last checkpoint: each replaces the one before.
    """

    metrics: tuple[Metric, ...]
    setting: Setting | None = None


@dataclass(frozen=True, slots=True)
class Ending:
    """How a piece of training ended: the steps that are made of all, the seconds they took, and where they are kept.

    ``problem`` says why the run cannot go on, or did not.
    """

    folder: str
    steps: int
    of: int
    seconds: float
    problem: str = ""

    @property
    def is_whole(self) -> bool:
        """Return whether every step of the recipe was made."""
        return self.steps >= self.of and not self.problem


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """A run as far as it is known: its plan, its setting, and its steps in order, each once.

    ``folder`` is where it is kept, empty for none; ``problem`` says why it ended early, where it did. ``over`` says
    that it ended early and well: a fine-tuning that got no better.
    """

    plan: RunPlan
    setting: Setting | None
    metrics: tuple[Metric, ...]
    folder: str = ""
    problem: str = ""
    over: bool = False

    @property
    def is_whole(self) -> bool:
        """Return whether every step of the recipe was made, or there was no reason to go on."""
        return self.over or len(self.metrics) >= self.plan.recipe.steps

    @property
    def last(self) -> Metric | None:
        """Return the newest step."""
        return self.metrics[-1] if self.metrics else None

    def final_loss(self, steps: int = 20) -> float:
        """Return the mean training loss of the last steps; infinite where it is no number."""
        losses = [one.loss for one in self.metrics[-steps:]]
        return sum(losses) / len(losses) if losses and all(map(isfinite, losses)) else inf
