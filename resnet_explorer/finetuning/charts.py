"""The learning rate of every unit over the epochs of a fine-tuning, as it is planned, and its curves."""

from collections.abc import Sequence
from pathlib import Path

from resnet_explorer.diagram.overlays import Cold, Frozen
from resnet_explorer.finetuning.groups import Group, Grouping
from resnet_explorer.finetuning.values import BeforeAfter
from resnet_explorer.network import Network
from resnet_explorer.picture.chart import STYLES, Axis, Chart, Guide, Kind, Marker, Scale, Series
from resnet_explorer.runs.folder import read
from resnet_explorer.runs.plan import describe_recipe
from resnet_explorer.training.chart_data import joined
from resnet_explorer.training.charts import chart_of_runs
from resnet_explorer.training.part import Measure
from resnet_explorer.training.smoothing import MOST_POINTS

FEW = 3
"""So many openings are named at their lines; more are said by the curves alone."""

MOST_TICKS = 20
"""So many epochs have a tick each; an epoch has no halves."""


def unit_title(unit: str, network: Network) -> str:
    """Return the words for a unit: ``stem``, ``stage 2``, ``head``, ``adapter``."""
    stage = network.stage_at(unit)
    return stage.title[:1].lower() + stage.title[1:] if stage else unit


def group_rates(grouping: Grouping) -> Chart:
    """Return the chart: units of equal rates share a curve, which begins where they open."""
    plan, network = grouping.plan, grouping.plan.network
    shared: dict[tuple[tuple[int, float], ...], list[Group]] = {}
    for group in reversed(grouping.groups):
        members = shared.setdefault(group.shares, [])
        if group.unit not in {group.unit for group in members}:
            members.append(group)
    series = tuple(
        _series(grouping, members, [unit_title(group.unit, network) for group in members], index)
        for index, members in enumerate(shared.values())
        if members[0].opens < plan.epochs
    )
    opened = [epoch for epoch in grouping.changes if epoch > 0]
    guides = tuple(Guide(epoch + 1, _opened(grouping, epoch)) for epoch in (opened if len(opened) <= FEW else ()))
    ticks = tuple((float(epoch), f"{epoch:,}") for epoch in range(1, plan.epochs + 1))
    notes = (f"{len(grouping.frozen):,} tensors never train",) if grouping.frozen else ()
    return Chart(
        "Learning rate of each group",
        Axis("epoch", low=1.0, high=float(plan.epochs + 1), ticks=ticks if plan.epochs <= MOST_TICKS else None),
        Axis("learning rate", Scale.LOG),
        series,
        joined(("as planned", f"strategy {plan.strategy}", describe_recipe(grouping.recipe))),
        guides=guides,
        notes=notes,
        key="group-rates:",
    )


def _opened(grouping: Grouping, epoch: int) -> str:
    units = dict.fromkeys(group.unit for group in grouping.groups if group.opens == epoch)
    first = unit_title(next(iter(units)), grouping.plan.network)
    return f"{first} opens" if len(units) == 1 else f"{len(units)} units open"


def _series(grouping: Grouping, members: Sequence[Group], names: Sequence[str], index: int) -> Series:
    first, steps = members[0], grouping.steps
    every = max(1, -(-grouping.recipe.steps // MOST_POINTS))
    turns = {epoch * steps + by for epoch, _ in first.shares for by in (-1, 0)}
    chosen = sorted({*range(0, grouping.recipe.steps, every), *turns, grouping.recipe.steps - 1})
    chosen = [step for step in chosen if first.opens * steps <= step < grouping.recipe.steps]
    rates = [grouping.recipe.rate_at(step) * first.share_at(grouping.epoch_of(step)) for step in chosen]
    style = STYLES[index % len(STYLES)]._replace(marker=Marker.NONE)
    label = ", ".join(names) if len(names) <= 2 else f"{names[0]} to {names[-1]}"
    return Series(first.unit, label, [1 + step / steps for step in chosen], rates, style, Kind.LINE)


def frozen_at(grouping: Grouping, epoch: int) -> Frozen:
    """Return what stands still at an epoch, counted from 0."""
    opens = {name: group.opens for group in grouping.groups for name in group.tensors}
    network, last = grouping.plan.network, grouping.plan.epochs
    held: dict[str, list[int | None]] = {}
    for tensor in grouping.plan.tensors:
        at = opens.get(tensor.name)
        inside = dict.fromkeys((tensor.path, *network.ancestors(tensor.path), tensor.unit))
        for path in filter(None, inside):
            held.setdefault(path, []).append(at if at is not None and at < last else None)
    parts = {path: cold for path, openings in held.items() if (cold := _cold(openings, epoch)).tensors}
    return Frozen(parts, f"In epoch {epoch + 1:,}: {grouping.counts(epoch)}")


def _cold(openings: list[int | None], epoch: int) -> Cold:
    still = [at for at in openings if at is None or at > epoch]
    later = [at for at in still if at is not None]
    return Cold(len(still), len(openings), max(later) if len(later) == len(still) and later else None)


def chart_of_tuning(result: BeforeAfter, measure: str = Measure.TEST_ERROR) -> Chart:
    """Return a measure of a fine-tuning's run step by step, by its key: ``test-error``, ``training-loss`` and so on."""
    return chart_of_runs((read(Path(result.folder)),), measure)
