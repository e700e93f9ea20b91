"""The values of all axes of a network, and what follows from them, before anybody checks them."""

from dataclasses import fields
from functools import lru_cache
from typing import Any, Self

from resnet_explorer.dataclass import dataclass
from resnet_explorer.spec import choices, readers


@dataclass(frozen=True, slots=True)
class SpecValues:
    """The values of the axes; ``ResNetSpec`` is what describes a network."""

    name: str
    block: tuple[choices.Block, ...] = (choices.Block.BASIC,) * 4
    blocks: tuple[int, ...] = (2, 2, 2, 2)
    widths: tuple[int, ...] = (64, 128, 256, 512)
    strides: tuple[int, ...] = (1, 2, 2, 2)
    expansion: float = 4
    cardinality: int = 1
    base_width: int = readers.USUAL_BASE_WIDTH
    group_width: int | None = None
    reduce_first: int = 1
    kernel: int = 3
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
    track_variance: bool = False
    attention: choices.Attention = choices.Attention.NONE
    attention_at: choices.AttentionAt = choices.AttentionAt.END
    stage_end: choices.StageEnd = choices.StageEnd.NONE
    attention_scale: float = 1.0
    reduction: int = 16
    reduction_multiple: int = 8
    reduction_of: choices.ReductionOf = choices.ReductionOf.MAP
    norm: choices.Norm = choices.Norm.BATCH
    norm_groups: int = 32
    conv: choices.Conv = choices.Conv.PLAIN
    conv_bias: bool = False
    activation: choices.Activation = choices.Activation.RELU
    anti_alias: choices.AntiAlias = choices.AntiAlias.NONE
    stem: choices.Stem = choices.Stem.IMAGENET
    stem_channels: int = 64
    stem_width: int = 32
    stem_pool: choices.StemPool = choices.StemPool.MAX
    stem_activation: bool = True
    in_channels: int = 3
    init: choices.Init = choices.Init.FAN_OUT
    zero_init: bool = False
    gain: choices.Gain = choices.Gain.NONE
    stochastic_depth: float = 0.0
    block_dropout: float = 0.0
    pool: choices.Pool = choices.Pool.AVG
    map_side: int = 7
    head_norm: bool = False
    head: choices.Head = choices.Head.LINEAR
    head_hidden: int = 1024
    classes: int | None = 1000
    head_channels: int | None = None
    dropout: float = 0.0
    output_stride: int | None = None
    dims: int = 2
    conv_time: choices.ConvTime = choices.ConvTime.FULL
    by_stage: tuple[tuple[str, tuple[object, ...]], ...] = ()
    block_widths: tuple[tuple[int, ...], ...] = ()

    def at(self, stage: int) -> Self:
        """Return what the stage of that number, from 1, is made of: the same spec, with no axis that differs."""
        return _stage_view(self, stage) if self.by_stage else self

    @property
    def by_stages(self) -> tuple[Self, ...]:
        """Return ``at`` of each stage."""
        if not self.by_stage:
            return (self,) * len(self.blocks)
        return tuple(self.at(number) for number in range(1, len(self.blocks) + 1))

    def value(self, key: str) -> object:
        """Return the value of an axis: a row where it differs by stage, and a row of rows for widths by block."""
        if key == "widths" and self.block_widths:
            return self.block_widths
        for name, values in self.by_stage:
            if name == key:
                return values
        own: object = getattr(self, key)
        return own

    def stage_widths(self, stage: int) -> tuple[int, ...]:
        """Return the width of each block of the stage of that number."""
        if self.block_widths:
            return self.block_widths[stage - 1]
        return (self.widths[stage - 1],) * self.blocks[stage - 1]

    def inner_width(self, width: int) -> int:
        """Return the channels of a bottleneck's 3x3 in a stage of that width."""
        if self.group_width is not None:
            return width
        return width * self.base_width // readers.USUAL_BASE_WIDTH * self.cardinality

    def groups(self, width: int) -> int:
        """Return the groups of a bottleneck's 3x3 in a stage of that width."""
        return self.cardinality if self.group_width is None else max(1, width // self.group_width)

    def out(self, kind: choices.Block, width: int) -> int:
        """Return the channels that a block puts out: ``expansion`` times the width, rounded down."""
        if kind is not choices.Block.BOTTLENECK:
            return width
        return _expanded(width, self.expansion)

    @property
    def outputs(self) -> tuple[int, ...]:
        """Return the channels that each stage puts out."""
        rows = zip(self.by_stages, self.block, self.widths, strict=True)
        return tuple(stage.out(kind, width) for stage, kind, width in rows)

    @property
    def has_bottlenecks(self) -> bool:
        """Return whether any stage is made of bottlenecks."""
        return choices.Block.BOTTLENECK in self.block

    @property
    def has_shortcuts(self) -> bool:
        """Return whether any stage has shortcuts."""
        return any(stage.residual for stage in self.by_stages)


@lru_cache(maxsize=4096)
def _expanded(width: int, expansion: float) -> int:
    from fractions import Fraction  # 3 ms that most networks do not need

    return int(width * Fraction(str(expansion)))


@lru_cache(maxsize=512)
def _stage_view(spec: SpecValues, stage: int) -> Any:
    """Return the spec of one stage, unchecked: the other stages may not be possible with its values."""
    view = object.__new__(type(spec))
    values = {item.name: getattr(spec, item.name) for item in fields(spec)}
    values |= {key: row[stage - 1] for key, row in spec.by_stage} | {"by_stage": ()}
    for key, value in values.items():
        object.__setattr__(view, key, value)
    return view
