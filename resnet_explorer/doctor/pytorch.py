"""Whether PyTorch is there and computes rightly on each of its devices; it may crash, and runs in processes of its own.

A training step is a forward pass, a backward pass and an update of a residual network of three blocks.
"""

import os
import shutil
import sys
import warnings
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from resnet_explorer.doctor.findings import Finding, State, Step
from resnet_explorer.engine.pytorch import PACKAGES, importing, install

TOLERANCE = 1e-3
"""Rounding in float32 makes less than this of a gradient's norm."""
LOOSE = 0.05
"""GPUs may round convolutions to TF32, which makes less than this."""
ROUNDS = 40
"""How often the narrow convolution runs: its fault is not seen each time."""
NARROW = 4
"""Input channels of the convolution that oneDNN gets wrong on AVX2."""
IMPORTS_S = 120.0
STEP_S = 60.0


def probe() -> Iterator[Step | Finding]:
    """Yield steps and findings: PyTorch itself, the CPU, and each other device."""
    again = install(f"--force-reinstall {PACKAGES}")
    step = Step("pytorch", "PyTorch", "Importing PyTorch", IMPORTS_S, remedy=again)
    yield step
    with importing():
        import torch
        import torchvision  # noqa: F401

        from resnet_explorer.engine.server import devices
    yield step.ok(_versions(torch))
    step = Step("device-cpu", "CPU", "A training step on the CPU", STEP_S, remedy=again)
    yield step
    yield _cpu(step)
    step = Step("devices", "GPUs", "Looking for GPUs", STEP_S, remedy="Without them PyTorch computes on the CPU.")
    yield step
    others = [device for device in devices() if device.key != "cpu"]
    yield _gpus(step, [device.title for device in others])
    for device in others:
        task = f"A training step on {device.title}"
        step = Step(f"device-{device.key}", device.title, task, STEP_S, remedy="Choose another device in the app.")
        yield step
        yield _other_device(step, device.key)


def _versions(torch: Any) -> str:
    built = f"CUDA {torch.version.cuda}" if torch.version.cuda else "no CUDA"
    try:
        vision = f"torchvision {version('torchvision')}"
    except PackageNotFoundError:
        vision = "torchvision"
    return f"{torch.__version__} ({built}) and {vision}."


def _cpu(step: Step) -> Finding:
    import torch

    from resnet_explorer.probes.clock import instruction_set

    torch.set_num_threads(max(1, (os.cpu_count() or 2) - 1))  # as the engine
    threads = torch.get_num_threads()
    where = f"{instruction_set()}, {threads} thread{'' if threads == 1 else 's'}"
    contiguous = train("cpu")
    last = train("cpu", torch.channels_last)
    loss, gradients = difference(contiguous, last)
    text = f"{where}. A training step in channels_last differs from contiguous by {_told(loss, gradients)}"
    if not (loss <= TOLERANCE and gradients <= TOLERANCE):  # not a number is wrong too
        return step.broken(
            f"{text}: more than rounding.",
            "Gradients computed here are wrong in one of the two. Try with ONEDNN_MAX_CPU_ISA=AVX2 or SSE41 set, or "
            "another version of PyTorch.",
        )
    return step.ok(f"{text}: rounding.")


def _gpus(step: Step, titles: list[str]) -> Finding:
    import torch

    if titles:
        return step.ok(f"{', '.join(titles)}.")
    if shutil.which("nvidia-smi") and sys.platform != "darwin":
        if torch.version.cuda is None:
            remedy = install(f"--force-reinstall {PACKAGES}")
            return step.note("There is NVIDIA's driver, but this PyTorch is built without CUDA.", remedy)
        reason = _why_no_cuda()
        return step.note(f"There is NVIDIA's driver, but PyTorch sees no GPU.{reason}", "Update NVIDIA's driver.")
    return step.ok("None that PyTorch can use: it computes on the CPU.")


