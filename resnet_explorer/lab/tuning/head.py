"""A network for other classes: the head replaced, and every other tensor as it was."""

from collections.abc import Collection, Mapping

import torch
from torch import Tensor, nn

from resnet_explorer.lab.alike import seeded
from resnet_explorer.model.build import ResNet, build
from resnet_explorer.spec import ResNetSpec

HEAD = ("fc.weight", "fc.bias")
"""The tensors of the classifier."""


def drawn(spec: ResNetSpec, seed: int) -> ResNet:
    """Return a network with the first weights of a seed, on the CPU in training mode."""
    with seeded(seed):
        return build(spec)


def give(model: nn.Module, state: Mapping[str, Tensor], leave: Collection[str] = ()) -> int:
    """Copy tensors into those of a model by their names, except those of ``leave``; return how many."""
    count = 0
    with torch.no_grad():
        for name, tensor in model.state_dict().items():
            if name in state and name not in leave:
                tensor.copy_(state[name])
                count += 1
    return count
