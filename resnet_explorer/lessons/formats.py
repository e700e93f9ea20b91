"""How values stand in a lesson's text: as plots and tables have them, or by a format after a colon."""

import re
from collections.abc import Callable, Mapping

from resnet_explorer.errors import ExplorerError, did_you_mean
from resnet_explorer.readings.text import figure, mib, si

Value = int | float | str | bool | tuple[str, ...]
"""What an expression may be worth."""
_PYTHON = re.compile(r"\+?,?(?:\.\d{1,2})?[defg%]?")
_WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def formatted(value: Value, style: str = "") -> str:
    """Return a value as text: whole numbers with thousands separators, others with three digits, lists with "and".

    ``style`` is a format of ``FORMATS``, or one of Python's for numbers, such as ``.1f``. Raises ExplorerError where
    there is no such format, or it is for another kind of value.
    """
    if not style:
        return _plain(value)
    if style == "and":
        return _listed(value, "and")
    if style == "or":
        return _listed(value, "or")
    number = isinstance(value, int | float) and not isinstance(value, bool)
    try:
        if style in FORMATS:
            return _signed(FORMATS[style][0](value)) if number else _unsuited(value, style)
        if _PYTHON.fullmatch(style):
            return _signed(format(value, style)) if number else _unsuited(value, style)
    except ValueError:
        return _unsuited(value, style)
    hint = did_you_mean(style, FORMATS, f"Choose one of {', '.join(FORMATS)}, or one as in .1f.")
    raise ExplorerError("format", f"There is no format {style[:40]!r}.", hint)


def _plain(value: Value) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return _signed(f"{value:,}")
    if isinstance(value, float):
        return _signed(figure(value))
    return value if isinstance(value, str) else _listed(value, "and")


def _signed(text: str) -> str:
    return f"−{text[1:]}" if text.startswith("-") else text


def _listed(value: Value, word: str) -> str:
    if not isinstance(value, tuple):
        return _plain(value)
    *most, last = value or ("none",)
    return f"{', '.join(most)} {word} {last}" if most else last


def _unsuited(value: Value, style: str) -> str:
    raise ExplorerError("format", f"The format {style!r} does not suit {_plain(value)[:40]!r}.", "Leave it out.")


def _word(value: float) -> str:
    return _WORDS[int(value)] if value == int(value) and 0 <= value < len(_WORDS) else _plain(value)


def _times(value: float) -> str:
    return f"{_plain(value)}×"


FORMATS: Mapping[str, tuple[Callable[..., str], str]] = {
    "si": (lambda value: si(value).strip(), "Four digits with a prefix: 4.089 G."),
    "bytes": (lambda value: mib(round(value)), "Bytes in KiB, MiB or GiB: 97.5 MiB."),
    "percent": (lambda value: f"{100 * value:.3g} %", "A part of 1 in percent: 3.5 %."),
    "word": (_word, "A whole number up to twelve as a word: three."),
    "times": (_times, "A factor: 12.3×."),
    "and": (str, "A list with “and” before its last: layer1, layer2 and layer3."),
    "or": (str, "A list with “or” before its last."),
}
"""The formats by their names, and a sentence on each; Python's for numbers are taken as well."""
