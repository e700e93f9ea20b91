"""The model card: what was trained, on what, how, how well, and under which licence, in Markdown.

Its headings follow Mitchell et al. 2019, "Model Cards for Model Reporting".
"""

from collections.abc import Iterable, Sequence

from resnet_explorer.finetuning.choices import BnMode, Strategy, WeightsKind, adapts, normalisation
from resnet_explorer.finetuning.plan import TunePlan
from resnet_explorer.finetuning.results import DataReport, Outcome, Published
from resnet_explorer.finetuning.strategies import grouping
from resnet_explorer.finetuning.text import WAYS
from resnet_explorer.readings.text import last_steps
from resnet_explorer.runs.recipe import ONE_CYCLE_WORDS, Schedule
from resnet_explorer.spec.catalogue import title

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
"""So many classes are named."""


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
        ["## Limits", "", *_limits(plan, data)],
        ["## Licence", "", *_licence(plan, weights)],
    ]
    if outcome:
        sections.append(
            ["## Versions", "", f"PyTorch {outcome.torch}, ResNet Explorer {outcome.app}. {outcome.machine}"]
        )
    return "\n\n".join("\n".join(lines).rstrip() for lines in sections) + "\n"


def _model(plan: TunePlan, weights: Published | None) -> Iterable[str]:
    size = f"{plan.image.height}×{plan.image.width}"
    mean, std = normalisation(plan.preprocess, plan.spec, plan.channels, plan.grey)
    total = sum(one.parameters for one in plan.tensors)
    yield f"- **Network:** {_text(title(plan.spec))}, {total:,} parameters"
    yield f"- **First weights:** {_text(weights.words if weights else plan.weights.text)}"
    yield f"- **Input:** {plan.channels} channel{'s' * (plan.channels != 1)}, {size} pixels; resized to"
    yield f"  {plan.preprocess.resize / plan.preprocess.crop:.4g} times that, cut to the centre, values from 0 to 1"
    yield f"- **Normed by:** mean {_numbers(mean)}, deviation {_numbers(std)}"
    if adapts(plan.spec, plan.channels):
        yield f"- **Channels:** {WAYS[plan.grey].title}: {WAYS[plan.grey].does}"
    if plan.dropout:
        yield f"- **Drop-out before the head:** {plan.dropout:g}"


def _data(plan: TunePlan, data: DataReport | None) -> Iterable[str]:
    names = ", ".join(_text(name) for name in plan.classes[:_CLASSES])
    more = f" and {len(plan.classes) - _CLASSES:,} more" if len(plan.classes) > _CLASSES else ""
    yield f"- **Images:** {_text(plan.data.text)}"
    yield f"- **Classes, in the order of the outputs:** {names}{more}"
    if data:
        val = f"{data.val:,} to choose the best epoch by, " if data.val else ""
        yield f"- **Count:** {data.train:,} to train on, {val}{data.test:,} to test with"
        yield from (f"- {_text(one)}" for one in (*data.notes, *data.warnings))


def _training(plan: TunePlan) -> Iterable[str]:
    recipe = plan.recipe
    yield f"- **Strategy:** {_STRATEGIES[plan.strategy]}"
    yield f"- **Optimiser:** {recipe.optimiser}, rate {recipe.rate:g} ({recipe.schedule}), momentum {recipe.momentum:g}"
    if recipe.schedule is Schedule.ONE_CYCLE:
        yield f"  {ONE_CYCLE_WORDS}"
    decay = "; norms and biases spared, by module type" if recipe.spares else ""
    yield f"- **Weight decay:** {recipe.decay:g}{decay}"
    yield f"- **Batch norm:** {_BN[plan.bn]}"
    yield f"- **Batch, epochs, seed:** {recipe.batch}, {plan.epochs}, {plan.seed}"
    if plan.frozen:
        yield f"- **Never trained:** {', '.join(sorted(plan.frozen))}"


def _groups(plan: TunePlan, images: int) -> Iterable[str]:
    found = grouping(plan, images)
    rows = [
        (
            group.name,
            f"{len(group.tensors):,}",
            f"{group.parameters:,}",
            found.from_epoch(group),
            ", then ".join(f"{plan.recipe.rate * share:.3g}" for _, share in group.shares),
            f"{group.decay:g}",
        )
        for group in found.groups
    ]
    yield from _table(("group", "tensors", "parameters", "from epoch", "peak rate", "decay"), rows)
    never = len(found.frozen) + sum(len(group.tensors) for group in found.unopened)
    if never:
        yield ""
        yield f"{never:,} tensors never train."
    for words in found.warnings:
        yield ""
        yield f"**Note:** {words}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterable[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'|'.join([' --- ', *[' ---: '] * (len(head) - 1)])}|"
    yield from (f"| {' | '.join(row)} |" for row in rows)


def _results(outcome: Outcome) -> Iterable[str]:
    rows = [
        ("test accuracy before", _share(outcome.before_accuracy)),
        ("test accuracy", _share(outcome.test_accuracy)),
        ("test loss", _number(outcome.test_loss)),
        (f"training loss{_over(outcome.train_steps)}", _number(outcome.train_loss)),
        ("best epoch", "–" if outcome.best_epoch is None else f"{outcome.best_epoch} of {outcome.epochs}"),
        ("time", f"{outcome.seconds:,.0f} s"),
    ]
    yield from _table(("", "value"), rows)


def _over(steps: int) -> str:
    return f", mean of {last_steps([steps])}" if steps else ""


def _limits(plan: TunePlan, data: DataReport | None) -> Iterable[str]:
    yield "It names one of its classes for every image, whatever the image shows."
    if data and data.leaks:
        yield "Some test images were trained on, or chose the epoch that is kept: the accuracy is too good."
    if data:
        yield data.judging


def _licence(plan: TunePlan, weights: Published | None) -> Iterable[str]:
    if weights:
        yield f"First weights: {weights.licence} Source: <{weights.url}>."
    elif plan.weights.kind is WeightsKind.NONE:
        yield "First weights were drawn at random: no licence binds them."
    else:
        yield f"First weights: those of {_text(plan.weights.text)}, under their own licence."
    yield "The images have their own licence, which may bind what was learnt from them."


def _text(words: str) -> str:
    """Return words that Markdown shows as they are."""
    return "".join(f"\\{letter}" if letter in "\\`*_[]<>|#" else letter for letter in " ".join(words.split()))


def _numbers(values: tuple[float, ...]) -> str:
    return ", ".join(f"{value:.4g}" for value in values)


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.2%}"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"
