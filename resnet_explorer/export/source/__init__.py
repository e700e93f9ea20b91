"""Tree to source: one readable PyTorch file for exactly this network, and which of its lines make what."""

from resnet_explorer.export.source.lines import lines_of
from resnet_explorer.export.source.whole import to_source

__all__ = ["lines_of", "to_source"]
