"""The first convolution's filters, which look at the image itself."""

from collections.abc import Iterator

from torch import nn

from resnet_explorer.analysis.inside import Filters, FiltersRequest
from resnet_explorer.lab.inside.subject import Load, load


def filters(request: FiltersRequest, source: Load = load) -> Iterator[Filters]:
    """Yield the weights of the first convolution as they are stored."""
    yield first_filters(request, source(request.folder, request.plan))


def first_filters(request: FiltersRequest, model: nn.Module) -> Filters:
    """Return the weights of a module's first convolution."""
    path, conv = next((path, module) for path, module in model.named_modules() if isinstance(module, nn.Conv2d))
    return Filters(request, path, conv.weight.detach().float().cpu().numpy())
