"""A fine-tuning as a whole: which network, from which weights, on which images, and what trains when."""

from dataclasses import dataclass, field, replace
from math import inf

from resnet_explorer.errors import ExplorerError
from resnet_explorer.finetuning.choices import (
    EMBEDDED,
    IMAGENET,
    BnMode,
    GreyWay,
    Preprocess,
    Rates,
    Strategy,
    TuneData,
    WeightsChoice,
    adapts,
    check_way,
    ported,
)
from resnet_explorer.finetuning.groups import Weight, under, units, weights
from resnet_explorer.images.choice import DataChoice, DataKind
from resnet_explorer.network import Network, compile_spec
from resnet_explorer.runs.plan import RunPlan
from resnet_explorer.runs.recipe import Recipe
from resnet_explorer.spec import InputShape, ResNetSpec
from resnet_explorer.spec.catalogue import named

MAX_EPOCHS = 100_000
TUNING = Recipe(batch=32, rate=0.01, decay=1e-4, spares=True, evaluate=0, measure=0)
"""The recipe where nothing else is asked for; its steps follow from the epochs."""


@dataclass(frozen=True, slots=True)
class TunePlan:
    """Everything that makes two fine-tunings the same.

    ``spec`` is the network that the weights were trained in; ``network_spec`` is the one that is tuned. ``channels``
    are those of the images, and ``grey`` is their way into a network that takes others. ``classes`` name the outputs
    in their order; they are empty until the images are looked at, and then the network's own count stands for them.
    ``white`` are the values that stand for white in images of more than 8 bits, empty where there are none.
    ``unfreeze`` are the epochs at which strategies A and C open what is frozen, empty for a choice by ``epochs``.
    ``frozen`` are paths that never train. ``patience`` ends a training after so many epochs without a better loss
    of the validation images, 0 for never. The recipe's steps are not read: they follow from the epochs.

    Raises ExplorerError where this trains nothing, or cannot be.
    """

    spec: ResNetSpec
    weights: WeightsChoice = field(default_factory=WeightsChoice)
    data: TuneData = field(default_factory=lambda: TuneData(where="."))
    classes: tuple[str, ...] = ()
    image: InputShape = field(default_factory=InputShape)
    channels: int = 3
    grey: GreyWay = GreyWay.REPEAT
    preprocess: Preprocess = IMAGENET
    dropout: float = 0.0
    strategy: Strategy = Strategy.A
    unfreeze: tuple[int, ...] = ()
    recipe: Recipe = TUNING
    rates: Rates = field(default_factory=Rates)
    frozen: frozenset[str] = frozenset()
    bn: BnMode = BnMode.FROZEN
    epochs: int = 10
    patience: int = 0
    seed: int = 0
    device: str = "cpu"
    threads: int = 1
    white: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if self.spec.classes is None:
            raise ExplorerError("net", "A backbone has no head to replace.", "Give it classes.")
        if len(self.classes) == 1:
            raise ExplorerError("classes", "One class cannot be told from another.", "Give images of two or more.")
        if len(set(self.classes)) < len(self.classes):
            raise ExplorerError("classes", "Two classes have the same name.", "Rename one.")
        _between("epochs", self.epochs, 1, MAX_EPOCHS)
        _between("patience", self.patience, 0, MAX_EPOCHS)
        _between("threads", self.threads, 0, 1024)
        if not all(0 < one < inf for one in self.white):
            raise ExplorerError("white", f"White cannot be {min(self.white)}.", "Choose values above 0.")
        if not 0 <= self.dropout < 1:
            raise ExplorerError("dropout", f"A drop-out of {self.dropout} cannot be.", "Choose 0 or more, below 1.")
        check_way(self.spec, self.channels, self.grey)
        self._check_unfreezing()
        if len(self.never) == len(self.tensors):
            raise ExplorerError("frozen", "Everything is frozen: nothing would train.", "Leave the head out.")

    def _check_unfreezing(self) -> None:
        most = {Strategy.A: 1, Strategy.C: len(units(self.network)) - 1}.get(self.strategy, 0)
        if len(self.unfreeze) > most:
            what = f"Strategy {self.strategy} opens at {most} epochs at most, not {len(self.unfreeze)}."
            raise ExplorerError("unfreeze", what, "Leave the others out.")
        if list(self.unfreeze) != sorted(self.unfreeze) or any(one < 0 for one in self.unfreeze):
            words = ", ".join(map(str, self.unfreeze))
            raise ExplorerError("unfreeze", f"Epochs {words} do not follow each other.", "Write them in rising order.")

    @property
    def adapter(self) -> tuple[int, int] | None:
        """Return the channels of the 1x1 convolution before the network, from and to; None where there is none."""
        is_there = self.grey is GreyWay.ADAPTER and adapts(self.spec, self.channels)
        return (self.channels, self.spec.in_channels) if is_there else None

    @property
    def network_spec(self) -> ResNetSpec:
        """Return the network that is tuned: with a new head, and its own first convolution where one is ported."""
        count = len(self.classes) or self.spec.classes
        tuned = replace(ported(self.spec, self.channels, self.grey), classes=count, dropout=self.dropout)
        return named(tuned)

    @property
    def network(self) -> Network:
        """Return the tree of the network that is tuned, its adapter left out."""
        return compile_spec(self.network_spec)

    @property
    def tensors(self) -> tuple[Weight, ...]:
        """Return all tensors that can be learnt."""
        return weights(self.network, self.adapter)

    @property
    def never(self) -> frozenset[str]:
        """Return the names of the tensors that ``frozen`` keeps from training for good."""
        network, known = self.network, self.tensors
        return frozenset(one.name for path in self.frozen for one in under(path, network, known))

    @property
    def saved_spec(self) -> ResNetSpec:
        """Return the network as it is saved: with the adapter in its first convolution."""
        return named(replace(self.network_spec, in_channels=self.channels)) if self.adapter else self.network_spec

    def steps_per_epoch(self, images: int) -> int:
        """Return the steps that go once over so many training images; what is left of a batch is passed over."""
        return max(1, images // self.recipe.batch)

    def recipe_for(self, images: int) -> Recipe:
        """Return the recipe with the steps of all epochs over so many training images, judged once an epoch.

        Blocks are not measured: what is frozen has no gradient.
        """
        steps = self.steps_per_epoch(images)
        return replace(self.recipe, steps=self.epochs * steps, evaluate=steps, measure=0)


def _between(key: str, value: int, least: int, most: int) -> None:
    if type(value) is not int or not least <= value <= most:
        raise ExplorerError(key, f"{value} {key} cannot be.", f"Choose {least:,} to {most:,}.")


def run_plan(plan: TunePlan, images: int) -> RunPlan:
    """Return the training that a fine-tuning on so many training images is: its network as saved, its steps."""
    embedded = plan.data.kind in EMBEDDED
    data = DataChoice(EMBEDDED[plan.data.kind]) if embedded else DataChoice(DataKind.FOLDER, plan.data.where)
    return RunPlan(
        f"{plan.spec.name} {plan.strategy}",
        plan.saved_spec,
        replace(plan.image, batch=1),
        data,
        plan.recipe_for(images),
        plan.seed,
        plan.device,
        threads=plan.threads,
    )
