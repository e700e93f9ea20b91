"""The engine's side: one job after the other, with a look at the window between the steps."""

import gc
import multiprocessing
import os
import threading
import traceback
from collections.abc import Generator, Sequence
from importlib import import_module
from multiprocessing.connection import Connection, wait
from typing import Any

import torch

from resnet_explorer.engine.jobs import row_of
from resnet_explorer.engine.messages import Cancel, Failed, Finished, Known, Request, Stepped, Stopped
from resnet_explorer.engine.work import devices
from resnet_explorer.errors import ExplorerError
from resnet_explorer.readings.progress import Partial, Progress

NICENESS = 5
"""The window comes first."""


def serve(connection: "Connection[Any, Any]", preload: Sequence[str] | None = None) -> None:
    """Do what is asked until the window closes the connection, or is gone: EOFError or OSError is raised then.

    A process of the pool imports the modules of its jobs first: ``preload``.
    """
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    torch.set_num_threads(max(1, (os.cpu_count() or 2) - 1))
    threading.Thread(target=_leave_with_the_window, daemon=True).start()
    gc.freeze()  # PyTorch's own objects: a full collection of them takes as long as a deep network's graph
    if preload is not None:
        _warm_up(preload)
    while True:
        message = connection.recv()
        if isinstance(message, Request):
            _run(connection, message)


def _warm_up(modules: Sequence[str]) -> None:
    """Import modules, and make a step of nothing: PyTorch's optimisers import a compiler with their first one."""
    for name in modules:
        import_module(name)
    torch.optim.SGD([torch.zeros(1, requires_grad=True)], 0.1).step()


def _leave_with_the_window() -> None:
    """End at once when the window's process has ended, however it ended: a long job must not outlive it."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def _run(connection: "Connection[Any, Any]", request: Request) -> None:
    number = request.number
    try:
        _check_device(request.job)
        work = row_of(request.job).resolve()(request.job)
        for step in work:
            if isinstance(step, Partial):  # before the look: the steps of a training are told but once
                connection.send(Known(number, step.value))
            if _is_cancelled(connection, number):
                if isinstance(work, Generator):
                    work.close()  # a training saves its state
                connection.send(Stopped(number))
                return
            if isinstance(step, Progress):
                connection.send(Stepped(number, step.done, step.of, step.words))
            elif not isinstance(step, Partial):
                connection.send(Finished(number, step))
    except ExplorerError as error:
        connection.send(Failed(number, error.what, error.remedy))
    except torch.OutOfMemoryError:
        connection.send(Failed(number, *_OUT_OF_MEMORY, traceback.format_exc()))
    except MemoryError:
        connection.send(Failed(number, *_OUT_OF_MEMORY, traceback.format_exc()))
    except Exception as error:  # the border: whatever a job raises becomes a sentence, and the engine lives on
        if any(words in str(error) for words in _REFUSED):
            connection.send(Failed(number, *_OUT_OF_MEMORY, traceback.format_exc()))
            return
        words = f"PyTorch stopped with {type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
        connection.send(Failed(number, words.strip(" :") + ".", "The log tells more.", traceback.format_exc()))


def _check_device(job: object) -> None:
    """Raise ExplorerError where a job's device is not there, or not any longer."""
    key = str(getattr(job, "device", "cpu"))
    if key not in (device.key for device in devices()):
        raise ExplorerError("device", f"The device {key} is not there.", "Choose another device.")


_OUT_OF_MEMORY = ("There is not enough memory for this.", "Try a smaller batch or image, or another device.")


_REFUSED = ("can't allocate memory", "not enough memory", "Storage size calculation overflowed", "overflow")
"""What PyTorch says on the CPU where a tensor finds no room."""


def _is_cancelled(connection: "Connection[Any, Any]", number: int) -> bool:
    while connection.poll():
        message = connection.recv()
        if isinstance(message, Cancel) and message.number == number:
            return True
    return False
