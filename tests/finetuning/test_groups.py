"""Fine-tuning without PyTorch: counts to the digit, groups and rates of each strategy, plans in and out of files."""

import json
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resnet_explorer.errors import ExplorerError
from resnet_explorer.finetuning.choices import (
    IMAGENET,
    BnMode,
    GreyWay,
    Rates,
    Strategy,
    TuneData,
    TuneKind,
    WeightsChoice,
    WeightsKind,
    channel_costs,
    mixing,
    normalisation,
    parse_tune_data,
    parse_weights,
)
from resnet_explorer.finetuning.groups import grouping, openings
from resnet_explorer.finetuning.plan import (
    TUNING,
    TunePlan,
    distance,
    head_cost,
    no_decay,
    plan_from_text,
    plan_to_text,
    total,
    under,
    units,
)
from resnet_explorer.runs.recipe import Recipe, Schedule
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.catalogue import find
from tests.cases import each

TEN = tuple("0123456789")


def plan(net: str = "resnet18", **changes: Any) -> TunePlan:
    return replace(TunePlan(find(net), classes=TEN, epochs=12), **changes)


STAGES = {
    "resnet18": {"stem": 9_536, "layer1": 147_968, "layer2": 525_568, "layer3": 2_099_712, "layer4": 8_393_728,
                 "head": 5_130},
    "resnet50": {"stem": 9_536, "layer1": 215_808, "layer2": 1_219_584, "layer3": 7_098_368, "layer4": 14_964_736,
                 "head": 20_490},
}  # fmt: skip
"""Parameters of torchvision's networks with a head of ten classes, counted there."""


class TestCounts:
    @pytest.mark.parametrize(
        ("net", "parameters", "tensors"), [("resnet18", 11_181_642, 62), ("resnet50", 23_528_522, 161)]
    )
    def test_of_the_whole_and_of_each_unit(self, net: str, parameters: int, tensors: int) -> None:
        known = plan(net).tensors
        assert (total(known), len(known)) == (parameters, tensors)
        assert {unit: total(one for one in known if one.unit == unit) for unit in STAGES[net]} == STAGES[net]

    @pytest.mark.parametrize(
        ("net", "by_type", "by_name", "missed"),
        [("resnet18", (41, 9_610), (38, 8_714), 3), ("resnet50", (107, 53_130), (103, 49_290), 4)],
    )
    def test_names_miss_the_norms_of_projections(
        self, net: str, by_type: tuple[int, int], by_name: tuple[int, int], missed: int
    ) -> None:
        known = plan(net).tensors
        found = no_decay(known)
        matched = [one for one in known if one.no_decay and one.name not in found.missed]
        assert (found.tensors, found.parameters) == by_type
        assert (len(matched), total(matched)) == by_name
        assert len(found.missed) == missed and all(name.endswith("downsample.1.weight") for name in found.missed)

    @pytest.mark.parametrize(("net", "tensors", "parameters"), [("resnet18", 6, 1_792), ("resnet50", 8, 7_680)])
    def test_bn_alone_misses_more(self, net: str, tensors: int, parameters: int) -> None:
        known = [one for one in plan(net).tensors if one.unit != "head"]
        found = no_decay(known, ("bn",))
        missed = [one for one in known if one.name in found.missed]
        assert (len(missed), total(missed)) == (tensors, parameters)

    def test_the_head_before_and_after(self) -> None:
        cost = head_cost(plan("resnet50", classes=()).network, 10)
        assert (cost.features, cost.before, cost.after) == (2048, 2_049_000, 20_490)

    @pytest.mark.parametrize(("net", "trainable"), [("resnet18", 5_133), ("resnet50", 20_493)])
    def test_an_adapter_adds_three(self, net: str, trainable: int) -> None:
        one = plan(net, channels=1, grey=GreyWay.ADAPTER, strategy=Strategy.PROBE)
        assert grouping(one, 320).counts(0).parameters == trainable

    def test_what_grey_images_cost(self) -> None:
        costs = {one.way: one for one in channel_costs(find("resnet18"), InputShape(), 1)}
        assert costs[GreyWay.REPEAT].first_params == 9_408 and costs[GreyWay.SUM].first_params == 3_136
        assert costs[GreyWay.ADAPTER].params == 11_689_512 + 3
        assert costs[GreyWay.REPEAT].macs - costs[GreyWay.SUM].macs == 2 * 49 * 64 * 112 * 112
        assert not {one.way: one for one in channel_costs(find("resnet18"), InputShape(), 5)}[GreyWay.REPEAT].possible


