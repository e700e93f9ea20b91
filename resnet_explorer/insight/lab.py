"""Inspects trained networks: predictions, Grad-CAM, feature maps, filters, loss surface, lesions."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional
from torch.nn.modules.batchnorm import _BatchNorm

from resnet_explorer.errors import CheckpointError, ExplorerError
from resnet_explorer.insight import values
from resnet_explorer.module.build import ResNet
from resnet_explorer.probes.data import Batch, Images, Tested, tested
from resnet_explorer.probes.models import restored
from resnet_explorer.readings.lesions import LesionStudy
from resnet_explorer.readings.progress import Partial, Progress
from resnet_explorer.runs.lesions import Subject, count, study
from resnet_explorer.runs.opened import kind_of, load_trained
from resnet_explorer.runs.plan import RunPlan

Load = Callable[[str, RunPlan], ResNet]
"""Returns the trained network of a run's folder."""


class Seen(Tested, Protocol):
    """Images of a run: those of a data set, or a fine-tuning's own; ``train`` are indices, ``is_noise`` says random."""

    @property
    def train(self) -> Tensor: ...

    @property
    def is_noise(self) -> bool: ...

    def unscaled(self, x: Tensor) -> Tensor: ...

    def draw(self, count: int, seed: int) -> Batch: ...


def load(folder: str, plan: RunPlan) -> ResNet:
    """Return a run's network with its newest weights; raises CheckpointError where the folder holds another one."""
    model, kept, _ = load_trained(Path(folder))
    if kept.spec != plan.spec:
        what = f"The run in {folder} is of another network than {plan.name}."
        raise CheckpointError(folder, what, "Choose it from the list of runs again.")
    return model


def images_in(run: values.RunReference) -> Seen:
    """Return the images of a run: a fine-tuning's own where its folder holds one."""
    if run.folder and (kind := kind_of(Path(run.folder))):
        images: Seen = kind.images_of(Path(run.folder))
        return images
    return Images(run.plan.data, run.plan.spec, run.plan.image)


def subject(run: values.RunReference, source: Load) -> tuple[ResNet, Seen]:
    """Return a trained network on its device, and its images."""
    return source(run.folder, run.plan).to(run.plan.device), images_in(run)


def one_image(images: Seen, place: int) -> tuple[Tensor, int]:
    """Return the test image of a number as a batch of one, and its class; raises ExplorerError without one."""
    indices = tested(images)
    if not 0 <= place < len(indices):
        text = f"There is no test image {place:,}; there are {len(indices):,}."
        raise ExplorerError("image", text, f"Choose 0 to {len(indices) - 1:,}.")
    x, y = images.take(indices[place : place + 1])
    return x, int(y)


def pixels(images: Seen, x: Tensor) -> Any:
    """Return images for display, integers from 0 to 255 in (n, height, width, 1 or 3).

    The normalisation is undone; noise is scaled to its own range. Of other channels than 1 or 3 the first is shown.
    """
    seen = images.unscaled(x)
    if images.is_noise:
        seen = (seen - seen.min()) / (seen.max() - seen.min()).clamp(min=1e-9)
    if seen.shape[1] not in (1, 3):
        seen = seen[:, :1]
    return (seen.clamp(0, 1) * 255).round().to(torch.uint8).permute(0, 2, 3, 1).contiguous().numpy()


CHUNK = 250
"""Images in a batch."""


def gallery(request: values.GalleryRequest) -> Iterator[values.Gallery]:
    """Yield a page of test images, without a network; raises ExplorerError where there is none."""
    images = images_in(request)
    indices = tested(images)
    one_image(images, request.first)
    x, y = images.take(indices[request.first : request.first + request.count])
    yield values.Gallery(request, pixels(images, x), tuple(y.tolist()), len(indices))


