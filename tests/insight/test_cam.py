"""Grad-CAM: captum's answer is the paper's formula, at every address and for every class."""

from itertools import pairwise

import pytest
import torch
from torch import Tensor, nn

from resnet_explorer.errors import ExplorerError
from resnet_explorer.insight.lab import cam, grad_cam, maps_at
from resnet_explorer.insight.values import Cam, CamRequest
from resnet_explorer.module.build import ResNet
from resnet_explorer.runs.plan import RunPlan
from tests.inside_subject import images_of, plan, trained


def well_trained(folder: str, asked: RunPlan) -> ResNet:
    return trained(60, asked)


def by_hand(model: nn.Module, path: str, x: Tensor, target: int) -> Tensor:
    """Return equations 1 and 2 of Selvaraju et al. 2017 for one image, by autograd from a map that is put in."""
    maps = maps_at(model, path, x).double().requires_grad_()
    hook = model.get_submodule(path).register_forward_hook(lambda module, given, output: maps * 1.0)
    score = model(x)[0, target]
    hook.remove()
    gradient = torch.autograd.grad(score, maps)[0]
    alpha = gradient.sum(dim=(2, 3)) / (maps.shape[2] * maps.shape[3])
    return torch.einsum("k,khw->hw", alpha[0], maps[0]).clamp(min=0).detach()


PATHS = ("conv1", "bn1", "relu", "layer1", "layer2.0.conv2", "layer2.0", "layer3.0.bn1", "layer3")


@pytest.mark.parametrize("settings", ["", "residual=false", "order=v2", "shortcut=B"])
def test_it_is_the_papers_formula_at_every_kind_of_address(settings: str) -> None:
    asked = plan(*settings.split())
    model = trained(20, asked).double().eval()
    x = images_of(asked).take(torch.tensor([1510]))[0].double()
    known = dict(model.named_modules())
    for path in (path for path in PATHS if path in known):
        for target in (0, 7):
            found = grad_cam(model, path, x, target)[0, 0]
            assert torch.allclose(found, by_hand(model, path, x, target), atol=1e-6), path
    assert not any(module._forward_hooks for module in model.modules())


def test_before_a_global_average_it_is_the_original_class_activation_map() -> None:
    """Zhou et al. 2016; Selvaraju et al. 2017, section 3.1: Grad-CAM generalises CAM, up to the number of pixels."""
    model = trained(20).double().eval()
    x = images_of(plan()).take(torch.tensor([1520]))[0].double()
    maps = maps_at(model, "layer3", x)
    original = torch.einsum("k,khw->hw", model.get_parameter("fc.weight")[3], maps[0]).clamp(min=0)
    found = grad_cam(model, "layer3", x, 3)[0, 0]
    assert torch.allclose(found * maps.shape[2] * maps.shape[3], original.detach(), atol=1e-6)


def of(image: int, path: str, target: int | None = None) -> Cam:
    *_, last = cam(CamRequest("", plan(), image, path, target), well_trained)
    assert isinstance(last, Cam)
    return last


def test_the_class_is_the_predicted_one_unless_another_is_asked_for() -> None:
    found = of(5, "layer3")
    assert found.target == found.predicted == max(range(10), key=found.probabilities.__getitem__)
    assert sum(found.probabilities) == pytest.approx(1)
    assert found.map.shape == (2, 2) and found.large.shape == found.pixels.shape[:2] == (8, 8)
    assert found.map.min() >= 0 and found.large.max() <= found.map.max() + 1e-6
    other = of(5, "layer3", (found.predicted + 1) % 10)
    assert other.target != found.target and (other.map != found.map).any()


def test_maps_get_finer_towards_the_input() -> None:
    sizes = [of(5, path).map.shape[0] for path in ("layer1", "layer2", "layer3")]
    assert all(one == 2 * other for one, other in pairwise(sizes))


def test_what_is_not_there_is_said() -> None:
    with pytest.raises(ExplorerError, match="no class 10"):
        of(5, "layer3", 10)
    with pytest.raises(ExplorerError, match="has no feature maps"):
        of(5, "fc")
    with pytest.raises(ExplorerError, match="no test image"):
        of(-1, "layer3")
