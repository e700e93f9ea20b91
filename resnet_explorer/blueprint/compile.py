"""Spec to tree: one table for the branches, one for the stems, one rule for the shortcut."""

from collections.abc import Callable, Mapping
from functools import lru_cache

from resnet_explorer.blueprint.layers import (
    AdaptiveAvgPool2d,
    Add,
    BatchNorm2d,
    Conv2d,
    Flatten,
    Layer,
    Linear,
    MaxPool2d,
    ReLU,
    ZeroPad,
)
from resnet_explorer.blueprint.tree import Block, Form, Network, Part, Stage
from resnet_explorer.spec import Block as Kind
from resnet_explorer.spec import ResNetSpec, Shortcut, Stem, Stride


def _parts(*layers: tuple[str, Layer]) -> tuple[Part, ...]:
    return tuple(Part(name, layer) for name, layer in layers)


def _imagenet_stem(spec: ResNetSpec) -> tuple[Part, ...]:
    return _parts(
        ("conv1", Conv2d(spec.in_channels, spec.width, 7, stride=2, padding=3)),
        ("bn1", BatchNorm2d(spec.width)),
        ("relu", ReLU()),
        ("maxpool", MaxPool2d(3, stride=2, padding=1)),
    )


def _cifar_stem(spec: ResNetSpec) -> tuple[Part, ...]:
    return _parts(
        ("conv1", Conv2d(spec.in_channels, spec.width, 3, padding=1)),
        ("bn1", BatchNorm2d(spec.width)),
        ("relu", ReLU()),
    )


def _basic(spec: ResNetSpec, channels: int, width: int, stride: int) -> tuple[Part, ...]:
    """Two 3x3 convolutions; the first carries the stride (He et al. 2015, figure 5, left)."""
    return _parts(
        ("conv1", Conv2d(channels, width, 3, stride, padding=1)),
        ("bn1", BatchNorm2d(width)),
        ("relu1", ReLU()),
        ("conv2", Conv2d(width, width, 3, padding=1)),
        ("bn2", BatchNorm2d(width)),
    )


def _bottleneck(spec: ResNetSpec, channels: int, width: int, stride: int) -> tuple[Part, ...]:
    """1x1 reduces, 3x3 (in groups: Xie et al. 2017, figure 3c), 1x1 expands (He et al. 2015, figure 5, right)."""
    first, second = (stride, 1) if spec.stride is Stride.CONV1X1 else (1, stride)
    inner, out = spec.inner_width(width), width * spec.expansion
    return _parts(
        ("conv1", Conv2d(channels, inner, 1, first)),
        ("bn1", BatchNorm2d(inner)),
        ("relu1", ReLU()),
        ("conv2", Conv2d(inner, inner, 3, second, padding=1, groups=spec.cardinality)),
        ("bn2", BatchNorm2d(inner)),
        ("relu2", ReLU()),
        ("conv3", Conv2d(inner, out, 1)),
        ("bn3", BatchNorm2d(out)),
    )


_Branch = Callable[[ResNetSpec, int, int, int], tuple[Part, ...]]
_BRANCHES: Mapping[Kind, _Branch] = {Kind.BASIC: _basic, Kind.BOTTLENECK: _bottleneck}
_STEMS: Mapping[Stem, Callable[[ResNetSpec], tuple[Part, ...]]] = {
    Stem.IMAGENET: _imagenet_stem,
    Stem.CIFAR: _cifar_stem,
}
_LAST_RELU = {Kind.BASIC: "relu2", Kind.BOTTLENECK: "relu3"}


def _shortcut(spec: ResNetSpec, channels: int, out: int, stride: int) -> tuple[Part, ...] | None:
    """Return the shortcut's layers: none at all in a plain net, an empty tuple for the identity."""
    if not spec.residual:
        return None
    everywhere = spec.shortcut is Shortcut.PROJECTION_EVERYWHERE
    if channels == out and stride == 1 and not everywhere:
        return ()
    if spec.shortcut is Shortcut.PADDING:
        return _parts(("downsample.0", ZeroPad(channels, out, stride)))
    return _parts(("downsample.0", Conv2d(channels, out, 1, stride)), ("downsample.1", BatchNorm2d(out)))


def _form(spec: ResNetSpec, channels: int, width: int, stride: int) -> Form:
    out = width * (spec.expansion if spec.block is Kind.BOTTLENECK else 1)
    relu: tuple[str, Layer] = (_LAST_RELU[spec.block], ReLU())
    after = _parts(("add", Add()), relu) if spec.residual else _parts(relu)
    return Form(_BRANCHES[spec.block](spec, channels, width, stride), _shortcut(spec, channels, out, stride), after)


def _place(path: str, number: int, form: Form, prefix: str = "") -> Block:
    return Block(path, number, form, tuple(prefix + part.name for part in form.parts))


def _stage(spec: ResNetSpec, number: int, channels: int, width: int) -> Stage:
    first = _form(spec, channels, width, stride=1 if number == 1 else 2)
    count = spec.blocks[number - 1]
    out = width * (spec.expansion if spec.block is Kind.BOTTLENECK else 1)
    rest = first if number == 1 and channels == out else _form(spec, out, width, stride=1)
    path = f"layer{number}"
    blocks = (
        _place(f"{path}.{index}", index + 1, rest if index else first, f"{path}.{index}.") for index in range(count)
    )
    return Stage(path, number, tuple(blocks))


@lru_cache(maxsize=32)
def compile_spec(spec: ResNetSpec) -> Network:
    """Return the tree of a spec; the same spec gives the same tree."""
    stages, channels = [], spec.width
    for number, width in enumerate(spec.widths, start=1):
        stages.append(_stage(spec, number, channels, width))
        channels = width * (spec.expansion if spec.block is Kind.BOTTLENECK else 1)
    head = None
    if spec.classes is not None:
        layers = _parts(
            ("avgpool", AdaptiveAvgPool2d()), ("flatten", Flatten()), ("fc", Linear(channels, spec.classes))
        )
        head = _place("head", 0, Form(layers))
    return Network(spec, _place("stem", 0, Form(_STEMS[spec.stem](spec))), tuple(stages), head)
