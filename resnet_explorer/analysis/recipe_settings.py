"""A recipe changed by words, as ``--recipe rate=0.1`` and the files of sweeps write them."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import Field, fields, replace
from enum import StrEnum
from typing import Any

from resnet_explorer.analysis.recipe import Recipe
from resnet_explorer.errors import ExplorerError, did_you_mean
from resnet_explorer.spec.readers import Choice, choice, fraction, quoted, several, truth, whole

Read = Callable[[str], object]


def _reader(field: Field[Any]) -> Read:
    """Return what reads a field of a recipe from text: its default tells of which kind it is."""
    key, default = field.name, field.default
    if isinstance(default, StrEnum):
        return choice(key, tuple(Choice(one, one, "") for one in type(default)))
    if isinstance(default, tuple):
        return several(whole(key))
    if isinstance(default, bool):
        return truth(key)
    return whole(key) if isinstance(default, int) else fraction(key)


READERS: Mapping[str, Read] = {field.name: _reader(field) for field in fields(Recipe)}
"""How each setting of a recipe is read; the keys are the recipe's own."""


def set_recipe(recipe: Recipe, settings: Iterable[str]) -> Recipe:
    """Return a recipe with ``key=value`` settings applied, all at once.

    Raises ExplorerError where a key is unknown, or a value is none, or the recipe that results cannot be.
    """
    values: dict[str, Any] = {}
    for setting in settings:
        key, equals, text = (part.strip() for part in setting.partition("="))
        if not equals:
            raise ExplorerError("recipe", f"{quoted(setting)} sets nothing.", "Write key=value, as in rate=0.1.")
        key = known(key)
        values[key] = READERS[key](text)
    return replace(recipe, **values)


def known(key: str) -> str:
    """Return the recipe's own name of a key; raises ExplorerError, with the nearest one, where there is none."""
    name = key.strip().lower().replace("-", "_")
    if name not in READERS:
        remedy = did_you_mean(name, READERS, f"Choose one of {', '.join(READERS)}.")
        raise ExplorerError("recipe", f"A recipe has no {quoted(key)}.", remedy)
    return name
