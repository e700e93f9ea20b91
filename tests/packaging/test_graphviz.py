"""Graphviz works where the system has no ``dot``: the command that graphviz-pure installs beside Python."""

import shutil
import subprocess
import sysconfig
from pathlib import Path
from xml.etree import ElementTree

import pytest

_BRANCH = ["x", "conv1", "bn1", "relu1", "conv2", "bn2", "add", "relu2", "y"]
_PROJECTION = ["x", "downsample.0", "downsample.1", "add"]
_BLOCK = "digraph {" + "".join(" -> ".join(f'"{name}"' for name in way) + ";" for way in (_BRANCH, _PROJECTION)) + "}"
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
    assert titles == {*_BRANCH, *_PROJECTION}
    assert len(edges) == len(_BRANCH) - 1 + len(_PROJECTION) - 1


def test_layers_lie_in_the_order_of_the_forward_pass() -> None:
    command = shutil.which("graphviz-pure", path=sysconfig.get_path("scripts"))
    assert command
    done = subprocess.run([command, "-Tplain"], input=_BLOCK, capture_output=True, text=True, check=True)
    rows = [line.split() for line in done.stdout.splitlines() if line.startswith("node")]
    heights = {row[1].strip('"'): float(row[3]) for row in rows}
    for way in (_BRANCH, _PROJECTION):
        assert sorted(way, key=heights.__getitem__, reverse=True) == way
