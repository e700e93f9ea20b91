"""Groups of parameters by the type of their module, and every optimiser's own defaults."""

import pytest
import torch

from resnet_explorer.module import build
from resnet_explorer.spec.catalogue import find
from resnet_explorer.spec.change import assign
from resnet_explorer.training.trainer import clip, groups, split_parameters
from tests.narrow import present


@pytest.mark.parametrize(("name", "tensors", "numbers"), [("resnet18", 41, 9_610), ("resnet50", 107, 53_130)])
def test_what_is_spared_is_told_by_type(name: str, tensors: int, numbers: int) -> None:
    """Torchvision's networks with 10 classes: matching "bn" or "bias" in names misses ``downsample.1``."""
    model = build(assign(find(name), "classes=10"), initialise=False)
    decayed, spared = split_parameters(model)
    assert (len(spared), sum(one.numel() for one in spared)) == (tensors, numbers)
    assert len(decayed) + len(spared) == len(list(model.parameters()))
    assert all(one.ndim > 1 for one in decayed) and all(one.ndim == 1 for one in spared)


def test_other_norms_are_spared_too() -> None:
    for norm in ("group", "frn", "evonorm-s0"):
        model = build(assign(find("resnet20"), "order=v2", f"norm={norm}"), initialise=False)
        assert all(one.ndim > 1 for one in split_parameters(model)[0])


def test_all_is_in_one_group_where_nothing_is_spared() -> None:
    model = build(find("resnet20"), initialise=False)
    (group,) = groups(model, 1e-4, False)
    assert group["weight_decay"] == 1e-4 and len(group["params"]) == len(list(model.parameters()))
    first, second = groups(model, 1e-4, True)
    assert (first["weight_decay"], second["weight_decay"]) == (1e-4, 0.0)


def test_a_bound_shortens_a_long_gradient_alone() -> None:
    layer = torch.nn.Linear(3, 2)
    for one in layer.parameters():
        one.grad = torch.ones_like(one)
    clip(layer, 0.0)
    clip(layer, 100.0)
    assert all(bool((present(one.grad) == 1).all()) for one in layer.parameters())
    clip(layer, 1.0)
    gradients = torch.cat([present(one.grad).flatten() for one in layer.parameters()])
    assert gradients.norm().item() == pytest.approx(1, rel=1e-4)
