"""What an experiment of the gradient lab found, in a sentence or two with its figures."""

from collections.abc import Callable, Mapping
from statistics import fmean
from typing import Any

from resnet_explorer.gradients.descent import Descent, Paths
from resnet_explorer.gradients.values import GradientResult, NetworkGradients, Shattering
from resnet_explorer.readings.lesions import LesionStudy
from resnet_explorer.readings.quantities import TERMS, WORDS, Quantity
from resnet_explorer.readings.text import LAST_STEPS, figure, last_steps
from resnet_explorer.spec.catalogue import title


def found(result: object, quantity: Quantity = Quantity.INPUT) -> str:
    """Return what was measured, in words; ``quantity`` is the one that is looked at, where blocks are measured."""
    if isinstance(result, GradientResult):
        return _gradients(result, quantity)
    return _WORDS[type(result)](result)


def _gradients(result: GradientResult, quantity: Quantity) -> str:
    told = [f"{one.title}: {_network(one, quantity)}" for one in result.networks]
    seeds = f"{result.done} seed{'' if result.done == 1 else 's'}"
    return f"{WORDS[quantity].symbol}, median of {seeds}. {'; '.join(told)}."


def _network(network: NetworkGradients, quantity: Quantity) -> str:
    values = network.median(quantity)
    if quantity in TERMS:
        known = [value for value in values if value is not None]
        return f"{figure(known[0])} at the first block, {figure(known[-1])} at the last" if known else "no shortcuts"
    growth = network.growth(quantity)
    words = f"first/last block {figure(network.ratio(quantity))}"
    return words if growth is None else f"{words}, × {figure(growth)} with each block towards the input"


def _descent(result: Descent) -> str:
    told = []
    for index, spec in enumerate(result.request.specs):
        losses = result.losses(index)[-LAST_STEPS:]
        heat = result.heat(index, Quantity.OUTPUT)
        told.append(f"{title(spec)} {figure(fmean(losses)) if losses else 'unknown'}{_even(heat)}")
    return f"Mean loss of {last_steps([len(result.steps)])}: {'; '.join(told)}."


def _even(heat: tuple[tuple[int, Any], ...]) -> str:
    """Return how the first block's gradient compares with the last's, at the first and the last measured step."""
    ratios = [(step, row[0] / row[-1]) for step, row in heat if row and row[0] is not None and row[-1]]
    if len(ratios) < 2:
        return ""
    (_, first), (step, last) = ratios[0], ratios[-1]
    return f" (‖∂L/∂y‖ first/last block {figure(first)} at step 0, {figure(last)} at step {step})"


def _paths(result: Paths) -> str:
    low, high = result.carriers
    words = f"95 % of the gradient comes along paths of {low} to {high} of {result.blocks} branches"
    words += f", which are {figure(100 * result.portion(result.carriers))} % of all paths"
    if by_paper := result.paper_carriers:
        words += f"; by the paper's curve, paths of {by_paper[0]} to {by_paper[1]}"
    return f"{words}. The sum over all lengths is autograd's gradient to {result.error:.0e}."


def _shattering(result: Shattering) -> str:
    told = [f"{title(one.spec)} {figure(round(one.mean[0], 3))}" for one in result.networks]
    words = f"Mean cosine of the gradients at neighbouring points: {'; '.join(told)}. " if told else ""
    deepest = max((line.depth for line in result.lines), default=0)
    lines = [f"{line.kind} {figure(round(line.mean[0], 3))}" for line in result.lines if line.depth == deepest]
    return (
        f"{words}Autocorrelation at lag 1 with {deepest} fully connected layers: {'; '.join(lines)}."
        if lines
        else words
    )


def _lesions(result: LesionStudy) -> str:
    return f"Of {result.networks[0].tested:,} test images {'; '.join(one.text for one in result.networks)}."


_WORDS: Mapping[type, Callable[[Any], str]] = {
    Descent: _descent,
    Paths: _paths,
    Shattering: _shattering,
    LesionStudy: _lesions,
}
