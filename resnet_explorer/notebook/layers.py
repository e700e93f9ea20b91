"""The layers of a network as a sequence of rows that a notebook shows as a table."""

from collections.abc import Iterator, Sequence
from html import escape
from importlib import import_module
from typing import Any, overload

from resnet_explorer.errors import ExplorerError
from resnet_explorer.layers import table
from resnet_explorer.readings import Analysis, Row


class Layers(Sequence[Row]):
    """Every layer in the order in which it runs: a row by its index, or by its path such as ``layer1.0.conv1``."""

    def __init__(self, analysis: Analysis) -> None:
        self._analysis = analysis

    def __len__(self) -> int:
        return len(self._analysis.rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(self._analysis.rows)

    @overload
    def __getitem__(self, index: int | str) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Row, ...]: ...
    def __getitem__(self, index: int | str | slice) -> Row | tuple[Row, ...]:
        return self._analysis.by_path[index] if isinstance(index, str) else self._analysis.rows[index]

    def to_pandas(self) -> Any:
        """Return the layers as a ``pandas.DataFrame``, indexed by path, with the columns of the CSV file.

        Raises ExplorerError where pandas is not installed.
        """
        try:
            pandas = import_module("pandas")
        except ImportError as error:
            raise ExplorerError("pandas", "pandas is not installed.", "Install it: pip install pandas.") from error
        rows = [table.cells(self._analysis, row) for row in self]
        frame = pandas.DataFrame(rows, columns=list(table.CSV_HEADER)).set_index("path")
        shares = ["params_percent", "macs_percent"]
        frame[shares] = frame[shares].astype(float)
        return frame

    def to_csv(self) -> str:
        """Return the layers as CSV, one line each under a header."""
        return table.to_csv(self._analysis)

    def to_markdown(self) -> str:
        """Return the layers as a Markdown table under a line of totals."""
        return table.to_markdown(self._analysis)

    def __repr__(self) -> str:
        return table.to_text(self._analysis).rstrip()

    def _repr_html_(self) -> str:
        rows = [table.texts(table.cells(self._analysis, row)) for row in self]
        return f'<div style="max-height:30em;overflow:auto">{html_table(table.TITLES, rows, table.TEXTS)}</div>'


def html_table(titles: Sequence[str], rows: Sequence[Sequence[str]], left: int) -> str:
    """Return an HTML table; the first ``left`` columns stand at the left, the others at the right."""
    sides = ["left" if column < left else "right" for column in range(len(titles))]

    def cells(tag: str, texts: Sequence[str]) -> str:
        pairs = zip(sides, texts, strict=True)
        return "".join(f'<{tag} style="text-align:{side}">{escape(text)}</{tag}>' for side, text in pairs)

    lines = "\n".join(f"<tr>{cells('td', row)}</tr>" for row in rows)
    return f"<table>\n<thead><tr>{cells('th', titles)}</tr></thead>\n<tbody>\n{lines}\n</tbody>\n</table>"
