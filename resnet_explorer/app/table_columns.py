"""The columns of the layer table: for each its value to sort by, its text, and how wide that can be."""

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import field
from itertools import chain
from typing import NamedTuple

from resnet_explorer.dataclass import dataclass
from resnet_explorer.diagram.overlays import BlockValues
from resnet_explorer.layers.table import csv_text
from resnet_explorer.network.kinds import Role, Shape
from resnet_explorer.readings import Analysis, Row, Sums
from resnet_explorer.readings.read import features
from resnet_explorer.readings.results import Extent, in_space
from resnet_explorer.readings.text import extent, mib, share, si, size


class Line(NamedTuple):
    """A visible line of the table: a layer (``row``), or a stage or block with its sums.

    ``text`` is its type; ``stride`` how many input pixels apart its output positions lie, None after pooling. ``total``
    is the network's sums.
    """

    path: str
    name: str
    depth: int
    text: str
    row: Row | None
    sums: Sums
    stride: Extent | None
    is_open: bool | None
    total: Sums


Value = float | str
NONE = "–"
"""What stands for nothing, so that numbers stand out."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: title, tooltip, the value it sorts by, and its text.

    ``sample`` is the widest text of usual networks, ``least`` what must be seen of it where room is short;
    ``widest`` returns the widest text of a given network. The value of one that ``is_share``, in percent, has a bar.
    """

    title: str
    tip: str
    sample: str
    value: Callable[[Line], Value]
    text: Callable[[Line], str]
    is_share: bool = False
    numeric: bool = True
    widest: Callable[[Analysis], str] = field(default=lambda analysis: "")
    least: str = ""


def _kernel(line: Line) -> str:
    """Return a layer's hyper-parameters; those of a linear layer are its input and output."""
    return line.row.part.layer.hyper if line.row and line.row.part.layer.role is not Role.LINEAR else ""


def _sorted_by(value: Extent | None) -> float:
    return float("inf") if value is None else in_space(value)


def _share_column(title: str, tip: str, amount: Callable[[Sums], int]) -> Column:
    def value(line: Line) -> float:
        return share(amount(line.sums), amount(line.total))

    return Column(title, tip, "100.0 %", value, lambda line: f"{value(line):.1f} %" if value(line) else NONE, True)


def _various(analysis: Analysis) -> Iterable[Row]:
    """Return a row of every sort before the head: a stage's blocks from the second on are alike."""
    network = analysis.network
    for block in (network.stem, *chain.from_iterable(stage.blocks[:2] for stage in network.stages)):
        yield from analysis.rows_of(block)


def _longest(shapes: Iterable[Shape]) -> str:
    return max(map(size, set(shapes)), key=len)


