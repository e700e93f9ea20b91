"""Forward passes on the meta device, where nothing is computed, without most of the time that PyTorch takes there."""

import re
from collections.abc import Hashable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.utils._mode_utils import no_dispatch
from torch.utils._python_dispatch import TorchDispatchMode

_MULTIPLIES = re.compile(r"conv|mm|dot_product|^mv$|^dot$")
"""What a counter of FLOPs counts."""


class BareShapes(TorchDispatchMode):
    """Context manager in which an operation on the meta device that came before only has its shapes.

    PyTorch works out the shapes of most operations in Python, and batch norm, decomposed, takes nine tenths of a
    forward pass. Neither autograd nor a counter of FLOPs sees a difference: what multiplies matrices, and views, are
    left to PyTorch.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # the one of PyTorch
        self._known: dict[Hashable, tuple[Any, ...]] = {}

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        if func is torch.ops.aten.native_batch_norm.default and args[0].device.type == "meta":
            x, statistics = args[0], (args[0].shape[1] if args[5] else 0,)
            return empty(x.shape, x.stride(), x.dtype), *(empty(statistics, (1,), x.dtype) for _ in range(2))
        return func(*args, **(kwargs or {})) if kwargs or _is_left(func) else self.bare(func, args)

    def bare(self, func: Any, args: tuple[Any, ...]) -> Any:
        """Return what an operation returns: where it came before, a new tensor of the same shape, or its first one."""
        key = (func, *map(_described, args))
        if key not in self._known:
            out = func(*args)
            if isinstance(out, Tensor) and out.device.type == "meta":
                self._known[key] = () if out is args[0] else (out.shape, out.stride(), out.dtype)
            return out
        known = self._known[key]
        return empty(*known) if known else args[0]


def empty(size: Sequence[int], stride: Sequence[int], dtype: torch.dtype) -> Tensor:
    """Return a new tensor on the meta device, of which no mode hears."""
    with no_dispatch():
        return torch.empty_strided(size, stride, dtype=dtype, device="meta")


_LEFT: dict[Any, bool] = {}


def _is_left(func: Any) -> bool:
    """Return whether an operation is counted, is a view, or has more than one result."""
    if func not in _LEFT:
        results = func._schema.returns
        aliases = [one.alias_info for one in results]
        views = any(alias is not None and not alias.is_write for alias in aliases)
        name = func.overloadpacket.__name__
        _LEFT[func] = len(results) != 1 or views or bool(_MULTIPLIES.search(name)) or not func._schema.arguments
    return _LEFT[func]


def _described(value: Any) -> Hashable:
    if isinstance(value, Tensor):
        return value.shape, value.stride(), value.dtype, value.device
    return tuple(map(_described, value)) if isinstance(value, list | tuple) else value
