"""The engine's process: one job after the other, with a look at the window between the steps.

The jobs that belong to no lab are done here too: devices, files of weights, the comparison with PyTorch.
"""

import gc
import multiprocessing
import os
import sys
import threading
import traceback
from collections.abc import Generator, Iterator, Sequence
from importlib import import_module
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

import torch

from resnet_explorer.engine.jobs import row_of
from resnet_explorer.engine.messages import Cancel, Failed, Finished, Known, Request, Stepped, Stopped
from resnet_explorer.engine.requests import Device, FindDevices, ReadModule, ReadWeights, SaveWeights, Verify
from resnet_explorer.errors import ExplorerError
from resnet_explorer.features import resolve
from resnet_explorer.module import build
from resnet_explorer.network import compile_spec
from resnet_explorer.probes.clock import instruction_set
from resnet_explorer.readings import analyse
from resnet_explorer.readings.progress import Partial, Progress
from resnet_explorer.verify import against_pytorch
from resnet_explorer.weights import checkpoint
from resnet_explorer.weights.values import LIMIT

_OUT_OF_MEMORY = ("There is not enough memory for this.", "Try a smaller batch or image, or another device.")
_REFUSED = ("can't allocate memory", "not enough memory", "Storage size calculation overflowed", "overflow")
"""What PyTorch says on the CPU where a tensor finds no room."""


def serve(connection: "Connection[Any, Any]", preload: Sequence[str] | None = None) -> None:
    """Answer requests until the window closes the connection or ends: EOFError or OSError is raised then.

    A process of the pool imports the modules of its jobs first: ``preload``.
    """
    torch.set_num_threads(max(1, (os.cpu_count() or 2) - 1))
    threading.Thread(target=_leave_with_the_window, daemon=True).start()
    gc.freeze()  # PyTorch's own objects: a full collection of them takes as long as a deep network's graph
    if preload is not None:
        for name in preload:
            import_module(name)
        torch.optim.SGD([torch.zeros(1, requires_grad=True)], 0.1).step()  # the first optimiser imports a compiler
    while True:
        message = connection.recv()
        if isinstance(message, Request):
            _run(connection, message)


def _leave_with_the_window() -> None:
    """Exit when the window's process has ended, however it ended: a long job must not outlive it."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def _run(connection: "Connection[Any, Any]", request: Request) -> None:
    number = request.number
    try:
        _check_device(request.job)
        work = resolve(row_of(request.job).work)(request.job)
        for step in work:
            if isinstance(step, Partial):  # before the look: the steps of a training are told but once
                connection.send(Known(number, step.value))
            if _is_cancelled(connection, number):
                if isinstance(work, Generator):
                    work.close()  # a training saves its state
                connection.send(Stopped(number))
                return
            if isinstance(step, Progress):
                connection.send(Stepped(number, step.done, step.of, step.text))
            elif not isinstance(step, Partial):
                connection.send(Finished(number, step))
    except ExplorerError as error:
        connection.send(Failed(number, error.what, error.remedy))
    except Exception as error:  # the border: whatever a job raises becomes a sentence, and the engine lives on
        is_memory = isinstance(error, torch.OutOfMemoryError | MemoryError)
        if is_memory or any(text in str(error) for text in _REFUSED):
            connection.send(Failed(number, *_OUT_OF_MEMORY, traceback.format_exc()))
            return
        what = f"PyTorch stopped with {type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
        connection.send(Failed(number, what.strip(" :") + ".", "The log has the details.", traceback.format_exc()))


def _check_device(job: object) -> None:
    """Raise ExplorerError where a job's device is not there, or not any longer."""
    key = str(getattr(job, "device", "cpu"))
    if key not in (device.key for device in devices()):
        raise ExplorerError("device", f"The device {key} is not there.", "Choose another device.")


def _is_cancelled(connection: "Connection[Any, Any]", number: int) -> bool:
    while connection.poll():
        message = connection.recv()
        if isinstance(message, Cancel) and message.number == number:
            return True
    return False


def verify(job: Verify) -> Iterator[object]:
    """Yield progress, and last the verdict on a network's figures."""
    return iter(against_pytorch.verify(analyse(compile_spec(job.spec), job.image), fvcore=job.fvcore))


def devices() -> tuple[Device, ...]:
    """Return the devices that PyTorch sees now."""
    result = [Device("cpu", "CPU", instruction_set=instruction_set())]
    for index in range(torch.cuda.device_count()):
        gpu = torch.cuda.get_device_properties(index)
        result.append(Device(f"cuda:{index}", gpu.name, gpu.total_memory, torch.cuda.mem_get_info(index)[0]))
    if torch.backends.mps.is_available():
        result.append(Device("mps", "Apple GPU (MPS)"))
    if torch.xpu.is_available():
        result += [
            Device(f"xpu:{index}", torch.xpu.get_device_name(index)) for index in range(torch.xpu.device_count())
        ]
    return tuple(result)


def find_devices(job: FindDevices) -> Iterator[object]:
    """Yield the devices that PyTorch sees now."""
    yield devices()


def read_weights(job: ReadWeights) -> Iterator[object]:
    """Yield progress, and last the network of a file of weights with the figures of its tensors."""
    yield Progress(0, 1, f"reading {Path(job.path).name}")
    yield checkpoint.weights(Path(job.path), sys.maxsize if job.allow_large else LIMIT, job.key)


def save_weights(job: SaveWeights) -> Iterator[object]:
    """Yield progress, and last the path of the file that is written."""
    yield Progress(0, 2, "building the network")
    if job.source:
        model, _ = checkpoint.load(Path(job.source), sys.maxsize, job.key)
    else:
        torch.manual_seed(job.seed)
        model = build(job.spec)
    yield Progress(1, 2, f"writing {Path(job.path).name}")
    checkpoint.save(model, job.spec, Path(job.path), job.image, dynamic=job.dynamic)
    yield job.path


def read_module(job: ReadModule) -> Iterator[object]:
    """Yield progress, and last the module in a Python file and the network that it is."""
    from resnet_explorer.verify.own_module import study

    return study(Path(job.path), job.name)
