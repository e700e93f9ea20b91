"""The loss surface: filters as long as the trained ones, weights that come back bit for bit, and its middle."""

from dataclasses import replace
from math import isfinite
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from resnet_explorer.errors import ExplorerError
from resnet_explorer.insight.lab import directions, mean_loss, plane, surface
from resnet_explorer.insight.values import RunReference, Surface, SurfaceRequest
from resnet_explorer.module.build import ResNet
from resnet_explorer.readings.progress import Partial, Progress
from resnet_explorer.runs.plan import RunPlan
from tests.inside_subject import images_of, plan, trained
from tests.narrow import close

LOOK = RunReference("", plan())


def well_trained(folder: str, asked: RunPlan) -> ResNet:
    return trained(60, asked)


def bits(model: nn.Module) -> dict[str, torch.Tensor]:
    return {name: one.clone() for name, one in model.state_dict().items()}


def same(model: nn.Module, before: dict[str, torch.Tensor]) -> bool:
    return all(torch.equal(one, before[name]) for name, one in model.state_dict().items())


def test_every_filter_of_a_direction_is_as_long_as_the_trained_one_and_norms_and_biases_stay() -> None:
    """Li et al. 2018, section 4."""
    model = trained(20)
    for direction in directions(model, seed=3):
        assert set(direction) == {name for name, one in model.named_parameters() if one.ndim > 1}
        assert not any("bn" in name or "bias" in name for name in direction)
        for name, moves in direction.items():
            weight = model.get_parameter(name).detach()
            assert torch.allclose(moves.flatten(1).norm(dim=1), weight.flatten(1).norm(dim=1), rtol=1e-5)


def test_two_directions_are_nearly_at_right_angles_and_a_seed_gives_them_again() -> None:
    model = trained(20)
    first, second = (torch.cat([one.flatten() for one in found.values()]) for found in directions(model, 0))
    assert abs(float(first @ second / first.norm() / second.norm())) < 0.05
    again = torch.cat([one.flatten() for one in directions(model, 0)[0].values()])
    other = torch.cat([one.flatten() for one in directions(model, 1)[0].values()])
    assert torch.equal(first, again) and not torch.equal(first, other)


@pytest.mark.parametrize("batch_statistics", [False, True])
def test_the_weights_and_statistics_come_back_bit_for_bit(batch_statistics: bool) -> None:
    model = trained(20).train()
    before, modes = bits(model), [module.training for module in model.modules()]
    x, y, _ = images_of(plan()).draw(64, 0)
    request = SurfaceRequest((LOOK,), size=3, batch_statistics=batch_statistics)
    *_, last = plane(model, x, y, LOOK, request)
    assert last.measured.all() and same(model, before)
    assert [module.training for module in model.modules()] == modes


def test_the_weights_are_never_touched_and_the_statistics_come_back_where_it_is_given_up() -> None:
    model = trained(20)
    before = bits(model)
    x, y, _ = images_of(plan()).draw(64, 0)
    rows = plane(model, x, y, LOOK, SurfaceRequest((LOOK,), size=5, batch_statistics=True))
    next(rows)
    assert all(torch.equal(parameter, before[name]) for name, parameter in model.named_parameters())
    assert not same(model, before), "the statistics of these images"
    close(rows)
    assert same(model, before)


def test_its_middle_is_the_loss_of_the_trained_weights_and_a_step_is_that_step() -> None:
    model = trained(60).eval()
    x, y, _ = images_of(plan()).draw(100, 0)
    *_, last = plane(model, x, y, LOOK, SurfaceRequest((LOOK,), size=5, reach=0.5, images=100))
    here = mean_loss(model, x, y)
    assert last.losses[2, 2] == np.float32(last.middle) == np.float32(here)
    first, second = directions(model, 0)
    with torch.no_grad():
        for name in first:
            model.get_parameter(name).add_(first[name], alpha=0.5).add_(second[name], alpha=-0.25)
    assert last.losses[1, 4] == pytest.approx(mean_loss(model, x, y), rel=1e-4)


def test_with_the_images_own_statistics_it_is_the_loss_in_training_mode() -> None:
    model = trained(20)
    x, y, _ = images_of(plan()).draw(64, 0)
    request = SurfaceRequest((LOOK,), size=3, batch_statistics=True)
    first = next(plane(model, x, y, LOOK, request))
    with torch.no_grad():
        assert first.middle == pytest.approx(float(nn.functional.cross_entropy(model.train()(x), y)), rel=1e-5)


def test_it_streams_row_by_row_from_the_middle_for_each_network() -> None:
    plain = RunReference("", plan("residual=false", name="plain"))
    request = SurfaceRequest((LOOK, plain), size=5, images=64)
    steps = list(surface(request, well_trained))
    partial = [step.value for step in steps if isinstance(step, Partial)]
    assert len(partial) == 10 and not any(one.complete for one in partial[:-1])
    assert [int(one.slices[-1].measured.sum()) for one in partial] == [5, 10, 15, 20, 25] * 2
    assert partial[0].slices[0].measured[2].all() and [len(one.slices) for one in partial] == [1] * 5 + [2] * 5
    last = steps[-1]
    assert isinstance(last, Surface) and last.complete and last.used == 64
    assert max(step.done for step in steps if isinstance(step, Progress)) == 10
    for one in last.slices:
        assert isfinite(one.middle) and one.middle <= one.losses.max()
        assert one.middle < np.nanmedian(one.losses), "training went downhill"


def test_what_cannot_be_measured_is_refused() -> None:
    good = SurfaceRequest((LOOK,))
    bad: tuple[dict[str, Any], ...] = ({"size": 4}, {"size": 1}, {"reach": 0.0}, {"images": 0})
    for change in bad:
        with pytest.raises(ExplorerError):
            replace(good, **change)
    with pytest.raises(ExplorerError, match="no trained network"):
        SurfaceRequest(())
    with pytest.raises(ExplorerError, match="backbone"):
        SurfaceRequest((RunReference("", plan("classes=none")),))
