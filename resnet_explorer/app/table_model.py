"""The visible lines of the layer table: a tree that is open here and there, or flat, filtered and sorted.

A flat model of the visible lines, since a QTreeView asks Python for every line it lays out: here a network of 32,000
layers costs what is visible of it.
"""

from collections.abc import Iterator, Sequence

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, Qt, Signal

from resnet_explorer.app.table_columns import COLUMNS, Column, Line, layer_line, measured_column
from resnet_explorer.diagram.overlays import BlockValues
from resnet_explorer.network import Block, Stage
from resnet_explorer.readings import Analysis, Row
from resnet_explorer.readings.text import size
from resnet_explorer.ui.tables import Index

_NOWHERE = QModelIndex()


def _shown(row: Row) -> str:
    layer, reading = row.part.layer, row.reading
    return f"{row.path} {layer.kind} {layer.hyper} {size(reading.input)} {size(reading.output)}"


def _plain(text: str) -> str:
    return text.lower().replace("×", "x")


class TableModel(QAbstractTableModel):
    """Lines of one analysis; ``is_flat``, ``text``, ``kind`` and ``sorted_by`` choose which, ``toggle`` opens them.

    ``refreshed`` tells that the lines are others, whether or not there was a reset: the same lines with other
    figures are no reset, so that what is selected stays selected.
    """

    refreshed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.lines: list[Line] = []
        self.columns: tuple[Column, ...] = COLUMNS
        self.is_flat = False
        self.text = ""
        self.kind = ""
        self.sorted_by: tuple[int, bool] | None = None
        self.analysis: Analysis | None = None
        self._open: set[str] = set()
        self._places: dict[str, int] | None = None
        self._texts_of: Analysis | None = None
        self._known_texts: dict[str, str] = {}

    @property
    def is_tree(self) -> bool:
        """Return whether the lines are a tree: not flat, not filtered, not sorted."""
        return not (self.is_flat or self.text or self.kind or self.sorted_by)

    def show(self, analysis: Analysis) -> None:
        """Show the layers of another analysis, open where this one was."""
        self.analysis = analysis
        self.refresh()

    def show_measured(self, values: BlockValues | None) -> None:
        """Show a last column with a value of each block, or none."""
        if self.ranks_blocks and values is None:
            self.sorted_by = None
        place, had = len(COLUMNS), len(self.columns) > len(COLUMNS)
        columns = (*COLUMNS, measured_column(values)) if values else COLUMNS
        if bool(values) != had:
            begin = self.beginInsertColumns if values else self.beginRemoveColumns
            begin(_NOWHERE, place, place)
            self.columns = columns
            self.endInsertColumns() if values else self.endRemoveColumns()
        self.columns = columns
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(columns) - 1)
        self.refresh()

    @property
    def ranks_blocks(self) -> bool:
        """Return whether the lines are blocks, sorted by what was measured in them."""
        return self.sorted_by is not None and self.sorted_by[0] >= len(COLUMNS)

    def refresh(self) -> None:
        """Work out the visible lines anew."""
        lines = self._visible()
        if lines and [line.path for line in lines] == [line.path for line in self.lines]:
            self.lines = lines
            self.dataChanged.emit(self.index(0, 0), self.index(len(lines) - 1, len(self.columns) - 1))
        else:
            self.beginResetModel()
            self.lines, self._places = lines, None
            self.endResetModel()
        self.refreshed.emit()

    def toggle(self, path: str) -> None:
        """Open or close a stage or block."""
        self._open ^= {path}
        self.refresh()

    def open_all(self, everything: bool) -> None:
        """Open every stage and block, or close all."""
        self._open.clear()
        if everything and self.analysis:
            network = self.analysis.network
            self._open |= {stage.path for stage in network.stages} | {block.path for block in network.blocks}
        self.refresh()

    def reveal(self, path: str) -> int:
        """Open what a path lies in; return its line, or that of what is around it; -1 if it is filtered out."""
        around = self._around(path)
        if self.is_tree and not set(around) <= self._open:
            self._open |= {name for name in around if not name.endswith(".downsample")}
            self.refresh()
        return self.place(path)

    def place(self, path: str) -> int:
        """Return the line of a path as things are open now, or that of what is around it; -1 where there is none."""
        if self._places is None:
            self._places = {line.path: index for index, line in enumerate(self.lines)}
        places = self._places
        return next((places[name] for name in (path, *self._around(path)) if name in places), -1)

    def _around(self, path: str) -> list[str]:
        return [name for name in self.analysis.network.ancestors(path) if name] if self.analysis and path else []

    def apart(self, places: Sequence[int]) -> list[Line]:
        """Return the lines at these places, in order, without those that lie inside another of them."""
        chosen, apart, inside = set(places), list[Line](), -1
        for place in range(places[0], places[-1] + 1) if places else ():
            line = self.lines[place]
            if line.depth <= inside:
                inside = -1
            if inside < 0 and place in chosen:
                apart.append(line)
                inside = line.depth if line.is_open is not None else -1
        return apart

    def rows_of(self, lines: Sequence[Line]) -> list[Row]:
        """Return the layers that lines stand for: themselves, or all that is inside of them."""
        rows: list[Row] = []
        for line in lines:
            rows += [line.row] if line.row else self._rows_in(line)
        return rows

    def _rows_in(self, line: Line) -> Sequence[Row]:
        if self.analysis is None:
            return ()
        stage = self.analysis.network.stage_at(line.path)
        is_stage = stage is not None and stage.path == line.path
        start = self.analysis.starts[stage.blocks[0].path if stage and is_stage else line.path]
        return self.analysis.rows[start : start + line.sums.layers]

    def _visible(self) -> list[Line]:
        if self.analysis is None:
            return []
        if self.is_tree:
            return list(self._tree(self.analysis))
        rows: Sequence[Row] = self.analysis.rows
        if self.kind:
            rows = [row for row in rows if row.part.layer.kind == self.kind]
        if self.text:
            words = _plain(self.text).split()
            texts = self._texts(self.analysis)
            rows = [row for row in rows if all(word in texts[row.path] for word in words)]
        total = self.analysis.total
        lines = [layer_line(row, 0, total) for row in rows]
        if self.ranks_blocks:
            lines = self._blocks_of(self.analysis, rows)
        if self.sorted_by:
            column, descending = self.sorted_by
            value = self.columns[column].value
            with_value = [line for line in lines if value(line) == value(line)]
            with_value.sort(key=value, reverse=descending)
            lines = with_value + [line for line in lines if value(line) != value(line)]
        return lines

    def _texts(self, analysis: Analysis) -> dict[str, str]:
        """Return for each layer what is shown of it and of the stage and block around it, for the filter."""
        if self._texts_of is not analysis:
            self._texts_of = analysis
            titles = {block.path: stage.title for stage in analysis.network.stages for block in stage.blocks}
            self._known_texts = {
                row.path: _plain(f"{block.path} {titles.get(block.path, '')} {_shown(row)}")
                for block in analysis.network.blocks
                for row in analysis.rows_of(block)
            }
        return self._known_texts

    def _blocks_of(self, analysis: Analysis, rows: Sequence[Row]) -> list[Line]:
        """Return the blocks that layers lie in: it is they that have a value."""
        chosen = {row.path for row in rows}
        blocks = [block for block in analysis.network.blocks if not chosen.isdisjoint(block.layer_paths)]
        return [next(self._block(analysis, block, 0))._replace(is_open=None) for block in blocks]

    def _tree(self, analysis: Analysis) -> Iterator[Line]:
        network = analysis.network
        yield from self._block(analysis, network.stem, 0)
        for stage in network.stages:
            yield from self._stage(analysis, stage)
        if network.head:
            yield from self._block(analysis, network.head, 0)

    def _stage(self, analysis: Analysis, stage: Stage) -> Iterator[Line]:
        is_open, count = stage.path in self._open, len(stage.blocks)
        text = f"{count} block{'s' if count > 1 else ''}"
        stride = analysis.rows_of(stage.blocks[-1])[-1].reading.stride
        name, sums = f"{stage.path} · {stage.title}", analysis.sums[stage.path]
        yield Line(stage.path, name, 0, text, None, sums, stride, is_open, analysis.total)
        if is_open:
            for block in stage.blocks:
                yield from self._block(analysis, block, 1)

    def _block(self, analysis: Analysis, block: Block, depth: int) -> Iterator[Line]:
        is_open = block.path in self._open
        count = len(block.layer_paths)
        text = f"block {block.number}" if block.number else f"{count} layer{'' if count == 1 else 's'}"
        sums, stride = analysis.sums[block.path], analysis.rows_of(block)[-1].reading.stride
        yield Line(block.path, block.path, depth, text, None, sums, stride, is_open, analysis.total)
        if is_open:
            for row in analysis.rows_of(block):
                yield layer_line(row, depth + 1, analysis.total)

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.lines)

    def columnCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.columns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        line = self.lines[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return self.columns[index.column()].text(line)
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{line.path}: {line.text}, {line.sums.params:,} parameters, {line.sums.macs:,} MACs"
        if role == Qt.ItemDataRole.AccessibleTextRole and index.column() == 0:
            state = "" if line.is_open is None else ", open" if line.is_open else ", closed"
            return f"{line.path}, {line.text}{state}"
        return None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column; by none, in the order in which layers run, where it is -1."""
        self.sorted_by = (column, order == Qt.SortOrder.DescendingOrder) if column >= 0 else None
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(self.columns) - 1)
        self.refresh()

    def _arrow(self, section: int) -> str:
        """Return which way a column sorts: in its title, where Qt's own mark would cover the end of the text."""
        if self.sorted_by is None or self.sorted_by[0] != section:
            return ""
        return " ↓" if self.sorted_by[1] else " ↑"

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if orientation == Qt.Orientation.Vertical:
            return None
        column = self.columns[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return column.title + self._arrow(section)
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{column.tip} Click to sort."
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if column.numeric else Qt.AlignmentFlag.AlignLeft
            return side | Qt.AlignmentFlag.AlignVCenter
        return None
