"""Under which conditions PyTorch computes a run: threads, deterministic operations, precision, memory format."""

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import torch

from resnet_explorer.analysis.memory_format import memory_format
from resnet_explorer.analysis.training import RunPlan
from resnet_explorer.blueprint import compile_spec


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


def layout(plan: RunPlan) -> torch.memory_format:
    """Return PyTorch's memory format for a run, by the rule that all trainings share."""
    name = memory_format(compile_spec(plan.spec), plan.device, mixed=plan.recipe.mixed)
    return getattr(torch, name)  # type: ignore[no-any-return]
