"""Graphviz works where the system has no ``dot``: the command that graphviz-pure installs beside Python."""

import shutil
import subprocess
import sysconfig
from pathlib import Path
from xml.etree import ElementTree

import pytest

_BLOCK = """digraph block {
    x -> conv1 -> relu -> conv2 -> add;
    x -> add [label="shortcut", style=dashed];
}"""
_SVG = "{http://www.w3.org/2000/svg}"


def test_a_residual_block_is_laid_out_without_a_system_dot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command = shutil.which("graphviz-pure", path=sysconfig.get_path("scripts"))
    assert command, "graphviz-pure is not installed beside this Python"
    monkeypatch.setenv("PATH", str(tmp_path))
    assert shutil.which("dot") is None
    done = subprocess.run([command, "-Tsvg"], input=_BLOCK, capture_output=True, text=True, check=True)
    drawing = ElementTree.fromstring(done.stdout)
    titles = {group.findtext(f"{_SVG}title") for group in drawing.iter(f"{_SVG}g") if group.get("class") == "node"}
    edges = [group for group in drawing.iter(f"{_SVG}g") if group.get("class") == "edge"]
    assert titles == {"x", "conv1", "relu", "conv2", "add"}
    assert len(edges) == 5


def test_layers_lie_in_the_order_of_the_forward_pass() -> None:
    command = shutil.which("graphviz-pure", path=sysconfig.get_path("scripts"))
    assert command
    done = subprocess.run([command, "-Tplain"], input=_BLOCK, capture_output=True, text=True, check=True)
    rows = [line.split() for line in done.stdout.splitlines() if line.startswith("node")]
    heights = {row[1]: float(row[3]) for row in rows}
    order = sorted(heights, key=heights.__getitem__, reverse=True)
    assert order == ["x", "conv1", "relu", "conv2", "add"]
