"""What is looked at: a trained network from its run's folder, its images, and their pixels."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from resnet_explorer.analysis.inside import RunReference
from resnet_explorer.analysis.run_codec import TUNE
from resnet_explorer.analysis.training import RunPlan
from resnet_explorer.analysis.tuning.codec import plan_in
from resnet_explorer.errors import CheckpointError, ExplorerError
from resnet_explorer.lab.data import Images, tested
from resnet_explorer.lab.training.checkpoint import trained
from resnet_explorer.lab.tuning.data import TuneImages
from resnet_explorer.lab.tuning.held import images_of
from resnet_explorer.model.build import ResNet

Load = Callable[[str, RunPlan], ResNet]
"""Returns the network that a run's folder holds, with its trained weights."""
Seen = Images | TuneImages


def load(folder: str, plan: RunPlan) -> ResNet:
    """Return a run's network with its newest weights; raises CheckpointError where the folder holds another one."""
    model, kept, _ = trained(Path(folder))
    if kept.spec != plan.spec:
        what = f"The run in {folder} is of another network than {plan.name}."
        raise CheckpointError(folder, what, "Choose it from the list of runs anew.")
    return model


def images_in(look: RunReference) -> Seen:
    """Return the images of a run: a fine-tuning's own where its folder holds one."""
    plan, folder = look.plan, Path(look.folder)
    if look.folder and (folder / TUNE).is_file():
        return images_of(plan_in(folder))
    return Images(plan.data, plan.spec, plan.image)


def subject(look: RunReference, source: Load) -> tuple[ResNet, Seen]:
    """Return a trained network on its device, and its images."""
    return source(look.folder, look.plan).to(look.plan.device), images_in(look)


def one_image(images: Seen, place: int) -> tuple[Tensor, int]:
    """Return a test image by its place as a batch of one, and its class; raises ExplorerError where it is not there."""
    indices = tested(images)
    if not 0 <= place < len(indices):
        words = f"There is no test image {place:,}; there are {len(indices):,}."
        raise ExplorerError("image", words, f"Choose 0 to {len(indices) - 1:,}.")
    x, y = images.take(indices[place : place + 1])
    return x, int(y)


def pixels(images: Seen, x: Tensor) -> Any:
    """Return images as they are seen, as numbers from 0 to 255 in (n, height, width, 1 or 3).

    The scaling to mean 0 and deviation 1 is undone. Noise has no such numbers: it is spread over its own range. Of
    other channels than 1 or 3 the first is shown.
    """
    seen = images.unscaled(x)
    if images.is_noise:
        seen = (seen - seen.min()) / (seen.max() - seen.min()).clamp(min=1e-9)
    if seen.shape[1] not in (1, 3):
        seen = seen[:, :1]
    return (seen.clamp(0, 1) * 255).round().to(torch.uint8).permute(0, 2, 3, 1).contiguous().numpy()
