"""What of a fine-tuning need not be computed again: the frozen start of its network, whose features are kept.

Up to a cut nothing trains, no running statistics move, and nothing is random: an image gives the same features in
every epoch. Cuts lie between the network's blocks, and between the layers of its head.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import takewhile
from math import prod

from resnet_explorer.finetuning.groups import Grouping
from resnet_explorer.finetuning.plan import TunePlan
from resnet_explorer.network import Block, Part, flat
from resnet_explorer.network.kinds import Layer, Shape
from resnet_explorer.network.tree import ADAPTER
from resnet_explorer.readings.read import analyse
from resnet_explorer.readings.text import in_bytes, size

FLOAT = 4
"""Bytes of a number of the features; in mixed precision they may need half of it."""
COMPUTING = "computing features once"
"""What a run says that it does before its steps."""
WORTH = 2
"""Epochs that use features from which it is worth while to compute them first."""


@dataclass(frozen=True, slots=True)
class Module:
    """A child of the network, or a block, under its name there: its layers by their paths, and its output's shape."""

    name: str
    layers: tuple[tuple[str, Layer], ...]
    output: Shape


@lru_cache(maxsize=16)
def modules(plan: TunePlan) -> tuple[Module, ...]:
    """Return what runs one after the other in the network of a plan, its adapter included."""
    network = plan.network
    analysis = analyse(network, plan.image)
    found = [Module(ADAPTER, (), analysis.total.input)] if plan.adapter else []
    for block in network.blocks:
        if block.number:
            layers = tuple(zip(block.layer_paths, (part.layer for part in block.form.parts), strict=True))
            found.append(Module(block.path, layers, analysis.sums[block.path].output))
            continue
        outputs = {row.path: row.reading.output for row in analysis.rows_of(block)}
        for name, layers in _children(block):
            found.append(Module(name, layers, outputs[layers[-1][0]]))
    return tuple(found)


def _children(block: Block) -> Iterator[tuple[str, tuple[tuple[str, Layer], ...]]]:
    """Yield the modules of a stem or a head by their names, with their layers: as they are added to the network."""
    layers: dict[str, list[tuple[str, Layer]]] = {}
    for step in block.form.branch:
        if not isinstance(step, Part) or step.layer.module:
            own = layers.setdefault(step.name.partition(".")[0], [])
            own += ((part.name, part.layer) for part in flat((step,)))
    yield from ((name, tuple(own)) for name, own in layers.items())


@dataclass(frozen=True, slots=True)
class Cut:
    """The modules whose output is kept, and the epochs that use it: from ``first``, before ``until``."""

    names: tuple[str, ...]
    shape: Shape
    first: int
    until: int

    @property
    def end(self) -> str:
        return self.names[-1]

    @property
    def epochs(self) -> int:
        return self.until - self.first


def kept_views(plan: TunePlan) -> int:
    """Return of how many views of each image features are kept: one where nothing augments; 0 if drawn anew."""
    return plan.views if is_augmented(plan) else 1


def is_augmented(plan: TunePlan) -> bool:
    """Return whether training images are shifted or mirrored at random."""
    return bool(plan.recipe.pad or plan.recipe.flip)


def cuts(groups: Grouping) -> tuple[Cut, ...]:
    """Return the cuts of a plan in the order of its epochs; none where each epoch draws other views of the images."""
    return _cuts(groups) if kept_views(groups.plan) else ()


@lru_cache(maxsize=16)
def _cuts(groups: Grouping) -> tuple[Cut, ...]:
    plan, found = groups.plan, list[Cut]()
    stem = {path for path, _ in (layers for child in _children(plan.network.stem) for layers in child[1])}
    for first, until in zip(groups.changes, (*groups.changes[1:], plan.epochs), strict=True):
        trains, still = groups.trainable(first), groups.still(first)
        fixed = tuple(takewhile(lambda module: _is_fixed(module, trains, still), modules(plan)))  # noqa: B023 - used now
        if not stem <= {path for module in fixed for path, _ in module.layers}:
            continue  # a part of the stem costs less than to read what it makes
        names = tuple(module.name for module in fixed)
        if found and found[-1].names == names and found[-1].until == first:
            first = found.pop().first
        found.append(Cut(names, fixed[-1].output[1:], first, until))
    return tuple(found)


