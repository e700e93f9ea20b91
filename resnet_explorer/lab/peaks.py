"""What a device can do at best, measured rather than read off a data sheet."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import torch
from torch.nn import functional

from resnet_explorer.analysis.progress import Progress
from resnet_explorer.analysis.timing import Peak, Peaks
from resnet_explorer.lab.clock import Clock, setting

VALUE = 4
"""Bytes of a float32."""


class _Sizes(NamedTuple):
    """How large the work is: long enough to be measured, larger than caches, and over in about a tenth of a second."""

    side: int
    batch: int
    values: int


_CPU, _GPU = _Sizes(1024, 1, 2**25), _Sizes(4096, 32, 2**26)


class _Trial(NamedTuple):
    """An operation, what it is in words, and what it does: FLOPs, or bytes."""

    words: str
    run: Callable[[], object]
    amount: int


def measure_peaks(*, device: str = "cpu", warmup: int = 2, repeats: int = 10) -> Iterator[Progress | Peaks]:
    """Yield progress and, last, the best rates of a device in float32, each the best of all repeats.

    Arithmetic: a square product of matrices, and a 3x3 convolution. Memory: a copy and an addition of arrays that no
    cache holds, each value read or written counted once (as STREAM counts: McCalpin 1995). With PyTorch's own
    settings: on NVIDIA GPUs convolutions may use TF32, products of matrices do not.
    """
    clock, sizes = Clock(device), _CPU if torch.device(device).type == "cpu" else _GPU
    trials = (_product, _convolution, _copy, _addition)
    peaks: list[Peak] = []
    for number, make in enumerate(trials):
        trial = make(device, sizes)
        yield Progress(number, len(trials), trial.words)
        peaks.append(Peak(trial.words, trial.amount / _best(trial, clock, warmup, repeats)))
        del trial  # its arrays, before the next one's
    yield Peaks(setting(device, warmup, repeats), tuple(peaks[:2]), tuple(peaks[2:]))


def _best(trial: _Trial, clock: Clock, warmup: int, repeats: int) -> float:
    """Return the seconds of the fastest repeat."""
    times = []
    with torch.inference_mode():
        for _ in range(warmup + repeats):
            start = clock.mark()
            trial.run()
            end = clock.mark()
            clock.wait()
            times.append(clock.seconds(start, end))
    return min(times[warmup:])


def _product(device: str, sizes: _Sizes) -> _Trial:
    n = sizes.side
    one, other = torch.rand(2, n, n, device=device)
    out = torch.empty(n, n, device=device)
    return _Trial(f"product of {n}×{n} matrices", lambda: torch.mm(one, other, out=out), 2 * n**3)


def _convolution(device: str, sizes: _Sizes) -> _Trial:
    n, channels, side = sizes.batch, 256, 56
    x = torch.rand(n, channels, side, side, device=device)
    weight = torch.rand(channels, channels, 3, 3, device=device)
    flops = 2 * n * side**2 * channels**2 * 9
    return _Trial(
        f"3×3 convolution of {n}×{channels}×{side}×{side}, {channels} filters",
        lambda: functional.conv2d(x, weight, padding=1),
        flops,
    )


def _copy(device: str, sizes: _Sizes) -> _Trial:
    source, target = torch.rand(2, sizes.values, device=device)
    return _Trial(f"copy of {_mib(sizes)} MiB", lambda: target.copy_(source), 2 * VALUE * sizes.values)


def _addition(device: str, sizes: _Sizes) -> _Trial:
    one, other, total = torch.rand(3, sizes.values, device=device)
    words = f"sum of two arrays of {_mib(sizes)} MiB"
    return _Trial(words, lambda: torch.add(one, other, out=total), 3 * VALUE * sizes.values)


def _mib(sizes: _Sizes) -> int:
    return VALUE * sizes.values // 2**20
