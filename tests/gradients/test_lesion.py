"""Lesions: what a residual network can miss and a plain one cannot; and afterwards everything is as it was."""

from contextlib import AbstractContextManager
from dataclasses import replace

import pytest
import torch

from resnet_explorer.errors import ExplorerError
from resnet_explorer.gradients.descent import RECIPE, LesionRequest
from resnet_explorer.gradients.lab import lesions
from resnet_explorer.module import build
from resnet_explorer.module.blocks import Block
from resnet_explorer.probes.models import blocks_of
from resnet_explorer.readings.lesions import LesionStudy
from resnet_explorer.runs.lesions import dropping, swapping
from resnet_explorer.spec import ResNetSpec
from resnet_explorer.spec.catalogue import find, twin
from resnet_explorer.spec.change import assign


def net(*settings: str) -> ResNetSpec:
    return assign(find("resnet20"), "in_channels=1", "width=8", *settings)


@pytest.fixture(scope="module", params=[0, 1])
def found(request: pytest.FixtureRequest) -> LesionStudy:
    spec = net()
    asked = LesionRequest((spec, twin(spec)), recipe=replace(RECIPE, steps=120), seed=request.param)
    *_, last = lesions(asked)
    assert isinstance(last, LesionStudy)
    return last


def test_a_residual_net_can_miss_a_block_and_a_plain_one_cannot(found: LesionStudy) -> None:
    """Veit et al. 2016, section 4.1 and figure 3."""
    residual, plain = found.networks
    assert residual.typical is not None and plain.typical is not None and plain.batch is not None
    assert residual.whole < 0.1 and 1 - residual.typical > 0.8 * (1 - residual.whole)
    assert plain.batch < 0.4 and 1 - plain.typical < 0.4 * (1 - plain.batch)
    assert min(error for error in plain.dropped if error is not None) > residual.typical


def test_a_residual_net_can_swap_two_blocks_and_a_plain_one_cannot(found: LesionStudy) -> None:
    """Veit et al. 2016, section 4.3: the order of blocks matters little."""
    swaps = [[value for value in one.swapped if value is not None] for one in found.networks]
    assert len(swaps[0]) == len(swaps[1]) == 4, "the first stage has two pairs of one shape, the others one each"
    assert max(swaps[0]) < 0.4 and min(swaps[1]) > 0.5


def test_every_block_has_its_lesion(found: LesionStudy) -> None:
    assert found.complete and [one.tested for one in found.networks] == [297, 297]
    assert all(len(one.dropped) == len(one.swapped) == len(one.places) == 9 for one in found.networks)


KINDS = (
    "",
    "shortcut=B",
    "order=v2",
    "residual=false",
    "residual=false order=v2",
    "gating=exclusive",
    "block=bottleneck",
)


@pytest.mark.parametrize("settings", KINDS)
def test_what_was_taken_out_is_put_back(settings: str) -> None:
    torch.manual_seed(0)
    model, x = build(net(*settings.split())).eval(), torch.randn(2, 1, 9, 8)
    shapes = shapes_of(model, x)
    with torch.no_grad():
        whole = model(x)
        for index, block in enumerate(blocks_of(model)):
            wounds: list[AbstractContextManager[None]] = [dropping(block, shapes[index])]
            wounds += [swapping(model, index)] if index == 1 else []
            for lesion in wounds:
                with lesion:
                    assert not torch.equal(model(x), whole)
                assert torch.equal(model(x), whole)


def shapes_of(model: torch.nn.Module, x: torch.Tensor) -> list[torch.Size]:
    shapes: list[torch.Size] = []
    handles = [block.register_forward_hook(lambda _, __, y: shapes.append(y.shape[1:])) for block in blocks_of(model)]
    with torch.no_grad():
        model(x)
    for handle in handles:
        handle.remove()
    return shapes


def test_without_its_branch_a_block_is_its_shortcut() -> None:
    """F = 0: for the identity of v1 that is ReLU(x), for v2 x itself."""
    for order, expected in (("v1", torch.relu), ("v2", torch.clone)):
        block = next(one for one in blocks_of(build(net(f"order={order}")).eval()) if isinstance(one, Block))
        x = torch.randn(2, 8, 8, 8)
        with torch.no_grad(), dropping(block, x.shape[1:]):
            assert torch.equal(block(x.clone()), expected(x))


def test_a_backbone_is_refused() -> None:
    with pytest.raises(ExplorerError, match="does not classify images"):
        LesionRequest((net("classes=none"),))
