"""The axes as ``--set`` and the window change them."""

from dataclasses import fields, replace
from itertools import permutations
from operator import gt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resnet_explorer.errors import SpecError
from resnet_explorer.spec import Block, Norm, Order, ResNetSpec, Shortcut, Stem, StemPool, Stride
from resnet_explorer.spec.axes import AXES, axis, bounds
from resnet_explorer.spec.catalogue import CATALOGUE
from resnet_explorer.spec.change import assign, change, change_all, differences, nearest
from resnet_explorer.spec.codec import setting
from tests.cases import each
from tests.specs import any_specs, small_specs

BASE = ResNetSpec("base")


@each(
    "text,key,value",
    [
        ("block=bottleneck", "block", (Block.BOTTLENECK,) * 4),
        ("block=basic,Bottleneck,basic,basic", "block", (Block.BASIC, Block.BOTTLENECK, Block.BASIC, Block.BASIC)),
        ("blocks=3,4,6,3", "blocks", (3, 4, 6, 3)),
        ("blocks=(3, 4)", "blocks", (3, 4)),
        (" width = 32 ", "widths", (32, 64, 128, 256)),
        ("widths=32,48,48,96", "widths", (32, 48, 48, 96)),
        ("strides=1,2,2,1", "strides", (1, 2, 2, 1)),
        ("order=V2", "order", Order.V2),
        ("gate_bias=-3.5", "gate_bias", -3.5),
        ("output_stride=16", "output_stride", 16),
        ("output_stride=none", "output_stride", None),
        ("zero_init=yes", "zero_init", True),
        ("expansion=2", "expansion", 2),
        ("stem=cifar", "stem", Stem.CIFAR),
        ("stride=1x1", "stride", Stride.CONV1X1),
        ("shortcut=a", "shortcut", Shortcut.PADDING),
        ("residual=off", "residual", False),
        ("classes=10", "classes", 10),
        ("classes=none", "classes", None),
        ("in_channels=1", "in_channels", 1),
    ],
)
def test_text_sets_an_axis(text: str, key: str, value: object) -> None:
    spec = assign(BASE, text)
    assert getattr(spec, key) == value
    assert type(getattr(spec, key)) is type(value)


@each(
    "text,where",
    [
        ("width", "set"),
        ("", "set"),
        ("widht=32", "widht"),
        ("=32", ""),
        ("name=x", "name"),
        ("width=", "widths"),
        ("width=many", "widths"),
        ("width=6,4", "widths"),
        ("width=0", "widths"),
        ("width=-1", "widths"),
        ("width=1e3", "widths"),
        ("width=1000000000", "widths"),
        ("width=" + "9" * 5000, "widths"),
        ("blocks=", "blocks"),
        ("blocks=1,2,x", "blocks"),
        ("blocks=0", "blocks"),
        ("blocks=401", "blocks"),
        ("blocks=1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1", "blocks"),
        ("strides=2,2", "strides"),
        ("strides=1,2,2,9", "strides"),
        ("block=basic,bottleneck", "block"),
        ("gate_bias=nan", "gate_bias"),
        ("gate_bias=low", "gate_bias"),
        ("stochastic_depth=1", "stochastic_depth"),
        ("output_stride=12", "output_stride"),
        ("output_stride=8.0", "output_stride"),
        ("norm=frn", "norm"),
        ("norm=evonorm-s0", "norm"),
        ("init=fixup", "init"),
        ("residual=maybe", "residual"),
        ("block=dense", "block"),
        ("stem=vit", "stem"),
        ("stride=5x5", "stride"),
        ("shortcut=D", "shortcut"),
        ("expansion=65", "expansion"),
        ("classes=0", "classes"),
        ("in_channels=0", "in_channels"),
    ],
)
def test_bad_text_is_explained(text: str, where: str) -> None:
    with pytest.raises(SpecError) as caught:
        assign(BASE, text)
    assert caught.value.where == where
    assert caught.value.what.endswith(".") and caught.value.remedy[-1] in ".?"
    assert len(str(caught.value)) < 300


def test_an_unknown_axis_names_the_nearest() -> None:
    with pytest.raises(SpecError, match="Did you mean 'width'"):
        assign(BASE, "widht=32")


def test_the_order_of_settings_does_not_matter() -> None:
    """Each alone would be refused: two widths do not fit four stages."""
    texts = ("blocks=2,2", "widths=100,100", "strides=1,2")
    basic = (Block.BASIC,) * 2
    wanted = replace(BASE, block=basic, blocks=(2, 2), widths=(100, 100), strides=(1, 2))
    assert {assign(BASE, *order) for order in permutations(texts)} == {wanted}


def test_only_the_resulting_network_must_be_valid() -> None:
    """Eight stages would double past every bound, were their widths not given as well."""
    texts = ("block=bottleneck", "widths=" + "8192," * 8, "blocks=" + "1," * 8, "strides=" + "1," * 8)
    assert assign(BASE, *texts) == replace(
        BASE, block=(Block.BOTTLENECK,) * 8, blocks=(1,) * 8, widths=(8192,) * 8, strides=(1,) * 8
    )


@settings(deadline=None)
@given(any_specs(), small_specs())
def test_any_network_can_be_reached_by_settings(start: ResNetSpec, goal: ResNetSpec) -> None:
    texts = [f"{key}={setting(goal, key)}" for key in AXES]
    assert assign(start, *texts) == replace(goal, name=start.name)


