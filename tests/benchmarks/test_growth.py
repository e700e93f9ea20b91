"""How cost grows with depth: nothing that is done with a network may grow faster than the number of its layers.

Networks of 20 to 2,000 layers: ResNets for CIFAR, whose equal blocks share one form, and pyramids, each of whose blocks
has a width of its own, so that nothing is shared. A run by hand prints the time of each at each depth.
"""

import gc
import math
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from statistics import linear_regression
from time import process_time

import pytest
from PySide6.QtWidgets import QApplication

from resnet_explorer.app.table_model import TableModel
from resnet_explorer.autograd.reading import read_graph
from resnet_explorer.autograd.values import RecordGraph
from resnet_explorer.diagram.diagram import diagram
from resnet_explorer.diagram.view import View
from resnet_explorer.network import compile_spec
from resnet_explorer.picture.svg import to_svg
from resnet_explorer.picture.theme import LIGHT
from resnet_explorer.readings import Analysis, analyse
from resnet_explorer.readings.progress import Partial
from resnet_explorer.runs.plan import RunPlan
from resnet_explorer.runs.recipe import Recipe
from resnet_explorer.spec import InputShape, ResNetSpec
from resnet_explorer.spec.catalogue import find
from resnet_explorer.spec.change import assign
from tests.benchmarks.table import FULL, record
from tests.training_runs import train

DEPTHS = (20, 56, 110, 200, 560, 1202, 2000) if FULL else (56, 200, 560)
"""Layers with weights: 6n + 2, for three stages of n blocks."""
MIDDLE = 200
"""Costs that do not depend on the depth count for little from here on, where the growth is judged."""
ROUNDS, ENOUGH = 5, 0.05
"""At least so many rounds, and more of them until they took so many seconds: short ones are slowed several at once."""
GOAL, LOOSE = 1.1, 1.35 if FULL else 1.8
"""The exponent to which the depth is raised in the cost."""
IMAGE = InputShape(1, 32, 32)
Work = Callable[[int], object]
"""What is measured; it takes the number of the round."""


def equal(depth: int) -> ResNetSpec:
    """Return the ResNet of a depth, whose stages have equal blocks."""
    count = (depth - 2) // 6
    return assign(find("resnet20"), f"blocks={count},{count},{count}")


def varied(depth: int) -> ResNetSpec:
    """Return the pyramid of a depth, each of whose blocks is wider than the one before."""
    return assign(equal(depth), f"widths=16+{(depth - 2) // 2}")


@contextmanager
def without_garbage() -> Iterator[None]:
    """Collect before and not meanwhile, as the app does."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def cost(work: Work) -> float:
    """Return the least processor time of some rounds in seconds."""
    times: list[float] = []
    with without_garbage():
        while len(times) < ROUNDS or (sum(times) < ENOUGH and len(times) < 10 * ROUNDS):
            start = process_time()
            work(len(times))
            times.append(process_time() - start)
    return min(times)


def works(analysis: Analysis, model: TableModel) -> dict[str, Work]:
    """Return what is done with a network, each by its name."""
    network, spec = analysis.network, analysis.network.spec
    everything = diagram(analysis, View.all_open(network, True))
    model.show(analysis)

    def filtered(number: int) -> None:
        model.text = f"conv{number % 2 + 1}"
        model.refresh()

    return {
        "compile": lambda number: compile_spec(replace(spec, classes=11 + number)),
        "read": lambda number: analyse(network, InputShape(1, 40 + 8 * number, 40)).total,
        "draw": lambda number: diagram(analysis, View()),
        "open all": lambda number: diagram(analysis, View.all_open(network, True)),
        "export to SVG": lambda number: to_svg(everything, LIGHT),
        "autograd graph": lambda number: read_graph(RecordGraph(spec, IMAGE)),
        "table filter": filtered,
    }


def costs(make: Callable[[int], ResNetSpec]) -> dict[str, list[float]]:
    """Return for each work what it costs at each depth."""
    found: dict[str, list[float]] = {}
    for depth in DEPTHS:
        analysis = analyse(compile_spec(make(depth)), IMAGE)
        for name, work in works(analysis, TableModel()).items():
            found.setdefault(name, []).append(cost(work))
    return found


def exponent(depths: tuple[int, ...], times: list[float]) -> float:
    """Return the slope of the cost over the depth, both as logarithms, from the middle on."""
    pairs = [(math.log(depth), math.log(time)) for depth, time in zip(depths, times, strict=True) if depth >= MIDDLE]
    return linear_regression(*zip(*pairs, strict=True)).slope


def judged(kind: str, depths: tuple[int, ...], found: dict[str, list[float]]) -> dict[str, float]:
    """Print and record costs; return the exponent of each."""
    print(f"\nms, {kind:<16}" + "".join(f"{depth:>9,}" for depth in depths) + " exponent")
    exponents = {name: exponent(depths, times) for name, times in found.items()}
    deepest, middle = max(depths), depths[depths.index(MIDDLE)]
    for name, times in found.items():
        print(f"{name:<20}" + "".join(f"{1e3 * time:>9.2f}" for time in times) + f"{exponents[name]:>9.2f}")
        last, first = times[-1] / deepest, times[depths.index(MIDDLE)] / middle
        figure = f"{name}, {kind}: a layer of {deepest:,} / of {middle:,}"
        record(figure, 1e6 * last, 1e6 * first, f"≤ {(deepest / middle) ** (GOAL - 1):.2f}", "µs")
    return exponents


@pytest.mark.parametrize("make", [equal, varied])
def test_no_cost_grows_faster_than_the_depth(qapp: QApplication, make: Callable[[int], ResNetSpec]) -> None:
    kind = f"{make.__name__} blocks"
    exponents = judged(kind, DEPTHS, costs(make))
    if max(exponents.values()) > LOOSE:  # another process may have slowed one depth: once more
        exponents = judged(kind, DEPTHS, costs(make))
    assert max(exponents.values()) <= LOOSE, exponents


def first_step(depth: int, folder: Path) -> float:
    """Return the processor time in seconds to the first step of a training of a narrow network, its set-up counted."""
    spec = assign(equal(depth), "in_channels=1", "width=1")
    plan = RunPlan("deep", spec, recipe=Recipe(steps=1, batch=4, evaluate_every=0))
    with without_garbage():
        start = process_time()
        with closing(train(plan, folder)) as steps:
            next(one for one in steps if isinstance(one, Partial))
            return process_time() - start


def test_the_first_step_of_a_training_grows_no_faster_than_the_depth(tmp_path: Path) -> None:
    depths = tuple(depth for depth in DEPTHS if depth >= MIDDLE) if FULL else (200, 560)
    first_step(20, tmp_path / "warm")
    times = [min(first_step(depth, tmp_path / f"{depth}-{turn}") for turn in range(2)) for depth in depths]
    exponents = judged("width 1", depths, {"first training step": times})
    assert max(exponents.values()) <= LOOSE, exponents
