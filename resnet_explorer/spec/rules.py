"""Which combinations of axes describe no network, as rows; and by how much a network shrinks its input."""

from collections.abc import Callable

from resnet_explorer.spec import choices
from resnet_explorer.spec.values import SpecValues

Rule = tuple[Callable[[SpecValues], bool], str, str, str, tuple[tuple[str, ...], ...]]
"""Whether a spec is broken, the axis, what is wrong, what to do, and the settings that mend it."""


def _strides_elsewhere(spec: SpecValues) -> bool:
    return spec.stride is choices.Stride.LAST or (spec.stride is choices.Stride.CONV1X1 and spec.has_bottlenecks)


def last_stride(spec: SpecValues) -> int:
    """Return by how much the network shrinks the image until its last map."""
    reached = stem_stride(spec)
    for stride in spec.strides:
        if spec.output_stride is not None and reached * stride > spec.output_stride:
            break
        reached *= stride
    return reached


def stem_stride(spec: SpecValues) -> int:
    """Return by how much the stem shrinks the map."""
    return (1 if spec.stem is choices.Stem.CIFAR else 2) * (1 if spec.stem_pool is choices.StemPool.NONE else 2)


RULES: tuple[Rule, ...] = (
    (
        lambda spec: spec.norm.activates and spec.order is not choices.Order.V2,
        "norm",
        "FRN and EvoNorm-S0 activate as they normalise, so every norm must be followed by its activation.",
        "Choose the order v2 (full pre-activation) with them.",
        (("order=v2",), ("norm=batch",)),
    ),
    (
        lambda spec: (
            spec.init is choices.Init.FIXUP
            and (spec.norm is not choices.Norm.NONE or spec.order is not choices.Order.V1)
        ),
        "init",
        "Fixup takes the place of normalisation in blocks of order v1.",
        "Choose no norm and the order v1 with it.",
        (("norm=none", "order=v1"), ("init=he-fan-out",)),
    ),
    (
        lambda spec: spec.track_variance and (spec.norm is not choices.Norm.NONE or spec.order is not choices.Order.V2),
        "track_variance",
        "β takes the place of the norm that comes first in a block: it works on activated x, which no norm has scaled.",
        "Choose no norm and the order v2 with it.",
        (("norm=none", "order=v2"), ("track_variance=false",)),
    ),
    (
        lambda spec: spec.zero_init and spec.order is choices.Order.RELU_BEFORE,
        "zero_init",
        "Here F(x) ends in a ReLU, which at 0 lets no gradient back: the branches would stay 0 for ever.",
        "Choose another order, or start the branches as usual.",
        (("order=v1",), ("zero_init=false",)),
    ),
    (
        lambda spec: spec.anti_alias is not choices.AntiAlias.NONE and _strides_elsewhere(spec),
        "anti_alias",
        "Anti-aliasing takes over the stride of the 3×3, but here another convolution carries it.",
        "Put the stride into the 3×3.",
        (("stride=3x3",), ("anti_alias=none",)),
    ),
    (
        lambda spec: spec.output_stride is not None and _strides_elsewhere(spec),
        "output_stride",
        "A stride that becomes a dilation must be in the 3×3: what comes after it is dilated.",
        "Put the stride into the 3×3.",
        (("stride=3x3",), ("output_stride=none",)),
    ),
    (
        lambda spec: spec.output_stride is not None and spec.output_stride < stem_stride(spec),
        "output_stride",
        "The stem already has a stride of {stem}.",
        "Choose a larger output stride.",
        (("output_stride=none",),),
    ),
    (
        lambda spec: (
            spec.stem_pool is choices.StemPool.STRIDED and spec.stem not in (choices.Stem.DEEP, choices.Stem.TIERED)
        ),
        "stem_pool",
        "Only a stem of several convolutions has a last one that can halve the map in the pool's place.",
        "Choose a deep stem, or a pool.",
        (("stem=deep",), ("stem_pool=max",)),
    ),
)
"""What makes a combination of choices invalid, and the SpecError that says so."""
