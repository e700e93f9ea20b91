"""How a trained network names the test images, which of them wrongly, and the images themselves."""

from collections.abc import Iterator
from time import perf_counter

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from resnet_explorer.analysis.inside import (
    MOST_MISTAKES,
    Confusion,
    ConfusionRequest,
    Gallery,
    GalleryRequest,
    Mistake,
)
from resnet_explorer.analysis.progress import Progress
from resnet_explorer.lab.data import tested
from resnet_explorer.lab.inside.subject import Load, images_in, load, one_image, pixels, subject
from resnet_explorer.lab.record import restored

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
