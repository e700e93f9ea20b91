"""Two networks side by side: what differs in their choices, and in their figures."""

from collections.abc import Callable
from dataclasses import dataclass
from html import escape

from resnet_explorer.notebook.layers import html_table
from resnet_explorer.notebook.net import Net
from resnet_explorer.readings.text import mib
from resnet_explorer.spec.catalogue import changes

_FIGURES: tuple[tuple[str, Callable[[Net], int], Callable[[int], str]], ...] = (
    ("parameters", lambda net: net.params, "{:,}".format),
    ("MACs", lambda net: net.macs, "{:,}".format),
    ("weight layers", lambda net: net.weight_layers, str),
    ("layers", lambda net: len(net.layers), "{:,}".format),
    ("activations", lambda net: net.activation_bytes, mib),
)


@dataclass(frozen=True)
class Comparison:
    """Two networks, each at its own input; a notebook shows their figures as a table."""

    first: Net
    second: Net

    @property
    def changes(self) -> tuple[str, ...]:
        """Return a sentence for each axis on which the second differs from the first."""
        return changes(self.first.spec, self.second.spec)

    @property
    def rows(self) -> tuple[tuple[str, str, str, str], ...]:
        """Return each figure's name, its value in both, and the second as a multiple of the first."""
        rows = []
        for name, value, text in _FIGURES:
            first, second = value(self.first), value(self.second)
            rows.append((name, text(first), text(second), f"{second / first:.3g}×" if first else ""))
        return tuple(rows)

    @property
    def _titles(self) -> tuple[str, str, str, str]:
        first, second = self.first.title, self.second.title
        if first == second:
            first, second = f"{first} (first)", f"{second} (second)"
        return "", first, second, "second / first"

    def __repr__(self) -> str:
        lines = [self._titles, *self.rows]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        table = ("  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]).rstrip() for row in lines)
        return "\n".join([*table, *([""] if self.changes else []), *self.changes])

    def _repr_html_(self) -> str:
        items = "".join(f"<li>{escape(change)}</li>" for change in self.changes)
        return html_table(self._titles, self.rows, 1) + (f"\n<ul>{items}</ul>" if items else "")


def compare(first: Net, second: Net) -> Comparison:
    """Return two networks side by side: figures, and what the second has that the first has not."""
    return Comparison(first, second)
