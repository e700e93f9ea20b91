"""The maps that any part of a trained network puts out for an image."""

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from resnet_explorer.analysis.inside import Features, FeaturesRequest
from resnet_explorer.analysis.progress import Progress
from resnet_explorer.errors import ExplorerError
from resnet_explorer.lab.inside.subject import Load, load, one_image, pixels, subject
from resnet_explorer.lab.record import restored


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
