"""What trains, set and then read off the tensors themselves; and batch norms that stay as they are."""

from collections.abc import Collection, Iterator
from difflib import SequenceMatcher

from torch import nn

from resnet_explorer.analysis.tuning.results import FreezeReport
from resnet_explorer.errors import ExplorerError

ALIKE = 0.75
"""From this likeness on an attribute's name is taken for a misspelt ``requires_grad``."""


class StillBatchNorm2d(nn.BatchNorm2d):
    """A batch norm that stays in evaluation mode when its network is put into training mode."""

    def train(self, mode: bool = True) -> "StillBatchNorm2d":
        """Leave the mode as it is: running statistics are used, and stay."""
        super().train(False)
        return self


def freeze(model: nn.Module, trainable: Collection[str]) -> FreezeReport:
    """Let the tensors of these names train, and no other; return what the tensors say afterwards.

    Raises ExplorerError where a name belongs to no tensor, or a tensor does not do as it was told.
    """
    known = dict(model.named_parameters())
    missing = sorted(set(trainable) - set(known))
    if missing:
        raise ExplorerError("frozen", f"The network has no tensor {missing[0]}.", "Check the names.")
    for name, tensor in known.items():
        tensor.requires_grad_(name in trainable)
        if name not in trainable:
            tensor.grad = None  # a gradient of 0 would still let the decay shrink the weights
    report = verify(model)
    if set(report.trainable) != set(trainable):
        raise ExplorerError("frozen", "Some tensors could not be frozen.", "Report this, with the network.")
    return report


def verify(model: nn.Module) -> FreezeReport:
    """Return what really trains; attributes that only look like ``requires_grad`` are named."""
    pairs = list(model.named_parameters())
    trains = [(name, tensor) for name, tensor in pairs if tensor.requires_grad]
    rests = [(name, tensor) for name, tensor in pairs if not tensor.requires_grad]
    still = (name for name, module in model.named_modules() if _is_still(module, model))
    return FreezeReport(
        tuple(name for name, _ in trains),
        tuple(name for name, _ in rests),
        sum(tensor.numel() for _, tensor in trains),
        sum(tensor.numel() for _, tensor in rests),
        tuple(still),
        tuple(_silent(model)),
    )


def _is_still(module: nn.Module, model: nn.Module) -> bool:
    return isinstance(module, nn.BatchNorm2d) and (isinstance(module, StillBatchNorm2d) or not module.training)


def _silent(model: nn.Module) -> Iterator[str]:
    """Yield attributes that do nothing: misspelt ones of tensors, and ``requires_grad`` of modules."""
    for name, tensor in model.named_parameters():
        yield from (f"{name}.{key}" for key in vars(tensor) if _looks_like(key))
    for name, module in model.named_modules():
        yield from (f"{name}.{key}".lstrip(".") for key in vars(module) if _looks_like(key))


def _looks_like(key: str) -> bool:
    return SequenceMatcher(None, key, "requires_grad").ratio() >= ALIKE


def hold_still(model: nn.Module, paths: Collection[str]) -> None:
    """Keep the batch norms of these paths in evaluation mode, whatever ``train()`` says; let all others go.

    Raises ExplorerError where a path leads to no batch norm.
    """
    norms: dict[str, nn.Module] = {name: one for name, one in model.named_modules() if isinstance(one, nn.BatchNorm2d)}
    missing = sorted(set(paths) - set(norms))
    if missing:
        raise ExplorerError("bn", f"There is no batch norm at {missing[0]}.", "Check the path.")
    for name, module in norms.items():
        was_held = isinstance(module, StillBatchNorm2d)
        if name in paths:
            module.__class__ = StillBatchNorm2d
            module.eval()
        elif was_held:
            module.__class__ = nn.BatchNorm2d
            module.train(model.training)
