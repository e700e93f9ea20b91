"""Gradients at neighbouring inputs: as in Balduzzi et al. 2017, and in the networks at hand."""

import pytest
import torch
from torch import nn

from resnet_explorer.errors import ExplorerError
from resnet_explorer.gradients.lab import autocorrelation, between, neighbours, shatter
from resnet_explorer.gradients.values import LAGS, Shattering, ShatterRequest
from resnet_explorer.readings.quantities import Mode
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.catalogue import find, twin
from resnet_explorer.spec.change import assign

GREY = assign(find("resnet20"), "in_channels=1")


@pytest.fixture(scope="module")
def found() -> Shattering:
    *_, last = shatter(ShatterRequest((GREY, twin(GREY)), depths=(2, 24)))
    assert isinstance(last, Shattering)
    return last


def lag1(found: Shattering, kind: str, depth: int) -> tuple[float, ...]:
    """The autocorrelation at lag 1, seed by seed."""
    line = next(line for line in found.lines if (line.kind, line.depth) == (kind, depth))
    return tuple(row[0] for row in line.correlations)


def test_with_depth_plain_gradients_become_white_noise(found: Shattering) -> None:
    """Balduzzi et al. 2017, figure 1: brown noise in shallow nets, white noise in deep ones."""
    assert min(lag1(found, "plain, batch norm", 2)) > 0.6
    assert max(lag1(found, "plain, batch norm", 24)) < 0.25


def test_the_shortcut_keeps_them_alike(found: Shattering) -> None:
    assert min(lag1(found, "residual, batch norm", 24)) > 0.5


def test_without_a_norm_these_nets_do_not_shatter(found: Shattering) -> None:
    assert min(lag1(found, "plain, no norm", 24)) > 0.5


def test_in_the_networks_at_hand_neighbours_agree_with_shortcuts_and_not_without(found: Shattering) -> None:
    residual, plain = found.networks
    for ours, theirs in zip(residual.cosines, plain.cosines, strict=True):
        assert ours[0] > 0.6 and theirs[0] < 0.35 and list(ours) == sorted(ours, reverse=True)
    assert "64 points between two images" in found.data


def test_autocorrelation_of_known_signals() -> None:
    generator = torch.Generator().manual_seed(0)
    white = torch.randn(4096, dtype=torch.float64, generator=generator)
    assert all(abs(value) < 0.05 for value in autocorrelation(white))
    brown = autocorrelation(white.cumsum(0))
    assert brown[0] > 0.98
    assert autocorrelation(torch.tensor([1.0, -1.0] * 500, dtype=torch.float64))[:2] == pytest.approx((-1, 1), abs=0.01)
    assert autocorrelation(torch.ones(64, dtype=torch.float64)) == (0.0,) * len(LAGS)


def test_a_linear_model_has_one_gradient_everywhere() -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 10))
    line = between(torch.randn(2, 1, 8, 8), 40)
    assert neighbours(model, line, Mode.EVAL) == pytest.approx((1.0,) * len(LAGS))  # type: ignore[arg-type]
    steps = (line[1:] - line[:-1]).flatten(1)
    assert torch.allclose(steps, steps[:1].expand_as(steps), atol=1e-6)


def test_too_few_points_are_refused() -> None:
    with pytest.raises(ExplorerError, match="too few"):
        ShatterRequest((GREY,), InputShape(8, 16, 16))
