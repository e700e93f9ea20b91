"""Frozen layers run once: a run on kept features is the plain run, and what is kept on disk is whole or not used."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from resnet_explorer.errors import ExplorerError
from resnet_explorer.finetuning import features, frozen
from resnet_explorer.finetuning.choices import NO_WEIGHTS, BnMode, GreyWay, Strategy
from resnet_explorer.finetuning.groups import grouping
from resnet_explorer.finetuning.lab import iterate_steps
from resnet_explorer.finetuning.plan import TunePlan, plan_from_text, plan_to_text
from resnet_explorer.finetuning.script import to_script
from resnet_explorer.module import build
from resnet_explorer.readings.memory_format import MemoryFormat, memory_format
from resnet_explorer.readings.progress import Partial, Progress
from resnet_explorer.runs.folder import read
from resnet_explorer.runs.plan import Chunk, Metric
from resnet_explorer.runs.recipe import Recipe
from resnet_explorer.spec.catalogue import find
from resnet_explorer.spec.change import assign
from resnet_explorer.spec.search import default_input
from resnet_explorer.ui.preferences import CACHE_VARIABLE
from tests.tuning_runs import PLAN, RICH, SMALL, timeless

IMAGES, TESTED, ROOM = 460, 84, 10**8
PROBE = replace(PLAN, grey=GreyWay.REPEAT, spec=assign(SMALL, "in_channels=3"), strategy=Strategy.PROBE, epochs=3)
STEPS = IMAGES // 64


def changed(plan: TunePlan, *settings: str, **choices: object) -> TunePlan:
    return replace(plan, spec=assign(plan.spec, *settings), **choices)  # type: ignore[arg-type]


PLANS = {
    "probe": replace(PROBE, dropout=0.3),
    "A": replace(PROBE, strategy=Strategy.A, unfreeze=(2,)),
    "C": replace(PROBE, strategy=Strategy.C, unfreeze=(1, 2, 3), epochs=4, recipe=replace(RICH, flip=False)),
    "by hand": replace(PROBE, strategy=Strategy.FULL, frozen=frozenset({"stem", "layer1", "layer2.0.conv1"})),
    "eval": replace(PROBE, strategy=Strategy.A, unfreeze=(2,), bn=BnMode.EVAL, recipe=replace(RICH, flip=False)),
    "fixup": changed(PROBE, "init=fixup", "norm=none"),
    "group norm": changed(PROBE, "norm=group"),
    "in place": changed(PROBE, "order=relu-only", strategy=Strategy.C, unfreeze=(1,)),
    "channels last": changed(PROBE, "widths=8,16,16", "stem_channels=8", strategy=Strategy.C, unfreeze=(1, 2)),
    "mixed": replace(PROBE, recipe=replace(PLAN.recipe, mixed=True)),
    "views": replace(PROBE, strategy=Strategy.A, unfreeze=(2,), recipe=RICH, views=2),
}


def tuned(plan: TunePlan, folder: Path, until: int | None = None, budget: int = ROOM) -> list[Metric]:
    """Return all steps of a run, those that were kept as well."""
    found: dict[int, Metric] = {}
    for event in iterate_steps(plan, folder, until, known_steps=0, features_budget=budget):
        if isinstance(event, Partial):
            assert isinstance(event.value, Chunk)
            found.update((metric.step, metric) for metric in event.value.metrics)
    return timeless([found[step] for step in sorted(found)])


def notes(folder: Path) -> str:
    environment = read(folder).environment
    assert environment
    return " ".join(environment.notes)


def is_same(ours: Path, theirs: Path) -> bool:
    """Return whether two folders hold the same weights, state of the optimiser, and lines of what trained when."""
    for name in ("checkpoint.safetensors", "best.safetensors"):
        left, right = load_file(ours / name), load_file(theirs / name)
        if left.keys() != right.keys() or not all(torch.equal(left[key], right[key]) for key in right):
            return False
    return all((ours / name).read_bytes() == (theirs / name).read_bytes() for name in ("opened.jsonl", "tune.json"))


def files() -> list[Path]:
    return sorted(features.features_folder().glob("*.features"))


@pytest.mark.parametrize("name", PLANS)
def test_a_run_on_features_is_the_plain_run_bit_for_bit(name: str, tmp_path: Path) -> None:
    """So it is where it pauses while layers are frozen, and goes on after some have opened."""
    plan = PLANS[name]
    expected = tuned(plan, tmp_path / "plain", budget=0)
    assert not files() and "computed once" not in notes(tmp_path / "plain")
    tuned(plan, tmp_path / "kept", STEPS + 2)
    tuned(plan, tmp_path / "kept", 2 * STEPS)
    assert tuned(plan, tmp_path / "kept") == expected and is_same(tmp_path / "kept", tmp_path / "plain")
    is_last = memory_format(plan.network) is MemoryFormat.CHANNELS_LAST
    assert is_last == (name == "channels last")
    known = frozen.forecast(grouping(plan, IMAGES), IMAGES, TESTED, ROOM)
    assert known.kept and "computed once" in notes(tmp_path / "kept")
    sizes = (known.bytes, known.bytes / 2) if plan.recipe.mixed else (known.bytes,)  # where there is bfloat16
    assert features.features_size() in sizes and len(files()) == len(known.kept)


def test_where_the_statistics_of_frozen_layers_move_nothing_is_kept(tmp_path: Path) -> None:
    """Also where something before the cut is random, or the adapter before the network trains."""
    for plan in (
        replace(PROBE, bn=BnMode.TRAIN),
        changed(PROBE, "stochastic_depth=0.3"),
        replace(PLAN, strategy=Strategy.PROBE),
        replace(PROBE, strategy=Strategy.B),
        replace(PROBE, recipe=RICH),
    ):
        cuts = frozen.cuts(grouping(plan, IMAGES))
        assert all(cut.end == "relu" for cut in cuts), plan  # the stem alone, before the first that is random
    tuned(replace(PROBE, bn=BnMode.TRAIN, epochs=2), tmp_path / "run")
    assert not files()


def test_cuts_are_the_modules_of_a_network() -> None:
    for name in ("resnet18", "resnetv2_18d", "skresnet18", "iresnet18", "shake26_2x32d", "resnet50_clip"):
        spec = find(name)
        plan = TunePlan(spec, NO_WEIGHTS, image=default_input(spec), strategy=Strategy.PROBE)
        with torch.device("meta"):
            model = build(plan.network_spec, initialise=False)
        blocks = [f"{stage}.{key}" for stage in model.stages for key, _ in model.get_submodule(stage).named_children()]
        assert [one.name for one in frozen.modules(plan)] == [*model.stem, *blocks, *model.head], name


def test_a_cut_moves_towards_the_image_as_layers_open() -> None:
    plan = TunePlan(find("resnet18"), NO_WEIGHTS, strategy=Strategy.C, unfreeze=(2, 3, 5, 6, 8))
    found = [(cut.end, cut.shape, cut.first, cut.until) for cut in frozen.cuts(grouping(plan, 256))]
    assert found == [
        ("flatten", (512,), 0, 2),
        ("layer3.1", (256, 14, 14), 2, 3),
        ("layer2.1", (128, 28, 28), 3, 5),
        ("layer1.1", (64, 56, 56), 5, 6),
        ("maxpool", (64, 56, 56), 6, 8),
    ]
    text = frozen.describe(grouping(plan, 256), 256, 0, 10**8)
    assert text.startswith("Features computed once, from the image to flatten (512) for epochs 1 to 2, layer3.1")
    assert "52 MB of 100 MB. Those up to layer2.1, layer1.1, maxpool do not fit (566 MB in all)." in text
    probe = grouping(replace(plan, strategy=Strategy.PROBE, unfreeze=()), 256)
    assert frozen.describe(probe, 256, 0, 2 * 10**9).endswith("flatten (512) for epochs 1 to 10: 0.52 MB of 2 GB.")
    assert "they need 0.52 MB, and the budget is 0 MB" in frozen.describe(probe, 256, 0, 0)


def test_views_are_taken_in_turn_and_belong_to_the_plan() -> None:
    with pytest.raises(ExplorerError, match="Views cannot be -1"):
        replace(PROBE, views=-1)
    kept = replace(PROBE, views=3)
    assert plan_from_text(plan_to_text(kept)) == kept and '"views"' not in plan_to_text(PROBE)
    augmented = replace(PROBE, recipe=RICH)
    assert "kept views are computed once" in frozen.describe(grouping(augmented, IMAGES), IMAGES, TESTED, ROOM)
    assert "Features of 3 views" in frozen.describe(grouping(replace(augmented, views=3), IMAGES), IMAGES, TESTED, ROOM)


def test_the_script_says_that_it_keeps_no_views() -> None:
    kept = replace(PROBE, recipe=RICH, views=3)
    assert "took 3 views of each image in turn" in to_script(kept) and "views" not in to_script(PROBE)


def test_one_view_shows_the_same_images_in_every_epoch(tmp_path: Path) -> None:
    """With the rate of a frozen network all but 0, the loss of an epoch depends on its images alone."""
    recipe = Recipe(batch=IMAGES, learning_rate=1e-12, weight_decay=0.0, momentum=0.0, pad=2, flip=True)
    one = replace(PROBE, recipe=recipe, epochs=4)
    losses = {
        views: [metric.loss for metric in tuned(replace(one, views=views), tmp_path / str(views))]
        for views in (0, 1, 2)
    }
    assert len({round(loss, 5) for loss in losses[1]}) == 1
    assert losses[2][0] == pytest.approx(losses[2][2], abs=1e-5) != pytest.approx(losses[2][1], abs=1e-5)
    assert len({round(loss, 5) for loss in losses[0]}) == 4
    assert "2 kept views of each image in turn in epochs 1 to 4" in notes(tmp_path / "2")


class TestOnDisk:
    @pytest.fixture
    def run(self, tmp_path: Path) -> list[Metric]:
        return tuned(PROBE, tmp_path / "first")

    def texts(self, plan: TunePlan, folder: Path, budget: int = ROOM) -> list[str]:
        """Return what a run said while features were computed."""
        events = iterate_steps(plan, folder, features_budget=budget)
        return [event.text for event in events if isinstance(event, Progress) and "computing" in event.text]

    def test_another_run_finds_them(self, run: list[Metric], tmp_path: Path) -> None:
        assert not self.texts(replace(PROBE, recipe=replace(PLAN.recipe, learning_rate=0.1)), tmp_path / "second")
        assert len(files()) == 1

    def test_other_weights_or_images_do_not(self, run: list[Metric], tmp_path: Path) -> None:
        for number, plan in enumerate((replace(PROBE, seed=1), replace(PROBE, classes=("3", "5")))):
            assert self.texts(plan, tmp_path / str(number))
        assert len(files()) == 3

    def test_what_is_damaged_is_computed_anew(self, run: list[Metric], tmp_path: Path) -> None:
        (file,) = files()
        whole = file.read_bytes()
        damages: dict[str, Callable[[], object]] = {
            "a byte": lambda: file.write_bytes(whole[:100] + bytes([whole[100] ^ 1]) + whole[101:]),
            "cut off": lambda: file.write_bytes(whole[:-1]),
            "gone": file.unlink,
            "sums": lambda: file.with_suffix(".json").write_text("{"),
        }
        for name, damage in damages.items():
            damage()
            texts = self.texts(PROBE, tmp_path / name)
            assert texts and file.read_bytes() == whole, name
            assert texts[0].startswith("computing features once, 0 of") == (name in ("gone", "sums")), (
                name
            )  # else the other pieces are used
            assert is_same(tmp_path / name, tmp_path / "first"), name

    def test_cancelled_it_goes_on_where_it_was(self, tmp_path: Path) -> None:
        steps = iterate_steps(PROBE, tmp_path / "run", features_budget=ROOM)
        with closing(steps):
            found = (event for event in steps if isinstance(event, Progress) and "computing" in event.text)
            *_, last = islice(found, 4)
        assert last.text.startswith("computing features once, 192 of 544 images, about")
        texts = self.texts(PROBE, tmp_path / "run")
        assert texts[0].startswith("computing features once, 192 of 544 images")
        tuned(PROBE, tmp_path / "plain", budget=0)
        assert is_same(tmp_path / "run", tmp_path / "plain")

    def test_beyond_the_budget_the_oldest_go(self, run: list[Metric], tmp_path: Path) -> None:
        first = files()
        budget = 2 * features.features_size() + 10
        tuned(replace(PROBE, seed=1), tmp_path / "second", budget=budget)
        tuned(PROBE, tmp_path / "again", budget=budget)  # the first are the newest now
        tuned(replace(PROBE, seed=2), tmp_path / "third", budget=budget)
        assert len(files()) == 2 and first[0] in files() and features.features_size() <= budget
        features.choose_budget(budget // 2)
        assert features.features_budget() == budget // 2
        features.make_room(0, budget // 2)
        assert len(files()) == 1
        features.clear_features()
        assert features.features_size() == 0 and not files()

    def test_what_does_not_fit_is_computed_in_every_epoch(self, run: list[Metric], tmp_path: Path) -> None:
        features.clear_features()
        assert tuned(PROBE, tmp_path / "small", budget=1000) == run and not files()
        assert "Features are not kept: they need 0.017 MB" in notes(tmp_path / "small")

    def test_what_another_run_deletes_stays_readable(self, run: list[Metric], tmp_path: Path) -> None:
        steps = iterate_steps(PROBE, tmp_path / "run", features_budget=ROOM)
        next(event for event in steps if isinstance(event, Partial))
        features.clear_features()
        for _ in steps:
            pass
        assert is_same(tmp_path / "run", tmp_path / "first")

    def test_a_place_that_cannot_be_written_is_said(
        self, run: list[Metric], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "file").touch()
        monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "file"))
        assert tuned(PROBE, tmp_path / "run") == run
        assert "Features could not be kept" in notes(tmp_path / "run")
