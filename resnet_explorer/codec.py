"""Values in and out of JSON: frozen dataclasses, enums, tuples, sets and None come back equal, read strictly.

msgspec checks and builds the values. The text itself is the standard library's, which writes numbers as files have
always had them (1e-05, where msgspec writes 1e-5). JSON has no word for what is infinite or not a number: null.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import Field, field, fields, is_dataclass
from enum import EnumType
from functools import cache
from math import isfinite
from types import UnionType
from typing import TYPE_CHECKING, Any, TypeVar, Union, get_args, get_origin, get_type_hints

from resnet_explorer.errors import ExplorerError, did_you_mean

T = TypeVar("T")
if TYPE_CHECKING:
    import numpy as np

    S = TypeVar("S", bound=np.generic)
    Array = np.ndarray[Any, np.dtype[S]]
else:

    class _Arrays:
        def __getitem__(self, dtype: str) -> Any:
            return Any

    Array = _Arrays()
"""An array of NumPy, by the type of its numbers, in a module that need not import NumPy."""
Writers = Mapping[type, Callable[[Any], object]]
"""For types that a file holds in another shape: what makes that shape."""
Readers = Mapping[type, tuple[Any, Callable[[Any], object]]]
"""The type of that shape, and what makes the value of it."""
MOST_VALUES = 10**6
"""The most values in a file of JSON: each takes some 100 bytes of memory, however short it is in the file."""
_NONE: Mapping[type, Any] = {}
_REMEDY = "Correct it, or choose a file that the app saved."
_WORDS = {
    "int": "an integer",
    "float": "a number",
    "str": "a string",
    "bool": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
}


def renamed(key: str, default: Any) -> Any:
    """Return a field of a dataclass that files hold under another key than its name."""
    return field(default=default, metadata={"key": key})


def file_key(of: Field[Any]) -> str:
    """Return the key under which files hold a field of a dataclass."""
    return str(of.metadata.get("key", of.name))


def plain(value: Any, writers: Writers = _NONE) -> Any:
    """Return a value as lists, dictionaries and what JSON has words for; sets are sorted."""
    if type(value) in writers:
        return plain(writers[type(value)](value))
    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: plain(item, writers) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [plain(item, writers) for item in value]
    if isinstance(value, frozenset):
        return sorted(value)
    if is_dataclass(value):
        return {file_key(item): plain(getattr(value, item.name), writers) for item in fields(value)}
    return value


def differences(ours: object, theirs: object, writers: Writers = _NONE) -> list[str]:
    """Return the fields in which two values of a dataclass differ as files hold them."""
    left, right = plain(ours, writers), plain(theirs, writers)
    return [key for key in left if left[key] != right[key]]


def encode(value: object, writers: Writers = _NONE, *, indent: int | None = 2) -> str:
    """Return a value as lines of JSON; one line without spaces where ``indent`` is None."""
    separators = (",", ":") if indent is None else None
    return json.dumps(plain(value, writers), indent=indent, separators=separators, allow_nan=False) + "\n"


def count_values(text: str | bytes) -> int:
    """Return how many values JSON can hold, at most: one more than it has commas, of which some are in strings."""
    return (text.count(",") if isinstance(text, str) else text.count(b",")) + 1


def parse(text: str | bytes, most: int = MOST_VALUES) -> Any:
    """Return what JSON holds; raises ExplorerError, with the line, where it is none or holds more values."""
    if count_values(text) > most:
        raise ExplorerError("$", "It has more values than any file of the app.", "Choose a file that the app saved.")
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:  # a plain ValueError: a number of more than 4,300 digits
        line = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        raise ExplorerError("$", f"Invalid JSON{line}.", "Choose a file that the app saved.") from error


def unwrap(
    text: str, format_name: str, versions: tuple[int, ...], where: str, what: str, most: int = MOST_VALUES
) -> dict[str, Any]:
    """Return the object in a file that names its format and version, and holds ``most`` values at most.

    Raises ExplorerError where it is another file, saying that ``where`` has not ``what``, or where it is newer.
    """
    try:
        content, why = parse(text, most), ""
    except ExplorerError as error:
        content, why = None, f": {error.what[0].lower()}{error.what[1:-1]}"
    if not isinstance(content, dict) or content.get("format") != format_name:
        raise ExplorerError(where, f"{where} {what}{why}.", "Choose a file that the app saved.")
    if content.get("version") not in versions:
        raise ExplorerError(where, f"{where} was written by a newer version.", "Update ResNet Explorer to open it.")
    return content


def decode(value: object, kind: type[T], readers: Readers = _NONE, at: str = "$") -> T:
    """Return the value of a type that ``plain`` described; keys left out keep their default.

    Raises ExplorerError with the place, as in ``$.recipe.rate``, where a key is unknown or missing, or a value is of
    another type or not among the choices; and whatever the type itself raises.
    """
    import msgspec  # 10 ms that the start does not need

    prepared = _prepared(value, kind, readers, at)
    try:
        return msgspec.convert(prepared, kind, str_keys=True)
    except msgspec.ValidationError as error:
        raise _plain_error(str(error), kind, at) from error
    except UnicodeEncodeError as error:
        raise ExplorerError(at, f"A string at {at} holds half a character.", _REMEDY) from error


def decode_line(line: str | bytes, kind: type[T], defaults: Mapping[str, object]) -> T | None:
    """Return the value in a line of JSON, None where the line is torn.

    Made for many lines: unknown keys are passed over, and strings such as "nan" and "inf" are read as numbers.
    """
    import msgspec

    try:
        return msgspec.convert({**defaults, **msgspec.json.decode(line)}, kind, strict=False)
    except (msgspec.DecodeError, ValueError, TypeError, RecursionError):
        return None


def _prepared(value: Any, kind: Any, readers: Readers, at: str) -> Any:
    """Return JSON values with what readers make in place, once keys and choices are checked: msgspec ignores keys."""
    kind = _checked(kind)
    if kind in readers and value is not None:
        shape, make = readers[kind]
        return make(decode(value, shape, at=at))
    if isinstance(value, dict) and (types := _types(kind)):
        for key in value:
            if key not in types:
                remedy = did_you_mean(key, types, "Take it out.")
                raise ExplorerError(at, f"Unknown key {key[:40]!r} at {at}.", remedy)
        inside = ((key, *types[key]) for key in value)
        return {name: _prepared(value[key], inner, readers, f"{at}.{key}") for key, name, inner in inside}
    if isinstance(value, list) and (inner := get_args(kind)):
        return [_prepared(item, inner[0], readers, f"{at}[{place}]") for place, item in enumerate(value)]
    if isinstance(value, str) and isinstance(kind, EnumType) and value not in list(kind):
        text = f"Choose one of {', '.join(map(str, kind))}."
        raise ExplorerError(at, f"Invalid value {value[:40]!r} at {at}.", text)
    return value


@cache
def _types(kind: Any) -> Mapping[str, tuple[str, Any]]:
    """Return the name of each field of a dataclass, and its type as ``_checked`` has it; empty for other types."""
    if not is_dataclass(kind):
        return {}
    hints = get_type_hints(kind)
    return {file_key(item): (item.name, _checked(hints[item.name])) for item in fields(kind)}


@cache
def _file_keys(kind: Any) -> dict[str, str]:
    """Return the keys in files of all fields in a type that have another name there."""
    types = _types(kind)
    keys = {name: key for key, (name, _) in types.items() if name != key}
    for inner in (*get_args(kind), *(inner for _, inner in types.values())):
        keys |= _file_keys(inner)
    return keys


@cache
def _checked(kind: Any) -> Any:
    """Return a type, its None left out, where dataclasses or enums are in it; None where msgspec checks all."""
    if is_dataclass(kind) or isinstance(kind, EnumType):
        return kind
    inside = [argument for argument in get_args(kind) if _checked(argument)]
    if not inside:
        return None
    return inside[0] if get_origin(kind) in (Union, UnionType) else kind


def _plain_error(text: str, kind: Any, at: str) -> ExplorerError:
    """Return msgspec's error, as in "Expected `int`, got `str` - at `$.seed`", in plain words."""
    keys = _file_keys(kind)
    text, _, path = re.sub(r"\w+", lambda word: keys.get(word[0], word[0]), text).partition(" - at ")
    path = path.strip("`").replace("$", at, 1) or at
    text = re.sub("`(.+?)`", lambda types: " or ".join(_WORDS.get(name, name) for name in types[1].split(" | ")), text)
    text = re.sub("Object missing required field (.+)", r"Missing key '\1'", text)
    what, got, value = text.partition(", got ")
    return ExplorerError(path, f"{what} at {path}{got and ', found '}{value}.", _REMEDY)
