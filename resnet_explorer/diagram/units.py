"""The layers of a block in the stacks and boxes of the picture for the back row."""

import re
from itertools import groupby
from typing import NamedTuple

from resnet_explorer.diagram.lanes import fork_title
from resnet_explorer.diagram.panel import TEXTS
from resnet_explorer.network import Fork, Gated, Part, flat
from resnet_explorer.network.kinds import Role
from resnet_explorer.network.tree import Chain
from resnet_explorer.picture.chart.text import wrap
from resnet_explorer.picture.marks import Style, width

SUB = 10
"""The size of the words under a name, in px."""


class Unit(NamedTuple):
    """Layers under each other: a convolution with its norm and activation, or a gate, which has a name; or a fork."""

    parts: tuple[Part, ...]
    name: str = ""
    fork: Fork | None = None

    @property
    def compact(self) -> "Unit":
        """Return parallel paths as one box of words."""
        return Unit(self.parts, fork_title(self.fork), self.fork) if self.fork else self


def units(chain: Chain) -> list[Unit]:
    """Return the layers of a chain in stacks: each has one convolution, first or last as in the whole chain."""
    made: list[list[Part]] = [[]]
    result: list[Unit] = []
    first = next((step for step in chain if isinstance(step, Part)), None)
    ends = first is not None and first.layer.role is not Role.CONVOLUTION
    for step in chain:
        if isinstance(step, Gated):
            result += [Unit(tuple(made.pop()))] if made[-1] else []
            made = [[]]
            result.append(Unit((*flat(step.parts), step.scale), TEXTS[step.name]))
            continue
        if isinstance(step, Fork):
            result += [Unit(tuple(made.pop()))] if made[-1] else []
            made = [[]]
            result.append(Unit(flat((step,)), fork=step))
            continue
        is_conv = step.layer.role is Role.CONVOLUTION
        if is_conv and not ends and made[-1]:
            result.append(Unit(tuple(made[-1])))
            made = [[]]
        made[-1].append(step)
        if is_conv and ends:
            result.append(Unit(tuple(made[-1])))
            made = [[]]
    return [*result, *([Unit(tuple(made[-1]))] if made[-1] else [])]


def gate_height(unit: Unit) -> float:
    """Return the height of a gate's box."""
    return 28.0 + 13.0 * len(gate_lines(unit))


def gate_lines(unit: Unit) -> tuple[str, ...]:
    """Return the layers of a gate, or of parallel paths, in words that fit a box."""
    labels = ", ".join(part.layer.label for part in unit.parts[:-1])
    if unit.fork and unit.parts[0] in flat(unit.fork.paths[0]):
        labels = _paths_text(unit.fork)
    return wrap(labels, max(84.0, width(unit.name, SUB + 1, Style.SEMIBOLD)), SUB, 9)


def _paths_text(fork: Fork) -> str:
    """Return parallel paths in words: ``7 × (slice, 3×3 conv, BN, ReLU), 1 × (slice), concat``."""
    paths = [", ".join(part.layer.label for part in flat(path)) for path in fork.paths]
    paths = [re.sub(r"slice \d+/\d+", "slice", path) for path in paths]
    paths = [re.sub(r"slice, \+, ", "slice, ", path) for path in paths]
    counted = [f"{len(list(same))} × ({path})" for path, same in groupby(paths)]
    rest = [part.layer.label for part in (*flat(fork.gate), fork.join)]
    return ", ".join([*counted, *rest])
