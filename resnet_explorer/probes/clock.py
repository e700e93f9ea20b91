"""A clock for each device: the CPU's, or events in the stream of a GPU; and the device on which it runs."""

import os
from collections.abc import Callable
from functools import partial
from time import perf_counter
from typing import Any

import torch

from resnet_explorer.readings.results import TimingConditions

Mark = Any
"""A moment: seconds on the CPU, an event elsewhere."""
STREAMED = ("cuda", "xpu")
"""Devices whose work waits in streams."""


class Clock:
    """Marks moments in a device's work, and measures the time between two of them.

    A GPU works asynchronously: its marks are events in its stream, so that marking does not make it wait. Where Python
    is the slower of the two, the time between two marks includes that waiting.
    """

    def __init__(self, device: str) -> None:
        where = torch.device(device)
        self._event: Callable[[], Any] | None = None
        self._record: Callable[[Any], object] = lambda event: event.record()
        self._wait: Callable[[], object] = lambda: None
        if where.type in STREAMED:
            kind = getattr(torch, where.type)
            self._event = partial(kind.Event, enable_timing=True)
            self._record = lambda event: event.record(kind.current_stream(where))
            self._wait = partial(kind.synchronize, where)
        elif where.type == "mps":
            self._event = partial(torch.mps.event.Event, enable_timing=True)
            self._wait = torch.mps.synchronize

    def mark(self) -> Mark:
        if self._event is None:
            return perf_counter()
        event = self._event()
        self._record(event)
        return event

    def wait(self) -> None:
        """Wait until the device has finished all its work; only then can its marks be compared."""
        self._wait()

    def seconds(self, start: Mark, end: Mark) -> float:
        return float(end - start if self._event is None else start.elapsed_time(end) / 1000)


def setting(device: str, warmup: int, repeats: int) -> TimingConditions:
    """Return the environment and the number of repeats of a measurement."""
    where = torch.device(device)
    if where.type in STREAMED:
        title = str(getattr(torch, where.type).get_device_name(where))
    else:
        title = "Apple GPU (MPS)" if where.type == "mps" else f"CPU ({instruction_set()})"
    return TimingConditions(device, title, str(torch.__version__), torch.get_num_threads(), warmup, repeats)


def instruction_set() -> str:
    """Return the CPU instruction set of PyTorch, and a limit that the environment sets for oneDNN.

    The last digits of a result depend on both.
    """
    limit = os.environ.get("ONEDNN_MAX_CPU_ISA", os.environ.get("DNNL_MAX_CPU_ISA", ""))
    ours = torch.backends.cpu.get_cpu_capability()
    return f"{ours}, oneDNN up to {limit}" if limit else ours
