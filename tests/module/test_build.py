"""The module is torchvision's network, weight for weight, and the closed form row by row."""

import io
from contextlib import nullcontext

import pytest
import torch
import torchvision
from hypothesis import HealthCheck, given, settings
from torch.utils.flop_counter import FlopCounterMode

from resnet_explorer.errors import InputError
from resnet_explorer.module import build
from resnet_explorer.module.meta import BareShapes, CountedShapes
from resnet_explorer.network import compile_spec
from resnet_explorer.readings import analyse
from resnet_explorer.spec import InputShape, ResNetSpec
from resnet_explorer.spec.catalogue import CATALOGUE, find
from resnet_explorer.spec.change import assign, change_all
from tests.narrow import present
from tests.specs import images, small_specs

TORCHVISION = [name for name in CATALOGUE if hasattr(torchvision.models, name)]
SMALL = ["resnet18", "resnet50", "resnext50_32x4d"]


def twins(name: str) -> tuple[torch.nn.Module, torch.nn.Module]:
    """torchvision's network with random weights and statistics, and ours with the same."""
    torch.manual_seed(0)
    theirs = getattr(torchvision.models, name)()
    for module in theirs.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(present(module.running_mean), -0.2, 0.2)
            torch.nn.init.uniform_(present(module.running_var), 0.5, 1.5)
    ours = build(find(name), initialise=False)
    ours.load_state_dict(theirs.state_dict(), strict=True)
    return theirs, ours


def test_torchvision_has_ten() -> None:
    assert len(TORCHVISION) == 10


@pytest.mark.parametrize("name", TORCHVISION)
def test_the_same_output_as_torchvision(name: str) -> None:
    theirs, ours = (model.eval() for model in twins(name))
    with torch.no_grad():
        image = torch.randn(2, 3, 64, 97)  # even heights, odd widths
        expected = theirs(image)
        assert (ours(image) - expected).norm() <= 1e-5 * expected.norm()


@pytest.mark.parametrize("name", SMALL)
def test_the_same_gradients_as_torchvision(name: str) -> None:
    theirs, ours = twins(name)
    image = torch.randn(2, 3, 64, 64)
    for model in (theirs, ours):
        model(image).logsumexp(1).sum().backward()
    expected = dict(theirs.named_parameters())
    for path, parameter in ours.named_parameters():
        assert parameter.grad is not None
        assert torch.allclose(parameter.grad, present(expected[path].grad), rtol=1e-3, atol=1e-4), path


@pytest.mark.parametrize("name", ["resnet50", "resnetv2_50d_gn", "cbam_resnet50", "resnet110_exclusive_gate"])
def test_the_counter_sees_no_difference_without_batch_norms_own_steps(name: str) -> None:
    model, x = build(find(name), device="meta", initialise=False).eval(), torch.empty(2, 3, 65, 64, device="meta")
    counts = []
    for norms in (nullcontext(), BareShapes()):
        with FlopCounterMode(display=False) as counter, norms, torch.no_grad():
            output = model(x)
        counts.append((output.shape, counter.get_flop_counts()))
    assert counts[0] == counts[1]
    with CountedShapes() as own, torch.no_grad():
        output = model(x)
    assert (output.shape, own.flops) == (counts[0][0], sum(counts[0][1]["Global"].values()))


@given(spec=small_specs(), image=images(60))
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
def test_every_row_of_a_random_network_equals_the_module(spec: ResNetSpec, image: InputShape) -> None:
    model = build(spec, device="meta", initialise=False).eval()
    x = torch.empty(image.shape(spec.in_channels, spec.dims), device="meta")
    try:
        analysis = analyse(compile_spec(spec), image)
    except InputError as error:
        if "but the shortcut is" in error.what:
            return  # PyTorch may spread a map of one pixel over the other: no addition that anybody wants
        with pytest.raises((RuntimeError, ValueError)):
            model(x)
        assert error.where
        return
    shapes: dict[str, tuple[int, ...]] = {}
    for path, module in model.named_modules():
        module.register_forward_hook(lambda _, __, out, path=path: shapes.__setitem__(path, tuple(out.shape)))
    with FlopCounterMode(display=False) as counter, BareShapes(), torch.no_grad():
        model(x)
    assert counter.get_total_flops() == 2 * analysis.total.macs
    assert sum(parameter.numel() for parameter in model.parameters()) == analysis.total.params
    for row in analysis.rows:
        if row.part.layer.module:
            module = model.get_submodule(row.path)
            assert shapes[row.path] == row.reading.output, row.path
            assert sum(parameter.numel() for parameter in module.parameters()) == row.reading.params
    for path, sums in analysis.sums.items():
        assert path in ("stem", "head") or shapes[path] == sums.output


