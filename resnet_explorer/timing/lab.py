"""Measured times of a network, layer by layer and block by block, on any device."""

from collections.abc import Callable, Iterator
from typing import NamedTuple, cast

import torch
from torch import nn
from torch.nn import functional

from resnet_explorer.module import build
from resnet_explorer.network import compile_spec
from resnet_explorer.network.kinds import BYTES_PER_VALUE
from resnet_explorer.probes.clock import Clock, setting
from resnet_explorer.probes.models import check_trains, restored
from resnet_explorer.readings import Analysis, analyse
from resnet_explorer.readings.progress import Progress
from resnet_explorer.timing.bench import Bench
from resnet_explorer.timing.values import Measured, MeasureTime, Peak, Peaks, Timing


def measure_model(
    model: nn.Module,
    analysis: Analysis,
    *,
    device: str = "cpu",
    warmup: int = 2,
    repeats: int = 10,
    backward: bool = True,
) -> Iterator[Progress | Timing]:
    """Yield progress and, last, the times of a model that is on the device already; its state is restored.

    With ``backward`` it runs in training mode, as a training step does, without the optimiser's part; else in eval
    mode, without autograd. Each round runs the network three times: whole, block by block, and block by block with
    hooks on every layer, so that a slow moment of the machine affects all three. The first ``warmup`` rounds do not
    count. Equal layers are measured too, since the caches hold something else at each. Raises InputError where a batch
    norm cannot train on the input.
    """
    if backward:
        check_trains(analysis, "measure the forward pass alone")
    bench, rounds, done = Bench(model, analysis, device, backward), warmup + repeats, 0
    with restored(model, training=backward):
        for number in range(rounds):
            if number == warmup:
                bench.forget()
            for text in bench.round():
                done += 1
                yield Progress(done, rounds * bench.steps, f"round {number + 1} of {rounds}: {text}")
    yield bench.timing(warmup, repeats)


class _Sizes(NamedTuple):
    """Sizes for about a tenth of a second: long enough to be measured, and larger than caches."""

    side: int
    batch: int
    values: int


_CPU, _GPU = _Sizes(1024, 1, 2**25), _Sizes(4096, 32, 2**26)


class _Trial(NamedTuple):
    """An operation with its description, and its FLOPs or bytes."""

    text: str
    run: Callable[[], object]
    amount: int


def measure_peaks(*, device: str = "cpu", warmup: int = 2, repeats: int = 10) -> Iterator[Progress | Peaks]:
    """Yield progress and, last, the best rates of a device in float32, each the best of all repeats.

    Arithmetic: a product of square matrices, and a 3x3 convolution. Memory: a copy and an addition of arrays larger
    than any cache, each value read or written counted once (as in STREAM: McCalpin 1995). With PyTorch's defaults: on
    NVIDIA GPUs convolutions may use TF32, products of matrices do not.
    """
    clock, sizes = Clock(device), _CPU if torch.device(device).type == "cpu" else _GPU
    trials = (_product, _convolution, _copy, _addition)
    peaks: list[Peak] = []
    for number, make in enumerate(trials):
        trial = make(device, sizes)
        yield Progress(number, len(trials), trial.text)
        times = []
        with torch.inference_mode():
            for _ in range(warmup + repeats):
                start = clock.mark()
                trial.run()
                end = clock.mark()
                clock.wait()
                times.append(clock.seconds(start, end))
        peaks.append(Peak(trial.text, trial.amount / min(times[warmup:])))
        del trial  # its arrays, before the next one's
    yield Peaks(setting(device, warmup, repeats), tuple(peaks[:2]), tuple(peaks[2:]))


def _product(device: str, sizes: _Sizes) -> _Trial:
    n = sizes.side
    a, b, product = torch.rand(3, n, n, device=device)
    return _Trial(f"product of {n}×{n} matrices", lambda: torch.mm(a, b, out=product), 2 * n**3)


def _convolution(device: str, sizes: _Sizes) -> _Trial:
    n, channels, side = sizes.batch, 256, 56
    x = torch.rand(n, channels, side, side, device=device)
    weight = torch.rand(channels, channels, 3, 3, device=device)
    text = f"3×3 convolution of {n}×{channels}×{side}×{side}, {channels} filters"
    return _Trial(text, lambda: functional.conv2d(x, weight, padding=1), 2 * n * side**2 * channels**2 * 9)


def _copy(device: str, sizes: _Sizes) -> _Trial:
    source, target = torch.rand(2, sizes.values, device=device)
    size = BYTES_PER_VALUE * sizes.values
    return _Trial(f"copy of {size // 2**20} MiB", lambda: target.copy_(source), 2 * size)


def _addition(device: str, sizes: _Sizes) -> _Trial:
    a, b, total = torch.rand(3, sizes.values, device=device)
    size = BYTES_PER_VALUE * sizes.values
    return _Trial(f"sum of two arrays of {size // 2**20} MiB", lambda: torch.add(a, b, out=total), 3 * size)


def measure_time(job: MeasureTime) -> Iterator[Progress | Measured]:
    """Yield progress, and last the times of a network with fresh weights, and the device's peaks."""
    for peaks in measure_peaks(device=job.device):
        if isinstance(peaks, Progress):
            yield peaks
    analysis = analyse(compile_spec(job.spec), job.image)
    yield Progress(0, 1, "building the network")
    model = build(job.spec, device=job.device)
    for step in measure_model(model, analysis, device=job.device, repeats=job.repeats, backward=job.trains):
        yield Measured(job, step, cast(Peaks, peaks)) if isinstance(step, Timing) else step
