"""A module for each kind of layer, and one block whose forward reads as the equation."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torch import Tensor, nn
from torch.nn import functional

from resnet_explorer.blueprint import Form, Part, layers


class ZeroPad(nn.Module):
    """Option A: every ``stride``-th position, and channels of zeros before and after to fill up.

    He et al. 2015, section 3.3 (A).
    """

    def __init__(self, extra: int, stride: int) -> None:
        super().__init__()
        self.extra, self.stride = extra, stride

    def forward(self, x: Tensor) -> Tensor:
        """Return (N, C + extra, ceil(H / stride), ceil(W / stride)) for (N, C, H, W)."""
        before = self.extra // 2
        return functional.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, before, self.extra - before))

    def extra_repr(self) -> str:
        """Return what is printed between the parentheses."""
        return f"extra={self.extra}, stride={self.stride}"


def _conv(layer: Any) -> nn.Module:
    return nn.Conv2d(
        layer.in_channels,
        layer.out_channels,
        layer.kernel,
        layer.stride,
        layer.padding,
        groups=layer.groups,
        bias=layer.bias,
    )


MODULES: Mapping[type[layers.Layer], Callable[[Any], nn.Module]] = {
    layers.Conv2d: _conv,
    layers.BatchNorm2d: lambda layer: nn.BatchNorm2d(layer.channels),
    layers.ReLU: lambda layer: nn.ReLU(inplace=True),
    layers.MaxPool2d: lambda layer: nn.MaxPool2d(layer.kernel, layer.stride, layer.padding),
    layers.ZeroPad: lambda layer: ZeroPad(layer.out_channels - layer.in_channels, layer.stride),
    layers.AdaptiveAvgPool2d: lambda layer: nn.AdaptiveAvgPool2d(1),
    layers.Flatten: lambda layer: nn.Flatten(),
    layers.Linear: lambda layer: nn.Linear(layer.in_features, layer.out_features),
}


def add_parts(module: nn.Module, parts: Sequence[Part]) -> tuple[str, ...]:
    """Give a module the layers of some parts under their names; return those names in their order.

    The addition is the block's own and has no module; ``downsample.0`` goes into a Sequential named ``downsample``.
    """
    names: list[str] = []
    for part in parts:
        if isinstance(part.layer, layers.Add):
            continue
        name, _, inner = part.name.partition(".")
        made = MODULES[type(part.layer)](part.layer)
        if not inner:
            module.add_module(name, made)
        elif hasattr(module, name):
            module.get_submodule(name).add_module(inner, made)
        else:
            module.add_module(name, nn.Sequential(made))
        names += [] if name in names else [name]
    return tuple(names)


class Block(nn.Module):
    """y = after(F(x) + shortcut(x)): a residual block, or a plain one where there is no shortcut.

    An empty ``shortcut`` is the identity, None is none at all.
    """

    def __init__(self, form: Form) -> None:
        super().__init__()
        self.branch = add_parts(self, form.branch)
        self.shortcut = None if form.shortcut is None else add_parts(self, form.shortcut)
        self.after = add_parts(self, form.after)

    def forward(self, x: Tensor) -> Tensor:
        """Return y of the shape that the blueprint tells."""
        y = run(self, self.branch, x)
        if self.shortcut is not None:
            y = y + run(self, self.shortcut, x)
        return run(self, self.after, y)


def run(module: nn.Module, names: Sequence[str], x: Tensor) -> Tensor:
    """Return x after a module's children of these names, one after the other."""
    for name in names:
        x = module.get_submodule(name)(x)
    return x