def test_the_repr_can_be_read() -> None:
    text = repr(build(find("resnet18"), device="meta", initialise=False))
    assert "(layer2): Sequential(" in text
    assert "(downsample): Sequential(" in text
    assert "(conv1): Conv2d(3, 64, kernel_size=(7, 7), stride=(2, 2), padding=(3, 3), bias=False)" in text


EVERY_KIND = (
    ("resnet18",),
    ("resnet20",),
    ("plain20",),
    ("resnet20", "block=bottleneck", "order=v2", "shortcut=B"),
    ("resnet20", "attention=se", "anti_alias=blur", "norm=group"),
    ("resnet20", "attention=cbam", "gain=layerscale", "stem=deep", "activation=silu"),
    ("resnet20", "attention=eca", "gating=exclusive", "norm=layer"),
    ("resnet20", "order=v2", "norm=frn", "conv=standardised", "downsample=avgpool", "shortcut=B"),
    ("resnet20", "order=v2", "norm=evonorm-s0", "gating=shortcut-only", "shortcut_dropout=0.5"),
    ("resnet20", "norm=none", "init=fixup", "stochastic_depth=0.5"),
    ("resnet20", "norm=instance", "gain=skipinit", "output_stride=8", "classes=none"),
)


@pytest.mark.filterwarnings("ignore:`torch.jit:FutureWarning")  # deprecated, and still asked for
@pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning")  # torch's own check of a group's size
@pytest.mark.parametrize("text", EVERY_KIND, ids=" ".join)
def test_it_can_be_traced_exported_and_compiled(text: tuple[str, ...]) -> None:
    """A block that keeps the map and one that halves it are enough: each is compiled anew."""
    torch.manual_seed(0)
    spec = change_all(assign(find(text[0]), *text[1:]), {"blocks": (1, 1)})
    model = build(spec).eval()
    image = torch.randn(1, 3, 32, 32)
    with torch.no_grad():
        expected = model(image)
        traced = torch.jit.trace(model, image)
        stream = io.BytesIO()
        torch.jit.save(traced, stream)
        exported = torch.export.export(model, (image,)).module()
        compiled = torch.compile(model, backend="eager")
        for other in (traced, exported, compiled):
            assert torch.allclose(other(image), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("text", EVERY_KIND, ids=" ".join)
def test_other_formats_and_precisions(text: tuple[str, ...]) -> None:
    torch.manual_seed(0)
    model, image = build(assign(find(text[0]), *text[1:])).eval(), torch.randn(2, 3, 32, 32)
    with torch.no_grad():
        expected = model(image)
        last = model.to(memory_format=torch.channels_last)(image.to(memory_format=torch.channels_last))
        assert torch.allclose(last, expected, rtol=1e-3, atol=1e-4)
        assert model.bfloat16()(image.bfloat16()).dtype is torch.bfloat16


def test_he_initialisation_over_the_fan_out() -> None:
    torch.manual_seed(0)
    weight = build(find("resnet18")).get_parameter("layer3.0.conv2.weight")
    assert weight.std().item() == pytest.approx((2 / (256 * 9)) ** 0.5, rel=0.02)


def test_statistics_are_fresh_where_weights_are_not() -> None:
    state = build(find("resnet20"), initialise=False).state_dict()
    assert torch.equal(state["bn1.running_mean"], torch.zeros(16))
    assert torch.equal(state["bn1.running_var"], torch.ones(16))
