"""Spec to tree: branches, shortcuts, stem and head put at their places."""

from functools import lru_cache
from math import gcd

from resnet_explorer.network.attention import bam
from resnet_explorer.network.branches import Place, activation, conv, hidden, norm, split_first
from resnet_explorer.network.forks import branch, shifted
from resnet_explorer.network.kinds import Layer, Role
from resnet_explorer.network.kinds.activations import ACTIVATIONS
from resnet_explorer.network.kinds.blocks import Add, Bias, Dropout, Flatten, GatedAdd, Scale, Sigmoid
from resnet_explorer.network.kinds.convolutions import Conv2d, Linear
from resnet_explorer.network.kinds.heads import AttentionPool2d, FixedScaleNorm, FlattenMap, GeM
from resnet_explorer.network.kinds.pads import ZeroPad
from resnet_explorer.network.kinds.pools import SMOOTHERS, STEM_POOLS, AdaptiveAvgPool2d, AvgPool2d, MaxPool2d
from resnet_explorer.network.kinds.shortcuts import PadChannels
from resnet_explorer.network.lift import lift, lift_form, lift_stem
from resnet_explorer.network.tree import Block, Chain, Form, Network, Part, Stage, flat
from resnet_explorer.spec import (
    AntiAlias,
    Downsample,
    Gating,
    Head,
    Init,
    Order,
    Pool,
    ResNetSpec,
    Shortcut,
    StageEnd,
    Stem,
    StemPool,
)
from resnet_explorer.spec import Block as Kind
from resnet_explorer.spec.choices import EARLY
from resnet_explorer.spec.rules import last_stride, stem_stride


def _stem(spec: ResNetSpec) -> Chain:
    """Return the layers before the first stage; pre-activated nets leave norm and activation to the blocks."""
    kernel = 7 if spec.stem is Stem.IMAGENET else 3
    stride = 1 if spec.stem is Stem.CIFAR else 2
    single = (conv(spec, "conv1", spec.in_channels, spec.stem_channels, kernel, stride),)
    convs = _deep(spec) if spec.stem in (Stem.DEEP, Stem.TIERED) else single
    return (*convs, *_activated(spec), *_pool(spec))


