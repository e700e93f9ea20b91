"""Sums of blocks and stages, failing layers, and the depth in words."""

from dataclasses import replace

import pytest
from hypothesis import given, settings

from resnet_explorer.errors import InputError
from resnet_explorer.network import Form, Network, Part, compile_spec
from resnet_explorer.network.kinds.convolutions import Conv2d
from resnet_explorer.readings import Row, analyse
from resnet_explorer.readings.read import depth
from resnet_explorer.spec import InputShape, ResNetSpec
from resnet_explorer.spec.catalogue import CATALOGUE
from resnet_explorer.spec.change import assign
from tests.specs import readable


@settings(deadline=None)
@given(readable())
def test_sums_are_the_sums_of_their_rows(pair: tuple[ResNetSpec, InputShape]) -> None:
    spec, shape = pair
    analysis = analyse(compile_spec(spec), shape)
    groups: dict[str, list[Row]] = {path: [] for path in analysis.sums}
    for row in analysis.rows:
        for path in analysis.network.ancestors(row.path):
            if path in groups:
                groups[path].append(row)
    for path, rows in groups.items():
        sums = analysis.sums[path]
        assert sums.params == sum(row.reading.params for row in rows)
        assert sums.macs == sum(row.reading.macs for row in rows)
        assert sums.activation_bytes == sum(row.reading.activation_bytes for row in rows)
        assert sums.layers == len(rows)
        assert (sums.input, sums.output) == (rows[0].reading.input, rows[-1].reading.output)


def test_the_totals_receptive_field_is_that_of_the_last_map() -> None:
    backbone = replace(CATALOGUE["resnet18"].spec, classes=None)
    for spec in (CATALOGUE["resnet18"].spec, backbone):
        assert analyse(compile_spec(spec), InputShape()).total.receptive_field == 435


@settings(deadline=None)
@given(readable())
def test_starts_point_at_each_blocks_first_row(pair: tuple[ResNetSpec, InputShape]) -> None:
    spec, shape = pair
    analysis = analyse(compile_spec(spec), shape)
    for block in analysis.network.blocks:
        start = analysis.starts[block.path]
        rows = analysis.rows[start : start + len(block.layer_paths)]
        assert tuple(row.path for row in rows) == block.layer_paths


def _with_first_block(branch: tuple[Conv2d, ...], shortcut: tuple[Conv2d, ...] = ()) -> Network:
    """Return a network whose first block has another branch and another shortcut."""
    network = compile_spec(ResNetSpec("x"))
    stage = network.stages[0]
    form = Form(
        tuple(Part(f"conv{number}", layer) for number, layer in enumerate(branch, start=1)),
        tuple(Part(f"downsample.{number}", layer) for number, layer in enumerate(shortcut)),
        stage.blocks[0].form.after,
    )
    paths = tuple(f"layer1.0.{part.name}" for part in form.parts)
    block = replace(stage.blocks[0], form=form, layer_paths=paths)
    return replace(network, stages=(replace(stage, blocks=(block,)), *network.stages[1:]))


def test_a_layer_that_cannot_take_its_input_is_named() -> None:
    with pytest.raises(InputError, match=r"layer1\.0\.conv2 fails: a 5×5 window does not fit") as caught:
        analyse(_with_first_block((Conv2d(64, 64, 1), Conv2d(64, 64, 5))), InputShape(1, 16, 16))
    assert caught.value.where == "layer1.0.conv2"
    assert caught.value.remedy == "Give it a map of at least 5 pixels."


def test_a_branch_that_does_not_fit_its_shortcut_is_named() -> None:
    with pytest.raises(InputError) as caught:
        analyse(_with_first_block((Conv2d(64, 32, 1),)), InputShape())
    assert caught.value.where == "layer1.0"


def test_after_an_addition_the_wider_receptive_field_counts() -> None:
    """The stem sees 11 pixels, 4 apart; a 3x3 adds 8 to that, a 5x5 16."""
    three, five = Conv2d(64, 64, 3, padding=1), Conv2d(64, 64, 5, padding=2)
    for branch, shortcut in ((three, five), (five, three)):
        analysis = analyse(_with_first_block((branch,), (shortcut,)), InputShape())
        fields = {row.path: row.receptive_field for row in analysis.rows}
        assert fields["layer1.0.add"] == analysis.sums["layer1.0"].receptive_field == 11 + 16
        assert {fields["layer1.0.conv1"], fields["layer1.0.downsample.0"]} == {11 + 8, 11 + 16}


def test_depth_in_words() -> None:
    assert depth(compile_spec(CATALOGUE["resnet18"].spec)).text == (
        "1 in the stem + (4 + 4 + 4 + 4) in the branches + 1 fc = 18; 3 projections are not counted."
    )
    assert depth(compile_spec(CATALOGUE["resnet20"].spec)).text == (
        "1 in the stem + (6 + 6 + 6) in the branches + 1 fc = 20."
    )
    backbone = assign(CATALOGUE["resnet18"].spec, "classes=none", "blocks=1")
    assert depth(compile_spec(backbone)).text == "1 in the stem + 2 in the branches = 3."
