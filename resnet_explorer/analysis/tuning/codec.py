"""Plans in and out of JSON: the only place where a plan is a dictionary."""

import json
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from enum import StrEnum
from typing import Any

from resnet_explorer.analysis.recipe import Recipe
from resnet_explorer.analysis.tuning.choices import (
    BnMode,
    GreyWay,
    Preprocess,
    Rates,
    Strategy,
    TuneData,
    TuneKind,
    WeightsChoice,
    WeightsKind,
)
from resnet_explorer.analysis.tuning.plan import TunePlan
from resnet_explorer.errors import ExplorerError
from resnet_explorer.spec import InputShape, codec

FORMAT, VERSION = "resnet-explorer tuning", 1


def dumps(plan: TunePlan) -> str:
    """Return the text of a plan's file."""
    return json.dumps({"format": FORMAT, "version": VERSION, "plan": to_dict(plan)}, indent=2) + "\n"


def loads(text: str, where: str = "plan") -> TunePlan:
    """Return the plan in a file's text; raises ExplorerError where it holds none, with ``where`` for its name."""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ExplorerError(where, f"{where} is not valid JSON.", "Choose a file that the app saved.") from error
    plan = content.get("plan") if isinstance(content, dict) and content.get("format") == FORMAT else None
    if not isinstance(plan, dict):
        raise ExplorerError(where, f"{where} describes no fine-tuning.", "Choose a file that the app saved.")
    if content.get("version") != VERSION:
        raise ExplorerError(where, f"{where} was written by a newer version.", "Update ResNet Explorer to open it.")
    return from_dict(plan)


def to_dict(plan: TunePlan) -> dict[str, object]:
    """Return the plan as plain JSON values."""
    return {one.name: _plain(getattr(plan, one.name)) for one in fields(plan)} | {"spec": codec.to_dict(plan.spec)}


def _plain(value: Any) -> object:
    if isinstance(value, frozenset):
        return sorted(value)
    if is_dataclass(value):
        return {one.name: _plain(getattr(value, one.name)) for one in fields(value)}
    return list(value) if isinstance(value, tuple) else value


def from_dict(values: Mapping[str, object]) -> TunePlan:
    """Return the plan that ``to_dict`` described; what is left out keeps its default, or what was it once.

    Raises ExplorerError where a key is unknown, or a value has the wrong type or range.
    """
    unknown = sorted(set(values) - {one.name for one in fields(TunePlan)})
    if unknown:
        raise ExplorerError(unknown[0], f"A plan has no {unknown[0]!r}.", "Take it out.")
    spec = values.get("spec")
    if not isinstance(spec, dict):
        raise ExplorerError("spec", "The plan names no network.", "Choose a file that the app saved.")
    read = {key: _READERS[key](key, value) for key, value in (_FORMERLY | dict(values)).items() if key != "spec"}
    return TunePlan(codec.from_dict(spec), **read)


_FORMERLY: dict[str, object] = {"bn": "train"}
"""What an older file without the key means: the default of its time."""
Reader = Callable[[str, object], Any]


def _number(key: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ExplorerError(key, f"{key} cannot be {value!r}.", "Write a number.")
    return float(value)


def _whole(key: str, value: object) -> int:
    if type(value) is not int:
        raise ExplorerError(key, f"{key} cannot be {value!r}.", "Write a whole number.")
    return value


def _truth(key: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise ExplorerError(key, f"{key} cannot be {value!r}.", "Write true or false.")
    return value


def _text(key: str, value: object) -> str:
    if not isinstance(value, str):
        raise ExplorerError(key, f"{key} cannot be {value!r}.", "Write a text.")
    return value


def _choice(kind: type[StrEnum]) -> Reader:
    def read(key: str, value: object) -> StrEnum:
        if value not in list(kind):
            raise ExplorerError(key, f"{key} cannot be {value!r}.", f"Choose one of {', '.join(kind)}.")
        return kind(str(value))

    return read


def _several(read: Reader, made: type = tuple) -> Reader:
    def read_all(key: str, value: object) -> object:
        if not isinstance(value, list):
            raise ExplorerError(key, f"{key} cannot be {value!r}.", "Write a list.")
        return made(read(key, one) for one in value)

    return read_all


def _record(default: Any, **others: Reader) -> Reader:
    """Return a reader of a dataclass whose fields are of the types of a default's values."""
    kind = type(default)
    readers = {one.name: others.get(one.name) or _of(getattr(default, one.name)) for one in fields(kind)}

    def read(key: str, value: object) -> object:
        if not isinstance(value, dict) or set(value) - set(readers):
            raise ExplorerError(key, f"{key} cannot be read.", "Choose a file that the app saved.")
        return kind(**{name: readers[name](name, one) for name, one in value.items()})

    return read


def _of(value: object) -> Reader:
    if isinstance(value, StrEnum):
        return _choice(type(value))
    readers: Mapping[type, Reader] = {bool: _truth, int: _whole, float: _number, str: _text}
    return _several(_whole) if isinstance(value, tuple) else readers[type(value)]


_numbers = _several(_number)
_READERS: Mapping[str, Reader] = {
    "weights": _record(WeightsChoice(WeightsKind.PUBLISHED, "DEFAULT")),
    "data": _record(TuneData(TuneKind.FOLDER, ".")),
    "classes": _several(_text),
    "image": _record(InputShape()),
    "channels": _whole,
    "grey": _choice(GreyWay),
    "preprocess": _record(Preprocess(), mean=_numbers, std=_numbers),
    "dropout": _number,
    "strategy": _choice(Strategy),
    "unfreeze": _several(_whole),
    "recipe": _record(Recipe()),
    "rates": _record(Rates()),
    "frozen": _several(_text, frozenset),
    "bn": _choice(BnMode),
    "epochs": _whole,
    "patience": _whole,
    "seed": _whole,
    "device": _text,
    "threads": _whole,
    "white": _numbers,
}
