"""The pictures of a training: the blocks at a step, blocks by steps as heat maps, and the losses."""

from collections.abc import Sequence
from dataclasses import replace
from math import isfinite

from resnet_explorer.analysis.descent import Descent, DescentStep
from resnet_explorer.analysis.quantities import WORDS, Quantity
from resnet_explorer.analysis.training_conditions import recipe_words
from resnet_explorer.drawing.chart import (
    Axis,
    Chart,
    Guide,
    HeatMap,
    Row,
    Scale,
    Series,
    colour_scale,
    heatmap,
)
from resnet_explorer.drawing.gradient_plot import NAN, gradient_plot, looks_of
from resnet_explorer.drawing.marks import Group, Mark, Picture
from resnet_explorer.spec.catalogue import title

SMOOTH = 10
"""Over how many steps a training loss is averaged."""
MARGIN = 0.06
BESIDE_FROM = 3
"""So many heat maps stand in two columns."""


def loss_chart(result: Descent, step: DescentStep | None = None, *, small: bool = False) -> Chart:
    """Return the training losses; ``step`` is marked. A ``small`` chart goes under another one, which says the rest."""
    recipe, asked = result.request.recipe, result.request
    guides = (Guide(step.number, f"step {step.number}"),) if step else ()
    words = f"mean of up to {SMOOTH} steps, thin: each step · {conditions(result)}"
    axis = Axis("" if small else "step", low=0.0, high=float(recipe.steps) or None)
    series = [one for index in range(len(asked.specs)) for one in _losses(result, index)]
    told = "" if small else words
    return Chart("Training loss, step by step", axis, Axis("loss", low=0.0), tuple(series), told, guides)


def conditions(result: Descent) -> str:
    """Return what was trained on what, and how, in words."""
    asked = result.request
    return (
        f"{result.data} · {recipe_words(asked.recipe)} · seed {asked.seed}, the same order for all · "
        f"{asked.device}, {result.seconds:.0f} s"
    )


def _losses(result: Descent, index: int) -> tuple[Series, Series]:
    spec, look, losses = result.request.specs[index], looks_of(result.request.specs)[index], result.losses(index)
    mean = [sum(losses[max(0, n - SMOOTH + 1) : n + 1]) / min(SMOOTH, n + 1) for n in range(len(losses))]
    steps = [step.number for step in result.steps]
    note = f"{'ends at' if result.complete else 'now'} {mean[-1]:.2f}" if mean else ""
    return (
        Series(f"{spec.name}-raw", title(spec), steps, losses, look, faint=True),
        Series(spec.name, title(spec), steps, mean, look._replace(marker=look.marker.NONE), note=note),
    )


def step_plot(result: Descent, quantity: Quantity, step: DescentStep) -> Chart:
    """Return a quantity block by block at a step; the axis is that of all steps, so that they compare."""
    made, axis = gradient_plot(result.at(step), quantity), value_axis(result, quantity, MARGIN)
    head = f"{WORDS[quantity].label}, step {step.number} of {result.request.recipe.steps}"
    spec = result.request.specs[0]
    words = f"norm {spec.norm}, init {spec.init} · {conditions(result)}"
    return replace(made, title=head, subtitle=words, y_axis=axis)


def value_axis(result: Descent, quantity: Quantity, margin: float = 0.0) -> Axis:
    """Return the axis of a quantity that holds every network's values at every step, and a part of that more."""
    words = WORDS[quantity]
    axis = Axis(words.symbol, Scale.LOG if words.log else Scale.LINEAR)
    scale = colour_scale(axis, _values(result, quantity))
    low, high = scale.low, scale.high
    if words.log:
        room = (high / low) ** margin
        return replace(axis, low=low / room, high=high * room)
    room = margin * (high - low)
    return replace(axis, low=low - room, high=high + room)


def _values(result: Descent, quantity: Quantity) -> list[float]:
    known = (
        value
        for step in result.measured
        for values in step.values or ()
        for value in values.get(quantity, ())
        if value is not None and isfinite(value)
    )
    return list(known)


def heat_maps(result: Descent, quantity: Quantity) -> tuple[HeatMap, ...]:
    """Return a heat map of blocks by steps for each network that has the quantity, all in the same colours."""
    axis, words = value_axis(result, quantity), WORDS[quantity]
    label = f"{words.label[:1].lower()}{words.label[1:]}" if len(result.request.specs) < BESIDE_FROM else words.symbol
    return tuple(
        HeatMap(
            f"{title(spec)}: {label}",
            Axis("step"),
            axis,
            [step for step, _ in result.heat(index, quantity)],
            _rows(result, index, quantity),
            "block",
            conditions(result),
            key=spec.name,
        )
        for index, spec in enumerate(result.request.specs)
        if any(value is not None for _, row in result.heat(index, quantity) for value in row)
    )


def _rows(result: Descent, index: int, quantity: Quantity) -> tuple[Row, ...]:
    columns = [row for _, row in result.heat(index, quantity)]
    return tuple(
        Row(str(number), [_number(column[number - 1]) for column in columns], place.path)
        for number, place in enumerate(result.places[index], start=1)
    )


def _number(value: float | None) -> float:
    return NAN if value is None else value


def heat_picture(maps: Sequence[HeatMap], wide: float, high: float, text: float = 1.0) -> Picture:
    """Return heat maps under each other, or in two columns where there are many, as one picture of that size."""
    columns = 2 if len(maps) >= BESIDE_FROM else 1
    rows = -(-len(maps) // columns)
    one_wide, one_high = wide / columns, high / max(1, rows)
    marks, said = [], []
    for index, shown in enumerate(maps):
        picture = heatmap(shown, one_wide, one_high, text)
        x, y = index % columns * one_wide, index // columns * one_high
        inner = tuple(_named(mark, f":{shown.key}") for mark in picture.marks)
        marks.append(Group("", "picture", picture.title, x, y, one_wide, one_high, inner, f":{shown.key}"))
        said.append(f"{picture.title}: {picture.description}")
    return Picture(wide, high, tuple(marks), maps[0].title if maps else "", ". ".join(said))


def _named(mark: Mark, suffix: str) -> Mark:
    """Return a mark of a map with an id of its own: each has a bar of colours."""
    return replace(mark, suffix=suffix) if isinstance(mark, Group) and mark.kind == "scale" else mark