class TestStrategies:
    def test_a_opens_all_at_once_and_slows_down(self) -> None:
        found = grouping(plan(strategy=Strategy.A, unfreeze=(3,), rates=Rates(later=0.1)), 320)
        assert found.changes == (0, 3)
        assert [found.counts(epoch).parameters for epoch in (0, 2, 3)] == [5_130, 5_130, 11_181_642]
        assert found.rates(30) == pytest.approx([0.001] * len(found.groups))
        assert found.rates(29)[-1] == 0.01 and found.rates(29)[0] == 0

    def test_b_has_a_rate_for_each_stage(self) -> None:
        found = grouping(plan(strategy=Strategy.B, rates=Rates(factor=0.5)), 320)
        rates = {group.unit: rate for group, rate in zip(found.groups, found.rates(0), strict=True)}
        assert rates == {
            unit: pytest.approx(0.01 * 0.5**far)
            for far, unit in enumerate(("head", "layer4", "layer3", "layer2", "layer1", "stem"))
        }
        assert found.counts(0).tensors == 62

    def test_c_opens_from_the_last_stage(self) -> None:
        found = grouping(plan(strategy=Strategy.C, unfreeze=(1, 2, 4)), 320)
        assert openings(found.plan) == {
            "stem": None, "layer1": None, "layer2": 4, "layer3": 2, "layer4": 1, "head": 0,
        }  # fmt: skip
        grown = [5_130, 5_130 + 8_393_728, 5_130 + 8_393_728 + 2_099_712]
        assert [found.counts(epoch).parameters for epoch in (0, 1, 2)] == grown
        assert found.counts(11).parameters == grown[-1] + 525_568
        assert len(found.frozen) == 62 - found.counts(11).tensors

    @each("strategy", Strategy)
    @each("net", ["resnet18", "resnet50", "resnetv2_50", "resnet20"])
    def test_every_tensor_is_in_one_group_or_frozen(self, net: str, strategy: Strategy) -> None:
        one = plan(net, strategy=strategy)
        found = grouping(one, 320)
        names = [name for group in found.groups for name in group.tensors] + list(found.frozen)
        assert sorted(names) == sorted(weight.name for weight in one.tensors)
        assert sum(group.parameters for group in found.groups) == found.counts(one.epochs).parameters

    def test_norms_and_biases_have_no_decay(self) -> None:
        found = grouping(plan(strategy=Strategy.FULL), 320)
        light = [group for group in found.groups if group.decay == 0]
        assert (sum(len(one.tensors) for one in light), sum(one.parameters for one in light)) == (41, 9_610)

    @settings(max_examples=30, deadline=None)
    @given(st.sampled_from(list(Strategy)), st.integers(1, 40), st.integers(1, 500))
    def test_what_opens_never_closes(self, strategy: Strategy, epochs: int, images: int) -> None:
        found = grouping(plan(strategy=strategy, epochs=epochs), images)
        open_ = [found.trainable(epoch) for epoch in range(epochs)]
        assert all(one <= other for one, other in pairwise(open_))
        for step in range(0, found.recipe.steps, max(1, found.recipe.steps // 7)):
            trains = [group.opens <= found.epoch_of(step) for group in found.groups]
            assert [rate > 0 for rate in found.rates(step)] == trains

    def test_the_schedule_goes_through_all_epochs(self) -> None:
        one = plan(strategy=Strategy.FULL, recipe=replace(TUNING, schedule=Schedule.COSINE, warmup=5))
        found = grouping(one, 320)
        assert found.recipe.steps == 120 and found.rates(5)[0] == pytest.approx(0.01)
        assert found.rates(119)[0] == pytest.approx(0, abs=1e-5)

    def test_batch_norms_stand_still_where_frozen(self) -> None:
        found = grouping(plan(strategy=Strategy.A, unfreeze=(3,), bn=BnMode.FROZEN), 320)
        assert len(found.still(0)) == 20 and not found.still(3)
        assert len(grouping(plan(bn=BnMode.EVAL), 320).still(11)) == 20
        assert not grouping(plan(bn=BnMode.TRAIN), 320).still(0)

    def test_by_default_what_is_frozen_keeps_its_statistics(self) -> None:
        probe = grouping(plan(strategy=Strategy.PROBE), 320)
        assert len(probe.still(0)) == len(probe.still(11)) == 20 and probe.warnings == ()
        moving = grouping(plan(strategy=Strategy.PROBE, bn=BnMode.TRAIN), 320)
        assert moving.trainable(0) == probe.trainable(0) and not moving.still(0)
        assert moving.warnings[0].startswith("20 batch norms of frozen layers update their running statistics")
        assert grouping(plan(strategy=Strategy.FULL, bn=BnMode.TRAIN), 320).warnings == ()

    def test_an_older_file_without_the_mode_means_that_of_its_time(self) -> None:
        kept = json.loads(plan_to_text(plan(bn=BnMode.EVAL)))
        assert plan_from_text(json.dumps(kept)).bn is BnMode.EVAL
        del kept["plan"]["bn"]
        assert plan_from_text(json.dumps(kept)).bn is BnMode.TRAIN

    @settings(max_examples=40, deadline=None)
    @given(st.sampled_from([Strategy.A, Strategy.C]), st.integers(1, 9), st.sampled_from(["resnet18", "resnet20"]))
    def test_what_opens_after_the_end_is_said_to_stay_frozen(self, strategy: Strategy, epochs: int, net: str) -> None:
        """Of too few epochs the sentence tells which are enough, and one less is not."""
        found = grouping(plan(net, strategy=strategy, epochs=epochs), 320)
        never = {name for group in found.unopened for name in group.tensors}
        assert never == {name for group in found.groups for name in group.tensors} - found.trainable(epochs - 1)
        assert all((found.from_epoch(group) == "never") == (group in found.unopened) for group in found.groups)
        enough = 2 if strategy is Strategy.A else {"resnet18": 6, "resnet20": 5}[net]
        assert bool(found.unopened) == bool(found.warnings) == (epochs < enough)
        if found.warnings:
            assert f"Choose {enough} epochs or more" in found.warnings[0] and "frozen" in found.warnings[0]
            assert found.warnings[0].startswith("stem")

    def test_openings_of_ones_own_are_told_too(self) -> None:
        (text,) = grouping(plan(strategy=Strategy.C, unfreeze=(1, 12)), 320).warnings
        assert text == (
            "layer3 stays frozen: it would train from epoch 13, and the run ends after 12. "
            "Choose 13 epochs or more, or open earlier."
        )


class TestPaths:
    @each(
        "path,count",
        [
            ("stem", 3),
            ("layer1", 12),
            ("layer2.0", 9),
            ("layer2.0.downsample", 3),
            ("layer2.0.conv1", 1),
            ("head", 2),
            ("fc.bias", 1),
            ("conv1", 1),
        ],
    )
    def test_a_path_is_what_lies_under_it(self, path: str, count: int) -> None:
        one = plan()
        assert len(under(path, one.network, one.tensors)) == count
        assert len(plan(frozen=frozenset({path})).never) == count

    @each("path", ["", "layer9", "layer1.0.relu1", "bn", "adapter", "layer1."])
    def test_a_path_that_leads_nowhere_is_an_error(self, path: str) -> None:
        with pytest.raises(ExplorerError, match=r"There is no|no weights"):
            plan(frozen=frozenset({path}))

    def test_units_and_their_distance(self) -> None:
        network = plan().network
        assert units(network, adapter=True)[:2] == ("adapter", "stem")
        assert [distance(unit, network) for unit in ("head", "layer4", "stem", "adapter")] == [0, 1, 5, 0]


class TestChannels:
    def test_the_sum_keeps_what_equal_channels_give(self) -> None:
        for channels in range(1, 9):
            for into in (1, 3, 4):
                rows = mixing(GreyWay.SUM, channels, into)
                assert [sum(row) for row in rows] == pytest.approx([1] * into)
                assert len(rows) == into and {len(row) for row in rows} == {channels}

    def test_grey_is_normed_as_it_was_made(self) -> None:
        spec = find("resnet18")
        assert normalisation(IMAGENET, spec, 1, GreyWay.REPEAT)[0] == IMAGENET.mean
        (mean,), _ = normalisation(IMAGENET, spec, 1, GreyWay.SUM)
        assert mean == pytest.approx(0.299 * 0.485 + 0.587 * 0.456 + 0.114 * 0.406)
        assert len(normalisation(IMAGENET, spec, 5, GreyWay.ADAPTER)[0]) == 5


class TestPlan:
    @each(
        "changes,text",
        [
            ({"classes": ("a",)}, "only one class"),
            ({"classes": ("a", "a")}, "same name"),
            ({"epochs": 0}, "Epochs"),
            ({"dropout": 1.0}, "Dropout"),
            ({"channels": 5}, "cannot be repeated"),
            ({"channels": 0}, "0 channels"),
            ({"strategy": Strategy.B, "unfreeze": (1,)}, "at most"),
            ({"strategy": Strategy.C, "unfreeze": (3, 1)}, "ascending"),
            ({"frozen": frozenset({"stem", "layer1", "layer2", "layer3", "layer4", "head"})}, "nothing would train"),
            ({"spec": replace(find("resnet18"), classes=None)}, "no head"),
        ],
    )
    def test_what_cannot_be_is_said(self, changes: dict[str, Any], text: str) -> None:
        with pytest.raises(ExplorerError, match=text):
            plan(**changes)

    def test_a_frozen_head_leaves_nothing_to_begin_with(self) -> None:
        with pytest.raises(ExplorerError, match="Nothing would train from the start"):
            grouping(plan(strategy=Strategy.A, frozen=frozenset({"head"})), 32)

    @pytest.mark.parametrize(
        "one",
        [
            plan(),
            plan("resnet50", channels=1, grey=GreyWay.ADAPTER, frozen=frozenset({"layer1", "stem"}), patience=3),
            plan(
                weights=WeightsChoice(WeightsKind.FILE, "a/b.pth"),
                data=TuneData(TuneKind.CSV, "x.csv", 0.3),
                recipe=Recipe(milestones=(3, 5), schedule=Schedule.STEPS, ema=0.9),
                strategy=Strategy.C,
                unfreeze=(1, 2),
                image=InputShape(1, 96, 128),
                white=(4095.0,),
            ),
        ],
    )
    def test_it_comes_back_from_json(self, one: TunePlan) -> None:
        assert plan_from_text(plan_to_text(one)) == one
        older = json.loads(plan_to_text(one))
        del older["plan"]["white"]
        assert plan_from_text(json.dumps(older)) == replace(one, white=()), "what an older app wrote"

    @each("text", ["", "[]", "{}", '{"format": "resnet-explorer tuning", "version": 1, "plan": {}}',
         '{"format": "resnet-explorer tuning", "version": 9, "plan": {"spec": {}}}',
         '{"format": "resnet-explorer tuning", "version": 1, "plan": {"spec": {}, "epochs": "3"}}',
         '{"format": "resnet-explorer tuning", "version": 1, "plan": {"spec": {}, "epoch": 3}}',
         '{"format": "resnet-explorer tuning", "version": 1, "plan": {"spec": {}, "recipe": {"rate": null}}}',
         '{"format": "resnet-explorer tuning", "version": 1, "plan": {"spec": {}, "strategy": "D"}}'])  # fmt: skip
    def test_other_texts_are_refused(self, text: str) -> None:
        with pytest.raises(ExplorerError):
            plan_from_text(text)

    def test_words_name_weights_and_images(self) -> None:
        assert parse_weights("default") == WeightsChoice()
        assert parse_weights("IMAGENET1K_V2").name == "IMAGENET1K_V2"
        assert parse_weights("none").kind is WeightsKind.NONE
        assert parse_weights("runs/best.pth").kind is WeightsKind.FILE
        assert parse_tune_data("digits").kind is TuneKind.DIGITS
        assert parse_tune_data("a/b.TXT").kind is TuneKind.CSV and parse_tune_data("a/b").kind is TuneKind.FOLDER
