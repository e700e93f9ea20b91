"""What lessons can read of fine-tuning: what trains in the step's network by strategy, and the recorded transfer."""

from functools import lru_cache
from statistics import median

from resnet_explorer.errors import ExplorerError, did_you_mean
from resnet_explorer.finetuning.choices import IMAGENET, BnMode, GreyWay, Strategy
from resnet_explorer.finetuning.groups import Grouping, grouping
from resnet_explorer.finetuning.plan import TunePlan, Weight, head_cost, no_decay
from resnet_explorer.finetuning.recorded import built_in, recorded_runs
from resnet_explorer.network import compile_spec
from resnet_explorer.runs.plan import Run
from resnet_explorer.scenes.scene import Scene
from resnet_explorer.spec import ResNetSpec

EPOCHS, IMAGES = 12, 1_000
"""The epochs and the training images of the plan whose groups are read: A opens after a third of the epochs."""


def _fail(what: str, remedy: str = "") -> ExplorerError:
    return ExplorerError("expression", what, remedy)


@lru_cache(maxsize=64)
def _grouping(spec: ResNetSpec, strategy: str, classes: int, channels: int, way: str, bn: str) -> Grouping:
    for name, value, offered in (("strategy", strategy, Strategy), ("way", way, GreyWay), ("bn", bn, BnMode)):
        if value not in list(offered):
            hint = did_you_mean(value, offered, f"Choose one of {', '.join(offered)}.")
            raise _fail(f"There is no {name} {value[:40]!r}.", hint)
    if not 2 <= classes <= 10_000:
        raise _fail(f"{classes:,} classes cannot be.", "Choose 2 to 10,000.")
    plan = TunePlan(
        spec,
        classes=tuple(map(str, range(classes))),
        channels=channels,
        grey=GreyWay(way),
        strategy=Strategy(strategy),
        bn=BnMode(bn),
        epochs=EPOCHS,
    )
    return grouping(plan, IMAGES)


def _epoch(epoch: int) -> int:
    if not 1 <= epoch <= EPOCHS:
        raise _fail(f"There is no epoch {epoch}.", f"Choose 1 to {EPOCHS}.")
    return epoch - 1


def trainable(
    scene: Scene, strategy: str = "A", epoch: int = 1, classes: int = 10, channels: int = 3, way: str = "repeat"
) -> int:
    """Return the parameters that train in an epoch, with a new head."""
    groups = _grouping(scene.state.spec, strategy, classes, channels, way, BnMode.FROZEN)
    return groups.counts(_epoch(epoch)).parameters


def frozen(
    scene: Scene, strategy: str = "A", epoch: int = 1, classes: int = 10, channels: int = 3, way: str = "repeat"
) -> int:
    """Return the parameters that do not train in an epoch, with a new head."""
    counts = _grouping(scene.state.spec, strategy, classes, channels, way, BnMode.FROZEN).counts(_epoch(epoch))
    return counts.of_parameters - counts.parameters


def unit_rate(scene: Scene, unit: str, strategy: str = "B", epoch: int = 1) -> float:
    """Return the share of the learning rate of a unit: stem, a stage or head; 0 while it is frozen."""
    groups = _grouping(scene.state.spec, strategy, 10, scene.state.spec.in_channels, GreyWay.REPEAT, BnMode.FROZEN)
    mine = [group for group in groups.groups if group.unit == unit]
    units = tuple(dict.fromkeys(tensor.unit for tensor in groups.plan.tensors))
    if unit not in units:
        raise _fail(f"There is no unit {unit[:40]!r}.", did_you_mean(unit, units, f"Choose one of {', '.join(units)}."))
    return mine[0].share_at(_epoch(epoch)) if mine else 0.0


def still_norms(scene: Scene, bn: str = "eval-frozen", strategy: str = "A", epoch: int = 1) -> int:
    """Return how many batch norms keep their running statistics in an epoch."""
    spec = scene.state.spec
    return len(_grouping(spec, strategy, 10, spec.in_channels, GreyWay.REPEAT, bn).still(_epoch(epoch)))


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
    spec = scene.state.spec
    return _grouping(spec, Strategy.FULL, 10, spec.in_channels, GreyWay.REPEAT, BnMode.FROZEN).plan.tensors


def new_head(scene: Scene, classes: int = 10) -> int:
    """Return the parameters of a head for so many classes, with weights and biases."""
    return head_cost(compile_spec(scene.state.spec), classes).after


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
