"""The catalogue as a list: the figures that are kept are those that are computed."""

import json
from itertools import pairwise

import write_figures

from resnet_explorer.layers import listing
from resnet_explorer.spec.catalogue import CATALOGUE


def test_the_catalogue_with_its_figures() -> None:
    rows = listing.described()
    assert [row["name"] for row in rows] == list(CATALOGUE)
    by_name = {row["name"]: row for row in rows}
    assert (by_name["resnet50"]["params"], by_name["resnet50"]["macs"]) == (25_557_032, 4_089_184_256)
    assert by_name["resnet20"]["image_size"] == 32
    json.dumps(rows)
    figures = [line for line in listing.to_text().splitlines() if line.startswith("  ") and "px" in line]
    assert len(figures) == len(rows)
    assert all(len(one) == len(other) for one, other in pairwise(figures))


def test_the_figures_that_are_kept_are_those_that_are_computed() -> None:
    assert write_figures.FILE.read_text(encoding="utf-8") == write_figures.text(), "run packaging/write_figures.py"
