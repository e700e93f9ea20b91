"""The public face for notebooks and scripts: networks as values that show themselves, and the labs as functions."""

from resnet_explorer.notebook.comparison import Comparison, compare
from resnet_explorer.notebook.graph import Autograd
from resnet_explorer.notebook.labs import TrainedRuns, finetune, gradients, identify, train
from resnet_explorer.notebook.layers import Layers
from resnet_explorer.notebook.net import Net, network, networks

__all__ = [
    "Autograd",
    "Comparison",
    "Layers",
    "Net",
    "TrainedRuns",
    "compare",
    "finetune",
    "gradients",
    "identify",
    "network",
    "networks",
    "train",
]
