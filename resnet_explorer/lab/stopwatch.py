"""Which layer runs when, going forward and going backward, told by hooks that are borrowed and given back."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from itertools import pairwise
from typing import Any, NamedTuple

from torch import Tensor, nn
from torch.autograd.graph import Node

from resnet_explorer.blueprint import Block as BlockNode
from resnet_explorer.blueprint import Network, flat
from resnet_explorer.lab.clock import Clock, Mark
from resnet_explorer.model.modules import Block, Gate


class _Event(NamedTuple):
    """A module is entered or left: ``reached`` is when its hook began, ``passed`` when the hook had done its own."""

    path: str
    entered: bool
    reached: Mark
    passed: Mark


Seconds = Mapping[str, float]


class Stopwatch:
    """Times every layer of a network while it runs.

    Forward: from the end of a layer's pre-hook to the start of its hook. Sums and products of a block are no modules:
    theirs is the time between the two modules around them, Python's own steps included. Backward: the operations that
    a layer has put into the autograd graph have hooks of their own, before and after; their times are added. So each
    layer is timed in its place, on its real gradient, with memory and caches as they are in training, and layers that
    work in place need no care, which ``register_full_backward_hook`` cannot give and a layer alone on a copy of its
    input would not have. What autograd does between operations, such as adding gradients where paths meet, is no
    layer's.
    """

    def __init__(self, network: Network, clock: Clock) -> None:
        self._clock = clock
        self._before, self._after = _joins(network)
        self._events: list[_Event] = []
        self._inside: list[str] = []
        self._owners: dict[Node, str] = {}
        self._backward: list[tuple[str, Mark]] = []

    @contextmanager
    def attached(self, model: nn.Module) -> Iterator[None]:
        """Lend a model hooks on its layers, blocks and gates; they are taken back however it ends."""
        with ExitStack() as stack:
            for path, module in model.named_modules():
                own = {Block: f"{path}.add", Gate: f"{path}.scale"}.get(type(module), path)
                if own != path or not next(module.children(), None):
                    stack.callback(module.register_forward_pre_hook(self._entering(path, own)).remove)
                    stack.callback(module.register_forward_hook(self._leaving(path)).remove)
            yield

    def forward(self) -> Seconds:
        """Return the seconds of each layer going forward; the clock has to have been waited for."""
        found: dict[str, float] = defaultdict(float)
        for last, event in pairwise(self._events):
            if not event.entered and last.entered:  # a layer holds no others
                found[event.path] += self._clock.seconds(last.passed, event.reached)
            elif path := self._before.get((event.path, event.entered)) or self._after.get((last.path, last.entered)):
                found[path] += self._clock.seconds(last.passed, event.reached)
        return found

    def backward(self) -> Seconds:
        """Return the seconds of each layer going backward; the clock has to have been waited for."""
        found: dict[str, float] = defaultdict(float)
        marks = iter(self._backward)
        for (path, start), (_, end) in zip(marks, marks, strict=True):
            found[path] += self._clock.seconds(start, end)
        return found

    def clear(self) -> None:
        """Forget what was recorded, before the next run."""
        self._events, self._backward, self._owners = [], [], {}

    def _entering(self, path: str, own: str) -> Any:
        def enter(module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
            reached = self._clock.mark()
            if self._inside:
                self._claim(inputs[0], self._inside[-1])  # a sum or a product that no module has made
            self._inside.append(own)
            self._events.append(_Event(path, True, reached, self._clock.mark()))

        return enter

    def _leaving(self, path: str) -> Any:
        def leave(module: nn.Module, inputs: object, output: Tensor) -> None:
            reached = self._clock.mark()
            self._claim(output, self._inside.pop())
            self._events.append(_Event(path, False, reached, self._clock.mark()))

        return leave

    def _claim(self, tensor: Tensor, path: str) -> None:
        """Give the operations that led to a tensor, and that nobody owns yet, to a layer."""
        waiting = [tensor.grad_fn]
        while waiting:
            node = waiting.pop()
            if node is None or node in self._owners or hasattr(node, "variable"):
                continue
            self._owners[node] = path
            node.register_prehook(self._marking(path))
            node.register_hook(self._marking(path))
            waiting += [before for before, _ in node.next_functions]

    def _marking(self, path: str) -> Callable[..., None]:
        def mark(*gradients: object) -> None:
            self._backward.append((path, self._clock.mark()))

        return mark


_Moment = tuple[str, bool]


def _joins(network: Network) -> tuple[Mapping[_Moment, str], Mapping[_Moment, str]]:
    """Return which sum or product is done just before a module is entered or left, and which just after."""
    before: dict[_Moment, str] = {}
    after: dict[_Moment, str] = {}
    for block in network.blocks:
        before |= {(path, False): f"{path}.scale" for path in block.gate_paths}
        if block.form.shortcut is None or not block.number:
            continue
        then = _path(block, flat(block.form.after)[1].name) if len(block.form.after) > 1 else ""
        before[(then, True) if then else (block.path, False)] = f"{block.path}.add"
        if block.form.gate:
            after[(_path(block, flat(block.form.gate)[-1].name), False)] = f"{block.path}.add"
    return before, after


def _path(block: BlockNode, name: str) -> str:
    return f"{block.path}.{name}"
