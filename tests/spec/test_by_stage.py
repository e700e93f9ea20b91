"""Axes that differ by stage, and widths that differ by block."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings

from resnet_explorer.errors import SpecError
from resnet_explorer.layers import table
from resnet_explorer.network import compile_spec
from resnet_explorer.readings import analyse
from resnet_explorer.spec import Attention, InputShape, Order, ResNetSpec, codec
from resnet_explorer.spec.axes import AXES, SECTIONS
from resnet_explorer.spec.block_widths import typed_widths, widths_text
from resnet_explorer.spec.catalogue import changes, find, title, twin, unusual, value_words
from resnet_explorer.spec.change import assign, change, differences
from resnet_explorer.spec.resnet_spec import BY_STAGE
from resnet_explorer.spec.rules import last_stride
from tests.cases import each
from tests.specs import small_specs

BASE = find("resnet50")


def test_the_axes_of_blocks_differ_by_stage() -> None:
    _, block, shortcut, layers, _, training, _ = SECTIONS
    axes = [axis.key for axis in AXES.values() if axis.section in (block, shortcut, layers, training)]
    assert set(BY_STAGE) == set(axes) - {"init"}


def test_each_stage_has_its_own_value() -> None:
    spec = assign(BASE, "attention=none,none,se,eca", "expansion=4,4,2,1")
    assert [stage.attention for stage in spec.by_stages] == [
        Attention.NONE,
        Attention.NONE,
        Attention.SE,
        Attention.ECA,
    ]
    assert spec.outputs == (256, 512, 512, 512)
    network = compile_spec(spec)
    gates = [stage.blocks[0].form.gates for stage in network.stages]
    assert [tuple(gate.name for gate in found) for found in gates] == [(), (), ("se",), ("eca",)]


def test_equal_values_are_one_value() -> None:
    assert assign(BASE, "attention=se,se,se,se") == replace(BASE, attention=Attention.SE)
    assert assign(assign(BASE, "attention=none,none,se,se"), "attention=none") == BASE
    assert assign(BASE, "width=64,128/128/128/128,256,512") == BASE


def test_the_first_stage_decides_on_the_stem_and_the_last_on_the_head() -> None:
    first = compile_spec(assign(BASE, "order=v2,v1,v1,v1"))
    last = compile_spec(assign(BASE, "order=v1,v1,v1,v2"))
    assert not any(part.name == "bn1" for part in first.stem.form.parts)
    assert first.head and not any(part.name == "bn" for part in first.head.form.parts)
    assert any(part.name == "bn1" for part in last.stem.form.parts)
    assert last.head and any(part.name == "bn" for part in last.head.form.parts)
    assert [stage.order for stage in last.spec.by_stages][-1] is Order.V2


@each(
    "text,where",
    [
        ("attention=none,se", "attention"),
        ("attention=none,none,se,sea", "attention"),
        ("norm=batch,batch,frn,frn", "norm"),
        ("group_width=16,16,16,24", "group_width"),
        ("init=he-fan-in,he-fan-in,he-fan-out,he-fan-out", "init"),
        ("widths=64/64,128,256,512", "widths"),
        ("widths=64/x/64,128,256,512", "widths"),
        ("widths=64+", "widths"),
        ("widths=64+-500", "widths"),
        ("expansion=0.01,4,4,4", "expansion"),
    ],
)
def test_a_bad_row_is_explained(text: str, where: str) -> None:
    with pytest.raises(SpecError) as caught:
        assign(BASE, text)
    assert caught.value.where == where


def test_rows_follow_the_number_of_stages() -> None:
    spec = assign(BASE, "attention=none,none,se,se")
    assert change(spec, "blocks", (1, 1)).by_stage == ()
    longer = change(spec, "blocks", (1, 1, 1, 1, 1))
    assert [str(stage.attention) for stage in longer.by_stages] == ["none", "none", "se", "se", "se"]


def test_widths_grow_from_block_to_block() -> None:
    """PyramidNet's authors let 16 channels grow by 48 over the 54 blocks of 110 layers: to 64 (Han et al. 2017)."""
    spec = assign(find("resnet110"), "widths=16+48")
    widths = [width for row in spec.block_widths for width in row]
    assert len(widths) == 54
    assert widths[:4] == [17, 18, 19, 20]
    assert widths[-1] == 64 == spec.widths[-1]
    assert all(0 <= after - before <= 1 for before, after in pairwise(widths))
    analysis = analyse(compile_spec(spec), InputShape(1, 32, 32))
    assert [analysis.sums[block.path].output[1] for block in analysis.network.blocks[1:-1]] == widths


