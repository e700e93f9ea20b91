"""Measured times of a network, layer by layer and block by block, on any device."""

from collections.abc import Iterator

from torch import nn

from resnet_explorer.analysis import Analysis, analyse
from resnet_explorer.analysis.progress import Progress
from resnet_explorer.analysis.timing import Timing
from resnet_explorer.blueprint import compile_spec
from resnet_explorer.errors import InputError
from resnet_explorer.lab.bench import Bench
from resnet_explorer.lab.record import restored
from resnet_explorer.model import build
from resnet_explorer.spec import InputShape, ResNetSpec


def measure(
    spec: ResNetSpec,
    image: InputShape,
    *,
    device: str = "cpu",
    warmup: int = 2,
    repeats: int = 10,
    backward: bool = True,
) -> Iterator[Progress | Timing]:
    """Yield progress and, last, the measured times of a network with fresh weights at an input.

    With ``backward`` it runs in training mode, as a training step does, without the optimiser's part; else in eval
    mode, without autograd. Raises InputError where it is to train on an input with which its batch norms cannot.
    """
    analysis = analyse(compile_spec(spec), image)
    yield Progress(0, 1, "building the network")
    model = build(spec, device=device)
    yield from measure_model(model, analysis, device=device, warmup=warmup, repeats=repeats, backward=backward)


def measure_model(
    model: nn.Module,
    analysis: Analysis,
    *,
    device: str = "cpu",
    warmup: int = 2,
    repeats: int = 10,
    backward: bool = True,
) -> Iterator[Progress | Timing]:
    """Yield progress and, last, the times of a model that is on the device already; it is left as it was.

    Each round runs the network three times: in one go, block by block, and block by block with hooks on every layer;
    so a slow moment of the machine hits all three. The first ``warmup`` rounds do not count. Every layer is measured
    in its place, equal ones too, since what the caches hold there differs.
    """
    if backward:
        _check_trains(analysis)
    bench, rounds, done = Bench(model, analysis, device, backward), warmup + repeats, 0
    with restored(model, training=backward):
        for number in range(rounds):
            if number == warmup:
                bench.forget()
            for words in bench.round():
                done += 1
                yield Progress(done, rounds * bench.steps, f"round {number + 1} of {rounds}: {words}")
    yield bench.timing(warmup, repeats)


def _check_trains(analysis: Analysis) -> None:
    starved = next((row for row in analysis.rows if row.part.layer.starves(row.reading.input)), None)
    if starved is not None:
        raise InputError(
            starved.path,
            f"In training, {starved.path} would see one value per channel.",
            "Use a batch of 2 or more or a larger image, or measure the forward pass alone.",
        )
