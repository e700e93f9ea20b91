"""RegNets beside timm's and torchvision's: known by their layers' shapes, and the same outputs with their weights.

Parameters, MACs and maps of all of them are compared in ``tests/readings/test_variants.py``.
"""

from collections.abc import Callable
from functools import partial

import pytest
import torch
import torchvision
from torch import nn
from torchvision.models.regnet import BlockParams

from resnet_explorer.module import build
from resnet_explorer.spec.catalogue import CATALOGUE, find
from resnet_explorer.weights.identify import identify
from tests.cases import each
from tests.timm_reference import named, shaken, uninitialised

NAMES = [name for name, entry in CATALOGUE.items() if entry.family.key == "regnet"]
SMALL = ("regnetx_002", "regnetx_004_tv", "regnety_002", "regnety_008_tv")


def on_meta(name: str) -> nn.Module:
    with torch.device("meta"):
        return named(name)


def of_torchvision(name: str) -> nn.Module:
    with uninitialised():
        model: nn.Module = torchvision.models.get_model(name)
    return model


def shapes_of(model: nn.Module) -> dict[str, tuple[int, ...]]:
    return {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}


@each("name", NAMES)
def test_every_one_is_known_by_its_layers(name: str) -> None:
    shapes = shapes_of(on_meta(name))
    found = identify(shapes)
    assert (found.spec.name, found.fits) == (name, True), found.problems[:3]
    assert set(found.names) == set(shapes)


@pytest.mark.parametrize(
    ("name", "make"),
    [*((name, partial(named, name)) for name in SMALL), ("regnetx_008", partial(of_torchvision, "regnet_x_800mf")),
     ("regnety_004", partial(of_torchvision, "regnet_y_400mf"))],
)  # fmt: skip
def test_the_same_outputs(name: str, make: Callable[[], nn.Module]) -> None:
    theirs, ours = shaken(make()).double(), build(find(name), initialise=False).double()
    found = identify(shapes_of(theirs))
    assert found.spec.name == name and found.fits
    ours.load_state_dict({found.names[key]: value for key, value in theirs.state_dict().items()})
    for side in ((65, 97), (128, 33)):
        x = torch.randn(2, 3, *side, generator=torch.Generator().manual_seed(0)).double()
        for training in (False, True):
            with torch.no_grad():
                expected, answer = (model.train(training)(x) for model in (theirs, ours))
            assert (answer - expected).norm() <= 1e-10 * expected.norm()


@pytest.mark.parametrize("number", ["2", "4", "8", "16"])
def test_the_widths_are_those_of_the_linear_rule(number: str) -> None:
    """Radosavovic et al. 2020, section 3.3, with the parameters that torchvision has of the published networks."""
    rules = {
        "2": ("regnetx_002", {"depth": 13, "w_0": 24, "w_a": 36.44, "w_m": 2.49, "group_width": 8}),
        "4": ("regnety_004", {"depth": 16, "w_0": 48, "w_a": 27.89, "w_m": 2.09, "group_width": 8}),
        "8": ("regnetx_008", {"depth": 16, "w_0": 56, "w_a": 35.73, "w_m": 2.28, "group_width": 16}),
        "16": ("regnety_016", {"depth": 27, "w_0": 48, "w_a": 20.71, "w_m": 2.65, "group_width": 24}),
    }
    name, rule = rules[number]
    spec, params = find(name), BlockParams.from_init_params(**rule)
    assert (spec.blocks, spec.widths) == (tuple(params.depths), tuple(params.widths))
    assert {spec.group_width} == set(params.group_widths)


def test_published_costs() -> None:
    """The paper's parameters in millions and multiply-adds in thousand millions, as the rows quote them."""
    from tests.readings.test_variants import read

    for name in NAMES:
        if published := CATALOGUE[name].published:
            total = read(name, "3x224x224").total
            _, params, macs = (text.split()[0] for text in published.removeprefix("Error ").split(", "))
            assert abs(total.params / 1e6 - float(params)) <= 0.06 and abs(total.macs / 1e9 - float(macs)) <= 0.06, name
