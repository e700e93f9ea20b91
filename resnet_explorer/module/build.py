"""Spec to torch.nn.Module."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from resnet_explorer.module.blocks import Block, add_chain, run
from resnet_explorer.module.initialise import initialise as draw_weights
from resnet_explorer.network import Network, compile_spec
from resnet_explorer.spec import ResNetSpec


class ResNet(nn.Module):
    """A network of the tree: children are named as torchvision's, so that its checkpoints load by name.

    Takes (N, C, H, W) and returns (N, classes), or the last feature map where there is no head.
    """

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.stem = add_chain(self, network.stem.form.branch)
        for stage in network.stages:
            self.add_module(stage.path, nn.Sequential(*(Block(block) for block in stage.blocks)))
        self.stages = tuple(stage.path for stage in network.stages)
        self.head = add_chain(self, network.head.form.branch) if network.head else ()

    def forward(self, x: Tensor) -> Tensor:
        """Return the scores of the classes, or the last feature map."""
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
            with _weights_left_alone():
                return ResNet(compile_spec(spec))
        model = ResNet(compile_spec(spec))
        draw_weights(model, spec)
        return model


@contextmanager
def _weights_left_alone() -> Iterator[None]:
    """Lend PyTorch's layers an initialisation that does nothing: theirs takes 20 times as long as the rest."""
    kept = {kind: kind.reset_parameters for kind in (nn.Conv2d, nn.Linear)}
    try:
        for kind in kept:
            kind.reset_parameters = lambda layer: None  # type: ignore[method-assign]  # returned below
        yield
    finally:
        for kind, reset in kept.items():
            kind.reset_parameters = reset  # type: ignore[method-assign]
