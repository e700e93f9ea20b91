"""The training loop: the one that would be written by hand, the gradient lab's images in order, its limits in words."""

from collections.abc import Callable
from dataclasses import replace
from math import isfinite, isnan
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.nn import functional

from resnet_explorer.errors import ExplorerError, InputError
from resnet_explorer.gradients.descent import Descent, DescentRequest
from resnet_explorer.gradients.lab import train as train_together
from resnet_explorer.images.choice import DIGITS, DataChoice, DataKind
from resnet_explorer.probes.data import Images
from resnet_explorer.probes.models import build_from_seed
from resnet_explorer.readings.progress import Partial, Progress
from resnet_explorer.readings.quantities import Quantity
from resnet_explorer.runs.plan import Chunk, Run, RunPlan
from resnet_explorer.runs.recipe import Optimiser, Recipe, Schedule
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.catalogue import twin
from resnet_explorer.training.trainer import NORMS
from tests.narrow import close
from tests.training_runs import RECIPES, plan, run, small, timeless, train

SGD = RECIPES["sgd"]


def by_hand(asked: RunPlan) -> list[float]:
    """Return the losses of the loop that one would write with PyTorch's own optimiser, one tensor after the other."""
    recipe = asked.recipe
    model = build_from_seed((asked.spec,), asked.seed)[0].to(memory_format=torch.channels_last)
    images = Images(asked.data, asked.spec, asked.image)
    norms = [p for m in model.modules() if isinstance(m, NORMS) for p in m.parameters()]
    spared = {id(p) for p in norms} | {id(p) for name, p in model.named_parameters() if name.endswith("bias")}
    groups: list[dict[str, Any]] = [
        {"params": [p for p in model.parameters() if (id(p) in spared and recipe.no_decay_on_norms) is is_spared]}
        for is_spared in (False, True)
    ]
    groups[1]["weight_decay"] = 0.0
    shared: dict[str, Any] = {
        "lr": recipe.learning_rate,
        "weight_decay": recipe.weight_decay,
        "foreach": False,
        "fused": False,
    }
    makers: dict[Optimiser, Callable[[], torch.optim.Optimizer]] = {
        Optimiser.SGD: lambda: torch.optim.SGD(groups, momentum=0.9, **shared),
        Optimiser.NESTEROV: lambda: torch.optim.SGD(groups, momentum=0.9, nesterov=True, **shared),
        Optimiser.ADAM: lambda: torch.optim.Adam(groups, **shared),
        Optimiser.ADAMW: lambda: torch.optim.AdamW(groups, **shared),
    }
    optimiser = makers[recipe.optimiser]()
    order = torch.Generator().manual_seed(asked.seed)
    batches = images.train[torch.randperm(len(images.train), generator=order)].split(recipe.batch)
    losses = []
    for step, batch in enumerate(batches[: recipe.steps]):
        x, y = images.take(batch)
        loss = functional.cross_entropy(model(x), y, label_smoothing=recipe.smoothing)
        optimiser.zero_grad()
        loss.backward()
        if recipe.clip:
            torch.nn.utils.clip_grad_norm_(model.parameters(), recipe.clip)
        for group in optimiser.param_groups:
            group["lr"] = recipe.rate_at(step)
        optimiser.step()
        losses.append(loss.item())
    return losses


@pytest.mark.parametrize("name", RECIPES)
def test_a_run_is_the_loop_that_one_would_write_by_hand(name: str) -> None:
    asked = plan(replace(RECIPES[name], pad=0, flip=False))
    losses = [one.loss for one in run(asked).metrics]
    assert losses == pytest.approx(by_hand(asked), rel=2e-3)
    assert losses[0] == pytest.approx(by_hand(asked)[0], rel=1e-6)


def test_a_run_of_the_gradient_lab_is_that_of_the_training_lab_bit_for_bit() -> None:
    spec = small()
    asked = DescentRequest((spec, twin(spec)), recipe=SGD, seed=3)
    *_, theirs = train_together(asked)
    assert isinstance(theirs, Descent)
    for index, one in enumerate(asked.specs):
        ours = run(RunPlan("twin", one, recipe=SGD, seed=3, like=spec, threads=0)).metrics
        assert tuple(step.loss for step in ours) == theirs.losses(index)


def test_all_views_change_nothing(tmp_path: Path) -> None:
    bare = run(plan(replace(SGD, measure_every=0, evaluate_every=0)))
    whole = run(plan(), tmp_path / "run")
    assert [one.loss for one in whole.metrics] == [one.loss for one in bare.metrics]
    assert [one.step for one in whole.metrics if one.blocks] == [0, 4, 8, 12]
    assert [one.step for one in whole.metrics if one.test_loss is not None] == [4, 9, 13]
    assert whole.environment and len(whole.environment.places) == 3 and whole.environment.classes == tuple("0123456789")
    assert (whole.environment.train, whole.environment.test) == (1500, 297) and whole.is_finished and not whole.problem


def test_the_same_seed_gives_the_same_bits_and_another_does_not() -> None:
    recipe = RECIPES["adam, average, crops"]
    first, second, third = (run(plan(recipe, "stochastic_depth=0.3", seed=seed)).metrics for seed in (0, 0, 1))
    assert timeless(first) == timeless(second) != timeless(third)


