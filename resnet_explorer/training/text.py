"""Runs in sentences, as CSV and as JSON: what was measured, under which conditions, every step."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import inf, isfinite, log
from statistics import median

from resnet_explorer import codec
from resnet_explorer.layers.table import csv_text
from resnet_explorer.readings.text import LAST_STEPS, figure, last_steps
from resnet_explorer.runs.folder import WRITERS
from resnet_explorer.runs.plan import Metric, Run, describe_conditions, describe_machine
from resnet_explorer.spec import ResNetSpec

NEAR_CHANCE = 0.02
"""A loss within this fraction of chance level has learnt nothing."""


@dataclass(frozen=True, slots=True)
class NetworkResult:
    """A network's runs, which differ only in their seed, and their final losses; infinite for a diverged run."""

    name: str
    spec: ResNetSpec
    runs: tuple[Run, ...]
    losses: tuple[float, ...]

    @property
    def depth(self) -> int:
        return sum(self.spec.blocks)

    @property
    def middle(self) -> float:
        return median(self.losses)

    @property
    def is_finished(self) -> bool:
        """Return whether every run is finished or diverged."""
        return all(run.is_finished or loss == inf for run, loss in zip(self.runs, self.losses, strict=True))

    @property
    def is_at_chance(self) -> bool:
        """Return whether every loss is at chance level."""
        return all(abs(loss - self.chance) <= NEAR_CHANCE * self.chance for loss in self.losses)

    @property
    def is_below_chance(self) -> bool:
        """Return whether every loss is worse than chance level."""
        return all(inf > loss > (1 + NEAR_CHANCE) * self.chance for loss in self.losses)

    @property
    def chance(self) -> float:
        """Return the loss at chance level; infinite for a backbone."""
        return log(self.spec.classes) if self.spec.classes and self.spec.classes > 1 else inf


def without_seed(run: Run) -> object:
    """Return what runs share that differ only in their seed."""
    plan = run.plan
    return plan.name, plan.spec, plan.recipe, plan.data, plan.image


def outcomes(runs: Sequence[Run]) -> tuple[NetworkResult, ...]:
    """Return the networks in the order of their first runs; runs without a step are left out."""
    groups: dict[object, list[Run]] = {}
    for run in runs:
        if run.metrics:
            groups.setdefault(without_seed(run), []).append(run)
    losses = [tuple(run.final_loss(LAST_STEPS) for run in group) for group in groups.values()]
    pairs = zip(groups.values(), losses, strict=True)
    return tuple(NetworkResult(group[0].plan.name, group[0].plan.spec, tuple(group), ends) for group, ends in pairs)


def measured(runs: Sequence[Run]) -> str:
    """Return each network's final training loss, and what follows for the plain ones."""
    networks = outcomes(runs)
    if not networks:
        return "No step has been made yet."
    return " ".join(filter(None, (_ends(networks), *_compared(networks), _tests(networks), _missing(runs))))


def _ends(networks: Sequence[NetworkResult]) -> str:
    """Return the final losses, after how many steps and from how many seeds."""
    counts = sorted({len(network.runs) for network in networks})
    seeds = "one seed" if counts == [1] else f"median of {counts[0]} seeds, minimum to maximum in brackets"
    seeds = seeds if len(counts) == 1 else f"median of {counts[0]} to {counts[-1]} seeds"
    listed = ", ".join(f"{network.name} {_end(network)}" for network in networks)
    last = last_steps(len(run.metrics) for network in networks for run in network.runs)
    return f"Training loss, mean of {last}, {seeds}: {listed}."


def _end(network: NetworkResult) -> str:
    text = format_loss(network.middle) if isfinite(network.middle) else "diverged"
    finite = [loss for loss in network.losses if isfinite(loss)]
    if len(network.losses) > 1 and finite and len(finite) == len(network.losses):
        least, greatest = format_loss(min(finite)), format_loss(max(finite))
        text += f" ({least} to {greatest})" if least != greatest else ""
    elif finite and len(finite) < len(network.losses):
        text += f" ({len(network.losses) - len(finite)} of {len(network.losses)} seeds diverged)"
    steps = [len(run.metrics) for run in network.runs]
    if not network.is_finished:
        text += f" so far, at step {min(steps):,} of {network.runs[0].plan.recipe.steps:,}"
    said = " (chance)" if network.is_at_chance else " (worse than chance)" if network.is_below_chance else ""
    return text + said