@settings(deadline=None)
@given(any_specs(), st.lists(st.integers(1, 400), min_size=1, max_size=8))
def test_a_new_number_of_stages_keeps_the_others_in_step(spec: ResNetSpec, blocks: list[int]) -> None:
    both = min(len(spec.blocks), len(blocks))
    try:
        changed = change(spec, "blocks", tuple(blocks))
    except SpecError as error:
        is_deeper = any(map(gt, blocks, spec.blocks)) and error.where == "selective"  # its second block is another
        assert len(blocks) > len(spec.blocks) or is_deeper, "fewer stages are always a network"
        shared = ("widths", "base_width", "group_width", "cardinality", "reduce_first", "radix", "selective")
        assert error.where in (*shared, "output_stride")
        return
    assert len(changed.block) == len(changed.widths) == len(changed.strides) == len(blocks)
    assert changed.widths[:both] == spec.widths[:both] and changed.strides[:both] == spec.strides[:both]
    assert changed.block[:both] == spec.block[:both]
    assert all(stride == 2 for stride in changed.strides[both:])


@settings(deadline=None)
@given(any_specs(), any_specs())
def test_differences_name_what_must_change(old: ResNetSpec, new: ResNetSpec) -> None:
    keys = differences(old, new)
    assert replace(change_all(old, {key: new.value(key) for key in keys}), name=new.name) == new
    assert not differences(new, replace(new, name="other"))


@each("blocks", [(), (0,), (1,) * 17, (2.0, 2), ("2",)])
def test_change_refuses_what_is_no_list_of_blocks(blocks: object) -> None:
    with pytest.raises(SpecError):
        change(BASE, "blocks", blocks)


def test_every_axis_teaches() -> None:
    assert set(AXES) == {field.name for field in fields(ResNetSpec)} - {"name", "by_stage", "block_widths"}
    for one in AXES.values():
        assert one.label and one.teaches.endswith(".")
        for choice in one.choices:
            assert choice.label and choice.teaches.endswith(".")
            value = one.read(str(choice.value))
            assert value == ((choice.value,) if one.key == "block" else choice.value)


def test_axes_without_effect_say_why() -> None:
    assert axis("expansion").off(BASE) and axis("group_width").off(BASE)
    assert not axis("expansion").off(replace(BASE, block=(Block.BOTTLENECK,) * 4))
    assert axis("shortcut").off(BASE.plain()) and not axis("shortcut").off(BASE)
    assert not axis("width").off(BASE)
    assert axis("activation").off(replace(BASE, order=Order.V2, norm=Norm.FRN))
    assert axis("dropout").off(replace(BASE, classes=None))


@each("text", ["norm=frn", "init=fixup", "cardinality=2", "base_width=128", "reduce_first=65"])
def test_a_refused_choice_offers_what_would_make_it_possible(text: str) -> None:
    with pytest.raises(SpecError) as caught:
        assign(BASE, text)
    assert caught.value.fixes
    key, _, value = text.partition("=")
    found = nearest(BASE, key, axis(key).read(value))
    if key == "reduce_first":
        assert found is None, "65 of 64 channels cannot be"
    else:
        assert found is not None
        assert getattr(found[0], key) == axis(key).read(value)
        assert assign(BASE, text, *found[1]) == found[0]


def test_the_nearest_choice_keeps_what_was_chosen() -> None:
    resnext = CATALOGUE["resnext50_32x4d"].spec
    found = nearest(resnext, "block", (Block.BASIC,))
    assert found is not None
    assert found[1] == ("cardinality=1", "base_width=64")
    assert not found[0].has_bottlenecks


def test_the_cifar_stem_has_no_pool_unless_asked_for() -> None:
    small = assign(BASE, "stem=cifar")
    assert small.stem_pool is StemPool.NONE
    assert assign(small, "stem=deep").stem_pool is StemPool.MAX
    assert assign(BASE, "stem=cifar", "stem_pool=max").stem_pool is StemPool.MAX


def test_no_norm_follows_attention_pooling() -> None:
    assert "features" in AXES["head_norm"].off(assign(BASE, "pool=attention"))
    assert not AXES["head_norm"].off(BASE)


@each(
    "key,settings,reason",
    [
        ("cardinality", ("block=bottleneck", "group_width=16"), "The group width tells the groups."),
        ("cardinality", (), "Only bottleneck blocks have this choice."),
        ("cardinality", ("block=bottleneck",), ""),
        ("map_side", (), "The pool takes maps of any size."),
        ("map_side", ("pool=none",), ""),
        ("map_side", ("pool=attention",), ""),
        ("map_side", ("classes=none",), "A backbone has no classifier."),
        ("head_hidden", (), "Only an MLP has hidden features."),
        ("head_hidden", ("head=mlp",), ""),
        ("gate_bias", (), "There is no gate."),
        ("gate_bias", ("gating=exclusive",), ""),
        ("gate_bias", ("residual=false",), "A plain network has no shortcuts."),
        ("norm_groups", (), "Only group norm and EvoNorm-S0 have groups."),
        ("norm_groups", ("norm=group",), ""),
        ("downsample", ("shortcut=A",), "Zero-padding has no convolution."),
        ("conv_time", (), "Only videos have a time axis."),
    ],
)
def test_an_axis_is_off_for_a_reason(key: str, settings: tuple[str, ...], reason: str) -> None:
    assert AXES[key].off(assign(BASE, *settings)) == reason


def test_numbers_have_bounds_and_choices_have_none() -> None:
    assert bounds("expansion") == (0.01, 64) and bounds("classes") == (1, 1_000_000)
    assert bounds("order") is None and bounds("residual") is None


def test_settings_are_written_as_they_are_read() -> None:
    spec = assign(BASE, "attention=none,none,se,se", "zero_init=true", "classes=none")
    texts = [setting(spec, key) for key in ("attention", "zero_init", "classes", "widths")]
    assert texts == ["none,none,se,se", "true", "none", "64,128,256,512"]
    assert assign(BASE, *(f"{key}={setting(spec, key)}" for key in AXES)) == replace(spec, name=BASE.name)
