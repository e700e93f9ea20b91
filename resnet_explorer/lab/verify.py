"""The closed form against PyTorch itself, row by row, and against fvcore, operator by operator."""

import logging
import warnings
from collections.abc import Iterator

import torch
from torch import nn

from resnet_explorer.analysis import Analysis
from resnet_explorer.analysis.kept import Kept, kept
from resnet_explorer.analysis.progress import Progress
from resnet_explorer.analysis.verdict import Check, Difference, Verdict
from resnet_explorer.analysis.words import size
from resnet_explorer.lab.clock import instruction_set
from resnet_explorer.lab.kept import measure_kept
from resnet_explorer.lab.record import restored
from resnet_explorer.model import build

FVCORE_COUNTS = ("conv", "linear", "addmm", "matmul", "bmm")
"""fvcore's names for the operators whose multiply-accumulates are counted here."""


def verify(analysis: Analysis, *, fvcore: bool = False) -> Iterator[Progress | Verdict]:
    """Yield progress and, last, the verdict on an analysis.

    PyTorch builds the network on the meta device, where nothing is computed: shapes and parameters are those of the
    modules, MACs half of what ``FlopCounterMode`` counts. With ``fvcore`` its counts on the CPU are compared as well;
    it says "flops" and means MACs, and adds batch norm and pooling, which are left out here.
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

    from torch.utils.flop_counter import FlopCounterMode  # imports a compiler: not before it is asked for

    shapes: dict[str, tuple[int, ...]] = {}
    handles = [
        module.register_forward_hook(lambda _, __, out, path=path: shapes.__setitem__(path, tuple(out.shape)))
        for path, module in model.named_modules()
    ]
    try:
        with FlopCounterMode(display=False) as counter, torch.no_grad(), restored(model, training=False):
            model(torch.empty(analysis.total.input, device="meta"))
    finally:
        for handle in handles:
            handle.remove()
    name = type(model).__name__
    flops = {path.removeprefix(f"{name}."): sum(ops.values()) for path, ops in counter.get_flop_counts().items()}
    differences = [one for row in analysis.rows for one in _row(analysis, model, row.path, shapes, flops)]
    params = sum(parameter.numel() for parameter in model.parameters())
    total = counter.get_total_flops() // 2
    checks = [
        Check("PyTorch", "parameters", analysis.total.params, params),
        Check("PyTorch", "MACs", analysis.total.macs, total),
    ]
    return checks, differences


def _row(
    analysis: Analysis, model: nn.Module, path: str, shapes: dict[str, tuple[int, ...]], flops: dict[str, int]
) -> Iterator[Difference]:
    """Yield where a row of the closed form is not what the module of that path is."""
    row = analysis.by_path[path]
    if not row.part.layer.module:  # a step of the block itself: its shape shows in what follows
        return
    module = model.get_submodule(path)
    params = sum(parameter.numel() for parameter in module.parameters())
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
