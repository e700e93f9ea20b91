"""What stands before the first stage and after the last: the stem, and the head."""

from resnet_explorer.blueprint import kit
from resnet_explorer.blueprint.kinds.blocks import Bias, Dropout, Flatten
from resnet_explorer.blueprint.kinds.convolutions import Linear
from resnet_explorer.blueprint.kinds.pools import SMOOTHERS, STEM_POOLS, AdaptiveAvgPool2d, AvgPool2d, MaxPool2d
from resnet_explorer.blueprint.tree import Chain, Part
from resnet_explorer.spec import AntiAlias, Init, Order, ResNetSpec, Stem, StemPool


def stem(spec: ResNetSpec) -> Chain:
    """Return the layers before the first stage; pre-activated nets leave norm and activation to the blocks."""
    convs = _deep(spec) if spec.stem in (Stem.DEEP, Stem.TIERED) else (_single(spec),)
    return (*convs, *_activated(spec), *_pool(spec))


def _single(spec: ResNetSpec) -> Part:
    kernel, stride = (3, 1) if spec.stem is Stem.CIFAR else (7, 2)
    return kit.conv(spec, "conv1", spec.in_channels, spec.stem_channels, kernel, stride)


def _deep(spec: ResNetSpec) -> Chain:
    """Three 3x3 convolutions (He et al. 2019, figure 2b); tiered, their widths rise (timm's ``deep_tiered``)."""
    width = spec.stem_width
    first = max(1, 3 * (width // 4)) if spec.stem is Stem.TIERED else width
    chain: Chain = ()
    for index, (channels, out, stride) in enumerate(
        ((spec.in_channels, first, 2), (first, width, 1), (width, spec.stem_channels, 1))
    ):
        number = 3 * index
        chain = (*chain, kit.conv(spec, f"conv1.{number}", channels, out, 3, stride))
        if index < 2:
            normed = kit.norm(spec, f"conv1.{number + 1}", out)
            active = tuple(Part(f"conv1.{number + 2}", part.layer) for part in kit.activation(spec))
            chain = (*chain, *normed, *active)
    return chain


def _activated(spec: ResNetSpec) -> Chain:
    normed = kit.norm(spec, "bn1", spec.stem_channels)
    if spec.init is Init.FIXUP:
        normed = (Part("bias1", Bias()),)
    if spec.order is Order.V2 and spec.stem_pool is not StemPool.CONV:
        return ()
    if spec.order is Order.RELU_ONLY and spec.stem_pool is not StemPool.CONV:
        return normed
    return (*normed, *kit.activation(spec))


def _pool(spec: ResNetSpec) -> Chain:
    if spec.stem_pool is StemPool.NONE:
        return ()
    if spec.stem_pool is StemPool.CONV:
        return _numbered("maxpool", _conv_pool(spec))
    if spec.stem_pool is StemPool.MAX and spec.anti_alias is AntiAlias.AVERAGE:
        return kit.parts(("maxpool", AvgPool2d(2, 2)))
    if spec.stem_pool is StemPool.MAX and spec.anti_alias is not AntiAlias.NONE:
        return _numbered("maxpool", kit.parts(("", MaxPool2d(3, 1, 1)), ("", SMOOTHERS[spec.anti_alias](2))))
    return kit.parts(*STEM_POOLS[spec.stem_pool])


def _conv_pool(spec: ResNetSpec) -> tuple[Part, ...]:
    """A 3x3 convolution in the pool's place (ResNet-RS: Bello et al. 2021, section 4.2)."""
    channels, pool = (
        spec.stem_channels,
        SMOOTHERS[spec.anti_alias](2) if spec.anti_alias is not AntiAlias.NONE else None,
    )
    shrink = kit.conv(spec, "", channels, channels, 3, 1 if pool else 2)
    after = () if spec.order in (Order.V2, Order.RELU_ONLY) else (*kit.norm(spec, "", channels), *kit.activation(spec))
    return (shrink, *((Part("", pool),) if pool else ()), *after)


def _numbered(name: str, parts: tuple[Part, ...]) -> Chain:
    return tuple(Part(f"{name}.{index}", part.layer) for index, part in enumerate(parts))


def head(spec: ResNetSpec, channels: int) -> Chain:
    """Return the layers after the last stage; empty for a backbone that needs none.

    Pre-activated nets end in the norm and the activation that their last addition still lacks.
    """
    last: Chain = ()
    if spec.order is Order.V2:
        last = (*kit.norm(spec, "bn", channels), *kit.activation(spec, "2", in_place=False))
    elif spec.order is Order.RELU_ONLY:
        last = kit.activation(spec, "2", in_place=False)
    if spec.classes is None:
        return last
    pooled = kit.parts(("avgpool", AdaptiveAvgPool2d()), ("flatten", Flatten()))
    drop = (Part("dropout", Dropout(spec.dropout)),) if spec.dropout else ()
    bias = (Part("bias2", Bias()),) if spec.init is Init.FIXUP else ()
    return (*last, *pooled, *drop, *bias, Part("fc", Linear(channels, spec.classes)))
