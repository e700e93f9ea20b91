"""The result of explaining, and the words that several explanations share."""

from dataclasses import dataclass
from typing import NamedTuple

from resnet_explorer.analysis.facts import Fact
from resnet_explorer.analysis.results import Analysis, Row, Sums
from resnet_explorer.analysis.words import compact
from resnet_explorer.blueprint import Block, Part
from resnet_explorer.spec import Init, Norm, Order, ResNetSpec
from resnet_explorer.spec.difference import value_words


class Rule(NamedTuple):
    """How a figure is worked out: its name, and the key of its formula."""

    label: str
    formula: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """What the inspector says of one path; formulas are keys of resources/formulas.

    ``rules`` tell how the figures are counted; ``branch`` and ``shortcut`` are parameters, where the two can be told
    apart.
    """

    path: str
    title: str
    kind: str
    words: str
    formulas: tuple[str, ...]
    facts: tuple[Fact, ...]
    gradients: tuple[str, ...] = ()
    gradient_words: str = ""
    rules: tuple[Rule, ...] = ()
    branch: int | None = None
    shortcut: int | None = None


def rows_of(analysis: Analysis, block: Block) -> tuple[Row, ...]:
    """Return the rows of a block."""
    start = analysis.starts[block.path]
    return analysis.rows[start : start + len(block.layer_paths)]


def params_of(parts: tuple[Part, ...]) -> int:
    """Return the parameters of some layers."""
    return sum(part.layer.params for part in parts)


def added_up(rows: list[Row]) -> Sums:
    """Return the sums of some rows of one way, from the first's input to the last's output."""
    reads = [row.reading for row in rows]
    return Sums(
        reads[0].input,
        reads[-1].output,
        sum(read.params for read in reads),
        sum(read.macs for read in reads),
        sum(read.activation_bytes for read in reads),
        len(reads),
        rows[-1].receptive_field,
    )


def change(sums: Sums) -> str:
    """Return the shapes at both ends: ``3×224² to 64×56²``."""
    return f"{compact(sums.input)} to {compact(sums.output)}"


def listed(words: list[str]) -> str:
    """Return words as a list: ``a``, ``a and b``, ``a, b and c``."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def activator(spec: ResNetSpec) -> str:
    """Return the name of what activates: ``ReLU``, or the norm where that activates as well."""
    return value_words(spec, "norm" if spec.norm.activates else "activation")


def preparation(spec: ResNetSpec) -> str:
    """Return what a convolution of an early order has before it: ``norm and ReLU``, ``ReLU``, ``FRN``."""
    normed = spec.order is Order.V2 and spec.norm is not Norm.NONE and not spec.norm.activates
    return f"norm and {activator(spec)}" if normed else activator(spec)


def stand_ins(spec: ResNetSpec) -> str:
    """Return what the names in the formulas of blocks stand for, where the network has something else."""
    name = value_words(spec, "norm")
    if spec.norm.activates:
        return f" N in the formula is {name}, which normalises and activates."
    none = " There is no norm."
    if spec.init is Init.FIXUP:
        none += " Scalar biases and one factor stand in for it (Fixup: Zhang et al. 2019)."
    other = f" BN in the formula stands for this network's norm: {name}."
    words = {Norm.BATCH: "", Norm.NONE: none}.get(spec.norm, other)
    active = activator(spec)
    return words + ("" if active == "ReLU" else f" ReLU in the formula stands for {active}.")
