"""The table of layers as elements: readable as it stands, sorted and filtered by the page's script."""

from html import escape

from resnet_explorer.layers.table import Cell, cells
from resnet_explorer.readings import Analysis
from resnet_explorer.share.elements import Store
from resnet_explorer.spec.catalogue import title

COLUMNS = (
    ("layer", "The layer's name in state_dict"),
    ("type", "The kind of layer"),
    ("kernel", "Its hyper-parameters"),
    ("input", "Channels × height × width"),
    ("output", "Channels × height × width"),
    ("parameters", "Learnt numbers"),
    ("% of parameters", "Share of the network's parameters"),
    ("MACs", "Multiply-accumulates of the whole batch"),
    ("% of MACs", "Share of the network's MACs"),
    ("RF", "Receptive field: side in px of the input square that one output depends on"),
    ("stride", "Input px from one output position to the next"),
    ("bytes", "Memory that the output needs in float32"),
)
TEXTS = 5
"""So many columns at the left hold text."""


def layers(analysis: Analysis, store: Store) -> str:
    """Return the table of a network's layers with its filter."""
    number, name = store.number(), escape(title(analysis.network.spec))
    head = "".join(
        f'<th scope="col" title="{escape(tip)}"><button type="button" class="sort">{escape(text)}</button></th>'
        for text, tip in COLUMNS
    )
    rows = "".join(f"<tr>{_row(cells(analysis, row))}</tr>" for row in analysis.rows)
    total = analysis.total
    sums = f"{len(analysis.rows):,} layers: {total.params:,} parameters, {total.macs:,} MACs"
    return (
        f'<div class="layers"><p class="filter"><label for="filter{number}">Filter the layers of {name}</label> '
        f'<input type="search" id="filter{number}" placeholder="layer3 Conv2d" autocomplete="off"></p>'
        f'<p class="count" role="status">{sums}</p>'
        f'<div class="scroll" tabindex="0" role="group" aria-label="Layers of {name}">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div></div>"
    )


def _row(row: tuple[Cell, ...]) -> str:
    texts = (f"{cell:,}" if isinstance(cell, int) else escape(cell) for cell in row)
    first, *rest = texts
    return f'<th scope="row">{first}</th>' + "".join(f"<td>{text}</td>" for text in rest)
