"""A fine-tuning by the loop of the training lab: frozen means frozen, a pause changes no bit, the best is kept."""

import errno
import json
import os
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors import safe_open
from safetensors.torch import load_file

from resnet_explorer.errors import ExplorerError
from resnet_explorer.finetuning.choices import BnMode, GreyWay, Strategy, TuneData, WeightsChoice, WeightsKind
from resnet_explorer.finetuning.data import TuneImages, complete, load
from resnet_explorer.finetuning.groups import grouping
from resnet_explorer.finetuning.lab import evaluate, iterate_steps
from resnet_explorer.finetuning.plan import TunePlan
from resnet_explorer.finetuning.values import BeforeAfter, EvaluateTuned
from resnet_explorer.finetuning.weights import start
from resnet_explorer.module import build
from resnet_explorer.runs.folder import list_runs, read, summarize_run
from resnet_explorer.runs.opened import load_trained
from resnet_explorer.runs.plan import Metric
from resnet_explorer.runs.recipe import Recipe, Schedule
from resnet_explorer.spec.catalogue import find
from resnet_explorer.weights import checkpoint
from tests.narrow import last
from tests.training_runs import train
from tests.tuning_runs import PLAN, RICH, SMALL, timeless, tuned

IMAGES = 460
"""Threes, fives and sevens of the embedded digits to train on."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Metric], Path]:
    """Strategy C through an adapter, without interruption."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    return tuned(PLAN, folder)[0], folder


def state(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / "checkpoint.safetensors")


def model_of(folder: Path) -> dict[str, torch.Tensor]:
    return {key.removeprefix("model."): one for key, one in state(folder).items() if key.startswith("model.")}


PLANS = {
    "A": replace(PLAN, strategy=Strategy.A, unfreeze=(2,), epochs=4, bn=BnMode.FROZEN),
    "B": replace(PLAN, strategy=Strategy.B, epochs=2, recipe=RICH, dropout=0.3),
    "C": replace(PLAN, strategy=Strategy.C, unfreeze=(1, 2), epochs=4, recipe=RICH, grey=GreyWay.SUM),
    "probe": replace(PLAN, strategy=Strategy.PROBE, epochs=2, recipe=replace(RICH, schedule=Schedule.ONE_CYCLE)),
}


@pytest.mark.parametrize("name", PLANS)
def test_a_pause_at_any_step_changes_no_bit(name: str, tmp_path: Path) -> None:
    expected, ending = tuned(PLANS[name], tmp_path / "whole")
    for until in (1, 6, 7, 8, 13, 15):
        tuned(PLANS[name], tmp_path / "parts", until)
    got, end = tuned(PLANS[name], tmp_path / "parts")
    assert timeless(got) == timeless(expected) and ending.is_finished
    assert (end.best_epoch, end.best_loss, end.waited) == (ending.best_epoch, ending.best_loss, ending.waited)
    ours, theirs = state(tmp_path / "parts"), state(tmp_path / "whole")
    assert ours.keys() == theirs.keys() and all(torch.equal(ours[key], theirs[key]) for key in ours)
    ours, theirs = (load_file(tmp_path / part / "best.safetensors") for part in ("parts", "whole"))
    assert all(torch.equal(ours[key], theirs[key]) for key in theirs)
    for file in ("opened.jsonl", "tune.json"):
        assert (tmp_path / "parts" / file).read_bytes() == (tmp_path / "whole" / file).read_bytes()


