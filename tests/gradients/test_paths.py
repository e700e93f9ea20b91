"""Paths: the dynamic program is the sum over all paths, and together they are autograd's gradient."""

from dataclasses import replace
from itertools import product
from math import comb

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional

from resnet_explorer.errors import ExplorerError
from resnet_explorer.gradients.descent import RECIPE, Paths, PathsRequest, binomial, window
from resnet_explorer.gradients.paths import cross, follow, through, walk
from resnet_explorer.images.choice import DIGITS
from resnet_explorer.module import build
from resnet_explorer.probes.models import blocks_of
from resnet_explorer.spec import InputShape, ResNetSpec
from resnet_explorer.spec.catalogue import find
from resnet_explorer.spec.change import assign
from tests.batches import batch

IMAGE = InputShape(16, 8, 8)


def net(*settings: str) -> ResNetSpec:
    return assign(find("resnet20"), "in_channels=1", "order=v2", "width=8", *settings)


def followed(spec: ResNetSpec, steps: int = 0, **how: object) -> Paths:
    *_, last = follow(PathsRequest(spec, IMAGE, recipe=replace(RECIPE, steps=steps, batch=16), **how))  # type: ignore[arg-type]
    assert isinstance(last, Paths)
    return last


@pytest.mark.parametrize("settings", [(), ("shortcut=B",), ("order=v1",), ("norm=none",), ("gating=exclusive",)])
def test_all_lengths_sum_to_autograds_gradient(settings: tuple[str, ...]) -> None:
    found = followed(net(*settings))
    assert found.error < 1e-5 and sum(found.shares) == pytest.approx(1, abs=1e-5)
    assert found.blocks == 9 and found.total > 0


def test_a_length_is_the_sum_over_every_single_path() -> None:
    """Three blocks have eight paths: each is followed on its own, and those of one length are added."""
    spec = net("blocks=1,1,1", "shortcut=B")
    torch.manual_seed(0)
    model, (x, y, _) = build(spec).double(), batch(DIGITS, spec, IMAGE, 0)
    crossings, gradient = cross(model, x.double(), y)
    sums = [gradient]
    for crossing in reversed(crossings):
        sums = through(crossing, sums)
    by_hand = [torch.zeros_like(sums[0]) for _ in range(4)]
    for taken in product((False, True), repeat=3):
        one = gradient
        for crossing, branch in zip(reversed(crossings), taken, strict=True):
            (one,) = crossing.back(one, crossing.branch if branch else crossing.shortcut)
        by_hand[sum(taken)] += one
    assert all(torch.allclose(one, other, rtol=1e-9) for one, other in zip(sums, by_hand, strict=True))
    first, *_, last = walk(crossings, gradient, 1, 0)
    assert first == pytest.approx(sums[0].norm().item()) and last == pytest.approx(sums[-1].norm().item())


def test_the_sum_is_the_gradient_at_the_first_block_of_the_usual_run() -> None:
    spec = net()
    torch.manual_seed(0)
    model, (x, y, _) = build(spec).double(), batch(DIGITS, spec, IMAGE, 0)
    crossings, sums = cross(model, x.double(), y)[0], [cross(model, x.double(), y)[1]]
    for crossing in reversed(crossings):
        sums = through(crossing, sums)
    kept: list[torch.Tensor] = []
    blocks_of(model)[0].register_forward_pre_hook(lambda _, given: kept.append(given[0]))
    loss = functional.cross_entropy(model(x.double()), y)
    (usual,) = torch.autograd.grad(loss, kept)
    assert (torch.stack(sums).sum(dim=0) - usual).norm() < 1e-10 * usual.norm()


def test_after_training_the_gradient_comes_along_short_paths() -> None:
    """Veit et al. 2016, section 4.3; and training shortens them further."""
    spec = net("blocks=5,5,5")
    fresh, trained = (followed(spec, steps, walks=0, seed=1) for steps in (0, 40))
    assert trained.carriers[1] < trained.blocks * 0.75
    means = [sum(k * share for k, share in enumerate(found.shares)) for found in (fresh, trained)]
    assert means[1] < means[0] < fresh.blocks / 2 + 1 and means[1] < 0.42 * trained.blocks


def test_zero_init_has_one_path_alone() -> None:
    found = followed(net("zero_init=true"))
    assert found.shares == pytest.approx((1.0, *(0.0,) * 9)) and found.carriers == (0, 0)


def test_the_papers_curve_is_the_count_times_a_single_path() -> None:
    found = followed(net("blocks=1,1,1"), walks=2)
    assert found.product[0] == pytest.approx(found.norms[0], rel=1e-4) and found.product[3] == pytest.approx(
        found.norms[3], rel=1e-4
    )
    assert found.product[1] == pytest.approx(comb(3, 1) * (found.singles[1] or 0))
    assert set(replace(found, singles=(None,) * 4).product) == {None}


def test_a_plain_network_has_no_paths() -> None:
    with pytest.raises(ExplorerError, match="only one path"):
        PathsRequest(net("residual=false"))


@given(st.integers(0, 600))
def test_lengths_of_paths_are_binomial(blocks: int) -> None:
    shares = binomial(blocks)
    assert sum(shares) == pytest.approx(1) and shares == pytest.approx(shares[::-1])
    assert sum(k * share for k, share in enumerate(shares)) == pytest.approx(blocks / 2)


def test_of_54_blocks_most_paths_pass_19_to_35() -> None:
    """Veit et al. 2016, section 4.1: more than 95 % of the paths of a ResNet-110."""
    assert sum(binomial(54)[19:36]) > 0.95


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_the_window_holds_its_portion_and_no_shorter_one_does(weights: list[float]) -> None:
    low, high = window(weights)
    total = sum(weights)
    assert sum(weights[low : high + 1]) >= 0.95 * total * (1 - 1e-9)
    shorter = high - low
    starts = range(len(weights) - shorter + 1)
    assert all(sum(weights[at : at + shorter]) < 0.95 * total + 1e-9 for at in starts) or total == 0
