"""The result of explaining, and the words that several explanations share."""

from dataclasses import dataclass
from math import exp
from typing import NamedTuple

from resnet_explorer.analysis.facts import Fact
from resnet_explorer.analysis.results import Analysis, Row, Sums
from resnet_explorer.analysis.words import compact
from resnet_explorer.blueprint import Block, Form, Part, flat
from resnet_explorer.blueprint.layers import Conv2d
from resnet_explorer.blueprint.norms import Norm as NormLayer
from resnet_explorer.spec import Init, Norm, Order, ResNetSpec
from resnet_explorer.spec.difference import value_words

JOINT = (Norm.FRN, Norm.EVONORM)
"""The norms that activate as they normalise."""
EARLY = (Order.V2, Order.RELU_ONLY)
"""The orders whose activation comes before the convolution."""


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


def ordinal(number: int) -> str:
    """Return ``second``, ``third``, ``4th``."""
    return {2: "second", 3: "third"}.get(number, f"{number}th")


def listed(words: list[str]) -> str:
    """Return words as a list: ``a``, ``a and b``, ``a, b and c``."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def activator(spec: ResNetSpec) -> str:
    """Return the name of what activates: ``ReLU``, or the norm where that activates as well."""
    return value_words(spec, "norm" if spec.norm in JOINT else "activation")


def preparation(spec: ResNetSpec) -> str:
    """Return what a convolution of an early order has before it: ``norm and ReLU``, ``ReLU``, ``FRN``."""
    normed = spec.order is Order.V2 and spec.norm not in (Norm.NONE, *JOINT)
    return f"norm and {activator(spec)}" if normed else activator(spec)


def stand_ins(spec: ResNetSpec) -> str:
    """Return what the names in the formulas of blocks stand for, where the network has something else."""
    name = value_words(spec, "norm")
    if spec.norm in JOINT:
        return f" N in the formula is {name}, which normalises and activates."
    none = " There is no norm."
    if spec.init is Init.FIXUP:
        none += " Scalar biases and one factor stand in for it (Fixup: Zhang et al. 2019)."
    other = f" BN in the formula stands for this network's norm: {name}."
    words = {Norm.BATCH: "", Norm.NONE: none}.get(spec.norm, other)
    active = activator(spec)
    return words + ("" if active == "ReLU" else f" ReLU in the formula stands for {active}.")


def gate_start(spec: ResNetSpec) -> str:
    """Return where the gate of a shortcut starts: ``Its bias starts at −6, so that g is about 0.0025 at first.``"""
    bias = f"{spec.gate_bias:g}".replace("-", "−")
    return f"Its bias starts at {bias}, so that g is about {1 / (1 + exp(-spec.gate_bias)):.2g} at first."


def starts_at_0(spec: ResNetSpec, form: Form) -> Part | None:
    """Return the layer of a block whose weights start at 0: the last of a branch with zero-init, or with Fixup.

    Goyal et al. 2017, section 5.1; Zhang et al. 2019, section 3.
    """
    branch = [step for step in form.branch if isinstance(step, Part)]
    if spec.init is Init.FIXUP and not spec.zero_init:
        return [part for part in branch if isinstance(part.layer, Conv2d)][-1]
    return [part for part in branch if isinstance(part.layer, Conv2d | NormLayer)][-1] if spec.zero_init else None


@dataclass(frozen=True, slots=True)
class At:
    """Where a layer stands: what its story depends on besides the layer itself."""

    part: Part
    block: Block
    spec: ResNetSpec

    @property
    def chain(self) -> tuple[Part, ...]:
        """Return the layers of the way that this one is on: the branch, the shortcut, ..."""
        form = self.block.form
        chains = (form.before, form.branch, form.shortcut or (), form.gate, form.after)
        return next(flat(chain) for chain in chains if self.part in flat(chain))

    @property
    def gate(self) -> str:
        """Return the name of the attention's gate that the layer is in; an empty one elsewhere."""
        names = [gate.name for gate in self.block.form.gates]
        return next((name for name in names if self.part.name.startswith(f"{name}.")), "")

    @property
    def start(self) -> str:
        """Return where the gate of a shortcut starts."""
        return gate_start(self.spec)

    @property
    def on_shortcut(self) -> bool:
        """Return whether the layer is on the shortcut."""
        return self.part in flat(self.block.form.shortcut or ())

    def zero(self, what: str) -> str:
        """Return that something starts at 0, where it does."""
        is_zero = self.block.number > 0 and starts_at_0(self.spec, self.block.form) == self.part
        return f" {what} at 0." if is_zero else ""
