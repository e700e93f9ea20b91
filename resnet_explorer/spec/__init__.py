"""What the user chooses: a network as a set of independent axes."""

from resnet_explorer.spec.choices import (
    Activation,
    AntiAlias,
    Attention,
    AttentionAt,
    AverageDown,
    Block,
    Branches,
    Conv,
    ConvTime,
    Downsample,
    Gain,
    Gating,
    Head,
    Init,
    Norm,
    Order,
    Pool,
    ReductionOf,
    Selective,
    Shortcut,
    StageEnd,
    Stem,
    StemPool,
    Stride,
)
from resnet_explorer.spec.input_shape import InputShape
from resnet_explorer.spec.resnet_spec import ResNetSpec
