"""Names to networks and back."""

from dataclasses import replace

import pytest

from resnet_explorer.errors import SpecError
from resnet_explorer.spec import Shortcut
from resnet_explorer.spec.catalogue import CATALOGUE, entry_of, find, named, origin, title, unusual
from resnet_explorer.spec.change import assign
from tests.cases import each

NAMES = list(CATALOGUE)
FIRST = (
    "resnet18",
    "resnet34",
    "resnet50",
    "resnet101",
    "resnet152",
    "resnet20",
    "plain34",
    "preresnet164",
    "wrn28_10",
)


def test_the_rows() -> None:
    assert len({entry.title for entry in CATALOGUE.values()}) == len(NAMES)
    assert set(FIRST) < set(NAMES)
    for entry in CATALOGUE.values():
        assert entry.note.endswith(".") and entry.family.idea.endswith(".")
        assert 2015 <= entry.family.year <= 2021


def test_a_row_is_its_parent_with_a_few_changes() -> None:
    assert CATALOGUE["resnet50d"].parent is CATALOGUE["resnet50"]
    assert CATALOGUE["resnet50d"].changes == ("downsample", "stem")
    assert CATALOGUE["preresnet110"].changes == ("order",)
    assert not CATALOGUE["resnet18"].changes
    for entry in CATALOGUE.values():
        assert entry.parent is None or entry.changes, f"{entry.name} is its parent"


@each("name", NAMES)
def test_every_name_finds_its_network(name: str) -> None:
    spec = CATALOGUE[name].spec
    assert find(name) == spec
    assert find(title(spec)) == spec
    assert find(f"{name}-plain") == spec.plain()
    assert entry_of(spec) is CATALOGUE[name]
    found = entry_of(replace(spec, name="another"))
    assert found is not None and found.spec == replace(spec, name=found.name)


@pytest.mark.parametrize("name", ["ResNet-18", "RESNET_18", " resnet18 ", "resnet-18"])
def test_spelling_does_not_matter(name: str) -> None:
    assert find(name).name == "resnet18"


@each("name", ["", "plain", "-plain", "resnet", "foo", "resnet18-plain-plain", "18", "x" * 10_000])
def test_unknown_names_are_explained(name: str) -> None:
    with pytest.raises(SpecError, match="no network"):
        find(name)


def test_a_near_name_is_proposed() -> None:
    with pytest.raises(SpecError, match="Did you mean 'resnet152'"):
        find("resnet15")


def test_the_plain_rows_are_the_plain_twins() -> None:
    for name in NAMES:
        if name.startswith("plain"):
            twin = find(name.replace("plain", "resnet")).plain()
            assert entry_of(twin) is CATALOGUE[name]
            assert named(twin).name == name


def test_names_follow_what_is_edited() -> None:
    spec = find("resnet18")
    edited = named(assign(spec, "width=32"))
    assert edited.name == "resnet18-edited"
    assert named(replace(edited, shortcut=Shortcut.PROJECTION_EVERYWHERE)).name == "resnet18-edited"
    assert named(assign(edited, "width=64")).name == "resnet18"
    assert named(edited.plain()).name == "resnet18-edited-plain"
    assert title(edited.plain()) == "ResNet-18, edited, plain twin"
    assert named(replace(assign(spec, "width=32"), name="mine")).name == "mine"
    assert named(replace(find("resnet50"), residual=False)).name == "resnet50-plain"


def test_an_edited_network_comes_from_the_row_that_was_edited() -> None:
    assert origin(find("wide_resnet50_2")) is CATALOGUE["resnet50"]
    assert origin(named(assign(find("resnet50"), "width=32"))) is CATALOGUE["resnet50"]
    assert origin(named(assign(find("resnet50"), "width=32")).plain()) is CATALOGUE["resnet50"]
    assert origin(replace(assign(find("resnet50"), "width=32"), name="mine")) is None


@each(
    "settings,section,text",
    [
        (("residual=false",), "Shortcut", ("plain",)),
        (("zero_init=true",), "Training depth", ("zero-init",)),
        (("attention=se",), "Block", ("SE",)),
        ((), "Block", ()),
    ],
)
def test_what_is_unusual_of_a_network_is_said_by_section(
    settings: tuple[str, ...], section: str, text: tuple[str, ...]
) -> None:
    assert unusual(assign(find("resnet18"), *settings), section) == text
