"""The visible lines of the layer table: a tree that is open here and there, or flat, filtered and sorted.

A flat model of the visible lines, since a QTreeView asks Python for every line it lays out: here a network of 32,000
layers costs what is visible of it.
"""

from collections.abc import Iterator

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from resnet_explorer.analysis import Analysis
from resnet_explorer.blueprint import Block
from resnet_explorer.gui.views.table_columns import COLUMNS, Line, Totals, layer_line

_Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()


class TableModel(QAbstractTableModel):
    """Lines of one analysis; ``flat``, ``filter`` and ``sort`` choose which, ``toggle`` opens and closes."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[Line] = []
        self.totals = Totals(0, 0)
        self.is_flat = False
        self.text = ""
        self.kind = ""
        self.sorted_by: tuple[int, bool] | None = None
        self._analysis: Analysis | None = None
        self._open: set[str] = set()

    @property
    def analysis(self) -> Analysis | None:
        """Return what is shown."""
        return self._analysis

    @property
    def is_tree(self) -> bool:
        """Return whether the lines are a tree: not flat, not filtered, not sorted."""
        return not (self.is_flat or self.text or self.kind or self.sorted_by)

    def show(self, analysis: Analysis) -> None:
        """Show the layers of another analysis, open where this one was."""
        self._analysis = analysis
        self.totals = Totals(analysis.total.params, analysis.total.macs)
        self.refresh()

    def refresh(self) -> None:
        """Work out the visible lines anew."""
        self.beginResetModel()
        self.lines = self._visible()
        self.endResetModel()

    def toggle(self, path: str) -> None:
        """Open or close a stage or block."""
        self._open ^= {path}
        self.refresh()

    def open_all(self, everything: bool) -> None:
        """Open every stage and block, or close all."""
        self._open.clear()
        if everything and self._analysis:
            network = self._analysis.network
            self._open |= {stage.path for stage in network.stages} | {block.path for block in network.blocks}
        self.refresh()

    def reveal(self, path: str) -> int:
        """Open what a path lies in; return its line, or that of what is around it; -1 if it is filtered out."""
        if self._analysis is None or not path:
            return -1
        around = [name for name in self._analysis.network.ancestors(path) if name]
        if self.is_tree and not set(around) <= self._open:
            self._open |= {name for name in around if not name.endswith(".downsample")}
            self.refresh()
        places = {line.path: index for index, line in enumerate(self.lines)}
        return next((places[name] for name in (path, *around) if name in places), -1)

    def _visible(self) -> list[Line]:
        if self._analysis is None:
            return []
        if self.is_tree:
            return list(self._tree(self._analysis))
        rows = self._analysis.rows
        if self.kind:
            rows = tuple(row for row in rows if row.part.layer.kind == self.kind)
        if self.text:
            needle = self.text.lower()
            rows = tuple(row for row in rows if needle in row.path.lower() or needle in row.part.layer.kind.lower())
        lines = [layer_line(row, 0) for row in rows]
        if self.sorted_by:
            column, descending = self.sorted_by
            lines.sort(key=COLUMNS[column].value, reverse=descending)
        return lines

    def _tree(self, analysis: Analysis) -> Iterator[Line]:
        network, sums = analysis.network, analysis.sums
        yield from self._block(analysis, network.stem, 0, "stem")
        for stage in network.stages:
            is_open = stage.path in self._open
            count = len(stage.blocks)
            words = f"{count} block{'s' if count > 1 else ''}"
            yield Line(stage.path, f"{stage.path} · {stage.title}", 0, words, None, sums[stage.path], is_open)
            if is_open:
                for block in stage.blocks:
                    yield from self._block(analysis, block, 1, f"block {block.number}")
        if network.head:
            yield from self._block(analysis, network.head, 0, "head")

    def _block(self, analysis: Analysis, block: Block, depth: int, words: str) -> Iterator[Line]:
        is_open, sums = block.path in self._open, analysis.sums[block.path]
        yield Line(block.path, block.path, depth, words, None, sums, is_open)
        if is_open:
            start = analysis.starts[block.path]
            for row in analysis.rows[start : start + sums.layers]:
                yield layer_line(row, depth + 1)

    def rowCount(self, parent: _Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.lines)

    def columnCount(self, parent: _Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(COLUMNS)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if role == Qt.ItemDataRole.DisplayRole:
            return COLUMNS[index.column()].text(self.lines[index.row()], self.totals)
        if role == Qt.ItemDataRole.ToolTipRole:
            line = self.lines[index.row()]
            return f"{line.path}: {line.words}, {line.sums.params:,} parameters, {line.sums.macs:,} MACs"
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if orientation == Qt.Orientation.Vertical:
            return None
        column = COLUMNS[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return column.title
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{column.tip} Click to sort."
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if column.numeric else Qt.AlignmentFlag.AlignLeft
            return side | Qt.AlignmentFlag.AlignVCenter
        return None
