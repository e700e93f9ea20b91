"""A scene given by its difference from another: every key, and what is no value of it."""

from dataclasses import fields
from typing import Any

import pytest

from resnet_explorer import features
from resnet_explorer.diagram.view import View
from resnet_explorer.errors import ExplorerError
from resnet_explorer.finetuning.choices import Strategy
from resnet_explorer.network import compile_spec
from resnet_explorer.readings.quantities import Quantity
from resnet_explorer.scenes.change import ALL, KEYS, changed
from resnet_explorer.scenes.scene import Scene, State, decode, encode, part_class
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.catalogue import find
from resnet_explorer.spec.change import assign

FIRST = Scene(State(find("resnet34"), InputShape()), View(frozenset(("layer1.0",))), "layer3.5.conv1")


def test_the_keys_of_the_network() -> None:
    other = changed(FIRST, {"network": "resnet20"})
    assert other == Scene(State(find("resnet20"), InputShape(1, 32, 32)))
    made = changed(FIRST, {"set": ["blocks=3,4,2,3", "norm=none"]})
    assert made.state == State(assign(find("resnet34"), "blocks=3,4,2,3", "norm=none"), InputShape())
    assert made.selection == "" and made.view == FIRST.view, "what is selected is gone, what is open is still there"
    assert changed(FIRST, {"input": "2x3x64x96"}).state.image == InputShape(2, 64, 96)


def test_the_keys_of_the_diagram() -> None:
    assert changed(FIRST, {"select": "layer2.0.downsample.0"}).selection == "layer2.0.downsample.0"
    assert changed(FIRST, {"open": ["stem", "layer4.2"]}).view.expanded == {"stem", "layer4.2"}
    everything = {block.path for block in compile_spec(FIRST.state.spec).blocks}
    assert changed(FIRST, {"open": ALL}).view.expanded == everything
    assert changed(FIRST, {"unfold": ["layer3"]}).view.unfolded == {"layer3"}
    assert changed(FIRST, {"compare": True, "changes": True}).view == View(FIRST.view.expanded, frozenset(), True, True)


def test_the_keys_of_the_page() -> None:
    shown = changed(FIRST, {"page": "gradients", "drawers": {"Experiments": True}, "experiment": "no-norm", "step": 12})
    assert (shown.page, shown.drawers) == ("gradients", {"Experiments": True})
    part = shown.part("gradients")
    assert (part.experiment, part.step, part.shows) == ("no-norm", 12, Quantity.INPUT)
    assert changed(shown, {"page": "timing"}).drawers == {}
    assert changed(shown, {"page": "timing", "runs": 30}).part("gradients") == part, "another page keeps what it shows"


def test_of_a_table_what_is_left_out_stays() -> None:
    first = changed(FIRST, {"page": "gradients", "conditions": {"network": 20}})
    conditions = changed(first, {"conditions": {"norm": "none"}}).part("gradients").conditions
    assert (conditions.network, conditions.norm) == (20, "none")
    tuned = changed(FIRST, {"page": "tuning", "plan": {"strategy": "C", "frozen": ["conv1"]}, "epoch": 3})
    plan = tuned.part("tuning").plan
    assert (plan.strategy, plan.frozen, plan.epochs) == (Strategy.C, {"conv1"}, 20)


