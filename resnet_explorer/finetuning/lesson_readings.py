"""What lessons can read of fine-tuning: what trains by strategy, and the recorded transfer.

On the fine-tuning page the plan is the one that it shows, elsewhere that of the scene's network on three channels and
ten classes; what a lesson names replaces it. The recording is the app's own.
"""

from dataclasses import replace
from functools import lru_cache
from statistics import median
from typing import TypeVar

from resnet_explorer.errors import ExplorerError, did_you_mean
from resnet_explorer.finetuning.choices import IMAGENET, BnMode, GreyWay, Strategy
from resnet_explorer.finetuning.groups import Grouping, grouping
from resnet_explorer.finetuning.plan import TunePlan, Weight, head_cost, no_decay
from resnet_explorer.finetuning.recorded import built_in, recorded_runs
from resnet_explorer.network import compile_spec
from resnet_explorer.runs.plan import Run
from resnet_explorer.scenes.scene import Scene

T = TypeVar("T", Strategy, GreyWay, BnMode)
PAGE = "tuning"
CLASSES, EPOCHS, IMAGES = 10, 12, 1_000
"""What a plan has that no page shows: A opens after a third of its epochs."""


def _fail(what: str, remedy: str = "") -> ExplorerError:
    return ExplorerError("expression", what, remedy)


def _plan(
    scene: Scene, strategy: str = "", classes: int = 0, channels: int = 0, way: str = "", bn: str = ""
) -> TunePlan:
    """Return the plan that the page shows, or that of the scene's network, with what is named in its place."""
    part = scene.part(PAGE) if scene.page == PAGE else None
    spec = scene.state.spec
    if spec.classes is None:
        raise _fail("A backbone has no head to replace.", "Give it classes.")
    plan: TunePlan = part.plan if part else TunePlan(spec, channels=spec.in_channels, epochs=EPOCHS)
    count = classes or len(plan.classes) or CLASSES
    if not 2 <= count <= 10_000:
        raise _fail(f"{count:,} classes cannot be.", "Choose 2 to 10,000.")
    return replace(
        plan,
        classes=tuple(map(str, range(count))),
        channels=channels or plan.channels,
        grey=_choice("way", way, GreyWay) or plan.grey,
        strategy=_choice("strategy", strategy, Strategy) or plan.strategy,
        bn=_choice("bn", bn, BnMode) or plan.bn,
    )


def _choice(name: str, value: str, kind: type[T]) -> T | None:
    if value and value not in list(kind):
        raise _fail(f"There is no {name} {value[:40]!r}.", did_you_mean(value, kind, f"Choose {', '.join(kind)}."))
    return kind(value) if value else None


@lru_cache(maxsize=64)
def _grouping(plan: TunePlan) -> Grouping:
    return grouping(plan, IMAGES)


def _epoch(scene: Scene, plan: TunePlan, epoch: int) -> int:
    """Return an epoch counted from 0: one that a lesson names, the page's, or the first."""
    part = scene.part(PAGE) if scene.page == PAGE else None
    number = epoch or (part.epoch if part else 1)
    if not 1 <= number <= plan.epochs:
        raise _fail(f"There is no epoch {number}.", f"Choose 1 to {plan.epochs}.")
    return int(number) - 1


def trainable(
    scene: Scene, strategy: str = "", epoch: int = 0, classes: int = 0, channels: int = 0, way: str = ""
) -> int:
    """Return the parameters that train in an epoch, with a new head."""
    plan = _plan(scene, strategy, classes, channels, way)
    return _grouping(plan).counts(_epoch(scene, plan, epoch)).parameters


def frozen(scene: Scene, strategy: str = "", epoch: int = 0, classes: int = 0, channels: int = 0, way: str = "") -> int:
    """Return the parameters that do not train in an epoch, with a new head."""
    plan = _plan(scene, strategy, classes, channels, way)
    counts = _grouping(plan).counts(_epoch(scene, plan, epoch))
    return counts.of_parameters - counts.parameters


