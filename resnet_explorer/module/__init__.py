"""The tree as a torch.nn.Module, with torchvision's names."""

from resnet_explorer.module.build import build

__all__ = ["build"]
