"""How fast the closed form is, as ratios within one run.

The bounds that are asserted are loose, so that a busy machine meets them too.
"""

from collections.abc import Callable, Iterator
from itertools import count
from statistics import median
from time import perf_counter

import pytest

from resnet_explorer.network import compile_spec
from resnet_explorer.readings import analyse
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.catalogue import find
from tests.benchmarks.table import FULL, record

FASTER_THAN_TORCHINFO, SLOWER_PER_LAYER = 100, 4
ROUNDS, PEERS = (501, 15) if FULL else (51, 3)

_sides: Iterator[int] = count(225)
"""Every analysis gets a size that none has had before."""


def timed(work: Callable[[], object], rounds: int) -> float:
    """Return the median time of a call in milliseconds, after one to warm up."""
    work()
    times = []
    for _ in range(rounds):
        start = perf_counter()
        work()
        times.append(1000 * (perf_counter() - start))
    return median(times)


def analysis_time(name: str, rounds: int = 51) -> tuple[float, int]:
    """Return the median time of an analysis at a new input size, and the number of layers."""
    network = compile_spec(find(name))
    layers = len(analyse(network, InputShape()).rows)

    def work() -> object:
        side = next(_sides)
        return analyse(network, InputShape(1, side, side)).total

    return timed(work, rounds), layers


def torchinfo_time(rounds: int) -> float:
    """Return the median time of torchinfo on ResNet-152, on the meta device, where nothing is computed."""
    torch = pytest.importorskip("torch")
    torchinfo = pytest.importorskip("torchinfo")
    torchvision = pytest.importorskip("torchvision")
    with torch.device("meta"):
        model = torchvision.models.resnet152().eval()

    def work() -> object:
        side = 32 * next(_sides) % 320 + 224
        return torchinfo.summary(model, input_size=(1, 3, side, side), device="meta", verbose=0)

    return timed(work, rounds)


def times_per_layer() -> dict[str, float]:
    """Return microseconds per layer; the networks take turns, so that a slow moment hits all of them."""
    names = ("resnet50", "resnet152", "resnet1202")
    rounds = [{name: analysis_time(name, 9) for name in names} for _ in range(5)]
    return {name: median(1000 * one[name][0] / one[name][1] for one in rounds) for name in names}


def faster_than_torchinfo(rounds: int, peer_rounds: int) -> float:
    """Record and return how many times faster an analysis of ResNet-152 is than torchinfo on the meta device."""
    (ours, _), theirs = analysis_time("resnet152", rounds), torchinfo_time(peer_rounds)
    return 1 / record("analysis of ResNet-152 / torchinfo", ours, theirs, "≤ 0.0033")


def slowest_per_layer() -> float:
    """Record and return how many times longer a layer of the deepest networks takes than one of ResNet-50."""
    shallow, *deep = times_per_layer().items()
    return max(
        record(f"analysis, a layer of {name} / {shallow[0]}", time, shallow[1], "≤ 2", "µs") for name, time in deep
    )


def test_an_analysis_is_far_faster_than_a_peer() -> None:
    assert faster_than_torchinfo(ROUNDS, PEERS) >= FASTER_THAN_TORCHINFO


def test_the_time_of_an_analysis_grows_with_the_layers_and_no_faster() -> None:
    assert slowest_per_layer() <= SLOWER_PER_LAYER
