"""How fast the module is built whose weights are loaded next: a ratio against torchvision in the same run."""

import statistics
import time
from collections.abc import Callable

import torchvision

from resnet_explorer.module import build
from resnet_explorer.spec.catalogue import find
from tests.benchmarks.table import record


def median(work: Callable[[], object], times: int = 5) -> float:
    spent = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        spent.append(time.perf_counter() - start)
    return statistics.median(spent)


def test_building_without_weights_is_far_faster_than_torchvision() -> None:
    spec = find("resnet152")
    ours, theirs = median(lambda: build(spec, initialise=False)), median(torchvision.models.resnet152, 3)
    assert record("module of ResNet-152 without weights / torchvision's", 1e3 * ours, 1e3 * theirs, "≤ 0.2") < 0.2
