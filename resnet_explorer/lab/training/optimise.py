"""What turns gradients into steps: parameters in groups, optimisers, and the moving average of the weights."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import SGD, Adam, AdamW, Optimizer
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from resnet_explorer.analysis.recipe import Optimiser, Recipe
from resnet_explorer.blueprint.kinds import KINDS, Role
from resnet_explorer.model.modules import module_class

NORMS = (
    *(nn.modules.batchnorm._BatchNorm, nn.LayerNorm),
    *(module_class(kind.module) for kind in KINDS if kind.role is Role.NORM),
)
"""Modules that normalise: told by their type, since names such as ``downsample.1`` do not tell."""
SECOND_BETA = 0.999


def groups(model: nn.Module, decay: float, spares: bool) -> list[dict[str, Any]]:
    """Return the parameters in groups for an optimiser: with weight decay, and without it where norms are spared."""
    decayed, spared = parted(model) if spares else (list(model.parameters()), [])
    found: list[dict[str, Any]] = [{"params": decayed, "weight_decay": decay}]
    return found + ([{"params": spared, "weight_decay": 0.0}] if spared else [])


def parted(model: nn.Module) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
    """Return the parameters that are decayed, and those of norms with all biases, which can be spared."""
    pairs = [(parameter, _is_spared(module, name)) for module, name, parameter in _owned(model)]
    return [one for one, spared in pairs if not spared], [one for one, spared in pairs if spared]


def _owned(model: nn.Module) -> Iterator[tuple[nn.Module, str, nn.Parameter]]:
    for module in model.modules():
        for name, parameter in module.named_parameters(recurse=False):
            yield module, name, parameter


def _is_spared(module: nn.Module, name: str) -> bool:
    return isinstance(module, NORMS) or name == "bias"


def optimiser(model: nn.Module, recipe: Recipe, parts: list[dict[str, Any]] | None = None) -> Optimizer:
    """Return a recipe's optimiser, all of whose parameters are moved by one call where the device has that.

    ``parts`` are its groups; the recipe's own where there are none.
    """
    parts, rate = parts or groups(model, recipe.decay, recipe.spares), recipe.rate
    fused = next(model.parameters()).device.type in ("cpu", "cuda")
    if recipe.optimiser in (Optimiser.SGD, Optimiser.NESTEROV):
        nesterov = recipe.optimiser is Optimiser.NESTEROV
        return SGD(parts, rate, recipe.momentum, nesterov=nesterov, fused=fused)
    kind = Adam if recipe.optimiser is Optimiser.ADAM else AdamW
    return kind(parts, rate, betas=(recipe.momentum, SECOND_BETA), fused=fused)


def set_rate(moved: Optimizer, rate: float) -> None:
    """Give every group a learning rate."""
    for group in moved.param_groups:
        group["lr"] = rate


def average(model: nn.Module, decay: float) -> AveragedModel | None:
    """Return what follows the weights as decay x itself + (1 - decay) x weights after each step; None for 0.

    It begins with the weights after the first step. The statistics of norms are averaged as well.
    """
    if not decay:
        return None
    return AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(decay), use_buffers=True)


def clip(model: nn.Module, bound: float) -> Tensor | None:
    """Shorten the whole gradient to ``bound`` where it is longer; 0 leaves it."""
    return torch.nn.utils.clip_grad_norm_(model.parameters(), bound) if bound else None
