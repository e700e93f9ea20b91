from copy import deepcopy
from dataclasses import replace

import torch
from torch import nn

from resnet_explorer.module.build import ResNet
from resnet_explorer.network import compile_spec
from resnet_explorer.network.tree import ADAPTER, first_convolution, spread
from resnet_explorer.spec import ResNetSpec


def add_adapter(model: ResNet, channels: int, into: int) -> ResNet:
    """Put a learnt 1x1 convolution before a network, in place; it starts by repeating the image's channels."""
    adapter = nn.Conv2d(channels, into, 1, bias=False)
    with torch.no_grad():
        adapter.weight.copy_(torch.tensor(spread((1.0,) * into, channels))[:, :, None, None])
    model.add_module(ADAPTER, adapter.to(next(model.parameters()).device))
    model.stem = (ADAPTER, *model.stem)
    return model


def folded(model: ResNet, spec: ResNetSpec) -> tuple[ResNet, ResNetSpec]:
    """Return a copy of a network with its adapter in its first convolution, and the spec of that.

    Both are linear and have no bias, so that zeros at the border stay zeros and the answers are the same. Without an
    adapter it is the model itself.
    """
    adapter = getattr(model, ADAPTER, None)
    if adapter is None:
        return model, spec
    made = deepcopy(model)
    conv = made.get_submodule(first_convolution(compile_spec(spec))[0])
    assert isinstance(conv, nn.Conv2d)
    weight = torch.einsum("okhw,kc->ochw", conv.weight.double(), adapter.weight[:, :, 0, 0].double())
    conv.weight = nn.Parameter(weight.to(conv.weight.dtype).detach(), conv.weight.requires_grad)
    conv.in_channels = adapter.in_channels
    delattr(made, ADAPTER)
    made.stem = tuple(name for name in made.stem if name != ADAPTER)
    return made, replace(spec, in_channels=adapter.in_channels)
