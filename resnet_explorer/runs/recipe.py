"""The recipe of a training: optimiser, learning rate schedule, augmentation, loss and averaging."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import Field, fields, replace
from enum import StrEnum
from math import cos, isfinite, pi
from typing import Any

from resnet_explorer.codec import file_key, renamed
from resnet_explorer.dataclass import dataclass
from resnet_explorer.errors import ExplorerError, did_you_mean
from resnet_explorer.spec.readers import Choice, choice, fraction, quoted, several, truth, whole

MAX_STEPS = 10_000_000
ONE_CYCLE_UP = 0.3
"""The fraction of the steps in which the one-cycle schedule rises (Smith and Topin 2018; PyTorch's default)."""
ONE_CYCLE_START, ONE_CYCLE_END = 1 / 25, 1 / 250_000
"""The first and the last rate of the one-cycle schedule as fractions of its peak (PyTorch's defaults)."""


ONE_CYCLE_WORDS = (
    f"One-cycle rises over the first {ONE_CYCLE_UP:.0%} of the steps, so the warm-up is not used; the momentum stays "
    "constant, where PyTorch's OneCycleLR cycles it by default."
)


class Optimiser(StrEnum):
    """The update rule."""

    SGD = "sgd"
    NESTEROV = "nesterov"
    ADAM = "adam"
    ADAMW = "adamw"


class Schedule(StrEnum):
    """The learning rate schedule after the warm-up."""

    CONSTANT = "constant"
    STEPS = "steps"
    COSINE = "cosine"
    ONE_CYCLE = "one-cycle"


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that determines a training besides network, images and seed.

    ``learning_rate`` is its peak. ``Schedule.STEPS`` multiplies it by ``gamma`` at each of the ``milestones``
    (He et al. 2015, section 4.2: 0.1 at 32,000 and 48,000 of 64,000 steps). In the first ``warmup`` steps the rate
    rises linearly from ``warmup_from`` times itself; ``Schedule.ONE_CYCLE`` has its own rise instead. ``momentum``
    is the first beta of Adam and AdamW, whose second is 0.999. With ``no_decay_on_norms`` the weight decay is not
    on norms and biases. ``pad`` and ``flip`` augment: zero padding with a random crop, and random mirroring.
    ``clip`` bounds the norm of the whole gradient, 0 for no bound; ``ema`` is the decay of a moving average of the
    weights that is tested instead of them, 0 for none. ``mixed`` uses bfloat16 where supported. ``deterministic``
    gives bit-identical results for the same seed on the same machine. ``evaluate_every`` and ``measure_every`` are
    the numbers of steps after which the test images are evaluated and the blocks measured; 0 for never.

    Raises ExplorerError for values that are invalid or have no effect.
    """

    steps: int = 150
    batch: int = 64
    optimiser: Optimiser = Optimiser.SGD
    learning_rate: float = renamed("rate", 0.02)
    momentum: float = 0.9
    weight_decay: float = renamed("decay", 1e-4)
    no_decay_on_norms: bool = renamed("spares", False)
    schedule: Schedule = Schedule.CONSTANT
    milestones: tuple[int, ...] = ()
    gamma: float = 0.1
    warmup: int = 0
    warmup_from: float = 0.01
    pad: int = 0
    flip: bool = False
    smoothing: float = 0.0
    clip: float = 0.0
    ema: float = 0.0
    mixed: bool = False
    deterministic: bool = True
    evaluate_every: int = renamed("evaluate", 25)
    measure_every: int = renamed("measure", 10)

    def __post_init__(self) -> None:
        _need(0 <= self.steps <= MAX_STEPS, "steps", f"{self.steps:,} steps", f"Choose 0 to {MAX_STEPS:,}.")
        _need(1 <= self.batch <= 65_536, "batch", f"A batch of {self.batch:,}", "Choose 1 to 65,536.")
        rate, decay = self.learning_rate, self.weight_decay
        _need(isfinite(rate) and rate > 0, "rate", f"A learning rate of {rate}", "Choose one above 0.")
        _need(0 <= self.momentum < 1, "momentum", f"A momentum of {self.momentum}", "Choose 0 or more, below 1.")
        has_momentum = self.optimiser is not Optimiser.NESTEROV or self.momentum > 0
        remedy = "Choose a momentum above 0, or plain SGD."
        _need(has_momentum, "momentum", "Nesterov's step without momentum", remedy)
        _need(isfinite(decay) and decay >= 0, "decay", f"A weight decay of {decay}", "Choose 0 or more.")
        _need(0 < self.gamma <= 1, "gamma", f"A factor of {self.gamma}", "Choose one above 0, up to 1.")
        rises = list(self.milestones) == sorted({milestone for milestone in self.milestones if milestone > 0})
        text = f"Milestones at {', '.join(map(str, self.milestones))}"
        _need(rises, "milestones", text, "Write steps above 0 in rising order.")
        _need(0 <= self.warmup <= MAX_STEPS, "warmup", f"A warm-up of {self.warmup:,} steps", "Choose 0 or more.")
        _need(0 <= self.warmup_from <= 1, "warmup_from", f"A start of {self.warmup_from}", "Choose 0 to 1.")
        _need(0 <= self.pad <= 64, "pad", f"A border of {self.pad} pixels", "Choose 0 to 64.")
        _need(0 <= self.smoothing < 1, "smoothing", f"A smoothing of {self.smoothing}", "Choose 0 or more, below 1.")
        _need(isfinite(self.clip) and self.clip >= 0, "clip", f"A bound of {self.clip}", "Choose 0 or more.")
        _need(0 <= self.ema < 1, "ema", f"A decay of {self.ema}", "Choose 0 or more, below 1.")
        _need(self.evaluate_every >= 0, "evaluate", f"Every {self.evaluate_every} steps", "Choose 0 or more.")
        _need(self.measure_every >= 0, "measure", f"Every {self.measure_every} steps", "Choose 0 or more.")

    def measures(self, step: int) -> bool:
        """Return whether the blocks are measured in a step, counted from 0."""
        return self.measure_every > 0 and step % self.measure_every == 0

    def rate_at(self, step: int) -> float:
        """Return the learning rate of a step, counted from 0."""
        if self.schedule is Schedule.ONE_CYCLE:
            return self.learning_rate * _one_cycle(step, self.steps)
        if step < self.warmup:
            return self.learning_rate * (self.warmup_from + (1 - self.warmup_from) * step / self.warmup)
        if self.schedule is Schedule.STEPS:
            return self.learning_rate * self.gamma ** sum(step >= milestone for milestone in self.milestones)
        if self.schedule is Schedule.COSINE:
            left = max(1, self.steps - self.warmup)
            return self.learning_rate * (1 + cos(pi * min(1.0, (step - self.warmup) / left))) / 2
        return self.learning_rate


def _one_cycle(step: int, steps: int) -> float:
    """Return the fraction of the peak: a cosine up, then a cosine down (Smith and Topin 2018, as in PyTorch)."""
    top = ONE_CYCLE_UP * steps - 1
    if step <= top:
        return _between(ONE_CYCLE_START, 1.0, step / top if top > 0 else 1.0)
    return _between(1.0, ONE_CYCLE_END, min(1.0, (step - top) / max(1.0, steps - 1 - top)))


def _between(start: float, end: float, share: float) -> float:
    return end + (start - end) * (1 + cos(pi * share)) / 2


def _need(holds: bool, key: str, what: str, remedy: str) -> None:
    if not holds:
        raise ExplorerError(key, f"{what} cannot be.", remedy)


Read = Callable[[str], object]


def _reader(field: Field[Any]) -> Read:
    """Return the function that reads a field of a recipe from text, chosen by the field's default."""
    key, default = file_key(field), field.default
    if isinstance(default, StrEnum):
        return choice(key, tuple(Choice(value, value, "") for value in type(default)))
    if isinstance(default, tuple):
        return several(whole(key))
    if isinstance(default, bool):
        return truth(key)
    return whole(key) if isinstance(default, int) else fraction(key)


NAMES: Mapping[str, str] = {file_key(field): field.name for field in fields(Recipe)}
"""The field of a recipe for each key that people write, and that files hold."""
READERS: Mapping[str, Read] = {file_key(field): _reader(field) for field in fields(Recipe)}
"""How the value of each key is read."""


def set_recipe(recipe: Recipe, settings: Iterable[str]) -> Recipe:
    """Return a recipe with ``key=value`` settings applied, all at once.

    Raises ExplorerError where a key is unknown, or a value is none, or the recipe that results cannot be.
    """
    values: dict[str, Any] = {}
    for setting in settings:
        key, equals, text = (part.strip() for part in setting.partition("="))
        if not equals:
            raise ExplorerError("recipe", f"{quoted(setting)} sets nothing.", "Write key=value, as in rate=0.1.")
        key = canonical_key(key)
        values[NAMES[key]] = READERS[key](text)
    return replace(recipe, **values)


def canonical_key(key: str) -> str:
    """Return the recipe's spelling of a key; raises ExplorerError, with the nearest one, for an unknown key."""
    name = key.strip().lower().replace("-", "_")
    if name not in READERS:
        remedy = did_you_mean(name, READERS, f"Choose one of {', '.join(READERS)}.")
        raise ExplorerError("recipe", f"A recipe has no {quoted(key)}.", remedy)
    return name
