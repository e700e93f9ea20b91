"""What the user chooses: a network as a small set of independent axes."""

from resnet_explorer.spec.input_shape import InputShape
from resnet_explorer.spec.resnet_spec import Block, ResNetSpec, Shortcut, Stem, Stride

__all__ = ["Block", "InputShape", "ResNetSpec", "Shortcut", "Stem", "Stride"]
