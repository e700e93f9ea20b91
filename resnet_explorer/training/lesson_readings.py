"""What lessons can read of the recorded trainings; ``preset`` is the experiment, the scene's where it is empty."""

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from resnet_explorer import assets
from resnet_explorer.errors import ExplorerError, did_you_mean
from resnet_explorer.runs.folder import RunFolder, list_runs, read
from resnet_explorer.runs.plan import Run, RunStatistics
from resnet_explorer.runs.recipe import Recipe, Schedule
from resnet_explorer.scenes.scene import Scene
from resnet_explorer.training.presets import PRESETS, preset_of

SHOWN = -1
"""Instead of a seed: the scene's."""


def _fail(what: str, remedy: str = "") -> ExplorerError:
    return ExplorerError("expression", what, remedy)


@lru_cache(maxsize=16)
def _runs(preset: str) -> tuple[RunFolder, ...]:
    """Return the recorded runs of an experiment, by seed and in the order of its networks, without their steps."""
    key = preset_of(preset).key
    folder = assets.path("runs") / key
    if not folder.is_dir():
        recorded = [key for key in PRESETS if (assets.path("runs") / key).is_dir()]
        raise _fail(f"The experiment {key} is not recorded.", f"Choose one of {', '.join(recorded)}.")
    order = [name for name, _ in PRESETS[key].networks]
    return tuple(sorted(list_runs(folder), key=lambda run: (run.plan.seed, order.index(run.plan.name))))


@lru_cache(maxsize=64)
def _run(folder: Path) -> Run:
    return read(folder)


def _preset(scene: Scene, preset: str) -> str:
    key: str = preset or scene.part("training").preset
    if not key:
        raise _fail("An experiment of one's own is not recorded.", 'Name one, as in preset="degradation".')
    return key


def _of(scene: Scene, run: str, preset: str, seed: int) -> Run:
    """Return the run of a name and a seed."""
    shown = scene.part("training").seed if seed == SHOWN else seed
    runs = [each for each in _named(scene, run, preset) if each.plan.seed == shown]
    if not runs:
        raise _fail(f"{run} is not recorded with the seed {shown}.", "Choose 0.")
    return _run(runs[0].path)


def _named(scene: Scene, run: str, preset: str) -> tuple[RunFolder, ...]:
    """Return the runs of a name, one for each seed; hyphens and case do not matter."""
    runs = _runs(_preset(scene, preset))
    names = tuple(dict.fromkeys(each.plan.name for each in runs))
    matches = tuple(each for each in runs if _plain(each.plan.name) == _plain(run))
    if not matches:
        what = f"There is no recorded run {run[:40]!r} in {_preset(scene, preset)}."
        raise _fail(what, did_you_mean(run, names, f"Choose one of {', '.join(names)}."))
    return matches


def _plain(name: str) -> str:
    return name.lower().replace("-", "").replace(" ", "")


def _statistics(run: Run, at: float) -> RunStatistics:
    """Return the statistics after a share of a run's steps, at least one."""
    if not 0 <= at <= 1:
        raise _fail(f"{at:g} is no share of the steps.", "Write at=0 to at=1.")
    return RunStatistics(run.metrics[: max(1, round(at * len(run.metrics)))], run.plan.recipe.steps)


def loss(scene: Scene, run: str, preset: str = "", at: float = 1.0, seed: int = SHOWN) -> float:
    """Return the training loss, the mean of the last 20 steps."""
    return _known(_statistics(_of(scene, run, preset, seed), at).loss)


def error(scene: Scene, run: str, preset: str = "", at: float = 1.0, seed: int = SHOWN) -> float:
    """Return the training error, a part of 1: the mean of the last 20 steps."""
    return _known(_statistics(_of(scene, run, preset, seed), at).error)


def error_on_test(scene: Scene, run: str, preset: str = "", at: float = 1.0, seed: int = SHOWN) -> float:
    """Return the error on the test images, a part of 1, when they were last evaluated."""
    metrics = _statistics(_of(scene, run, preset, seed), at).metrics
    accuracies = [metric.test_accuracy for metric in metrics if metric.test_accuracy is not None]
    return 1 - _known(accuracies[-1] if accuracies else None)


def least_loss(scene: Scene, run: str, preset: str = "", at: float = 1.0) -> float:
    """Return the least of the seeds' training losses."""
    return _over_seeds(scene, run, preset, at, min)


def greatest_loss(scene: Scene, run: str, preset: str = "", at: float = 1.0) -> float:
    """Return the greatest of the seeds' training losses."""
    return _over_seeds(scene, run, preset, at, max)


def _over_seeds(scene: Scene, run: str, preset: str, at: float, choose: Callable[[list[float]], float]) -> float:
    return choose([_known(_statistics(_run(each.path), at).loss) for each in _named(scene, run, preset)])


def _known(value: float | None) -> float:
    if value is None:
        raise _fail("That was not recorded.", "Ask for a later step.")
    return value


def run_seeds(scene: Scene, preset: str = "") -> int:
    """Return with how many seeds an experiment is recorded."""
    return len({run.plan.seed for run in _runs(_preset(scene, preset))})


def steps(scene: Scene, preset: str = "") -> int:
    """Return the steps of the longest recorded run."""
    return max(run.steps for run in _runs(_preset(scene, preset)))


def batch(scene: Scene, preset: str = "") -> int:
    """Return the images of a step."""
    return _runs(_preset(scene, preset))[0].plan.recipe.batch


def seconds(scene: Scene, run: str = "", preset: str = "") -> float:
    """Return the seconds that training took with the first seed, of one run or of all one after the other."""
    runs = _named(scene, run, preset) if run else _runs(_preset(scene, preset))
    return sum(each.last.seconds for each in runs if each.last and each.plan.seed == runs[0].plan.seed)


def train_images(scene: Scene, preset: str = "") -> int:
    """Return how many images the runs train on."""
    return _runs(_preset(scene, preset))[0].environment.train


def images_of_test(scene: Scene, preset: str = "") -> int:
    """Return how many images the runs are tested on."""
    return _runs(_preset(scene, preset))[0].environment.test


def rate_share(scene: Scene, schedule: str, at: float = 0.0, warmup: int = 0) -> float:
    """Return the learning rate after a share of 1,000 steps, as a part of its peak."""
    if schedule not in list(Schedule):
        hint = did_you_mean(schedule, Schedule, f"Choose one of {', '.join(Schedule)}.")
        raise _fail(f"There is no schedule {schedule[:40]!r}.", hint)
    if not 0 <= at <= 1:
        raise _fail(f"{at:g} is no share of the steps.", "Write at=0 to at=1.")
    plan = replace(Recipe(steps=1000, learning_rate=1.0), schedule=Schedule(schedule), milestones=(500, 750))
    return replace(plan, warmup=warmup, warmup_from=0.1).rate_at(min(999, round(at * 1000)))