def _why_no_cuda() -> str:
    import torch

    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        torch.cuda.is_available()
    return f" It says: {str(said[0].message).splitlines()[0]}" if said else ""


def _other_device(step: Step, device: str) -> Finding:
    loss, gradients = difference(train("cpu"), train(device))
    text = f"A training step differs from the CPU's by {_told(loss, gradients)}"
    if not (loss <= LOOSE and gradients <= LOOSE):
        return step.broken(f"{text}: more than rounding.", "Update its driver, or choose another device in the app.")
    return step.ok(f"{text}: rounding.")


def _told(loss: float, gradients: float) -> str:
    return f"{loss:.0e} of the loss and {gradients:.0e} of the gradients' norm".replace("0e+00", "0")


Trained = tuple[Any, list[Any]]
"""The loss before the step and the gradients of all parameters, on the CPU in float64."""


def train(device: str, memory_format: Any = None) -> Trained:
    """Do a training step and return its loss and gradients; the weights and images are the same each time."""
    import torch
    from torch.nn.functional import cross_entropy

    from resnet_explorer.module import build
    from resnet_explorer.spec.search import find_network

    torch.manual_seed(0)
    model: Any = build(find_network("resnet20", ["blocks=1,1,1", "width=16", "shortcut=B"])).train()
    images, labels = torch.randn(8, 3, 16, 16), torch.arange(8) % 10
    chosen = memory_format or torch.contiguous_format
    model, images = model.to(device).to(memory_format=chosen), images.to(device).to(memory_format=chosen)
    loss = cross_entropy(model(images), labels.to(device))
    loss.backward()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter -= 0.1 * parameter.grad
    updated = [parameter for parameter in model.parameters() if not parameter.isfinite().all()]
    gradients = [parameter.grad.detach().cpu().double() for parameter in model.parameters()]
    return (loss.detach().cpu().double() if not updated else torch.tensor(float("nan"))), gradients


def difference(one: Trained, other: Trained) -> tuple[float, float]:
    """Return how far the losses and the gradients of two training steps differ, relative to the first."""
    import torch

    loss = float((one[0] - other[0]).abs() / one[0].abs())
    first, second = (torch.cat([gradient.flatten() for gradient in trained[1]]) for trained in (one, other))
    return loss, float((first - second).norm() / first.norm())


def probe_onednn() -> Iterator[Step | Finding]:
    """Yield a step and a finding: whether oneDNN gets a narrow strided convolution in channels_last right.

    Where it does not it may abort, hang, or return wrong gradients; the app does without that format there.
    """
    remedy = (
        "ResNet Explorer trains such networks in the contiguous format. In code of your own do so too, or give the "
        "convolution 8 channels or more (uxlfoundation/oneDNN issue 6035)."
    )
    yield Step("onednn", "oneDNN", "Importing PyTorch", IMPORTS_S, State.NOTE)
    with importing():
        import torch

    task = f"A strided 1×1 convolution of {NARROW} channels in channels_last, a known fault of oneDNN,"
    step = Step("onednn", "oneDNN", task, 20.0, State.NOTE, remedy)
    yield step
    torch.manual_seed(0)
    conv = torch.nn.Conv2d(NARROW, 8, 1, 2, bias=False)
    images = torch.randn(64, NARROW, 8, 8)
    right = _weight_gradient(conv, images)
    conv = conv.to(memory_format=torch.channels_last)
    images = images.to(memory_format=torch.channels_last)
    worst = max(float((_weight_gradient(conv, images) - right).norm() / right.norm()) for _ in range(ROUNDS))
    if not worst <= TOLERANCE:
        yield step.note(f"{task} has gradients that are wrong by {worst:.0%}.", remedy)
    else:
        yield step.ok("Narrow strided convolutions in channels_last agree with contiguous.")


def _weight_gradient(conv: Any, images: Any) -> Any:
    import torch

    conv.weight.grad = None
    conv(images.clone(memory_format=torch.preserve_format).requires_grad_()).sum().backward()
    return conv.weight.grad.detach().contiguous().double()
