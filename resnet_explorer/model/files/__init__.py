"""Files of weights, read as data: containers of many kinds, and the state dictionary in them."""

from resnet_explorer.model.files.reader import SPEC_KEY, Checkpoint, read

__all__ = ["SPEC_KEY", "Checkpoint", "read"]
