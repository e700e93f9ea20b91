"""Every network of timm and torchvision that the catalogue has: their parameters, MACs and maps, to the last digit.

``packaging/write_variant_reference.py`` writes what they say. A row that the catalogue gets later is compared from
then on, under its name or any of its aliases.
"""

import json
from collections import Counter
from pathlib import Path
from typing import Any

from resnet_explorer.network import compile_spec
from resnet_explorer.network.kinds.base import Role
from resnet_explorer.readings import Analysis, analyse
from resnet_explorer.spec.catalogue import find, knows
from resnet_explorer.spec.input_shape import parse_input
from tests.cases import each

FILE = Path(__file__).parents[1] / "reference" / "variants.json"
ROWS: list[dict[str, Any]] = [row for row in json.loads(FILE.read_text())["networks"] if knows(row["name"])]


def read(name: str, shape: str) -> Analysis:
    spec = find(name)
    return analyse(compile_spec(spec), parse_input(f"1x{shape}", spec.in_channels, spec.dims))


def maps(analysis: Analysis) -> Counter[str]:
    """Return the maps that convolutions put out, and how often; those of a single position are left out."""
    outputs = [row.reading.output[1:] for row in analysis.rows if row.part.layer.role is Role.CONVOLUTION]
    rank = len(analysis.total.input) - 1
    return Counter("x".join(map(str, each)) for each in outputs if len(each) == rank and max(each[1:]) > 1)


def counted(text: str) -> Counter[str]:
    """Return maps as the reference writes them: ``64x33x57*3``."""
    pairs = (each.partition("*") for each in text.split())
    return Counter({each: int(count or 1) for each, _, count in pairs})


def dropped(name: str, analysis: Analysis) -> int:
    """Return the MACs of what timm's attention pool works out and drops: the outputs of all positions but the mean."""
    spec, last = analysis.network.spec, analysis.sums[analysis.network.stages[-1].path].output
    if not name.endswith("_clip"):
        return 0
    channels, positions, classes = last[1], last[2] * last[3] + 1, spec.classes or 0
    return (positions - 1) * (channels * (channels + classes) + 2 * positions * channels)


def test_most_of_todays_names_are_among_them() -> None:
    assert len(ROWS) >= 24 and {row["library"] for row in ROWS} == {"timm", "torchvision"}


@each("row", ROWS)
def test_parameters_macs_and_maps(row: dict[str, Any]) -> None:
    analysis = read(row["name"], row["input"])
    macs = row["macs"] + row.get("other_macs", 0) - dropped(row["name"], analysis)
    assert (analysis.total.params, analysis.total.macs) == (row["params"], macs)
    for shape, text in row.get("maps", {}).items():
        assert maps(read(row["name"], shape)) == counted(text), shape
