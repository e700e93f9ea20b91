"""ResNetSpec: the axes along which residual networks differ."""

from dataclasses import dataclass, replace

from resnet_explorer.spec.checks import check
from resnet_explorer.spec.choices import (
    Activation,
    AntiAlias,
    Attention,
    Block,
    Conv,
    Downsample,
    Gain,
    Gating,
    Init,
    Norm,
    Order,
    Shortcut,
    Stem,
    StemPool,
    Stride,
)
from resnet_explorer.spec.limits import USUAL_BASE_WIDTH


@dataclass(frozen=True, slots=True)
class ResNetSpec:
    """One residual network, or its plain twin, as the user chose it.

    ``block``, ``blocks``, ``widths`` and ``strides`` hold one value for each stage: the kind of its blocks, how many
    there are, the channels inside them, and the stride of the first. A bottleneck puts out ``expansion`` times its
    width; its 3x3 works on ``cardinality`` groups of ``base_width`` channels for every 64 of the width (ResNeXt: Xie
    et al. 2017; Wide ResNet: Zagoruyko and Komodakis 2016, as torchvision counts them). ``classes`` is None for a
    backbone without head; ``output_stride`` is the stride past which stages dilate instead of shrinking, None for no
    such bound. Raises SpecError where a value, or a combination, describes no network.
    """

    name: str
    block: tuple[Block, ...] = (Block.BASIC,) * 4
    blocks: tuple[int, ...] = (2, 2, 2, 2)
    widths: tuple[int, ...] = (64, 128, 256, 512)
    strides: tuple[int, ...] = (1, 2, 2, 2)
    expansion: int = 4
    cardinality: int = 1
    base_width: int = USUAL_BASE_WIDTH
    reduce_first: int = 1
    order: Order = Order.V1
    stride: Stride = Stride.CONV3X3
    residual: bool = True
    shortcut: Shortcut = Shortcut.PROJECTION
    downsample: Downsample = Downsample.CONV1X1
    gating: Gating = Gating.NONE
    gate_bias: float = -6.0
    shortcut_scale: float = 1.0
    shortcut_dropout: float = 0.0
    branch_scale: float = 1.0
    attention: Attention = Attention.NONE
    reduction: int = 16
    reduction_multiple: int = 8
    norm: Norm = Norm.BATCH
    norm_groups: int = 32
    conv: Conv = Conv.PLAIN
    activation: Activation = Activation.RELU
    anti_alias: AntiAlias = AntiAlias.NONE
    stem: Stem = Stem.IMAGENET
    stem_channels: int = 64
    stem_width: int = 32
    stem_pool: StemPool = StemPool.MAX
    in_channels: int = 3
    init: Init = Init.FAN_OUT
    zero_init: bool = False
    gain: Gain = Gain.NONE
    stochastic_depth: float = 0.0
    block_dropout: float = 0.0
    classes: int | None = 1000
    dropout: float = 0.0
    output_stride: int | None = None

    def __post_init__(self) -> None:
        check(self)

    def inner_width(self, width: int) -> int:
        """Return the channels of a bottleneck's 3x3 in a stage of that width."""
        return width * self.base_width // USUAL_BASE_WIDTH * self.cardinality

    @property
    def outputs(self) -> tuple[int, ...]:
        """Return the channels that each stage puts out."""
        pairs = zip(self.block, self.widths, strict=True)
        return tuple(width * (self.expansion if kind is Block.BOTTLENECK else 1) for kind, width in pairs)

    @property
    def has_bottlenecks(self) -> bool:
        """Return whether any stage is made of bottlenecks."""
        return Block.BOTTLENECK in self.block

    def plain(self) -> "ResNetSpec":
        """Return the same network with its shortcuts removed."""
        return replace(self, name=plain_name(self.name), residual=False)


def plain_name(name: str) -> str:
    """Return the name of the plain twin: resnet34 becomes resnet34-plain."""
    return name if name.endswith("-plain") else f"{name}-plain"
