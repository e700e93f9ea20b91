"""In which memory format a network trains: a matter of speed, which must never decide a result.

Training, fine-tuning and the exported training scripts ask here. Everything else (gradients at initialisation, timing,
verification, inspection) computes in PyTorch's default, contiguous format, on contiguous images.
"""

from enum import StrEnum

from resnet_explorer.network.kinds import Layer, Role
from resnet_explorer.network.kinds.convolutions import Conv2d
from resnet_explorer.network.kinds.norms import BatchNorm2d
from resnet_explorer.network.tree import Network

SAFE_CHANNELS = 8
"""A strided 1×1 convolution is safe in channels_last with at least so many input channels.

With fewer, its backward pass in oneDNN (3.12, in PyTorch 2.14) writes past a buffer where it uses AVX2: it aborts,
hangs, or returns wrong weight gradients (uxlfoundation/oneDNN issue 6035). Compared with the contiguous format for 1
to 24 channels: AVX2 fails with 1 to 7, SSE4.1 and AVX-512 with none; convolutions of stride 1, grouped ones, 3×3 and
depthwise ones agree on all three. The rule is the same on every processor, so that a run may continue on another one.
"""
WIDE = 256
"""3×3 convolutions of so many channels are faster on the CPU with the channels first (measured with ResNet-18)."""


class MemoryFormat(StrEnum):
    """Names of PyTorch's memory formats, as attributes of ``torch``."""

    CONTIGUOUS = "contiguous_format"
    CHANNELS_LAST = "channels_last"


def memory_format(network: Network, device: str = "cpu", *, mixed: bool = False) -> MemoryFormat:
    """Return the format for training a network on a device; ``mixed`` is whether it computes in bfloat16.

    On an accelerator it is channels_last for tensor cores, in mixed precision. On the CPU it is channels_last where
    that is safe and faster. It is a rule and no measurement, so that a run that continues computes the same bits.
    PyTorch has it for images alone.
    """
    if network.spec.dims != 2:
        return MemoryFormat.CONTIGUOUS
    if device.partition(":")[0] != "cpu":
        return MemoryFormat.CHANNELS_LAST if mixed else MemoryFormat.CONTIGUOUS
    return MemoryFormat.CHANNELS_LAST if is_safe(network) and is_faster(network) else MemoryFormat.CONTIGUOUS


def is_safe(network: Network) -> bool:
    """Return whether channels_last gives right gradients on every processor."""
    convs = [layer for layer in _layers(network) if isinstance(layer, Conv2d)]
    return not any(conv.kernel == 1 and conv.stride > 1 and conv.in_channels < SAFE_CHANNELS for conv in convs)


def is_faster(network: Network) -> bool:
    """Return whether channels_last is the faster format on the CPU.

    Measured with one thread: 0.75 to 0.9 of the time with batch norm and narrow or 1×1 convolutions, 1.1 to 1.4 times
    where most weights are in wide 3×3 convolutions, 1.26 times with group norm.
    """
    layers = _layers(network)
    if any(layer.role is Role.NORM and not isinstance(layer, BatchNorm2d) for layer in layers):
        return False
    convs = [layer for layer in layers if isinstance(layer, Conv2d) and layer.groups == 1 and layer.kernel > 1]
    wide = sum(conv.params for conv in convs if min(conv.in_channels, conv.out_channels) >= WIDE)
    return 2 * wide < sum(layer.params for layer in layers)


def _layers(network: Network) -> list[Layer]:
    return [part.layer for block in network.blocks for part in block.form.parts]
