"""The plan of a fine-tuning, the parameters of its network by unit, and the file ``tune.json`` that keeps it."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from math import inf, prod
from pathlib import Path

from resnet_explorer import codec, files
from resnet_explorer.errors import ExplorerError
from resnet_explorer.finetuning import choices
from resnet_explorer.images.choice import DataChoice, DataKind
from resnet_explorer.network import Network, compile_spec
from resnet_explorer.network.kinds import Layer, Role, Shape
from resnet_explorer.network.kinds.convolutions import Conv2d, Linear
from resnet_explorer.network.tree import ADAPTER
from resnet_explorer.runs.folder import TUNE
from resnet_explorer.runs.plan import RunPlan
from resnet_explorer.runs.recipe import Recipe
from resnet_explorer.spec import InputShape, ResNetSpec
from resnet_explorer.spec.catalogue import named
from resnet_explorer.spec.codec import READERS, WRITERS
from resnet_explorer.spec.input_shape import check_images

MAX_EPOCHS = 100_000
MAX_VIEWS = 1000
TUNING = Recipe(
    batch=32, learning_rate=0.01, weight_decay=1e-4, no_decay_on_norms=True, evaluate_every=0, measure_every=0
)
"""The default recipe; its steps follow from the epochs."""


@dataclass(frozen=True, slots=True)
class Weight:
    """A trainable tensor: its name, its shape, its layer, and the unit that it lies in.

    Units are what strategies open one by one: the adapter, the stem, each stage, the head. ``no_decay`` holds for
    tensors of norms, biases and learnt factors, which should get no weight decay.
    """

    name: str
    shape: Shape
    layer: Layer
    unit: str
    no_decay: bool

    @property
    def path(self) -> str:
        return self.name.rpartition(".")[0]

    @property
    def parameters(self) -> int:
        return prod(self.shape)


@lru_cache(maxsize=32)
def weights(network: Network, adapter: tuple[int, int] | None = None) -> tuple[Weight, ...]:
    """Return the trainable tensors in the order of the forward pass.

    ``adapter`` gives the channels of the 1x1 convolution before the network, from and to; None where there is none.
    """
    tensors = []
    if adapter:
        conv, shape = Conv2d(*adapter, 1), (*reversed(adapter), 1, 1)
        tensors.append(Weight(f"{ADAPTER}.weight", shape, conv, ADAPTER, False))
    for block in network.blocks:
        unit = block.path.partition(".")[0]
        for path, part in zip(block.layer_paths, block.form.parts, strict=True):
            role_has_no_decay = part.layer.role in (Role.NORM, Role.FACTOR, Role.SHIFT)
            for tensor in part.layer.tensors():
                if not tensor.buffer:
                    no_decay = role_has_no_decay or tensor.name == "bias"
                    tensors.append(Weight(f"{path}.{tensor.name}", tensor.shape, part.layer, unit, no_decay))
    return tuple(tensors)


def units(network: Network, *, adapter: bool = False) -> tuple[str, ...]:
    """Return the units from the image to the loss."""
    inner = (network.stem.path, *(stage.path for stage in network.stages))
    return (*((ADAPTER,) if adapter else ()), *inner, *((network.head.path,) if network.head else ()))


def distance(unit: str, network: Network) -> int:
    """Return how many units lie between one and the head: 0 for the head, 1 for the last stage.

    The adapter is as new as the head, and as near to it.
    """
    order = list(reversed(units(network)))
    return 0 if unit == ADAPTER else order.index(unit) + (0 if network.head else 1)


def under(path: str, network: Network, tensors: Iterable[Weight]) -> tuple[Weight, ...]:
    """Return the tensors under a path: of a unit, a block, a layer, or a tensor itself.

    Raises ExplorerError where nothing under the path trains.
    """
    block = network.block_at(path)
    layers = block.layer_paths if block and block.path == path else ()
    inside = tuple(weight for weight in tensors if f"{weight.name}.".startswith(f"{path}.") or weight.path in layers)
    if not path or not inside:
        there = path and (network.has(path) or path == ADAPTER)
        what = f"{path} has no weights to freeze." if there else f"There is no {path or 'path without a name'!r} here."
        raise ExplorerError("frozen", what, "Name a stage, a block or a layer, such as layer1 or layer2.0.conv1.")
    return inside


@dataclass(frozen=True, slots=True)
class NoDecay:
    """The tensors without weight decay by the type of their layers, and what matching words in names would miss."""

    tensors: int
    parameters: int
    missed: tuple[str, ...]


def no_decay(tensors: Iterable[Weight], words: tuple[str, ...] = ("bn", "bias")) -> NoDecay:
    """Return the choice by type, and what the choice of names that contain one of some words would miss."""
    by_type = [tensor for tensor in tensors if tensor.no_decay]
    missed = tuple(tensor.name for tensor in by_type if not any(word in tensor.name for word in words))
    return NoDecay(len(by_type), total(by_type), missed)


@dataclass(frozen=True, slots=True)
class HeadCost:
    """The parameters of the classifier before and after it is replaced, and the features that it reads."""

    features: int
    before: int
    after: int


def head_cost(network: Network, classes: int) -> HeadCost:
    """Return what a head for so many classes costs, with weights and biases, against the one that is there.

    Raises ExplorerError where there is no head.
    """
    parts = network.head.form.parts if network.head else ()
    linear = next((part.layer for part in parts if isinstance(part.layer, Linear) and part.name == "fc"), None)
    if linear is None:
        raise ExplorerError("net", "A backbone has no head to replace.", "Give it classes.")
    return HeadCost(linear.in_features, linear.params, (linear.in_features + 1) * classes)


def total(tensors: Iterable[Weight]) -> int:
    """Return how many parameters some tensors hold."""
    return sum(tensor.parameters for tensor in tensors)


@lru_cache(maxsize=32)
def _tuned(spec: ResNetSpec, channels: int, grey: choices.GreyWay, classes: int | None, dropout: float) -> ResNetSpec:
    return named(replace(choices.ported(spec, channels, grey), classes=classes, dropout=dropout))


@dataclass(frozen=True, slots=True)
class TunePlan:
    """Everything that makes two fine-tunings the same.

    ``spec`` is the network that the weights were trained in; ``network_spec`` is the one that is tuned. ``channels``
    are those of the images, and ``grey`` is their way into a network that takes others. ``classes`` name the outputs
    in their order; they are empty until the images are checked, and until then the network's own count stands for them.
    ``white`` are the values that stand for white in images of more than 8 bits, empty where there are none.
    ``unfreeze`` are the epochs at which strategies A and C open what is frozen, empty for a choice by ``epochs``.
    ``frozen`` are paths that never train. ``patience`` ends a training after so many epochs without a better loss
    of the validation images, 0 for never. The recipe's steps are not read: they follow from the epochs. ``views`` is
    how many augmented views of each image there are while the start of the network is frozen, so that its features can
    be kept; epoch after epoch takes the next one. 0 draws views anew in every epoch.

    Raises ExplorerError where this trains nothing, or cannot be.
    """

    spec: ResNetSpec
    weights: choices.WeightsChoice = field(default_factory=choices.WeightsChoice)
    data: choices.TuneData = field(default_factory=lambda: choices.TuneData(where="."))
    classes: tuple[str, ...] = ()
    image: InputShape = field(default_factory=InputShape)
    channels: int = 3
    grey: choices.GreyWay = choices.GreyWay.REPEAT
    preprocess: choices.Preprocess = choices.IMAGENET
    dropout: float = 0.0
    strategy: choices.Strategy = choices.Strategy.A
    unfreeze: tuple[int, ...] = ()
    recipe: Recipe = TUNING
    rates: choices.Rates = field(default_factory=choices.Rates)
    frozen: frozenset[str] = frozenset()
    bn: choices.BnMode = choices.BnMode.FROZEN
    epochs: int = 10
    patience: int = 0
    seed: int = 0
    device: str = "cpu"
    threads: int = 1
    white: tuple[float, ...] = ()
    views: int = 0

    def __post_init__(self) -> None:
        check_images(self.spec.dims, "Fine-tuning needs images.")
        if self.spec.classes is None:
            raise ExplorerError("net", "A backbone has no head to replace.", "Give it classes.")
        if len(self.classes) == 1:
            raise ExplorerError("classes", "There is only one class.", "Give images of two or more.")
        if len(set(self.classes)) < len(self.classes):
            raise ExplorerError("classes", "Two classes have the same name.", "Rename one.")
        _between("epochs", self.epochs, 1, MAX_EPOCHS)
        _between("patience", self.patience, 0, MAX_EPOCHS)
        _between("threads", self.threads, 0, 1024)
        _between("views", self.views, 0, MAX_VIEWS)
        if not all(0 < level < inf for level in self.white):
            raise ExplorerError("white", f"White cannot be {min(self.white)}.", "Choose values above 0.")
        if not 0 <= self.dropout < 1:
            raise ExplorerError("dropout", f"Dropout cannot be {self.dropout}.", "Choose 0 or more, below 1.")
        choices.check_way(self.spec, self.channels, self.grey)
        self._check_unfreezing()
        if len(self.never) == len(self.tensors):
            raise ExplorerError("frozen", "Everything is frozen: nothing would train.", "Leave the head out.")

    def _check_unfreezing(self) -> None:
        most = {choices.Strategy.A: 1, choices.Strategy.C: len(units(self.network)) - 1}.get(self.strategy, 0)
        if len(self.unfreeze) > most:
            what = f"Strategy {self.strategy} opens at {most} epochs at most, not {len(self.unfreeze)}."
            raise ExplorerError("unfreeze", what, "Leave the others out.")
        if list(self.unfreeze) != sorted(self.unfreeze) or any(epoch < 0 for epoch in self.unfreeze):
            epochs = ", ".join(map(str, self.unfreeze))
            raise ExplorerError("unfreeze", f"Epochs {epochs} are not in order.", "Write them in ascending order.")

    @property
    def adapter(self) -> tuple[int, int] | None:
        """Return the channels of the 1x1 convolution before the network, from and to; None where there is none."""
        is_there = self.grey is choices.GreyWay.ADAPTER and choices.adapts(self.spec, self.channels)
        return (self.channels, self.spec.in_channels) if is_there else None

    @property
    def network_spec(self) -> ResNetSpec:
        """Return the network that is tuned: with a new head, and its own first convolution where one is ported."""
        return _tuned(self.spec, self.channels, self.grey, len(self.classes) or self.spec.classes, self.dropout)

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
        network, tensors = self.network, self.tensors
        return frozenset(tensor.name for path in self.frozen for tensor in under(path, network, tensors))

    @property
    def saved_spec(self) -> ResNetSpec:
        """Return the network as it is saved: with the adapter in its first convolution."""
        return named(replace(self.network_spec, in_channels=self.channels)) if self.adapter else self.network_spec

    @property
    def images_key(self) -> tuple[object, ...]:
        """Return everything that the prepared images depend on."""
        preparation = (self.image, self.channels, self.spec.in_channels, self.grey, self.preprocess, self.white)
        return (self.data, self.classes, self.seed, *preparation)

    def steps_per_epoch(self, images: int) -> int:
        """Return the steps that go once over so many training images; what is left of a batch is passed over."""
        return max(1, images // self.recipe.batch)

    def recipe_for(self, images: int) -> Recipe:
        """Return the recipe with the steps of all epochs over so many training images, judged once an epoch.

        Blocks are not measured: what is frozen has no gradient.
        """
        steps = self.steps_per_epoch(images)
        return replace(self.recipe, steps=self.epochs * steps, evaluate_every=steps, measure_every=0)


def _between(key: str, value: int, least: int, most: int) -> None:
    if type(value) is not int or not least <= value <= most:
        raise ExplorerError(key, f"{key.capitalize()} cannot be {value}.", f"Choose {least:,} to {most:,}.")


def run_plan(plan: TunePlan, images: int) -> RunPlan:
    """Return the training that a fine-tuning on so many training images is: its network as saved, its steps."""
    embedded = plan.data.kind in choices.EMBEDDED
    data = DataChoice(choices.EMBEDDED[plan.data.kind]) if embedded else DataChoice(DataKind.FOLDER, plan.data.where)
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


FORMAT, VERSION = "resnet-explorer tuning", 1
_FORMERLY = {"bn": "train"}
"""What an older file without the key means: the default of its time."""


def plan_to_text(plan: TunePlan) -> str:
    """Return the text of a plan's file."""
    writers = {**WRITERS, choices.TuneData: _data}
    values = {key: value for key, value in codec.plain(plan, writers).items() if key != "views" or value}
    return codec.encode({"format": FORMAT, "version": VERSION, "plan": values}, writers)


