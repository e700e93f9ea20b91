"""A fine-tuning in text: the tables of the command ``finetune``, and the model card in Markdown.

The headings of the card follow Mitchell et al. 2019, "Model Cards for Model Reporting".
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import mean
from typing import Any

from resnet_explorer.finetuning.choices import WAYS, BnMode, Strategy, WeightsKind, adapts, normalisation
from resnet_explorer.finetuning.data_report import DataReport, Part
from resnet_explorer.finetuning.frozen import describe, is_augmented
from resnet_explorer.finetuning.groups import Grouping, grouping
from resnet_explorer.finetuning.plan import TunePlan, head_cost, no_decay
from resnet_explorer.finetuning.values import BeforeAfter, Outcome, Published
from resnet_explorer.network import compile_spec
from resnet_explorer.readings.text import last_steps
from resnet_explorer.runs.plan import describe_recipe
from resnet_explorer.runs.recipe import ONE_CYCLE_WORDS, Schedule
from resnet_explorer.spec.catalogue import title
from resnet_explorer.training.text import aligned
from resnet_explorer.weights.compare import describe_head, described
from resnet_explorer.weights.values import Identified

ALL_RANDOM = "There are no initial weights, and a frozen backbone would stay random: everything trains."
MANY = 20
"""Classes that the command lists one by one."""


def table(rows: Sequence[Sequence[str]]) -> str:
    """Return rows in columns, the first to the left and all others to the right."""
    return "\n".join(aligned(rows)) + "\n"


def describe_weights(file: str, identified: Identified | None, plan: TunePlan) -> str:
    """Return what a file of weights holds, and what becomes of its head; empty where there is no file."""
    if identified is None:
        return ""
    name = Path(file).name
    head = describe_head(name, identified, len(plan.classes))
    return "\n".join((f"{name}: {described(identified.spec)}", *head)) + "\n\n"


def describe_data(report: DataReport, plan: TunePlan) -> str:
    """Return what a check of the images found, and how they are prepared."""
    parts = [part for part in Part if part is not Part.VAL or report.val]
    counts = ((row.name, *(f"{getattr(row, part):,}" for part in parts)) for row in report.classes)
    rows = [("class", *parts), *counts]
    cut = rows[: MANY + 1]
    moments = (plan.preprocess.mean, plan.preprocess.std)
    mean_, std = (", ".join(f"{value:.3g}" for value in values) for values in moments)
    lines = [
        f"{report.text}: {report.images:,} images of {len(report.classes):,} classes, {report.train:,} for training\n",
        table(cut),
        f"and {len(rows) - len(cut):,} more classes\n" if len(rows) > len(cut) else "",
        *(f"{line}\n" for line in (*report.notes, report.judging)),
        *(f"! {line}\n" for line in report.warnings),
        *(f"  skipped: {bad.path}: {bad.reason}\n" for bad in report.unreadable[:MANY]),
        f"{plan.channels} channel{'s' * (plan.channels != 1)}, {plan.preprocess.describe(plan.image)}, normalised with",
        f" mean {mean_} and standard deviation {std}\n",
    ]
    return "".join(lines)


def describe_groups(plan: TunePlan, images: int, judged: int, budget: int) -> str:
    """Return the parameter groups of a plan, what trains from which epoch on, and what is computed once.

    ``judged`` are the images that evaluate each epoch, and ``budget`` the bytes that features may take on disk.
    """
    groups = grouping(plan, images)
    once = describe(groups, images, judged, budget)
    lines = [*_openings(groups), *filter(None, (once,)), *_costs(plan), *(f"! {text}" for text in groups.warnings)]
    return (
        f"\n{title(plan.network_spec)}, strategy {plan.strategy}, {plan.epochs:,} epochs of {groups.steps:,} steps\n"
        f"{describe_recipe(plan.recipe)}\n{table([(*_GROUP_HEADS, 'rate', 'decay'), *_group_rows(groups)])}"
    ) + "".join(f"{line}\n" for line in lines)


_GROUP_HEADS = ("group", "tensors", "parameters", "from epoch")


def _group_rows(groups: Grouping) -> Iterable[tuple[str, ...]]:
    for group in groups.groups:
        rates = ", then ".join(f"{groups.plan.recipe.learning_rate * share:.3g}" for _, share in group.shares)
        counts = (f"{len(group.tensors):,}", f"{group.parameters:,}", groups.from_epoch(group))
        yield (group.name, *counts, rates, f"{group.decay:g}")


def _openings(groups: Grouping) -> Iterable[str]:
    for epoch in groups.changes:
        counts, still = groups.counts(epoch), len(groups.still(epoch))
        keep = "batch norm keeps its" if still == 1 else "batch norms keep their"
        norms = f"; {still:,} {keep} statistics" if still else ""
        yield f"from epoch {epoch + 1}: {counts}{norms}"


def _costs(plan: TunePlan) -> Iterable[str]:
    cost = head_cost(compile_spec(plan.spec), len(plan.classes))
    yield f"head: {cost.features:,} features, {cost.before:,} parameters before, {cost.after:,} now"
    if plan.recipe.no_decay_on_norms:
        kept = no_decay(plan.tensors)
        missed = f"; matching bn or bias in names would miss {len(kept.missed):,}" if kept.missed else ""
        yield f"without weight decay, by module type: {kept.tensors:,} tensors ({kept.parameters:,} parameters){missed}"


def describe_results(results: Sequence[BeforeAfter]) -> str:
    """Return before and after: of one run class by class, of several a line each and the means over seeds."""
    rows: list[tuple[str, ...]] = [
        ("strategy", "seed", "trained", "before", "after", "test loss", "best epoch", "seconds")
    ]
    rows += map(_result_row, results)
    parts = [*(f"{line}\n" for line in results[0].sentences), "\n", table(rows)]
    if len(results) == 1:
        parts += ["\n", table([("class", "before", "after"), *_class_rows(results[0])])]
    elif len({result.plan.seed for result in results}) > 1:
        parts += ["\n", table([("strategy", "after, mean of seeds", "least to greatest", "seconds"), *_means(results)])]
    return "\n" + "".join(parts)


def _result_row(result: BeforeAfter) -> tuple[str, ...]:
    outcome, plan = result.outcome, result.plan
    return (
        str(plan.strategy),
        str(plan.seed),
        f"{grouping(plan, plan.recipe.batch).counts(plan.epochs - 1).parameters:,}",
        _percent(outcome.before_accuracy),
        _percent(outcome.test_accuracy),
        f"{result.after.loss:.4f}",
        f"{outcome.best_epoch} of {outcome.epochs}",
        f"{outcome.seconds:.1f}",
    )


def _class_rows(result: BeforeAfter) -> Iterable[tuple[str, ...]]:
    for label, name in enumerate(result.plan.classes[:MANY]):
        before = result.before.recall(label) if result.before else None
        yield name, _percent(before), _percent(result.after.recall(label))


def _means(results: Sequence[BeforeAfter]) -> Iterable[tuple[str, ...]]:
    for strategy in dict.fromkeys(result.plan.strategy for result in results):
        mine = [result for result in results if result.plan.strategy is strategy]
        after = [result.after.accuracy for result in mine]
        seconds = mean(result.outcome.seconds for result in mine)
        spread = f"{_percent(min(after))} to {_percent(max(after))}"
        yield str(strategy), _percent(mean(after)), spread, f"{seconds:.1f}"


def _percent(value: float | None, missing: str = "none") -> str:
    return missing if value is None else f"{value:.2%}"


def results_values(results: Sequence[BeforeAfter]) -> list[dict[str, Any]]:
    """Return the results of each run as plain values."""
    return [
        {
            "folder": result.folder,
            "strategy": str(result.plan.strategy),
            "seed": result.plan.seed,
            "classes": list(result.plan.classes),
            "before": result.outcome.before_accuracy,
            "after": result.outcome.test_accuracy,
            "test_loss": result.after.loss,
            "train_loss": result.outcome.train_loss,
            "best_epoch": result.outcome.best_epoch,
            "epochs": result.outcome.epochs,
            "seconds": result.outcome.seconds,
            "confusion": result.after.counts.tolist(),
            "started_from": list(result.sentences),
        }
        for result in results
    ]


_STRATEGIES = {
    Strategy.A: "A: the backbone frozen at first, then everything at smaller rates",
    Strategy.B: "B: everything, each stage at a rate of its own",
    Strategy.C: "C: stage by stage, from the last",
    Strategy.PROBE: "linear probe: the head alone",
    Strategy.FULL: "full: everything at one rate",
}
_BN = {
    BnMode.TRAIN: "statistics of the batch",
    BnMode.FROZEN: "running statistics where frozen",
    BnMode.EVAL: "running statistics everywhere",
}
_CLASSES = 50
"""Classes that the card names."""


def to_card(
    plan: TunePlan,
    images: int,
    outcome: Outcome | None = None,
    data: DataReport | None = None,
    weights: Published | None = None,
) -> str:
    """Return the card of a plan on so many training images; what is not known yet is left out."""
    sections = [
        [f"# {_text(title(plan.spec))} for {len(plan.classes):,} classes", "", *_model(plan, weights)],
        ["## Data", "", *_data(plan, data)],
        ["## Training", "", *_training(plan), "", *_groups(plan, images)],
        ["## Results", "", *(_results(outcome) if outcome else ["Not trained yet."])],
        ["## Limits", "", *_limits(data)],
        ["## Licence", "", *_licence(plan, weights)],
    ]
    if outcome:
        versions = f"PyTorch {outcome.torch}, ResNet Explorer {outcome.app}. {outcome.machine}"
        sections.append(["## Versions", "", versions])
    return "\n\n".join("\n".join(lines).rstrip() for lines in sections) + "\n"


def _model(plan: TunePlan, weights: Published | None) -> Iterable[str]:
    moments = normalisation(plan.preprocess, plan.spec, plan.channels, plan.grey)
    mean_, std = (", ".join(f"{value:.4g}" for value in values) for values in moments)
    yield f"- **Network:** {_text(title(plan.spec))}, {sum(weight.parameters for weight in plan.tensors):,} parameters"
    yield f"- **Initial weights:** {_text(weights.text if weights else plan.weights.text)}"
    yield f"- **Input:** {plan.channels} channel{'s' * (plan.channels != 1)}, values from 0 to 1;"
    yield f"  {plan.preprocess.describe(plan.image)}"
    yield f"- **Normalised with:** mean {mean_}, standard deviation {std}"
    if adapts(plan.spec, plan.channels):
        yield f"- **Channels:** {WAYS[plan.grey].title}: {WAYS[plan.grey].does}"
    if plan.dropout:
        yield f"- **Dropout before the head:** {plan.dropout:g}"


def _data(plan: TunePlan, data: DataReport | None) -> Iterable[str]:
    names = ", ".join(_text(name) for name in plan.classes[:_CLASSES])
    more = f" and {len(plan.classes) - _CLASSES:,} more" if len(plan.classes) > _CLASSES else ""
    yield f"- **Images:** {_text(plan.data.text)}"
    yield f"- **Classes, in the order of the outputs:** {names}{more}"
    if data:
        val = f"{data.val:,} for validation, " if data.val else ""
        yield f"- **Count:** {data.train:,} for training, {val}{data.test:,} for testing"
        yield from (f"- {_text(line)}" for line in (*data.notes, *data.warnings))


def _training(plan: TunePlan) -> Iterable[str]:
    recipe = plan.recipe
    yield f"- **Strategy:** {_STRATEGIES[plan.strategy]}"
    rate = f"rate {recipe.learning_rate:g} ({recipe.schedule})"
    yield f"- **Optimiser:** {recipe.optimiser}, {rate}, momentum {recipe.momentum:g}"
    if recipe.schedule is Schedule.ONE_CYCLE:
        yield f"  {ONE_CYCLE_WORDS}"
    decay = "; none on norms and biases, by module type" if recipe.no_decay_on_norms else ""
    yield f"- **Weight decay:** {recipe.weight_decay:g}{decay}"
    yield f"- **Batch norm:** {_BN[plan.bn]}"
    yield f"- **Batch, epochs, seed:** {recipe.batch}, {plan.epochs}, {plan.seed}"
    if plan.views and is_augmented(plan):
        yield f"- **Augmentation:** {plan.views:,} views of each image in turn while the start of the network is frozen"
    if plan.frozen:
        yield f"- **Never trained:** {', '.join(sorted(plan.frozen))}"


def _groups(plan: TunePlan, images: int) -> Iterable[str]:
    groups = grouping(plan, images)
    yield from _markdown((*_GROUP_HEADS, "peak rate", "decay"), _group_rows(groups))
    if never := len(groups.frozen) + sum(len(group.tensors) for group in groups.unopened):
        yield f"\n{never:,} tensors never train."
    for warning in groups.warnings:
        yield f"\n**Note:** {warning}"


def _markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterable[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'|'.join([' --- ', *[' ---: '] * (len(head) - 1)])}|"
    yield from (f"| {' | '.join(row)} |" for row in rows)


def _results(outcome: Outcome) -> Iterable[str]:
    over = f", mean of {last_steps([outcome.train_steps])}" if outcome.train_steps else ""
    losses = ("–" if loss is None else f"{loss:.4f}" for loss in (outcome.test_loss, outcome.train_loss))
    rows = [
        ("test accuracy before", _percent(outcome.before_accuracy, "–")),
        ("test accuracy", _percent(outcome.test_accuracy, "–")),
        *zip(("test loss", f"training loss{over}"), losses, strict=True),
        ("best epoch", "–" if outcome.best_epoch is None else f"{outcome.best_epoch} of {outcome.epochs}"),
        ("time", f"{outcome.seconds:,.0f} s"),
    ]
    yield from _markdown(("", "value"), rows)


def _limits(data: DataReport | None) -> Iterable[str]:
    yield "It predicts one of its classes for every image, whatever the image shows."
    if data and data.leaks:
        yield "Some test images are also in the training or validation set: the accuracy is too high."
    if data:
        yield data.judging


def _licence(plan: TunePlan, weights: Published | None) -> Iterable[str]:
    if weights:
        yield f"Initial weights: {weights.licence} Source: <{weights.url}>."
    elif plan.weights.kind is WeightsKind.NONE:
        yield "The initial weights are random: no licence applies to them."
    elif plan.weights.kind is WeightsKind.BUILT_IN:
        yield f"Initial weights: {plan.weights.name} of ResNet Explorer, trained on MNIST (CC BY-SA 3.0)."
    else:
        yield f"Initial weights: those of {_text(plan.weights.text)}, under their own licence."
    yield "The images have their own licence, which may apply to what was learnt from them."


def _text(text: str) -> str:
    """Return text that Markdown shows as it is."""
    return "".join(f"\\{letter}" if letter in "\\`*_[]<>|#" else letter for letter in " ".join(text.split()))
