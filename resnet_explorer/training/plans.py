"""From the words of the command ``train`` to the runs that it asks for, each with its folder."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from resnet_explorer.errors import ExplorerError
from resnet_explorer.runs.folder import file_name
from resnet_explorer.runs.plan import RunPlan
from resnet_explorer.runs.recipe import set_recipe
from resnet_explorer.training.presets import PRESETS, net_name, plan_of, preset_of, preset_plans

MOST_SEEDS = 1_000
MOST_SEED = 2**32
FLAGS = ("steps", "batch", "rate", "schedule", "optimiser")
"""Settings of the recipe that have options of their own."""


@dataclass(frozen=True, slots=True)
class Task:
    """A run to make, and the folder that keeps it."""

    plan: RunPlan
    folder: Path


def plans_of(options: argparse.Namespace) -> tuple[RunPlan, ...]:
    """Return the runs that the options ask for; raises ExplorerError where they name neither network nor preset."""
    if not options.nets and not options.preset:
        remedy = "Name a network, as in 'train resnet20', or a --preset."
        raise ExplorerError("net", "There is nothing to train.", remedy)
    words = [f"{key}={getattr(options, key)}" for key in FLAGS if getattr(options, key) is not None]
    made = [replace(one, recipe=set_recipe(one.recipe, (*words, *options.recipe))) for one in _first_plans(options)]
    device = options.device or "cpu"
    return tuple(replace(one, seed=seed, device=device) for seed in _seeds(options) for one in made)


def _first_plans(options: argparse.Namespace) -> Sequence[RunPlan]:
    """Return the runs before their recipe is changed, of one seed."""
    preset = preset_of(options.preset) if options.preset else None
    if preset and not options.nets:
        return preset_plans(preset, options.settings, options.data, options.input)
    names = [net_name(net) for net in options.nets]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise ExplorerError("net", f"{twice} is named twice.", "Name each network once; --seeds repeats it.")
    return [plan_of(net, options.settings, options.data, options.input, preset) for net in options.nets]


def _seeds(options: argparse.Namespace) -> tuple[int, ...]:
    if options.seeds is None:
        seed = options.seed or 0
        if not 0 <= seed < MOST_SEED:
            raise ExplorerError("seed", f"The seed cannot be {seed:,}.", f"Choose 0 to {MOST_SEED - 1:,}.")
        return (seed,)
    if not 1 <= options.seeds <= MOST_SEEDS:
        raise ExplorerError("seeds", f"{options.seeds} seeds cannot be trained.", f"Choose 1 to {MOST_SEEDS:,}.")
    return tuple(range(options.seeds))


def tasks_of(plans: Sequence[RunPlan], root: Path) -> tuple[Task, ...]:
    """Return each run with its folder inside ``root``: its place and its name, and its seed where there are several."""
    many = len({plan.seed for plan in plans}) > 1
    names = [f"{plan.name}, seed {plan.seed}" if many else plan.name for plan in plans]
    pairs = zip(plans, names, strict=True)
    return tuple(Task(plan, root / f"{place} {file_name(name)}") for place, (plan, name) in enumerate(pairs, 1))


def root_of(options: argparse.Namespace, plans: Sequence[RunPlan]) -> Path:
    """Return the folder of all runs: the one that is asked for, or a new one named after the moment."""
    if options.output is not None:
        return Path(options.output)
    names = list(dict.fromkeys(plan.name for plan in plans))
    title = PRESETS[options.preset].title if not options.nets else ", ".join(names[:3])
    title += f" and {len(names) - 3} more" if options.nets and len(names) > 3 else ""
    return Path("runs") / f"{datetime.now():%Y-%m-%d %H.%M.%S} {file_name(title)[:80]}"
