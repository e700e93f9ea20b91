"""What a chart shows, without saying where: axes, series, guides."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from resnet_explorer.drawing.marks import Dash, Ink


class Scale(StrEnum):
    """How values are spread along an axis."""

    LINEAR = "linear"
    LOG = "log"


class Kind(StrEnum):
    """How a series is drawn. Bars stand on ``low``, where a series has it, and else on 0 or on each other."""

    LINE = "line"
    STEPS = "steps"
    SCATTER = "scatter"
    BARS = "bars"


class Marker(StrEnum):
    """The sign at each point of a series."""

    NONE = "none"
    CIRCLE = "circle"
    OPEN_SQUARE = "open square"
    TRIANGLE = "triangle"
    OPEN_DIAMOND = "open diamond"
    SQUARE = "square"
    OPEN_CIRCLE = "open circle"
    DIAMOND = "diamond"
    OPEN_TRIANGLE = "open triangle"


class Look(NamedTuple):
    """What tells a series from others: in colour, and without."""

    ink: Ink
    dash: Dash
    marker: Marker


LOOKS = (
    Look(Ink.SERIES1, Dash.SOLID, Marker.CIRCLE),
    Look(Ink.SERIES2, Dash.DASHED, Marker.OPEN_SQUARE),
    Look(Ink.SERIES3, Dash.DASH_DOT, Marker.TRIANGLE),
    Look(Ink.SERIES4, Dash.DOTTED, Marker.OPEN_DIAMOND),
    Look(Ink.SERIES5, Dash.SOLID, Marker.SQUARE),
    Look(Ink.SERIES6, Dash.DASHED, Marker.OPEN_CIRCLE),
    Look(Ink.SERIES7, Dash.DASH_DOT, Marker.DIAMOND),
    Look(Ink.SERIES8, Dash.DOTTED, Marker.OPEN_TRIANGLE),
)
"""The looks of up to eight series; the first is the residual network's, the second the plain one's."""
RESIDUAL, PLAIN = LOOKS[:2]


@dataclass(frozen=True, slots=True)
class Axis:
    """An axis; ``low`` and ``high`` are found from the data where they are None, ``ticks`` are (value, label)."""

    title: str = ""
    scale: Scale = Scale.LINEAR
    unit: str = ""
    low: float | None = None
    high: float | None = None
    ticks: tuple[tuple[float, str], ...] | None = None

    @property
    def words(self) -> str:
        """Return the title with its unit."""
        return f"{self.title} ({self.unit})" if self.unit and self.title else self.title or self.unit


class Point(NamedTuple):
    """What a point is about: the address of a block or layer (empty for none), and its name in titles."""

    path: str
    name: str


@dataclass(frozen=True, slots=True)
class Series:
    """Values of one thing; the key is its name for clicks and ids, and stays the same from chart to chart.

    ``low`` and ``high`` are a band around y (for bars: ``low`` is where they stand). ``note`` is said after the label
    in fewer words: ``first/last = 13,935``. A series that is ``faint`` is drawn thin, as raw data behind a smoothed
    curve: its label is that curve's, and both are hidden together.
    """

    key: str
    label: str
    x: Sequence[float]
    y: Sequence[float]
    look: Look = RESIDUAL
    kind: Kind = Kind.LINE
    low: Sequence[float] | None = None
    high: Sequence[float] | None = None
    points: Sequence[Point] | None = None
    note: str = ""
    hidden: bool = False
    faint: bool = False

    def __post_init__(self) -> None:
        lengths = {len(values) for values in (self.x, self.y, self.low, self.high, self.points) if values is not None}
        if len(lengths) != 1:
            raise ValueError(f"{self.key}: x, y, low, high and points must have one length, not {sorted(lengths)}")


@dataclass(frozen=True, slots=True)
class Guide:
    """A straight line at a value of x, or of y where it is not ``vertical``, with a few words."""

    value: float
    label: str = ""
    vertical: bool = True


@dataclass(frozen=True, slots=True)
class Span:
    """A part of the x axis that has a name, such as a stage: said under the ticks, parted by dotted lines."""

    low: float
    high: float
    label: str
    path: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart. Where several are in one picture, ``key`` keeps their ids apart."""

    title: str
    x_axis: Axis
    y_axis: Axis
    series: tuple[Series, ...]
    subtitle: str = ""
    guides: tuple[Guide, ...] = ()
    spans: tuple[Span, ...] = ()
    notes: tuple[str, ...] = ()
    stacked: bool = False
    key: str = ""

    @property
    def shown(self) -> tuple[Series, ...]:
        """Return the series that are not hidden."""
        return tuple(series for series in self.series if not series.hidden)

    def is_hatched(self, series: Series) -> bool:
        """Say whether the bars of a series are hatched, as every second one's are."""
        keys = [one.key for one in self.series if one.kind is Kind.BARS]
        return series.key in keys[1::2]


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a heat map: a block or layer, and its value in each column."""

    label: str
    values: Sequence[float]
    path: str = ""


@dataclass(frozen=True, slots=True)
class HeatMap:
    """Values by row and column as colours: blocks by steps, say; ``x`` are the columns' positions."""

    title: str
    x_axis: Axis
    value: Axis
    x: Sequence[float]
    rows: tuple[Row, ...]
    y_title: str = ""
    subtitle: str = ""
    notes: tuple[str, ...] = ()
    key: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """A block of a strip: its address, its name in titles, its value, and whether a shortcut bridges it."""

    path: str
    name: str
    value: float
    has_shortcut: bool = False


@dataclass(frozen=True, slots=True)
class Strip:
    """A network's blocks in a row, from the input to the loss."""

    key: str
    label: str
    cells: tuple[Cell, ...]
    look: Look = RESIDUAL
