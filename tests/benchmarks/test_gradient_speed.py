"""What measuring costs, as ratios within one run, at the pair ResNet-56 and plain-56 on batches of 32.

The bounds that are asserted are loose, so that a busy machine meets them too.
"""

from collections.abc import Callable
from statistics import median
from time import perf_counter

import torch
from torch import Tensor, nn
from torch.nn import functional

from resnet_explorer.gradients.lab import measure
from resnet_explorer.gradients.values import GradientRequest
from resnet_explorer.images.choice import DataChoice
from resnet_explorer.module import build
from resnet_explorer.module.blocks import Block
from resnet_explorer.probes.models import build_from_seed
from resnet_explorer.probes.record import recording
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.catalogue import find, twin
from tests.batches import batch
from tests.benchmarks.table import FULL, record
from tests.narrow import present

HOOKS, SCRIPT = 2.0, 2.0
ROUNDS = 15 if FULL else 2
PAIR = (find("resnet56"), twin(find("resnet56")))
IMAGE = InputShape(32, 32, 32)


def in_turn(figure: str, peer: Callable[[], object], ours: Callable[[], object], rounds: int, goal: str) -> float:
    """Record how long each takes; return the median over rounds of our time over the peer's in the same round."""
    works = peer, ours
    for work in works:
        work()
    times: list[list[float]] = []
    for _ in range(rounds):
        times.append([])
        for work in works:
            start = perf_counter()
            work()
            times[-1].append(perf_counter() - start)
    ratio = median(one / other for other, one in times)
    record(figure, 1e3 * ratio * median(one for one, _ in times), 1e3 * median(one for one, _ in times), goal)
    return ratio


def cost_of_hooks(rounds: int) -> float:
    """Record and return the time of a pass that measures everything over that of a bare pass."""
    models, (x, y, _) = build_from_seed(PAIR, 0), batch(DataChoice(), PAIR[0], IMAGE, 0)

    def bare() -> None:
        for model in models:
            model.zero_grad()
            functional.cross_entropy(model(x), y).backward()

    def measured() -> None:
        for model in models:
            model.zero_grad()
            with recording(model) as record:
                functional.cross_entropy(model(x), y).backward()
                record.values(0.1)

    return in_turn("pass with all blocks measured / bare pass", bare, measured, rounds, "≤ 1.1")


def script() -> list[list[float]]:
    """What one would write by hand: the same two networks and norms, without the terms."""
    torch.manual_seed(0)
    residual = build(PAIR[0])
    plain = build(PAIR[1])
    plain.load_state_dict(residual.state_dict())
    x, y, _ = batch(DataChoice(), PAIR[0], IMAGE, 0)
    return [by_hand(model, x, y) for model in (residual, plain)]


def by_hand(model: nn.Module, x: Tensor, y: Tensor) -> list[float]:
    outputs: list[Tensor] = []
    found: list[float] = []
    blocks = [module for module in model.modules() if isinstance(module, Block)]
    handles = [block.register_forward_hook(lambda _, __, output: outputs.append(output)) for block in blocks]
    output = model(x)
    for one in outputs:
        one.retain_grad()
    functional.cross_entropy(output, y).backward()
    for handle in handles:
        handle.remove()
    for block, one in zip(blocks, outputs, strict=True):
        gradients = torch.cat([present(parameter.grad).flatten() for parameter in block.parameters()]).double()
        weights = torch.cat([parameter.detach().flatten() for parameter in block.parameters()]).double()
        found += [present(one.grad).double().norm().item(), one.detach().double().std().item()]
        found += [gradients.norm().item(), (gradients.norm() / weights.norm()).item()]
    return found


def cost_of_the_lab(rounds: int) -> float:
    """Record and return the time of the lab's measurement of one seed over that of the script."""
    request = GradientRequest(PAIR, IMAGE, seeds=(0,))
    return in_turn("gradients of the pair 56 / script", script, lambda: list(measure(request)), rounds, "≤ 1.15")


def test_measuring_costs_little_over_a_bare_pass() -> None:
    assert cost_of_hooks(ROUNDS) <= HOOKS


def test_the_lab_is_as_fast_as_a_script() -> None:
    assert cost_of_the_lab(ROUNDS) <= SCRIPT
