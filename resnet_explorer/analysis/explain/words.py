"""The result of explaining, and the words that several explanations share."""

from dataclasses import dataclass
from typing import NamedTuple

from resnet_explorer.analysis.facts import Fact
from resnet_explorer.analysis.results import Analysis, Row, Sums
from resnet_explorer.analysis.words import compact
from resnet_explorer.blueprint import Block, Part


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


def change(sums: Sums) -> str:
    """Return the shapes at both ends: ``3×224² to 64×56²``."""
    return f"{compact(sums.input)} to {compact(sums.output)}"


def ordinal(number: int) -> str:
    """Return ``second``, ``third``, ``4th``."""
    return {2: "second", 3: "third"}.get(number, f"{number}th")
