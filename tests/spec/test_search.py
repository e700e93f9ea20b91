"""Networks are found by a few letters, a year, a name."""

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from resnet_explorer.errors import ExplorerError, SpecError
from resnet_explorer.spec import codec
from resnet_explorer.spec.catalogue import CATALOGUE, changes, origin, unusual, value_words
from resnet_explorer.spec.search import find_network, meant, resolve, search
from tests.cases import each


@each("name", CATALOGUE)
def test_every_name_and_title_finds_its_network_first(name: str) -> None:
    assert search(name)[0].name == name
    assert search(CATALOGUE[name].title)[0].name == name


@each(
    "text,first",
    [
        ("18", "resnet18"),
        ("rn101", "resnet101"),
        ("sern50", "seresnet50"),
        ("wrn", "wrn40_1"),
        ("resnet18", "resnet18"),
    ],
)
def test_few_letters_are_enough(text: str, first: str) -> None:
    assert search(text)[0].name == first


def test_words_of_the_idea_find_the_family() -> None:
    assert {entry.family.key for entry in search("squeeze-and-excitation")} <= {"se"}
    assert {entry.family.year for entry in search("zhang 2019")} == {2019}
    assert any(entry.name == "resnetv2_50x1_bit" for entry in search("standardised"))


def test_words_for_what_blocks_do_find_every_network_that_does_it() -> None:
    assert search("squeeze")[0].name == "seresnet18"
    for text in ("squeeze", "attention", "preactivation", "pre-activation"):
        assert len(search(text)) >= 5, text
    attending = [entry.spec for entry in search("attention")]
    attentive = {entry.spec for entry in CATALOGUE.values() if str(entry.spec.attention) != "none"}
    assert attentive <= set(attending)
    assert any(spec.radix for spec in attending) and any(spec.selective != "none" for spec in attending)
    assert {str(entry.spec.attention) for entry in search("squeeze")} == {"se"}
    found = search("preactivation 50")
    assert found and all("50" in entry.title and str(entry.spec.order) == "v2" for entry in found)


def test_nothing_asked_gives_all() -> None:
    assert list(search(" ")) == list(CATALOGUE.values())
    assert not search("vgg16")


@given(st.text(max_size=30))
def test_any_text_can_be_asked(text: str) -> None:
    assert set(search(text)) <= set(CATALOGUE.values())


def test_what_changed_is_said_in_words() -> None:
    parent, child = CATALOGUE["resnet50"].spec, CATALOGUE["resnet50d"].spec
    assert changes(parent, child) == (
        "Projection: avg-pool, then 1×1 instead of strided 1×1",
        "Stem: deep: three 3×3 instead of 7×7 / 2",
    )
    assert origin(child) is CATALOGUE["resnet50"]
    assert origin(CATALOGUE["resnet18"].spec) is None
    assert value_words(child, "block") == "Bottleneck"
    assert unusual(CATALOGUE["resnet18"].spec, "Stem") == ()
    assert unusual(child, "Shortcut") == ("avg-pool, then 1×1",)


@each("name", CATALOGUE)
def test_names_mean_themselves(name: str) -> None:
    assert resolve(name) == name and find_network(name) == CATALOGUE[name].spec


@each(
    "text,name",
    [
        ("rn50", "resnet50"),
        ("rn101", "resnet101"),
        ("rn20", "resnet20"),
        ("sern50", "seresnet50"),
        ("wrn50", "wide_resnet50_2"),
        ("rn50-plain", "resnet50-plain"),
        ("ResNet-18", "ResNet-18"),
        ("senet", "senet154"),
    ],
)
def test_a_few_letters_mean_one_network(text: str, name: str) -> None:
    assert resolve(text) == name


@each("text", ["rn", "18", "wrn", "resnext", "2017"])
def test_what_may_be_several_lists_the_nearest(text: str) -> None:
    with pytest.raises(SpecError) as caught:
        resolve(text)
    assert meant(text)[0].name in caught.value.remedy and f"{len(meant(text))} networks" in caught.value.what


@each("text", ["resnet19", "resnet21", "resnet22", "resnet31", "resnet51", "resnet102", "leafnet", ""])
def test_a_wrong_number_is_never_another_network(text: str) -> None:
    with pytest.raises(SpecError, match="There is no network"):
        resolve(text)


def test_a_file_wins_over_a_few_letters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rn50").write_text(codec.dumps(CATALOGUE["resnet34"].spec))
    assert find_network("rn50").name == "resnet34"


@given(st.text(max_size=12))
@example("/\x00")
@example("a/\ud800")
def test_any_text_means_a_network_or_is_explained(text: str) -> None:
    try:
        spec = find_network(text)
    except ExplorerError as error:
        assert error.what and error.remedy
    else:
        assert spec.name.removesuffix("-plain") in CATALOGUE
