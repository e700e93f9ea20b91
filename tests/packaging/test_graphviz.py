"""Graphviz works where no system ``dot`` exists: the command comes with a wheel."""

import subprocess
import sysconfig
import xml.etree.ElementTree as ET
from pathlib import Path

BLOCK = """digraph {
  x -> conv1 -> bn1 -> relu1 -> conv2 -> bn2 -> add -> relu2 -> y
  x -> "downsample.0" -> "downsample.1" -> add
}"""


def test_a_residual_block_is_laid_out_without_a_system_dot() -> None:
    command = Path(sysconfig.get_path("scripts")) / "graphviz-pure"
    done = subprocess.run([command, "-Tsvg"], input=BLOCK, capture_output=True, text=True, check=True, env={"PATH": ""})
    svg = "{http://www.w3.org/2000/svg}"
    groups = [group.get("class") for group in ET.fromstring(done.stdout).iter(f"{svg}g")]
    assert (groups.count("node"), groups.count("edge")) == (11, 11)
