"""The branch F(x) with its parallel paths: what takes the place of the 3x3, or of the whole branch.

Res2Net: Gao et al. 2019; SK: Li et al. 2019; ResNeSt: Zhang et al. 2020; Shake-Shake: Gastaldi 2017.
"""

from dataclasses import replace
from math import ceil

from resnet_explorer.network.branches import Place, activation, conv, core, end, norm
from resnet_explorer.network.kinds import blocks, forks
from resnet_explorer.network.kinds.activations import ReLU
from resnet_explorer.network.kinds.convolutions import Conv2d
from resnet_explorer.network.kinds.norms import BatchNorm2d
from resnet_explorer.network.kinds.pools import AdaptiveAvgPool2d
from resnet_explorer.network.tree import Chain, Fork, Gated, Part
from resnet_explorer.spec import AverageDown, Branches, Order, ResNetSpec, Selective, Stride
from resnet_explorer.spec import Block as Kind

LEAST_HIDDEN = 32
"""The fewest channels of the hidden layer of split attention (ResNeSt's code; timm's ``min_value``)."""


def branch(spec: ResNetSpec, at: Place) -> Chain:
    """Return the branch, before whatever the block does after the addition."""
    chain = core(spec, at)
    if at.kind is Kind.BOTTLENECK:
        if spec.scales > 1:
            chain = _replaced(chain, 2, _scales(spec, at))
        if spec.radix:
            chain = _before(chain, "conv3", _split_attention(spec, at))
        if spec.average_down is not AverageDown.NONE and at.stride > 1:
            pool = Part("average_down", forks.PaddedAvgPool2d(3, at.stride))
            chain = _before(chain, "conv2" if spec.average_down is AverageDown.BEFORE else "conv3", pool)
    if spec.selective is not Selective.NONE:
        chain = _replaced(chain, 2 if at.kind is Kind.BOTTLENECK else 1, _selective(spec, at))
    if spec.branches is Branches.SHAKE:
        chain = _shaken(chain)
    return (*chain, *end(spec, at))


def _replaced(chain: Chain, number: int, fork: Fork) -> Chain:
    """Return a chain with a fork for the convolution of that number, its norm and its activation."""
    own = [step for step in chain if step.name.endswith(str(number))]
    made = tuple(fork if step is own[0] else step for step in chain if step is own[0] or step not in own)
    return made


def _before(chain: Chain, name: str, *steps: Part | Gated | Fork) -> Chain:
    """Return a chain with steps before the one of that name."""
    at = next(index for index, step in enumerate(chain) if step.name == name)
    return (*chain[:at], *steps, *chain[at:])


def _active(spec: ResNetSpec, prefix: str, channels: int) -> tuple[Part, ...]:
    """Return norm and activation under a prefix."""
    active = (replace(part, name=f"{prefix}.{part.name}") for part in activation(spec, channels))
    return (*norm(spec, f"{prefix}.bn", channels), *active)


def _scales(spec: ResNetSpec, at: Place) -> Fork:
    """Slices, each but the last through a 3x3 of its own (Gao et al. 2019, figure 2b and equation 1).

    Each but the first adds what the path before gave, except where the block changes the map's shape: there an average
    pool brings the last slice to the size of the others (the authors' code, and timm's ``Bottle2neck``).
    """
    width, stride = spec.inner_width(at.width), at.stride if spec.stride is Stride.CONV3X3 else 1
    changes = at.stride > 1 or at.channels != at.out(spec)
    paths: list[Chain] = []
    for number in range(1, spec.scales + 1):
        prefix = f"conv2.paths.{number - 1}"
        path: Chain = (Part(f"{prefix}.slice", forks.Slice(number, spec.scales, width)),)
        if number < spec.scales:
            carry = (Part(f"{prefix}.add", forks.Carry()),) if number > 1 and not changes else ()
            own = conv(spec, f"{prefix}.conv", width, width, 3, stride, spec.groups(at.width), at.before)
            path = (*path, *carry, own, *_active(spec, prefix, width))
        elif changes:
            path = (*path, Part(f"{prefix}.pool", forks.PaddedAvgPool2d(3, stride)))
        paths.append(path)
    return Fork("conv2", tuple(paths), Part("conv2.concat", forks.Concat(width * spec.scales)))


def hidden(spec: ResNetSpec, channels: int, least: int = 0) -> int:
    """Return the channels of the hidden layer of an attention over paths.

    timm's ``make_divisible`` with its round limit of 0.9: reduced, rounded to a multiple, but never to less than 0.9.
    """
    multiple, reduced = spec.reduction_multiple, channels / spec.reduction
    near, high = int(reduced + multiple / 2) // multiple, ceil(0.9 * channels / spec.reduction / multiple)
    return max(least or multiple, near * multiple, high * multiple)


