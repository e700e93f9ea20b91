"""What trainings on this machine came to, in a sentence or two with their figures."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, isfinite, log
from statistics import median

from resnet_explorer.readings.text import LAST_STEPS, figure, last_steps
from resnet_explorer.runs.plan import Run, describe_conditions, describe_machine
from resnet_explorer.spec import ResNetSpec

NEAR_CHANCE = 0.02
"""A loss that is within so much of the loss of guessing has learnt nothing."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The runs of one network that differ in the seed alone, and the losses at their ends; infinite if one diverged."""

    name: str
    spec: ResNetSpec
    runs: tuple[Run, ...]
    losses: tuple[float, ...]

    @property
    def middle(self) -> float:
        """Return the median over the seeds."""
        return median(self.losses)

    @property
    def is_finished(self) -> bool:
        """Return whether every run made all of its steps, or ended because it diverged."""
        return all(run.is_finished or loss == inf for run, loss in zip(self.runs, self.losses, strict=True))

    @property
    def is_at_chance(self) -> bool:
        """Return whether every run is where guessing is."""
        return all(abs(one - self.chance) <= NEAR_CHANCE * self.chance for one in self.losses)

    @property
    def is_below_chance(self) -> bool:
        """Return whether every run is worse than guessing: its losses are greater."""
        return all(inf > one > (1 + NEAR_CHANCE) * self.chance for one in self.losses)

    @property
    def chance(self) -> float:
        """Return the loss of guessing; infinite for a backbone."""
        return log(self.spec.classes) if self.spec.classes and self.spec.classes > 1 else inf


def outcomes(runs: Sequence[Run]) -> tuple[Outcome, ...]:
    """Return the networks in the order of their first runs; runs without a step are left out."""
    groups: dict[object, list[Run]] = {}
    for run in runs:
        if run.metrics:
            plan = run.plan
            groups.setdefault((plan.name, plan.spec, plan.recipe, plan.data, plan.image), []).append(run)
    return tuple(
        Outcome(
            group[0].plan.name, group[0].plan.spec, tuple(group), tuple(one.final_loss(LAST_STEPS) for one in group)
        )
        for group in groups.values()
    )


def measured(runs: Sequence[Run]) -> str:
    """Return what was measured: each network's training loss at its end, and what follows for the plain ones."""
    found = outcomes(runs)
    if not found:
        return "No step has been made yet."
    told = [_ends(found), *_compared(found), _tests(found), _missing(runs)]
    return " ".join(words for words in told if words)


def _ends(found: Sequence[Outcome]) -> str:
    """Return the losses of all, after how many steps and from how many seeds."""
    counts = sorted({len(one.runs) for one in found})
    seeds = "one seed" if counts == [1] else f"median of {counts[0]} seeds, least to greatest in brackets"
    seeds = seeds if len(counts) == 1 else f"median of {counts[0]} to {counts[-1]} seeds"
    listed = ", ".join(f"{one.name} {_end(one)}" for one in found)
    last = last_steps(len(run.metrics) for one in found for run in one.runs)
    return f"Training loss, mean of {last}, {seeds}: {listed}."


def _end(one: Outcome) -> str:
    words = loss_words(one.middle) if isfinite(one.middle) else "diverged"
    finite = [loss for loss in one.losses if isfinite(loss)]
    if len(one.losses) > 1 and finite and len(finite) == len(one.losses):
        least, greatest = loss_words(min(finite)), loss_words(max(finite))
        words += f" ({least} to {greatest})" if least != greatest else ""
    elif finite and len(finite) < len(one.losses):
        words += f" ({len(one.losses) - len(finite)} of {len(one.losses)} seeds diverged)"
    steps = [len(run.metrics) for run in one.runs]
    if not one.is_finished:
        words += f" so far, at step {min(steps):,} of {one.runs[0].plan.recipe.steps:,}"
    said = " (chance)" if one.is_at_chance else " (worse than chance)" if one.is_below_chance else ""
    return words + said


def loss_words(loss: float) -> str:
    """Return a loss with as many digits as say something: 2.30, 0.19, 0.011."""
    return f"{loss:.2f}" if 0.1 <= loss < 100 else figure(float(f"{loss:.2g}"))


