"""ResNetSpec: the axes along which residual networks differ, and what makes its values a network.

Every refusal says why in one sentence, and how to mend it in another; where few settings would do, the error
carries it as one of its ``fixes``, which the window offers.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import EnumType
from math import isfinite
from typing import get_type_hints

from resnet_explorer.errors import SpecError
from resnet_explorer.spec import choices, fork_rules, readers


@dataclass(frozen=True, slots=True)
class ResNetSpec:
    """One residual network, or its plain twin, as the user chose it.

    ``block``, ``blocks``, ``widths`` and ``strides`` hold one value for each stage: the kind of its blocks, how many
    there are, the channels inside them, and the stride of the first. A bottleneck puts out ``expansion`` times its
    width; its 3x3 works on ``cardinality`` groups of ``base_width`` channels for every 64 of the width (ResNeXt: Xie
    et al. 2017; Wide ResNet: Zagoruyko and Komodakis 2016, as torchvision counts them). ``scales`` are the slices of
    that 3x3 (Res2Net: Gao et al. 2019), each of the inner width; ``radix`` its splits under attention, 0 for none
    (ResNeSt: Zhang et al. 2020). ``classes`` is None for a
    backbone without head; ``output_stride`` is the stride past which stages dilate instead of shrinking, None for no
    such bound. Raises SpecError where a value, or a combination, describes no network.
    """

    name: str
    block: tuple[choices.Block, ...] = (choices.Block.BASIC,) * 4
    blocks: tuple[int, ...] = (2, 2, 2, 2)
    widths: tuple[int, ...] = (64, 128, 256, 512)
    strides: tuple[int, ...] = (1, 2, 2, 2)
    expansion: int = 4
    cardinality: int = 1
    base_width: int = readers.USUAL_BASE_WIDTH
    reduce_first: int = 1
    order: choices.Order = choices.Order.V1
    stride: choices.Stride = choices.Stride.CONV3X3
    scales: int = 1
    selective: choices.Selective = choices.Selective.NONE
    radix: int = 0
    average_down: choices.AverageDown = choices.AverageDown.NONE
    branches: choices.Branches = choices.Branches.ONE
    residual: bool = True
    shortcut: choices.Shortcut = choices.Shortcut.PROJECTION
    downsample: choices.Downsample = choices.Downsample.CONV1X1
    gating: choices.Gating = choices.Gating.NONE
    gate_bias: float = -6.0
    shortcut_scale: float = 1.0
    shortcut_dropout: float = 0.0
    branch_scale: float = 1.0
    attention: choices.Attention = choices.Attention.NONE
    reduction: int = 16
    reduction_multiple: int = 8
    norm: choices.Norm = choices.Norm.BATCH
    norm_groups: int = 32
    conv: choices.Conv = choices.Conv.PLAIN
    activation: choices.Activation = choices.Activation.RELU
    anti_alias: choices.AntiAlias = choices.AntiAlias.NONE
    stem: choices.Stem = choices.Stem.IMAGENET
    stem_channels: int = 64
    stem_width: int = 32
    stem_pool: choices.StemPool = choices.StemPool.MAX
    in_channels: int = 3
    init: choices.Init = choices.Init.FAN_OUT
    zero_init: bool = False
    gain: choices.Gain = choices.Gain.NONE
    stochastic_depth: float = 0.0
    block_dropout: float = 0.0
    classes: int | None = 1000
    dropout: float = 0.0
    output_stride: int | None = None

    def __post_init__(self) -> None:
        check(self)

    def inner_width(self, width: int) -> int:
        """Return the channels of a bottleneck's 3x3 in a stage of that width."""
        return width * self.base_width // readers.USUAL_BASE_WIDTH * self.cardinality

    @property
    def outputs(self) -> tuple[int, ...]:
        """Return the channels that each stage puts out."""
        pairs = zip(self.block, self.widths, strict=True)
        return tuple(width * (self.expansion if kind is choices.Block.BOTTLENECK else 1) for kind, width in pairs)

    @property
    def has_bottlenecks(self) -> bool:
        """Return whether any stage is made of bottlenecks."""
        return choices.Block.BOTTLENECK in self.block

    def plain(self) -> "ResNetSpec":
        """Return the same network with its shortcuts removed."""
        return replace(self, name=plain_name(self.name), residual=False)


def plain_name(name: str) -> str:
    """Return the name of the plain twin: resnet34 becomes resnet34-plain."""
    return name if name.endswith("-plain") else f"{name}-plain"


_CHOICES = {name: kind for name, kind in get_type_hints(ResNetSpec).items() if isinstance(kind, EnumType)}


def check(spec: ResNetSpec) -> None:
    """Raise SpecError where a spec describes no network."""
    _check_kinds(spec)
    _check_stages(spec)
    for axis, (text, low, high) in readers.WHOLES.items():
        value = getattr(spec, axis)
        if axis != "classes" or value is not None:
            readers.check_whole(SpecError, axis, text, value, low, high)
    for axis, (text, least, most) in readers.FRACTIONS.items():
        _check_fraction(axis, text, getattr(spec, axis), least, most)
    if spec.output_stride is not None and spec.output_stride not in readers.OUTPUT_STRIDES:
        strides = ", ".join(str(stride) for stride in readers.OUTPUT_STRIDES)
        raise SpecError(
            "output_stride", f"The output stride cannot be {spec.output_stride!r}.", f"Choose {strides} or none."
        )
    _check_channels(spec)
    for is_broken, axis, what, remedy, fixes in (*_RULES, *fork_rules.RULES):
        if is_broken(spec):
            raise SpecError(axis, what.format(stem=stem_stride(spec)), remedy, fixes)


