"""How a trained network names the test images, which of them wrongly, and the images themselves."""

from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from resnet_explorer.errors import CheckpointError, ExplorerError
from resnet_explorer.insight.values import (
    MOST_MISTAKES,
    Cam,
    CamRequest,
    Confusion,
    ConfusionRequest,
    Features,
    FeaturesRequest,
    Filters,
    FiltersRequest,
    Gallery,
    GalleryRequest,
    Mistake,
    RunReference,
)
from resnet_explorer.module.build import ResNet
from resnet_explorer.probes.data import Batch, Images, Tested, tested
from resnet_explorer.probes.models import restored
from resnet_explorer.readings.progress import Progress
from resnet_explorer.runs.kinds import kind_of
from resnet_explorer.runs.opened import load_trained
from resnet_explorer.runs.plan import RunPlan

Load = Callable[[str, RunPlan], ResNet]
"""Returns the network that a run's folder holds, with its trained weights."""


class Seen(Tested, Protocol):
    """Images of a run: those of a data set, or a fine-tuning's own."""

    @property
    def train(self) -> Tensor:
        """The indices of the training images."""

    @property
    def is_noise(self) -> bool:
        """Whether they are drawn at random."""

    def unscaled(self, x: Tensor) -> Tensor:
        """Return images with their scaling undone."""

    def draw(self, count: int, seed: int) -> Batch:
        """Return a batch of training images that a seed picks."""


def load(folder: str, plan: RunPlan) -> ResNet:
    """Return a run's network with its newest weights; raises CheckpointError where the folder holds another one."""
    model, kept, _ = load_trained(Path(folder))
    if kept.spec != plan.spec:
        what = f"The run in {folder} is of another network than {plan.name}."
        raise CheckpointError(folder, what, "Choose it from the list of runs anew.")
    return model


def images_in(look: RunReference) -> Seen:
    """Return the images of a run: a fine-tuning's own where its folder holds one."""
    plan = look.plan
    if look.folder and (kind := kind_of(Path(look.folder))):
        images: Seen = kind.images_of(Path(look.folder))
        return images
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


CHUNK = 250
"""Images that are named at a time."""


def gallery(request: GalleryRequest) -> Iterator[Gallery]:
    """Yield the images; no network is needed for that. Raises ExplorerError where there are none from that place on."""
    images = images_in(request)
    indices = tested(images)
    one_image(images, request.first)
    x, y = images.take(indices[request.first : request.first + request.count])
    yield Gallery(request, pixels(images, x), tuple(y.tolist()), len(indices))


def confusion(request: ConfusionRequest, source: Load = load) -> Iterator[Progress | Confusion]:
    """Yield progress and, last, how the test images are named; raises ExplorerError where there are none."""
    began = perf_counter()
    yield Progress(0, 1, "loading the weights")
    model, images = subject(request, source)
    indices, done = tested(images), 0
    labels, sure, named, loss = [], [], [], 0.0
    for chunk in torch.split(indices, CHUNK):
        x, y = images.take(chunk)
        with torch.no_grad(), restored(model, training=False):
            scores = model(x.to(request.device)).float().cpu()
        probability, predicted = scores.softmax(dim=1).max(dim=1)
        loss += float(functional.cross_entropy(scores, y, reduction="sum"))
        labels.append(y)
        sure.append(probability)
        named.append(predicted)
        done += len(chunk)
        yield Progress(done, len(indices), "naming the test images")
    truth, predicted = torch.cat(labels), torch.cat(named)
    wrong = _mistakes(truth, predicted, torch.cat(sure))
    seen = torch.tensor([one.image for one in wrong[:MOST_MISTAKES]], dtype=torch.long)
    shown = pixels(images, images.take(indices[seen])[0]) if len(seen) else np.zeros((0, 1, 1, 1), np.uint8)
    counts = _counts(truth, predicted, request.plan.spec.classes or 0)
    mean, seconds = loss / len(indices), perf_counter() - began
    yield Confusion(request, counts, tuple(predicted.tolist()), wrong, shown, mean, images.words, seconds)


def _counts(truth: Tensor, predicted: Tensor, classes: int) -> NDArray[np.int64]:
    """Return how many images of each class (row) were given to each class (column)."""
    flat = torch.bincount(truth * classes + predicted, minlength=classes * classes)
    return np.asarray(flat.reshape(classes, classes), np.int64)


