"""Norms of gradients and activations, block by block, from hooks that are removed afterwards."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from math import isnan, nan, sqrt

import torch
from torch import Tensor, nn

from resnet_explorer.module.blocks import Block, run
from resnet_explorer.probes.models import blocks_of
from resnet_explorer.readings.quantities import Quantity, Series

ROW = 1024
SMALL, LARGE = 1e-24, 1e30
"""Between these the mean square of float32 values loses nothing to underflow or overflow."""


class Exact:
    """Norms in float64, of copies in memory that is reused: allocating it costs more than a norm."""

    def __init__(self) -> None:
        self._memory: dict[int, Tensor] = {}

    def norm(self, tensor: Tensor) -> float:
        return _length(self._copy(tensor, 0))

    def deviation(self, tensor: Tensor) -> float:
        """Return the standard deviation, sqrt(E[x^2] - E[x]^2), a fifth of the time of torch.std.

        Rows of 1,024 values are summed in float32, their sums in float64: good to 1e-6, where the values are neither
        too small to be squared nor almost equal. Otherwise all is summed in float64.
        """
        tensor, count = tensor.detach(), tensor.numel()
        if tensor.dtype is torch.float32 and count % ROW == 0 and tensor.is_contiguous():
            rows = torch.linalg.vector_norm(tensor.view(-1, ROW), dim=1).double().cpu()
            square, mean = float(torch.dot(rows, rows)) / count, float(tensor.mean())
            if SMALL < square < LARGE and mean * mean < 0.9 * square:
                return sqrt(square - mean * mean)
        values = self._copy(tensor, 0)
        square = float(torch.dot(values, values)) / count - float(values.mean()) ** 2
        return nan if isnan(square) else sqrt(max(square, 0.0))

    def keep(self, tensor: Tensor) -> float:
        """Return the norm of a tensor, and keep its values for ``product``."""
        return _length(self._copy(tensor, 1))

    def product(self, tensor: Tensor) -> tuple[float, float]:
        """Return the norm of a tensor, and its scalar product with the one that was kept last."""
        values = self._copy(tensor, 0)
        return _length(values), float(torch.dot(values, self._memory[1][: tensor.numel()]))

    def _copy(self, tensor: Tensor, slot: int) -> Tensor:
        device = "cpu" if tensor.device.type == "mps" else tensor.device  # Apple's GPUs have no such numbers
        count = tensor.numel()
        if slot not in self._memory or len(self._memory[slot]) < count:
            self._memory[slot] = torch.empty(count, dtype=torch.float64, device=device)
        flat = self._memory[slot][:count]
        flat.view(tensor.shape).copy_(tensor.detach())
        return flat


def _length(values: Tensor) -> float:
    return sqrt(float(torch.dot(values, values)))


Part = Callable[[Tensor, Tensor, Tensor], None]
"""Receives u, and the two nodes at which the shortcut's and the branch's term arrive."""


def forward_with_terms(block: Block, watch: Part, x: Tensor) -> Tensor:
    """Return a residual block's output; ``watch`` gets u and the nodes at which u enters shortcut and branch.

    Where both paths share a norm and an activation (``before``), u is their output. The gradient through a learnt gate
    counts as the branch's: the shortcut's term is that of a constant gate.
    """
    u = run(block, block.chains.before, x)
    through_shortcut, through_branch = u.view_as(u), u.view_as(u)
    watch(u, through_shortcut, through_branch)
    y = run(block, block.chains.branch, through_branch)
    shortcut = run(block, block.chains.shortcut or (), through_shortcut)
    if block.chains.gate:
        gate = run(block, block.chains.gate, through_branch)
        y = (gate * y if block.exclusive else y) + (1 - gate) * shortcut
    else:
        y = y + shortcut
    return run(block, block.chains.after, y)


class Terms:
    """The two terms of one block, measured in float64.

    ``shortcut`` and ``branch`` are their norms, ``product`` is their scalar product; None until both have arrived.
    """

    def __init__(self, exact: Exact) -> None:
        self.shortcut: float | None = None
        self.branch: float | None = None
        self.product: float | None = None
        self._exact = exact
        self._is_second = False

    def watch(self, u: Tensor, shortcut: Tensor, branch: Tensor) -> None:
        """Attach hooks for the gradients that arrive at these two nodes."""
        if shortcut.requires_grad and branch.requires_grad:
            shortcut.register_hook(partial(self._take, "shortcut"))
            branch.register_hook(partial(self._take, "branch"))

    def _take(self, name: str, gradient: Tensor) -> None:
        """Measure a term, and keep no reference: autograd reuses its memory.

        Both terms of a block arrive before those of any other block.
        """
        if self._is_second:
            length, self.product = self._exact.product(gradient)
        else:
            length = self._exact.keep(gradient)
        setattr(self, name, length)
        self._is_second = not self._is_second

    @property
    def cosine(self) -> float | None:
        """Return the cosine of the angle between both terms; None where one of them is 0."""
        if self.product is None or not self.shortcut or not self.branch:
            return None
        return self.product / self.shortcut / self.branch

    @property
    def total(self) -> float | None:
        """Return the norm of the sum of both terms: that of dL/du."""
        if self.product is None or self.shortcut is None or self.branch is None:
            return None
        square = self.shortcut**2 + self.branch**2 + 2 * self.product
        return nan if isnan(square) else sqrt(max(square, 0.0))

    @property
    def share(self) -> float | None:
        """Return <shortcut, total> / |total|^2: 1 where nothing came through the branch; None where all is 0."""
        if self.product is None or self.shortcut is None or not self.total:
            return None
        return (self.shortcut**2 + self.product) / self.total / self.total


class Record:
    """Norms in float64 of one forward and backward pass: read them after ``backward``.

    Where the two terms of a block's input are measured, its gradient is their sum and is not measured again.
    """

    def __init__(self, blocks: list[Block], terms: bool = True) -> None:
        self._blocks = blocks
        self._gradients: list[float | None] = [None] * (len(blocks) + 1)
        self._deviations: list[float | None] = [None] * len(blocks)
        self._exact = Exact()
        self.terms = tuple(
            Terms(self._exact) if terms and block.chains.shortcut is not None else None for block in blocks
        )
        self._sums = [bool(term) and not block.chains.before for term, block in zip(self.terms, blocks, strict=True)]

    def enter(self, block: nn.Module, arguments: tuple[Tensor, ...]) -> None:
        self._watch(0, arguments[0])

    def leave(self, index: int, block: nn.Module, arguments: tuple[Tensor, ...], output: Tensor) -> None:
        self._watch(index + 1, output)
        self._deviations[index] = self._exact.deviation(output)

    def _watch(self, index: int, tensor: Tensor) -> None:
        """Take the norm of a tensor's gradient once autograd has summed what all its users send back."""
        if tensor.requires_grad and not (index < len(self._sums) and self._sums[index]):
            tensor.register_hook(partial(self._arrived, index))

    def _arrived(self, index: int, gradient: Tensor) -> None:
        self._gradients[index] = self._exact.norm(gradient)

    def values(self, rate: float) -> dict[Quantity, Series]:
        """Return every quantity of every block; call it before the parameters' gradients are cleared."""
        parameters = [self._parameters(block) for block in self._blocks]
        terms = self.terms
        sums = [term.total if term and is_sum else None for term, is_sum in zip(terms, self._sums, strict=True)]
        inputs = tuple(norm if total is None else total for norm, total in zip(self._gradients, sums, strict=False))
        return {
            Quantity.INPUT: inputs,
            Quantity.OUTPUT: (*inputs[1:], self._gradients[-1]),
            Quantity.WEIGHTS: tuple(gradient for gradient, _, _ in parameters),
            Quantity.WEIGHTS_RMS: tuple(gradient / sqrt(count) if count else None for gradient, _, count in parameters),
            Quantity.ACTIVATION: tuple(self._deviations),
            Quantity.ESTIMATE: tuple(
                rate * gradient / length if length else None for gradient, length, _ in parameters
            ),
            Quantity.WEIGHT_NORM: tuple(length if count else None for _, length, count in parameters),
            Quantity.SHORTCUT: tuple(term.shortcut if term else None for term in terms),
            Quantity.BRANCH: tuple(term.branch if term else None for term in terms),
            Quantity.COSINE: tuple(term.cosine if term else None for term in terms),
            Quantity.SHARE: tuple(term.share if term else None for term in terms),
        }

    def _parameters(self, block: Block) -> tuple[float, float, int]:
        """Return the norm of a block's parameter gradient, that of its parameters, and their number."""
        pairs = [(w.detach().flatten(), w.grad.flatten()) for w in block.parameters() if w.grad is not None]
        if not pairs:
            return 0.0, 0.0, 0
        weights, gradients = (torch.cat(column) for column in zip(*pairs, strict=True))
        return self._exact.norm(gradients), self._exact.norm(weights), weights.numel()


