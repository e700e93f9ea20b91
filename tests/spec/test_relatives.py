"""Networks that cannot be built here are explained by name, by a variant's name, and by words."""

import json

import pytest

from resnet_explorer.cli import main
from resnet_explorer.errors import SpecError
from resnet_explorer.spec.catalogue import CATALOGUE, find, knows, plain_text
from resnet_explorer.spec.relatives import RELATIVES, of_kind, relative, relatives
from resnet_explorer.spec.search import resolve, search
from tests.cases import each

ASKED = ("densenet", "dpn", "hrnet", "convnext", "mobilenet", "fractalnet", "revnet")


def test_each_is_explained_in_two_sentences_with_its_paper_and_what_is_nearest() -> None:
    assert set(ASKED) < set(RELATIVES)
    for row in RELATIVES.values():
        assert row.text.count(". ") == 1 and row.text.endswith("."), row.text
        assert f"{row.year}, “{row.paper}”" in row.what and row.arxiv in row.what
        assert row.nearest in CATALOGUE and row.nearest in row.remedy
        assert all(start == plain_text(start) and not knows(start) for start in row.begins)


def test_no_network_of_the_catalogue_is_called_a_relative() -> None:
    assert not [name for name in CATALOGUE if relative(plain_text(name))]


@each(
    "name,key",
    [
        *[("densenet121", "densenet"), ("DenseNet-121", "densenet"), ("mobilenetv3_small", "mobilenet")],
        *[("convnext_tiny", "convnext"), ("hrnet_w18", "hrnet"), ("dpn92", "dpn"), ("vit_b_16", "vit")],
        *[("inception_v3", "inception"), ("inception_resnet_v2", "inception-resnet"), ("vgg16_bn", "vgg")],
    ],
)
def test_variants_are_recognised(name: str, key: str) -> None:
    for ask in (find, resolve):
        with pytest.raises(SpecError) as caught:
            ask(name)
        assert str(caught.value) == f"{RELATIVES[key].what} {RELATIVES[key].remedy}"
    assert [row.key for row in relatives(name)] == [key]


def test_words_and_first_letters_find_them_too() -> None:
    assert [row.key for row in relatives("reversible")] == ["revnet"]
    assert [row.key for row in relatives("Dosovitskiy 2021")] == ["vit"]
    assert {row.key for row in relatives("mob")} == {"mobilenet"}
    assert not relatives("resnet50") and not relatives("") and not relatives("rn")


def test_a_file_s_kind_gives_its_sentences() -> None:
    assert of_kind("a DenseNet") is RELATIVES["densenet"]
    assert of_kind("a U-Net") is None and of_kind("") is None


def test_the_command_line_explains_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["describe", "densenet121"]) == 2
    said = capsys.readouterr().err
    assert "concatenates" in said and "arXiv 1608.06993" in said and said.count("\n") == 1
    assert main(["list", "--search", "densenet"]) == 0
    assert "It cannot be built here" in capsys.readouterr().out
    assert main(["list", "--search", "fixup", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [row["name"] for row in found["networks"]] == [entry.name for entry in search("fixup")]
    assert not found["relatives"]
    assert main(["list", "--search", "qqq"]) == 1
    assert "Try fewer letters" in capsys.readouterr().err
    assert main(["list", "--search", "se", "--axes"]) == 2
