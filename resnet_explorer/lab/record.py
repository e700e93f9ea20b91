"""Norms of gradients and activations, block by block, from hooks that are returned."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from math import sqrt

import torch
from torch import Tensor, nn

from resnet_explorer.analysis.gradients import Series
from resnet_explorer.analysis.quantities import Quantity
from resnet_explorer.lab.exact import Exact
from resnet_explorer.lab.terms import Terms, parting
from resnet_explorer.model.modules import Block


def blocks_of(model: nn.Module) -> list[Block]:
    """Return the blocks of a network in the order in which they run."""
    return [module for module in model.modules() if isinstance(module, Block)]


class Record:
    """What one forward and backward pass leaves behind: read it after ``backward``.

    Norms are taken in float64. Where the two terms of a block's input are kept apart, its gradient is their sum and is
    not measured again.
    """

    def __init__(self, blocks: list[Block], terms: bool = True) -> None:
        self._blocks = blocks
        self._gradients: list[float | None] = [None] * (len(blocks) + 1)
        self._deviations: list[float | None] = [None] * len(blocks)
        self._exact = Exact()
        residual = [terms and block.chains.shortcut is not None for block in blocks]
        self.terms = tuple(Terms(self._exact) if is_residual else None for is_residual in residual)
        self._sums = [bool(term) and not block.chains.before for term, block in zip(self.terms, blocks, strict=True)]

    def enter(self, block: nn.Module, arguments: tuple[Tensor, ...]) -> None:
        """Watch what enters the first block."""
        self._watch(0, arguments[0])

    def leave(self, index: int, block: nn.Module, arguments: tuple[Tensor, ...], output: Tensor) -> None:
        """Watch what a block puts out, and measure it."""
        self._watch(index + 1, output)
        self._deviations[index] = self._exact.deviation(output)

    def _watch(self, index: int, tensor: Tensor) -> None:
        """Have the norm of a tensor's whole gradient taken, once autograd has added up what all its users send."""
        if tensor.requires_grad and not (index < len(self._sums) and self._sums[index]):
            tensor.register_hook(partial(self._arrived, index))

    def _arrived(self, index: int, gradient: Tensor) -> None:
        self._gradients[index] = self._exact.norm(gradient)

    def values(self, rate: float) -> dict[Quantity, Series]:
        """Return every quantity of every block; call it before the parameters' gradients are cleared."""
        parameters = [self._parameters(block) for block in self._blocks]
        terms = self.terms
        sums = [term.total if term and is_sum else None for term, is_sum in zip(terms, self._sums, strict=True)]
        inputs = tuple(one if known is None else known for one, known in zip(self._gradients, sums, strict=False))
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
        """Return the length of the gradient of all parameters of a block, their own length, and their number."""
        pairs = [(one.detach().flatten(), one.grad.flatten()) for one in block.parameters() if one.grad is not None]
        if not pairs:
            return 0.0, 0.0, 0
        weights, gradients = (torch.cat(column) for column in zip(*pairs, strict=True))
        return self._exact.norm(gradients), self._exact.norm(weights), weights.numel()


class Moves:
    """How far an optimiser's step moves each block: make it before the step, and read ``ratios`` after it."""

    def __init__(self, model: nn.Module) -> None:
        self._before = [[(one, one.detach().clone()) for one in block.parameters()] for block in blocks_of(model)]
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
        moved = self._exact.norm(torch.cat([(one.detach() - kept).flatten() for one, kept in pairs]))
        return moved / before if before else None


@contextmanager
def recording(model: nn.Module, *, terms: bool = True) -> Iterator[Record]:
    """Lend a model the hooks that fill a record, and take them back, however the pass ends.

    With ``terms`` the shortcut's and the branch's terms are kept apart, which changes no value.
    """
    blocks = blocks_of(model)
    record = Record(blocks, terms)
    with ExitStack() as lent:
        lent.callback(blocks[0].register_forward_pre_hook(record.enter).remove)
        for index, block in enumerate(blocks):
            lent.callback(block.register_forward_hook(partial(record.leave, index)).remove)
        for block, watched in zip(blocks, record.terms, strict=True):
            if watched is not None:
                lent.enter_context(parting(block, watched.watch))
        yield record


@contextmanager
def restored(model: nn.Module, *, training: bool) -> Iterator[None]:
    """Lend a model in training or evaluation mode to whatever measures it, and give it back as it was, bit for bit.

    That is every module's mode, every buffer (the running statistics of norms) and every gradient; within, the
    parameters start without gradients. Whatever only measures a model goes through here.
    """
    buffers = [(buffer, buffer.clone()) for buffer in model.buffers()]
    modes = [(module, module.training) for module in model.modules()]
    gradients = [(parameter, parameter.grad) for parameter in model.parameters()]
    model.train(training)
    for parameter, _ in gradients:
        parameter.grad = None
    try:
        yield
    finally:
        with torch.no_grad():
            for buffer, kept in buffers:
                buffer.copy_(kept)
        for module, mode in modes:
            module.training = mode
        for parameter, gradient in gradients:
            parameter.grad = gradient
