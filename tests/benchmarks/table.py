"""The table of all benchmarks: each records its figures, and the run's end prints them."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

FULL = "PYTEST_XDIST_WORKER" not in os.environ
"""Whether the run has the machine to itself, as ``pytest tests/benchmarks -s -n 0``; beside others sizes are small."""


@dataclass(frozen=True, slots=True)
class Row:
    """One figure: what is measured, ours and the peer's in the same run, and the goal of ours over the peer's."""

    figure: str
    ours: float
    peer: float
    goal: str
    unit: str

    @property
    def ratio(self) -> float:
        return self.ours / self.peer

    @property
    def met(self) -> str:
        """Return whether the goal, such as ``≤ 1.5``, is met; nothing where there is none."""
        if not self.goal:
            return ""
        sign, bound = self.goal.split()
        return "met" if (self.ratio <= float(bound) if sign == "≤" else self.ratio >= float(bound)) else "missed"

    def cells(self) -> tuple[str, ...]:
        """Return the texts of the columns."""
        return (
            self.figure,
            _amount(self.ours, self.unit),
            _amount(self.peer, self.unit),
            f"{self.ratio:.3g}",
            self.goal,
            self.met,
        )


ROWS: list[Row] = []
HEAD = ("figure", "ours", "peer", "ratio", "goal", "")


def record(figure: str, ours: float, peer: float, goal: str = "", unit: str = "ms") -> float:
    """Add a row to the table and return ours over the peer's; ``goal`` bounds that: ``≤ 1.5`` or ``≥ 0.95``.

    ``ours`` and ``peer`` are in ``unit`` and of the same run; ``figure`` names both: "first paint / empty window".
    """
    ROWS.append(Row(figure, ours, peer, goal, unit))
    return ROWS[-1].ratio


def yardstick(clock: Callable[[], float] = time.perf_counter) -> float:
    """Return the seconds of a fixed piece of Python work, the median of fifteen.

    That is about a frame on the machine where the bounds were set (2 cores, 2026), and the peer of what has none.
    """
    spent = []
    for _ in range(15):
        start = clock()
        sum(value * value % 7 for value in range(400_000))
        spent.append(clock() - start)
    return median(spent)


def lines() -> list[str]:
    """Return the table as lines of text."""
    cells = [HEAD, *(row.cells() for row in ROWS)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [
        "  ".join(
            text.ljust(width) if index in (0, 4, 5) else text.rjust(width)
            for index, (text, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in cells
    ]


def _amount(value: float, unit: str) -> str:
    return f"{value:,.0f} {unit}" if value >= 1000 else f"{value:.3g} {unit}"
