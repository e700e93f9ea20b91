"""ResNet Explorer: see any residual network, know its numbers, take its picture home."""

__version__ = "0.1.0"