def _is_fixed(module: Module, trains: frozenset[str], still: frozenset[str]) -> bool:
    """Return whether a module gives the same output for an image in every step."""
    if module.name == ADAPTER:
        return f"{ADAPTER}.weight" not in trains
    for path, layer in module.layers:
        moves = any(tensor.buffer for tensor in layer.tensors()) and path not in still
        if moves or layer.is_random or any(f"{path}.{tensor.name}" in trains for tensor in layer.tensors()):
            return False
    return True


@dataclass(frozen=True, slots=True)
class Forecast:
    """What keeping features needs: ``kept`` are the cuts that fit within the budget, ``bytes`` what they need.

    ``over`` are those that do not fit, and ``wanted`` what all need.
    """

    kept: tuple[Cut, ...]
    over: tuple[Cut, ...]
    bytes: int
    wanted: int


def forecast(groups: Grouping, train: int, judged: int, budget: int) -> Forecast:
    """Return what is kept for so many images to train on and to judge each epoch by, within a budget in bytes.

    The epochs come in their order. What would be used in one epoch alone is computed in it.
    """
    kept, over, total, wanted = list[Cut](), list[Cut](), 0, 0
    found = cuts(groups)
    if sum(cut.epochs for cut in found) < WORTH:
        return Forecast((), (), 0, 0)
    rows = train * kept_views(groups.plan) + judged
    for cut in found:
        needed = rows * prod(cut.shape) * FLOAT
        wanted += needed
        if total + needed <= budget:
            kept.append(cut)
            total += needed
        else:
            over.append(cut)
    return Forecast(tuple(kept), tuple(over), total, wanted)


def describe(groups: Grouping, train: int, judged: int, budget: int) -> str:
    """Return in a line what is computed once, from where to where, its size, and the epochs that use it.

    Empty where nothing is frozen for long enough.
    """
    plan = groups.plan
    if not kept_views(plan):
        once = sum(cut.epochs for cut in _cuts(groups)) >= WORTH
        text = "Augmentation is drawn anew in every epoch, so frozen layers run in each; kept views are computed once."
        return text if once else ""
    known = forecast(groups, train, judged, budget)
    if not known.kept and not known.over:
        return ""
    if not known.kept:
        need = f"{in_bytes(known.wanted)}, and the budget is {in_bytes(budget)}"
        return f"Features are not kept: they need {need}. Frozen layers run in every epoch."
    views = f" of {plan.views:,} views" if is_augmented(plan) else ""
    parts = ", ".join(_describe(cut) for cut in known.kept)
    text = f"Features{views} computed once, from the image to {parts}: {in_bytes(known.bytes)} of {in_bytes(budget)}."
    over = ", ".join(cut.end for cut in known.over)
    return f"{text} Those up to {over} do not fit ({in_bytes(known.wanted)} in all)." if over else text


def describe_epoch(known: Forecast, epoch: int) -> str:
    """Return up to where nothing is computed again in an epoch, counted from 0; empty where all is."""
    cut = next((cut for cut in known.kept if cut.first <= epoch < cut.until), None)
    return f"Computed once, up to {cut.end} ({size((1, *cut.shape))})." if cut else ""


def _describe(cut: Cut) -> str:
    return f"{cut.end} ({size((1, *cut.shape))}) for {epochs_text(cut.first, cut.until)}"


def epochs_text(first: int, until: int) -> str:
    """Return epochs as they are counted from 1: ``epoch 3``, ``epochs 1 to 10``."""
    return f"epoch {until:,}" if until - first == 1 else f"epochs {first + 1:,} to {until:,}"
