"""The update ratio is what the optimiser did: the same as formulas written out by hand, and not rate × gradient."""

from collections.abc import Iterator
from dataclasses import replace
from math import sqrt
from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from resnet_explorer.finetuning.data import TuneImages
from resnet_explorer.finetuning.groups import grouping
from resnet_explorer.finetuning.lab import images_of
from resnet_explorer.finetuning.plan import run_plan
from resnet_explorer.finetuning.schedule import ParameterSchedule
from resnet_explorer.finetuning.weights import start
from resnet_explorer.gradients.descent import Descent, DescentRequest
from resnet_explorer.gradients.lab import train
from resnet_explorer.probes.models import blocks_of
from resnet_explorer.readings.quantities import Quantity
from resnet_explorer.runs.folder import metric_from_line
from resnet_explorer.runs.plan import Metric, RunPlan
from resnet_explorer.runs.recipe import Optimiser, Recipe
from resnet_explorer.training.feed import Feed
from resnet_explorer.training.trainer import Trainer, first_weights
from tests.training_runs import plan, run, small
from tests.tuning_runs import PLAN

COUNT = 6
RECIPES: dict[str, Recipe] = {
    "sgd": Recipe(COUNT, 32, learning_rate=0.05, momentum=0.0, weight_decay=0.0),
    "momentum and decay": Recipe(COUNT, 32, learning_rate=0.05, momentum=0.9, weight_decay=0.02, warmup=3),
    "nesterov, clipped": Recipe(COUNT, 32, Optimiser.NESTEROV, learning_rate=0.05, weight_decay=1e-2, clip=0.3),
    "adam": Recipe(COUNT, 32, Optimiser.ADAM, learning_rate=0.01, weight_decay=0.02),
    "adamw, clipped": Recipe(COUNT, 32, Optimiser.ADAMW, learning_rate=0.01, weight_decay=0.1, clip=0.3),
}
Batches = Iterator[tuple[Tensor, Tensor]]


def by_hand(asked: RunPlan, batches: Batches) -> list[list[float]]:
    """‖ΔW‖ / ‖W‖ of each block at each step, the optimiser's formulas written out in float64."""
    recipe, model = asked.recipe, first_weights(asked)
    names = [name for name, _ in model.named_parameters()]
    first = {name: torch.zeros_like(one, dtype=torch.float64) for name, one in model.named_parameters()}
    second = {name: one.clone() for name, one in first.items()}
    found: list[list[float]] = []
    for number, (x, y) in enumerate(batches):
        model.zero_grad()
        functional.cross_entropy(model(x), y).backward()
        known = dict(model.named_parameters())
        grads = {name: one.grad.double() for name, one in known.items() if one.grad is not None}
        length = sqrt(sum(float(one.square().sum()) for one in grads.values()))
        shorter = min(1.0, recipe.clip / (length + 1e-6)) if recipe.clip else 1.0
        before = {name: one.detach().double() for name, one in known.items()}
        after = {}
        for name in names:
            w, g = before[name], shorter * grads[name]
            after[name] = _moved(recipe, number, w, g, first, second, name)
        found.append([_ratio(before, after, block) for block in ("layer1.0", "layer2.0", "layer3.0")])
        with torch.no_grad():
            for name, one in known.items():
                one.copy_(after[name])
    return found


def _moved(
    recipe: Recipe, number: int, w: Tensor, g: Tensor, m: dict[str, Tensor], v: dict[str, Tensor], name: str
) -> Tensor:
    rate, beta = recipe.rate_at(number), recipe.momentum
    if recipe.optimiser is not Optimiser.ADAMW:
        g = g + recipe.weight_decay * w
    if recipe.optimiser in (Optimiser.SGD, Optimiser.NESTEROV):
        m[name] = beta * m[name] + g
        return w - rate * (g + beta * m[name] if recipe.optimiser is Optimiser.NESTEROV else m[name])
    w = w * (1 - rate * recipe.weight_decay) if recipe.optimiser is Optimiser.ADAMW else w
    m[name], v[name] = beta * m[name] + (1 - beta) * g, 0.999 * v[name] + 0.001 * g.square()
    mean, square = m[name] / (1 - beta ** (number + 1)), v[name] / (1 - 0.999 ** (number + 1))
    return w - rate * mean / (square.sqrt() + 1e-8)


