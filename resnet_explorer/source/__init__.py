"""Tree to source: one readable PyTorch file for exactly this network, and which of its lines make what."""

from resnet_explorer.source.whole import lines_of, to_source

__all__ = ["lines_of", "to_source"]
