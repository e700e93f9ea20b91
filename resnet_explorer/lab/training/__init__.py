"""Training a network by a recipe: a generator of steps, kept in a run folder, continued bit for bit."""

from resnet_explorer.lab.training.loop import follow, train
from resnet_explorer.lab.training.rate import find_rate

__all__ = ["find_rate", "follow", "train"]