@pytest.mark.parametrize(
    ("page", "values", "where", "text"),
    [
        ("diagram", {"network": "resnet18x"}, "net", "resnet18x"),
        ("diagram", {"network": 18}, "network", "must be a string"),
        ("diagram", {"set": "norm=none"}, "set", "must be a list of strings"),
        ("diagram", {"set": ["norm=nothing"]}, "norm", "nothing"),
        ("diagram", {"input": "many"}, "input", "many"),
        ("diagram", {"page": "nowhere"}, "page", "no page 'nowhere'"),
        ("diagram", {"select": "layer9.0"}, "select", "layer9.0"),
        ("diagram", {"open": ["layer1.9"]}, "open", "no block 'layer1.9'"),
        ("diagram", {"unfold": ["layer9"]}, "unfold", "no stage 'layer9'"),
        ("diagram", {"compare": "yes"}, "compare", "true or false"),
        ("diagram", {"drawers": ["Build"]}, "drawers", "must be a table"),
        ("diagram", {"drawers": {"Build": 1}}, "drawers.Build", "true or false"),
        ("diagram", {"step": 3}, "step", "Unknown key 'step'"),
        ("gradients", {"stepp": 3}, "stepp", "Did you mean 'step'"),
        ("gradients", {"step": "three"}, "step", "Expected an integer"),
        ("gradients", {"experiment": "batchnorm"}, "experiment", "Did you mean 'batch-norm'"),
        ("gradients", {"conditions": {"network": 57}}, "network", "57"),
        ("gradients", {"conditions": {"mode": "test"}}, "conditions.mode", "'test'"),
        ("gradients", {"conditions": {"images": {"kind": "folder", "root": "/home"}}}, "conditions", "name files"),
        ("training", {"images": {"kind": "cifar10", "root": "/data"}}, "images", "name files"),
        ("training", {"preset": "degradations"}, "preset", "degradations"),
        ("training", {"preset": ""}, "preset", "without a name"),
        ("training", {"replay": 1.5}, "replay", "1.5"),
        ("training", {"curve": "losses"}, "curve", "losses"),
        ("training", {"saved": ["../../etc"]}, "saved", "outside"),
        ("training", {"show": "plain-20"}, "show", "Expected a list"),
        ("tuning", {"epoch": 21}, "epoch", "There is no epoch 21"),
        ("tuning", {"plan": {"frozen": ["layer9"]}}, "frozen", "layer9"),
        ("tuning", {"plan": {"weights": {"kind": "file", "name": "/etc/passwd"}}}, "plan", "name files"),
        ("timing", {"runs": 11}, "runs", "11"),
        ("graph", {"step": -1}, "step", "-1"),
    ],
)  # fmt: skip
def test_what_is_no_value_is_said_with_its_key(page: str, values: dict[str, Any], where: str, text: str) -> None:
    with pytest.raises(ExplorerError) as error:
        changed(changed(FIRST, {"page": page}), values)
    assert error.value.where == where
    assert text in str(error.value)


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        ([], "$"),
        ({"state": {}}, "$.state"),
        ({"state": {"spec": {"norm": "nothing"}, "image": {}}}, "$.norm"),
        ({"page": "nowhere"}, "$.page"),
        ({"page": 3}, "$.page"),
        ({"color": "red"}, "$"),
        ({"view": {"compare": 1}}, "$.view.compare"),
        ({"drawers": {"Build": "open"}}, "$.drawers"),
        ({"parts": []}, "$.parts"),
        ({"parts": {"cooking": {}}}, "$.parts.cooking"),
        ({"parts": {"graph": {"step": "one"}}}, "$.parts.graph.step"),
        ({"parts": {"graph": {"step": -1}}}, "$.parts.graph.step"),
        ({"parts": {"graph": {"stop": 1}}}, "$.parts.graph"),
        ({"parts": {"training": {"inside": {"view": "Outside"}}}}, "$.parts.training.inside.view"),
    ],
)
def test_a_broken_scene_says_where(wrong: Any, where: str) -> None:
    values = {**encode(FIRST), **wrong} if isinstance(wrong, dict) else wrong
    with pytest.raises(ExplorerError) as error:
        decode(values)
    assert error.value.where.startswith(where)
    assert str(error.value)


def test_no_field_of_a_page_is_a_key_of_every_scene() -> None:
    parts = [part_class(page.key) for page in features.pages()]
    assert all(parts), "every page of a lab has a part"
    assert not {field.name for part in parts for field in fields(part)} & KEYS.keys()
