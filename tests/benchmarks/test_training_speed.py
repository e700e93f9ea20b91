"""What the training lab costs over a loop by hand, as ratios within one run, on the digits with batches of 64.

The lab measures every block at each tenth step and keeps all in a folder, with checkpoints and test curves; the loop by
hand trains and tests by the same recipe, and no more. The bound that is asserted is loose, so that a busy machine meets
it too.
"""

import tempfile
from dataclasses import replace
from pathlib import Path
from statistics import median
from time import perf_counter

import torch
from torch.nn import functional

from resnet_explorer.probes.data import Images
from resnet_explorer.probes.models import build_from_seed
from resnet_explorer.readings.progress import Partial
from resnet_explorer.runs.plan import Run, RunPlan
from resnet_explorer.runs.recipe import Optimiser, Recipe
from resnet_explorer.spec.catalogue import find, twin
from resnet_explorer.spec.change import assign
from tests.benchmarks.table import FULL, record
from tests.training_runs import train

BOUND = 0.6
RESNET = assign(find("resnet20"), "in_channels=1", "width=8")
DEEP = twin(assign(find("resnet56"), "in_channels=1", "width=8"))
RECIPE = Recipe(steps=150, learning_rate=0.02)


def by_hand(plan: RunPlan) -> float:
    """Return the steps a second of what one would write: images in memory, PyTorch's own optimiser, a test."""
    recipe = plan.recipe
    (model,) = build_from_seed((plan.spec,), plan.seed)
    images = Images(plan.data, plan.spec, plan.image)
    (x, y), (x_test, y_test) = images.take(images.train), images.take(images.test)
    if recipe.optimiser is Optimiser.ADAMW:
        optimiser: torch.optim.Optimizer = torch.optim.AdamW(
            model.parameters(), recipe.learning_rate, weight_decay=recipe.weight_decay
        )
    else:
        optimiser = torch.optim.SGD(
            model.parameters(), recipe.learning_rate, recipe.momentum, weight_decay=recipe.weight_decay
        )
    losses, step, began = [], 0, perf_counter()
    while step < recipe.steps:
        for batch in torch.randperm(len(x)).split(recipe.batch):
            if len(batch) == recipe.batch and step < recipe.steps:
                output = model(x[batch])
                loss = functional.cross_entropy(output, y[batch])
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
                losses.append((loss.item(), (output.argmax(1) == y[batch]).float().mean().item()))
                step += 1
                if recipe.evaluate_every and step % recipe.evaluate_every == 0:
                    model.eval()
                    with torch.no_grad():
                        losses.append((functional.cross_entropy(model(x_test), y_test).item(), 0.0))
                    model.train()
    return recipe.steps / (perf_counter() - began)


def by_the_lab(plan: RunPlan) -> float:
    """Return the steps a second of the lab with everything on, from its first step to its last word."""
    with tempfile.TemporaryDirectory() as folder:
        began = 0.0
        for one in train(plan, Path(folder) / "run"):
            if isinstance(one, Partial) and not began:
                began = perf_counter()
            assert not isinstance(one, Run) or len(one.metrics) == plan.recipe.steps
        return (plan.recipe.steps - 1) / (perf_counter() - began)


def ratio(plan: RunPlan, rounds: int) -> float:
    """Record and return the lab's steps a second over those of the loop by hand: the median over rounds."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    pairs = [(by_hand(plan), by_the_lab(plan)) for _ in range(rounds)]
    torch.set_num_threads(threads)
    hand, found = median(one for one, _ in pairs), median(two / one for one, two in pairs)
    text = f"test at each {plan.recipe.evaluate_every}" if plan.recipe.evaluate_every else "no test"
    return record(f"training, {plan.name}, {text} / loop by hand", found * hand, hand, "≥ 0.95", "steps/s")


def test_the_lab_is_as_fast_as_a_loop_by_hand() -> None:
    if not FULL:
        assert ratio(RunPlan("resnet-20", RESNET, recipe=replace(RECIPE, steps=40)), 2) >= BOUND
        return
    for plan in (RunPlan("resnet-20", RESNET, recipe=RECIPE), RunPlan("plain-56", DEEP, recipe=RECIPE)):
        assert ratio(plan, 5) >= BOUND
    adamw = replace(RECIPE, optimiser=Optimiser.ADAMW, learning_rate=0.001, evaluate_every=0)
    assert ratio(RunPlan("resnet-20, AdamW", RESNET, recipe=adamw), 5) >= BOUND
