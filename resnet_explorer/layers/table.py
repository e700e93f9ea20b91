"""The layer table as JSON, text, CSV and Markdown.

MACs and activation bytes are those of the whole batch; shares are shares of the network's totals.
"""

import csv
import io
import re
from collections.abc import Iterable, Sequence

from resnet_explorer import codec
from resnet_explorer.network.kinds import Layer
from resnet_explorer.readings import Analysis, Row
from resnet_explorer.readings.needs import needs
from resnet_explorer.readings.read import depth, features
from resnet_explorer.readings.results import Extent
from resnet_explorer.readings.text import extent, mib, pixels, share, si, size
from resnet_explorer.spec.axes import AXES
from resnet_explorer.spec.catalogue import title, value_words
from resnet_explorer.spec.codec import to_dict

CSV_HEADER = (
    "path", "kind", "kernel", "input", "output", "params", "params_percent", "macs", "macs_percent",
    "receptive_field", "stride", "activation_bytes",
)  # fmt: skip
TITLES = ("layer", "type", "kernel", "input", "output", "parameters", "%", "MACs", "%", "RF", "stride", "bytes")
TEXTS = 5
"""So many columns at the left hold text; the others hold numbers and stand at the right."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What begins so is taken for a formula by spreadsheets."""
_ASCII = str.maketrans({"×": "x", "→": "->"})
Cell = str | int


def csv_text(header: Sequence[str], lines: Iterable[Iterable[object]]) -> str:
    """Return lines under a header as CSV: None and what is not finite is empty, a text is never a formula."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(map(_csv_cell, line) for line in lines)
    return text.getvalue()


def _csv_cell(value: object) -> object:
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_FORMULA) else value
    return "" if codec.plain(value) is None else value


def describe(analysis: Analysis) -> dict[str, object]:
    """Return a network with all its layers as JSON values; shapes are [N, C, H, W], or [N, features]."""
    total, need = analysis.total, needs(analysis)
    return {
        "name": analysis.network.spec.name,
        "spec": to_dict(analysis.network.spec),
        "input": list(total.input),
        "output": list(total.output),
        "params": total.params,
        "macs": total.macs,
        "flops": 2 * total.macs,
        "weight_layers": depth(analysis.network).weight_layers,
        "receptive_field": total.receptive_field,
        "activation_bytes": total.activation_bytes,
        "smallest_inference": need.smallest_inference,
        "smallest_training": need.smallest_training,
        "training": {"works": need.failing is None, "failing_layer": need.failing, "words": need.text},
        "features": [
            {"path": level.path, "shape": list(level.shape), "stride": level.stride} for level in features(analysis)
        ],
        "layers": [_layer(row) for row in analysis.rows],
    }


def _layer(row: Row) -> dict[str, object]:
    read, layer = row.reading, row.part.layer
    names: tuple[str, ...] = type(layer).__slots__
    return {
        "path": row.path,
        "kind": layer.kind,
        "hyper_parameters": {name: getattr(layer, name) for name in names if _is_told(layer, name)},
        "input": list(read.input),
        "output": list(read.output),
        "params": read.params,
        "macs": read.macs,
        "receptive_field": row.receptive_field,
        "stride": read.stride,
        "activation_bytes": read.activation_bytes,
    }


def _is_told(layer: Layer, name: str) -> bool:
    """Return whether a field is worth a word: of dimensions only those that are not an image's."""
    return name not in ("dims", "time") or (getattr(layer, "dims", 2) != 2 and getattr(layer, name) is not None)


def to_json(analysis: Analysis) -> str:
    """Return ``describe`` as text."""
    return codec.encode(describe(analysis))


def cells(analysis: Analysis, row: Row) -> tuple[Cell, ...]:
    """Return a layer's cells in the order of the columns; a receptive field or stride after pooling is empty."""
    read, total = row.reading, analysis.total
    return (
        row.path,
        row.part.layer.kind,
        row.part.layer.hyper,
        size(read.input),
        size(read.output),
        read.params,
        f"{share(read.params, total.params):.2f}",
        read.macs,
        f"{share(read.macs, total.macs):.2f}",
        "" if row.receptive_field is None else _cell(row.receptive_field),
        "" if read.stride is None else _cell(read.stride),
        read.activation_bytes,
    )


