"""Which combinations of parallel paths with other axes describe no network: rows of the same form as the spec's own."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from resnet_explorer.spec import choices

if TYPE_CHECKING:
    from resnet_explorer.spec.resnet_spec import ResNetSpec

Rule = tuple[Callable[["ResNetSpec"], bool], str, str, str, tuple[tuple[str, ...], ...]]
"""Whether a spec is broken, the axis, what is wrong, what to do, and the settings that mend it."""


def selects(spec: "ResNetSpec") -> bool:
    """Return whether selective kernels take the place of the 3x3."""
    return spec.selective is not choices.Selective.NONE


def shakes(spec: "ResNetSpec") -> bool:
    """Return whether a block has two branches."""
    return spec.branches is choices.Branches.SHAKE


def has_paths(spec: "ResNetSpec") -> bool:
    """Return whether parallel paths, or split attention, take the place of the 3x3."""
    return spec.scales > 1 or spec.radix > 0 or selects(spec)


_PLAIN = ("scales=1", "radix=0", "selective=none")


def _several(spec: "ResNetSpec") -> bool:
    return (spec.scales > 1) + (spec.radix > 0) + selects(spec) > 1


def _halves(spec: "ResNetSpec") -> bool:
    """Return whether what enters selective kernels can be halved in every stage."""
    entering = (spec.stem_channels, *spec.outputs[:-1])
    for kind, width, out, before, count in zip(
        spec.block, spec.widths, spec.outputs, entering, spec.blocks, strict=True
    ):
        if kind is choices.Block.BOTTLENECK:
            seen: tuple[int, ...] = (spec.inner_width(width),)
        else:
            seen = (before, out) if count > 1 else (before,)
        groups = spec.cardinality if kind is choices.Block.BOTTLENECK else 1
        if any(channels % (2 * groups) for channels in seen):
            return False
    return True


def _splits(spec: "ResNetSpec") -> bool:
    """Return whether each split of each group of a 3x3 sees as many channels."""
    inner = (spec.inner_width(w) for k, w in zip(spec.block, spec.widths, strict=True) if k is choices.Block.BOTTLENECK)
    return all(width % (spec.cardinality * spec.radix) == 0 for width in inner)


RULES: tuple[Rule, ...] = (
    (
        lambda spec: (spec.scales > 1 or spec.radix > 0) and not spec.has_bottlenecks,
        "block",
        "Scales and split attention take the place of the 3×3 between the two 1×1 of a bottleneck.",
        "Choose bottleneck blocks, or neither.",
        (("block=bottleneck",), ("scales=1", "radix=0")),
    ),
    (
        lambda spec: spec.radix > 1 and spec.has_bottlenecks and not _splits(spec),
        "radix",
        "The channels inside a bottleneck do not part into as many splits of whole groups.",
        "Choose a radix that divides them, or none.",
        (("radix=1",), ("radix=0",)),
    ),
    (
        _several,
        "scales",
        "Scales, selective kernels and split attention each take the place of the 3×3.",
        "Choose one of them.",
        (("radix=0", "selective=none"), ("scales=1", "radix=0"), ("scales=1", "selective=none")),
    ),
    (
        lambda spec: has_paths(spec) and (spec.order in choices.EARLY or spec.init is choices.Init.FIXUP),
        "order",
        "Scales, selective kernels and split attention join maps that are normalised and activated already.",
        "Choose an order in which the norm follows its convolution, and no Fixup.",
        (("order=v1", "init=he-fan-out"), _PLAIN),
    ),
    (
        lambda spec: has_paths(spec) and spec.anti_alias is not choices.AntiAlias.NONE,
        "anti_alias",
        "Anti-aliasing takes over the stride of one 3×3, and here other layers are in its place.",
        "Choose no anti-aliasing, or a mean of 3×3 with split attention (average_down).",
        (("anti_alias=none",), _PLAIN),
    ),
    (
        lambda spec: has_paths(spec) and spec.reduce_first > 1,
        "reduce_first",
        "Scales, selective kernels and split attention begin with as many channels as they end with.",
        "Choose no further reduction in the first convolution.",
        (("reduce_first=1",), _PLAIN),
    ),
    (
        lambda spec: spec.average_down is not choices.AverageDown.NONE and not spec.has_bottlenecks,
        "average_down",
        "The mean takes over the stride of a bottleneck's 3×3.",
        "Choose bottleneck blocks, or let the convolution carry the stride.",
        (("block=bottleneck",), ("average_down=none",)),
    ),
    (
        lambda spec: spec.average_down is not choices.AverageDown.NONE and spec.stride is choices.Stride.CONV1X1,
        "average_down",
        "The mean takes over the stride of the 3×3, but here the first 1×1 carries it.",
        "Put the stride into the 3×3.",
        (("stride=3x3",), ("average_down=none",)),
    ),
    (
        lambda spec: (
            spec.average_down is not choices.AverageDown.NONE
            and (spec.anti_alias is not choices.AntiAlias.NONE or spec.scales > 1 or selects(spec))
        ),
        "average_down",
        "Anti-aliasing, scales and selective kernels leave no stride for the mean to take over.",
        "Choose the mean alone, or with split attention.",
        (("average_down=none",), ("anti_alias=none", "scales=1", "selective=none")),
    ),
    (
        lambda spec: shakes(spec) and has_paths(spec),
        "branches",
        "Both branches are made of plain convolutions, without paths inside.",
        "Choose one branch, or plain convolutions.",
        (("branches=one",), _PLAIN),
    ),
    (
        lambda spec: shakes(spec) and spec.init is choices.Init.FIXUP,
        "branches",
        "Fixup scales the weights of a single branch.",
        "Choose another initialisation.",
        (("init=he-fan-out",), ("branches=one",)),
    ),
    (
        lambda spec: shakes(spec) and spec.zero_init,
        "zero_init",
        "Zero-init lets one branch start at 0, and here the mix of two is added.",
        "Start the branches as usual.",
        (("zero_init=false",), ("branches=one",)),
    ),
    (
        lambda spec: spec.radix > 0 and spec.norm is choices.Norm.INSTANCE,
        "norm",
        "Split attention normalises one value a channel, which instance norm cannot.",
        "Choose another norm.",
        (("norm=batch",), ("radix=0",)),
    ),
    (
        lambda spec: spec.selective is choices.Selective.SPLIT and not _halves(spec),
        "selective",
        "Each of the two kernels sees half of the channels, and these do not part into two halves of whole groups.",
        "Choose widths that are even, or let both kernels see all channels.",
        (("selective=sk",), ("selective=none",)),
    ),
)
"""What makes a combination with parallel paths invalid."""
