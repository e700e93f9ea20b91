"""The forward of a block, a line for each convolution, and the equation that it computes."""

import re
from collections.abc import Mapping, Sequence

from resnet_explorer.blueprint import Gated, flat
from resnet_explorer.blueprint.kinds import Role
from resnet_explorer.blueprint.kinds.blocks import Dropout, GatedAdd, Scale
from resnet_explorer.blueprint.tree import Chain, Step
from resnet_explorer.export.source.scope import Sample
from resnet_explorer.export.source.shortcut import bridge, splits
from resnet_explorer.export.source.text import LINE


class Forward:
    """Writes the forward of a class of blocks; ``names`` are the modules of its activations."""

    def __init__(self, blocks: Sequence[Sample], steps: Chain, names: Mapping[str, str]) -> None:
        self.blocks, self.names = blocks, names
        self.form = blocks[0].form
        self.before = max((sample.form.before for sample in blocks), key=len)
        self.branch = steps[len(self.before) :]
        self.projects = any(bridge(sample) for sample in blocks)

    def lines(self) -> list[str]:
        """Return the lines of the function's body."""
        lines, start = self._start()
        for chain in _lines_of(self.branch):
            lines.append(f"y = {self._through(chain, start)}")
            start = "y"
        if self.form.gate and not splits(self.blocks):
            lines.append("gate = self.gate(x)")
        if self.form.shortcut is None and not self._ends(""):
            return [*lines[:-1], lines[-1].replace("y = ", "return ", 1)]
        shortcut = self._shortcut()
        if len(line := self._last(shortcut)) + 8 <= LINE:
            return [*lines, line]
        return [*lines, f"shortcut = {shortcut}", self._last("shortcut")]

    def _start(self) -> tuple[list[str], str]:
        """Return the lines before the branch, and the name of what enters it.

        Where shapes change, a pre-activated block activates before the paths part, so that both see the same.
        """
        if not self.before:
            return [], "x"
        activated = self._through(self.before, "x")
        if not splits(self.blocks):
            return [f"x = {activated}"], "x"
        gate = ["gate = self.gate(x if self.downsample is None else y)"] if self.form.gate else []
        choice = "shortcut = x if self.downsample is None else self.downsample(y)"
        return [f"y = {activated}", choice, *gate], "y"

    def _through(self, chain: Chain, start: str) -> str:
        """Return what comes out of a chain as an expression of what enters it."""
        for step in chain:
            if isinstance(step, Gated):
                start = f"self.{step.name}({start})"
            elif isinstance(step.layer, Scale):
                start = f"{step.layer.factor!r} * {start}"
            else:
                start = f"self.{self.names.get(step.name, step.name)}({start})"
        return start

    def _shortcut(self) -> str:
        start = "x"
        if splits(self.blocks):
            start = "shortcut"
        elif self.projects:
            start = "self.downsample(x)"
        for part in flat(self.form.shortcut or ()):
            if isinstance(part.layer, Scale):
                start = f"{part.layer.factor!r} * {start}"
            elif isinstance(part.layer, Dropout):
                start = f"self.shortcut_dropout({start})"
        return start

    def _last(self, shortcut: str) -> str:
        return f"return {self._ends(self._sum(shortcut))}"

    def _sum(self, shortcut: str) -> str:
        if self.form.shortcut is None:
            return "y"
        if not self.form.gate:
            return f"y + {shortcut}"
        return f"{'gate * ' if self._is_exclusive() else ''}y + (1 - gate) * {shortcut}"

    def _is_exclusive(self) -> bool:
        return any(isinstance(part.layer, GatedAdd) and part.layer.exclusive for part in flat(self.form.after))

    def _ends(self, total: str) -> str:
        chain = tuple(step for step in self.form.after if isinstance(step, Gated) or step.layer.role is not Role.JOIN)
        return self._through(chain, total)

    def equation(self) -> str:
        """Return what the block computes, in the words of the papers."""
        function = "F(x)"
        if self.form.shortcut is not None:
            shortcut = "shortcut(x)" if self.projects else "x"
            for part in flat(self.form.shortcut):
                if isinstance(part.layer, Scale):
                    shortcut = f"{part.layer.factor:g} {shortcut}"
            if self.form.gate:
                shortcut = f"(1 - g(x)) {shortcut}"
                function = "g(x) F(x)" if self._is_exclusive() else function
            function = f"{function} + {shortcut}"
        for part in flat(self.form.after):
            if part.layer.role is not Role.JOIN:
                function = f"{part.layer.kind}({function})"
        return f"y = {function}" + (": no shortcut" if self.form.shortcut is None else "")


def _lines_of(branch: Chain) -> list[Chain]:
    """Return a branch in the pieces that a line holds: a convolution with what has its number, then how it ends.

    Pools and dropout have no number: they stay with what they follow.
    """
    numbers = [re.search(r"\d", "" if isinstance(step, Gated) else step.name) for step in branch]
    count = max(index for index, number in enumerate(numbers) if number) + 1
    pieces: list[list[Step]] = []
    last = ""
    for step, number in zip(branch[:count], numbers, strict=False):
        if not pieces or (number and number[0] != last):
            pieces.append([])
        last = number[0] if number else last
        pieces[-1].append(step)
    gates: list[Step] = [step for step in branch[count:] if isinstance(step, Gated)]
    rest: list[Step] = [step for step in branch[count:] if not isinstance(step, Gated)]
    return [tuple(piece) for piece in (*pieces, gates, rest) if piece]