def _check_fraction(axis: str, text: str, value: object, low: float, high: float) -> None:
    if type(value) not in (int, float) or not isinstance(value, int | float) or not isfinite(value):
        raise SpecError(axis, f"The {text} must be a number, not {value!r}.", f"Give {low:g} to {high:g}.")
    if not low <= value <= high:
        raise SpecError(axis, f"The {text} cannot be {value:g}.", f"Choose {low:g} to {high:g}.")


def _check_kinds(spec: ResNetSpec) -> None:
    """Refuse plain texts in place of choices: ``is`` would tell them apart from the choice they spell."""
    for axis, kind in _CHOICES.items():
        if not isinstance(getattr(spec, axis), kind):
            raise SpecError(axis, f"{axis} cannot be {getattr(spec, axis)!r}.", f"Choose one of {', '.join(kind)}.")
    for block in spec.block:
        if not isinstance(block, choices.Block):
            raise SpecError("block", f"block cannot be {block!r}.", f"Choose one of {', '.join(choices.Block)}.")
    for axis in ("residual", "zero_init"):
        if type(getattr(spec, axis)) is not bool:
            raise SpecError(axis, f"{axis} cannot be {getattr(spec, axis)!r}.", "Choose true or false.")


def _check_stages(spec: ResNetSpec) -> None:
    count = len(spec.blocks)
    if not 1 <= count <= readers.MAX_STAGES:
        raise SpecError(
            "blocks", f"A network has 1 to {readers.MAX_STAGES} stages, not {count}.", "Add or remove stages."
        )
    for axis, text in (("block", "kinds of block"), ("widths", "widths"), ("strides", "strides")):
        given = len(getattr(spec, axis))
        if given != count:
            raise SpecError(axis, f"{count} stages need {count} {text}, not {given}.", "Give one for each stage.")
    tops = (
        ("blocks", "number of blocks", readers.MAX_BLOCKS),
        ("widths", "width", readers.MAX_WIDTH),
        ("strides", "stride", readers.MAX_STRIDE),
    )
    for axis, text, top in tops:
        for number, value in enumerate(getattr(spec, axis), start=1):
            readers.check_whole(SpecError, axis, f"{text} of stage {number}", value, 1, top)


def _check_channels(spec: ResNetSpec) -> None:
    most = max(spec.outputs)
    if most > readers.MAX_CHANNELS:
        raise SpecError(
            "widths",
            f"A stage would put out {most:,} channels; at most {readers.MAX_CHANNELS:,} are drawn.",
            "Choose a smaller width or expansion.",
        )
    if not spec.has_bottlenecks:
        _check_basic(spec)
    inner = [spec.inner_width(width) for width in spec.widths]
    if min(inner) < 1 or max(inner) > readers.MAX_CHANNELS:
        raise SpecError(
            "base_width",
            f"The blocks would have {min(inner):,} to {max(inner):,} channels inside.",
            f"Choose a base width that gives 1 to {readers.MAX_CHANNELS:,}.",
        )
    for kind, width in zip(spec.block, spec.widths, strict=True):
        _check_reduced(spec, kind, width)


_NOT_BASIC = (("block=bottleneck",), ("cardinality=1", f"base_width={readers.USUAL_BASE_WIDTH}"))


def _check_basic(spec: ResNetSpec) -> None:
    if spec.cardinality > 1:
        remedy = "Choose bottleneck blocks, or set cardinality to 1."
        raise SpecError("cardinality", "Basic blocks cannot be grouped.", remedy, _NOT_BASIC)
    if spec.base_width != readers.USUAL_BASE_WIDTH:
        remedy = "Choose bottleneck blocks, or set base_width to 64."
        raise SpecError("base_width", "Basic blocks have no inner width.", remedy, _NOT_BASIC)


def _check_reduced(spec: ResNetSpec, kind: choices.Block, width: int) -> None:
    first = (spec.inner_width(width) if kind is choices.Block.BOTTLENECK else width) // spec.reduce_first
    groups = spec.cardinality if kind is choices.Block.BOTTLENECK else 1
    if first < 1 or first % groups:
        raise SpecError(
            "reduce_first",
            f"The first convolution would leave {first} channels for {groups} group{'' if groups == 1 else 's'}.",
            "Choose a smaller reduction.",
            (("reduce_first=1",),),
        )


_RULES: tuple[tuple[Callable[[ResNetSpec], bool], str, str, str, tuple[tuple[str, ...], ...]], ...] = (
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
        lambda spec: spec.zero_init and spec.order is choices.Order.RELU_BEFORE,
        "zero_init",
        "Here F(x) ends in a ReLU, which at 0 lets no gradient back: the branches would stay 0 for ever.",
        "Choose another order, or start the branches as usual.",
        (("order=v1",), ("zero_init=false",)),
    ),
    (
        lambda spec: spec.anti_alias is not choices.AntiAlias.NONE and _strides_in_1x1(spec),
        "anti_alias",
        "Anti-aliasing takes over the stride of the 3×3, but here the first 1×1 carries it.",
        "Put the stride into the 3×3.",
        (("stride=3x3",), ("anti_alias=none",)),
    ),
    (
        lambda spec: spec.output_stride is not None and _strides_in_1x1(spec),
        "output_stride",
        "A stride that becomes a dilation must be in the 3×3: a 1×1 cannot be dilated.",
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
)
"""What makes a combination of choices invalid, and the SpecError that says so."""


def _strides_in_1x1(spec: ResNetSpec) -> bool:
    return spec.stride is choices.Stride.CONV1X1 and spec.has_bottlenecks


def stem_stride(spec: ResNetSpec) -> int:
    """Return by how much the stem shrinks the map."""
    return (1 if spec.stem is choices.Stem.CIFAR else 2) * (1 if spec.stem_pool is choices.StemPool.NONE else 2)