def unit_rate(scene: Scene, unit: str, strategy: str = "", epoch: int = 0) -> float:
    """Return the share of the learning rate of a unit: stem, a stage or head; 0 while it is frozen."""
    plan = _plan(scene, strategy)
    units = tuple(dict.fromkeys(tensor.unit for tensor in plan.tensors))
    if unit not in units:
        raise _fail(f"There is no unit {unit[:40]!r}.", did_you_mean(unit, units, f"Choose one of {', '.join(units)}."))
    mine = [group for group in _grouping(plan).groups if group.unit == unit]
    return mine[0].share_at(_epoch(scene, plan, epoch)) if mine else 0.0


def still_norms(scene: Scene, bn: str = "", strategy: str = "", epoch: int = 0) -> int:
    """Return how many batch norms keep their running statistics in an epoch."""
    plan = _plan(scene, strategy, bn=bn)
    return len(_grouping(plan).still(_epoch(scene, plan, epoch)))


def no_decay_tensors(scene: Scene) -> int:
    """Return how many tensors are those of norms and biases, by the type of their layers."""
    return no_decay(_tensors(scene)).tensors


def no_decay_params(scene: Scene) -> int:
    """Return the parameters in those tensors."""
    return no_decay(_tensors(scene)).parameters


def missed_by_name(scene: Scene, words: str = "bn bias") -> int:
    """Return how many of those tensors have none of some words in their names."""
    return len(no_decay(_tensors(scene), tuple(words.split())).missed)


def _tensors(scene: Scene) -> tuple[Weight, ...]:
    return _plan(scene).tensors


def new_head(scene: Scene, classes: int = 10) -> int:
    """Return the parameters of a head for so many classes, with weights and biases."""
    return head_cost(compile_spec(_plan(scene).spec), classes).after


def transfer(scene: Scene, start: str, epoch: int = 0) -> float:
    """Return the recorded test accuracy, a part of 1: the median over the seeds, after an epoch or at the end."""
    runs = [run for run in _recorded() if run.plan.name == start]
    if not runs:
        names = tuple(dict.fromkeys(run.plan.name for run in _recorded()))
        raise _fail(f"Nothing is recorded {start[:40]!r}.", did_you_mean(start, names, f"Choose {' or '.join(names)}."))
    accuracies = [[each.test_accuracy for each in run.metrics if each.test_accuracy is not None] for run in runs]
    fewest = min(map(len, accuracies))
    if not 0 <= epoch <= fewest:
        raise _fail(f"There is no epoch {epoch}.", f"Choose 1 to {fewest}, or 0 for the end.")
    return median(values[epoch - 1] for values in accuracies)


def transfer_seeds(scene: Scene) -> int:
    """Return with how many seeds the transfer is recorded."""
    return len({run.plan.seed for run in _recorded()})


def transfer_images(scene: Scene) -> int:
    """Return on how many images the recorded networks were tuned."""
    environment = _recorded()[0].environment if _recorded() else None
    if environment is None:
        raise _fail("The transfer is not recorded.", "Install ResNet Explorer again.")
    return environment.train


@lru_cache(maxsize=1)
def _recorded() -> tuple[Run, ...]:
    return recorded_runs()


def built_in_accuracy(scene: Scene) -> float:
    """Return the accuracy of the app's own weights on MNIST, a part of 1."""
    return built_in().accuracy


def imagenet_mean(scene: Scene, channel: int) -> float:
    """Return the mean of a channel of ImageNet's images, 1 for red to 3 for blue, for values from 0 to 1."""
    return _channel(IMAGENET.mean, channel)


def imagenet_std(scene: Scene, channel: int) -> float:
    """Return the standard deviation of a channel of ImageNet's images, 1 for red to 3 for blue."""
    return _channel(IMAGENET.std, channel)


def _channel(values: tuple[float, ...], channel: int) -> float:
    if not 1 <= channel <= len(values):
        raise _fail(f"There is no channel {channel}.", f"Choose 1 to {len(values)}.")
    return values[channel - 1]