def _compared(found: Sequence[Outcome]) -> list[str]:
    """Return whether the deepest plain net is worse than the shallowest, and what its residual twin does."""
    if not all(one.is_finished for one in found):
        return ["Not all runs are at their ends: no verdict yet."]
    plain = sorted((one for one in found if not one.spec.residual), key=_depth)
    if len(plain) < 2 or _depth(plain[0]) == _depth(plain[-1]) or not _alike([plain[0], plain[-1]]):
        return []
    shallow, deep = plain[0], plain[-1]
    if shallow.is_at_chance and deep.is_at_chance:
        words = f"Neither plain net learns, not even the shallow {shallow.name}."
    else:
        words = _depth_words(shallow, deep)
    twins = [one for one in found if one.spec.residual and _depth(one) == _depth(deep) and _alike([one, deep])]
    return [words, *(_twin_words(deep, twin) for twin in twins[:1])]


def _depth_words(shallow: Outcome, deep: Outcome) -> str:
    worse, count = _worse(deep, shallow)
    if not count:
        return f"{deep.name} and {shallow.name} share no seed: no verdict."
    if worse == count:
        on = "" if count == 1 else f", on {count} of {count} seeds"
        return f"The deeper plain net, {deep.name}, is worse than {shallow.name} on its own training images{on}."
    if worse == 0:
        return f"The deeper plain net, {deep.name}, is not worse than {shallow.name} here."
    return f"The deeper plain net, {deep.name}, is worse than {shallow.name} on {worse} of {count} seeds."


def _twin_words(deep: Outcome, twin: Outcome) -> str:
    worse, count = _worse(deep, twin)
    if worse < count or not count:
        return f"With shortcuts, {twin.name} is better on {worse} of {count} seeds."
    return f"The same layers with shortcuts, {twin.name}: {loss_words(twin.middle)}."


def _worse(one: Outcome, other: Outcome) -> tuple[int, int]:
    """Return on how many of the seeds that both have the first loss is greater, and how many there are."""
    losses = {run.plan.seed: loss for run, loss in zip(other.runs, other.losses, strict=True)}
    pairs = [
        (loss, losses[run.plan.seed]) for run, loss in zip(one.runs, one.losses, strict=True) if run.plan.seed in losses
    ]
    return sum(mine > theirs for mine, theirs in pairs), len(pairs)


def _depth(one: Outcome) -> int:
    return sum(one.spec.blocks)


def _alike(found: Sequence[Outcome]) -> bool:
    """Return whether networks were trained on the same images for as many steps."""
    return len({(one.runs[0].plan.data, one.runs[0].plan.recipe.steps) for one in found}) == 1


def _tests(found: Sequence[Outcome]) -> str:
    """Return the test error that was judged last of each network, where any was."""
    told = []
    for one in found:
        errors = [error for run in one.runs if (error := _test_error(run)) is not None]
        told += [f"{one.name} {figure(median(errors))} %"] if errors else []
    return f"Test error, as judged last: {', '.join(told)}." if told else ""


def _test_error(run: Run) -> float | None:
    judged = (one.test_accuracy for one in reversed(run.metrics) if one.test_accuracy is not None)
    accuracy = next(judged, None)
    return None if accuracy is None else 100 * (1 - accuracy)


def _missing(runs: Sequence[Run]) -> str:
    """Return which runs have no step, and why those that ended early did."""
    empty = [run.plan.name for run in runs if not run.metrics]
    told = [f"Not begun: {', '.join(dict.fromkeys(empty))}."] if empty else []
    early = {f"{run.plan.name}, seed {run.plan.seed}: {run.problem}" for run in runs if run.problem}
    return " ".join((*told, *sorted(early)))


def conditions(runs: Sequence[Run]) -> str:
    """Return under which conditions the runs were made: seeds, images, recipe, device, machine, versions."""
    words = (*describe_conditions(runs), describe_machine(runs))
    notes = dict.fromkeys(note for run in runs if run.environment for note in run.environment.notes)
    return " ".join((" · ".join(word for word in words if word), *notes)).strip()
