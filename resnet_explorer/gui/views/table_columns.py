"""The columns of the layer table: for each its words, its value to sort by, and its text."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from resnet_explorer.analysis import Row, Sums
from resnet_explorer.analysis.words import hyper, mib, share, si, size


class Line(NamedTuple):
    """A visible line of the table: a layer (``row``), or a stage or block with its sums."""

    path: str
    name: str
    depth: int
    words: str
    row: Row | None
    sums: Sums
    is_open: bool | None


class Totals(NamedTuple):
    """What shares are shares of."""

    params: int
    macs: int


Value = float | str


@dataclass(frozen=True, slots=True)
class Column:
    """A column: title, tooltip, width in px, the value it sorts by, its text, and the share that its bar shows."""

    title: str
    tip: str
    width: int
    value: Callable[[Line], Value]
    text: Callable[[Line, Totals], str]
    share: Callable[[Line, Totals], float] | None = None
    numeric: bool = True


def _kind(line: Line) -> str:
    return line.row.part.layer.kind if line.row else line.words


def _kernel(line: Line) -> str:
    return hyper(line.row.part.layer) if line.row else ""


def _field(line: Line) -> str:
    field = line.sums.receptive_field
    return f"{field:,}" if field is not None else "all"


def _stride(line: Line) -> int:
    return (line.row.reading.stride or 0) if line.row else 0


def _params_share(line: Line, totals: Totals) -> float:
    return share(line.sums.params, totals.params)


def _macs_share(line: Line, totals: Totals) -> float:
    return share(line.sums.macs, totals.macs)


def _percent(value: float) -> str:
    return f"{value:.1f} %" if value else "–"


COLUMNS: tuple[Column, ...] = (
    Column(
        "Layer",
        "The layer's path: its name in the state_dict, and in every view.",
        146,
        lambda line: line.path,
        lambda line, totals: line.name,
        numeric=False,
    ),
    Column(
        "Type",
        "The kind of layer, by its name in torch.nn.",
        104,
        _kind,
        lambda line, totals: _kind(line),
        numeric=False,
    ),
    Column(
        "Kernel",
        "Kernel size, and the stride where it is not 1: 3×3 /2 halves the map.",
        54,
        _kernel,
        lambda line, totals: _kernel(line),
        numeric=False,
    ),
    Column(
        "Input",
        "Shape of the input without the batch: channels × height × width.",
        82,
        lambda line: line.sums.input[1],
        lambda line, totals: size(line.sums.input),
        numeric=False,
    ),
    Column(
        "Output",
        "Shape of the output without the batch: channels × height × width.",
        82,
        lambda line: line.sums.output[1],
        lambda line, totals: size(line.sums.output),
        numeric=False,
    ),
    Column(
        "Params",
        "Learnable numbers of the layer.",
        80,
        lambda line: line.sums.params,
        lambda line, totals: f"{line.sums.params:,}" if line.sums.params else "–",
    ),
    Column(
        "Params %",
        "Share of the network's parameters.",
        70,
        lambda line: line.sums.params,
        lambda line, totals: _percent(_params_share(line, totals)),
        _params_share,
    ),
    Column(
        "MACs",
        "Multiply-accumulates for the whole batch; 1 MAC = 2 FLOPs. Convolutions and linear layers count.",
        62,
        lambda line: line.sums.macs,
        lambda line, totals: si(line.sums.macs).strip() if line.sums.macs else "–",
    ),
    Column(
        "MACs %",
        "Share of the network's MACs.",
        64,
        lambda line: line.sums.macs,
        lambda line, totals: _percent(_macs_share(line, totals)),
        _macs_share,
    ),
    Column(
        "RF",
        "Receptive field: the side in pixels of the input square that one output position depends on.",
        46,
        lambda line: float("inf") if line.sums.receptive_field is None else line.sums.receptive_field,
        lambda line, totals: _field(line),
    ),
    Column(
        "Stride",
        "How many input pixels apart neighbouring output positions lie.",
        50,
        _stride,
        lambda line, totals: str(_stride(line) or "–"),
    ),
    Column(
        "Memory",
        "Bytes that the output newly allocates in float32; in place (ReLU, addition) and views none.",
        70,
        lambda line: line.sums.activation_bytes,
        lambda line, totals: mib(line.sums.activation_bytes) if line.sums.activation_bytes else "–",
    ),
)


def layer_line(row: Row, depth: int) -> Line:
    """Return the line of a layer; inside a tree its name is that in its block."""
    read = row.reading
    sums = Sums(read.input, read.output, read.params, read.macs, read.activation_bytes, 1, row.receptive_field)
    return Line(row.path, row.part.name if depth else row.path, depth, row.part.layer.kind, row, sums, None)
