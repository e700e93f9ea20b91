"""Where in an image the evidence for a class is: Grad-CAM (Selvaraju et al. 2017), as captum computes it."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from resnet_explorer.analysis.inside import Cam, CamRequest
from resnet_explorer.analysis.progress import Progress
from resnet_explorer.errors import ExplorerError
from resnet_explorer.lab.inside.subject import Load, load, one_image, pixels, subject
from resnet_explorer.lab.record import restored


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
