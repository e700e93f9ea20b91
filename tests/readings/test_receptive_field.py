"""Receptive fields, measured in torch as the pixels that have a gradient."""

import pytest
import torch
from hypothesis import given, settings
from torch import nn

from resnet_explorer.network import compile_spec
from resnet_explorer.readings import analyse
from resnet_explorer.readings.results import Extent
from resnet_explorer.spec import InputShape, ResNetSpec
from resnet_explorer.spec.catalogue import CATALOGUE
from resnet_explorer.spec.change import assign
from tests.specs import paper_specs
from tests.torch_reference import build


def measured(spec: ResNetSpec, side: int) -> int:
    """Return the side of the square of pixels that the middle of the last map depends on.

    All weights are alike and positive, and max-pooling, whose gradient takes one pixel of a window, takes its mean.
    """
    model = build(spec, "cpu").double()
    if model.maxpool is not None:
        setattr(model, "maxpool", nn.AvgPool2d(3, 2, 1))  # noqa: B010  # of another type, on purpose
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.constant_(module.weight, 1 / module.weight[0].numel())
    x = torch.ones(1, spec.in_channels, side, side, dtype=torch.float64, requires_grad=True)
    last = model.maps(x)
    last[0, :, last.shape[2] // 2, last.shape[3] // 2].sum().backward()
    assert x.grad is not None
    rows = x.grad[0].abs().sum(dim=(0, 2)).nonzero().flatten()
    return int(rows[-1] - rows[0]) + 1


def describe(spec: ResNetSpec, side: int) -> Extent | None:
    return analyse(compile_spec(spec), InputShape(1, side, side)).total.receptive_field


@pytest.mark.parametrize(
    ("name", "side"), [("resnet18", 544), ("resnet50", 544), ("plain18", 544), ("resnet20", 96), ("resnet56", 272)]
)
def test_published_networks(name: str, side: int) -> None:
    narrow = assign(CATALOGUE[name].spec, "width=2", "in_channels=1")
    assert describe(narrow, side) == measured(narrow, side)


@settings(deadline=None, max_examples=25)
@given(paper_specs())
def test_random_networks(spec: ResNetSpec) -> None:
    blocks = ",".join(str(min(count, 2)) for count in spec.blocks)
    narrow = assign(spec, "width=2", "stem_channels=2", "in_channels=1", f"blocks={blocks}")
    field = describe(narrow, 64)
    assert field is not None
    side = field + 4 * 2 ** len(spec.blocks) * 2
    assert measured(narrow, side) == field


def test_the_whole_image_after_global_pooling() -> None:
    analysis = analyse(compile_spec(CATALOGUE["resnet18"].spec), InputShape())
    after = [(row.path, row.receptive_field, row.reading.stride) for row in analysis.rows[-3:]]
    assert after == [("avgpool", None, None), ("flatten", None, None), ("fc", None, None)]
    assert analysis.rows[-4].reading.stride == 32
