"""The jobs that belong to no lab: devices, files of weights, the comparison with PyTorch."""

import sys
from collections.abc import Iterator
from pathlib import Path

import torch

from resnet_explorer.engine.requests import Device, FindDevices, ReadModule, ReadWeights, SaveWeights, Verify
from resnet_explorer.module import build
from resnet_explorer.network import compile_spec
from resnet_explorer.probes.clock import instruction_set
from resnet_explorer.readings import analyse
from resnet_explorer.readings.progress import Progress
from resnet_explorer.verify import against_pytorch
from resnet_explorer.weights import checkpoint
from resnet_explorer.weights.identify import LIMIT


def verify(job: Verify) -> Iterator[object]:
    """Yield progress, and last the verdict on a network's figures."""
    return iter(against_pytorch.verify(analyse(compile_spec(job.spec), job.image), fvcore=job.fvcore))


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
