"""``share`` and ``lesson handout`` from their arguments to their files."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from resnet_explorer.cli import main
from resnet_explorer.scenes.session import SavedSession, save
from resnet_explorer.share.guide import topics
from tests.share.html import Element, read
from tests.share.lessons import FILE
from tests.share.scenes import scene


def made(file: Path, *arguments: str) -> Element:
    assert main(["share", *arguments, "-o", str(file)]) == 0
    return read(file.read_text(encoding="utf-8"))


def opened(page: Element) -> list[str]:
    return [panel.attributes["data-path"] for panel in page.all("li", "open")]


def pictures(page: Element) -> list[str]:
    return [svg.attributes.get("aria-label", "") for svg in page.all("svg")]


def test_a_network_as_the_options_show_it(tmp_path: Path) -> None:
    options = ("--set", "width=32", "--input", "64", "--open", "layer2.0", "--open", "stem", "--compare")
    page = made(tmp_path / "page.html", "resnet18", *options)
    assert opened(page) == ["stem", "layer2.0"] * 2
    assert "input 1 × 3 × 64 × 64" in next(page.all("header")).text


def test_what_a_page_of_the_window_shows(tmp_path: Path) -> None:
    page = made(tmp_path / "page.html", "plain56", "--page", "gradients", "--with", "experiment=batch-norm")
    assert "Gradient at the block's input" in pictures(page)
    page = made(tmp_path / "page.html", "plain56", "--page", "training", "--with", 'show=["plain-56"]')
    assert "Training loss" in pictures(page)


def test_a_session(tmp_path: Path) -> None:
    save(SavedSession(scene("resnet50", open=["layer3.0"])), tmp_path / "seminar.rnx")
    assert opened(made(tmp_path / "page.html", str(tmp_path / "seminar.rnx"))) == ["layer3.0"]


def test_a_lesson_by_its_file_and_by_its_name(tmp_path: Path) -> None:
    assert next(made(tmp_path / "page.html", str(FILE)).all("h1")).text == "What a residual block computes"
    assert next(made(tmp_path / "page.html", "01").all("h1")).text == "Deeper is worse"


def test_a_hand_out_where_there_is_no_display(tmp_path: Path) -> None:
    variables = {name: value for name, value in os.environ.items() if name not in ("QT_QPA_PLATFORM", "DISPLAY")}
    command = [sys.executable, "-m", "resnet_explorer", "lesson", "handout", str(FILE), "--answers", "-o", "lesson.pdf"]
    subprocess.run(command, cwd=tmp_path, env=variables, check=True, timeout=120)
    assert (tmp_path / "lesson.pdf").read_bytes().startswith(b"%PDF")


def test_a_network_in_print(qapp: QApplication, tmp_path: Path) -> None:
    file = tmp_path / "net.pdf"
    assert main(["share", "resnet18", "--paper", "letter", "-o", str(file)]) == 0
    assert file.read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("share", "resnet18", "-o", "page.txt"), "page.txt is no page. End its name in .html or .pdf."),
        (("share", "resnet18", "--open", "layer9", "-o", "page.html"), "There is no block 'layer9'."),
        (("share", "resnet18", "--page", "nothing", "-o", "page.html"), "There is no page 'nothing'."),
        (("share", "resnet18", "--with", "colour", "-o", "page.html"), "'colour' is not KEY=VALUE."),
        (("share", "nonsense", "-o", "page.html"), "There is no network 'nonsense'"),
        (("share", "missing.rnx", "-o", "page.html"), "missing.rnx"),
        (("share", "01", "--compare", "-o", "page.html"), "A lesson has scenes of its own."),
        (("lesson", "handout", "01", "-o", "page.html"), "page.html is no PDF."),
        (("lesson", "handout", "nonsense", "-o", "page.pdf"), "There is no lesson 'nonsense'."),
    ],
)
def test_what_cannot_be_is_one_line(
    arguments: tuple[str, ...],
    text: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(list(arguments)) == 2
    error = capsys.readouterr().err
    assert text in error and error.count("\n") == 1
    assert not list(tmp_path.glob("page.*"))


def test_the_guide_is_listed_printed_and_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["guide"]) == 0
    listed = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in listed] == list(topics()) and "numbers    The numbers" in listed
    assert main(["guide", "numbers"]) == 0
    assert capsys.readouterr().out == topics()["numbers"].text
    assert main(["guide", "-o", str(tmp_path / "guide.html")]) == 0
    assert read((tmp_path / "guide.html").read_text(encoding="utf-8"))
    capsys.readouterr()
    assert main(["guide", "gradient"]) == 2 and "Did you mean 'gradients'?" in capsys.readouterr().err
    assert main(["guide", "-o", "guide.pdf"]) == 2 and "End its name in .html." in capsys.readouterr().err
