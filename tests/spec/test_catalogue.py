"""Names to networks and back."""

from dataclasses import replace

import pytest

from resnet_explorer.errors import SpecError
from resnet_explorer.spec import Shortcut
from resnet_explorer.spec.catalogue import CATALOGUE, entry_of, find, named, title

NAMES = [
    *("resnet18", "resnet34", "resnet50", "resnet101", "resnet152"),
    *("resnet20", "resnet32", "resnet44", "resnet56", "resnet110", "resnet1202"),
    *("resnext50_32x4d", "resnext101_32x8d", "resnext101_64x4d", "wide_resnet50_2", "wide_resnet101_2"),
    *("plain18", "plain34", "plain20", "plain32", "plain44", "plain56"),
]


def test_the_rows() -> None:
    assert list(CATALOGUE) == NAMES
    assert len({entry.title for entry in CATALOGUE.values()}) == len(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_every_name_finds_its_network(name: str) -> None:
    spec = CATALOGUE[name].spec
    assert find(name) == spec
    assert find(title(spec)) == spec
    assert find(f"{name}-plain") == spec.plain()
    assert entry_of(spec) is CATALOGUE[name]
    assert entry_of(replace(spec, name="another")) is CATALOGUE[name]


@pytest.mark.parametrize("name", ["ResNet-18", "RESNET_18", " resnet18 ", "resnet-18"])
def test_spelling_does_not_matter(name: str) -> None:
    assert find(name).name == "resnet18"


@pytest.mark.parametrize("name", ["", "plain", "-plain", "resnet", "vgg16", "resnet18-plain-plain", "18", "x" * 10_000])
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
    edited = named(replace(spec, width=32))
    assert edited.name == "resnet18-edited"
    assert named(replace(edited, shortcut=Shortcut.PROJECTION_EVERYWHERE)).name == "resnet18-edited"
    assert named(replace(edited, width=64)).name == "resnet18"
    assert named(edited.plain()).name == "resnet18-edited-plain"
    assert title(edited.plain()) == "ResNet-18, edited, plain twin"
    assert named(replace(spec, name="mine", width=32)).name == "mine"
    assert named(replace(find("resnet50"), residual=False)).name == "resnet50-plain"