def _selective(spec: ResNetSpec, at: Place) -> Fork:
    """Two 3x3, one dilated by 2 for a 5x5, and attention that selects between them (Li et al. 2019, figure 1).

    The attention has batch norm and ReLU, whatever the network has, as in the paper and in timm.
    """
    is_bottleneck = at.kind is Kind.BOTTLENECK
    inner = spec.inner_width(at.width)
    channels, out, groups = (inner, inner, spec.groups(at.width)) if is_bottleneck else (at.channels, at.width, 1)
    carries = spec.stride is Stride.CONV3X3 or (spec.stride is Stride.CONV1X1 and not is_bottleneck)
    stride = at.stride if carries else 1
    name, is_split = "conv2" if is_bottleneck else "conv1", spec.selective is Selective.SPLIT
    seen = channels // 2 if is_split else channels
    paths: list[Chain] = []
    for number in (1, 2):
        prefix = f"{name}.paths.{number - 1}"
        part = (Part(f"{prefix}.slice", forks.Slice(number, 2, seen)),) if is_split else ()
        own = conv(spec, f"{prefix}.conv", seen, out, 3, stride, groups, number * at.before)
        paths.append((*part, own, *_active(spec, prefix, out)))
    few, gate = hidden(spec, out), f"{name}.attn"
    attention = (
        Part(f"{gate}.sum", forks.SumPaths(2)),
        Part(f"{gate}.pool", AdaptiveAvgPool2d()),
        Part(f"{gate}.fc_reduce", Conv2d(out, few, 1)),
        Part(f"{gate}.bn", BatchNorm2d(few)),
        Part(f"{gate}.relu", ReLU()),
        Part(f"{gate}.fc_select", Conv2d(few, 2 * out, 1)),
        Part(f"{gate}.softmax", forks.PathSoftmax(2)),
    )
    return Fork(name, tuple(paths), Part(f"{name}.select", forks.WeightedSum(2)), attention)


def _split_attention(spec: ResNetSpec, at: Place) -> Fork | Gated:
    """Attention over the splits of a 3x3's output (Zhang et al. 2020, figure 2); of one split over its channels."""
    width, radix, groups = spec.inner_width(at.width), spec.radix, spec.groups(at.width)
    few = hidden(spec, width * radix, LEAST_HIDDEN)
    few = -(-few // groups) * groups  # each group has a hidden layer of its own
    layers = (
        Part("splat.pool", AdaptiveAvgPool2d()),
        Part("splat.fc1", Conv2d(width, few, 1, groups=groups, bias=True)),
        *norm(spec, "splat.bn1", few),
        Part("splat.relu1", ReLU()),
        Part("splat.fc2", Conv2d(few, width * radix, 1, groups=groups, bias=True)),
    )
    if radix == 1:
        return Gated("splat", (*layers, Part("splat.gate", blocks.Sigmoid())), Part("splat.scale", blocks.Multiply()))
    slices = (Part(f"splat.paths.{number}.slice", forks.Slice(number + 1, radix, width)) for number in range(radix))
    total, weights = Part("splat.sum", forks.SumPaths(radix)), Part("splat.softmax", forks.PathSoftmax(radix, groups))
    join = Part("splat.select", forks.WeightedSum(radix))
    return Fork("splat", tuple((each,) for each in slices), join, (total, *layers, weights))


def _shaken(chain: Chain) -> Chain:
    """Return two branches with weights of their own, mixed (Gastaldi 2017, equation 2).

    What comes before the first convolution has both branches for its readers.
    """
    count = next(index for index, step in enumerate(chain) if step.name == "conv1")
    paths = tuple(
        tuple(replace(part, name=f"branches.{number}.{part.name}") for part in chain[count:] if isinstance(part, Part))
        for number in (0, 1)
    )
    return (*chain[:count], Fork("branches", paths, Part("branches.mix", forks.ShakeMix())))


def shifted(spec: ResNetSpec, at: Place) -> Chain:
    """Return a projection of two strided 1x1, the second on the map shifted by a pixel (Gastaldi 2017, section 2.1).

    The stride of the one takes the positions between those of the other; each gives half of the channels.
    """
    out = at.out(spec)
    halves = (out - out // 2, out // 2)
    first, second = (
        conv(spec, f"downsample.0.conv{number}", at.channels, half, 1, at.stride)
        for number, half in enumerate(halves, start=1)
    )
    paths: tuple[Chain, ...] = ((first,), (Part("downsample.0.shift", forks.Shift()), second))
    normed = () if spec.order is Order.V2 else norm(spec, "downsample.1", out)
    return (Fork("downsample.0", paths, Part("downsample.0.concat", forks.Concat(out))), *normed)
