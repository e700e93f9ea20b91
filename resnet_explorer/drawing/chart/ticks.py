"""Where an axis has its ticks: at 1, 2 and 5 times powers of ten, at powers of ten where it is logarithmic."""

from math import ceil, floor, log10
from typing import NamedTuple

from resnet_explorer.drawing.chart.model import Axis, Scale
from resnet_explorer.drawing.chart.numbers import number, on_grid, power

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
        return Ticks(thinned(tuple(inside), most))
    return _log(low, high, most) if axis.scale is Scale.LOG else Ticks(_linear(low, high, most))


def thinned(found: tuple[Tick, ...], most: int) -> tuple[Tick, ...]:
    """Return every second, third ... tick, so that there are at most so many."""
    return found[:: max(1, ceil(len(found) / max(1, most)))]


def nice(step: float) -> float:
    """Return the next larger of 1, 2 and 5 times a power of ten."""
    base = 10.0 ** floor(log10(step))
    return next(base * factor for factor in (1.0, 2.0, 5.0, 10.0) if base * factor >= step * (1 - 1e-9))


def _linear(low: float, high: float, most: int) -> tuple[Tick, ...]:
    step = nice((high - low) / max(1, most))
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
    words = (lambda exponent: number(10.0**exponent)) if is_plain else power
    minor = _multiples(low, high, range(2, 10)) if every == 1 and last - first < 0.6 * most else ()
    return Ticks(tuple(Tick(10.0**exponent, words(exponent)) for exponent in shown), minor)


def _multiples(low: float, high: float, factors: range | tuple[int, ...]) -> tuple[float, ...]:
    exponents = range(floor(log10(low)), floor(log10(high)) + 1)
    values = (factor * 10.0**exponent for exponent in exponents for factor in factors)
    return tuple(value for value in values if low * (1 - 1e-9) <= value <= high * (1 + 1e-9))
