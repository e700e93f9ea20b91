"""The engine's side: one job after the other, with a look at the window between the steps."""

import gc
import multiprocessing
import os
import sys
import threading
import traceback
from collections.abc import Callable, Generator, Iterator, Mapping
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, get_args

import torch

from resnet_explorer.analysis import analyse
from resnet_explorer.analysis.descent import DescentRequest, LesionRequest
from resnet_explorer.analysis.gradients import GradientRequest
from resnet_explorer.analysis.highway import highway
from resnet_explorer.analysis.inside import (
    CamRequest,
    ConfusionRequest,
    FeaturesRequest,
    FiltersRequest,
    GalleryRequest,
    InsideRequest,
    RunLesionsRequest,
    SurfaceRequest,
)
from resnet_explorer.analysis.paths import PathsRequest
from resnet_explorer.analysis.progress import Partial, Progress
from resnet_explorer.analysis.shattering import ShatterRequest
from resnet_explorer.analysis.timing import Peaks, Timing
from resnet_explorer.analysis.weights import LIMIT
from resnet_explorer.blueprint import compile_spec
from resnet_explorer.drawing.graph.clusters import clusters
from resnet_explorer.engine.messages import (
    Cancel,
    Device,
    DrawTorchviz,
    Failed,
    FindDevices,
    FindRate,
    Finished,
    Known,
    Measured,
    MeasureTime,
    ReadModule,
    ReadWeights,
    Recorded,
    RecordGraph,
    Request,
    SaveWeights,
    Stepped,
    Stopped,
    TrainRun,
    TuneJob,
    Verify,
)
from resnet_explorer.errors import ExplorerError
from resnet_explorer.lab import probe, shatter
from resnet_explorer.lab.autograd import record
from resnet_explorer.lab.clock import instruction_set
from resnet_explorer.lab.graphviz import layout, torchviz_dot
from resnet_explorer.lab.peaks import measure_peaks
from resnet_explorer.lab.timing import measure
from resnet_explorer.lab.verify import verify
from resnet_explorer.model import build, checkpoint

NICENESS = 5
"""The window comes first."""


def serve(connection: "Connection[Any, Any]", trains: bool = False) -> None:
    """Do what is asked until the window closes the connection, or is gone: EOFError or OSError is raised then."""
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    torch.set_num_threads(max(1, (os.cpu_count() or 2) - 1))
    threading.Thread(target=_leave_with_the_window, daemon=True).start()
    gc.freeze()  # PyTorch's own objects: a full collection of them takes as long as a deep network's graph
    if trains:
        _warm_up()
    while True:
        message = connection.recv()
        if isinstance(message, Request):
            _run(connection, message)


def _warm_up() -> None:
    """Make a step of nothing: PyTorch's optimisers import a compiler, a second's work, with their first one."""
    from resnet_explorer.engine import tuning_jobs  # noqa: F401

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
        work = _JOBS[type(request.job)](request.job)
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


def _verify(job: Verify) -> Iterator[object]:
    return iter(verify(analyse(compile_spec(job.spec), job.image), fvcore=job.fvcore))


def devices() -> tuple[Device, ...]:
    """Return the devices that PyTorch sees now."""
    found = [Device("cpu", "CPU", instruction_set=instruction_set())]
    for index in range(torch.cuda.device_count()):
        known = torch.cuda.get_device_properties(index)
        found.append(Device(f"cuda:{index}", known.name, known.total_memory, torch.cuda.mem_get_info(index)[0]))
    if torch.backends.mps.is_available():
        found.append(Device("mps", "Apple GPU (MPS)"))
    if hasattr(torch, "xpu") and torch.xpu.is_available():
        found += [Device(f"xpu:{index}", torch.xpu.get_device_name(index)) for index in range(torch.xpu.device_count())]
    return tuple(found)


def _devices(job: FindDevices) -> Iterator[object]:
    yield devices()


def _read_weights(job: ReadWeights) -> Iterator[object]:
    yield Progress(0, 1, f"reading {Path(job.path).name}")
    yield checkpoint.weights(Path(job.path), sys.maxsize if job.allow_large else LIMIT, job.key)