def _deep(spec: ResNetSpec) -> Chain:
    """Three 3x3 convolutions (He et al. 2019, figure 2b); tiered, their widths rise (timm's ``deep_tiered``)."""
    width = spec.stem_width
    first = max(1, 3 * (width // 4)) if spec.stem is Stem.TIERED else width
    last = 2 if spec.stem_pool is StemPool.STRIDED else 1
    chain: Chain = ()
    for index, (channels, out, stride) in enumerate(
        ((spec.in_channels, first, 2), (first, width, 1), (width, spec.stem_channels, last))
    ):
        number = 3 * index
        chain = (*chain, conv(spec, f"conv1.{number}", channels, out, 3, stride))
        if index < 2:
            normed = norm(spec, f"conv1.{number + 1}", out)
            active = tuple(Part(f"conv1.{number + 2}", part.layer) for part in activation(spec, out))
            chain = (*chain, *normed, *active)
    return chain


def _activated(spec: ResNetSpec) -> Chain:
    normed = norm(spec, "bn1", spec.stem_channels)
    if spec.init is Init.FIXUP:
        normed = (Part("bias1", Bias()),)
    if spec.order is Order.V2 and spec.stem_pool is not StemPool.CONV:
        return ()
    if spec.order is Order.RELU_ONLY and spec.stem_pool is not StemPool.CONV:
        return normed
    if not spec.stem_activation:
        return normed
    return (*normed, *activation(spec, spec.stem_channels))


def _pool(spec: ResNetSpec) -> Chain:
    if spec.stem_pool in (StemPool.NONE, StemPool.STRIDED):
        return ()
    if spec.stem_pool is StemPool.CONV:
        return _numbered("maxpool", _conv_pool(spec))
    if spec.stem_pool is StemPool.MAX and spec.anti_alias is AntiAlias.AVERAGE:
        return (Part("maxpool", AvgPool2d(2, 2)),)
    if spec.stem_pool is StemPool.MAX and spec.anti_alias is not AntiAlias.NONE:
        return _numbered("maxpool", (Part("", MaxPool2d(3, 1, 1)), Part("", SMOOTHERS[spec.anti_alias](2))))
    return tuple(Part(*row) for row in STEM_POOLS[spec.stem_pool])


def _conv_pool(spec: ResNetSpec) -> tuple[Part, ...]:
    """A 3x3 convolution in the pool's place (ResNet-RS: Bello et al. 2021, section 4.2)."""
    channels = spec.stem_channels
    pool = () if spec.anti_alias is AntiAlias.NONE else (Part("", SMOOTHERS[spec.anti_alias](2)),)
    shrink = conv(spec, "", channels, channels, 3, 1 if pool else 2)
    after = () if spec.order in EARLY else (*norm(spec, "", channels), *activation(spec, channels))
    return (shrink, *pool, *after)


def _numbered(name: str, parts: tuple[Part, ...]) -> Chain:
    return tuple(Part(f"{name}.{index}", part.layer) for index, part in enumerate(parts))


def _head(spec: ResNetSpec, channels: int) -> Chain:
    """Return the layers after the last stage; empty for a backbone that needs none.

    Pre-activated nets end in the norm and the activation that their last addition still lacks.
    """
    last: Chain = ()
    if spec.order in (Order.V2, Order.NORM_FIRST) and not _norm_alone(spec):
        last = (*norm(spec, "bn", channels), *activation(spec, channels, "2", in_place=False))
    elif spec.order is Order.RELU_ONLY:
        last = activation(spec, channels, "2", in_place=False)
    if spec.classes is None:
        return last
    if spec.head_channels:
        wide = (conv(spec, "", channels, spec.head_channels, 1), *norm(spec, "", spec.head_channels))
        last = (*last, *_numbered("final", (*wide, *activation(spec, spec.head_channels))))
        channels = spec.head_channels
    features = channels * (spec.map_side**2 if spec.pool is Pool.NONE else 1)
    return (*last, *_features(spec, channels), *_outputs(spec, features, spec.classes))


def _norm_alone(spec: ResNetSpec) -> bool:
    """Return whether the head's own norm stands for the norm and activation that the last block lacks (iResNet)."""
    return spec.order is Order.NORM_FIRST and spec.head_norm and spec.classes is not None


def _features(spec: ResNetSpec, channels: int) -> Chain:
    """Return what makes a list of features of the last map."""
    if spec.pool is Pool.ATTENTION:
        # Heads of 64 channels as in CLIP, where the channels can be divided so.
        return (Part("attnpool", AttentionPool2d(channels, spec.map_side, gcd(64, channels))),)
    normed = norm(spec, "norm", channels) if spec.head_norm else ()
    if spec.pool is Pool.NONE:
        return (*normed, Part("flatten", FlattenMap(spec.map_side, spec.map_side * last_stride(spec))))
    pool = Part("gem", GeM()) if spec.pool is Pool.GEM else Part("avgpool", AdaptiveAvgPool2d())
    return (pool, *normed, Part("flatten", Flatten()))


def _outputs(spec: ResNetSpec, features: int, classes: int) -> Chain:
    """Return what makes outputs of the features; dropout comes just before the last linear layer."""
    hidden: Chain = ()
    if spec.head is Head.MLP:
        name, make = ACTIVATIONS[spec.activation]
        hidden = (Part("hidden", Linear(features, spec.head_hidden)), Part(f"{name}3", make(True, spec.head_hidden)))
        features = spec.head_hidden
    drop = (Part("dropout", Dropout(spec.dropout)),) if spec.dropout else ()
    bias = (Part("bias2", Bias()),) if spec.init is Init.FIXUP else ()
    normed = (Part("fc_norm", FixedScaleNorm(classes)),) if spec.head is Head.EMBEDDING else ()
    return (*hidden, *drop, *bias, Part("fc", Linear(features, classes)), *normed)


def _bridge(spec: ResNetSpec, at: Place) -> Chain:
    """Return what brings x to the shape of F(x): nothing where it has that shape already."""
    if at.stride == 1 and at.channels == at.out(spec) and spec.shortcut is not Shortcut.PROJECTION_EVERYWHERE:
        return ()
    if spec.shortcut is Shortcut.POOLED:
        pool = (Part("", AvgPool2d(at.stride, at.stride, whole=True)),) if at.stride > 1 else ()
        return _numbered("downsample", (*pool, Part("", PadChannels(at.channels, at.out(spec)))))
    if spec.shortcut is Shortcut.PADDING:
        return (Part("downsample.0", ZeroPad(at.channels, at.out(spec), at.stride)),)
    if spec.downsample is Downsample.SHIFTED:
        return shifted(spec, at)
    return _numbered("downsample", _projection(spec, at))


def _projection(spec: ResNetSpec, at: Place) -> tuple[Part, ...]:
    out, dilated = at.out(spec), at.dilation > 1
    normed = () if spec.order is Order.V2 else norm(spec, "", out)
    if spec.downsample is Downsample.AVERAGE:
        pools = at.stride > 1 or dilated
        stride = 1 if dilated else at.stride
        pool = (Part("", AvgPool2d(max(2, stride), stride, whole=True)),) if pools else ()
        return (*pool, conv(spec, "", at.channels, out, 1), *normed)
    kernel = 3 if spec.downsample is Downsample.CONV3X3 and (at.stride > 1 or dilated) else 1
    return (conv(spec, "", at.channels, out, kernel, at.stride, 1, at.before if kernel > 1 else 1), *normed)


def _shortcut(spec: ResNetSpec, at: Place) -> Chain | None:
    """Return the shortcut's layers: none at all in a plain net, an empty chain for the identity."""
    if not spec.residual:
        return None
    chain = _bridge(spec, at)
    if spec.shortcut_scale != 1:
        chain = (*chain, _weakened("scale", Scale(spec.shortcut_scale), chain))
    if spec.shortcut_dropout:
        chain = (*chain, _weakened("dropout", Dropout(spec.shortcut_dropout), chain))
    return chain


def _weakened(name: str, layer: Layer, chain: Chain) -> Part:
    """Return a layer that alters the shortcut: numbered on in a projection, named on the bare shortcut."""
    projects = bool(chain) and chain[0].name.startswith("downsample.")
    return Part(f"downsample.{len(chain)}" if projects else f"shortcut.{name}", layer)


def _gate(spec: ResNetSpec, at: Place) -> Chain:
    """Return what leads to the gate g(x): a 1x1 convolution with bias, and a sigmoid (He et al. 2016, section 3)."""
    if not spec.residual or spec.gating is Gating.NONE:
        return ()
    weights = Conv2d(at.channels, at.out(spec), 1, at.stride, bias=True)
    return (Part("gate.conv", weights), Part("gate.sigmoid", Sigmoid()))


def _after(spec: ResNetSpec, at: Place) -> Chain:
    chain: Chain = ()
    last = "2" if at.kind is Kind.BASIC else "3"
    if spec.residual:
        join: Layer = Add() if spec.gating is Gating.NONE else GatedAdd(spec.gating is Gating.EXCLUSIVE)
        chain = (Part("add", join),)
    if spec.order is Order.BN_AFTER:
        chain = (*chain, *norm(spec, f"bn{last}", at.out(spec)))
    if spec.order in (Order.V1, Order.BN_AFTER):
        chain = (*chain, *activation(spec, at.out(spec), last))
    return chain


def _form(spec: ResNetSpec, at: Place) -> Form:
    inner, shortcut = branch(spec, at), _shortcut(spec, at)
    convolves = any(part.layer.role is Role.CONVOLUTION for part in flat(shortcut or ()))
    before: Chain = ()
    if convolves:
        before, inner = split_first(spec, inner)
    return lift_form(spec, Form(inner, shortcut, _after(spec, at), before, _gate(spec, at)), at.channels)


def _place(path: str, number: int, form: Form, prefix: str = "", skip: float = 0.0) -> Block:
    return Block(path, number, form, tuple([prefix + part.name for part in form.parts]), skip)


def _ended(form: Form, channels: int, spec: ResNetSpec) -> Form:
    """Return the form of a stage's last block, with BAM after all that it does."""
    after = (*form.after, *lift(spec, (bam(channels, hidden(spec, channels)),), channels))
    return Form(form.branch, form.shortcut, after, form.before, form.gate)


def _variance(spec: ResNetSpec, blocks: int) -> float:
    """Return the variance that x is expected to have after so many blocks of a stage, of a network that tracks it."""
    return 1 + blocks * spec.branch_scale**2 if spec.track_variance and spec.residual else 1.0


def _next(spec: ResNetSpec, at: Place, width: int, index: int) -> Place:
    """Return where a block stands that is not the first of its stage."""
    return Place(at.kind, at.out(spec), width, 1, at.dilation, at.dilation, _variance(spec, index))


def _stage(network: ResNetSpec, number: int, first: Place) -> Stage:
    """Return a stage whose first block may shrink the map; blocks of one shape and factor share a form."""
    spec, done = network.at(number), sum(network.blocks[: number - 1])
    path, rate = f"layer{number}", spec.stochastic_depth / sum(spec.blocks) if spec.residual else 0.0
    at, form, blocks = first, _form(spec, first), []
    for index, width in enumerate(network.stage_widths(number)):
        place = first if index == 0 else _next(spec, at, width, index)
        if place != at:
            at, form = place, _form(spec, place)
        if index + 1 == spec.blocks[number - 1] and spec.stage_end is StageEnd.BAM:
            form = _ended(form, place.out(spec), spec)
        blocks.append(_place(f"{path}.{index}", index + 1, form, f"{path}.{index}.", rate * (done + index + 1)))
    return Stage(path, number, tuple(blocks))


def _places(spec: ResNetSpec) -> tuple[Place, ...]:
    """Return where the first block of each stage stands; past the output stride a stage dilates.

    The expected variance of x is 1 after the first block of a stage, but for what its branch added, since the shortcut
    starts there from activated x that β has rescaled (Brock et al. 2021, section 3).
    """
    channels, reached, dilation, variance = spec.stem_channels, stem_stride(spec), 1, 1.0
    places = []
    rows = zip(spec.block, spec.strides, spec.outputs, spec.by_stages, strict=True)
    for number, (kind, wanted, out, stage) in enumerate(rows, start=1):
        before, stride = dilation, wanted
        if spec.output_stride is not None and (dilation > 1 or reached * wanted > spec.output_stride):
            dilation, stride = dilation * wanted, 1
        reached *= stride
        places.append(Place(kind, channels, spec.stage_widths(number)[0], stride, dilation, before, variance))
        variance = _variance(stage, spec.blocks[number - 1])
        channels = out
    return tuple(places)


@lru_cache(maxsize=32)
def compile_spec(spec: ResNetSpec) -> Network:
    """Return the tree of a spec; the same spec gives the same tree."""
    stages = tuple(_stage(spec, number, at) for number, at in enumerate(_places(spec), start=1))
    last_spec, channels = spec.at(len(spec.blocks)), spec.outputs[-1]
    last = lift(last_spec, _head(last_spec, channels), channels)
    end = _place("head", 0, Form(last)) if last else None
    return Network(spec, _place("stem", 0, Form(lift_stem(spec.at(1), _stem(spec.at(1))))), stages, end)