def confusion(request: values.ConfusionRequest, source: Load = load) -> Iterator[Progress | values.Confusion]:
    """Yield progress and, last, the predictions; raises ExplorerError where there are no test images."""
    began = perf_counter()
    yield Progress(0, 1, "loading the weights")
    model, images = subject(request, source)
    indices, done = tested(images), 0
    parts, loss = [], 0.0
    for chunk in torch.split(indices, CHUNK):
        x, y = images.take(chunk)
        with torch.no_grad(), restored(model, training=False):
            scores = model(x.to(request.device)).float().cpu()
        probability, predicted = scores.softmax(dim=1).max(dim=1)
        loss += float(functional.cross_entropy(scores, y, reduction="sum"))
        parts.append((y, predicted, probability))
        done += len(chunk)
        yield Progress(done, len(indices), "classifying the test images")
    truth, predicted, probability = map(torch.cat, zip(*parts, strict=True))
    wrong = _mistakes(truth, predicted, probability)
    first = torch.tensor([mistake.image for mistake in wrong[: values.MOST_MISTAKES]], dtype=torch.long)
    shown = pixels(images, images.take(indices[first])[0]) if len(first) else np.zeros((0, 1, 1, 1), np.uint8)
    classes = request.plan.spec.classes or 0
    flat = torch.bincount(truth * classes + predicted, minlength=classes * classes)
    counts = np.asarray(flat.reshape(classes, classes), np.int64)
    mean, seconds = loss / len(indices), perf_counter() - began
    yield values.Confusion(request, counts, tuple(predicted.tolist()), wrong, shown, mean, images.text, seconds)


def _mistakes(truth: Tensor, predicted: Tensor, probability: Tensor) -> tuple[values.Mistake, ...]:
    """Return the misclassified images, the most confident first."""
    wrong = (truth != predicted).nonzero().flatten()
    wrong = wrong[probability[wrong].argsort(descending=True, stable=True)]
    columns = (column[wrong].tolist() for column in (truth, predicted, probability))
    return tuple(map(values.Mistake, wrong.tolist(), *columns))


def cam(request: values.CamRequest, source: Load = load) -> Iterator[Progress | values.Cam]:
    """Yield progress and, last, the map; raises ExplorerError for an unknown image, address or class."""
    yield Progress(0, 1, "loading the weights")
    model, images = subject(request, source)
    x, truth = one_image(images, request.image)
    seen, x = pixels(images, x)[0], x.to(request.device)
    with torch.no_grad(), restored(model, training=False):
        probabilities = model(x).softmax(dim=1)[0]
    predicted = int(probabilities.argmax())
    target = predicted if request.target is None else request.target
    if not 0 <= target < len(probabilities):
        raise ExplorerError("class", f"There is no class {target}.", f"Choose 0 to {len(probabilities) - 1}.")
    small = grad_cam(model, request.path, x, target)
    large = functional.interpolate(small, x.shape[2:], mode="bilinear", align_corners=False)
    maps = (small[0, 0].cpu().numpy(), large[0, 0].cpu().numpy())
    yield values.Cam(request, target, truth, predicted, tuple(probabilities.tolist()), *maps, seen)


def grad_cam(model: nn.Module, path: str, x: Tensor, target: int) -> Tensor:
    """Return ReLU(Σₖ αₖ Aᵏ) as (N, 1, h, w), equations 1 and 2 of the paper, in evaluation mode.

    Aᵏ are the maps at the address, αₖ the mean over a map of the gradient of the class's score (before the softmax).
    Raises ExplorerError where the address has no maps.
    """
    from captum.attr import LayerGradCam  # with matplotlib, which takes a second

    layer = model.get_submodule(path)
    with restored(model, training=False):
        maps: Any = LayerGradCam(model, layer).attribute(x, target, relu_attributions=True)
    if not isinstance(maps, Tensor) or maps.ndim != 4:
        raise ExplorerError("layer", f"{path} has no feature maps.", "Choose a convolution, a block or a stage.")
    return maps.detach()


def features(request: values.FeaturesRequest, source: Load = load) -> Iterator[Progress | values.Features]:
    """Yield progress and, last, the maps; raises ExplorerError for an unknown image or address."""
    yield Progress(0, 1, "loading the weights")
    model, images = subject(request, source)
    x, truth = one_image(images, request.image)
    maps = maps_at(model, request.path, x.to(request.device))[0]
    yield values.Features(request, maps.float().cpu().numpy(), pixels(images, x)[0], truth)


@torch.no_grad()
def maps_at(model: nn.Module, path: str, x: Tensor) -> Tensor:
    """Return the output at an address in evaluation mode as (N, C, h, w); a vector becomes maps of one pixel.

    Raises ExplorerError for an unknown address.
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
    maps = kept[-1]
    return maps if maps.ndim == 4 else maps.reshape(len(maps), -1, 1, 1)


def filters(request: values.FiltersRequest, source: Load = load) -> Iterator[values.Filters]:
    """Yield the weights of the first convolution as they are stored."""
    modules = source(request.folder, request.plan).named_modules()
    path, conv = next((path, module) for path, module in modules if isinstance(module, nn.Conv2d))
    yield values.Filters(request, path, conv.weight.detach().float().cpu().numpy())


SURFACE_CHUNK = 512
"""Images whose loss is computed at a time; with the images' own statistics they are one batch of this size."""
Direction = Mapping[str, Tensor]


