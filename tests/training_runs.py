"""Small runs for tests: a network of three blocks on the digits, a few milliseconds a step."""

from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from resnet_explorer.readings.progress import Partial
from resnet_explorer.runs.plan import Ending, Metric, Run, RunEnvironment, RunPlan
from resnet_explorer.runs.recipe import Optimiser, Recipe
from resnet_explorer.spec import ResNetSpec
from resnet_explorer.spec.catalogue import find
from resnet_explorer.spec.change import assign
from resnet_explorer.training.loop import TrainingEvent, iterate_steps
from tests.narrow import close

RECIPES: dict[str, Recipe] = {
    "sgd": Recipe(14, 32, evaluate_every=5, measure_every=4),
    "nesterov, spares, clip": Recipe(
        14,
        32,
        Optimiser.NESTEROV,
        learning_rate=0.1,
        no_decay_on_norms=True,
        clip=0.5,
        weight_decay=1e-2,
        warmup=5,
        evaluate_every=0,
    ),
    "adam, average, crops": Recipe(
        14,
        32,
        Optimiser.ADAM,
        learning_rate=0.01,
        ema=0.8,
        pad=1,
        flip=True,
        smoothing=0.1,
        evaluate_every=7,
        measure_every=0,
    ),
    "adamw": Recipe(14, 32, Optimiser.ADAMW, learning_rate=0.01, weight_decay=0.1, evaluate_every=4, measure_every=5),
}


def small(*settings: str) -> ResNetSpec:
    return assign(find("resnet20"), "blocks=1,1,1", "in_channels=1", "width=4", *settings)


def plan(recipe: Recipe = RECIPES["sgd"], *settings: str, **how: Any) -> RunPlan:
    return RunPlan("small", small(*settings), recipe=recipe, **how)


def train(
    plan: RunPlan, folder: Path | None = None, until: int | None = None, *, tensorboard: bool = False
) -> Generator[TrainingEvent | Run, None, None]:
    """Yield progress and the steps as they are made, and last the run; see ``iterate_steps``."""
    environment: RunEnvironment | None = None
    metrics: dict[int, Metric] = {}
    with closing(iterate_steps(plan, folder, until, known_steps=0, tensorboard=tensorboard)) as events:
        for event in events:
            if isinstance(event, Ending):
                yield Run(
                    plan, environment, tuple(metrics[step] for step in sorted(metrics)), event.folder, event.problem
                )
                return
            if isinstance(event, Partial):
                environment = event.value.environment or environment
                metrics.update((metric.step, metric) for metric in event.value.metrics)
            yield event


def run(asked: RunPlan, folder: Path | None = None, until: int | None = None) -> Run:
    """Return what comes of a training."""
    *_, last = train(asked, folder, until)
    assert isinstance(last, Run)
    return last


def close_after(steps: Iterator[object], count: int) -> None:
    """Take so many values of a training, and stop it."""
    for _ in range(count):
        if next(steps, None) is None:
            return
    close(steps)


def timeless(metrics: tuple[Metric, ...]) -> list[Metric]:
    """Return steps without the time that they took, in which alone two equal runs differ."""
    return [replace(one, seconds=0.0) for one in metrics]


def tensors(folder: Path) -> dict[str, torch.Tensor]:
    """Return what a run's checkpoint holds: weights, optimiser, average."""
    from safetensors.torch import load_file

    return load_file(folder / "checkpoint.safetensors")


def same(one: Path, other: Path) -> bool:
    """Return whether two checkpoints hold the same bits."""
    ours, theirs = tensors(one), tensors(other)
    return ours.keys() == theirs.keys() and all(ours[key].equal(theirs[key]) for key in ours)