def _read_module(job: ReadModule) -> Iterator[object]:
    from resnet_explorer.lab.own.study import study

    return study(Path(job.path), job.name)


def _save_weights(job: SaveWeights) -> Iterator[object]:
    yield Progress(0, 2, "building the network")
    if job.source:
        model, _ = checkpoint.load(Path(job.source), sys.maxsize, job.key)
    else:
        torch.manual_seed(job.seed)
        model = build(job.spec)
    yield Progress(1, 2, f"writing {Path(job.path).name}")
    checkpoint.save(model, job.spec, Path(job.path), job.image, dynamic=job.dynamic)
    yield job.path


def _record_graph(job: RecordGraph) -> Iterator[object]:
    """Yield progress, and last the graph with its highway."""
    options = {"loss": job.loss, "training": job.training, "saved": job.saved}
    for step in record(job.spec, job.image, device=job.device, **options):
        if isinstance(step, Progress):
            yield step
        else:
            yield Recorded(step, highway(step), clusters(step, compile_spec(job.spec)))


def _draw_torchviz(job: DrawTorchviz) -> Iterator[object]:
    """Yield progress, and last the SVG file with its DOT source."""
    asked = job.graph
    yield Progress(0, 1, "torchviz follows the graph")
    options = {"loss": asked.loss, "training": asked.training, "saved": asked.saved}
    dot = torchviz_dot(asked.spec, asked.image, device=asked.device, **options)
    for step in layout(dot):
        yield step if isinstance(step, Progress) else (step, dot)


def _measure_time(job: MeasureTime) -> Iterator[object]:
    """Yield progress, and last the times with the device's peaks."""
    peaks: Peaks | None = None
    for step in measure_peaks(device=job.device):
        if isinstance(step, Peaks):
            peaks = step
        else:
            yield step
    assert peaks is not None
    for one in measure(job.spec, job.image, device=job.device, repeats=job.repeats, backward=job.trains):
        yield Measured(job, one, peaks) if isinstance(one, Timing) else one


def _train_and_measure(job: object) -> Iterator[object]:
    """Do an experiment of the gradient lab that trains; imported when first asked for, as the training lab is."""
    from resnet_explorer.lab import steps, veit

    works: Mapping[type, Callable[[Any], Iterator[object]]] = {
        DescentRequest: steps.train,
        PathsRequest: veit.follow,
        LesionRequest: steps.lesions,
    }
    return works[type(job)](job)


def _find_rate(job: FindRate) -> Iterator[object]:
    from resnet_explorer.lab.training import find_rate

    return find_rate(job.plan, job.lowest, job.highest, job.steps)


def _look_inside(job: object) -> Iterator[object]:
    """Look into a kept run; imported when first asked for."""
    from resnet_explorer.lab.inside import cam, confusion, features, filters, lesions, surface

    works: Mapping[type, Callable[[Any], Iterator[object]]] = {
        GalleryRequest: confusion.gallery,
        ConfusionRequest: confusion.confusion,
        CamRequest: cam.cam,
        FiltersRequest: filters.filters,
        FeaturesRequest: features.features,
        SurfaceRequest: surface.surface,
        RunLesionsRequest: lesions.lesions,
    }
    return works[type(job)](job)


def _train(job: object) -> Iterator[object]:
    """Do a job of the training and the fine-tuning lab; what they import is a tenth of the engine's start."""
    from resnet_explorer.engine import tuning_jobs

    return tuning_jobs.JOBS[type(job)](job)


_JOBS: Mapping[type, Callable[[Any], Iterator[object]]] = {
    Verify: _verify,
    FindDevices: _devices,
    ReadWeights: _read_weights,
    ReadModule: _read_module,
    SaveWeights: _save_weights,
    RecordGraph: _record_graph,
    DrawTorchviz: _draw_torchviz,
    MeasureTime: _measure_time,
    GradientRequest: probe.measure,
    ShatterRequest: shatter.shatter,
    **dict.fromkeys((DescentRequest, PathsRequest, LesionRequest), _train_and_measure),
    FindRate: _find_rate,
    **dict.fromkeys(get_args(InsideRequest), _look_inside),
    **dict.fromkeys((*get_args(TuneJob), TrainRun), _train),
}