class Moves:
    """How far an optimiser's step moves each block: create it before the step, and read ``ratios`` afterwards."""

    def __init__(self, model: nn.Module) -> None:
        self._before = [[(w, w.detach().clone()) for w in block.parameters()] for block in blocks_of(model)]
        self._exact = Exact()

    def ratios(self) -> Series:
        """Return ‖W after − W before‖₂ / ‖W before‖₂ for each block, W being all its parameters.

        None for a block that has none, or whose parameters were all 0.
        """
        return tuple(self._ratio(pairs) for pairs in self._before)

    def _ratio(self, pairs: list[tuple[nn.Parameter, Tensor]]) -> float | None:
        if not pairs:
            return None
        before = self._exact.norm(torch.cat([kept.flatten() for _, kept in pairs]))
        moved = self._exact.norm(torch.cat([(weight.detach() - kept).flatten() for weight, kept in pairs]))
        return moved / before if before else None


@contextmanager
def recording(model: nn.Module, *, terms: bool = True) -> Iterator[Record]:
    """Context manager that attaches the hooks that fill a record, and removes them on exit.

    With ``terms`` the shortcut's and the branch's terms are measured too, which changes no value.
    """
    blocks = blocks_of(model)
    record = Record(blocks, terms)
    with ExitStack() as stack:
        stack.callback(blocks[0].register_forward_pre_hook(record.enter).remove)
        for index, (block, terms_of_block) in enumerate(zip(blocks, record.terms, strict=True)):
            stack.callback(block.register_forward_hook(partial(record.leave, index)).remove)
            if terms_of_block is not None:
                watched = partial(forward_with_terms, block, terms_of_block.watch)
                block.forward = watched  # type: ignore[method-assign]
                stack.callback(delattr, block, "forward")  # the class's own remains
        yield record