def test_a_blocks_length_is_that_of_its_parameters() -> None:
    first = run(plan(replace(SGD, steps=1))).metrics[0]
    block = build_from_seed((small(),), 0)[0].get_submodule("layer1.0")
    length = torch.cat([one.flatten() for one in block.parameters()]).norm().item()
    assert first.blocks and first.blocks[Quantity.WEIGHT_NORM][0] == pytest.approx(length, rel=1e-5)


def test_every_step_is_told_once_and_in_order() -> None:
    told = list(train(plan()))
    chunks = [one.value for one in told if isinstance(one, Partial)]
    assert all(isinstance(one, Chunk) for one in chunks)
    assert [metric.step for chunk in chunks for metric in chunk.metrics] == list(range(14))
    assert chunks[0].environment and isinstance(told[-1], Run) and isinstance(told[0], Progress)
    seconds = [metric.seconds for metric in told[-1].metrics]
    assert seconds == sorted(seconds)


def test_the_average_is_tested_and_pytorchs_own_agrees() -> None:
    from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

    recipe = Recipe(3, 32, ema=0.5, evaluate_every=3, measure_every=0)
    asked = plan(recipe)
    model = build_from_seed((asked.spec,), 0)[0].to(memory_format=torch.channels_last)
    average = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(0.5), use_buffers=True)
    images = Images(DIGITS, asked.spec, asked.image)
    optimiser = torch.optim.SGD(model.parameters(), recipe.learning_rate, 0.9, weight_decay=recipe.weight_decay)
    order = images.train[torch.randperm(1500, generator=torch.Generator().manual_seed(0))]
    for batch in order[:96].split(32):
        x, y = images.take(batch)
        optimiser.zero_grad()
        functional.cross_entropy(model(x), y).backward()
        optimiser.step()
        average.update_parameters(model)
    x, y = images.take(images.test)
    with torch.no_grad():
        expected = functional.cross_entropy(average.eval()(x), y).item()
    assert run(asked).metrics[-1].test_loss == pytest.approx(expected, rel=1e-4)


def test_torch_is_left_as_it_was() -> None:
    threads, random = torch.get_num_threads(), torch.get_rng_state()
    steps = train(plan(SGD, "stochastic_depth=0.3", threads=1))
    while not isinstance(next(steps), Partial):
        pass
    assert torch.are_deterministic_algorithms_enabled()
    close(steps)
    assert not torch.are_deterministic_algorithms_enabled() and torch.get_num_threads() == threads
    assert torch.get_rng_state().equal(random)


def test_a_loss_that_is_no_number_ends_the_run_with_a_sentence(tmp_path: Path) -> None:
    recipe = replace(SGD, steps=50, learning_rate=1e20, momentum=0.0)
    found = run(plan(recipe), tmp_path / "run")
    assert not found.is_finished and "learning rate" in found.problem
    assert f"step {found.metrics[-1].step + 1}" in found.problem
    assert not isfinite(found.metrics[-1].loss) and all(isfinite(one.loss) for one in found.metrics[:-1])
    again = run(plan(recipe), tmp_path / "run")
    assert again.problem == found.problem and len(again.metrics) == len(found.metrics)
    assert isnan(again.metrics[-1].loss) == isnan(found.metrics[-1].loss)


def test_mixed_precision_is_used_or_its_lack_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = plan(replace(SGD, steps=2, mixed=True, evaluate_every=0))
    plain = run(replace(asked, recipe=replace(asked.recipe, mixed=False))).metrics
    monkeypatch.setattr("resnet_explorer.training.trainer.has_bfloat16", lambda device: False)
    without = run(asked)
    assert without.environment and "bfloat16" in without.environment.notes[0]
    assert without.metrics[0].loss == plain[0].loss
    monkeypatch.setattr("resnet_explorer.training.trainer.has_bfloat16", lambda device: True)
    mixed = run(asked)
    assert mixed.environment and not mixed.environment.notes
    assert mixed.metrics[0].loss != plain[0].loss and mixed.metrics[0].loss == pytest.approx(plain[0].loss, rel=0.05)


@pytest.mark.parametrize(
    ("how", "text"),
    [
        ({"data": DataChoice(DataKind.FOLDER, "/nowhere/at/all")}, "is no folder"),
        ({"spec": small("classes=none")}, "backbone"),
    ],
)
def test_what_cannot_be_trained_is_refused(how: dict[str, Any], text: str) -> None:
    with pytest.raises(ExplorerError, match=text):
        run(replace(plan(), **how))


def test_batch_norm_needs_more_than_one_value() -> None:
    with pytest.raises(InputError):
        run(replace(plan(replace(SGD, batch=1)), image=InputShape(1, 1, 1)))


def test_a_broken_image_is_a_sentence(tmp_path: Path) -> None:
    from PIL import Image

    for label in ("cats", "dogs"):
        (tmp_path / label).mkdir()
        for index in range(4):
            Image.new("L", (8, 8), index * 40).save(tmp_path / label / f"{index}.png")
    asked = plan(
        Recipe(6, 2, evaluate_every=3, schedule=Schedule.COSINE), data=DataChoice(DataKind.FOLDER, str(tmp_path))
    )
    whole = run(asked)
    assert whole.is_finished and whole.environment and whole.environment.classes[:3] == ("cats", "dogs", "2")
    (tmp_path / "cats" / "1.png").write_bytes(b"not an image")
    with pytest.raises(ExplorerError, match=r"1\.png cannot be read"):
        run(asked)
