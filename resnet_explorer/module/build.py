"""Spec to torch.nn.Module: built, with initial weights, and with an adapter for images of other channels."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from resnet_explorer.module.blocks import Block, Gate, add_chain, run
from resnet_explorer.module.layers import Gain, ScaledStdConv2d
from resnet_explorer.network import Network, compile_spec
from resnet_explorer.network.tree import ADAPTER, first_convolution, spread
from resnet_explorer.spec import Init, ResNetSpec

CONVS: Mapping[int, type[nn.Conv1d | nn.Conv2d | nn.Conv3d]] = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}
"""The convolution of each number of dimensions."""
NORMS: Mapping[int, type[nn.Module]] = {1: nn.BatchNorm1d, 2: nn.BatchNorm2d, 3: nn.BatchNorm3d}
"""The batch norm of each number of dimensions."""


class ResNet(nn.Module):
    """A network of the tree: children are named as torchvision's, so that its checkpoints load by name.

    Takes (N, C, H, W), of signals (N, C, L), of videos (N, C, T, H, W). Returns (N, classes), or the last feature map
    where there is no head.
    """

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.stem = add_chain(self, network.stem.form.branch)
        for stage in network.stages:
            self.add_module(stage.path, nn.Sequential(*(Block(block) for block in stage.blocks)))
        self.stages = tuple(stage.path for stage in network.stages)
        self.head = add_chain(self, network.head.form.branch) if network.head else ()

    def forward(self, x: Tensor) -> Tensor:
        return run(self, (*self.stem, *self.stages, *self.head), x)

    def features(self, x: Tensor) -> dict[str, Tensor]:
        """Return the map that each stage puts out, under the stage's name: what detectors and segmenters read."""
        x = run(self, self.stem, x)
        maps = {}
        for stage in self.stages:
            x = maps[stage] = self.get_submodule(stage)(x)
        return maps


def build(spec: ResNetSpec, *, device: str | None = None, initialise: bool = True) -> ResNet:
    """Return the module of a spec, in training mode, on a device (the CPU where None).

    Weights are drawn as ``spec.init`` says. Without ``initialise`` they are whatever the memory holds: for weights
    that are loaded next, which is far faster.
    """
    with torch.device(device or "cpu"):
        if not initialise:
            with _left_alone(*CONVS.values(), nn.Linear, *(NORMS.values() if device == "meta" else ())):
                return ResNet(compile_spec(spec))
        model = ResNet(compile_spec(spec))
        initialise_weights(model, spec)
        return model


@contextmanager
def _left_alone(*kinds: type[Any]) -> Iterator[None]:
    """Lend PyTorch's layers an initialisation that does nothing: theirs takes 20 times as long as the rest."""
    kept = {kind: kind.reset_parameters for kind in kinds}
    try:
        for kind in kept:
            kind.reset_parameters = lambda layer: None  # returned below
        yield
    finally:
        for kind, reset in kept.items():
            kind.reset_parameters = reset


_DRAWS: Mapping[Init, Callable[[Tensor], object]] = {
    Init.FAN_OUT: lambda weight: nn.init.kaiming_normal_(weight, mode="fan_out", nonlinearity="relu"),
    Init.FAN_IN: lambda weight: nn.init.kaiming_normal_(weight, mode="fan_in", nonlinearity="relu"),
    Init.XAVIER: nn.init.xavier_normal_,
    Init.ORTHOGONAL: nn.init.orthogonal_,
    Init.DEFAULT: lambda weight: None,
    Init.FIXUP: lambda weight: nn.init.kaiming_normal_(weight, mode="fan_out", nonlinearity="relu"),
}


def initialise_weights(model: nn.Module, spec: ResNetSpec) -> None:
    """Draw the initial weights of a model that PyTorch has just initialised by its own rules, in place.

    He et al. 2015, "Delving Deep into Rectifiers", section 2.2; Glorot and Bengio 2010; Saxe et al. 2013; Fixup:
    Zhang et al. 2019, section 3.
    """
    draw = _DRAWS[spec.init]
    for module in model.modules():
        if isinstance(module, CONVS[spec.dims]):
            draw(module.weight)
    blocks = [module for module in model.modules() if isinstance(module, Block)]
    stages = [stage for stage, count in zip(spec.by_stages, spec.blocks, strict=True) for _ in range(count)]
    for block, stage in zip(blocks, stages, strict=True):
        if spec.init is Init.FIXUP:
            _shrink(block, len(blocks))
        if stage.zero_init:
            nn.init.zeros_(_last_weight(block))
        if block.chains.gate:
            nn.init.constant_(block.get_parameter("gate.conv.bias"), stage.gate_bias)
    if spec.init is Init.FIXUP and isinstance(fc := getattr(model, "fc", None), nn.Linear):
        nn.init.zeros_(fc.weight)
        nn.init.zeros_(fc.bias)


def _shrink(block: Block, blocks: int) -> None:
    """Scale a branch of m convolutions by L^(-1 / (2 m - 2)), and start its last one at 0 (Zhang et al. 2019)."""
    *first, last = (child for child in block.children() if isinstance(child, nn.Conv1d | nn.Conv2d | nn.Conv3d))
    for conv in first:
        conv.weight.data.mul_(blocks ** (-0.5 / len(first)))
    nn.init.zeros_(_strength(last))


def _strength(layer: nn.Module) -> Tensor:
    """Return the parameter at whose 0 a layer puts out 0: a gain, where its weights are normalised anyway."""
    strength = layer.gain if isinstance(layer, ScaledStdConv2d) else layer.weight
    assert isinstance(strength, Tensor)
    return strength


def _last_weight(block: Block) -> Tensor:
    """Return the weight of the branch's last norm or convolution, whichever comes last (Goyal et al. 2017).

    A norm that comes after the addition is left alone: at 0 it would silence the shortcut too.
    """
    children = [block.get_submodule(name) for name in block.chains.branch]
    weighted = [
        child for child in children if hasattr(child, "weight") and not isinstance(child, Gate | Gain | nn.PReLU)
    ]
    return _strength(weighted[-1])


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
