"""Numbers in words, as titles and ticks say them."""

from math import floor, isfinite, isnan, log10

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
        words = f"{size:,.0f}" if size >= 1000 else f"{size:.4g}"
    else:
        mantissa, _, exponent = f"{size:.3e}".partition("e")
        words = f"{mantissa.rstrip('0').rstrip('.')}×{power(int(exponent))}"
    return f"−{words}" if value < 0 else words


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
