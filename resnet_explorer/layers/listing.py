"""The catalogue and the axes as values and as text, which cost the command ``list`` no network's compilation.

The figures of the catalogue's networks stand in ``resources/catalogue/figures.json``, which
``packaging/write_figures.py`` writes and a test compares with what is computed.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from itertools import groupby
from typing import NamedTuple

from resnet_explorer import assets
from resnet_explorer.spec.axes import AXES
from resnet_explorer.spec.catalogue import CATALOGUE, Entry

NAME = 27
"""Characters for the longest name of the catalogue."""


class Figures(NamedTuple):
    """A network's size: layers with weights, parameters, and MACs of one image of the row's own size."""

    weight_layers: int
    params: int
    macs: int


def computed(entry: Entry) -> Figures:
    """Return the figures of a row, read off its network."""
    from resnet_explorer.network import compile_spec  # with all kinds of layers
    from resnet_explorer.readings import analyse
    from resnet_explorer.readings.read import depth
    from resnet_explorer.spec.input_shape import InputShape

    network = compile_spec(entry.spec)
    total = analyse(network, InputShape(1, entry.size, entry.size)).total
    return Figures(depth(network).weight_layers, total.params, total.macs)


@cache
def kept() -> Mapping[str, Figures]:
    """Return the figures that are known, by the names of their networks."""
    rows = json.loads(assets.path("catalogue", "figures.json").read_text(encoding="utf-8"))
    return {name: Figures(*row) for name, row in rows.items()}


def figures(entry: Entry) -> Figures:
    """Return the figures of a row."""
    return kept().get(entry.name) or computed(entry)


def described(networks: Iterable[Entry] = CATALOGUE.values()) -> list[dict[str, object]]:
    """Return rows of the catalogue as JSON values; MACs are those of one image of the row's own size."""
    return list(map(_described, networks))


def _described(entry: Entry) -> dict[str, object]:
    from resnet_explorer.spec.codec import to_dict

    return {
        "name": entry.name,
        "title": entry.title,
        "family": entry.family.title,
        "year": entry.family.year,
        "source": entry.family.source,
        "note": entry.note,
        "published": entry.published,
        "aliases": list(entry.aliases),
        "parent": entry.base or None,
        "settings": entry.settings.split(),
        "image_size": entry.size,
        **figures(entry)._asdict(),
        "spec": to_dict(entry.spec),
    }


def to_text(networks: Iterable[Entry] = CATALOGUE.values()) -> str:
    """Return rows of the catalogue in aligned columns under the names of their families."""
    lines = [f"{'':<{NAME}} {'layers':>8} {'parameters':>13} {'MACs':>16} {'at':>9}"]
    for family, members in groupby(networks, key=lambda entry: entry.family):
        lines += ["", f"{family.title}: {family.source}", *map(_line, members)]
    return "\n".join([*lines, "", "NAME-plain is the same network without its shortcuts: resnet50-plain."]) + "\n"


def _line(entry: Entry) -> str:
    layers, params, macs = figures(entry)
    return f"  {entry.name:<{NAME}} {layers:>6,} {params:>13,} {macs:>16,} {f'{entry.size} px':>9}"


def axes() -> list[dict[str, object]]:
    """Return every axis of choice with its words and its values."""
    return [
        {
            "key": axis.key,
            "section": axis.section,
            "teaches": axis.teaches,
            "values": [str(choice.value).lower() for choice in axis.choices],
        }
        for axis in AXES.values()
    ]


def axes_text(rows: Sequence[dict[str, object]]) -> str:
    """Return the axes by section, each with what it chooses and its values."""
    lines: list[str] = []
    for section, members in groupby(rows, key=lambda row: row["section"]):
        lines += ["", str(section)]
        for row in members:
            values = row["values"]
            assert isinstance(values, list)
            lines.append(f"  {row['key']:<20} {row['teaches']}")
            lines += [f"  {'':<20} one of {', '.join(values)}"] if values else []
    return "\n".join(lines[1:]) + "\n"
