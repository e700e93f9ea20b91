"""What the tests of looking inside look at: a small network, trained on the app's own digits for a few steps."""

from functools import lru_cache
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch.nn import functional
from torch.optim import SGD

from resnet_explorer.images.choice import DIGITS, DataChoice
from resnet_explorer.module import build
from resnet_explorer.module.build import ResNet
from resnet_explorer.probes.data import Images
from resnet_explorer.probes.models import seeded
from resnet_explorer.runs.folder import CHECKPOINT, RUN, dumps
from resnet_explorer.runs.plan import RunEnvironment, RunPlan
from resnet_explorer.spec import InputShape, ResNetSpec
from resnet_explorer.spec.catalogue import find
from resnet_explorer.spec.change import assign

IMAGE = InputShape(64, 8, 8)


def net(*settings: str) -> ResNetSpec:
    return assign(find("resnet20"), "blocks=1,1,1", "in_channels=1", "width=8", *settings)


def plan(*settings: str, name: str = "small", data: DataChoice = DIGITS) -> RunPlan:
    return RunPlan(name, net(*settings), IMAGE, data)


def images_of(asked: RunPlan) -> Images:
    return Images(asked.data, asked.spec, asked.image)


@lru_cache(maxsize=8)
def state(asked: RunPlan, steps: int) -> dict[str, torch.Tensor]:
    """Return the weights after so many steps of SGD."""
    with seeded(0):
        model = build(asked.spec)
    images, optimiser = images_of(asked), SGD(model.parameters(), 0.05, 0.9)
    for step in range(steps):
        x, y, _ = images.draw(64, step)
        optimiser.zero_grad()
        functional.cross_entropy(model(x), y).backward()
        optimiser.step()
    return model.state_dict()


def trained(steps: int, asked: RunPlan | None = None) -> ResNet:
    """Return the network of a plan after so many steps, a new one each time."""
    asked = asked or plan()
    model = build(asked.spec, initialise=False)
    model.load_state_dict(state(asked, steps))
    return model


def kept_in(folder: Path, asked: RunPlan, model: ResNet) -> None:
    """Write a network into a folder as the run of a plan."""
    setting = RunEnvironment("digits", tuple("0123456789"), (), 1500, 297, torch.__version__, "", "", "")
    (folder / RUN).write_text(dumps(asked, setting), encoding="utf-8")
    tensors = {f"model.{name}": one.contiguous() for name, one in model.state_dict().items()}
    text = {"version": "1", "steps": "20", "seconds": "1.0", "pending": ""}
    save_file({**tensors, "optimiser.0.momentum_buffer": torch.ones(3)}, folder / CHECKPOINT, {"format": "pt", **text})
