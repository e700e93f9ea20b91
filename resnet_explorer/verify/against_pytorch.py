"""The closed form against PyTorch itself, row by row, and against fvcore, operator by operator."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks
from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook

from resnet_explorer.module import build
from resnet_explorer.module.blocks import Block, Gate
from resnet_explorer.module.meta import CountedShapes
from resnet_explorer.network import compile_spec
from resnet_explorer.probes.clock import instruction_set
from resnet_explorer.probes.models import pieces, restored
from resnet_explorer.readings import Analysis, Row
from resnet_explorer.readings.kept import IMAGE, Kept, collected, kept
from resnet_explorer.readings.progress import Progress
from resnet_explorer.readings.text import size
from resnet_explorer.spec import InputShape, ResNetSpec
from resnet_explorer.verify.values import Check, Difference, Verdict


def measure_kept(spec: ResNetSpec, image: InputShape, *, training: bool = True) -> Iterator[Progress | Kept]:
    """Yield progress and, last, what autograd keeps of a network's forward pass on the CPU in float32.

    ``saved_tensors_hooks`` names each tensor that is saved; a storage counts once, under the layer that made it, and
    those of parameters and buffers do not count. Raises ValueError, as PyTorch does, where a batch norm cannot train
    on the input. Every output is held until the end, so that no two storages ever have the same address: it takes up
    to twice the memory that it measures.
    """
    network = compile_spec(spec)
    steps = len(network.blocks)
    yield Progress(0, steps, "building the network")
    model = build(spec, initialise=False)
    x = torch.rand(image.shape(spec.in_channels, spec.dims))
    watch = _Watch(model, x)
    with restored(model, training=training):
        for number, piece in enumerate(pieces(network), start=1):
            for name in piece.names:
                module = model.get_submodule(name)
                with watch.watching(name, module):
                    x = module(x)
            yield Progress(number, steps, f"running {piece.path}")
    by_path = dict.fromkeys((IMAGE, *(path for block in network.blocks for path in block.layer_paths)), 0)
    for path, count in watch.saved.values():
        by_path[path] += count
    yield collected(network, by_path, training)


class _Watch:
    """Who made each storage, and which of them were saved: address to (layer's path, bytes).

    Tensors are held without the operations that made them, and what is saved is not given back to them: each operation
    holds the hooks, and so this object, and would stay in memory with it.
    """

    def __init__(self, model: nn.Module, x: Tensor) -> None:
        self.saved: dict[int, tuple[str, int]] = {}
        self._anyway = {_address(tensor) for tensor in (*model.parameters(), *model.buffers())}
        self._makers = {_address(x): IMAGE}
        self._held: list[Tensor] = [x]
        self._inside: list[tuple[str, nn.Module]] = []

    @contextmanager
    def watching(self, name: str, top: nn.Module) -> Iterator[None]:
        """Context manager with hooks that tell which layer of a module runs, and what autograd saves."""
        with ExitStack() as stack:
            for path, module in top.named_modules(prefix=name):
                if isinstance(module, Block | Gate) or not next(module.children(), None):
                    stack.callback(module.register_forward_pre_hook(partial(self._enter, path)).remove)
                    stack.callback(module.register_forward_hook(self._left).remove)
            stack.enter_context(saved_tensors_hooks(self._pack, lambda nothing: nothing))
            yield

    def _enter(self, path: str, module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        self._made(inputs[0])  # by the block itself, where no layer has made it: its sum
        self._inside.append((path, module))

    def _left(self, module: nn.Module, inputs: object, output: Tensor) -> None:
        self._made(output)
        self._inside.pop()

    def _made(self, tensor: Tensor) -> None:
        self._held.append(tensor.detach())
        if (address := _address(tensor)) not in self._makers:
            self._makers[address] = self._here()

    def _here(self) -> str:
        """Return the address of the layer that runs; what a block or a gate does itself is its sum or product."""
        path, module = self._inside[-1]
        own = {Block: ".add", Gate: ".scale"}
        return path + own.get(type(module), "")

    def _pack(self, tensor: Tensor) -> None:
        address, count = _address(tensor), tensor.untyped_storage().nbytes()
        if address not in self._anyway and count:
            self._held.append(tensor.detach())
            self.saved[address] = (self._makers.setdefault(address, self._here()), count)


def _address(tensor: Tensor) -> int:
    return tensor.untyped_storage().data_ptr()


FVCORE_COUNTS = ("conv", "linear", "addmm", "matmul", "bmm")
"""fvcore's names for the operators whose multiply-accumulates are counted here."""


def verify(analysis: Analysis, *, fvcore: bool = False) -> Iterator[Progress | Verdict]:
    """Yield progress and, last, the verdict on an analysis.

    PyTorch builds the network on the meta device, where nothing is computed: shapes and parameters are those of the
    modules, MACs half of the FLOPs by the formulas of ``FlopCounterMode``. With ``fvcore`` its counts on the CPU are
    compared as well; it says "flops" and means MACs, and adds batch norm and pooling, which are left out here.
    """
    steps = 3 if fvcore else 2
    yield Progress(0, steps, "building the network")
    model = build(analysis.network.spec, device="meta", initialise=False)
    yield Progress(1, steps, "comparing every row with PyTorch")
    checks, differences = _against_torch(analysis, model)
    if fvcore:
        checks += _kept(analysis)
        yield Progress(2, steps, "counting with fvcore")
        more, others = _against_fvcore(analysis)
        checks, differences = checks + more, differences + others
    yield Verdict(len(analysis.rows), tuple(checks), tuple(differences), str(torch.__version__), instruction_set())


def _against_torch(analysis: Analysis, model: nn.Module) -> tuple[list[Check], list[Difference]]:
    shapes: dict[str, tuple[int, ...]] = {}
    flops: dict[str, int] = {}
    before: list[int] = []
    counter, paths = CountedShapes(), {module: path for path, module in model.named_modules()}

    def entered(module: nn.Module, given: object) -> None:
        before.append(counter.flops)

    def left(module: nn.Module, given: object, out: Tensor) -> None:
        path = paths[module]
        shapes[path] = tuple(out.shape)
        flops[path] = flops.get(path, 0) + counter.flops - before.pop()

    hooks = register_module_forward_pre_hook(entered), register_module_forward_hook(left)
    with hooks[0], hooks[1], restored(model, training=False), counter, torch.no_grad():
        model(torch.empty(analysis.total.input, device="meta"))
    params = sum(parameter.numel() for parameter in model.parameters())
    checks = [
        Check("PyTorch", "parameters", analysis.total.params, params),
        Check("PyTorch", "MACs", analysis.total.macs, counter.flops // 2),
    ]
    return checks, [difference for row in analysis.rows for difference in _row(row, model, shapes, flops)]


def _row(row: Row, model: nn.Module, shapes: dict[str, tuple[int, ...]], flops: dict[str, int]) -> Iterator[Difference]:
    """Yield where a row of the closed form is not what the module of that path is."""
    if not row.part.layer.module:  # a step of the block itself: its shape shows in what follows
        return
    path = row.path
    params = sum(parameter.numel() for parameter in model.get_submodule(path).parameters())
    if shapes.get(path) != row.reading.output:
        yield Difference(path, "output", size(row.reading.output), size(shapes.get(path, ())))
    if params != row.reading.params:
        yield Difference(path, "parameters", f"{row.reading.params:,}", f"{params:,}")
    if flops.get(path, 0) != 2 * row.reading.macs:
        yield Difference(path, "MACs", f"{row.reading.macs:,}", f"{flops.get(path, 0) // 2:,}")


def _kept(analysis: Analysis) -> list[Check]:
    """Compare what autograd keeps for backward; nothing where the network cannot train on this input."""
    ours = kept(analysis)
    if ours is None:
        return []
    *_, theirs = measure_kept(analysis.network.spec, analysis.input)
    assert isinstance(theirs, Kept)
    note = "bytes that saved_tensors_hooks sees in training on the CPU, each storage once, without parameters"
    return [Check("PyTorch", "kept for backward", ours.total, theirs.total, note)]


def _against_fvcore(analysis: Analysis) -> tuple[list[Check], list[Difference]]:
    """Compare sums and rows with fvcore's FlopCountAnalysis and parameter_count.

    It traces a network that really runs, so it gets one of its own.
    """
    model = build(analysis.network.spec, initialise=False)
    logging.getLogger("fvcore").setLevel(logging.ERROR)
    with warnings.catch_warnings(), restored(model, training=False):
        warnings.simplefilter("ignore")  # fvcore uses what PyTorch is about to drop
        from fvcore.nn import FlopCountAnalysis, parameter_count  # 1.6 s, on demand alone

        counter = FlopCountAnalysis(model, torch.zeros(analysis.total.input))
        counter.unsupported_ops_warnings(False).uncalled_modules_warnings(False)
        by_operator = counter.by_module_and_operator()
    macs = {path: round(sum(ops[op] for op in FVCORE_COUNTS if op in ops)) for path, ops in by_operator.items()}
    differences = [
        Difference(row.path, "MACs (fvcore)", f"{row.reading.macs:,}", f"{macs[row.path]:,}")
        for row in analysis.rows
        if row.path in macs and macs[row.path] != row.reading.macs
    ]
    others = {op: round(count) for op, count in by_operator[""].items() if op not in FVCORE_COUNTS and count}
    note = ", ".join(f"{op} {count:,}" for op, count in sorted(others.items()))
    return [
        Check("fvcore", "parameters", analysis.total.params, parameter_count(model)[""]),
        Check("fvcore", "MACs", analysis.total.macs, macs[""], f"fvcore adds {note}" if note else ""),
    ], differences