def format_loss(loss: float) -> str:
    """Return a loss with two or three significant digits: 2.30, 0.19, 0.011."""
    return f"{loss:.2f}" if 0.1 <= loss < 100 else figure(float(f"{loss:.2g}"))


def _compared(networks: Sequence[NetworkResult]) -> list[str]:
    """Return whether the deepest plain net is worse than the shallowest, and how its residual twin does."""
    if not all(network.is_finished for network in networks):
        return ["Not all runs have ended: no comparison yet."]
    plain = [network for network in networks if not network.spec.has_shortcuts]
    plain.sort(key=lambda network: network.depth)
    if len(plain) < 2 or plain[0].depth == plain[-1].depth or not _alike([plain[0], plain[-1]]):
        return []
    shallow, deep = plain[0], plain[-1]
    if shallow.is_at_chance and deep.is_at_chance:
        text = f"Neither plain net learns, not even the shallow {shallow.name}."
    else:
        text = _depth_words(shallow, deep)
    residual = (network for network in networks if network.spec.has_shortcuts and _alike([network, deep]))
    twin = next((network for network in residual if network.depth == deep.depth), None)
    return [text, _twin_words(deep, twin)] if twin else [text]


def _depth_words(shallow: NetworkResult, deep: NetworkResult) -> str:
    worse, count = _worse(deep, shallow)
    if not count:
        return f"{deep.name} and {shallow.name} share no seed: no comparison."
    if worse == count:
        on = "" if count == 1 else f", on {count} of {count} seeds"
        return f"The deeper plain net, {deep.name}, is worse than {shallow.name} on its own training images{on}."
    if worse == 0:
        return f"The deeper plain net, {deep.name}, is not worse than {shallow.name} here."
    return f"The deeper plain net, {deep.name}, is worse than {shallow.name} on {worse} of {count} seeds."


def _twin_words(deep: NetworkResult, twin: NetworkResult) -> str:
    worse, count = _worse(deep, twin)
    if worse < count or not count:
        return f"With shortcuts, {twin.name} is better on {worse} of {count} seeds."
    return f"The same layers with shortcuts, {twin.name}: {format_loss(twin.middle)}."


def _worse(network: NetworkResult, other: NetworkResult) -> tuple[int, int]:
    """Return on how many common seeds the first loss is greater, and how many common seeds there are."""
    losses = {run.plan.seed: loss for run, loss in zip(other.runs, other.losses, strict=True)}
    mine = {run.plan.seed: loss for run, loss in zip(network.runs, network.losses, strict=True)}
    common = mine.keys() & losses.keys()
    return sum(mine[seed] > losses[seed] for seed in common), len(common)


def _alike(networks: Sequence[NetworkResult]) -> bool:
    """Return whether networks were trained on the same images for as many steps."""
    return len({(network.runs[0].plan.data, network.runs[0].plan.recipe.steps) for network in networks}) == 1


def _tests(networks: Sequence[NetworkResult]) -> str:
    """Return the newest test error of each network that has one."""
    texts = []
    for network in networks:
        errors = [error for run in network.runs if (error := test_error(run)) is not None]
        texts += [f"{network.name} {figure(median(errors))} %"] if errors else []
    return f"Newest test error: {', '.join(texts)}." if texts else ""


def test_error(run: Run) -> float | None:
    """Return the newest test error of a run in percent; None where its test images were never evaluated."""
    errors = (1 - metric.test_accuracy for metric in reversed(run.metrics) if metric.test_accuracy is not None)
    return next((100 * error for error in errors), None)


