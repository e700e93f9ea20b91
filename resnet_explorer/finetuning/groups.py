"""What trains when, and at which rate: the groups of an optimiser over the epochs of a plan."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from resnet_explorer.errors import ExplorerError
from resnet_explorer.finetuning.choices import BnMode, Strategy
from resnet_explorer.finetuning.plan import TunePlan, Weight, distance, total, units
from resnet_explorer.network.kinds.norms import BatchNorm2d
from resnet_explorer.network.tree import ADAPTER
from resnet_explorer.runs.recipe import Recipe


def openings(plan: TunePlan) -> Mapping[str, int | None]:
    """Return for each unit the epoch, counted from 0, from which it trains; None for never.

    Where the plan names no epochs, strategy A opens after a third of them, and C spreads its openings evenly.
    """
    network = plan.network
    order = units(network, adapter=plan.adapter is not None)
    new = (ADAPTER, "head")
    backbone = [unit for unit in reversed(order) if unit not in new]
    if plan.strategy is Strategy.PROBE:
        opens: Mapping[str, int | None] = dict.fromkeys(backbone)
    elif plan.strategy is Strategy.A:
        opens = dict.fromkeys(backbone, plan.unfreeze[0] if plan.unfreeze else -(-plan.epochs // 3))
    elif plan.strategy is Strategy.C:
        opens = dict(zip(backbone, _gradual(plan, len(backbone)), strict=True))
    else:
        opens = dict.fromkeys(backbone, 0)
    return {unit: 0 if unit in new else opens[unit] for unit in order}


def _gradual(plan: TunePlan, count: int) -> list[int | None]:
    """Return the epochs of so many openings; units that the plan gives no epoch never open."""
    if plan.unfreeze:
        return [*plan.unfreeze, *[None] * count][:count]
    return [-(-number * plan.epochs // (count + 1)) for number in range(1, count + 1)]


@dataclass(frozen=True, slots=True)
class Group:
    """A group of an optimiser: its tensors, their weight decay, and its share of the recipe's rate.

    It trains from the epoch ``opens``; ``shares`` are (epoch from which, share), rising.
    """

    name: str
    unit: str
    tensors: tuple[str, ...]
    parameters: int
    decay: float
    opens: int
    shares: tuple[tuple[int, float], ...]

    def share_at(self, epoch: int) -> float:
        """Return the share of the recipe's rate, 0 before the group opens."""
        return next((share for start, share in reversed(self.shares) if start <= epoch), 0.0)


@dataclass(frozen=True, slots=True)
class Counts:
    """What trains at an epoch, of what there is."""

    tensors: int
    parameters: int
    of_tensors: int
    of_parameters: int

    def __str__(self) -> str:
        tensors = f"{self.tensors:,} of {self.of_tensors:,} tensors train"
        return f"{tensors}, {self.parameters:,} of {self.of_parameters:,} parameters"


@dataclass(frozen=True, slots=True)
class Grouping:
    """The groups of a plan over its epochs of ``steps`` steps each, and the tensors that never train."""

    plan: TunePlan
    recipe: Recipe
    steps: int
    groups: tuple[Group, ...]
    frozen: tuple[str, ...]

    def epoch_of(self, step: int) -> int:
        """Return the epoch that a step belongs to; both count from 0."""
        return step // self.steps

    def rates(self, step: int) -> tuple[float, ...]:
        rate, epoch = self.recipe.rate_at(step), self.epoch_of(step)
        return tuple(rate * group.share_at(epoch) for group in self.groups)

    @property
    def changes(self) -> tuple[int, ...]:
        """Return the epochs at which other tensors begin to train, the first one always."""
        return tuple(sorted({0, *(group.opens for group in self.groups if group.opens < self.plan.epochs)}))

    def trainable(self, epoch: int) -> frozenset[str]:
        return frozenset(name for group in self.groups if group.opens <= epoch for name in group.tensors)

    def still(self, epoch: int) -> frozenset[str]:
        """Return the paths of the batch norms that use their running statistics at an epoch."""
        mode, trains = self.plan.bn, self.trainable(epoch)
        norms = [tensor for tensor in self.plan.tensors if isinstance(tensor.layer, BatchNorm2d)]
        frozen = mode is BnMode.FROZEN
        moving = {norm.path for norm in norms if mode is BnMode.TRAIN or (frozen and norm.name in trains)}
        return frozenset(norm.path for norm in norms) - moving

    @property
    def unopened(self) -> tuple[Group, ...]:
        """Return the groups that would open only after the last epoch: they stay frozen."""
        return tuple(group for group in self.groups if group.opens >= self.plan.epochs)

    def from_epoch(self, group: Group) -> str:
        """Return the epoch, counted from 1, from which a group trains; ``never`` where that is after the last one."""
        return "never" if group in self.unopened else f"{group.opens + 1:,}"

    @property
    def warnings(self) -> tuple[str, ...]:
        """Return sentences on what the plan does that its choices alone do not tell."""
        return tuple(text for text in (_unopened_warning(self), _statistics_warning(self)) if text)

    def counts(self, epoch: int) -> Counts:
        names, tensors = self.trainable(epoch), self.plan.tensors
        training = [tensor for tensor in tensors if tensor.name in names]
        return Counts(len(training), total(training), len(tensors), total(tensors))