def test_fractions_of_the_width_are_rounded_down() -> None:
    spec = assign(BASE, "widths=10,20,30,41", "expansion=1.5")
    assert spec.outputs == (15, 30, 45, 61)


def test_groups_of_one_width_are_as_many_as_it_takes() -> None:
    spec = assign(BASE, "widths=24,56,152,368", "expansion=1", "group_width=8")
    assert [spec.groups(width) for width in spec.widths] == [3, 7, 19, 46]
    assert [spec.inner_width(width) for width in spec.widths] == [24, 56, 152, 368]


def test_sixteen_stages_are_a_network() -> None:
    spec = assign(find("resnet18"), "blocks=" + ",".join("1" * 16))
    assert len(compile_spec(spec).stages) == 16
    with pytest.raises(SpecError, match="1 to 16 stages"):
        assign(BASE, "blocks=" + ",".join("1" * 17))


def test_values_by_stage_are_said_in_words() -> None:
    spec = assign(BASE, "attention=none,none,se,se", "widths=16+48")
    assert value_words(spec, "attention") == "none, none, SE, SE"
    assert value_words(spec, "widths") == "16+48 (α)"
    assert value_words(assign(find("resnet18"), "widths=64/72,128,256/255,512"), "widths") == "64–72, 128, 256–255, 512"
    assert differences(BASE, spec) == ("widths", "attention")


def test_shortcuts_of_some_stages_alone_are_no_plain_twin() -> None:
    spec = assign(BASE, "residual=false,false,true,true")
    assert spec.has_shortcuts and not spec.plain().has_shortcuts
    assert "plain" not in title(spec)
    assert not twin(spec).has_shortcuts


@settings(deadline=None)
@given(small_specs())
def test_a_row_is_read_back_from_a_file(spec: ResNetSpec) -> None:
    assert codec.loads(codec.dumps(spec), "x.json") == spec
    assert all(stage.by_stage == () for stage in spec.by_stages)


@each("text", ["16+48", "16+45", "16+84", "16+270", "64+1", "16+7"])
@each("blocks", ["18,18,18", "3,3,3", "1,1", "2,2,2,2"])
def test_widths_that_grow_are_written_as_they_were_typed(text: str, blocks: str) -> None:
    spec = assign(find("resnet18"), f"blocks={blocks}", f"widths={text}")
    if spec.block_widths:
        written = widths_text(spec)
        again = assign(find("resnet18"), f"blocks={blocks}", f"widths={typed_widths(written)}")
        assert again == spec and written.endswith(" (α)")
        assert value_words(spec, "widths") == written


def test_other_widths_by_block_are_written_one_by_one() -> None:
    spec = assign(find("resnet18"), "widths=64/72,128,256/255,512")
    assert widths_text(spec) == "64/72, 128/128, 256/255, 512/512"
    assert assign(find("resnet18"), f"widths={widths_text(spec)}") == spec
    assert widths_text(find("resnet18")) == "64, 128, 256, 512"


def test_what_differs_by_stage_is_said_readably() -> None:
    spec = assign(find("resnet50"), "attention=none,none,se,se", "residual=true,true,true,false")
    assert changes(find("resnet50"), spec)[0] == "Attention: none, none, SE, SE instead of none"
    assert "attention none, none, SE, SE" in unusual(spec, "Block")
    mixed = assign(spec, "downsample=avgpool,1x1,1x1,1x1")
    assert "projection avg-pool, then 1×1; strided 1×1; strided 1×1; strided 1×1" in unusual(mixed, "Shortcut")
    assert "residual yes, yes, yes, no" in unusual(spec, "Shortcut")
    told = table.to_text(analyse(compile_spec(spec), InputShape(1, 64, 64)))
    assert "  attention        none, none, SE, SE\n" in told


def test_widths_by_block_stay_when_blocks_come_or_go() -> None:
    """A new block has the width of the last one, and what is left keeps its own."""
    spec = assign(find("resnet18"), "blocks=2,2", "widths=16/20,24/28")
    assert change(spec, "blocks", (3, 1)).block_widths == ((16, 20, 20), (24,))
    assert change(spec, "blocks", (2, 2, 1)).block_widths == ((16, 20), (24, 28), (56,))


def test_an_output_stride_bounds_the_stride_of_the_network() -> None:
    assert [last_stride(assign(find("resnet50"), f"output_stride={bound}")) for bound in ("none", 16, 8)] == [32, 16, 8]
