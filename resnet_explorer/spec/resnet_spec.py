"""ResNetSpec: the axes along which residual networks differ, and what makes its values a network.

Every refusal says why in one sentence, and how to mend it in another; where few settings would do, the error
carries it as one of its ``fixes``, which the window offers.
"""

from collections.abc import Iterator
from dataclasses import fields, replace
from enum import EnumType
from functools import partial
from math import isfinite
from typing import get_type_hints

from resnet_explorer.dataclass import dataclass
from resnet_explorer.errors import SpecError
from resnet_explorer.spec import choices, readers
from resnet_explorer.spec.dimensions import check_dims
from resnet_explorer.spec.fork_rules import RULES as FORK_RULES
from resnet_explorer.spec.fork_rules import check_paths
from resnet_explorer.spec.rules import RULES, stem_stride
from resnet_explorer.spec.values import SpecValues


@dataclass(frozen=True, slots=True)
class ResNetSpec(SpecValues):
    """One residual network, or its plain twin, as the user chose it.

    ``block``, ``blocks``, ``widths`` and ``strides`` hold one value for each stage: the kind of its blocks, how many
    there are, the channels inside them, and the stride of the first. A bottleneck puts out ``expansion`` times its
    width; its 3x3 works on ``cardinality`` groups of ``base_width`` channels for every 64 of the width (ResNeXt: Xie
    et al. 2017; Wide ResNet: Zagoruyko and Komodakis 2016, as torchvision counts them), or on groups of ``group_width``
    channels (RegNet: Radosavovic et al. 2020); ``kernel`` is the side of the convolutions that are 3x3 in the paper.
    ``scales`` are the slices of that 3x3 (Res2Net: Gao et al. 2019), each of the inner width; ``radix`` its splits
    under attention, 0 for none (ResNeSt: Zhang et al. 2020). ``classes`` is None for a backbone without head;
    ``output_stride`` is the stride past which stages dilate instead of shrinking, None for no such bound.

    An axis of a block may differ by stage: its field then has the first stage's value, and ``by_stage`` a row of its
    key and the values of all stages. ``at`` returns what one stage is made of. Widths may differ by block
    (``block_widths``, a row for each stage); ``widths`` are then those of the last blocks. Raises SpecError where a
    value, or a combination, describes no network.
    """

    def __post_init__(self) -> None:
        if type(self.expansion) is float and self.expansion.is_integer():
            object.__setattr__(self, "expansion", int(self.expansion))
        check(self)

    def plain(self) -> "ResNetSpec":
        """Return the same network with its shortcuts removed."""
        others = tuple(row for row in self.by_stage if row[0] != "residual")
        return replace(self, name=plain_name(self.name), residual=False, by_stage=others)


def plain_name(name: str) -> str:
    """Return the name of the plain twin: resnet34 becomes resnet34-plain."""
    return name if name.endswith("-plain") else f"{name}-plain"


_WHOLE = {
    *("name", "block", "blocks", "widths", "strides", "in_channels", "classes", "dropout", "output_stride"),
    *("init", "dims", "by_stage", "block_widths", "pool", "map_side"),
}
"""The fields that the network has as a whole beside those of stem and head, and those that are rows already."""
BY_STAGE = tuple(x.name for x in fields(ResNetSpec) if x.name not in _WHOLE and x.name[:4] not in ("stem", "head"))
"""The axes of a block, which may differ by stage."""
_CHOICES = {name: kind for name, kind in get_type_hints(ResNetSpec).items() if isinstance(kind, EnumType)}


def check(spec: ResNetSpec) -> None:
    """Raise SpecError where a spec describes no network."""
    _check_stages(spec)
    _check_rows(spec)
    for stage in dict.fromkeys(spec.by_stages):
        _check_values(stage)
    _check_channels(spec)
    for stage in dict.fromkeys(spec.by_stages):
        for is_broken, axis, what, remedy, fixes in (*RULES, *FORK_RULES):
            if is_broken(stage):
                raise SpecError(axis, what.format(stem=stem_stride(spec)), remedy, fixes)
    check_paths(spec)


def _check_values(spec: ResNetSpec) -> None:
    _check_kinds(spec)
    for axis, (text, low, high) in readers.WHOLES.items():
        value = getattr(spec, axis)
        if axis not in readers.OPTIONAL or value is not None:
            readers.check_whole(SpecError, axis, text, value, low, high)
    for axis, (text, least, most) in readers.FRACTIONS.items():
        _check_fraction(axis, text, getattr(spec, axis), least, most)
    if type(spec.kernel) is not int or spec.kernel not in readers.KERNELS:
        sides = ", ".join(str(side) for side in readers.KERNELS)
        raise SpecError("kernel", f"The kernel cannot be {spec.kernel!r}.", f"Choose one of {sides}.")
    if spec.output_stride is not None and spec.output_stride not in readers.OUTPUT_STRIDES:
        strides = ", ".join(str(stride) for stride in readers.OUTPUT_STRIDES)
        raise SpecError(
            "output_stride", f"The output stride cannot be {spec.output_stride!r}.", f"Choose {strides} or none."
        )
    check_dims(spec.dims, partial(getattr, spec))


