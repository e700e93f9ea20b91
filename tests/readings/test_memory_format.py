"""The rule that chooses the memory format of a training."""

import torch

from resnet_explorer.network import compile_spec
from resnet_explorer.readings.memory_format import MemoryFormat, is_safe, memory_format
from resnet_explorer.spec.catalogue import find
from resnet_explorer.spec.change import assign
from tests.cases import each


def chosen(name: str, *settings: str, device: str = "cpu", mixed: bool = False) -> MemoryFormat:
    return memory_format(compile_spec(assign(find(name), *settings)), device, mixed=mixed)


@each("width,is_right", [(1, False), (4, False), (7, False), (8, True), (12, True), (16, True)])
def test_a_strided_1x1_convolution_needs_eight_input_channels(width: int, is_right: bool) -> None:
    """uxlfoundation/oneDNN issue 6035: fewer than a block of 8 give wrong weight gradients, or abort."""
    narrow = compile_spec(assign(find("resnet20"), f"width={width}", "shortcut=B"))
    assert is_safe(narrow) is is_right
    assert is_safe(compile_spec(assign(find("resnet20"), f"width={width}", "shortcut=A"))), "it has no such convolution"


def test_the_stride_in_the_first_1x1_counts_too() -> None:
    settings = ("block=bottleneck", "width=2", "expansion=2", "shortcut=A")
    assert is_safe(compile_spec(assign(find("resnet20"), *settings, "stride=3x3")))
    assert not is_safe(compile_spec(assign(find("resnet20"), *settings, "stride=1x1")))


def test_what_is_not_safe_is_contiguous_on_the_cpu() -> None:
    assert chosen("resnet20", "width=4", "shortcut=B") is MemoryFormat.CONTIGUOUS
    assert chosen("resnet20", "width=8", "shortcut=B") is MemoryFormat.CHANNELS_LAST
    assert chosen("resnet20", "width=4", "shortcut=B", device="cuda:0", mixed=True) is MemoryFormat.CHANNELS_LAST


def test_what_is_slower_is_contiguous() -> None:
    """Most weights of ResNet-18 are in wide 3×3 convolutions, most of ResNet-50 are not."""
    assert chosen("resnet18") is MemoryFormat.CONTIGUOUS
    assert chosen("resnet50") is MemoryFormat.CHANNELS_LAST
    assert chosen("resnet50", "norm=group") is MemoryFormat.CONTIGUOUS
    assert chosen("resnet50", device="cuda:0") is MemoryFormat.CONTIGUOUS


def test_signals_and_videos_are_contiguous_everywhere() -> None:
    """PyTorch has channels_last for images alone."""
    for dims in (1, 3):
        assert chosen("resnet50", f"dims={dims}") is MemoryFormat.CONTIGUOUS
        assert chosen("resnet50", f"dims={dims}", device="cuda:0", mixed=True) is MemoryFormat.CONTIGUOUS


def test_formats_have_pytorchs_names() -> None:
    assert [getattr(torch, name) for name in MemoryFormat] == [torch.contiguous_format, torch.channels_last]
