"""The choices along which residual networks differ, each with the name that spec files and ``--set`` use."""

from enum import StrEnum


class Block(StrEnum):
    """What the branch of a block is made of (He et al. 2015, figure 5)."""

    BASIC = "basic"
    BOTTLENECK = "bottleneck"


class Order(StrEnum):
    """In which order a block convolves, normalises, activates and adds (He et al. 2016, figure 4)."""

    V1 = "v1"
    BN_AFTER = "bn-after-add"
    RELU_BEFORE = "relu-before-add"
    RELU_ONLY = "relu-only"
    V2 = "v2"


class Stride(StrEnum):
    """Which convolution of a bottleneck carries the stride: torchvision's 3x3 or the paper's first 1x1."""

    CONV3X3 = "3x3"
    CONV1X1 = "1x1"


class Shortcut(StrEnum):
    """How a shortcut meets a change of shape (He et al. 2015, section 3.3, options A, B and C)."""

    PADDING = "A"
    PROJECTION = "B"
    PROJECTION_EVERYWHERE = "C"


class Downsample(StrEnum):
    """How a projection shrinks the map: by its stride, by a 3x3, or by an average pool before it (He et al. 2019)."""

    CONV1X1 = "1x1"
    CONV3X3 = "3x3"
    AVERAGE = "avgpool"


class Gating(StrEnum):
    """Whether a learnt gate weighs the shortcut, as in highway networks (He et al. 2016, figure 2)."""

    NONE = "none"
    EXCLUSIVE = "exclusive"
    SHORTCUT_ONLY = "shortcut-only"


class AntiAlias(StrEnum):
    """What smooths a map before it is shrunk: Zhang 2019's blur, or the mean of 2x2 (timm's ``aa_layer``)."""

    NONE = "none"
    BLUR = "blur"
    AVERAGE = "average"


class Stem(StrEnum):
    """What stands before the first stage (He et al. 2015, table 1 and section 4.2; He et al. 2019, figure 2)."""

    IMAGENET = "imagenet"
    CIFAR = "cifar"
    DEEP = "deep"
    TIERED = "tiered"


class StemPool(StrEnum):
    """What follows the stem's convolutions."""

    MAX = "max"
    PADDED = "zero-padded-max"
    CONV = "conv"
    NONE = "none"


class Attention(StrEnum):
    """What weighs the branch's channels or positions before the addition."""

    NONE = "none"
    SE = "se"
    ECA = "eca"
    CBAM = "cbam"


class Norm(StrEnum):
    """What normalises after each convolution; FRN and EvoNorm-S0 activate as well."""

    BATCH = "batch"
    GROUP = "group"
    LAYER = "layer"
    INSTANCE = "instance"
    FRN = "frn"
    EVONORM = "evonorm-s0"
    NONE = "none"


class Conv(StrEnum):
    """Whether each filter's weights are brought to mean 0 and variance 1 before use (Qiao et al. 2019)."""

    PLAIN = "plain"
    STANDARDISED = "standardised"


class Activation(StrEnum):
    """The non-linearity."""

    RELU = "relu"
    LEAKY_RELU = "leaky-relu"
    SILU = "silu"
    GELU = "gelu"


class Gain(StrEnum):
    """A learnable factor at the end of the branch, small at first, so that a block starts as the identity."""

    NONE = "none"
    SKIPINIT = "skipinit"
    LAYERSCALE = "layerscale"


class Init(StrEnum):
    """From which distribution the convolutions' first weights are drawn."""

    FAN_OUT = "he-fan-out"
    FAN_IN = "he-fan-in"
    XAVIER = "xavier"
    ORTHOGONAL = "orthogonal"
    DEFAULT = "pytorch-default"
    FIXUP = "fixup"