def _check_rows(spec: ResNetSpec) -> None:
    """Refuse rows by stage or by block of another length, and rows that another way of writing says already."""
    count = len(spec.blocks)
    for key, row in spec.by_stage:
        if key not in BY_STAGE:
            raise SpecError(key, f"{key} cannot differ by stage.", "Give one value.")
        if len(row) != count:
            raise SpecError(key, f"{count} stages need {count} values of {key}, not {len(row)}.", "Give one for each.")
        if row[0] != getattr(spec, key) or len(set(row)) == 1:
            raise SpecError(key, f"The values of {key} by stage are not those of the network.", "Set them together.")
    keys = [key for key, _ in spec.by_stage]
    if keys != [key for key in BY_STAGE if key in keys]:
        raise SpecError("by_stage", "The axes that differ by stage are not in their order.", "Set them by their names.")
    if spec.block_widths:
        _check_block_widths(spec)


def _check_block_widths(spec: ResNetSpec) -> None:
    if tuple(map(len, spec.block_widths)) != spec.blocks:
        raise SpecError("widths", "Widths by block need one for each block.", "Give as many as the stages have blocks.")
    for number, row in enumerate(spec.block_widths, start=1):
        for value in row:
            readers.check_whole(SpecError, "widths", f"width of stage {number}", value, 1, readers.MAX_WIDTH)
    if tuple(row[-1] for row in spec.block_widths) != spec.widths or all(
        len(set(row)) == 1 for row in spec.block_widths
    ):
        raise SpecError("widths", "The widths by block are not those of the stages.", "Set them together.")


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
    for axis in ("residual", "zero_init", "stem_activation", "track_variance", "conv_bias", "head_norm"):
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
    if min(spec.outputs) < 1:
        raise SpecError("expansion", "A stage would put out no channels.", "Choose a larger width or expansion.")
    if not spec.has_bottlenecks:
        for stage in spec.by_stages:
            _check_basic(stage)
    inner = [stage.inner_width(width) for stage, _, width in _widths(spec)]
    if min(inner) < 1 or max(inner) > readers.MAX_CHANNELS:
        raise SpecError(
            "base_width",
            f"The blocks would have {min(inner):,} to {max(inner):,} channels inside.",
            f"Choose a base width that gives 1 to {readers.MAX_CHANNELS:,}.",
        )
    for stage, kind, width in _widths(spec):
        _check_reduced(stage, kind, width)


def _widths(spec: ResNetSpec) -> Iterator[tuple[ResNetSpec, choices.Block, int]]:
    """Yield the different widths of each stage with what the stage is made of."""
    for number, (stage, kind) in enumerate(zip(spec.by_stages, spec.block, strict=True), start=1):
        widths = dict.fromkeys(spec.block_widths[number - 1]) if spec.block_widths else (spec.widths[number - 1],)
        yield from ((stage, kind, width) for width in widths)


_NOT_BASIC = (("block=bottleneck",), ("cardinality=1", f"base_width={readers.USUAL_BASE_WIDTH}"))


def _check_basic(spec: ResNetSpec) -> None:
    if spec.cardinality > 1:
        remedy = "Choose bottleneck blocks, or set cardinality to 1."
        raise SpecError("cardinality", "Basic blocks cannot be grouped.", remedy, _NOT_BASIC)
    if spec.group_width is not None:
        remedy = "Choose bottleneck blocks, or set group_width to none."
        fixes = (("block=bottleneck",), ("group_width=none",))
        raise SpecError("group_width", "Basic blocks cannot be grouped.", remedy, fixes)
    if spec.base_width != readers.USUAL_BASE_WIDTH:
        remedy = "Choose bottleneck blocks, or set base_width to 64."
        raise SpecError("base_width", "Basic blocks have no inner width.", remedy, _NOT_BASIC)


def _check_reduced(spec: ResNetSpec, kind: choices.Block, width: int) -> None:
    first = (spec.inner_width(width) if kind is choices.Block.BOTTLENECK else width) // spec.reduce_first
    groups = spec.groups(width) if kind is choices.Block.BOTTLENECK else 1
    if kind is choices.Block.BOTTLENECK and spec.group_width is not None and width % spec.group_width:
        raise SpecError(
            "group_width",
            f"{width:,} channels cannot be shared out to groups of {spec.group_width:,}.",
            "Choose a group width that divides the widths.",
            (("group_width=none",),),
        )
    if first < 1 or first % groups:
        raise SpecError(
            "reduce_first",
            f"The first convolution would leave {first} channels for {groups} group{'' if groups == 1 else 's'}.",
            "Choose a smaller reduction.",
            (("reduce_first=1",),),
        )
