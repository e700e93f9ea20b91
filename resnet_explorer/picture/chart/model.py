"""What a chart shows, without saying where: axes, series, guides."""

from collections.abc import Sequence
from enum import StrEnum
from math import ceil, floor, isfinite, isnan, log10
from typing import NamedTuple

from resnet_explorer.dataclass import dataclass
from resnet_explorer.picture.marks import Dash, Ink


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


class SeriesStyle(NamedTuple):
    """What tells a series from others: in colour, and without."""

    ink: Ink
    dash: Dash
    marker: Marker


STYLES = (
    SeriesStyle(Ink.SERIES1, Dash.SOLID, Marker.CIRCLE),
    SeriesStyle(Ink.SERIES2, Dash.DASHED, Marker.OPEN_SQUARE),
    SeriesStyle(Ink.SERIES3, Dash.DASH_DOT, Marker.TRIANGLE),
    SeriesStyle(Ink.SERIES4, Dash.DOTTED, Marker.OPEN_DIAMOND),
    SeriesStyle(Ink.SERIES5, Dash.SOLID, Marker.SQUARE),
    SeriesStyle(Ink.SERIES6, Dash.DASHED, Marker.OPEN_CIRCLE),
    SeriesStyle(Ink.SERIES7, Dash.DASH_DOT, Marker.DIAMOND),
    SeriesStyle(Ink.SERIES8, Dash.DOTTED, Marker.OPEN_TRIANGLE),
)
"""The styles of up to eight series; the first is the residual network's, the second the plain one's."""
RESIDUAL, PLAIN = STYLES[:2]


@dataclass(frozen=True, slots=True)
class Axis:
    """An axis; ``low`` and ``high`` are found from the data where they are None, ``ticks`` are (value, label).

    One of ``whole`` numbers, such as steps, has no ticks between them.
    """

    title: str = ""
    scale: Scale = Scale.LINEAR
    unit: str = ""
    low: float | None = None
    high: float | None = None
    ticks: tuple[tuple[float, str], ...] | None = None
    whole: bool = False

    @property
    def text(self) -> str:
        """Return the title with its unit."""
        return f"{self.title} ({self.unit})" if self.unit and self.title else self.title or self.unit


STEPS = Axis("step", whole=True)
"""The steps of a training."""


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
    style: SeriesStyle = RESIDUAL
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
    def prefix(self) -> str:
        """Return what the ids of its parts begin with."""
        return f"{self.key}:" if self.key else ""

    @property
    def shown(self) -> tuple[Series, ...]:
        """Return the series that are not hidden."""
        return tuple(series for series in self.series if not series.hidden)

    def is_hatched(self, series: Series) -> bool:
        """Say whether the bars of a series are hatched, as every second one's are."""
        keys = [bars.key for bars in self.series if bars.kind is Kind.BARS]
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
    style: SeriesStyle = RESIDUAL


_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
SMALLEST, LARGEST = 1e-3, 1e6
"""Numbers outside of these are written with a power of ten."""


def power(exponent: int) -> str:
    """Return a power of ten: ``10⁻³``."""
    return "10" + str(exponent).translate(_RAISED)


def number(value: float) -> str:
    """Return a value with four digits: ``0.0412``, ``13,935``, ``4.12×10⁻⁹``."""
    if not isfinite(value):
        return "not a number" if isnan(value) else "infinite" if value > 0 else "minus infinite"
    size = abs(value)
    if size == 0 or SMALLEST <= size < LARGEST:
        text = f"{size:,.0f}" if size >= 1000 else f"{size:.4g}"
    else:
        mantissa, _, exponent = f"{size:.3e}".partition("e")
        text = f"{mantissa.rstrip('0').rstrip('.')}×{power(int(exponent))}"
    return f"−{text}" if value < 0 else text


def on_grid(value: float, step: float, largest: float) -> str:
    """Return a tick's label: as many decimals as its step needs, and all ticks of an axis with the same power."""
    if value == 0:
        return "0"
    sign = "−" if value < 0 else ""
    if SMALLEST <= largest < LARGEST:
        return f"{sign}{abs(value):,.{_decimals(step)}f}"
    exponent = floor(log10(largest))
    scaled = abs(value) / 10.0**exponent
    return f"{sign}{scaled:.{_decimals(step / 10.0**exponent)}f}×{power(exponent)}"


def _decimals(step: float) -> int:
    return min(12, max(0, -floor(log10(step) + 1e-9)))


PLAIN_POWERS = range(-2, 5)
"""Powers of ten that are written out where an axis has few."""


class Tick(NamedTuple):
    """A value of an axis, and how it is written."""

    value: float
    label: str


class Ticks(NamedTuple):
    """The ticks of an axis, and the values of the short ones between them."""

    ticks: tuple[Tick, ...]
    minor: tuple[float, ...] = ()


def ticks(axis: Axis, low: float, high: float, most: int) -> Ticks:
    """Return at most about that many ticks for a part of an axis; given ones are thinned out."""
    if axis.ticks is not None:
        inside = [Tick(*given) for given in axis.ticks if low <= given[0] <= high]
        return Ticks(tuple(inside[:: max(1, ceil(len(inside) / max(1, most)))]))
    return _log(low, high, most) if axis.scale is Scale.LOG else Ticks(_linear(low, high, most, axis.whole))


def nice(step: float) -> float:
    """Return the next larger of 1, 2 and 5 times a power of ten."""
    base = 10.0 ** floor(log10(step))
    return next(base * factor for factor in (1.0, 2.0, 5.0, 10.0) if base * factor >= step * (1 - 1e-9))


def _linear(low: float, high: float, most: int, whole: bool = False) -> tuple[Tick, ...]:
    step = nice((high - low) / max(1, most))
    if whole and high - low > 1.0 - 1e-9:
        step = max(1.0, step)
    largest = max(abs(low), abs(high))
    first, last = ceil(low / step - 1e-9), floor(high / step + 1e-9)
    return tuple(Tick(index * step, on_grid(index * step, step, largest)) for index in range(first, last + 1))


def _log(low: float, high: float, most: int) -> Ticks:
    first, last = ceil(log10(low) - 1e-9), floor(log10(high) + 1e-9)
    fine = _multiples(low, high, (1, 2, 5)) if last - first < most else ()
    if len(fine) < 3 and log10(high / low) < 1:
        return Ticks(_linear(low, high, most))
    if 0 < len(fine) <= most and last - first < 3:
        return Ticks(tuple(Tick(value, number(value)) for value in fine), _multiples(low, high, range(2, 10)))
    every = max(1, ceil((last - first + 1) / max(1, most)))
    shown = [exponent for exponent in range(first, last + 1) if exponent % every == 0] or [first]
    is_plain = last - first < 4 and first in PLAIN_POWERS and last in PLAIN_POWERS
    text = (lambda exponent: number(10.0**exponent)) if is_plain else power
    minor = _multiples(low, high, range(2, 10)) if every == 1 and last - first < 0.6 * most else ()
    return Ticks(tuple(Tick(10.0**exponent, text(exponent)) for exponent in shown), minor)


def _multiples(low: float, high: float, factors: range | tuple[int, ...]) -> tuple[float, ...]:
    exponents = range(floor(log10(low)), floor(log10(high)) + 1)
    values = (factor * 10.0**exponent for exponent in exponents for factor in factors)
    return tuple(value for value in values if low * (1 - 1e-9) <= value <= high * (1 + 1e-9))
