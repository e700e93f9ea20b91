"""The two terms of the gradient at a residual block: what came through the shortcut, and what through the branch.

y = after(F(u) + shortcut(u)), so dL/du = S^T delta + J_F^T delta, with delta the gradient at the addition. u is fed to
each path as a node of its own, so that autograd keeps the two parts until it adds them.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from math import isnan, nan, sqrt

from torch import Tensor

from resnet_explorer.lab.exact import Exact
from resnet_explorer.model.modules import Block, run

Part = Callable[[Tensor, Tensor, Tensor], None]
"""Is given u, and the two nodes at which the shortcut's and the branch's term arrive."""


def parted(block: Block, told: Part, x: Tensor) -> Tensor:
    """Return what a residual block gives for x; ``told`` gets u and the nodes by which it enters shortcut and branch.

    Where both paths share a norm and an activation (``before``), u is what these put out. What a learnt gate itself
    sends back counts as the branch's: the shortcut's term is the one that would be there were the gate constant.
    """
    u = run(block, block.chains.before, x)
    through_shortcut, through_branch = u.view_as(u), u.view_as(u)
    told(u, through_shortcut, through_branch)
    y = run(block, block.chains.branch, through_branch)
    shortcut = run(block, block.chains.shortcut or (), through_shortcut)
    if block.chains.gate:
        gate = run(block, block.chains.gate, through_branch)
        y = (gate * y if block.exclusive else y) + (1 - gate) * shortcut
    else:
        y = y + shortcut
    return run(block, block.chains.after, y)


@contextmanager
def parting(block: Block, told: Part) -> Iterator[None]:
    """Let a residual block run as ``parted``, and as it always did afterwards."""
    block.forward = partial(parted, block, told)  # type: ignore[method-assign]  # taken away below
    try:
        yield
    finally:
        del block.forward  # the class's own is there again


class Terms:
    """The two terms of one block, measured in float64.

    ``shortcut`` and ``branch`` are their lengths, ``product`` is their scalar product; None until both have arrived.
    """

    def __init__(self, exact: Exact) -> None:
        self.shortcut: float | None = None
        self.branch: float | None = None
        self.product: float | None = None
        self._exact = exact
        self._is_second = False

    def watch(self, u: Tensor, shortcut: Tensor, branch: Tensor) -> None:
        """Take the gradients that will arrive at these two nodes."""
        if shortcut.requires_grad and branch.requires_grad:
            shortcut.register_hook(partial(self._take, "shortcut"))
            branch.register_hook(partial(self._take, "branch"))

    def _take(self, name: str, gradient: Tensor) -> None:
        """Measure a term; a reference to it would cost autograd the memory that it means to use again.

        Both terms of a block arrive before those of any other, which lies before or behind it.
        """
        if self._is_second:
            length, self.product = self._exact.product(gradient)
        else:
            length = self._exact.keep(gradient)
        setattr(self, name, length)
        self._is_second = not self._is_second

    @property
    def cosine(self) -> float | None:
        """Return the cosine of the angle between both; None where one of them is 0."""
        if self.product is None or not self.shortcut or not self.branch:
            return None
        return self.product / self.shortcut / self.branch

    @property
    def total(self) -> float | None:
        """Return the length of the sum of both: the norm of dL/du."""
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
