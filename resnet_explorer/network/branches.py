"""The layers that a spec asks for, and the branch F(x) of a block made of them, in the order that the spec asks for."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from math import log2

from resnet_explorer.dataclass import dataclass
from resnet_explorer.network.attention import global_context, non_local
from resnet_explorer.network.kinds import Layer, blocks, gates
from resnet_explorer.network.kinds.activations import ACTIVATIONS, ReLU
from resnet_explorer.network.kinds.convolutions import ChannelConv1d, Conv2d
from resnet_explorer.network.kinds.norms import NORMS, BatchNorm2d
from resnet_explorer.network.kinds.pools import SMOOTHERS, AdaptiveAvgPool2d
from resnet_explorer.network.kinds.scaled import GAMMAS, Beta, ScaledStdConv2d
from resnet_explorer.network.tree import Chain, Gated, Part
from resnet_explorer.spec import (
    AntiAlias,
    Attention,
    AttentionAt,
    AverageDown,
    Conv,
    Gain,
    Init,
    Norm,
    Order,
    ReductionOf,
    ResNetSpec,
    Stride,
)
from resnet_explorer.spec import Block as Kind
from resnet_explorer.spec.choices import EARLY


def conv(
    spec: ResNetSpec,
    name: str,
    channels: int,
    out: int,
    kernel: int,
    stride: int = 1,
    groups: int = 1,
    dilation: int = 1,
) -> Part:
    """Return a convolution that keeps the map's size where its stride is 1."""
    padding = dilation * (kernel // 2)
    sizes = (channels, out, kernel, stride, padding, groups, spec.conv_bias, dilation)
    if spec.conv is Conv.SCALED:
        return Part(name, ScaledStdConv2d(*sizes, gamma=GAMMAS[spec.activation]))
    return Part(name, Conv2d(*sizes, spec.conv is Conv.STANDARDISED))


def norm(spec: ResNetSpec, name: str, channels: int) -> tuple[Part, ...]:
    """Return the norm, or nothing where the spec has none."""
    return () if spec.norm is Norm.NONE else (Part(name, NORMS[spec.norm](spec, channels)),)


def activation(spec: ResNetSpec, channels: int, number: str = "", *, in_place: bool = True) -> tuple[Part, ...]:
    """Return the activation of a map of that many channels, or nothing where the norm before it activates."""
    if spec.norm.activates:
        return ()
    name, make = ACTIVATIONS[spec.activation]
    return (Part(f"{name}{number}", make(in_place, channels)),)


def hidden(spec: ResNetSpec, channels: int) -> int:
    """Return the channels of the attention's hidden layer: reduced, then rounded to a multiple.

    timm's rule (``make_divisible`` without a lower bound), which with a multiple of 1 is that of Hu et al. 2018.
    """
    multiple = spec.reduction_multiple
    return max(multiple, int(channels / spec.reduction + multiple / 2) // multiple * multiple)


def eca_kernel(channels: int) -> int:
    """Return the odd number of neighbours that ECA looks at (Wang et al. 2020, equation 12: gamma 2, b 1)."""
    size = int(abs(log2(channels) + 1) / 2)
    return max(size if size % 2 else size + 1, 3)


def _gated(name: str, **layers: Layer) -> Gated:
    parts = tuple(Part(f"{name}.{key}", layer) for key, layer in layers.items())
    return Gated(name, parts, Part(f"{name}.scale", blocks.Multiply()))


def _se(spec: ResNetSpec, channels: int, inner: int) -> Chain:
    """Squeeze-and-excitation (Hu et al. 2018, equations 2 to 4)."""
    fc1, fc2 = Conv2d(channels, inner, 1, bias=True), Conv2d(inner, channels, 1, bias=True)
    return (_gated("se", pool=AdaptiveAvgPool2d(), fc1=fc1, relu=ReLU(), fc2=fc2, gate=blocks.Sigmoid()),)


def _eca(spec: ResNetSpec, channels: int, inner: int) -> Chain:
    """Efficient channel attention (Wang et al. 2020, equation 9)."""
    return (_gated("eca", pool=AdaptiveAvgPool2d(), conv=ChannelConv1d(eca_kernel(channels)), gate=blocks.Sigmoid()),)


def _cbam(spec: ResNetSpec, channels: int, inner: int) -> Chain:
    """Channel attention, then spatial attention (Woo et al. 2018, equations 2 and 3)."""
    fc1, fc2 = Conv2d(channels, inner, 1), Conv2d(inner, channels, 1)
    conv, bn = Conv2d(2, 1, 7, padding=3), BatchNorm2d(1)
    both, gate = gates.SumPairs(), blocks.Sigmoid()
    return (
        _gated("cbam_channel", pool=blocks.ChannelStats(), fc1=fc1, relu=ReLU(), fc2=fc2, sum=both, gate=gate),
        _gated("cbam_spatial", pool=blocks.SpatialStats(), conv=conv, bn=bn, gate=gate),
    )


_ATTENTION: Mapping[Attention, Callable[[ResNetSpec, int, int], Chain]] = {
    Attention.NONE: lambda spec, channels, inner: (),
    Attention.SE: _se,
    Attention.ECA: _eca,
    Attention.CBAM: _cbam,
    Attention.GC: lambda spec, channels, inner: (global_context("gc", channels, inner, adds=False),),
    Attention.GCA: lambda spec, channels, inner: (global_context("gca", channels, inner, adds=True),),
    Attention.NON_LOCAL: lambda spec, channels, inner: (non_local(channels, inner),),
}

LAYERSCALE_START = 1e-4
"""This app's choice; Touvron et al. 2021 have 0.1 up to 18 layers, 1e-5 at 24, and 1e-6 beyond."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a block stands: the channels that enter it, its stage's kind and width, its stride and dilations.

    ``before`` is the dilation of the blocks before it: the first block of a dilated stage still uses it, as in
    torchvision and timm. ``variance`` is what x is expected to have, of a network that tracks it.
    """

    kind: Kind
    channels: int
    width: int
    stride: int = 1
    dilation: int = 1
    before: int = 1
    variance: float = 1.0

    def out(self, spec: ResNetSpec) -> int:
        """Return the channels that the block puts out."""
        return spec.out(self.kind, self.width)


@dataclass(frozen=True, slots=True)
class _Unit:
    """A convolution of the branch, and what has to pool after it: the stride that anti-aliasing took over."""

    channels: int
    out: int
    kernel: int
    stride: int = 1
    groups: int = 1
    dilation: int = 1
    pool: Layer | None = None


def _basic(spec: ResNetSpec, at: Place) -> tuple[_Unit, ...]:
    """Two 3x3 convolutions (or of another kernel); the first carries the stride (He et al. 2015, figure 5, left)."""
    first, stride, last = at.width // spec.reduce_first, at.stride, 1
    if spec.stride is Stride.LAST:
        stride, last = last, stride
    return (
        _smoothed(spec, at, _Unit(at.channels, first, spec.kernel, stride, 1, at.before)),
        _Unit(first, at.width, spec.kernel, last, 1, at.dilation),
    )


def _bottleneck(spec: ResNetSpec, at: Place) -> tuple[_Unit, ...]:
    """1x1 reduces, 3x3 (in groups: Xie et al. 2017, figure 3c), 1x1 expands (He et al. 2015, figure 5, right)."""
    strides = {Stride.CONV1X1: (at.stride, 1, 1), Stride.CONV3X3: (1, at.stride, 1), Stride.LAST: (1, 1, at.stride)}
    first_stride, stride, last = strides[spec.stride]
    inner, splits = spec.inner_width(at.width) * spec.scales, max(1, spec.radix)
    first = inner // spec.reduce_first
    middle = _Unit(first, inner * splits, spec.kernel, stride, spec.groups(at.width) * splits, at.before)
    if spec.average_down is not AverageDown.NONE:
        middle = replace(middle, stride=1)
    return (
        _Unit(at.channels, first, 1, first_stride),
        _smoothed(spec, at, middle),
        _Unit(inner, at.out(spec), 1, last),
    )


_UNITS = {Kind.BASIC: _basic, Kind.BOTTLENECK: _bottleneck}


def _smoothed(spec: ResNetSpec, at: Place, unit: _Unit) -> _Unit:
    """Let anti-aliasing take over the stride (timm's ``aa_layer``; Zhang 2019)."""
    if spec.anti_alias is AntiAlias.NONE or (at.stride == 1 and at.before == at.dilation):
        return unit
    does_nothing = spec.anti_alias is AntiAlias.AVERAGE and unit.stride == 1
    return replace(unit, stride=1, pool=None if does_nothing else SMOOTHERS[spec.anti_alias](unit.stride))


def core(spec: ResNetSpec, at: Place) -> Chain:
    """Return the convolutions of the branch with their norms and activations, before ``forks`` parts its paths."""
    units = _UNITS[at.kind](spec, at)
    ordered = _fixup if spec.init is Init.FIXUP else _early if spec.order in EARLY else _late
    if spec.order is Order.NORM_FIRST:
        ordered = _normed_first
    chain = _rescaled(spec, at, ordered(spec, units))
    if spec.attention_at is AttentionAt.MIDDLE:
        last = next(index for index, step in enumerate(chain) if step.name == f"conv{len(units)}")
        chain = (*chain[:last], *_attention(spec, at, units[-1].channels), *chain[last:])
    return chain


def _attention(spec: ResNetSpec, at: Place, channels: int) -> Chain:
    """Return the attention on a map of some channels of the block, and the constant factor after it."""
    whole = at.channels if spec.reduction_of is ReductionOf.INPUT else channels
    chain = _ATTENTION[spec.attention](spec, channels, hidden(spec, whole))
    if chain and spec.attention_scale != 1:
        chain = (*chain, Part("attention_scale", blocks.Scale(spec.attention_scale)))
    return chain


def _rescaled(spec: ResNetSpec, at: Place, chain: Chain) -> Chain:
    """Return a chain with β after the activation that it begins with, where the network tracks the variance of x.

    timm's place of it; the paper has it before the activation (Brock et al. 2021, section 3).
    """
    if not (spec.track_variance and spec.residual):
        return chain
    return (*chain[:1], Part("beta", Beta(at.variance**-0.5)), *chain[1:])


def _conv(spec: ResNetSpec, unit: _Unit, number: int) -> Part:
    return conv(spec, f"conv{number}", unit.channels, unit.out, unit.kernel, unit.stride, unit.groups, unit.dilation)


def _between(spec: ResNetSpec, before: _Unit, number: int) -> Chain:
    """Return what stands between an activation and the next convolution: a pool, and the block's dropout."""
    pool = (Part("pool", before.pool),) if before.pool else ()
    drop = (Part("dropout", blocks.Dropout(spec.block_dropout)),) if spec.block_dropout and number == 2 else ()
    return (*pool, *drop)


def _late(spec: ResNetSpec, units: tuple[_Unit, ...]) -> Chain:
    """Convolution, norm, activation; nothing after the last norm (He et al. 2016, figure 4a).

    The last norm comes after the addition in figure 4b; the last activation stands in the branch in figure 4c.
    """
    chain: Chain = ()
    for number, unit in enumerate(units, start=1):
        is_last = number == len(units)
        normed = () if is_last and spec.order is Order.BN_AFTER else norm(spec, f"bn{number}", unit.out)
        active = () if is_last and spec.order is not Order.RELU_BEFORE else activation(spec, unit.out, str(number))
        between = () if is_last else _between(spec, unit, number + 1)
        chain = (*chain, _conv(spec, unit, number), *normed, *active, *between)
    return chain


def _early(spec: ResNetSpec, units: tuple[_Unit, ...]) -> Chain:
    """Norm, activation, convolution (figure 4e), or activation, convolution, norm (figure 4d)."""
    chain: Chain = ()
    for number, unit in enumerate(units, start=1):
        normed = norm(spec, f"bn{number}", unit.channels) if spec.order is Order.V2 else ()
        # The first activation leaves x alone, since the shortcut needs it.
        in_place = bool(normed) or (number > 1 and spec.order is Order.RELU_ONLY)
        active = activation(spec, unit.channels, str(number), in_place=in_place)
        between = _between(spec, units[number - 2], number) if number > 1 else ()
        after = norm(spec, f"bn{number}", unit.out) if spec.order is Order.RELU_ONLY else ()
        chain = (*chain, *normed, *active, *between, _conv(spec, unit, number), *after)
    return chain


def _normed_first(spec: ResNetSpec, units: tuple[_Unit, ...]) -> Chain:
    """Norm before each convolution and after the last, an activation before all but the first.

    Han et al. 2017, "Deep Pyramidal Residual Networks", figure 6d.
    """
    chain: Chain = ()
    for number, unit in enumerate(units, start=1):
        active: Chain = ()
        if number > 1:
            active = (*activation(spec, unit.channels, str(number)), *_between(spec, units[number - 2], number))
        chain = (*chain, *norm(spec, f"bn{number}", unit.channels), *active, _conv(spec, unit, number))
    return (*chain, *norm(spec, f"bn{len(units) + 1}", units[-1].out))


def _fixup(spec: ResNetSpec, units: tuple[_Unit, ...]) -> Chain:
    """Return a branch without norms: a scalar bias before each convolution and activation, one factor at the end.

    Zhang, Dauphin and Ma 2019, "Fixup Initialization", section 3 and figure 1.
    """
    chain: Chain = ()
    for number, unit in enumerate(units, start=1):
        chain = (*chain, Part(f"bias{number}a", blocks.Bias()), _conv(spec, unit, number))
        if number < len(units):
            chain = (*chain, Part(f"bias{number}b", blocks.Bias()), *activation(spec, unit.out, str(number)))
            chain = (*chain, *_between(spec, unit, number + 1))
    return (*chain, Part("factor", blocks.Gain(1, 1.0)), Part(f"bias{len(units)}b", blocks.Bias()))


def end(spec: ResNetSpec, at: Place) -> Chain:
    """Return how the branch ends: attention, factors, and what skips it."""
    out = at.out(spec)
    chain: Chain = _attention(spec, at, out) if spec.attention_at is AttentionAt.END else ()
    if spec.gain is Gain.SKIPINIT:
        chain = (*chain, Part("gain", blocks.Gain(1, 0.0)))
    elif spec.gain is Gain.LAYERSCALE:
        chain = (*chain, Part("gain", blocks.Gain(out, LAYERSCALE_START)))
    if spec.branch_scale != 1:
        chain = (*chain, Part("scale", blocks.Scale(spec.branch_scale)))
    if spec.stochastic_depth and spec.residual:
        chain = (*chain, Part("skip", blocks.StochasticDepth()))
    return chain


def split_first(spec: ResNetSpec, chain: Chain) -> tuple[Chain, Chain]:
    """Return what both paths of a projecting block share, and the branch without it.

    Pre-activation comes before the split where the shapes change, so that the projection sees the activated x
    (He et al. 2016, appendix).
    """
    if spec.order not in EARLY:
        return (), chain
    count = next(index for index, step in enumerate(chain) if step.name in ("conv1", "branches"))
    return chain[:count], chain[count:]