def _unopened_warning(groups: Grouping) -> str:
    late = {group.unit: group.opens + 1 for group in groups.unopened}
    if not late:
        return ""
    epochs, many = groups.plan.epochs, len(late) > 1
    at = f"epoch{'s' * (len(set(late.values())) > 1)} {_listed(map(str, sorted(set(late.values()))))}"
    return (
        f"{_listed(late)} {'stay' if many else 'stays'} frozen: {'they' if many else 'it'} would train from {at}, and "
        f"the run ends after {epochs:,}. Choose {_epochs_to_open(groups.plan):,} epochs or more, or open earlier."
    )


def _epochs_to_open(plan: TunePlan) -> int:
    """Return the fewest epochs in which all that a plan opens does so before the last one."""
    if plan.unfreeze:
        return plan.unfreeze[-1] + 1
    order = units(plan.network, adapter=False)
    return len(order) if plan.strategy is Strategy.C else 2


def _statistics_warning(groups: Grouping) -> str:
    if groups.plan.bn is not BnMode.TRAIN:
        return ""
    trains = groups.trainable(0)
    norms = [tensor for tensor in groups.plan.tensors if isinstance(tensor.layer, BatchNorm2d)]
    frozen = {tensor.path for tensor in norms} - {tensor.path for tensor in norms if tensor.name in trains}
    if not frozen:
        return ""
    single, many = "batch norm of a frozen layer updates its", "batch norms of frozen layers update their"
    return (
        f"{len(frozen):,} {single if len(frozen) == 1 else many} running statistics, so the outputs of frozen layers "
        f"are no longer those of the initial weights. {BnMode.FROZEN} (running where frozen) keeps them, "
        "and frozen layers need to run only once."
    )


def _listed(texts: Iterable[str]) -> str:
    *most, last = texts
    return f"{', '.join(most)} and {last}" if most else last


def grouping(plan: TunePlan, images: int) -> Grouping:
    """Return the groups of a plan on so many training images: one for each unit, or two where some get no weight decay.

    Raises ExplorerError where nothing trains from the first step.
    """
    opens, never = openings(plan), plan.never
    groups: list[Group] = []
    for unit, epoch in opens.items():
        tensors = [tensor for tensor in plan.tensors if tensor.unit == unit and tensor.name not in never]
        if epoch is not None:
            groups += _split(plan, unit, epoch, tensors)
    if not any(group.opens == 0 for group in groups):
        raise ExplorerError("frozen", "Nothing would train from the start.", "Do not freeze the head.")
    held = {name for group in groups for name in group.tensors}
    frozen = tuple(tensor.name for tensor in plan.tensors if tensor.name not in held)
    return Grouping(plan, plan.recipe_for(images), plan.steps_per_epoch(images), tuple(groups), frozen)


def _split(plan: TunePlan, unit: str, opens: int, tensors: list[Weight]) -> list[Group]:
    decay, shares = plan.recipe.weight_decay, _shares(plan, unit, opens)
    free = [tensor for tensor in tensors if tensor.no_decay and plan.recipe.no_decay_on_norms]
    decayed = [tensor for tensor in tensors if not (tensor.no_decay and plan.recipe.no_decay_on_norms)]
    parts = ((unit, decayed, decay), (f"{unit}, norms and biases", free, 0.0))
    return [
        Group(name, unit, tuple(tensor.name for tensor in part), total(part), rate, opens, shares)
        for name, part, rate in parts
        if part
    ]


def _shares(plan: TunePlan, unit: str, opens: int) -> tuple[tuple[int, float], ...]:
    """Return how a unit's share of the rate goes over the epochs."""
    far = distance(unit, plan.network)
    share = plan.rates.head if far == 0 else 1.0
    if plan.strategy in (Strategy.B, Strategy.C):
        share = plan.rates.head * plan.rates.factor**far
    if plan.strategy is not Strategy.A:
        return ((opens, share),)
    later = openings(plan)["stem"] or 0
    last = (max(opens, later), share * plan.rates.later)
    return (last,) if opens >= later else ((opens, share), last)
