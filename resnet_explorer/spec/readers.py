"""How the value of an axis is read from text, as ``--set`` and spec files write it."""

from collections.abc import Callable
from typing import TypeVar

from resnet_explorer.dataclass import dataclass
from resnet_explorer.errors import ExplorerError, SpecError
from resnet_explorer.spec.choices import Option

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of an axis, with its words and the sentence that teaches it."""

    value: object
    label: str
    teaches: str


def options(kind: type[Option]) -> tuple[Choice, ...]:
    """Return the values of a kind of choice with their words."""
    return tuple(Choice(option, option.label, option.teaches) for option in kind)


def quoted(text: str) -> str:
    """Return a text between quotes, cut where it is long."""
    return repr(text if len(text) <= 40 else f"{text[:40]}…")


Reader = Callable[[str], T]


def _reader(convert: Reader[T], what: str, remedy: str) -> Callable[[str], Reader[T]]:
    """Return what makes the reader of an axis; ``what`` says why a text that cannot be converted is refused."""

    def reader(key: str) -> Reader[T]:
        def read(text: str) -> T:
            try:
                return convert(text)
            except (ValueError, KeyError):
                raise SpecError(key, f"{quoted(text)} {what}", remedy) from None

        return read

    return reader


_TRUTHS = {"true": True, "yes": True, "1": True, "on": True, "false": False, "no": False, "0": False, "off": False}
whole = _reader(int, "is not a whole number.", "Write digits only.")
fraction = _reader(float, "is not a number.", "Write it as 0.5.")
truth = _reader(lambda text: _TRUTHS[text.strip().lower()], "is neither true nor false.", "Write true or false.")
"""What make readers of whole numbers, of numbers, and of true and false."""


def whole_or_none(key: str) -> Callable[[str], int | None]:
    """Return a reader of whole numbers that knows the word ``none``."""
    read = whole(key)
    return lambda text: None if text.strip().lower() in ("none", "backbone") else read(text)


def choice(key: str, choices: tuple[Choice, ...]) -> Callable[[str], object]:
    """Return a reader of one of some choices, whatever its case."""

    def read(text: str) -> object:
        for option in choices:
            if str(option.value).lower() == text.strip().lower():
                return option.value
        values = ", ".join(str(option.value) for option in choices)
        raise SpecError(key, f"{key} cannot be {quoted(text)}.", f"Choose one of {values}.")

    return read


def several(read: Callable[[str], object]) -> Callable[[str], tuple[object, ...]]:
    """Return a reader of values between commas."""
    return lambda text: tuple(read(part) for part in text.strip("()[] ").split(",") if part.strip())


def by_stage(read: Callable[[str], object]) -> Callable[[str], object]:
    """Return a reader of one value, or of one for each stage between commas."""
    return lambda text: several(read)(text) if "," in text else read(text)


@dataclass(frozen=True, slots=True)
class Growth:
    """Widths that grow by the same amount with every block, ``more`` in all, from ``first`` before the first block.

    PyramidNet's additive widening (Han et al. 2017, equation 3), rounded as in its authors' code.
    """

    first: int
    more: int

    def widths(self, blocks: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
        """Return the width of each block of stages of so many blocks."""
        step, width, rows = self.more / max(1, sum(blocks)), float(self.first), []
        for count in blocks:
            row = []
            for _ in range(count):
                width += step
                row.append(round(width))
            rows.append(tuple(row))
        return tuple(rows)


def widths(key: str) -> Callable[[str], object]:
    """Return a reader of the widths of stages: ``64,128``, by block ``64/72,128/144``, or growing: ``16+48``."""
    read = whole(key)

    def read_stage(text: str) -> object:
        parts = text.split("/")
        return read(text) if len(parts) == 1 else tuple(read(part) for part in parts)

    def read_all(text: str) -> object:
        first, plus, more = text.strip("()[] ").partition("+")
        return Growth(read(first), read(more)) if plus else several(read_stage)(text)

    return read_all


def check_whole(error: type[ExplorerError], where: str, text: str, value: object, low: int, high: int) -> None:
    """Raise an error where a value is no whole number from ``low`` to ``high``."""
    if type(value) is not int:
        raise error(where, f"The {text} must be a whole number, not {value!r}.", f"Give {low:,} to {high:,}.")
    if not low <= value <= high:
        raise error(where, f"The {text} cannot be {value:,}.", f"Choose {low:,} to {high:,}.")


MAX_STAGES = 16
MAX_BLOCKS = 400
MAX_WIDTH = 8192
MAX_CHANNELS = 1_048_576
MAX_EXPANSION = 64
MAX_CARDINALITY = 1024
USUAL_BASE_WIDTH = 64
MAX_CLASSES = 1_000_000
MAX_IN_CHANNELS = 4096
MAX_STRIDE = 8
MAX_REDUCTION = 1024
MAX_SCALES = 16
MAX_RADIX = 8

WHOLES: dict[str, tuple[str, int, int]] = {
    "cardinality": ("cardinality", 1, MAX_CARDINALITY),
    "base_width": ("base width of a group", 1, MAX_WIDTH),
    "group_width": ("width of a group", 1, MAX_WIDTH),
    "reduce_first": ("reduction of the first convolution", 1, MAX_REDUCTION),
    "scales": ("number of scales", 1, MAX_SCALES),
    "radix": ("radix", 0, MAX_RADIX),
    "reduction": ("reduction ratio", 1, MAX_REDUCTION),
    "reduction_multiple": ("multiple that the reduced channels are rounded to", 1, MAX_REDUCTION),
    "norm_groups": ("number of groups of the norm", 1, MAX_WIDTH),
    "stem_channels": ("number of channels after the stem", 1, MAX_WIDTH),
    "stem_width": ("stem width", 1, MAX_WIDTH),
    "in_channels": ("number of input channels", 1, MAX_IN_CHANNELS),
    "map_side": ("side of the last map", 2, 64),
    "head_hidden": ("number of hidden features", 1, MAX_CHANNELS),
    "classes": ("number of classes", 1, MAX_CLASSES),
    "head_channels": ("number of channels of the head", 1, MAX_WIDTH),
}
"""Words, lowest and highest value of each axis that is a whole number."""
OPTIONAL = ("classes", "group_width", "head_channels")
"""Those that may be none."""

FRACTIONS: dict[str, tuple[str, float, float]] = {
    "expansion": ("expansion", 0.01, MAX_EXPANSION),
    "gate_bias": ("bias of the gate", -100.0, 100.0),
    "shortcut_scale": ("factor on the shortcut", 0.0, 10.0),
    "shortcut_dropout": ("dropout on the shortcut", 0.0, 0.99),
    "branch_scale": ("factor on the branch", 0.0, 10.0),
    "attention_scale": ("factor after the attention", 0.0, 10.0),
    "stochastic_depth": ("stochastic depth", 0.0, 0.99),
    "block_dropout": ("dropout in the block", 0.0, 0.99),
    "dropout": ("dropout before the classifier", 0.0, 0.99),
}
"""Words, lowest and highest value of each axis that is a fraction."""

OUTPUT_STRIDES = (8, 16, 32)
KERNELS = (3, 5, 7)
DIMS = (1, 2, 3)
