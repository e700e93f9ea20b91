"""The plan of a sweep: a grid of networks, recipes and seeds, read from a TOML file."""

import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import prod
from typing import Any

from resnet_explorer.errors import ExplorerError, did_you_mean
from resnet_explorer.runs.plan import RunPlan
from resnet_explorer.runs.recipe import canonical_key, set_recipe
from resnet_explorer.spec import ResNetSpec
from resnet_explorer.spec.axes import axis
from resnet_explorer.spec.catalogue import named
from resnet_explorer.spec.change import assign
from resnet_explorer.spec.readers import truth
from resnet_explorer.spec.search import find_network
from resnet_explorer.training.presets import plan_for, plan_of, preset_of, preset_plans
from resnet_explorer.training.tasks import MOST_SEED

MOST = 10_000
"""The largest number of runs of a sweep."""
_HELP = "'sweep --help' shows an example."
KEYS = ("title", "preset", "net", "depth", "residual", "set", "recipe", "seeds", "data", "input", "device")


@dataclass(frozen=True, slots=True)
class Choices:
    """The values of one key of the file, such as ``depth``, ``set.width`` or ``recipe.rate``."""

    key: str
    values: tuple[str, ...]

    @property
    def varies(self) -> bool:
        return len(self.values) > 1

    @property
    def name(self) -> str:
        """Return the key without its table."""
        return self.key.rpartition(".")[2]


@dataclass(frozen=True, slots=True)
class Point:
    """One network and recipe of a sweep, before its seeds, and the settings that distinguish it."""

    plan: RunPlan
    settings: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Sweep:
    """All combinations of the values of ``choices`` and of the seeds.

    ``data``, ``image`` and ``device`` are as on the command line, empty for the defaults. Raises ExplorerError where a
    value does not exist, two runs would have the same name, or there are more than 10,000.
    """

    title: str
    choices: tuple[Choices, ...]
    seeds: tuple[int, ...] = (0,)
    preset: str = ""
    data: str = ""
    image: str = ""
    device: str = "cpu"

    def __post_init__(self) -> None:
        count = prod(len(choice.values) for choice in self.choices) * len(self.seeds)
        if not 1 <= count <= MOST:
            raise ExplorerError("sweep", f"A sweep cannot have {count:,} runs.", f"Try 1 to {MOST:,}.")
        ((twice, times),) = Counter(point.plan.name for point in self.points()).most_common(1)
        if times > 1:
            raise ExplorerError("sweep", f"Two networks are called {twice[:80]}.", "Write each value once.")

    def points(self) -> tuple[Point, ...]:
        """Return each network and recipe once; the last choice of the file changes first."""
        grid = product(*(choice.values for choice in self.choices))
        return tuple(point for values in grid for point in self._points(values))

    def plans(self) -> tuple[RunPlan, ...]:
        return tuple(replace(point.plan, seed=seed) for point in self.points() for seed in self.seeds)

    def _points(self, values: Sequence[str]) -> Iterator[Point]:
        """Yield the networks of one point of the grid: one, or all of a preset."""
        given = dict(zip((choice.key for choice in self.choices), values, strict=True))
        settings = [f"{key.partition('.')[2]}={text}" for key, text in given.items() if key.startswith("set.")]
        recipe = [f"{key.partition('.')[2]}={text}" for key, text in given.items() if key.startswith("recipe.")]
        varied = [(choice.name, given[choice.key]) for choice in self.choices if choice.varies]
        named_by = ("depth", "residual") if "depth" in given else ("net",)  # these are part of the network's name
        for plan in self._plans(given, settings):
            name = ", ".join((plan.name, *(f"{key}={text}" for key, text in varied if key not in named_by)))
            made = replace(plan, name=name, recipe=set_recipe(plan.recipe, recipe), device=self.device)
            yield Point(made, tuple(varied))

    def _plans(self, given: Mapping[str, str], settings: Sequence[str]) -> Sequence[RunPlan]:
        preset = preset_of(self.preset) if self.preset else None
        if "residual" in given:
            settings = (*settings, f"residual={given['residual']}")
        if "depth" in given:
            name, spec = _of_depth(given["depth"], settings)
            return [plan_for(name, spec, self.data, self.image, preset)]
        if "net" in given:
            return [plan_of(given["net"], settings, self.data, self.image, preset)]
        if preset is None:
            raise ExplorerError("net", "A sweep needs networks.", 'Write net = [...], depth = [...] or preset = "...".')
        return preset_plans(preset, settings, self.data, self.image)


