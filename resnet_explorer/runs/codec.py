"""Runs in and out of JSON: ``run.json``, the lines of ``metrics.jsonl``, and how a run ended."""

from dataclasses import dataclass
from math import isfinite
from pathlib import Path

from resnet_explorer import codec
from resnet_explorer.errors import ExplorerError
from resnet_explorer.runs.plan import Metric, RunEnvironment, RunPlan
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.codec import READERS as SPEC_READERS
from resnet_explorer.spec.codec import WRITERS as SPEC_WRITERS

FORMAT = "resnet-explorer run"
VERSION = 1
RUN, METRICS, CHECKPOINT, ENDED, NAME = "run.json", "metrics.jsonl", "checkpoint.safetensors", "ended.json", "name.txt"
"""The files of a run folder: what it is (written once), a line a step, the newest state, how it ended, its name."""
TUNE, BEST, OPENED = "tune.json", "best.safetensors", "opened.jsonl"
"""What a fine-tuning keeps besides: its plan, the weights of the best epoch, a line for what trains when."""
WRITERS: codec.Writers = {**SPEC_WRITERS, InputShape: lambda image: (image.height, image.width)}
"""A run keeps the size of its images alone: the batch is the recipe's."""
READERS: codec.Readers = {**SPEC_READERS, InputShape: (tuple[int, int], lambda size: InputShape(1, *size))}
_NUMBERS: codec.Writers = {float: lambda value: value if isfinite(value) else str(value)}
"""What is not finite is a string in the lines of steps."""


@dataclass(frozen=True, slots=True)
class _Head:
    plan: RunPlan
    setting: RunEnvironment


@dataclass(frozen=True, slots=True)
class Ended:
    """Why a run ended early, empty where it did not; ``final`` where it cannot go on, or has no reason to."""

    problem: str = ""
    final: bool = False


def dumps(plan: RunPlan, environment: RunEnvironment, indent: int | None = 1) -> str:
    """Return the text of ``run.json``."""
    content = {"format": FORMAT, "version": VERSION, "plan": plan, "setting": environment}
    return codec.encode(content, WRITERS, indent=indent)


def loads(text: str, where: str) -> tuple[RunPlan, RunEnvironment]:
    """Return the plan and the environment in a text of ``dumps``; raises ExplorerError naming ``where`` otherwise."""
    content = codec.unwrap(text, FORMAT, (VERSION,), where, "holds no run")
    try:
        head = codec.decode({key: content[key] for key in ("plan", "setting") if key in content}, _Head, READERS)
    except ExplorerError as error:
        raise ExplorerError(where, f"The run in {where} cannot be read: {error.what}", "Choose another run.") from error
    return head.plan, head.setting


def check_same(folder: Path, plan: RunPlan, kept: RunPlan) -> None:
    """Raise ExplorerError where the run in a folder has another plan; its name may be another."""
    if different := [key for key in codec.differences(plan, kept, WRITERS) if key != "name"]:
        words = f"{folder} holds a run of another {different[0]}."
        raise ExplorerError(str(folder), words, "Choose another folder, or the same settings.")


def ended_in(folder: Path) -> Ended:
    """Return how the run in a folder ended, as far as it is known."""
    try:
        return codec.decode(codec.parse((folder / ENDED).read_bytes()), Ended)
    except (OSError, ExplorerError):
        return Ended()


def metric_to_line(metric: Metric) -> str:
    """Return a step as a line of ``metrics.jsonl``, its line break included; what is unknown is left out."""
    values = codec.plain(metric, _NUMBERS) | {"seconds": round(metric.seconds, 6)}
    return codec.encode({key: value for key, value in values.items() if value is not None}, indent=None)


def metric_from_line(line: str | bytes) -> Metric | None:
    """Return the step in a line of ``metrics.jsonl``; None where the line is torn."""
    return codec.decode_line(line, Metric, {"accuracy": None})


def metrics_from(content: bytes) -> tuple[Metric, ...]:
    """Return the steps in the bytes of ``metrics.jsonl`` in order, each once: the last of those that were made twice.

    Torn lines are passed over.
    """
    found = (metric_from_line(line) for line in content.split(b"\n") if line)
    known = {metric.step: metric for metric in found if metric is not None}
    return tuple(known[step] for step in sorted(known))
