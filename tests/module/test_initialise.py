"""Initial weights, and what only training sees."""

from math import prod, sqrt

import pytest
import torch
from torch import Tensor, nn

from resnet_explorer.errors import SpecError
from resnet_explorer.module import build
from resnet_explorer.module.blocks import Block
from resnet_explorer.module.build import ResNet
from resnet_explorer.spec.catalogue import find
from resnet_explorer.spec.change import assign
from tests.narrow import of_kind


def made(*settings: str, net: str = "resnet20") -> nn.Module:
    torch.manual_seed(0)
    return build(assign(find(net), *settings))


@pytest.mark.parametrize(
    ("init", "variance"),
    [
        ("he-fan-out", 2 / (64 * 9)),
        ("he-fan-in", 2 / (32 * 9)),
        ("xavier", 2 / (96 * 9)),
        ("pytorch-default", 1 / (3 * 32 * 9)),
    ],
)
def test_the_variance_of_each_initialisation(init: str, variance: float) -> None:
    """He et al. 2015 (arXiv 1502.01852), equations 10 and 14; Glorot and Bengio 2010, equation 12."""
    weight = made(f"init={init}").get_parameter("layer3.0.conv1.weight")
    assert weight.shape == (64, 32, 3, 3)
    assert weight.var().item() == pytest.approx(variance, rel=0.03)


def test_orthogonal_filters_stand_at_right_angles() -> None:
    weight = made("init=orthogonal").get_parameter("layer3.1.conv1.weight").flatten(1)
    assert torch.allclose(weight @ weight.T, torch.eye(len(weight)), atol=1e-5)


def branch(model: nn.Module, path: str, x: Tensor) -> Tensor:
    """Return F(x): what the block gives less what the identity brings, before the last ReLU can act."""
    block = of_kind(Block, model.get_submodule(path))
    for name in block.chains.branch:
        x = block.get_submodule(name)(x)
    return x


@pytest.mark.parametrize(
    "settings",
    [
        ("zero_init=true",),
        ("zero_init=true", "order=v2"),
        ("zero_init=true", "norm=none"),
        ("zero_init=true", "gain=layerscale"),
        ("zero_init=true", "attention=se"),
        ("gain=skipinit", "norm=none"),
        ("norm=none", "init=fixup"),
    ],
    ids=" ".join,
)
def test_a_branch_that_starts_at_0_leaves_x_alone(settings: tuple[str, ...]) -> None:
    x = torch.randn(2, 16, 8, 8).relu()
    model = made(*settings)
    assert not branch(model, "layer1.1", x).any()
    assert torch.equal(model.get_submodule("layer1.1")(x), x)


def test_zero_init_where_the_norm_comes_after_the_addition() -> None:
    """The norm after the addition would silence the shortcut too: the last convolution starts at 0 instead."""
    model = made("zero_init=true", "order=bn-after-add")
    assert not model.get_parameter("layer1.1.conv2.weight").any()
    model(torch.randn(2, 3, 32, 32)).square().sum().backward()
    for name in ("conv1.weight", "layer1.1.conv2.weight", "fc.weight"):
        gradient = model.get_parameter(name).grad
        assert gradient is not None and gradient.any(), name


def test_zero_init_before_a_relu_is_refused() -> None:
    """The slope of ReLU at 0 is 0: the branches would never learn."""
    with pytest.raises(SpecError, match="lets no gradient back"):
        made("zero_init=true", "order=relu-before-add")


def test_fixup_shrinks_the_first_convolutions_by_the_number_of_blocks() -> None:
    """Zhang et al. 2019, section 3: the standard deviation times L^(-1 / (2 m - 2)), here 9^(-1/2)."""
    model = made("norm=none", "init=fixup")
    weight = model.get_parameter("layer3.1.conv1.weight")
    assert weight.std().item() == pytest.approx(sqrt(2 / (64 * 9)) / 3, rel=0.03)
    assert not model.get_parameter("fc.weight").any()
    assert sum(prod(p.shape) for name, p in model.named_parameters() if "bias1a" in name) == 9