def _of_depth(text: str, settings: Sequence[str]) -> tuple[str, ResNetSpec]:
    """Return the network of 6n + 2 layers of He et al. 2015, section 4.2, and the name of its run."""
    each, rest = divmod(int(text) - 2, 6) if text.isdecimal() and len(text) < 9 else (0, 1)
    if rest or each < 1:
        what = f"There is no network of {text[:40]} layers for small images."
        raise ExplorerError("depth", what, "Choose 6n + 2 layers, as 8, 20 or 56, or name networks with net.")
    spec = named(assign(find_network("resnet20"), f"blocks={each},{each},{each}", *settings))
    return f"{'resnet' if spec.has_shortcuts else 'plain'}-{text}", spec


def loads(text: str, where: str) -> Sweep:
    """Return the sweep that a TOML file describes; raises ExplorerError, with ``where``, where it is none."""
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ExplorerError(where, f"{where} is not a TOML file: {error}.", _HELP) from error
    except (ValueError, RecursionError) as error:
        what = f"{where} is nested too deeply, or holds a number that is too long."
        raise ExplorerError(where, what, _HELP) from error
    try:
        return _read(content, where)
    except ExplorerError as error:
        raise ExplorerError(where, f"{where}: {error.what}", error.remedy) from error


def _read(content: Mapping[str, Any], where: str) -> Sweep:
    for key in content:
        if key not in KEYS:
            remedy = did_you_mean(key, KEYS, f"Choose of {', '.join(KEYS)}.")
            raise ExplorerError(key, f"A sweep has no {_shown(key)}.", remedy)
    if "net" in content and "depth" in content:
        raise ExplorerError("net", "A sweep takes either net or depth.", "Leave one of them out.")
    plain = {key: _text(key, content[key]) for key in ("title", "preset", "data", "device") if key in content}
    plain.setdefault("title", where.removesuffix(".toml"))
    image = _text("input", content.get("input", ""))
    return Sweep(choices=tuple(_choices(content)), seeds=_seeds(content.get("seeds", 1)), image=image, **plain)


def _choices(content: Mapping[str, Any]) -> Iterator[Choices]:
    for key in ("net", "depth", "residual"):
        if key in content:
            yield Choices(key, _values(key, content[key]))
    for table, name_of in (("set", lambda key: axis(key).key), ("recipe", canonical_key)):
        values = content.get(table, {})
        if not isinstance(values, dict):
            raise ExplorerError(table, f"{table} is a table.", f"Write [{table}], and its settings under it.")
        for key, value in values.items():
            yield Choices(f"{table}.{name_of(key)}", _values(key, value))


def _values(key: str, value: object) -> tuple[str, ...]:
    """Return the values of a key as text."""
    texts = tuple(_text(key, item) for item in (value if isinstance(value, list) else [value]))
    if not texts:
        raise ExplorerError(key, f"The list of {key} is empty.", "Write at least one value.")
    return tuple("true" if truth(key)(text) else "false" for text in texts) if key == "residual" else texts


def _text(key: str, value: object) -> str:
    """Return a value as the command line would write it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, (str, int, float)):
        raise ExplorerError(key, f"{key[:40]} cannot be {_shown(value)}.", "Write a number, a string, true or false.")
    return str(value)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}…"


def _seeds(value: object) -> tuple[int, ...]:
    """Return the seeds of a number or a list."""
    listed: list[object] = list(range(min(value, MOST + 1))) if type(value) is int else []
    listed = value if isinstance(value, list) else listed
    seeds = tuple(seed for seed in listed if type(seed) is int and 0 <= seed < MOST_SEED)
    if not seeds or len(set(seeds)) < len(listed):
        raise ExplorerError(
            "seeds", f"The seeds cannot be {_shown(value)}.", "Write how many, or a list as in [0, 1, 2]."
        )
    return seeds
