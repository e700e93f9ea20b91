"""Which combinations of parallel paths with other axes describe no network: rows of the same form as the spec's own."""

from resnet_explorer.errors import SpecError
from resnet_explorer.spec import choices
from resnet_explorer.spec.rules import Rule
from resnet_explorer.spec.values import SpecValues


def selects(spec: SpecValues) -> bool:
    """Return whether selective kernels take the place of the 3x3."""
    return spec.selective is not choices.Selective.NONE


def shakes(spec: SpecValues) -> bool:
    """Return whether a block has two branches."""
    return spec.branches is choices.Branches.SHAKE


def has_paths(spec: SpecValues) -> bool:
    """Return whether parallel paths, or split attention, take the place of the 3x3."""
    return spec.scales > 1 or spec.radix > 0 or selects(spec)


_PLAIN = ("scales=1", "radix=0", "selective=none")


def _several(spec: SpecValues) -> bool:
    return (spec.scales > 1) + (spec.radix > 0) + selects(spec) > 1


def averages(spec: SpecValues) -> bool:
    """Return whether a mean takes over the stride of the 3x3."""
    return spec.average_down is not choices.AverageDown.NONE


def check_paths(spec: SpecValues) -> None:
    """Refuse channels that cannot be shared out to the paths or splits of a block."""
    before = spec.stem_channels
    for number, (kind, stage) in enumerate(zip(spec.block, spec.by_stages, strict=True), start=1):
        is_basic = kind is choices.Block.BASIC
        if stage.selective is not choices.Selective.SPLIT and stage.radix <= 1:
            before = stage.out(kind, spec.widths[number - 1])
            continue
        for width in spec.stage_widths(number):
            inner, groups = (before, 1) if is_basic else (stage.inner_width(width), stage.groups(width))
            if stage.selective is choices.Selective.SPLIT and inner % (2 * groups):
                raise SpecError(
                    "selective",
                    "Each of the two kernels sees half of the channels, and these do not part into two halves of whole "
                    "groups.",
                    "Choose widths that are even, or let both kernels see all channels.",
                    (("selective=sk",), ("selective=none",)),
                )
            if stage.radix > 1 and not is_basic and inner % (groups * stage.radix):
                raise SpecError(
                    "radix",
                    "The channels inside a bottleneck do not part into as many splits of whole groups.",
                    "Choose a radix that divides them, or none.",
                    (("radix=1",), ("radix=0",)),
                )
            before = stage.out(kind, width)


RULES: tuple[Rule, ...] = (
    (
        lambda spec: spec.dims != 2 and (spec.scales > 1 or spec.radix > 0),
        "scales",
        "Scales and split attention are made for images, not for signals and videos.",
        "Choose plain convolutions, or set dims to 2.",
        (("dims=2",), ("scales=1", "radix=0")),
    ),
    (
        lambda spec: (spec.scales > 1 or spec.radix > 0) and not spec.has_bottlenecks,
        "block",
        "Scales and split attention take the place of the 3×3 between the two 1×1 of a bottleneck.",
        "Choose bottleneck blocks, or neither.",
        (("block=bottleneck",), ("scales=1", "radix=0")),
    ),
    (
        _several,
        "scales",
        "Scales, selective kernels and split attention each take the place of the 3×3.",
        "Choose one of them.",
        (("radix=0", "selective=none"), ("scales=1", "radix=0"), ("scales=1", "selective=none")),
    ),
    (
        lambda spec: has_paths(spec) and (spec.order in choices.BARE or spec.init is choices.Init.FIXUP),
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
        lambda spec: has_paths(spec) and spec.kernel != 3,
        "kernel",
        "Scales, selective kernels and split attention are made of 3×3 convolutions.",
        "Choose a kernel of 3.",
        (("kernel=3",), _PLAIN),
    ),
    (
        lambda spec: spec.radix > 0 and spec.group_width is not None,
        "group_width",
        "Split attention shares its layers out to as many groups in all stages, which is what cardinality says.",
        "Choose no group width, or no split attention.",
        (("group_width=none",), ("radix=0",)),
    ),
    (
        lambda spec: (
            (has_paths(spec) or shakes(spec))
            and spec.attention is not choices.Attention.NONE
            and spec.attention_at is choices.AttentionAt.MIDDLE
        ),
        "attention_at",
        "Parallel paths leave no place for attention before the last convolution of a block.",
        "Put the attention at the end of the block.",
        (("attention_at=end",), ("attention=none",)),
    ),
    (
        lambda spec: averages(spec) and not spec.has_bottlenecks,
        "average_down",
        "The mean takes over the stride of a bottleneck's 3×3.",
        "Choose bottleneck blocks, or let the convolution carry the stride.",
        (("block=bottleneck",), ("average_down=none",)),
    ),
    (
        lambda spec: averages(spec) and spec.stride is not choices.Stride.CONV3X3,
        "average_down",
        "The mean takes over the stride of the 3×3, but here another convolution carries it.",
        "Put the stride into the 3×3.",
        (("stride=3x3",), ("average_down=none",)),
    ),
    (
        lambda spec: (
            averages(spec) and (spec.anti_alias is not choices.AntiAlias.NONE or spec.scales > 1 or selects(spec))
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
        lambda spec: shakes(spec) and spec.order is choices.Order.NORM_FIRST,
        "branches",
        "In this order a norm comes before the branches, and each would need one of its own.",
        "Choose another order, such as that of Shake-Shake itself.",
        (("order=relu-only",), ("branches=one",)),
    ),
    (
        lambda spec: shakes(spec) and spec.track_variance,
        "track_variance",
        "The variance that β tracks is that of a single branch.",
        "Choose one branch, or no β.",
        (("track_variance=false",), ("branches=one",)),
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
)
"""What makes a combination with parallel paths invalid."""
