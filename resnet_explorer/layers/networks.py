"""The catalogue with each network's figures, and the axes, as JSON values and as text."""

from collections.abc import Sequence
from itertools import groupby

from resnet_explorer.network import compile_spec
from resnet_explorer.readings import analyse
from resnet_explorer.readings.read import depth
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.axes import AXES
from resnet_explorer.spec.catalogue import CATALOGUE, Entry
from resnet_explorer.spec.codec import to_dict


def entries() -> list[dict[str, object]]:
    """Return every row of the catalogue; MACs are those of one image of the row's own size."""
    return [_entry(entry) for entry in CATALOGUE.values()]


def _entry(entry: Entry) -> dict[str, object]:
    network = compile_spec(entry.spec)
    total = analyse(network, InputShape(1, entry.size, entry.size)).total
    return {
        "name": entry.name,
        "title": entry.title,
        "family": entry.family.title,
        "year": entry.family.year,
        "source": entry.family.source,
        "note": entry.row.note,
        "published": entry.row.published,
        "aliases": list(entry.row.aliases),
        "parent": entry.row.parent or None,
        "settings": entry.row.settings.split(),
        "image_size": entry.size,
        "weight_layers": depth(network).weight_layers,
        "params": total.params,
        "macs": total.macs,
        "spec": to_dict(entry.spec),
    }


NAME = 27
"""Characters for the longest name of the catalogue."""


def to_text(rows: Sequence[dict[str, object]]) -> str:
    """Return the rows in aligned columns under the names of their families."""
    lines = [f"{'':<{NAME}} {'layers':>8} {'parameters':>13} {'MACs':>16} {'at':>9}"]
    for family, members in groupby(rows, key=lambda row: (row["family"], row["source"])):
        lines += ["", f"{family[0]}: {family[1]}", *map(_line, members)]
    return "\n".join([*lines, "", "NAME-plain is the same network without its shortcuts: resnet50-plain."]) + "\n"


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


def _line(row: dict[str, object]) -> str:
    side = f"{row['image_size']} px"
    return f"  {row['name']:<{NAME}} {row['weight_layers']:>6,} {row['params']:>13,} {row['macs']:>16,} {side:>9}"
