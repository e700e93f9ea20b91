"""Under which conditions PyTorch computes a run: threads, deterministic operations, precision, memory layout."""

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import torch
from torch import nn

from resnet_explorer.analysis.training import RunPlan
from resnet_explorer.model.layers import FRN, EvoNormS0

WIDE = 256
"""3x3 convolutions of so many channels are faster on the CPU with the channels first (seen: ResNet-18)."""


@contextmanager
def conditions(plan: RunPlan) -> Iterator[None]:
    """Lend PyTorch a run's number of threads and its deterministic mode, and take them back, however the run ends."""
    threads, mode = torch.get_num_threads(), torch.get_deterministic_debug_mode()
    filled = torch.utils.deterministic.fill_uninitialized_memory  # type: ignore[attr-defined]
    try:
        if plan.threads:
            torch.set_num_threads(plan.threads)
        if plan.recipe.deterministic:
            os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # what cuBLAS needs to repeat itself
            # The same as use_deterministic_algorithms, which imports a compiler for a second.
            torch.set_deterministic_debug_mode("warn")
            torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]  # a debugging aid
        yield
    finally:
        torch.set_num_threads(threads)
        torch.set_deterministic_debug_mode(mode)
        torch.utils.deterministic.fill_uninitialized_memory = filled  # type: ignore[attr-defined]


@contextmanager
def listening(heard: list[str]) -> Iterator[None]:
    """Collect the names of operations that PyTorch warns have no deterministic version."""
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        yield
    for one in found:
        words = str(one.message)
        if "deterministic" in words:
            heard.append(words.split()[0])
        else:
            warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)


def autocast(plan: RunPlan) -> Any:
    """Return the context of a forward pass: in bfloat16 where the recipe asks for it and the device has the units."""
    if plan.recipe.mixed and has_bfloat16(plan.device):
        return torch.autocast(torch.device(plan.device).type, torch.bfloat16)
    return nullcontext()


def has_bfloat16(device: str) -> bool:
    """Return whether a device computes in bfloat16, rather than imitating it."""
    where = torch.device(device).type
    if where == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if where == "cpu":
        return any(getattr(torch.cpu, name, bool)() for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported"))
    return where == "xpu" or (where == "mps" and bool(torch.backends.mps.is_macos_or_newer(14, 0)))


def notes(plan: RunPlan) -> tuple[str, ...]:
    """Return sentences on what the device cannot do of a recipe."""
    if plan.recipe.mixed and not has_bfloat16(plan.device):
        return ("Mixed precision was asked for, but the device has no units for bfloat16: all is float32.",)
    return ()


def layout(model: nn.Module, plan: RunPlan) -> torch.memory_format:
    """Return how a network's images lie in memory: channels last where that is faster.

    A rule and no measurement, so that a run that goes on computes the same bits. Seen on the CPU with one thread:
    0.75 to 0.9 of the time with batch norm and narrow or 1x1 convolutions, 1.1 to 1.4 times where most weights are in
    wide 3x3 ones, 1.26 times with group norm. On a GPU it is what tensor cores take.
    """
    if torch.device(plan.device).type != "cpu":
        return torch.channels_last if plan.recipe.mixed else torch.contiguous_format
    modules = list(model.modules())
    wide = sum(module.weight.numel() for module in modules if isinstance(module, nn.Conv2d) and _is_wide(module))
    others = any(isinstance(module, (nn.GroupNorm, nn.InstanceNorm2d, FRN, EvoNormS0)) for module in modules)
    last = not others and wide * 2 < sum(one.numel() for one in model.parameters())
    return torch.channels_last if last else torch.contiguous_format


def _is_wide(conv: nn.Conv2d) -> bool:
    return conv.groups == 1 and conv.kernel_size[0] > 1 and min(conv.in_channels, conv.out_channels) >= WIDE