COLUMNS: tuple[Column, ...] = (
    Column(
        "Layer",
        "The layer's path: its name in the state_dict, and in every view.",
        "layer2.0.downsample.0",
        lambda line: line.path,
        lambda line: line.name,
        numeric=False,
        least="layer1.0.downsample",
    ),
    Column(
        "Type",
        "The kind of layer, by its name in torch.nn where torch has it.",
        "AdaptiveAvgPool2d",
        lambda line: line.text,
        lambda line: line.text,
        numeric=False,
        least="BatchNorm2d",
    ),
    Column(
        "Kernel",
        "Kernel size, and the stride where it is not 1: 3×3 /2 halves the map. g32 means 32 groups.",
        "7×7 /2",
        _kernel,
        _kernel,
        numeric=False,
        widest=lambda analysis: max((row.part.layer.hyper for row in _various(analysis)), key=len),
    ),
    Column(
        "Input",
        "Shape of the input without the batch: channels × height × width.",
        "64×112×112",
        lambda line: line.sums.input[1],
        lambda line: size(line.sums.input),
        numeric=False,
        widest=lambda analysis: _longest(row.reading.input for row in _various(analysis)),
    ),
    Column(
        "Output",
        "Shape of the output without the batch: channels × height × width.",
        "64×112×112",
        lambda line: line.sums.output[1],
        lambda line: size(line.sums.output),
        numeric=False,
        widest=lambda analysis: _longest(row.reading.output for row in _various(analysis)),
    ),
    Column(
        "Params",
        "Learnable numbers: weights, scales, shifts and biases.",
        "14,964,736",
        lambda line: line.sums.params,
        lambda line: f"{line.sums.params:,}" if line.sums.params else NONE,
        widest=lambda analysis: f"{analysis.total.params:,}",
    ),
    _share_column("Params %", "Share of the network's parameters.", lambda sums: sums.params),
    Column(
        "MACs",
        "Multiply-accumulates for the whole batch; 1 MAC = 2 FLOPs. Convolutions and linear layers count.",
        "118.0 M",
        lambda line: line.sums.macs,
        lambda line: si(line.sums.macs).strip() if line.sums.macs else NONE,
    ),
    _share_column("MACs %", "Share of the network's MACs.", lambda sums: sums.macs),
    Column(
        "RF",
        "Receptive field: the side in pixels of the input square that one output value depends on.",
        "1,507",
        lambda line: _sorted_by(line.sums.receptive_field),
        lambda line: extent(line.sums.receptive_field),
        widest=lambda analysis: extent(analysis.total.receptive_field),
    ),
    Column(
        "Stride",
        "How many input pixels apart neighbouring output positions lie.",
        "32",
        lambda line: _sorted_by(line.stride),
        lambda line: extent(line.stride) if line.stride else NONE,
        widest=lambda analysis: extent(features(analysis)[-1].stride),
    ),
    Column(
        "Memory",
        "Bytes that the output newly allocates in float32; in place (ReLU, addition) and views: none.",
        "784.0 KiB",
        lambda line: line.sums.activation_bytes,
        lambda line: mib(line.sums.activation_bytes) if line.sums.activation_bytes else NONE,
    ),
)


def measured_column(values: BlockValues) -> Column:
    """Return the column of a value that blocks have, and stages and layers have not."""
    texts = {path: values.value_text(path) for path in values.values}
    widest = max(texts.values(), key=len, default=NONE)
    return Column(
        values.symbol,
        f"{values.text}.",
        widest,
        lambda line: values.values.get(line.path, float("nan")),
        lambda line: texts.get(line.path, NONE),
        widest=lambda analysis: widest,
    )


def _values_of(values: BlockValues, analysis: Analysis, rows: Sequence[Row]) -> list[str]:
    """Return for each layer the path of its block where that has a value, else an empty text."""
    blocks = {path: block.path for block in analysis.network.blocks for path in block.layer_paths}
    return [path if (path := blocks[row.path]) in values.values else "" for row in rows]


def csv_with_values(text: str, values: BlockValues, analysis: Analysis, rows: Sequence[Row]) -> str:
    """Return layers as CSV with one column more: the value of the block that each lies in."""
    header, *lines = csv.reader(io.StringIO(text))
    paths = _values_of(values, analysis, rows)
    cells = [values.values[path] if path else None for path in paths]
    return csv_text([*header, "measured_in_block"], ([*line, cell] for line, cell in zip(lines, cells, strict=True)))


def markdown_with_values(text: str, values: BlockValues, analysis: Analysis, rows: Sequence[Row]) -> str:
    """Return layers as a Markdown table with one column more: the value of the block that each lies in."""
    paths = _values_of(values, analysis, rows)
    cells = iter([f" {values.symbol} of the block |", "--:|", *(f" {values.value_text(path)} |" for path in paths)])
    lines = [line + next(cells) if line.startswith("|") else line for line in text.splitlines()]
    return "\n".join([*lines, "", f"{values.symbol}: {values.text}", ""])


def layer_line(row: Row, depth: int, total: Sums) -> Line:
    """Return the line of a layer; inside a tree its name is that in its block."""
    read = row.reading
    sums = Sums(read.input, read.output, read.params, read.macs, read.activation_bytes, 1, row.receptive_field)
    name = row.part.name if depth else row.path
    return Line(row.path, name, depth, row.part.layer.kind, row, sums, read.stride, None, total)
