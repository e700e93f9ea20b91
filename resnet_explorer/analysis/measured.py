"""Values that were measured block by block, and what they are: for the diagram, the table and the inspector."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, eq=False)
class BlockValues:
    """A value for each block that has one, by the block's path.

    ``title`` and ``symbol`` say what was measured (``Gradient at the block's input``, ``‖∂L/∂x‖₂``), ``source`` under
    which conditions (``median of 3 seeds, digits 8×8, CPU``); ``log`` asks for a logarithmic scale.
    """

    title: str
    symbol: str
    values: Mapping[str, float]
    log: bool = True
    source: str = ""

    @property
    def words(self) -> str:
        """Return what was measured, and how, in one line."""
        return f"{self.title} · {self.source}" if self.source else self.title
