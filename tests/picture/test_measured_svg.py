"""Golden files of diagrams that are coloured by a value, with what has no place on the scale."""

import os
import xml.etree.ElementTree as ET
from math import inf, nan
from pathlib import Path

import pytest

from resnet_explorer.diagram.diagram import diagram
from resnet_explorer.diagram.overlays import BlockValues
from resnet_explorer.diagram.view import View
from resnet_explorer.network import compile_spec
from resnet_explorer.picture.marks import Picture
from resnet_explorer.picture.svg import to_svg
from resnet_explorer.picture.theme import DARK, LIGHT
from resnet_explorer.readings import analyse
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.catalogue import find

GOLDEN = Path(__file__).parent / "golden"
CASES = {"resnet18-measured-light": ("resnet18", 224, LIGHT), "resnet56-measured-dark": ("resnet56", 32, DARK)}


def picture(case: str) -> Picture:
    name, side, _ = CASES[case]
    analysis = analyse(compile_spec(find(name)), InputShape(1, side, side))
    paths = [block.path for stage in analysis.network.stages for block in stage.blocks]
    values = {path: 2.0 / (1 + n) ** 4 for n, path in enumerate(paths[:-1])}
    values |= {paths[1]: nan, paths[3]: 0.0, paths[5]: inf}
    measured = BlockValues("Gradient at the block's input", "‖∂L/∂x‖₂", values, True, "seed 0, digits 8×8, CPU")
    return diagram(analysis, View(), overlays=[measured])


def text(case: str) -> str:
    return to_svg(picture(case), CASES[case][2])


@pytest.mark.parametrize("case", CASES)
def test_golden(case: str) -> None:
    """To accept a change on purpose: look at the pictures, then run with UPDATE_GOLDEN=1."""
    file = GOLDEN / f"{case}.svg"
    if os.environ.get("UPDATE_GOLDEN"):
        file.write_text(text(case), encoding="utf-8")
    assert text(case) == file.read_text(encoding="utf-8")


@pytest.mark.parametrize("case", CASES)
def test_ids_are_unique(case: str) -> None:
    ids = [element.get("id") for element in ET.fromstring(text(case)).iter() if element.get("id")]
    assert len(ids) == len(set(ids))