def _cell(value: Extent) -> Cell:
    return value if isinstance(value, int) else extent(value)


def to_csv(analysis: Analysis, rows: Sequence[Row] | None = None) -> str:
    """Return layers as CSV, plain numbers under one header; all of them where ``rows`` is None.

    The text is ASCII, which is UTF-8 too: spreadsheets guess the encoding, and cannot guess this one wrong.
    """
    chosen = analysis.rows if rows is None else rows
    return csv_text(CSV_HEADER, (map(_plain, cells(analysis, row)) for row in chosen))


def _plain(cell: Cell) -> Cell:
    """Return a cell in ASCII; ``+192 ch`` without its sign, which spreadsheets take for a formula."""
    return cell.translate(_ASCII).removeprefix("+") if isinstance(cell, str) else cell


def to_markdown(analysis: Analysis, rows: Sequence[Row] | None = None) -> str:
    """Return layers as a Markdown table under a line of totals; all of them where ``rows`` is None."""
    chosen = analysis.rows if rows is None else rows
    lines = [
        _totals(analysis) + _subset(analysis, chosen),
        "",
        _markdown_row(TITLES),
        f"|{'---|' * TEXTS}{'--:|' * (len(TITLES) - TEXTS)}",
        *(_markdown_row(texts(cells(analysis, row))) for row in chosen),
    ]
    return "\n".join(lines) + "\n"


def _totals(analysis: Analysis) -> str:
    total = analysis.total
    text = re.sub(r"([\\`*_<>\[\]|~#])", r"\\\1", title(analysis.network.spec))
    return (
        f"**{text}**, input {_shape(total.input)}: {total.params:,} parameters, {total.macs:,} MACs "
        f"({si(total.macs).strip()}; 1 MAC = 2 FLOPs), {depth(analysis.network).weight_layers} weight layers"
    )


def _subset(analysis: Analysis, rows: Sequence[Row]) -> str:
    if len(rows) == len(analysis.rows):
        return ""
    params, macs = sum(row.reading.params for row in rows), sum(row.reading.macs for row in rows)
    return f"; {len(rows):,} of its {len(analysis.rows):,} layers: {params:,} parameters, {macs:,} MACs"


def _shape(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape))


def texts(row: tuple[Cell, ...]) -> tuple[str, ...]:
    """Return a layer's cells as text, with separators of thousands."""
    return tuple(f"{cell:,}" if isinstance(cell, int) else cell for cell in row)


def _markdown_row(texts: Sequence[str]) -> str:
    return f"| {' | '.join(texts)} |"


def to_text(analysis: Analysis) -> str:
    """Return a network in words and its table in aligned columns, to be read in a terminal."""
    rows = [TITLES, *(texts(cells(analysis, row)) for row in analysis.rows)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    table = ("  ".join(_aligned(row, widths)).rstrip() for row in rows)
    return "\n".join([*_facts(analysis), "", *table]) + "\n"


def _aligned(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    pairs = list(zip(row, widths, strict=True))
    return [text.ljust(wide) for text, wide in pairs[:TEXTS]] + [text.rjust(wide) for text, wide in pairs[TEXTS:]]


def _facts(analysis: Analysis) -> list[str]:
    total, spec = analysis.total, analysis.network.spec
    facts = {
        "input": _shape(total.input),
        "output": _shape(total.output),
        "parameters": f"{total.params:,}",
        "MACs": f"{total.macs:,} = {2 * total.macs:,} FLOPs (convolutions and linear layers, whole batch)",
        "weight layers": depth(analysis.network).text,
        "receptive field": f"{pixels(total.receptive_field or 1, spec.dims)} (last feature map)",
        "feature maps": ", ".join(
            f"{feature.text} at stride {extent(feature.stride)}" for feature in features(analysis)
        ),
        "activations": f"{mib(total.activation_bytes)} (float32, one forward pass)",
        "input size": needs(analysis).text,
    }
    differing = [key for key, _ in spec.by_stage] + (["widths"] if spec.block_widths else [])
    facts |= {AXES[key].label.lower(): value_words(spec, key) for key in differing}
    return [f"{title(spec)} ({spec.name})", *(f"  {key:<16} {value}" for key, value in facts.items())]
