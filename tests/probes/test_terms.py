"""The two terms of dL/dx: taking them apart changes no value, and together they are autograd's gradient."""

from functools import partial
from math import sqrt
from statistics import median

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from torch import Tensor
from torch.nn import functional

from resnet_explorer.gradients.lab import measure
from resnet_explorer.gradients.values import GradientRequest, GradientResult
from resnet_explorer.images.choice import DIGITS
from resnet_explorer.module import build
from resnet_explorer.module.build import ResNet
from resnet_explorer.probes.models import blocks_of, build_from_seed
from resnet_explorer.probes.record import Exact, Terms, forward_with_terms, recording
from resnet_explorer.readings.quantities import Quantity
from resnet_explorer.spec import InputShape, ResNetSpec
from resnet_explorer.spec.catalogue import find
from resnet_explorer.spec.change import assign
from tests.batches import batch
from tests.specs import readable

KINDS = (
    "order=v1",
    "order=v1 shortcut=B",
    "order=v1 shortcut=C",
    "order=v2 shortcut=B",
    "order=relu-only shortcut=B",
    "order=bn-after-add",
    "gating=exclusive gate_bias=0",
    "gating=shortcut-only gate_bias=0",
    "shortcut_scale=0.5 branch_scale=0.7071",
    "attention=se",
    "block=bottleneck shortcut=B",
    "norm=none activation=gelu",
)


def net(text: str) -> ResNetSpec:
    return assign(find("resnet20"), "in_channels=1", "blocks=2,2,2", "width=8", *text.split())


@pytest.mark.parametrize("text", KINDS)
def test_both_terms_sum_to_the_gradient_in_float64(text: str) -> None:
    """Identity + branch is dL/du to 1e-10, where u is what both paths take."""
    spec = net(text)
    torch.manual_seed(0)
    model, (x, y, _) = build(spec).double(), batch(DIGITS, spec, InputShape(4, 16, 16), 0)
    for index, block in enumerate(blocks_of(model)):
        nodes: list[Tensor] = []
        at = run_to(model, x.double(), index)
        z = forward_with_terms(block, partial(kept, nodes), at)
        for after in blocks_of(model)[index + 1 :]:
            z = after(z)
        loss = functional.cross_entropy(head(model, z), y)
        whole, shortcut, branch = torch.autograd.grad(loss, nodes)
        assert whole.norm() > 0 and (shortcut + branch - whole).norm() <= 1e-10 * whole.norm()


def kept(nodes: list[Tensor], *told: Tensor) -> None:
    nodes.extend(told)


def run_to(model: torch.nn.Module, x: Tensor, index: int) -> Tensor:
    """What enters a block, as a leaf."""
    seen: list[Tensor] = []
    handle = blocks_of(model)[index].register_forward_pre_hook(lambda _, given: seen.append(given[0].detach().clone()))
    with torch.no_grad():
        model(x)
    handle.remove()
    return seen[0].requires_grad_()


def head(model: ResNet, z: Tensor) -> Tensor:
    for name in model.head:
        z = model.get_submodule(name)(z)
    return z


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(readable())
def test_any_network_gives_the_same_scores_and_gradient_taken_apart(drawn: tuple[ResNetSpec, InputShape]) -> None:
    spec, image = drawn
    torch.manual_seed(0)
    model = build(spec).eval()
    x = torch.randn(image.shape(spec.in_channels, spec.dims), requires_grad=True)
    plainly = model(x)
    with recording(model) as record:
        taken_apart = model(x)
    assert torch.equal(plainly, taken_apart)
    one, other = (torch.autograd.grad(made.sum(), x, allow_unused=True)[0] for made in (plainly, taken_apart))
    assert one is None or torch.allclose(one, other, rtol=1e-4, atol=1e-6 * float(one.abs().max()))
    assert [term is None for term in record.terms] == [not spec.residual] * sum(spec.blocks)


def share_of(depth: str, seeds: tuple[int, ...] = (0, 1, 2)) -> GradientResult:
    *_, last = measure(GradientRequest((assign(find(depth), "in_channels=1"),), InputShape(32, 16, 16), seeds=seeds))
    assert isinstance(last, GradientResult)
    return last


def test_the_shortcut_carries_more_towards_the_loss_and_the_terms_are_nearly_at_right_angles() -> None:
    """With batch norm the branch is the larger term in the first blocks, and a small one in the last."""
    network = share_of("resnet32").networks[0]
    for shares, cosines in zip(network.series(Quantity.SHARE), network.series(Quantity.COSINE), strict=True):
        known = [share for share in shares if share is not None]
        assert known[0] < 0.35 and known[-1] > 0.6
        assert median(known[:5]) < median(known[5:10]) < median(known[10:])
        assert all(abs(cosine or 0) < 0.15 for cosine in cosines)


def test_squares_add_where_the_terms_are_at_right_angles() -> None:
    network = share_of("resnet20", (0,)).networks[0]
    for index in (1, 4, 7):
        whole, shortcut, branch = (
            network.median(one)[index] for one in (Quantity.INPUT, Quantity.SHORTCUT, Quantity.BRANCH)
        )
        assert whole and shortcut and branch
        assert whole == pytest.approx(sqrt(shortcut**2 + branch**2), rel=0.1)


def test_cosine_and_share_of_known_terms() -> None:
    for branch, cosine, share in (([0.0, 2.0], 0.0, 0.2), ([1.0, 0.0], 1.0, 0.5), ([-0.5, 0.0], -1.0, 2.0)):
        terms = Terms(Exact())
        u = torch.ones(2, requires_grad=True)
        one, other = u * 1, u * 1
        terms.watch(u, one, other)
        (one * torch.tensor([1.0, 0.0]) + other * torch.tensor(branch)).sum().backward()
        assert terms.cosine == pytest.approx(cosine) and terms.share == pytest.approx(share)


def test_terms_far_below_float32_keep_their_share() -> None:
    (model,) = build_from_seed((net("order=v1"),), 0)
    model.double()
    with recording(model) as record:
        (model(torch.randn(4, 1, 8, 8, dtype=torch.float64)).sum() * 1e-140).backward()
    assert all(term and term.share and 0 < term.share < 1.2 for term in record.terms)