def _data(data: choices.TuneData) -> dict[str, object]:
    """Return the images of a plan as its file holds them: what is new is left out where it is not used."""
    few = {"per_class": data.per_class} if data.per_class else {}
    return {"kind": data.kind, "where": data.where, "share": data.share, **few}


def read_plan(folder: Path) -> TunePlan:
    """Return the plan of the fine-tuning in a folder; raises ExplorerError where there is none."""
    try:
        return plan_from_text(files.read_text(folder / TUNE), str(folder))
    except (OSError, UnicodeDecodeError) as error:
        text = f"{folder} holds no fine-tuning."
        raise ExplorerError(str(folder), text, "Choose a folder that 'finetune' wrote.") from error


def plan_from_text(text: str, where: str = "plan") -> TunePlan:
    """Return the plan in a file's text; what is left out keeps its default, or what was it once.

    Raises ExplorerError where it holds none, with ``where`` for its name, and where a value cannot be.
    """
    values = codec.unwrap(text, FORMAT, (VERSION,), where, "describes no fine-tuning").get("plan", {})
    try:
        return codec.decode(_FORMERLY | values if isinstance(values, dict) else values, TunePlan, READERS, "$.plan")
    except ExplorerError as error:
        raise ExplorerError(where, f"{where}: {error.what}", error.remedy) from error
