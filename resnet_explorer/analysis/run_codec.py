"""Runs in and out of JSON: the only place where a plan, a setting or a metric is a dictionary."""

import json
from dataclasses import asdict
from math import isfinite
from typing import Any

from resnet_explorer.analysis.gradients import Place, Series
from resnet_explorer.analysis.quantities import Quantity
from resnet_explorer.analysis.recipe import Optimiser, Recipe, Schedule
from resnet_explorer.analysis.training import Metric, RunPlan, Setting
from resnet_explorer.errors import ExplorerError
from resnet_explorer.spec import InputShape, ResNetSpec, codec
from resnet_explorer.spec.data_choice import DataChoice, DataKind

FORMAT = "resnet-explorer run"
VERSION = 1
RUN, METRICS, CHECKPOINT, ENDED, NAME = "run.json", "metrics.jsonl", "checkpoint.safetensors", "ended.json", "name.txt"
"""The files of a run folder: what it is (written once), a line a step, the newest state, how it ended, its name."""
_FORMERLY = {"update-ratio": Quantity.ESTIMATE}
"""Keys of older runs: what they call the update ratio is rate × gradient / weights, whatever the optimiser did."""
TUNE, BEST, OPENED = "tune.json", "best.safetensors", "opened.jsonl"
"""What a fine-tuning keeps besides: its plan, the weights of the best epoch, a line for what trains when."""


def dumps(plan: RunPlan, setting: Setting) -> str:
    """Return the text of ``run.json``."""
    content = {"format": FORMAT, "version": VERSION, "plan": plan_to_dict(plan), "setting": asdict(setting)}
    return json.dumps(content, indent=1) + "\n"


def loads(text: str, where: str) -> tuple[RunPlan, Setting]:
    """Return the plan and the setting in a text of ``dumps``; raises ExplorerError naming ``where`` otherwise."""
    other = ExplorerError(where, f"{where} holds no run.", "Choose a folder that a training wrote.")
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise other from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise other
    if content.get("version") != VERSION:
        words = f"{where} was written by a newer version."
        raise ExplorerError(where, words, "Update ResNet Explorer to open it.")
    try:
        return plan_from_dict(content["plan"]), setting_from_dict(content["setting"])
    except (ExplorerError, KeyError, TypeError, ValueError, AttributeError) as error:
        why = error.what if isinstance(error, ExplorerError) else f"{type(error).__name__}: {error}"
        raise ExplorerError(where, f"The run in {where} cannot be read: {why}", "Choose another run.") from error


def plan_to_dict(plan: RunPlan) -> dict[str, Any]:
    """Return a plan as plain JSON values."""
    return {
        "name": plan.name,
        "spec": codec.to_dict(plan.spec),
        "image": [plan.image.height, plan.image.width],
        "data": {"kind": str(plan.data.kind), "root": plan.data.root},
        "recipe": recipe_to_dict(plan.recipe),
        "seed": plan.seed,
        "device": plan.device,
        "like": codec.to_dict(plan.like) if plan.like else None,
        "threads": plan.threads,
    }


def recipe_to_dict(recipe: Recipe) -> dict[str, Any]:
    """Return a recipe as plain JSON values."""
    return {
        key: list(value) if isinstance(value, tuple) else str(value) if isinstance(value, str) else value
        for key, value in asdict(recipe).items()
    }


def plan_from_dict(values: dict[str, Any]) -> RunPlan:
    """Return the plan that ``plan_to_dict`` described."""
    height, width = values["image"]
    data, like = values["data"], values["like"]
    return RunPlan(
        str(values["name"]),
        _spec(values["spec"]),
        InputShape(1, height, width),
        DataChoice(DataKind(data["kind"]), str(data["root"])),
        recipe_from_dict(values["recipe"]),
        int(values["seed"]),
        str(values["device"]),
        _spec(like) if like is not None else None,
        int(values["threads"]),
    )


def _spec(values: dict[str, object]) -> ResNetSpec:
    return codec.from_dict(values)


def recipe_from_dict(values: dict[str, Any]) -> Recipe:
    """Return the recipe that ``recipe_to_dict`` described; what is left out keeps its default."""
    known = dict(values)
    if "optimiser" in known:
        known["optimiser"] = Optimiser(known["optimiser"])
    if "schedule" in known:
        known["schedule"] = Schedule(known["schedule"])
    if "milestones" in known:
        known["milestones"] = tuple(known["milestones"])
    return Recipe(**known)


def setting_from_dict(values: dict[str, Any]) -> Setting:
    """Return the setting that ``asdict`` described."""
    known = dict(values)
    places = tuple(Place(one["path"], one["stage"], tuple(one["shape"])) for one in known.pop("places"))
    classes, notes = tuple(known.pop("classes")), tuple(known.pop("notes", ()))
    return Setting(places=places, classes=classes, notes=notes, **known)


def metric_to_line(metric: Metric) -> str:
    """Return a step as a line of ``metrics.jsonl``, its line break included; what is unknown is left out."""
    values: dict[str, Any] = {
        "step": metric.step,
        "loss": _plain(metric.loss),
        "accuracy": metric.accuracy,
        "rate": metric.rate,
        "seconds": round(metric.seconds, 6),
        "test_loss": _plain(metric.test_loss),
        "test_accuracy": metric.test_accuracy,
    }
    if metric.blocks is not None:
        values["blocks"] = {str(key): [_plain(one) for one in series] for key, series in metric.blocks.items()}
    known = {key: value for key, value in values.items() if value is not None}
    return json.dumps(known, separators=(",", ":"), allow_nan=False) + "\n"


def metric_from_line(line: str | bytes) -> Metric | None:
    """Return the step in a line of ``metrics.jsonl``; None where the line is torn."""
    try:
        values = json.loads(line)
        blocks = values.get("blocks")
        return Metric(
            int(values["step"]),
            float(values["loss"]),
            values.get("accuracy"),
            float(values["rate"]),
            float(values["seconds"]),
            _number(values.get("test_loss")),
            values.get("test_accuracy"),
            None if blocks is None else {_quantity(key): _series(series) for key, series in blocks.items()},
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _quantity(key: str) -> Quantity:
    return Quantity(_FORMERLY.get(key, key))


def metrics_from(content: bytes) -> tuple[Metric, ...]:
    """Return the steps in the bytes of ``metrics.jsonl`` in order, each once: the last of those that were made twice.

    Torn lines are passed over.
    """
    found = (metric_from_line(line) for line in content.split(b"\n") if line)
    known = {metric.step: metric for metric in found if metric is not None}
    return tuple(known[step] for step in sorted(known))


def _series(values: list[Any]) -> Series:
    return tuple(_number(one) for one in values)


def _plain(value: float | None) -> float | str | None:
    """Return a value that JSON can say: what is not finite becomes a text."""
    return value if value is None or isfinite(value) else str(value)


def _number(value: Any) -> float | None:
    return None if value is None else float(value)  # "nan" and "inf" are numbers to Python
