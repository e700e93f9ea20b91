"""Forward passes on the meta device, where nothing is computed, without most of the time that PyTorch takes there."""

import re
from collections.abc import Hashable, Sequence
from functools import cache
from typing import Any

import torch
from torch import Tensor
from torch.utils._mode_utils import no_dispatch
from torch.utils._python_dispatch import TorchDispatchMode

_MULTIPLIES = re.compile(r"conv|mm|dot_product|^mv$|^dot$")
"""What a counter of FLOPs counts."""
_BATCH_NORM = torch.ops.aten.native_batch_norm.default


class BareShapes(TorchDispatchMode):
    """Context manager in which an operation on the meta device that came before only has its shapes.

    PyTorch works out the shapes of most operations in Python, and batch norm, decomposed, takes nine tenths of a
    forward pass. Autograd sees no difference, nor does a counter of FLOPs around it where ``products``, what multiplies
    matrices, are left to PyTorch. Views always are.
    """

    def __init__(self, *, products: bool = False) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # the one of PyTorch
        self._products = products
        self._known: dict[Hashable, tuple[Any, ...]] = {}

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # to hide operations from a compiler that nobody runs takes PyTorch longer than these do

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        if func is _BATCH_NORM and args[0].device.type == "meta":
            x, statistics = args[0], (args[0].shape[1] if args[5] else 0,)
            return empty(x.shape, x.stride(), x.dtype), *(empty(statistics, (1,), x.dtype) for _ in range(2))
        if kwargs or _is_left(func) or (_multiplies(func) and not self._products):
            return func(*args, **(kwargs or {}))
        return self.bare(func, args)

    def bare(self, func: Any, args: tuple[Any, ...]) -> Any:
        """Return what an operation returns: where it came before, a new tensor of the same shape, or its first one."""
        key = described(func, args)
        if key not in self._known:
            out = func(*args)
            if isinstance(out, Tensor) and out.device.type == "meta":
                self._known[key] = () if out is args[0] else (out.shape, out.stride(), out.dtype)
            return out
        known = self._known[key]
        return empty(*known) if known else args[0]


class CountedShapes(BareShapes):
    """Counts FLOPs as PyTorch's ``FlopCounterMode`` does, by its formulas; what came before counts as it did then."""

    def __init__(self) -> None:
        from torch.utils.flop_counter import FlopCounterMode  # imports a compiler: not before it is asked for

        super().__init__(products=True)
        self.flops = 0
        self._formulas = FlopCounterMode(display=False).flop_registry
        self._counted: dict[Hashable, int] = {}

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        out = super().__torch_dispatch__(func, types, args, kwargs)
        if formula := self._formulas.get(func.overloadpacket):
            key = described(func, args)
            if key not in self._counted:
                self._counted[key] = formula(*args, **(kwargs or {}), out_val=out)
            self.flops += self._counted[key]
        return out


def empty(size: Sequence[int], stride: Sequence[int], dtype: torch.dtype) -> Tensor:
    """Return a new tensor on the meta device, of which no mode hears."""
    with no_dispatch():
        return torch.empty_strided(size, stride, dtype=dtype, device="meta")


@cache
def _is_left(func: Any) -> bool:
    """Return whether an operation is a view, or has more than one result."""
    results = func._schema.returns
    aliases = [one.alias_info for one in results]
    views = any(alias is not None and not alias.is_write for alias in aliases)
    return len(results) != 1 or views or not func._schema.arguments


@cache
def _multiplies(func: Any) -> bool:
    return bool(_MULTIPLIES.search(func.overloadpacket.__name__))


def described(func: Any, args: tuple[Any, ...]) -> Hashable:
    """Return an operation and all of its arguments but what tensors hold."""
    return func, *map(_described, args)


def _described(value: Any) -> Hashable:
    if isinstance(value, Tensor):
        return value.shape, value.stride(), value.dtype, value.device
    return tuple(map(_described, value)) if isinstance(value, list | tuple) else value
