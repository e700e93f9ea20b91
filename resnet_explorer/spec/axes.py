"""The axes as data: one row each drives the Build panel, ``--set``, and the spec file.

An axis knows its words, its choices and how to read a value from text; the spec itself knows what is valid.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from difflib import get_close_matches

from resnet_explorer.errors import SpecError
from resnet_explorer.spec.resnet_spec import MAX_STAGES, Block, ResNetSpec, Shortcut, Stem, Stride


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of an axis, with its words and the sentence that teaches it."""

    value: object
    label: str
    teaches: str


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis of choice: its ``--set`` key, its label, the sentence that teaches it, and how to read it.

    ``off`` returns why the axis has no effect on a spec, or an empty text where it has one.
    """

    key: str
    label: str
    teaches: str
    read: Callable[[str], object]
    choices: tuple[Choice, ...] = ()
    off: Callable[[ResNetSpec], str] = field(default=lambda spec: "")


def _quoted(text: str) -> str:
    return repr(text if len(text) <= 40 else f"{text[:40]}…")


def _whole(key: str) -> Callable[[str], int]:
    def read(text: str) -> int:
        try:
            return int(text)
        except ValueError:
            raise SpecError(key, f"{_quoted(text)} is not a whole number.", "Write digits only.") from None

    return read


def _wholes(text: str) -> tuple[int, ...]:
    read = _whole("blocks")
    return tuple(read(part) for part in text.strip("()[] ").split(",") if part.strip())


_TRUTHS = {"true": True, "yes": True, "1": True, "on": True, "false": False, "no": False, "0": False, "off": False}


def _truth(key: str) -> Callable[[str], bool]:
    def read(text: str) -> bool:
        try:
            return _TRUTHS[text.strip().lower()]
        except KeyError:
            raise SpecError(key, f"{_quoted(text)} is neither true nor false.", "Write true or false.") from None

    return read


def _truths(text: str) -> tuple[bool, ...]:
    read = _truth("doubling")
    return tuple(read(part) for part in text.strip("()[] ").split(",") if part.strip())


def _classes(text: str) -> int | None:
    return None if text.strip().lower() in ("none", "backbone") else _whole("classes")(text)


def _choice(key: str, choices: tuple[Choice, ...]) -> Callable[[str], object]:
    def read(text: str) -> object:
        for choice in choices:
            if str(choice.value).lower() == text.strip().lower():
                return choice.value
        values = ", ".join(str(choice.value) for choice in choices)
        raise SpecError(key, f"{key} cannot be {_quoted(text)}.", f"Choose one of {values}.")

    return read


_BLOCKS = (
    Choice(Block.BASIC, "Basic", "Two 3×3 convolutions: the block of ResNet-18 and -34 and of the CIFAR nets."),
    Choice(
        Block.BOTTLENECK,
        "Bottleneck",
        "1×1 reduces the channels, 3×3 works on few of them, 1×1 expands again: the block of ResNet-50 and deeper.",
    ),
)
_STEMS = (
    Choice(Stem.IMAGENET, "7×7 / 2 + max-pool", "A 7×7 convolution and a max-pool, both of stride 2: 224 becomes 56."),
    Choice(Stem.CIFAR, "3×3 (CIFAR)", "One 3×3 convolution of stride 1: small images keep their size."),
)
_STRIDES = (
    Choice(Stride.CONV3X3, "in the 3×3 (v1.5)", "The 3×3 carries the stride, as in torchvision."),
    Choice(
        Stride.CONV1X1,
        "in the first 1×1 (v1)",
        "The first 1×1 carries the stride, as in the paper: fewer MACs, but it looks at a quarter of the positions.",
    ),
)
_SHORTCUTS = (
    Choice(
        Shortcut.PADDING,
        "A · zero-padding",
        "Where shapes differ, the shortcut takes every second position and adds channels of zeros: no parameters.",
    ),
    Choice(
        Shortcut.PROJECTION,
        "B · projection",
        "Where shapes differ, a 1×1 convolution brings x to the shape of F(x); elsewhere x passes unchanged.",
    ),
    Choice(
        Shortcut.PROJECTION_EVERYWHERE,
        "C · projection everywhere",
        "A 1×1 convolution on every shortcut: most parameters, hardly more accuracy (He et al. 2015, table 3).",
    ),
)


def _basic_off(spec: ResNetSpec) -> str:
    return "" if spec.block is Block.BOTTLENECK else "Only bottleneck blocks have this choice."


def _plain_off(spec: ResNetSpec) -> str:
    return "" if spec.residual else "A plain network has no shortcuts."


AXES: Mapping[str, Axis] = {
    axis.key: axis
    for axis in (
        Axis("block", "Block", "What the branch F(x) of each block is made of.", _choice("block", _BLOCKS), _BLOCKS),
        Axis(
            "blocks",
            "Blocks / stage",
            "How many blocks each stage stacks. A stage works at one resolution; its first block may shrink the map.",
            _wholes,
        ),
        Axis(
            "width",
            "Base width",
            "Channels of the first stage: 64 in the ImageNet nets, 16 in the CIFAR nets. Later stages build on it.",
            _whole("width"),
        ),
        Axis(
            "doubling",
            "Doubles width",
            "Whether a stage doubles the width of the one before: where the map halves, the paper doubles the "
            "channels, so that every layer costs about the same.",
            _truths,
        ),
        Axis(
            "expansion",
            "Expansion",
            "A bottleneck's output has this many times its inner width: 4 in the paper.",
            _whole("expansion"),
            off=_basic_off,
        ),
        Axis(
            "cardinality",
            "Cardinality",
            "Groups of the 3×3: each sees its own channels only. ResNeXt has 32 of them instead of one wide "
            "convolution: more channels for the same cost.",
            _whole("cardinality"),
            off=_basic_off,
        ),
        Axis(
            "base_width",
            "Group width",
            "Channels of one group for every 64 of the stage's width: 64 is the plain bottleneck, 128 a Wide ResNet, "
            "4 in 32 groups ResNeXt-50 32×4d.",
            _whole("base_width"),
            off=_basic_off,
        ),
        Axis(
            "stride",
            "Stride",
            "Which convolution of the first bottleneck of a stage halves the map.",
            _choice("stride", _STRIDES),
            _STRIDES,
            off=_basic_off,
        ),
        Axis(
            "shortcut",
            "Shortcut",
            "How the shortcut brings x to the shape of F(x) where they differ.",
            _choice("shortcut", _SHORTCUTS),
            _SHORTCUTS,
            off=_plain_off,
        ),
        Axis(
            "residual",
            "Residual",
            "With shortcuts a block computes F(x) + x; without them it is a plain network: the same layers, no "
            "addition.",
            _truth("residual"),
        ),
        Axis(
            "stem",
            "Stem",
            "What stands before the first stage.",
            _choice("stem", _STEMS),
            _STEMS,
        ),
        Axis(
            "in_channels",
            "Input channels",
            "Channels of the input image: 3 for colour, 1 for grey-scale.",
            _whole("in_channels"),
        ),
        Axis(
            "classes",
            "Classes",
            "Outputs of the last, fully connected layer; none leaves a backbone, which ends in feature maps.",
            _classes,
        ),
    )
}


def change(spec: ResNetSpec, key: str, value: object) -> ResNetSpec:
    """Return ``spec`` with one axis changed; a new number of stages keeps ``doubling`` in step.

    Raises SpecError where the axis is unknown or the value describes no network.
    """
    return _changed(spec, {axis(key).key: value})


def _changed(spec: ResNetSpec, changes: dict[str, object]) -> ResNetSpec:
    blocks = changes.get("blocks")
    if isinstance(blocks, tuple) and 1 <= len(blocks) <= MAX_STAGES:
        changes.setdefault("doubling", (spec.doubling + (True,) * MAX_STAGES)[: len(blocks) - 1])
    return replace(spec, **changes)  # type: ignore[arg-type]  # the axes are data; the spec checks them


def axis(key: str) -> Axis:
    """Return the axis of that key. Raises SpecError with the nearest key where there is none."""
    if key not in AXES:
        near = get_close_matches(key[:40], AXES, n=1)
        raise SpecError(
            key,
            f"There is no axis {_quoted(key)}.",
            f"Did you mean {near[0]!r}?" if near else f"The axes are {', '.join(AXES)}.",
        )
    return AXES[key]


def assign(spec: ResNetSpec, *assignments: str) -> ResNetSpec:
    """Return ``spec`` with axes set as in ``--set blocks=3,4,6,3``; raises SpecError as ``change`` does.

    All are set at once: their order does not matter, and only the network that results must be valid.
    """
    changes: dict[str, object] = {}
    for assignment in assignments:
        key, equals, text = (part.strip() for part in assignment.partition("="))
        if not equals:
            raise SpecError("set", f"{_quoted(assignment)} sets nothing.", "Write key=value, as in width=32.")
        changes[key] = axis(key).read(text)
    return _changed(spec, changes)


def differences(old: ResNetSpec, new: ResNetSpec) -> tuple[str, ...]:
    """Return the keys of the axes on which two specs differ, in the order of the axes."""
    return tuple(key for key in AXES if getattr(old, key) != getattr(new, key))


assert set(AXES) == {item.name for item in fields(ResNetSpec)} - {"name"}, "every axis of the spec has its row"
