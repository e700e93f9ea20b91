"""What is said around a fine-tuning: what was found of the images, the groups, and what came of it."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import mean
from typing import Any

from resnet_explorer.finetuning.groups import head_cost, spared
from resnet_explorer.finetuning.plan import TunePlan
from resnet_explorer.finetuning.results import BeforeAfter, DataReport, Part
from resnet_explorer.finetuning.strategies import Grouping, grouping
from resnet_explorer.network import compile_spec
from resnet_explorer.runs.plan import describe_recipe
from resnet_explorer.spec.catalogue import title
from resnet_explorer.training.text import aligned
from resnet_explorer.weights.from_file import described, head_words
from resnet_explorer.weights.identify import Identified

MANY = 20
"""So many classes are listed one by one."""


def table(rows: Sequence[Sequence[str]]) -> str:
    """Return rows in columns, the first to the left and all others to the right."""
    return "\n".join(aligned(rows)) + "\n"


def weights_words(file: str, found: Identified | None, plan: TunePlan) -> str:
    """Return what was found in the file of weights, and what becomes of its head; empty where there is no file."""
    if found is None:
        return ""
    lines = (f"{Path(file).name}: {described(found.spec)}", *head_words(Path(file).name, found, len(plan.classes)))
    return "\n".join(lines) + "\n\n"


def checks_words(report: DataReport, plan: TunePlan) -> str:
    """Return what was found of the images, and how the network sees them."""
    parts = [part for part in Part if part is not Part.VAL or report.val]
    counts = ((one.name, *(f"{getattr(one, part):,}" for part in parts)) for one in report.classes)
    rows = [("class", *parts), *counts]
    cut = rows[: MANY + 1]
    lines = [
        f"{report.words}: {report.images:,} images of {len(report.classes):,} classes, {report.train:,} to train on\n",
        table(cut),
        f"and {len(rows) - len(cut):,} more classes\n" if len(rows) > len(cut) else "",
        *(f"{words}\n" for words in (*report.notes, report.judging)),
        *(f"! {words}\n" for words in report.warnings),
        *(f"  skipped: {one.path}: {one.reason}\n" for one in report.unreadable[:MANY]),
    ]
    preprocess = plan.preprocess
    size = f"{plan.image.height}×{plan.image.width}"
    mean_, std = (", ".join(f"{value:.3g}" for value in values) for values in (preprocess.mean, preprocess.std))
    seen = f"resized to {preprocess.resize / preprocess.crop:.4g} times {size}, cut, mean {mean_}, deviation {std}"
    return "".join(lines) + f"{plan.channels} channel{'s' * (plan.channels != 1)}, {seen}\n"


def groups_words(plan: TunePlan, images: int) -> str:
    """Return the groups of a plan, and what trains from which epoch on."""
    found = grouping(plan, images)
    rows = [("group", "tensors", "parameters", "from epoch", "rate", "decay")]
    for group in found.groups:
        rates = ", then ".join(f"{plan.recipe.rate * share:.3g}" for _, share in group.shares)
        counts = (f"{len(group.tensors):,}", f"{group.parameters:,}", found.from_epoch(group))
        rows.append((group.name, *counts, rates, f"{group.decay:g}"))
    warnings = (f"! {words}" for words in found.warnings)
    head = f"\n{title(plan.network_spec)}, strategy {plan.strategy}, {plan.epochs:,} epochs of {found.steps:,} steps\n"
    head += f"{describe_recipe(plan.recipe)}\n"
    return head + table(rows) + "".join(f"{line}\n" for line in (*_openings(found), *_costs(plan), *warnings))


def _openings(found: Grouping) -> Iterable[str]:
    for epoch in found.changes:
        one = found.counts(epoch)
        still = len(found.still(epoch))
        keep = "batch norm keeps its" if still == 1 else "batch norms keep their"
        norms = f"; {still:,} {keep} statistics" if still else ""
        yield (
            f"from epoch {epoch + 1}: {one.tensors:,} of {one.of_tensors:,} tensors train,"
            f" {one.parameters:,} of {one.of_parameters:,} parameters{norms}"
        )


def _costs(plan: TunePlan) -> Iterable[str]:
    cost = head_cost(compile_spec(plan.spec), len(plan.classes))
    yield f"head: {cost.features:,} features, {cost.before:,} parameters before, {cost.after:,} now"
    if plan.recipe.spares:
        kept = spared(plan.tensors)
        missed = f"; matching bn or bias in names would miss {len(kept.missed):,}" if kept.missed else ""
        yield f"without weight decay, by module type: {kept.tensors:,} tensors ({kept.parameters:,} parameters){missed}"


def result_words(judged: Sequence[BeforeAfter]) -> str:
    """Return before and after: of one run class by class, of several a line each and the means over seeds."""
    rows: list[tuple[str, ...]] = [
        ("strategy", "seed", "trained", "before", "after", "test loss", "best epoch", "seconds")
    ]
    rows += [_row(one) for one in judged]
    parts = [*(f"{words}\n" for words in judged[0].words), "\n", table(rows)]
    if len(judged) == 1:
        parts += ["\n", table([("class", "before", "after"), *_classes(judged[0])])]
    elif len({one.plan.seed for one in judged}) > 1:
        parts += ["\n", table([("strategy", "after, mean of seeds", "least to greatest", "seconds"), *_means(judged)])]
    return "\n" + "".join(parts)


def _row(one: BeforeAfter) -> tuple[str, ...]:
    outcome, plan = one.outcome, one.plan
    last = grouping(plan, plan.recipe.batch).counts(plan.epochs - 1)
    return (
        str(plan.strategy),
        str(plan.seed),
        f"{last.parameters:,}",
        _share(outcome.before_accuracy),
        _share(outcome.test_accuracy),
        f"{one.after.loss:.4f}",
        f"{outcome.best_epoch} of {outcome.epochs}",
        f"{outcome.seconds:.1f}",
    )


def _classes(one: BeforeAfter) -> Iterable[tuple[str, ...]]:
    for label, name in enumerate(one.plan.classes[:MANY]):
        yield name, _share(one.before.recall(label) if one.before else None), _share(one.after.recall(label))


def _means(judged: Sequence[BeforeAfter]) -> Iterable[tuple[str, ...]]:
    for strategy in dict.fromkeys(one.plan.strategy for one in judged):
        mine = [one for one in judged if one.plan.strategy is strategy]
        right = [one.after.accuracy for one in mine]
        seconds = mean(one.outcome.seconds for one in mine)
        yield str(strategy), _share(mean(right)), f"{_share(min(right))} to {_share(max(right))}", f"{seconds:.1f}"


def _share(value: float | None) -> str:
    return "none" if value is None else f"{value:.2%}"


def results_values(judged: Sequence[BeforeAfter]) -> list[dict[str, Any]]:
    """Return what came of each run as plain values."""
    return [
        {
            "folder": one.folder,
            "strategy": str(one.plan.strategy),
            "seed": one.plan.seed,
            "classes": list(one.plan.classes),
            "before": one.outcome.before_accuracy,
            "after": one.outcome.test_accuracy,
            "test_loss": one.after.loss,
            "train_loss": one.outcome.train_loss,
            "best_epoch": one.outcome.best_epoch,
            "epochs": one.outcome.epochs,
            "seconds": one.outcome.seconds,
            "confusion": one.after.counts.tolist(),
            "started_from": list(one.words),
        }
        for one in judged
    ]