def test_layerscale_and_skipinit_start_where_their_papers_say() -> None:
    assert made("gain=layerscale").get_parameter("layer2.0.gain.weight").unique().tolist() == pytest.approx([1e-4])
    assert made("gain=skipinit").get_parameter("layer2.0.gain.weight").tolist() == [[[0.0]]]


@pytest.mark.parametrize("gating", ["exclusive", "shortcut-only"])
def test_the_gate_starts_closed(gating: str) -> None:
    """He et al. 2016, section 3.1: with a bias of -6 the gate is 0.0025, the shortcut nearly the identity."""
    model = made(f"gating={gating}", "gate_bias=-6", "zero_init=true")
    assert model.get_parameter("layer1.1.gate.conv.bias").unique().tolist() == [-6.0]
    x = torch.rand(2, 16, 8, 8)
    with torch.no_grad():
        model.get_parameter("layer1.1.gate.conv.weight").zero_()
        y = model.get_submodule("layer1.1")(x)
    assert torch.allclose(y, x * (1 - torch.sigmoid(torch.tensor(-6.0))), atol=1e-5)


def test_stochastic_depth_rises_with_the_depth_and_rests_in_inference() -> None:
    """Huang et al. 2016, equation 4: the last block survives with 1 - 0.5, the first of nine with 1 - 0.5 / 9."""
    model = made("stochastic_depth=0.5")
    chances = [model.get_submodule(f"layer{stage}.{block}.skip").p for stage in (1, 2, 3) for block in range(3)]
    assert chances == pytest.approx([0.5 * number / 9 for number in range(1, 10)])
    image = torch.randn(4, 3, 32, 32)
    assert torch.equal(model.eval()(image), model.eval()(image))
    with torch.no_grad():
        assert not torch.equal(model.train()(image), model.train()(image))


def test_dropout_acts_in_training_alone() -> None:
    model = made("block_dropout=0.3", "dropout=0.5", "shortcut_dropout=0.1", "norm=group")
    image = torch.randn(2, 3, 32, 32)
    with torch.no_grad():
        assert not torch.equal(model.train()(image), model.train()(image))
        assert torch.equal(model.eval()(image), model.eval()(image))


def test_the_constant_factors_are_those_asked_for() -> None:
    """He et al. 2016, equation 3 with lambda 0.5; in eval mode y = ReLU(0.5 F + 0.5 x)."""
    model = made("shortcut_scale=0.5", "branch_scale=0.5").eval()
    block, x = model.get_submodule("layer1.1"), torch.randn(1, 16, 8, 8)
    with torch.no_grad():
        y = x
        for name in ("conv1", "bn1", "relu1", "conv2", "bn2"):
            y = block.get_submodule(name)(y)
        assert torch.allclose(block(x), (0.5 * y + 0.5 * x).relu(), atol=1e-6)


def test_a_backbone_gives_the_map_of_every_stage() -> None:
    model = of_kind(ResNet, made("classes=none", net="resnet50")).eval()
    with torch.no_grad():
        maps = model.features(torch.randn(1, 3, 64, 64))
    assert {name: tuple(value.shape) for name, value in maps.items()} == {
        "layer1": (1, 256, 16, 16),
        "layer2": (1, 512, 8, 8),
        "layer3": (1, 1024, 4, 4),
        "layer4": (1, 2048, 2, 2),
    }


@pytest.mark.parametrize(("stride", "side"), [(32, 7), (16, 14), (8, 28)])
def test_the_output_stride_sets_the_last_map(stride: int, side: int) -> None:
    """As torchvision's ``replace_stride_with_dilation``: the same weights, a finer map."""
    import torchvision

    replaced = {32: [False, False, False], 16: [False, False, True], 8: [False, True, True]}[stride]
    theirs = torchvision.models.resnet50(replace_stride_with_dilation=replaced).eval()
    ours = build(assign(find("resnet50"), f"output_stride={stride}"), initialise=False).eval()
    ours.load_state_dict(theirs.state_dict())
    image = torch.randn(1, 3, 96, 96)
    with torch.no_grad():
        assert torch.allclose(ours(image), theirs(image), rtol=1e-4, atol=1e-5)
        assert ours.features(torch.randn(1, 3, 224, 224))["layer4"].shape[-1] == side
