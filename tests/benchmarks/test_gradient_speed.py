"""What measuring costs, as ratios within one run, at the pair ResNet-56 and plain-56 on batches of 32.

In the normal run the bounds are loose, so that a busy machine meets them too;
``python -m tests.benchmarks.test_gradient_speed`` prints the figures and asserts the project's own bounds.
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
from tests.narrow import present

HOOKS, SCRIPT = 1.10, 1.15
LOOSE_HOOKS, LOOSE_SCRIPT = 1.5, 1.6
PAIR = (find("resnet56"), twin(find("resnet56")))
IMAGE = InputShape(32, 32, 32)


def in_turn(works: tuple[Callable[[], object], ...], rounds: int) -> list[float]:
    """Return how long each takes, as the median over rounds of its time over the first one's in the same round."""
    for work in works:
        work()
    times: list[list[float]] = []
    for _ in range(rounds):
        times.append([])
        for work in works:
            start = perf_counter()
            work()
            times[-1].append(perf_counter() - start)
    print(", ".join(f"{1000 * median(column):.0f} ms" for column in zip(*times, strict=True)))
    return [median(one[index] / one[0] for one in times) for index in range(len(works))]


def cost_of_hooks(rounds: int) -> float:
    """Print and return the time of a pass that measures everything over that of a bare pass."""
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

    _, ratio = in_turn((bare, measured), rounds)
    print(f"all blocks measured: {ratio:.3f} times a bare forward and backward pass")
    return ratio


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
    """Print and return the time of the lab's measurement of one seed over that of the script."""
    request = GradientRequest(PAIR, IMAGE, seeds=(0,))
    _, ratio = in_turn((script, lambda: list(measure(request))), rounds)
    print(f"ResNet-56 and plain-56, batch 32, one seed: {ratio:.3f} times a script by hand")
    return ratio


def test_measuring_costs_little_over_a_bare_pass() -> None:
    assert cost_of_hooks(3) <= LOOSE_HOOKS


def test_the_lab_is_as_fast_as_a_script() -> None:
    assert cost_of_the_lab(3) <= LOOSE_SCRIPT


if __name__ == "__main__":
    assert cost_of_hooks(15) <= HOOKS
    assert cost_of_the_lab(15) <= SCRIPT
