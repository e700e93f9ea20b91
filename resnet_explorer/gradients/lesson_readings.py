"""What lessons can read of the gradient lab's recordings; ``experiment`` is its key, the scene's where it is empty.

A network is named as in ``resnet-56``, ``plain-56``, or as ``residual`` and ``plain`` where there is one of each; a
block by its path, ``first`` or ``last``. Values are medians over the seeds.
"""

from functools import lru_cache

from resnet_explorer.errors import ExplorerError, did_you_mean
from resnet_explorer.gradients.descent import Descent, Paths
from resnet_explorer.gradients.part import Conditions
from resnet_explorer.gradients.presets import PRESETS
from resnet_explorer.gradients.recorded import DEFAULT, find_recorded
from resnet_explorer.gradients.tables import LabResult
from resnet_explorer.gradients.values import LAGS, GradientResult, NetworkGradients, Shattering
from resnet_explorer.readings.lesions import LesionStudy
from resnet_explorer.readings.quantities import Quantity
from resnet_explorer.scenes.scene import Scene
from resnet_explorer.spec import ResNetSpec
from resnet_explorer.spec.catalogue import plain_text, title

NEWEST = -1
INPUT = "input-gradient"
"""What is read where no quantity is named."""


def _fail(what: str, remedy: str = "") -> ExplorerError:
    return ExplorerError("expression", what, remedy)


def _key(scene: Scene, experiment: str) -> str:
    part = scene.part("gradients")
    key: str = experiment or part.experiment
    if not key and part.conditions != Conditions():
        raise _fail("Conditions of one's own are not recorded.", 'Name an experiment, as in experiment="batch-norm".')
    if key and key not in PRESETS:
        raise _fail(
            f"There is no experiment {key[:40]!r}.", did_you_mean(key, PRESETS, f"Choose {', '.join(PRESETS)}.")
        )
    return key


@lru_cache(maxsize=16)
def _recorded(key: str) -> LabResult:
    """Return the recording of an experiment; of what the page measures at first where the key is empty."""
    result = find_recorded(PRESETS[key].request if key else DEFAULT)
    if result is None:
        raise _fail(f"The experiment {key} is not recorded.", "Choose another.")
    return result


def names_of(spec: ResNetSpec) -> tuple[str, ...]:
    """Return the names of a network in an experiment: its title, its depth's, and its kind."""
    base = title(spec).partition(",")[0]
    kind = "residual" if spec.has_shortcuts else "plain"
    return tuple(map(plain_text, (title(spec), base if spec.has_shortcuts else base.replace("ResNet", "plain"), kind)))


def _place(network: str, specs: tuple[ResNetSpec, ...]) -> int:
    """Return which of some networks a name means; the first one of a kind counts only where it is the only one."""
    for rank in range(3):
        matches = [at for at, spec in enumerate(specs) if names_of(spec)[rank] == plain_text(network)]
        if len(matches) == 1 or (matches and rank == 1):
            return matches[-1]
    offered = ", ".join(dict.fromkeys(title(spec) for spec in specs))
    raise _fail(f"There is no one network {network[:40]!r} in this experiment.", f"It has {offered}.")


def _gradients(scene: Scene, network: str, experiment: str, step: int) -> NetworkGradients:
    key = _key(scene, experiment)
    result = _recorded(key)
    if isinstance(result, Descent):
        measured = [each for each in result.measured if each.number <= step or step == NEWEST]
        if not measured:
            raise _fail(f"Nothing was measured at step {step}.", "Choose 0 or more.")
        result = result.at(measured[-1])
    if not isinstance(result, GradientResult):
        raise _fail(f"The experiment {key} has no gradients of blocks.", "Choose another experiment.")
    return result.networks[_place(network, tuple(each.spec for each in result.networks))]


def _quantity(name: str) -> Quantity:
    if name not in list(Quantity):
        hint = did_you_mean(name, Quantity, f"Choose one of {', '.join(Quantity)}.")
        raise _fail(f"There is no quantity {name[:40]!r}.", hint)
    return Quantity(name)


def gradient(
    scene: Scene, network: str, block: str, quantity: str = INPUT, experiment: str = "", step: int = NEWEST
) -> float:
    """Return a quantity at a block."""
    measured = _gradients(scene, network, experiment, step)
    paths = [place.path for place in measured.places]
    block = {"first": paths[0], "last": paths[-1]}.get(block, block)
    if block not in paths:
        raise _fail(f"There is no block {block[:40]!r} in {measured.title}.", did_you_mean(block, paths))
    return _known(measured.median(_quantity(quantity))[paths.index(block)])


def growth(scene: Scene, network: str, quantity: str = INPUT, experiment: str = "", step: int = NEWEST) -> float:
    """Return how many times the value of the last block that of the first is."""
    return _known(_gradients(scene, network, experiment, step).ratio(_quantity(quantity)))


def growth_per_block(
    scene: Scene, network: str, quantity: str = INPUT, experiment: str = "", step: int = NEWEST
) -> float:
    """Return the factor from a block to the one before it, within the stages."""
    return _known(_gradients(scene, network, experiment, step).growth(_quantity(quantity)))


def _known(value: float | None) -> float:
    if value is None:
        raise _fail("That was not measured, or is not the same everywhere.", "Choose another quantity or block.")
    return value


def seeds(scene: Scene, experiment: str = "") -> int:
    """Return with how many seeds an experiment is recorded."""
    result = _recorded(_key(scene, experiment))
    return result.done if isinstance(result, GradientResult) else 1


def agreement(scene: Scene, network: str, distance: int = 1) -> float:
    """Return the mean cosine of the gradients of inputs so many points apart."""
    result = _recorded("shattered")
    assert isinstance(result, Shattering), "its request is for that"
    if distance not in LAGS:
        raise _fail(f"Inputs {distance} points apart were not compared.", f"Choose one of {', '.join(map(str, LAGS))}.")
    at = _place(network, tuple(each.spec for each in result.networks))
    return result.networks[at].mean[LAGS.index(distance)]


def shortest_path(scene: Scene) -> int:
    """Return the fewest branches that a path which carries the gradient passes."""
    return _paths().carriers[0]


def longest_path(scene: Scene) -> int:
    """Return the most branches that a path which carries the gradient passes."""
    return _paths().carriers[1]


def carriers(scene: Scene) -> float:
    """Return the part of all paths that are of those lengths."""
    followed = _paths()
    return followed.portion(followed.carriers)


def _paths() -> Paths:
    result = _recorded("paths")
    assert isinstance(result, Paths), "its request is for that"
    return result


def error_with_all(scene: Scene, network: str) -> float:
    """Return the test error with all blocks, a part of 1."""
    study = _lesions()
    return study.networks[_place(network, tuple(each.spec for each in study.networks))].whole


def error_without(scene: Scene, network: str, block: str = "") -> float:
    """Return the test error without a block, a part of 1; the median over all blocks where none is named."""
    study = _lesions()
    lesions = study.networks[_place(network, tuple(each.spec for each in study.networks))]
    paths = [place.path for place in lesions.places]
    block = {"first": paths[0], "last": paths[-1]}.get(block, block)
    if block and block not in paths:
        raise _fail(f"There is no block {block[:40]!r} in {lesions.name}.", did_you_mean(block, paths))
    return _known(lesions.dropped[paths.index(block)] if block else lesions.typical)


def _lesions() -> LesionStudy:
    result = _recorded("lesions")
    assert isinstance(result, LesionStudy), "its request is for that"
    return result
