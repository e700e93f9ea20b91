"""Runs: their plan, their steps and their environment, as frozen values, and their descriptions."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import field
from math import inf, isfinite

from resnet_explorer.dataclass import dataclass
from resnet_explorer.images.choice import DIGITS, DataChoice
from resnet_explorer.readings.quantities import Place, Quantity, Series
from resnet_explorer.runs.recipe import Optimiser, Recipe, Schedule
from resnet_explorer.spec import InputShape, ResNetSpec
from resnet_explorer.spec.input_shape import check_images

RECENT, TIMED = 20, 50
"""The number of newest steps over which loss and error are averaged, and the speed is measured."""


DIGITS_IMAGE = InputShape(1, 8, 8)
MAX_RUNS = 8


@dataclass(frozen=True, slots=True)
class RunPlan:
    """One network to train: images, recipe, seed and device.

    ``image`` is the size of the network's input; the batch is the recipe's. Networks of equal ``seed`` and ``data`` see
    the same images in the same order. ``like`` is a network whose initial weights this one takes wherever name and
    shape agree (a plain twin starts from the branches of the residual network). ``threads`` is the number of
    PyTorch's threads, 0 for its default. Raises InputError for a network that takes signals or videos.
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

    def __post_init__(self) -> None:
        check_images(self.spec.dims, "The labs train on images alone.")


@dataclass(frozen=True, slots=True)
class Metric:
    """The results of a step, counted from 0; ``loss`` and ``accuracy`` are of its batch before its update.

    ``seconds`` is the training time since the run's first step, without pauses. ``test_loss`` and ``test_accuracy`` are
    of all test images after the update, if these were evaluated; ``blocks`` holds all quantities of all blocks, if
    these were measured.
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
class RunEnvironment:
    """What a run was made with besides its plan: versions, machine, a description of its images, and its blocks.

    ``notes`` are sentences on what differs from the recipe. ``test`` counts the images evaluated during training;
    ``judged`` says whether these are "test" or "validation" images.
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
        """Return the CPU's instruction set; empty on another device."""
        match = re.match(r"CPU \((.+?)\)", self.machine)
        return match[1] if match else ""


@dataclass(frozen=True, slots=True)
class Chunk:
    """The steps of a run since the last chunk; the first chunk has the ``environment``.

    A run that continues after a crash repeats the steps since its last checkpoint: each replaces the earlier one.
    """

    metrics: tuple[Metric, ...]
    environment: RunEnvironment | None = None


@dataclass(frozen=True, slots=True)
class Ending:
    """How a part of a training ended: the steps made of all, the seconds they took, and the folder.

    ``problem`` says why the run stopped or cannot continue.
    """

    folder: str
    steps: int
    of: int
    seconds: float
    problem: str = ""

    @property
    def is_finished(self) -> bool:
        return self.steps >= self.of and not self.problem


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """A run so far: its plan, its environment, and its steps in order, each once.

    ``folder`` is where it is saved, or empty; ``problem`` says why it ended early. ``over`` is true for a run that
    stopped early on purpose: a fine-tuning that no longer improved.
    """

    plan: RunPlan
    environment: RunEnvironment | None
    metrics: tuple[Metric, ...]
    folder: str = ""
    problem: str = ""
    over: bool = False

    @property
    def is_finished(self) -> bool:
        """Return whether every step of the recipe is made, or the run stopped early on purpose."""
        return self.over or len(self.metrics) >= self.plan.recipe.steps

    @property
    def last(self) -> Metric | None:
        return self.metrics[-1] if self.metrics else None

    def final_loss(self, steps: int = 20) -> float:
        """Return the mean training loss of the last steps; infinite where one is not finite."""
        losses = [metric.loss for metric in self.metrics[-steps:]]
        return sum(losses) / len(losses) if losses and all(map(isfinite, losses)) else inf


OPTIMISERS = {
    Optimiser.SGD: "SGD",
    Optimiser.NESTEROV: "SGD, Nesterov",
    Optimiser.ADAM: "Adam",
    Optimiser.ADAMW: "AdamW",
}