def surface(
    request: values.SurfaceRequest, source: Load = load
) -> Iterator[Progress | Partial[values.Surface] | values.Surface]:
    """Yield progress, the planes after each row, and last the result; raises ExplorerError as ``Images`` does."""
    began = perf_counter()
    rows = request.size * len(request.runs)
    done = 0
    finished: tuple[values.Slice, ...] = ()
    result = values.Surface(request, (), 0, "", 0.0)
    for run in request.runs:
        yield Progress(done, rows, f"loading {run.plan.name}")
        model, images = subject(run, source)
        x, y, text = images.draw(min(request.images, len(images.train)), request.seed)
        x, y = x.to(run.device), y.to(run.device)
        for part in plane(model, x, y, run, request):
            done += 1
            result = values.Surface(request, (*finished, part), len(y), text, perf_counter() - began)
            yield Progress(done, rows, f"{run.plan.name}: the loss around its weights")
            yield Partial(result)
        finished = result.slices
    yield result


def plane(
    model: nn.Module, x: Tensor, y: Tensor, run: values.RunReference, request: values.SurfaceRequest
) -> Iterator[values.Slice]:
    """Yield the plane of a model after each row, the middle row first; its own weights are not touched."""
    steps = np.linspace(-request.reach, request.reach, request.size)
    steps[request.size // 2] = 0.0
    losses = np.full((request.size, request.size), np.nan, np.float32)
    measured = np.zeros(losses.shape, np.bool_)
    first, second = directions(model, request.seed)
    weights = {name: parameter.detach() for name, parameter in model.named_parameters()}
    with restored(model, training=False):
        for module in model.modules():
            if request.batch_statistics and isinstance(module, _BatchNorm):
                module.train()  # ``restored`` puts the running statistics back
        middle = mean_loss(model, x, y)
        for row in sorted(range(request.size), key=lambda index: abs(index - request.size // 2)):
            for column, step in enumerate(steps):
                across, up = float(step), float(steps[row])
                moved = {name: weights[name] + across * first[name] + up * second[name] for name in first}
                losses[row, column] = mean_loss(partial(functional_call, model, moved), x, y)
            measured[row] = True
            yield values.Slice(run, losses.copy(), measured.copy(), middle)


def directions(model: nn.Module, seed: int) -> tuple[Direction, Direction]:
    """Return two random directions, each filter scaled to the norm of the model's own (Li et al. 2018, section 4).

    A filter is the weights of one output channel. Biases and the parameters of norms do not move, as in the paper's
    code.
    """
    generator = torch.Generator().manual_seed(seed)
    filters = {
        f"{path}.weight": module.weight.detach()
        for path, module in model.named_modules()
        if isinstance(module, nn.Conv1d | nn.Conv2d | nn.Linear)
    }
    first, second = ({name: _as_long(weight, generator) for name, weight in filters.items()} for _ in range(2))
    return first, second


def _as_long(weight: Tensor, generator: torch.Generator) -> Tensor:
    """Return random numbers of the weight's shape, each filter scaled to the norm of the weight's filter."""
    drawn = torch.randn(weight.shape, generator=generator).to(weight)
    over = tuple(range(1, weight.ndim))
    own, given = (torch.linalg.vector_norm(tensor, dim=over, keepdim=True) for tensor in (weight, drawn))
    scaled: Tensor = drawn * own / given
    return scaled


@torch.no_grad()
def mean_loss(model: Callable[[Tensor], Tensor], x: Tensor, y: Tensor) -> float:
    """Return the mean cross-entropy of some images."""
    pairs = zip(torch.split(x, SURFACE_CHUNK), torch.split(y, SURFACE_CHUNK), strict=True)
    total = sum(float(functional.cross_entropy(model(some).float(), names, reduction="sum")) for some, names in pairs)
    return total / len(y)


def lesions(
    request: values.RunLesionsRequest, source: Load = load
) -> Iterator[Progress | Partial[LesionStudy] | LesionStudy]:
    """Yield progress, the study after each lesion, and last the result; raises ExplorerError without test images."""
    subjects = (Subject(run.plan, *subject(run, source)) for run in request.runs)
    return study(request, subjects, 0, sum(count(run.plan) for run in request.runs))
