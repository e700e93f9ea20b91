"""The axes as ``--set`` and the window change them."""

from dataclasses import fields, replace
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resnet_explorer.errors import SpecError
from resnet_explorer.spec import Block, ResNetSpec, Shortcut, Stem, Stride
from resnet_explorer.spec.axes import AXES, assign, axis, change, differences
from resnet_explorer.spec.codec import to_dict
from tests.specs import any_specs, small_specs

BASE = ResNetSpec("base")


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        ("block=bottleneck", "block", Block.BOTTLENECK),
        ("block=Bottleneck", "block", Block.BOTTLENECK),
        ("blocks=3,4,6,3", "blocks", (3, 4, 6, 3)),
        ("blocks=(3, 4)", "blocks", (3, 4)),
        (" width = 32 ", "width", 32),
        ("doubling=true,no,1", "doubling", (True, False, True)),
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


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("width", "set"),
        ("", "set"),
        ("widht=32", "widht"),
        ("=32", ""),
        ("name=x", "name"),
        ("width=", "width"),
        ("width=many", "width"),
        ("width=6,4", "width"),
        ("width=0", "width"),
        ("width=-1", "width"),
        ("width=1e3", "width"),
        ("width=1000000000", "width"),
        ("width=" + "9" * 5000, "width"),
        ("blocks=", "blocks"),
        ("blocks=1,2,x", "blocks"),
        ("blocks=0", "blocks"),
        ("blocks=401", "blocks"),
        ("blocks=1,1,1,1,1,1,1,1,1", "blocks"),
        ("doubling=true", "doubling"),
        ("doubling=true,maybe,true", "doubling"),
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
    """Each alone would be refused: three doublings do not fit two stages, nor one value four stages."""
    texts = ("blocks=2,2", "doubling=false", "width=100")
    wanted = replace(BASE, blocks=(2, 2), doubling=(False,), width=100)
    assert {assign(BASE, *order) for order in permutations(texts)} == {wanted}


def test_only_the_resulting_network_must_be_valid() -> None:
    wide = replace(BASE, width=8192, blocks=(1,) * 8, doubling=(False,) * 7)
    assert assign(BASE, "block=bottleneck", "width=8192", "blocks=1,1,1,1,1,1,1,1", "doubling=" + "0," * 7) == replace(
        wide, block=Block.BOTTLENECK
    )


@settings(deadline=None)
@given(any_specs(), small_specs())
def test_any_network_can_be_reached_by_settings(start: ResNetSpec, goal: ResNetSpec) -> None:
    texts = []
    for key, value in to_dict(goal).items():
        if key != "name":
            texts.append(f"{key}={','.join(map(str, value)) if isinstance(value, list) else value}")
    assert assign(start, *texts) == replace(goal, name=start.name)


@settings(deadline=None)
@given(any_specs(), st.lists(st.integers(1, 400), min_size=1, max_size=8))
def test_a_new_number_of_stages_keeps_doubling_in_step(spec: ResNetSpec, blocks: list[int]) -> None:
    changed = change(spec, "blocks", tuple(blocks))
    both = min(len(spec.doubling), len(blocks) - 1)
    assert len(changed.doubling) == len(blocks) - 1
    assert changed.doubling[:both] == spec.doubling[:both]
    assert all(changed.doubling[both:])


@settings(deadline=None)
@given(any_specs(), any_specs())
def test_differences_name_what_must_change(old: ResNetSpec, new: ResNetSpec) -> None:
    keys = differences(old, new)
    assert replace(old, name=new.name, **{key: getattr(new, key) for key in keys}) == new
    assert not differences(new, replace(new, name="other"))


@pytest.mark.parametrize("blocks", [(), (0,), (1,) * 9, (2.0, 2), ("2",)], ids=str)
def test_change_refuses_what_is_no_list_of_blocks(blocks: object) -> None:
    with pytest.raises(SpecError):
        change(BASE, "blocks", blocks)


def test_every_axis_teaches() -> None:
    assert set(AXES) == {field.name for field in fields(ResNetSpec)} - {"name"}
    for one in AXES.values():
        assert one.label and one.teaches.endswith(".")
        for choice in one.choices:
            assert choice.label and choice.teaches.endswith(".")
            assert one.read(str(choice.value)) is choice.value


def test_axes_without_effect_say_why() -> None:
    assert axis("expansion").off(BASE) and axis("stride").off(BASE)
    assert not axis("expansion").off(replace(BASE, block=Block.BOTTLENECK))
    assert axis("shortcut").off(BASE.plain()) and not axis("shortcut").off(BASE)
    assert not axis("width").off(BASE)
