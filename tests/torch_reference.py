"""Residual networks in torch, written from the paper's definition, to check the closed form against.

He et al. 2015, figures 2, 3 and 5, tables 1 and 6, sections 3.3 and 4.2. Nothing here reads the app's own tree: only
the user's choices (the spec) go in. Module names are torchvision's; each activation and addition has a module of its
own, so that a hook sees every step.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

from resnet_explorer.module.meta import BareShapes
from resnet_explorer.spec import InputShape, ResNetSpec


class Plus(nn.Module):
    """F(x) + x, in place."""

    def forward(self, branch: Tensor, shortcut: Tensor) -> Tensor:
        return branch.add_(shortcut)


class OptionA(nn.Module):
    """Every second pixel, and zeros for the new channels (half of them in front)."""

    def __init__(self, extra: int, step: int) -> None:
        super().__init__()
        self.extra, self.step = extra, step

    def forward(self, x: Tensor) -> Tensor:
        front = self.extra // 2
        return functional.pad(x[:, :, :: self.step, :: self.step], (0, 0, 0, 0, front, self.extra - front))


def _three_by_three(inside: int, outside: int, step: int = 1, groups: int = 1) -> nn.Conv2d:
    return nn.Conv2d(inside, outside, kernel_size=3, stride=step, padding=1, groups=groups, bias=False)


def _one_by_one(inside: int, outside: int, step: int = 1) -> nn.Conv2d:
    return nn.Conv2d(inside, outside, kernel_size=1, stride=step, bias=False)


class TwoLayers(nn.Module):
    """Figure 5, left."""

    def __init__(self, spec: ResNetSpec, inside: int, width: int, step: int) -> None:
        super().__init__()
        self.conv1 = _three_by_three(inside, width, step)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu1 = nn.ReLU(inplace=True)
        self.conv2 = _three_by_three(width, width)
        self.bn2 = nn.BatchNorm2d(width)
        _add_shortcut(self, spec, inside, width, step)
        self.relu2 = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        y = self.relu1(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        joined: Tensor = self.relu2(_joined(self, x, y))
        return joined


class ThreeLayers(nn.Module):
    """Figure 5, right; its middle grouped or wide as in Xie et al. 2017, table 1, and torchvision's Bottleneck."""

    def __init__(self, spec: ResNetSpec, inside: int, width: int, step: int) -> None:
        super().__init__()
        paper = spec.stride.value == "1x1"
        outside = int(width * spec.expansion)
        width = int(width * (spec.base_width / 64.0)) * spec.cardinality
        self.conv1 = _one_by_one(inside, width, step if paper else 1)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu1 = nn.ReLU(inplace=True)
        self.conv2 = _three_by_three(width, width, 1 if paper else step, spec.cardinality)
        self.bn2 = nn.BatchNorm2d(width)
        self.relu2 = nn.ReLU(inplace=True)
        self.conv3 = _one_by_one(width, outside)
        self.bn3 = nn.BatchNorm2d(outside)
        _add_shortcut(self, spec, inside, outside, step)
        self.relu3 = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        y = self.relu1(self.bn1(self.conv1(x)))
        y = self.relu2(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        joined: Tensor = self.relu3(_joined(self, x, y))
        return joined


def _add_shortcut(block: nn.Module, spec: ResNetSpec, inside: int, outside: int, step: int) -> None:
    """Section 3.3: (A) zero-padding, (B) projections where dimensions increase, (C) all shortcuts are projections."""
    if not spec.residual:
        return
    same, option = inside == outside and step == 1, spec.shortcut.value
    if option == "A" and not same:
        block.downsample = nn.Sequential(OptionA(outside - inside, step))
    if option == "C" or (option == "B" and not same):
        block.downsample = nn.Sequential(_one_by_one(inside, outside, step), nn.BatchNorm2d(outside))
    block.add = Plus()


def _joined(block: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    if not hasattr(block, "add"):
        return y
    modules = dict(block.named_children())
    shortcut = modules["downsample"](x) if "downsample" in modules else x
    joined: Tensor = modules["add"](y, shortcut)
    return joined


class Reference(nn.Module):
    """The whole network; ``stages`` counts the modules layer1, layer2, ..."""

    def __init__(self, spec: ResNetSpec) -> None:
        super().__init__()
        imagenet = spec.stem.value == "imagenet"
        self.conv1 = (
            nn.Conv2d(spec.in_channels, spec.stem_channels, kernel_size=7, stride=2, padding=3, bias=False)
            if imagenet
            else _three_by_three(spec.in_channels, spec.stem_channels)
        )
        self.bn1 = nn.BatchNorm2d(spec.stem_channels)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(kernel_size=3, stride=2, padding=1) if imagenet else None
        self.stages = len(spec.blocks)
        channels = self._build(spec)
        self.head = spec.classes is not None
        if spec.classes is not None:
            self.avgpool = nn.AdaptiveAvgPool2d(1)
            self.flatten = nn.Flatten()
            self.fc = nn.Linear(channels, spec.classes)

    def _build(self, spec: ResNetSpec) -> int:
        channels = spec.stem_channels
        for stage in range(self.stages):
            bottleneck, width = spec.block[stage].value == "bottleneck", spec.widths[stage]
            blocks = nn.Sequential()
            for number in range(spec.blocks[stage]):
                step = 2 if stage > 0 and number == 0 else 1
                kind = ThreeLayers if bottleneck else TwoLayers
                blocks.append(kind(spec, channels, width, step))
                channels = int(width * spec.expansion) if bottleneck else width
            setattr(self, f"layer{stage + 1}", blocks)
        return channels

    def maps(self, x: Tensor) -> Tensor:
        """Return the last feature map."""
        x = self.relu(self.bn1(self.conv1(x)))
        if self.maxpool is not None:
            x = self.maxpool(x)
        for stage in range(self.stages):
            x = getattr(self, f"layer{stage + 1}")(x)
        return x

    def forward(self, x: Tensor) -> Tensor:
        x = self.maps(x)
        return self.fc(self.flatten(self.avgpool(x))) if self.head else x


@dataclass(frozen=True)
class Seen:
    """What a hook saw of one layer."""

    path: str
    kind: str
    input: tuple[int, ...]
    output: tuple[int, ...]
    params: int
    fresh_bytes: int


def build(spec: ResNetSpec, device: str = "meta") -> Reference:
    """Return the network in eval mode, on the meta device where nothing else is asked for."""
    with torch.device(device):
        return Reference(spec).eval()


def image(spec: ResNetSpec, shape: InputShape, device: str = "meta") -> Tensor:
    """Return a batch of images of ones."""
    return torch.ones(shape.shape(spec.in_channels, spec.dims), device=device)


def leaves(model: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """Return the modules that have no modules inside."""
    return ((path, module) for path, module in model.named_modules() if path and not list(module.children()))


@contextmanager
def watching(model: nn.Module) -> Iterator[list[Seen]]:
    """Record every layer that runs, in order."""
    seen: list[Seen] = []
    memory: set[int] = set()

    def hook(path: str) -> Callable[[nn.Module, tuple[Tensor, ...], Tensor], None]:
        def look(module: nn.Module, args: tuple[Tensor, ...], output: Tensor) -> None:
            memory.add(args[0].untyped_storage()._cdata)
            storage = output.untyped_storage()
            fresh = 0 if storage._cdata in memory else output.numel() * output.element_size()
            memory.add(storage._cdata)
            params = sum(value.numel() for value in module.parameters(recurse=False))
            kept.append(output)
            seen.append(Seen(path, type(module).__name__, tuple(args[0].shape), tuple(output.shape), params, fresh))

        return look

    kept: list[Tensor] = []  # so that no storage is freed, and its address used again, while we look
    handles = [module.register_forward_hook(hook(path)) for path, module in leaves(model)]
    try:
        yield seen
    finally:
        for handle in handles:
            handle.remove()


def macs_by_path(model: nn.Module, x: Tensor) -> dict[str, int]:
    """Return the MACs of each module that has any, counted by torch: half of its FLOPs; the empty path is the sum."""
    counter = FlopCounterMode(display=False)
    with torch.no_grad(), counter, BareShapes():
        model(x)
    root = type(model).__name__
    counts = {name: sum(ops.values()) // 2 for name, ops in counter.get_flop_counts().items()}
    paths = {name.removeprefix(f"{root}."): macs for name, macs in counts.items() if name.startswith(f"{root}.")}
    return paths | {"": counter.get_total_flops() // 2}


def starving_layer(model: nn.Module, x: Tensor) -> str | None:
    """Return the layer in which training fails for want of values per channel; None where it works."""
    entered: list[str] = []

    def note(path: str) -> Callable[[nn.Module, tuple[Tensor, ...]], None]:
        return lambda module, args: entered.append(path)

    handles = [module.register_forward_pre_hook(note(path)) for path, module in leaves(model)]
    try:
        with torch.no_grad(), BareShapes():
            model.train()(x)
    except ValueError as error:
        assert "more than 1 value per channel" in str(error)
        return entered[-1]
    finally:
        for handle in handles:
            handle.remove()
    return None
