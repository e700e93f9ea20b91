"""The document and the command line say what the language has."""

import runpy
from pathlib import Path

import pytest

from resnet_explorer.cli.run import main
from resnet_explorer.lessons.expressions import FUNCTIONS, render
from resnet_explorer.lessons.readings import reading_names, readings
from resnet_explorer.lessons.reference import SCENE_KEYS
from resnet_explorer.scenes.change import KEYS
from tests.lessons.test_expressions import RESNET18
from tests.lessons.test_lessons import DOCUMENT, EXAMPLE

ROOT = Path(__file__).parents[2]


def test_the_document_has_the_tables_of_today() -> None:
    write = runpy.run_path(str(ROOT / "packaging" / "write_lesson_reference.py"))
    assert write["with_tables"](DOCUMENT) == DOCUMENT, "run packaging/write_lesson_reference.py"


def test_every_key_of_a_scene_is_in_the_document() -> None:
    assert set(SCENE_KEYS) == set(KEYS)


def test_the_examples_in_the_document_have_values() -> None:
    for row in readings():
        assert f"`{row.example}`" in DOCUMENT and render(f"{{{row.example}}}", RESNET18)


def test_the_command_lists_checks_and_describes(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    good, bad = tmp_path / "good.md", tmp_path / "bad.md"
    good.write_text(EXAMPLE, encoding="utf-8")
    bad.write_text(EXAMPLE.replace("{params}", "{parms}").replace("minutes = 2", "minutes = 0"), encoding="utf-8")
    assert main(["lesson", "check", str(good)]) == 0
    assert capsys.readouterr().out == "1 lesson: nothing is wrong.\n"
    assert main(["lesson", "check", str(good), str(bad)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[1] for line in lines] == ["3", "27"] and "Did you mean 'params'?" in lines[1]
    assert main(["lesson", "check", str(tmp_path / "none.md")]) == 2
    assert "cannot be read" in capsys.readouterr().err
    assert main(["lesson", "list", str(tmp_path)]) == 0
    listed = capsys.readouterr().out
    assert "01-deeper-is-worse" in listed and "What a projection costs" in listed and "line 3" in listed
    assert main(["lesson", "list", "--json"]) == 0
    assert '"title": "Deeper is worse"' in capsys.readouterr().out
    assert main(["lesson", "readings"]) == 0
    text = capsys.readouterr().out
    assert all(f"  {name}" in text for name in (*FUNCTIONS, *reading_names()))
    assert main(["lesson", "open", "nothing"]) == 2
    assert "There is no lesson 'nothing'." in capsys.readouterr().err
