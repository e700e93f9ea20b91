"""Runs of a network, whole, block by block and layer by layer, with the seconds of each."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.autograd.graph import Node

from resnet_explorer.module.blocks import Block, Gate, run
from resnet_explorer.network import Network, flat
from resnet_explorer.probes.clock import Clock, Mark, setting
from resnet_explorer.probes.models import Piece, pieces
from resnet_explorer.readings import Analysis
from resnet_explorer.timing.values import Timed, Timing, Work, added, span, work


class _Event(NamedTuple):
    """A module is entered or left; its hook ran from ``reached`` to ``passed``."""

    path: str
    entered: bool
    reached: Mark
    passed: Mark


Seconds = Mapping[str, float]


class Stopwatch:
    """Times every layer of a network while it runs.

    Forward: from the end of a layer's pre-hook to the start of its hook. Sums and products of a block are not modules:
    theirs is the time between the two modules around them, Python's overhead included. Backward: the autograd nodes of
    a layer have hooks before and after; their times are summed. So each layer is timed in its place, on its real
    gradient, with memory and caches as they are in training, and layers may work in place, which
    ``register_full_backward_hook`` does not allow. Work of autograd between operations, such as adding gradients where
    paths meet, belongs to no layer.
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
        """Context manager that attaches hooks to each layer, block and gate, and removes them on exit."""
        with ExitStack() as stack:
            for path, module in model.named_modules():
                own = {Block: f"{path}.add", Gate: f"{path}.scale"}.get(type(module), path)
                if own != path or not next(module.children(), None):
                    stack.callback(module.register_forward_pre_hook(partial(self._enter, path, own)).remove)
                    stack.callback(module.register_forward_hook(partial(self._leave, path)).remove)
            yield

    def forward(self) -> Seconds:
        """Return the seconds of each layer in the forward pass; call ``Clock.wait`` before."""
        seconds: dict[str, float] = defaultdict(float)
        for last, event in pairwise(self._events):
            if not event.entered and last.entered:  # a layer holds no others
                seconds[event.path] += self._clock.seconds(last.passed, event.reached)
            elif path := self._before.get((event.path, event.entered)) or self._after.get((last.path, last.entered)):
                seconds[path] += self._clock.seconds(last.passed, event.reached)
        return seconds

    def backward(self) -> Seconds:
        """Return the seconds of each layer in the backward pass; call ``Clock.wait`` before."""
        seconds: dict[str, float] = defaultdict(float)
        marks = iter(self._backward)
        for (path, start), (_, end) in zip(marks, marks, strict=True):
            seconds[path] += self._clock.seconds(start, end)
        return seconds

    def clear(self) -> None:
        self._events, self._backward, self._owners = [], [], {}

    def _enter(self, path: str, own: str, module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        reached = self._clock.mark()
        if self._inside:
            self._claim(inputs[0], self._inside[-1])  # a sum or a product that no module has made
        self._inside.append(own)
        self._events.append(_Event(path, True, reached, self._clock.mark()))

    def _leave(self, path: str, module: nn.Module, inputs: object, output: Tensor) -> None:
        reached = self._clock.mark()
        self._claim(output, self._inside.pop())
        self._events.append(_Event(path, False, reached, self._clock.mark()))

    def _claim(self, tensor: Tensor, path: str) -> None:
        """Assign the operations that led to a tensor, and belong to no layer yet, to a layer."""
        waiting = [tensor.grad_fn]
        while waiting:
            node = waiting.pop()
            if node is None or node in self._owners or hasattr(node, "variable"):
                continue
            self._owners[node] = path
            node.register_prehook(partial(self._mark, path))
            node.register_hook(partial(self._mark, path))
            waiting += [before for before, _ in node.next_functions]

    def _mark(self, path: str, *gradients: object) -> None:
        self._backward.append((path, self._clock.mark()))


_Moment = tuple[str, bool]


def _joins(network: Network) -> tuple[Mapping[_Moment, str], Mapping[_Moment, str]]:
    """Return the sums and products computed just before a module is entered or left, and those just after."""
    before: dict[_Moment, str] = {}
    after: dict[_Moment, str] = {}
    for block in network.blocks:
        before |= {(path, False): f"{path}.scale" for path in block.gate_paths}
        if block.form.shortcut is None or not block.number:
            continue
        if len(block.form.after) > 1:
            before[f"{block.path}.{flat(block.form.after)[1].name}", True] = f"{block.path}.add"
        else:
            before[block.path, False] = f"{block.path}.add"
        if block.form.gate:
            after[f"{block.path}.{flat(block.form.gate)[-1].name}", False] = f"{block.path}.add"
    return before, after


Marks = tuple[str, Mark, Mark]
"""A path, and the marks before and after it ran."""


class Samples:
    """The seconds of each path in the forward and the backward pass, one value per round."""

    def __init__(self) -> None:
        self.forward: dict[str, list[float]] = defaultdict(list)
        self.backward: dict[str, list[float]] = defaultdict(list)

    def add(self, forward: Mapping[str, float], backward: Mapping[str, float]) -> None:
        for samples, seconds in ((self.forward, forward), (self.backward, backward)):
            for path, value in seconds.items():
                samples[path].append(value)

    def timed(self, path: str, parts: Sequence[str], of: Work) -> Timed:
        """Return the time of a path: that of its parts, summed in each round."""
        forward, backward = (
            [sum(values) for values in zip(*(samples[part] for part in parts if part in samples), strict=True)]
            for samples in (self.forward, self.backward)
        )
        return Timed(path, span(forward), span(backward) if backward else None, of)


class Bench:
    """A model, an image of noise, and the seconds measured so far."""

    def __init__(self, model: nn.Module, analysis: Analysis, device: str, backward: bool) -> None:
        self._model, self._analysis, self._device, self._backward = model, analysis, device, backward
        self._pieces = tuple(pieces(analysis.network))
        self._image = torch.rand(analysis.total.input, device=device)
        self._clock = Clock(device)
        self._stopwatch = Stopwatch(analysis.network, self._clock)
        self.forget()

    @property
    def steps(self) -> int:
        return 1 + 2 * len(self._pieces) * (1 + self._backward)

    def forget(self) -> None:
        """Discard the samples of the warm-up."""
        self._whole, self._blocks, self._layers = Samples(), Samples(), Samples()

    def round(self) -> Iterator[str]:
        """Run the network three times; yield what has just been run."""
        self._run_whole()
        yield "the whole network"
        yield from self._run_pieces(self._blocks)
        with self._stopwatch.attached(self._model):
            yield from self._run_pieces(Samples())
        back = self._stopwatch.backward()
        # Layers that only return their input, such as inactive dropout, do nothing in the backward pass.
        rows = {row.path: back.get(row.path, 0.0) for row in self._analysis.rows} if self._backward else {}
        self._layers.add(self._stopwatch.forward(), rows)
        self._stopwatch.clear()

    def _run_whole(self) -> None:
        clock, backward = self._clock, list[Marks]()
        with torch.set_grad_enabled(self._backward):
            start = clock.mark()
            y = self._model(self._image)
            forward = [("", start, clock.mark())]
        if self._backward:
            upstream, params = torch.ones_like(y), _params(self._model)
            start = clock.mark()
            torch.autograd.grad(y, params, upstream)
            backward.append(("", start, clock.mark()))
        clock.wait()
        self._whole.add(self._seconds(forward), self._seconds(backward))

    def _run_pieces(self, samples: Samples) -> Iterator[str]:
        """Run block by block: forward, each detached from the one before, then backward with the next one's gradient.

        So a block's time includes all of autograd's work for it, such as adding gradients where its paths meet.
        """
        forward: list[Marks] = []
        backward: list[Marks] = []
        ends: list[tuple[Piece, Tensor, Tensor]] = []
        x = self._image
        for piece in self._pieces:
            leaf = x.detach().requires_grad_() if self._backward and ends else x
            with torch.set_grad_enabled(self._backward):
                start = self._clock.mark()
                x = run(self._model, piece.names, leaf)
                forward.append((piece.path, start, self._clock.mark()))
            ends.append((piece, leaf, x))
            yield f"{piece.path}, forward"
        gradient = torch.ones_like(x)
        while ends and self._backward:
            piece = ends[-1][0]
            gradient = self._back(*ends.pop(), gradient, backward)
            yield f"{piece.path}, backward"
        self._clock.wait()
        samples.add(self._seconds(forward), self._seconds(backward))

    def _back(self, piece: Piece, x: Tensor, y: Tensor, gradient: Tensor, marks: list[Marks]) -> Tensor:
        """Return the gradient of x; for the image, whose gradient is not computed, that of some parameter."""
        params = [param for name in piece.names for param in _params(self._model.get_submodule(name))]
        inputs = [x, *params] if x.requires_grad else params
        start = self._clock.mark()
        gradients = torch.autograd.grad(y, inputs, gradient)
        marks.append((piece.path, start, self._clock.mark()))
        return gradients[0]

    def _seconds(self, marks: list[Marks]) -> dict[str, float]:
        return {path: self._clock.seconds(start, end) for path, start, end in marks}

    def timing(self, warmup: int, repeats: int) -> Timing:
        works = work(self._analysis, training=self._backward)
        rows = zip(self._analysis.rows, works, strict=True)
        return Timing(
            setting(self._device, warmup, repeats),
            self._analysis.input,
            self._backward,
            tuple(self._layers.timed(row.path, (row.path,), of) for row, of in rows),
            self._sums(works),
            self._whole.timed("", ("",), added(works)),
        )

    def _sums(self, works: Sequence[Work]) -> dict[str, Timed]:
        network, each = self._analysis.network, iter(works)
        own = {block.path: added([next(each) for _ in block.layer_paths]) for block in network.blocks}
        groups = {path: [path] for path in own}
        groups |= {stage.path: [block.path for block in stage.blocks] for stage in network.stages}
        groups[""] = list(own)
        return {
            path: self._blocks.timed(path, parts, added([own[part] for part in parts]))
            for path, parts in groups.items()
        }


def _params(module: nn.Module) -> list[nn.Parameter]:
    return [parameter for parameter in module.parameters() if parameter.requires_grad]