def _ratio(before: dict[str, Tensor], after: dict[str, Tensor], block: str) -> float:
    mine = [name for name in before if name.startswith(f"{block}.")]
    moved = sum(float((after[name] - before[name]).square().sum()) for name in mine)
    return sqrt(moved / sum(float(before[name].square().sum()) for name in mine))


def describe(metrics: tuple[Metric, ...], quantity: Quantity = Quantity.UPDATE) -> list[list[float]]:
    return [[value or 0.0 for value in one.blocks[quantity]] for one in metrics if one.blocks]


def batches_of(asked: RunPlan) -> Batches:
    feed = Feed(asked)
    return (feed.batch(number) for number in range(asked.recipe.steps))


@pytest.mark.parametrize("name", RECIPES)
def test_it_is_the_optimisers_own_step_in_a_run_that_was_interrupted_too(name: str, tmp_path: Path) -> None:
    asked = plan(replace(RECIPES[name], evaluate_every=0, measure_every=1))
    expected = by_hand(asked, batches_of(asked))
    whole = describe(run(asked).metrics)
    for ours, theirs in zip(whole, expected, strict=True):
        assert ours == pytest.approx(theirs, rel=2e-3)
    run(asked, tmp_path, until=3)
    assert describe(run(asked, tmp_path).metrics) == whole, "momentum comes from the checkpoint"


def test_the_estimate_is_plain_sgds_step_and_no_others() -> None:
    def factors(name: str) -> list[float]:
        metrics = run(plan(replace(RECIPES[name], evaluate_every=0, measure_every=1))).metrics
        pairs = zip(describe(metrics), describe(metrics, Quantity.ESTIMATE), strict=True)
        return [true / estimate for row in pairs for true, estimate in zip(*row, strict=True)]

    assert factors("sgd") == pytest.approx([1.0] * 3 * COUNT, rel=1e-3)
    assert max(factors("momentum and decay")) > 2 and min(factors("adam")) > 5


def test_the_gradient_lab_tells_the_step_that_it_makes() -> None:
    recipe = Recipe(COUNT, 32, learning_rate=0.05, momentum=0.9, weight_decay=0.02, evaluate_every=0, measure_every=1)
    asked = DescentRequest((small(),), recipe=recipe)
    *_, found = train(asked)
    assert isinstance(found, Descent)
    for step, theirs in zip(found.steps, by_hand(asked.plans[0], batches_of(asked.plans[0])), strict=True):
        assert step.values and step.values[0][Quantity.UPDATE] == pytest.approx(theirs, rel=2e-3)


def test_what_is_frozen_does_not_move() -> None:
    """A fine-tuning by strategy C: in its first epoch the head alone trains."""
    images = images_of(PLAN)
    assert isinstance(images, TuneImages)
    view, found = run_plan(PLAN, len(images.train)), grouping(PLAN, len(images.train))
    trainer = Trainer(view, start(PLAN)[0], lambda model: ParameterSchedule(model, found))
    feed = Feed(view, trainer.layout, images)
    first, _ = trainer.step(feed, 0, 0.05, measured=True, listens=False)
    later, _ = trainer.step(feed, view.recipe.steps - 1, 0.05, measured=True, listens=False)
    assert first.blocks and later.blocks and len(blocks_of(trainer.model)) == 3
    assert set(first.blocks[Quantity.UPDATE]) == {0.0} and all(later.blocks[Quantity.UPDATE])


def test_a_step_that_is_not_made_has_no_update() -> None:
    metrics = run(plan(Recipe(4, 32, learning_rate=1e30, evaluate_every=0, measure_every=1))).metrics
    assert Quantity.UPDATE in (metrics[0].blocks or {}) and Quantity.UPDATE not in (metrics[-1].blocks or {})


def test_what_older_runs_call_the_update_ratio_is_read_as_the_estimate() -> None:
    line = '{"step":0,"loss":2.0,"rate":0.1,"seconds":1.0,"blocks":{"update-ratio":[0.5,null]}}'
    metric = metric_from_line(line)
    assert metric is not None and metric.blocks == {Quantity.ESTIMATE: (0.5, None)}