def _missing(runs: Sequence[Run]) -> str:
    """Return which runs have no step, and why those that ended early did."""
    empty = [run.plan.name for run in runs if not run.metrics]
    texts = [f"Not begun: {', '.join(dict.fromkeys(empty))}."] if empty else []
    early = {f"{run.plan.name}, seed {run.plan.seed}: {run.problem}" for run in runs if run.problem}
    return " ".join((*texts, *sorted(early)))


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return rows of a table as lines: the first column to the left, all others to the right."""
    wide = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join((row[0].ljust(wide[0]), *map(str.rjust, row[1:], wide[1:]))).rstrip() for row in rows]


def conditions(runs: Sequence[Run]) -> str:
    """Return the conditions of the runs: seeds, images, recipe, device, machine, versions."""
    parts = filter(None, (*describe_conditions(runs), describe_machine(runs)))
    notes = dict.fromkeys(note for run in runs if run.environment for note in run.environment.notes)
    return " ".join((" · ".join(parts), *notes)).strip()


_MEASURED = ("loss", "accuracy", "rate", "seconds", "test_loss", "test_accuracy")
CSV_HEADER = ("run", "network", "seed", "step", "epoch", *_MEASURED)
BLOCKS_HEADER = ("run", "network", "seed", "step", "block", "path", "stage", "quantity", "value")
_Cell = str | int | float | None


def to_csv(runs: Sequence[Run]) -> str:
    """Return a line for each step of each run; what is unknown or not finite is empty. Steps count from 1."""
    return csv_text(CSV_HEADER, ((*_who(run), *_step(run, metric)) for run in runs for metric in run.metrics))


def blocks_to_csv(runs: Sequence[Run]) -> str:
    """Return a line for each block, quantity and measured step of each run."""
    return csv_text(BLOCKS_HEADER, (line for run in runs for metric in run.metrics for line in _blocks(run, metric)))


def _who(run: Run) -> tuple[str, str, int]:
    return run.plan.name, run.plan.spec.name, run.plan.seed


def _step(run: Run, metric: Metric) -> tuple[_Cell, ...]:
    """Return the cells of a step; the epoch is fractional."""
    images = run.environment.train // run.plan.recipe.batch if run.environment else 0
    return (
        metric.step + 1,
        round((metric.step + 1) / images, 6) if images else "",
        *(getattr(metric, key) for key in _MEASURED),
    )


def _blocks(run: Run, metric: Metric) -> Iterable[tuple[_Cell, ...]]:
    places = run.environment.places if run.environment else ()
    for quantity, values in (metric.blocks or {}).items():
        for number, value in enumerate(values, 1):
            place = places[number - 1] if number <= len(places) else None
            where = (place.path, place.stage) if place else ("", "")
            yield (*_who(run), metric.step + 1, number, *where, str(quantity), value)


def _described(run: Run) -> dict[str, object]:
    return {
        "name": run.plan.name,
        "plan": run.plan,
        "setting": run.environment,
        "whole": run.is_finished,
        "problem": run.problem,
        "final_loss": run.final_loss(),
        "steps": {
            "step": [metric.step + 1 for metric in run.metrics],
            **{key: [getattr(metric, key) for metric in run.metrics] for key in _MEASURED},
        },
        "blocks": [{"step": metric.step + 1, **metric.blocks} for metric in run.metrics if metric.blocks],
    }


def to_json(runs: Sequence[Run]) -> str:
    """Return runs as JSON: plan, environment, what came of it, and its steps as columns of equal length."""
    content = {"measured": measured(runs), "runs": [_described(run) for run in runs]}
    return codec.encode(content, WRITERS, indent=1)


RUN_TITLES = ("network", "seed", "steps", "training loss", "test error", "steps/s")


def describe_runs(runs: Sequence[Run]) -> str:
    """Return the conditions, a line for each run, and what was measured."""
    lines = aligned((RUN_TITLES, *(row_of(run) for run in runs)))
    return "\n".join((conditions(runs), "", *lines, "", measured(runs))) + "\n"


def row_of(run: Run) -> tuple[str, ...]:
    """Return a run's cells under ``RUN_TITLES``."""
    count, steps, loss, error = len(run.metrics), run.plan.recipe.steps, run.final_loss(LAST_STEPS), test_error(run)
    return (
        run.plan.name,
        str(run.plan.seed),
        f"{count:,}" if run.is_finished else f"{count:,} of {steps:,}",
        "none" if not run.metrics else figure(loss) if isfinite(loss) else "diverged",
        "none" if error is None else f"{figure(error)} %",
        figure(count / run.last.seconds) if run.last and run.last.seconds > 0 else "none",
    )