def test_closed_at_any_moment_it_goes_on(
    whole: tuple[list[Metric], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("resnet_explorer.training.loop.PAUSE", 0.0)
    for count in (6, 14, 15, 16, 20):
        steps = iterate_steps(PLAN, tmp_path / "run")
        for _ in range(count):
            next(steps)
        steps.close()
    assert timeless(tuned(PLAN, tmp_path / "run")[0]) == timeless(whole[0])
    assert all(torch.equal(one, state(whole[1])[key]) for key, one in state(tmp_path / "run").items())


@pytest.mark.parametrize("bn", list(BnMode))
def test_what_is_frozen_stays_bit_for_bit(bn: BnMode, tmp_path: Path) -> None:
    """Of strategy C that has opened two units, with a path that never trains, and an average that follows all."""
    one = replace(PLAN, unfreeze=(1, 2), epochs=4, frozen=frozenset({"layer3.0.conv1"}), bn=bn, recipe=RICH)
    first = start(one)[0].state_dict()
    tuned(one, tmp_path)
    found, plan = model_of(tmp_path), grouping(one, IMAGES)
    names = {name for name, _ in start(one)[0].named_parameters()}
    same = {name for name in names if torch.equal(first[name], found[name])}
    assert same == names - plan.trainable(3) and "layer3.0.conv1.weight" in same and "conv1.weight" in same
    averaged = {key: value for key, value in state(tmp_path).items() if key.startswith("average.module.")}
    assert all(torch.equal(averaged[f"average.module.{name}"], first[name]) for name in same)
    still = {name for name, value in found.items() if "running" in name and torch.equal(value, first[name])}
    norms = {f"{path}.{kind}" for path in plan.still(3) for kind in ("running_mean", "running_var")}
    assert still == norms and bool(norms) == (bn is not BnMode.TRAIN)


def test_the_rate_that_is_kept_is_the_heads(whole: tuple[list[Metric], Path]) -> None:
    later = replace(PLANS["A"], recipe=replace(PLAN.recipe, schedule=Schedule.COSINE))
    recipe = later.recipe_for(IMAGES)
    rates = [one.rate for one in tuned(later)[0]]
    steps = later.steps_per_epoch(IMAGES)
    assert rates == pytest.approx(
        [recipe.rate_at(step) * (0.1 if step >= 2 * steps else 1.0) for step in range(4 * steps)]
    )
    assert {one.rate for one in whole[0]} == {0.05}


def test_what_trains_when_is_kept_as_lines(whole: tuple[list[Metric], Path]) -> None:
    lines = [json.loads(line) for line in (whole[1] / "opened.jsonl").read_text().splitlines()]
    plan = grouping(PLAN, IMAGES)
    assert [one["epoch"] - 1 for one in lines] == list(plan.changes)
    for one in lines:
        assert set(one["trainable"]) == plan.trainable(one["epoch"] - 1) and not one["silent"]
        assert one["parameters"] == plan.counts(one["epoch"] - 1).parameters


def test_it_is_listed_and_read_as_every_run(whole: tuple[list[Metric], Path]) -> None:
    metrics, folder = whole
    (found,) = list_runs(folder.parent)
    assert found.is_tuning and found.is_finished and found.plan.recipe.steps == len(metrics) == 5 * (IMAGES // 64)
    run = read(folder)
    assert run.is_finished and timeless(list(run.metrics)) == timeless(metrics)
    assert run.environment and run.environment.classes == ("3", "5", "7") and run.environment.train == IMAGES
    assert run.plan.spec.in_channels == 1 and run.plan.name.endswith(" C")
    assert "random, from seed 0" in run.environment.notes[0]


def test_the_best_weights_are_a_file_that_opens_anywhere(whole: tuple[list[Metric], Path]) -> None:
    """They have the least test loss, and the adapter in the first convolution."""
    metrics, folder = whole
    tests = {one.step + 1: one.test_loss for one in metrics if one.test_loss is not None}
    model, plan, steps = load_trained(folder)
    assert tests[steps] == min(tests.values()) and plan.spec == PLAN.saved_spec
    opened, found = checkpoint.load(folder / "best.safetensors")
    assert found.spec == PLAN.saved_spec and not hasattr(opened, "adapter")
    judged = last(BeforeAfter, evaluate(EvaluateTuned(str(folder))))
    assert judged.after.loss == pytest.approx(tests[steps], abs=1e-5)
    assert torch.equal(model.state_dict()["fc.weight"], opened.state_dict()["fc.weight"])
    again = replace(PLAN, weights=WeightsChoice(WeightsKind.FILE, str(folder / "best.safetensors")),
                    spec=PLAN.saved_spec, grey=GreyWay.REPEAT)  # fmt: skip
    assert start(again)[1].head_loaded


def test_before_and_after_are_of_the_same_images(whole: tuple[list[Metric], Path]) -> None:
    found = last(BeforeAfter, evaluate(EvaluateTuned(str(whole[1]))))
    assert found.before and found.before.counts.sum() == found.after.counts.sum() == 84
    assert (found.before.counts.sum(axis=1) == found.after.counts.sum(axis=1)).all()
    assert found.after.accuracy > 0.8 > found.before.accuracy
    assert found.outcome.test_accuracy == found.after.accuracy and found.outcome.epochs == 5
    recalls = [found.after.recall(label) for label in range(3)]
    assert all(one is not None and 0 <= one <= 1 for one in recalls)
    assert "by chance is 1 in 3, 33.3%" in " ".join(found.sentences)


def test_before_the_first_test_there_are_newest_weights(tmp_path: Path) -> None:
    tuned(PLAN, tmp_path / "run", 3)
    model, plan, steps = load_trained(tmp_path / "run")
    assert steps == 3 and not (tmp_path / "run" / "best.safetensors").exists()
    assert model.get_parameter("conv1.weight").shape[1] == 1 == plan.spec.in_channels


def test_it_ends_where_it_gets_no_better_and_stays_ended(tmp_path: Path) -> None:
    one = replace(PLAN, strategy=Strategy.FULL, epochs=60, patience=2, recipe=Recipe(batch=64, learning_rate=0.5))
    metrics, ending = tuned(one, tmp_path / "run")
    tests = [metric.test_loss for metric in metrics if metric.test_loss is not None]
    assert ending.stopped_early and ending.is_finished and ending.waited == 2 and ending.steps < ending.of
    assert ending.best_epoch == len(tests) - 2 and tests[-3] == min(tests) == ending.best_loss
    assert read(tmp_path / "run").is_finished and summarize_run(tmp_path / "run").is_finished
    before = (tmp_path / "run" / "metrics.jsonl").read_bytes()
    again, end = tuned(one, tmp_path / "run")
    assert timeless(again) == timeless(metrics) and end.stopped_early
    assert (tmp_path / "run" / "metrics.jsonl").read_bytes() == before


def test_a_folder_of_other_things_is_refused(whole: tuple[list[Metric], Path], tmp_path: Path) -> None:
    folder = whole[1]
    with pytest.raises(ExplorerError, match="fine-tuning of other epochs"):
        tuned(replace(PLAN, epochs=6), folder)
    with pytest.raises(ExplorerError, match="holds a fine-tuning"):
        list(train(read(folder).plan, folder))
    *_, _ = train(replace(read(folder).plan, recipe=Recipe(2, 8)), tmp_path / "plain")
    with pytest.raises(ExplorerError, match="holds no fine-tuning"):
        tuned(PLAN, tmp_path / "plain")


def parted(root: Path, **counts: int) -> TunePlan:
    """Return a plan on dark ants and bright bees, so many of each in every part."""
    chance = np.random.default_rng(0)
    for part, count in counts.items():
        for name, shade in (("ants", 90), ("bees", 160)):
            (root / part / name).mkdir(parents=True)
            for index in range(count):
                pixels = chance.normal(shade, 60, (12, 12, 3)).clip(0, 255).astype(np.uint8)
                Image.fromarray(pixels).save(root / part / name / f"{index}.png")
    data = TuneData(where=str(root))
    recipe = Recipe(batch=4, learning_rate=0.05)
    return replace(PLAN, data=data, classes=(), channels=3, grey=GreyWay.REPEAT, recipe=recipe, epochs=3)


class TestParts:
    def test_validation_images_choose_the_epoch_and_test_images_judge_it(self, tmp_path: Path) -> None:
        one = parted(tmp_path / "images", train=8, val=3, test=5)
        metrics, ending = tuned(one, tmp_path / "run")
        setting, *_, images = read(tmp_path / "run").environment, *load(complete(one))
        assert setting and isinstance(images, TuneImages)
        assert (setting.train, setting.test, setting.judged) == (16, 6, "validation")
        assert any("the test images are evaluated once" in note for note in setting.notes)
        losses = [metric.test_loss for metric in metrics if metric.test_loss is not None]
        assert ending.best_loss == min(losses)
        model, _, _ = load_trained(tmp_path / "run")
        loss = {part: self.loss(model, images, getattr(images, part)) for part in ("val", "test")}
        with safe_open(tmp_path / "run" / "best.safetensors", "pt") as file:
            assert float(file.metadata()["validation_loss"]) == min(losses) == pytest.approx(loss["val"], abs=1e-5)
        found = last(BeforeAfter, evaluate(EvaluateTuned(str(tmp_path / "run"))))
        assert found.after.counts.sum() == 10 and found.after.loss == pytest.approx(loss["test"], abs=1e-5)
        assert "The validation images choose the best epoch, and the test images judge it." in found.sentences

    @staticmethod
    def loss(model: torch.nn.Module, images: TuneImages, indices: torch.Tensor) -> float:
        x, y = images.take(indices)
        with torch.no_grad():
            return torch.nn.functional.cross_entropy(model(x), y).item()

    @pytest.mark.parametrize("part", ["val", "test"])
    def test_one_of_both_does_both_and_that_is_said(self, tmp_path: Path, part: str) -> None:
        tuned(replace(parted(tmp_path / "images", train=4, **{part: 3}), epochs=1), tmp_path / "run")
        found = last(BeforeAfter, evaluate(EvaluateTuned(str(tmp_path / "run"))))
        assert found.after.counts.sum() == 6 and "both choose the best epoch and judge it" in found.sentences[-1]

    def test_a_run_goes_on_with_the_images_that_it_was_judged_by(self, tmp_path: Path) -> None:
        one = parted(tmp_path / "images", train=8, test=3)
        tuned(one, tmp_path / "run", 2)
        parted(tmp_path / "images", val=4)
        with pytest.raises(ExplorerError, match="images have changed since"):
            tuned(one, tmp_path / "run")


class TestBadInput:
    """Each is said, and nothing is left where the run would have been."""

    def refused(self, one: TunePlan, folder: Path, text: str) -> None:
        with pytest.raises(ExplorerError, match=text):
            tuned(one, folder / "run")
        assert not (folder / "run").exists()

    def images(self, root: Path, **counts: int) -> TunePlan:
        for name, count in counts.items():
            (root / "images" / name).mkdir(parents=True)
            for index in range(count):
                pixels = np.random.default_rng(index).integers(0, 255, (12, 12, 3), np.uint8)
                Image.fromarray(pixels).save(root / "images" / name / f"{index}.png")
        data = TuneData(where=str(root / "images"))
        return replace(PLAN, data=data, classes=(), channels=3, grey=GreyWay.REPEAT, recipe=Recipe(batch=4))

    def test_no_images(self, tmp_path: Path) -> None:
        (tmp_path / "images").mkdir()
        one = replace(PLAN, data=TuneData(where=str(tmp_path / "images")), classes=())
        self.refused(one, tmp_path, "holds no images")

    def test_one_class(self, tmp_path: Path) -> None:
        self.refused(self.images(tmp_path, ants=5), tmp_path, "only one class")

    def test_more_classes_than_images(self, tmp_path: Path) -> None:
        one = self.images(tmp_path, ants=1, bees=1, cats=1)
        (tmp_path / "images" / "cats" / "0.png").write_bytes(b"no")
        self.refused(one, tmp_path, "cats without a training image")

    def test_corrupt_ones_are_skipped_and_listed(self, tmp_path: Path) -> None:
        one = self.images(tmp_path, ants=9, bees=9)
        (tmp_path / "images" / "ants" / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 no picture")
        tuned(replace(one, epochs=1), tmp_path / "run")
        run = read(tmp_path / "run")
        assert run.environment and "broken.jpg" in run.environment.notes[-1] and run.environment.train == 14

    def test_images_that_went_missing(self, tmp_path: Path) -> None:
        one = self.images(tmp_path, ants=9, bees=9)
        tuned(replace(one, epochs=2), tmp_path / "run", 2)
        for index in range(5):
            (tmp_path / "images" / "ants" / f"{index}.png").unlink()
        for again in (replace(one, epochs=2), replace(complete(one), epochs=2)):
            with pytest.raises(ExplorerError, match="images have changed since"):
                tuned(again, tmp_path / "run")

    def test_weights_of_another_network(self, tmp_path: Path) -> None:
        other = find("resnet32")
        checkpoint.save(build(other), other, tmp_path / "other.safetensors")
        weights = WeightsChoice(WeightsKind.FILE, str(tmp_path / "other.safetensors"))
        self.refused(replace(PLAN, weights=weights), tmp_path, "holds ResNet-32, not ResNet-20")
        self.refused(replace(PLAN, weights=WeightsChoice(WeightsKind.FILE, "/nowhere.pth")), tmp_path, "cannot be read")

    def test_published_weights_that_are_not_here(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TORCH_HOME", str(tmp_path / "home"))
        self.refused(replace(PLAN, spec=find("resnet18"), weights=WeightsChoice()), tmp_path, "not on this machine")

    def test_the_run_goes_on_where_its_first_weights_are_gone(self, tmp_path: Path) -> None:
        file = tmp_path / "first.safetensors"
        checkpoint.save(build(SMALL), SMALL, file)
        one = replace(PLAN, weights=WeightsChoice(WeightsKind.FILE, str(file)))
        tuned(one, tmp_path / "run", 8)
        file.unlink()
        assert tuned(one, tmp_path / "run")[1].is_finished
        found = last(BeforeAfter, evaluate(EvaluateTuned(str(tmp_path / "run"))))
        assert found.before is None and "no longer available" in found.sentences[0]

    @pytest.mark.skipif(sys.platform == "win32", reason="no limits there")
    def test_a_full_disk_ends_it_with_a_sentence_and_it_goes_on_later(
        self, whole: tuple[list[Metric], Path], tmp_path: Path
    ) -> None:
        """The limit is above every small file, and below the weights: the best ones are the first that do not fit."""
        import resource

        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (12_000, limits[1]))
        try:
            stopped = tuned(PLAN, tmp_path / "run")[1]
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert "larger than files may be here" in stopped.problem and not list((tmp_path / "run").glob("*.part"))
        metrics, ending = tuned(PLAN, tmp_path / "run")
        assert ending.is_finished and timeless(metrics) == timeless(whole[0])

    def test_best_weights_that_cannot_be_written_leave_the_old_ones(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        tuned(PLAN, tmp_path / "run", 7)
        before = (tmp_path / "run" / "best.safetensors").read_bytes()
        real = os.replace

        def full(source: Path, target: Path) -> None:
            if Path(target).name == "best.safetensors":
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            real(source, target)

        monkeypatch.setattr(os, "replace", full)
        ending = tuned(replace(PLAN), tmp_path / "run", 21)[1]
        assert "the disk is full" in ending.problem
        assert (tmp_path / "run" / "best.safetensors").read_bytes() == before
