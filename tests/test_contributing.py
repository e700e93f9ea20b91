"""The examples of CONTRIBUTING.md work: each is applied to a copy of the package, and its commands are run there."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SECTIONS = re.split(r"^## ", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
EXAMPLES = {section.partition("\n")[0]: section for section in SECTIONS if "```diff" in section}
WINDOW_THEN_COMMAND = """
import sys
import time

from PySide6.QtWidgets import QApplication

from resnet_explorer.app.app import build
from resnet_explorer.cli import main
from resnet_explorer.scenes.change import changed

if __name__ == "__main__":
    app = QApplication([])
    window = build(app)
    window.show()
    window.build_panels()
    window.actions_by_key["signs"].trigger()
    page = window.shown_page()
    page.count.click()
    end = time.monotonic() + 60
    while not page.answer.text() and time.monotonic() < end:
        app.processEvents()
        time.sleep(0.01)
    assert "initial weights are negative" in page.answer.text()
    scene = changed(window.scene(), {"seed": 3})
    window.go_to(scene)
    assert window.scene() == scene and page.seed.value() == 3
    assert "torch" not in sys.modules
    window.close()
    sys.exit(main(sys.argv[1:]))
"""
"""Presses the button on the page of the lab, goes to a scene of it, then runs its command.

The page and the command start one server that imports PyTorch.
"""


def hunks(diff: str) -> Iterator[tuple[str, list[str]]]:
    """Yield the file and the lines of each hunk; a hunk ends where the next file or ``@@`` begins."""
    for part in diff.split("+++ ")[1:]:
        name, _, rest = part.partition("\n")
        for hunk in rest.split("@@\n"):
            yield name, hunk.splitlines()


def apply(diff: str, folder: Path) -> None:
    """Apply a diff without line numbers: the lines that it keeps or removes stand in their file exactly once."""
    for name, lines in hunks(diff):
        path = folder / name
        old = "\n".join(line[1:] for line in lines if not line.startswith("+"))
        new = "\n".join(line[1:] for line in lines if not line.startswith("-"))
        if not old:
            assert not path.exists()
            path.parent.mkdir(exist_ok=True)
            path.write_text(new + "\n", encoding="utf-8")
        else:
            text = path.read_text(encoding="utf-8")
            assert text.count(f"{old}\n") == 1, f"{name} does not have once:\n{old}"
            path.write_text(text.replace(f"{old}\n", f"{new}\n"), encoding="utf-8")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of what the examples change, with the app's own resources."""
    for name in ("resnet_explorer", "resources"):
        shutil.copytree(ROOT / name, tmp_path / name)
    for name in ("pyproject.toml", "packaging/make_formulas.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def run(command: list[str], folder: Path) -> str:
    """Return the output of a Python command on the copy."""
    variables = {"PYTHONPATH": str(folder), "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(
        [sys.executable, *command], cwd=folder, env=os.environ | variables, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_there_is_an_example_of_each() -> None:
    assert list(EXAMPLES) == [
        "Add a kind of layer",
        "Add an axis",
        "Add a network to the catalogue",
        "Add an experiment",
        "Add a lab",
    ]


@pytest.mark.parametrize("title", EXAMPLES)
def test_an_example_works(title: str, copy: Path) -> None:
    blocks = dict(re.findall(r"^```(diff|console)\n(.*?)^```$", EXAMPLES[title], re.MULTILINE | re.DOTALL))
    apply(blocks["diff"], copy)
    for line in blocks["console"].split("$ python ")[1:]:
        command, *expected = line.splitlines()
        words = shlex.split(command)
        if title == "Add a lab":
            (copy / "window.py").write_text(WINDOW_THEN_COMMAND, encoding="utf-8")
            words = ["window.py", *words[2:]]
        output = run(words, copy)
        assert not [text for text in expected if text not in output]
