"""Frozen parts in the diagram, and the rates of groups: what they say, and that no colour says it alone."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resnet_explorer.diagram.diagram import diagram
from resnet_explorer.diagram.view import View
from resnet_explorer.finetuning.charts import frozen_at, group_rates
from resnet_explorer.finetuning.choices import Strategy
from resnet_explorer.finetuning.groups import grouping
from resnet_explorer.finetuning.plan import TunePlan
from resnet_explorer.picture.marks import Arrow, Box, Dash, Group, Mark, Picture, address
from resnet_explorer.readings import analyse
from resnet_explorer.runs.recipe import Recipe, Schedule
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.catalogue import find

PLAN = TunePlan(find("resnet18"), classes=("cat", "dog"), image=InputShape(1, 64, 64), epochs=6)
IMAGES = 320


def _groups(marks: tuple[Mark, ...], parent: str = "") -> Iterator[tuple[str, Group]]:
    for mark in marks:
        if isinstance(mark, Group):
            path = address(parent, mark)
            yield path, mark
            yield from _groups(mark.marks, path)


def _drawn(plan: TunePlan, epoch: int, view: View | None = None) -> Picture:
    analysis = analyse(plan.network, plan.image)
    return diagram(analysis, view or View(), overlays=[frozen_at(grouping(plan, IMAGES), epoch)])


def _block(picture: Picture, path: str) -> Group:
    return next(group for name, group in _groups(picture.marks) if name == path and group.kind == "block")


@settings(max_examples=15, deadline=None)
@given(st.sampled_from(list(Strategy)), st.integers(0, 5), st.sets(st.sampled_from(["stem", "layer1", "layer3.0"])))
def test_what_stands_still_is_what_the_groups_do_not_train(strategy: Strategy, epoch: int, paths: set[str]) -> None:
    plan = replace(PLAN, strategy=strategy, frozen=frozenset(paths))
    groups = grouping(plan, IMAGES)
    frozen = frozen_at(groups, epoch)
    trains = groups.trainable(epoch)
    layers = {one.name.rpartition(".")[0] for one in plan.tensors}
    still = {name for name in layers if name in frozen.parts and frozen.parts[name].is_whole}
    assert still == {name for name in layers if not any(one.startswith(f"{name}.") for one in trains)}


def test_a_frozen_block_differs_by_outline_hatching_and_words() -> None:
    plan = replace(PLAN, strategy=Strategy.FULL, frozen=frozenset({"layer1.0"}))
    picture = _drawn(plan, 0)
    cold, warm = _block(picture, "layer1.0"), _block(picture, "layer1.1")
    assert "Frozen: never trains" in cold.title and "rozen" not in warm.title
    bodies = [next(one for one in block.marks if isinstance(one, Box)) for block in (cold, warm)]
    assert [body.dash for body in bodies] == [Dash.DASHED, Dash.SOLID]
    hatched = [sum(isinstance(one, Arrow) for one in block.marks) for block in (cold, warm)]
    assert hatched[0] > 10 and hatched[1] == 0
    stage = next(group for path, group in _groups(picture.marks) if path == "layer1" and group.kind == "stage")
    assert "Partly frozen, 6 of 12 tensors" in stage.title


def test_a_lock_is_for_good_and_a_snowflake_for_a_time() -> None:
    plan = replace(PLAN, strategy=Strategy.C, frozen=frozenset({"layer1"}))
    picture = _drawn(plan, 0)
    assert "Frozen until epoch" in _block(picture, "layer2.0").title
    signs = [len([one for one in _block(picture, path).marks if isinstance(one, Box)]) for path in
             ("layer1.0", "layer2.0")]  # fmt: skip
    assert signs[0] == signs[1] + 2, "a lock is made of two boxes, a snowflake of lines"
    text = " ".join(group.title for _, group in _groups(picture.marks) if group.kind == "sample")
    assert "never trains" in text and "opens at a later epoch" in text


def test_open_blocks_show_which_layers_are_frozen() -> None:
    plan = replace(PLAN, strategy=Strategy.FULL, frozen=frozenset({"layer2.0.downsample"}))
    picture = _drawn(plan, 0, View(frozenset({"layer2.0"})))
    said = {path: group.title for path, group in _groups(picture.marks) if "rozen" in group.title}
    assert {"layer2.0.downsample.0", "layer2.0.downsample.1"} <= set(said)
    assert "layer2.0.conv1" not in said


def test_nothing_frozen_is_the_usual_diagram_with_a_sentence() -> None:
    plan = replace(PLAN, strategy=Strategy.FULL)
    picture = _drawn(plan, 0)
    assert not [group for _, group in _groups(picture.marks) if "rozen" in group.title]
    assert "62 of 62 tensors train" in picture.description


def test_a_folded_stage_is_frozen_as_a_whole() -> None:
    plan = TunePlan(find("resnet101"), classes=("a", "b"), image=InputShape(1, 64, 64), strategy=Strategy.PROBE)
    fold = next(group for _, group in _groups(_drawn(plan, 0).marks) if group.kind == "fold")
    assert "rozen" in fold.title and sum(isinstance(one, Arrow) for one in fold.marks) > 5


@pytest.mark.parametrize("strategy", list(Strategy))
def test_rates_begin_where_their_group_opens_and_are_its_share(strategy: Strategy) -> None:
    plan = replace(PLAN, strategy=strategy, recipe=Recipe(batch=32, learning_rate=0.1, schedule=Schedule.COSINE))
    groups = grouping(plan, IMAGES)
    by_unit = {group.unit: group for group in groups.groups}
    for series in group_rates(groups).series:
        group = by_unit[series.key]
        assert series.x[0] == 1 + group.opens
        first = group.opens * groups.steps
        assert series.y[0] == pytest.approx(groups.recipe.rate_at(first) * group.share_at(group.opens))


def test_units_of_equal_rates_share_a_curve() -> None:
    labels = {kind: [one.label for one in group_rates(grouping(replace(PLAN, strategy=kind), IMAGES)).series] for kind
              in (Strategy.FULL, Strategy.A, Strategy.B)}  # fmt: skip
    assert labels[Strategy.FULL] == ["head to stem"]
    assert labels[Strategy.A] == ["head", "conv5_x to stem"]
    assert len(labels[Strategy.B]) == 6