def _mistakes(truth: Tensor, predicted: Tensor, sure: Tensor) -> tuple[Mistake, ...]:
    """Return what was named wrongly, the surest first."""
    wrong = (truth != predicted).nonzero().flatten()
    wrong = wrong[sure[wrong].argsort(descending=True, stable=True)]
    return tuple(Mistake(n, int(truth[n]), int(predicted[n]), float(sure[n])) for n in wrong.tolist())


def cam(request: CamRequest, source: Load = load) -> Iterator[Progress | Cam]:
    """Yield progress and, last, the map; raises ExplorerError where there is no such image, address or class."""
    yield Progress(0, 1, "loading the weights")
    model, images = subject(request, source)
    x, truth = one_image(images, request.image)
    seen, x = pixels(images, x)[0], x.to(request.device)
    with torch.no_grad(), restored(model, training=False):
        probabilities = model(x).softmax(dim=1)[0]
    predicted = int(probabilities.argmax())
    target = predicted if request.target is None else request.target
    if not 0 <= target < len(probabilities):
        words = f"There is no class {target}."
        raise ExplorerError("class", words, f"Choose 0 to {len(probabilities) - 1}.")
    found = grad_cam(model, request.path, x, target)
    large = functional.interpolate(found, x.shape[2:], mode="bilinear", align_corners=False)
    maps = (found[0, 0].cpu().numpy(), large[0, 0].cpu().numpy())
    yield Cam(request, target, truth, predicted, tuple(probabilities.tolist()), *maps, seen)


def grad_cam(model: nn.Module, path: str, x: Tensor, target: int) -> Tensor:
    """Return ReLU(Σₖ αₖ Aᵏ) as (N, 1, h, w), equations 1 and 2 of the paper, in evaluation mode.

    Aᵏ are the maps at the address, αₖ the mean over a map of the gradient of the class's score (before the softmax).
    Raises ExplorerError where the address puts out no maps.
    """
    from captum.attr import LayerGradCam  # with matplotlib, which takes a second

    layer = model.get_submodule(path)
    with restored(model, training=False):
        maps: Any = LayerGradCam(model, layer).attribute(x, target, relu_attributions=True)
    if not isinstance(maps, Tensor) or maps.ndim != 4:
        raise ExplorerError("layer", f"{path} puts out no maps.", "Choose a convolution, a block or a stage.")
    return maps.detach()


def features(request: FeaturesRequest, source: Load = load) -> Iterator[Progress | Features]:
    """Yield progress and, last, the maps; raises ExplorerError where there is no such image or address."""
    yield Progress(0, 1, "loading the weights")
    model, images = subject(request, source)
    x, truth = one_image(images, request.image)
    found = maps_at(model, request.path, x.to(request.device))[0]
    yield Features(request, found.float().cpu().numpy(), pixels(images, x)[0], truth)


@torch.no_grad()
def maps_at(model: nn.Module, path: str, x: Tensor) -> Tensor:
    """Return what is put out at an address in evaluation mode as (N, C, h, w); a vector is maps of one pixel.

    Raises ExplorerError where there is nothing of that address.
    """
    try:
        layer = model.get_submodule(path)
    except AttributeError as error:
        raise ExplorerError("layer", f"There is no layer {path}.", "Choose one of the network's own.") from error
    kept: list[Tensor] = []
    hook = layer.register_forward_hook(lambda module, given, output: kept.append(output.clone()))
    try:  # a clone: what follows may work in place
        with restored(model, training=False):
            model(x)
    finally:
        hook.remove()
    found = kept[-1]
    return found if found.ndim == 4 else found.reshape(len(found), -1, 1, 1)


def filters(request: FiltersRequest, source: Load = load) -> Iterator[Filters]:
    """Yield the weights of the first convolution as they are stored."""
    yield first_filters(request, source(request.folder, request.plan))


def first_filters(request: FiltersRequest, model: nn.Module) -> Filters:
    """Return the weights of a module's first convolution."""
    path, conv = next((path, module) for path, module in model.named_modules() if isinstance(module, nn.Conv2d))
    return Filters(request, path, conv.weight.detach().float().cpu().numpy())
