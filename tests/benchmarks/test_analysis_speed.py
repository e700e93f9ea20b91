"""How fast the closed form is, as ratios within one run.

In the normal run the bounds are loose, so that a busy machine meets them too;
``python -m tests.benchmarks.test_analysis_speed`` prints the figures and asserts the project's own bounds.
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

FASTER_THAN_TORCHINFO = 300
SLOWER_PER_LAYER = 2
LOOSE_FASTER_THAN_TORCHINFO = 100
LOOSE_SLOWER_PER_LAYER = 4

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
    """Print and return how many times faster an analysis of ResNet-152 is than torchinfo on the meta device."""
    (ours, layers), theirs = analysis_time("resnet152", rounds), torchinfo_time(peer_rounds)
    print(f"ResNet-152, {layers} layers: {ours:.3f} ms, torchinfo {theirs:.1f} ms: {theirs / ours:,.0f} times faster")
    return theirs / ours


def slowest_per_layer() -> float:
    """Print and return how many times longer a layer of the deepest networks takes than one of ResNet-50."""
    times = times_per_layer()
    for name, time in times.items():
        print(f"{name:<10} {time:.3f} µs a layer, {time / times['resnet50']:.2f} times that of ResNet-50")
    return max(times.values()) / times["resnet50"]


def test_an_analysis_is_far_faster_than_a_peer() -> None:
    assert faster_than_torchinfo(51, 3) >= LOOSE_FASTER_THAN_TORCHINFO


def test_the_time_of_an_analysis_grows_with_the_layers_and_no_faster() -> None:
    assert slowest_per_layer() <= LOOSE_SLOWER_PER_LAYER


if __name__ == "__main__":
    assert faster_than_torchinfo(501, 15) >= FASTER_THAN_TORCHINFO
    assert slowest_per_layer() <= SLOWER_PER_LAYER
