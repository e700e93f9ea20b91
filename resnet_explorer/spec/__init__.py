"""What the user chooses: a network as a set of independent axes."""

from resnet_explorer.spec.choices import (
    Activation,
    AntiAlias,
    Attention,
    AverageDown,
    Block,
    Branches,
    Conv,
    Downsample,
    Gain,
    Gating,
    Init,
    Norm,
    Order,
    Selective,
    Shortcut,
    Stem,
    StemPool,
    Stride,
)
from resnet_explorer.spec.input_shape import InputShape
from resnet_explorer.spec.resnet_spec import ResNetSpec
