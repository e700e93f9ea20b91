"""Numbers, shapes and hyper-parameters in the words that every view shares."""

from collections.abc import Iterable

from resnet_explorer.network.kinds import Shape
from resnet_explorer.readings.results import Extent

LAST_STEPS = 20
"""The loss at the end of a training is the mean over so many steps, or over all where there are fewer."""
_PREFIXES = ((1e18, "E"), (1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))
_ROUNDS_UP = 0.99995
"""From here on four digits show the next power of ten: 999,950 is 1.000 M, not 1000.0 k."""


def size(shape: Shape) -> str:
    """Return a shape without its batch: ``64×56×56``, or ``1000`` for features."""
    return "×".join(str(length) for length in shape[1:])


def compact(shape: Shape) -> str:
    """Return a shape without its batch as short as can be: ``64×56²`` for a square map, ``64×8×56²`` for a video's."""
    if len(shape) > 3 and shape[-2] == shape[-1] and shape[-1] > 1:
        return f"{'×'.join(map(str, shape[1:-2]))}×{shape[-1]}²"
    return size(shape)


def extent(value: Extent | None) -> str:
    """Return a length in input pixels in words: ``43``, or ``16×43×43`` for time, height and width."""
    if value is None:
        return "all"
    return f"{value:,}" if isinstance(value, int) else "×".join(f"{length:,}" for length in value)


def pixels(value: Extent, dims: int) -> str:
    """Return a length with its unit: ``43 px``, ``43 samples``, ``16 frames × 43×43 px``."""
    if dims == 1:
        return f"{extent(value)} samples"
    if dims == 2:
        return f"{extent(value)} px"
    frames, height, width = (value,) * 3 if isinstance(value, int) else value
    return f"{frames:,} frame{'' if frames == 1 else 's'} × {height:,}×{width:,} px"


def brief_pixels(value: Extent, dims: int) -> str:
    """Return a length with its unit in few letters: of a video ``16×43×43 px``, frames first."""
    return pixels(value, dims) if dims < 3 else f"{extent(value)} px"


def si(number: float, unit: str = "") -> str:
    """Return a count with four digits and its SI prefix, ready for a unit: ``1.814 G`` + ``MACs``, ``18 ``."""
    for factor, prefix in _PREFIXES:
        if number >= factor * _ROUNDS_UP:
            scaled = number / factor
            digits = 3 if scaled < 10 * _ROUNDS_UP else 2 if scaled < 100 * _ROUNDS_UP else 1
            return f"{scaled:.{digits}f} {prefix}{unit}"
    return f"{number:,.0f} {unit}"


def mib(count: int) -> str:
    """Return bytes in KiB, MiB or GiB, or in bytes below 1 KiB."""
    for factor, unit in ((2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB")):
        if count >= factor:
            return f"{count / factor:,.1f} {unit}"
    return f"{count} B"


def in_bytes(count: int) -> str:
    """Return bytes as disks are sold: ``25 MB``, ``0.4 MB``, ``2 GB``."""
    if count < 1e9:
        return f"{count / 1e6:,.0f} MB" if count >= 1e7 else f"{count / 1e6:.2g} MB"
    return f"{count / 1e9:.3g} GB"


def share(part: int, whole: int) -> float:
    """Return a part in percent of the whole; 0 where the whole is 0."""
    return 100 * part / whole if whole else 0.0


def percent(part: float) -> str:
    """Return a part of 1 in percent: ``3.5 %``."""
    return f"{100 * part:.1f} %"


def figure(value: float | None) -> str:
    """Return a figure with three digits, as a plot says it: 19,200, 0.0893, 6.1e-47."""
    if value is None:
        return "unknown"
    if value == 0 or 1e-3 <= abs(value) < 1e3:
        return f"{value:.3g}"
    return f"{float(f'{value:.3g}'):,.0f}" if 1e3 <= abs(value) < 1e7 else f"{value:.3g}"


def last_steps(counts: Iterable[int]) -> str:
    """Return over which steps the loss at the end is averaged, for trainings of so many steps: all of a short one."""
    steps = sorted({min(LAST_STEPS, count) for count in counts})
    span = f"{steps[0]} to {steps[-1]}" if len(steps) > 1 else f"{steps[0]}"
    return "the last step" if steps == [1] else f"the last {span} steps"