def describe_conditions(runs: Sequence[Run]) -> tuple[str, ...]:
    """Return seeds, images, recipe and device of runs; values that differ are said to differ."""
    if not runs:
        return ()
    recipes = {run.plan.recipe for run in runs}
    devices = sorted({run.plan.device for run in runs})
    seen = {run.environment.data for run in runs if run.environment} or {runs[0].plan.data.title}
    is_same = len(seen) == len({run.plan.data for run in runs}) == 1
    return (
        describe_seeds(runs),
        seen.pop() if is_same else "the images differ",
        describe_recipe(recipes.pop()) if len(recipes) == 1 else "the recipes differ",
        " and ".join(devices),
    )


def describe_seeds(runs: Sequence[Run]) -> str:
    """Return the seeds of runs, and whether all see the same images in the same order."""
    seeds = sorted({run.plan.seed for run in runs})
    if len(seeds) > 1:
        return f"seeds {', '.join(map(str, seeds))}"
    same = len(runs) > 1 and len({(run.plan.data, run.plan.recipe.batch) for run in runs}) == 1
    return f"seed {seeds[0]}" + (", the same order for all" if same else "")


def describe_recipe(recipe: Recipe) -> str:
    """Return a recipe in short."""
    one_cycle = recipe.schedule is Schedule.ONE_CYCLE
    schedule = f" ({recipe.schedule}{', momentum not cycled' if one_cycle else ''})"
    rate = f"{OPTIMISERS[recipe.optimiser]}, rate {recipe.learning_rate:g}"
    rate += "" if recipe.schedule is Schedule.CONSTANT else schedule
    parts = [f"batch {recipe.batch}", rate]
    if recipe.warmup:
        parts.append("warm-up not used" if one_cycle else f"{recipe.warmup:,} steps of warm-up")
    if recipe.optimiser in (Optimiser.SGD, Optimiser.NESTEROV):
        parts.append(f"momentum {recipe.momentum:g}")
    parts.append(f"weight decay {recipe.weight_decay:g}")
    parts += ["none on norms and biases"] if recipe.no_decay_on_norms and recipe.weight_decay else []
    parts += [f"random crops, padding {recipe.pad} px"] if recipe.pad else []
    parts += ["random flips"] if recipe.flip else []
    parts += [f"label smoothing {recipe.smoothing:g}"] if recipe.smoothing else []
    parts += [f"gradient norm clipped at {recipe.clip:g}"] if recipe.clip else []
    parts += [f"moving average of the weights {recipe.ema:g}"] if recipe.ema else []
    parts += ["bfloat16"] if recipe.mixed else []
    return ", ".join(parts)


def describe_machine(runs: Sequence[Run]) -> str:
    """Return the machines and PyTorch versions of runs; empty where none has begun."""
    made = sorted({(run.environment.machine, run.environment.torch) for run in runs if run.environment})
    return "; ".join(f"{machine}, PyTorch {torch}" for machine, torch in made)


@dataclass(frozen=True, slots=True)
class RunStatistics:
    """Statistics of the newest steps of a run, which are in order and without gaps; ``steps`` is their final number.

    A figure is None where it is unknown; ``loss`` and ``error`` (a fraction) are means over the newest steps.
    """

    metrics: Sequence[Metric]
    steps: int

    @property
    def loss(self) -> float | None:
        losses = [metric.loss for metric in self.metrics[-RECENT:]]
        return sum(losses) / len(losses) if losses else None

    @property
    def error(self) -> float | None:
        shares = [metric.accuracy for metric in self.metrics[-RECENT:] if metric.accuracy is not None]
        return 1 - sum(shares) / len(shares) if shares else None

    @property
    def per_second(self) -> float | None:
        if len(self.metrics) < 2:
            return None
        first, last = self.metrics[max(0, len(self.metrics) - TIMED)], self.metrics[-1]
        spent = last.seconds - first.seconds
        return (last.step - first.step) / spent if spent > 0 else None

    @property
    def seconds_left(self) -> float | None:
        speed = self.per_second
        return (self.steps - self.metrics[-1].step - 1) / speed if speed else None
