"""ResNetSpec: the axes along which residual networks differ."""

from dataclasses import dataclass, replace
from enum import StrEnum

from resnet_explorer.errors import SpecError

MAX_STAGES = 8
MAX_BLOCKS = 400
MAX_WIDTH = 8192
MAX_CHANNELS = 1_048_576
MAX_EXPANSION = 64
MAX_CARDINALITY = 1024
USUAL_BASE_WIDTH = 64
MAX_CLASSES = 1_000_000
MAX_IN_CHANNELS = 4096


class Block(StrEnum):
    """What the branch of a block is made of (He et al. 2015, figure 5)."""

    BASIC = "basic"
    BOTTLENECK = "bottleneck"


class Stem(StrEnum):
    """What stands before the first stage (He et al. 2015, table 1 and section 4.2)."""

    IMAGENET = "imagenet"
    CIFAR = "cifar"


class Stride(StrEnum):
    """Which convolution of a bottleneck carries the stride: torchvision's 3x3 or the paper's first 1x1."""

    CONV3X3 = "3x3"
    CONV1X1 = "1x1"


class Shortcut(StrEnum):
    """How a shortcut meets a change of shape (He et al. 2015, section 3.3, options A, B and C)."""

    PADDING = "A"
    PROJECTION = "B"
    PROJECTION_EVERYWHERE = "C"


@dataclass(frozen=True, slots=True)
class ResNetSpec:
    """One residual network, or its plain twin, as the user chose it.

    ``blocks`` holds the number of blocks of each stage, ``width`` the channels of the first stage and
    ``doubling`` whether each later stage doubles them (one value for each stage after the first).
    A bottleneck's 3x3 works on ``cardinality`` groups of ``base_width`` channels for every 64 of the stage's width
    (ResNeXt: Xie et al. 2017; Wide ResNet: Zagoruyko and Komodakis 2016, as torchvision counts them).
    ``classes`` is None for a backbone without head. Raises SpecError where a value describes no network.
    """

    name: str
    block: Block = Block.BASIC
    blocks: tuple[int, ...] = (2, 2, 2, 2)
    width: int = 64
    doubling: tuple[bool, ...] = (True, True, True)
    expansion: int = 4
    cardinality: int = 1
    base_width: int = 64
    stem: Stem = Stem.IMAGENET
    stride: Stride = Stride.CONV3X3
    shortcut: Shortcut = Shortcut.PROJECTION
    residual: bool = True
    classes: int | None = 1000
    in_channels: int = 3

    def __post_init__(self) -> None:
        _check_kinds(self)
        _check_stages(self)
        _check_range("width", "width of the first stage", self.width, MAX_WIDTH)
        _check_range("expansion", "expansion", self.expansion, MAX_EXPANSION)
        _check_groups(self)
        _check_range("in_channels", "number of input channels", self.in_channels, MAX_IN_CHANNELS)
        if self.classes is not None:
            _check_range("classes", "number of classes", self.classes, MAX_CLASSES)
        if self.out_channels > MAX_CHANNELS:
            raise SpecError(
                "width",
                f"The last stage would have {self.out_channels:,} channels; at most {MAX_CHANNELS:,} are drawn.",
                "Choose a smaller width, or let fewer stages double it.",
            )

    @property
    def widths(self) -> tuple[int, ...]:
        """Return the width of each stage, in channels, before the bottleneck's expansion."""
        widths = [self.width]
        for doubles in self.doubling:
            widths.append(widths[-1] * (2 if doubles else 1))
        return tuple(widths)

    def inner_width(self, width: int) -> int:
        """Return the channels inside a block of a stage of that width: those of a bottleneck's 3x3."""
        return width * self.base_width // USUAL_BASE_WIDTH * self.cardinality

    @property
    def out_channels(self) -> int:
        """Return the channels of the last stage's output."""
        return self.widths[-1] * (self.expansion if self.block is Block.BOTTLENECK else 1)

    def plain(self) -> "ResNetSpec":
        """Return the same network with its shortcuts removed."""
        return replace(self, name=plain_name(self.name), residual=False)


def plain_name(name: str) -> str:
    """Return the name of the plain twin: resnet34 becomes resnet34-plain."""
    return name if name.endswith("-plain") else f"{name}-plain"


def _check_groups(spec: ResNetSpec) -> None:
    _check_range("cardinality", "cardinality", spec.cardinality, MAX_CARDINALITY)
    _check_range("base_width", "base width of a group", spec.base_width, MAX_WIDTH)
    if spec.block is Block.BASIC and spec.cardinality > 1:
        raise SpecError(
            "cardinality", "Basic blocks cannot be grouped.", "Choose bottleneck blocks, or set cardinality to 1."
        )
    if spec.block is Block.BASIC and spec.base_width != USUAL_BASE_WIDTH:
        raise SpecError(
            "base_width", "Basic blocks have no inner width.", "Choose bottleneck blocks, or set base_width to 64."
        )
    inner = spec.inner_width(spec.widths[-1])
    if spec.inner_width(spec.width) < 1 or inner > MAX_CHANNELS:
        raise SpecError(
            "base_width",
            f"The blocks would have {spec.inner_width(spec.width):,} to {inner:,} channels inside.",
            f"Choose a base width that gives 1 to {MAX_CHANNELS:,}.",
        )


def _check_kinds(spec: ResNetSpec) -> None:
    """Refuse plain texts in place of choices: ``is`` would tell them apart from the choice they spell."""
    for axis, kind in (("block", Block), ("stem", Stem), ("stride", Stride), ("shortcut", Shortcut)):
        if not isinstance(getattr(spec, axis), kind):
            values = ", ".join(kind)
            raise SpecError(axis, f"{axis} cannot be {getattr(spec, axis)!r}.", f"Choose one of {values}.")


def _check_range(axis: str, words: str, value: int, top: int) -> None:
    if type(value) is not int:
        raise SpecError(axis, f"The {words} must be a whole number, not {value!r}.", f"Give 1 to {top:,}.")
    if not 1 <= value <= top:
        raise SpecError(axis, f"The {words} cannot be {value:,}.", f"Choose 1 to {top:,}.")


def _check_stages(spec: ResNetSpec) -> None:
    if not 1 <= len(spec.blocks) <= MAX_STAGES:
        raise SpecError(
            "blocks", f"A network has 1 to {MAX_STAGES} stages, not {len(spec.blocks)}.", "Add or remove stages."
        )
    for number, count in enumerate(spec.blocks, start=1):
        _check_range("blocks", f"number of blocks of stage {number}", count, MAX_BLOCKS)
    if len(spec.doubling) != len(spec.blocks) - 1:
        raise SpecError(
            "doubling",
            f"{len(spec.blocks)} stages need {len(spec.blocks) - 1} doubling values, not {len(spec.doubling)}.",
            "Give one value for each stage after the first.",
        )
