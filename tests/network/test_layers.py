"""Each kind of layer against torch's own: shapes, parameters, and what does not fit."""

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import nn

from resnet_explorer.errors import InputError
from resnet_explorer.network.kinds import Layer
from resnet_explorer.network.kinds.activations import ReLU
from resnet_explorer.network.kinds.blocks import Add, Dropout, Flatten
from resnet_explorer.network.kinds.convolutions import ChannelConv1d, Conv2d, Linear
from resnet_explorer.network.kinds.heads import FlattenMap
from resnet_explorer.network.kinds.norms import BatchNorm2d, GroupNorm
from resnet_explorer.network.kinds.pads import ZeroPad
from resnet_explorer.network.kinds.pools import AdaptiveAvgPool2d, MaxPool2d
from resnet_explorer.network.kinds.shortcuts import PadChannels
from tests.cases import each
from tests.torch_reference import OptionA

sides = st.integers(1, 40)


def torch_shape(module: nn.Module, shape: tuple[int, ...]) -> tuple[int, ...] | None:
    """Return the output's shape, None where torch refuses."""
    try:
        return tuple(module.eval()(torch.empty(shape, device="meta")).shape)
    except RuntimeError:
        return None


def our_shape(layer: Layer, shape: tuple[int, ...]) -> tuple[int, ...] | None:
    try:
        return layer.output(shape)
    except InputError as error:
        assert error.what.endswith(".") and error.remedy.endswith(".")
        return None


@settings(deadline=None, max_examples=200)
@given(st.integers(1, 7), st.integers(1, 4), st.integers(0, 3), st.integers(1, 3), sides, sides)
def test_convolutions(kernel: int, stride: int, padding: int, groups: int, h: int, w: int) -> None:
    inside, outside = 2 * groups, 3 * groups
    layer = Conv2d(inside, outside, kernel, stride, padding, groups, bias=True)
    module = nn.Conv2d(inside, outside, kernel, stride, padding, groups=groups, bias=True, device="meta")
    assert our_shape(layer, (2, inside, h, w)) == torch_shape(module, (2, inside, h, w))
    assert layer.params == sum(value.numel() for value in module.parameters())
    assert layer.window == (kernel, stride)


@settings(deadline=None, max_examples=200)
@given(st.integers(1, 5), st.integers(1, 4), st.integers(0, 2), sides, sides)
def test_max_pools(kernel: int, stride: int, padding: int, h: int, w: int) -> None:
    assume(padding <= kernel // 2)  # torch refuses more
    module = nn.MaxPool2d(kernel, stride, padding)
    assert our_shape(MaxPool2d(kernel, stride, padding), (2, 3, h, w)) == torch_shape(module, (2, 3, h, w))


@settings(deadline=None)
@given(sides, sides, st.integers(1, 3), st.integers(0, 5))
def test_zero_padding(h: int, w: int, stride: int, extra: int) -> None:
    assert ZeroPad(4, 4 + extra, stride).output((2, 4, h, w)) == torch_shape(OptionA(extra, stride), (2, 4, h, w))


@settings(deadline=None)
@given(sides, sides)
def test_the_head(h: int, w: int) -> None:
    pooled = AdaptiveAvgPool2d().output((2, 5, h, w))
    assert pooled == torch_shape(nn.AdaptiveAvgPool2d(1), (2, 5, h, w))
    assert Flatten().output(pooled) == torch_shape(nn.Flatten(), pooled)
    assert Linear(5, 7).output((2, 5)) == torch_shape(nn.Linear(5, 7, device="meta"), (2, 5))


def test_parameters() -> None:
    assert Linear(512, 1000).params == 513_000  # torchvision's resnet18.fc
    assert BatchNorm2d(64).params == 128
    assert Conv2d(3, 64, 7, 2, 3).params == 9_408
    assert [layer.params for layer in (ReLU(), Add(), Flatten(), MaxPool2d(3, 2, 1), ZeroPad(1, 2, 2))] == [0] * 5


def test_macs() -> None:
    assert Conv2d(3, 64, 7, 2, 3).macs((1, 64, 112, 112)) == 118_013_952
    assert Conv2d(64, 64, 3, 1, 1, groups=64).macs((2, 64, 5, 5)) == 2 * 64 * 25 * 9
    assert Linear(512, 1000).macs((4, 1000)) == 4 * 512_000
    assert BatchNorm2d(64).macs((1, 64, 8, 8)) == 0


def test_a_convolution_says_what_it_takes() -> None:
    with pytest.raises(InputError, match="takes 3 channels, not 4"):
        Conv2d(3, 8, 3).output((1, 4, 9, 9))
    with pytest.raises(InputError, match="does not fit on a map of 2 pixels"):
        Conv2d(3, 8, 3).output((1, 3, 2, 9))


def test_kinds_are_torchs_names() -> None:
    for kind in (Conv2d, BatchNorm2d, ReLU, MaxPool2d, AdaptiveAvgPool2d, Flatten, Linear):
        assert hasattr(nn, kind.__name__)
    assert Conv2d(1, 1, 1).kind == "Conv2d"


@pytest.mark.parametrize(
    ("into", "text"), [(16, "padded with 8 channels"), (8, "left as it is"), (4, "cut to 4 of its")]
)
def test_padding_of_channels_says_what_happens_to_x(into: int, text: str) -> None:
    pad = PadChannels(8, into)
    assert text in pad.text and pad.output((1, 8, 5, 5)) == (1, into, 5, 5)


def test_captions_are_the_numbers_that_a_box_needs() -> None:
    """What stands under a box of a diagram; a convolution has its kernel in the box, and its channels under it."""
    captions = {
        Conv2d(8, 16, 3, 2, 1, 2): "8→16, 2 groups",
        ChannelConv1d(5): "k5",
        GroupNorm(64, 32): "32 groups",
        Linear(512, 1000): "512→1000",
        Dropout(0.5): "p 0.5",
        BatchNorm2d(64): "",
    }
    assert {layer: layer.caption for layer in captions} == captions


def test_a_view_of_a_whole_map_is_drawn_as_any_other_view() -> None:
    assert FlattenMap(7, 224).label == Flatten().label == "flatten"


@each(
    "into,out,stride,text",
    [
        (64, 128, 2, "taken at every second position and padded with 64 channels of zeros"),
        (64, 65, 1, "padded with 1 channels of zeros"),
        (64, 64, 2, "taken at every second position"),
        (64, 63, 1, "cut to 63 of its channels"),
        (64, 32, 2, "taken at every second position and cut to 32 of its channels"),
    ],
)
def test_padding_with_zeros_says_what_happens_to_x(into: int, out: int, stride: int, text: str) -> None:
    assert ZeroPad(into, out, stride).text == text
