"""The layer table with its bar: columns, filter, and copying."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtGui import QAction, QGuiApplication, QKeySequence
from PySide6.QtWidgets import QButtonGroup, QLineEdit, QMenu, QToolButton, QWidget

from resnet_explorer.app.table_columns import Line, csv_with_values, markdown_with_values
from resnet_explorer.app.table_model import TableModel
from resnet_explorer.app.table_view import LinesView
from resnet_explorer.diagram.overlays import BlockValues
from resnet_explorer.layers.table import to_csv, to_markdown
from resnet_explorer.picture.theme import Theme
from resnet_explorer.readings import Analysis, Row
from resnet_explorer.readings.text import mib, si
from resnet_explorer.ui.document import Document, Results
from resnet_explorer.ui.fields import ChoiceField
from resnet_explorer.ui.flow import tool_row
from resnet_explorer.ui.parts import button, describe, hbox, label, panel, stack, tool, vbox

_ORDERS = {True: Qt.SortOrder.DescendingOrder, False: Qt.SortOrder.AscendingOrder}


class LayerTable(QWidget):
    """Every layer with its shapes and costs; ``summary_changed`` gives the sums of the selected lines in words."""

    summary_changed = Signal(str)

    def __init__(self, document: Document) -> None:
        super().__init__()
        self._document = document
        self._is_marking = False
        self._chosen: set[str] = set()
        self._top = 0
        self.model = TableModel(self)
        self.view = LinesView(self.model)
        self.nothing = label(wrap=True)
        self.show_all = button("Show all layers", "Clear the filter", self._on_show_all)
        nothing = panel(hbox((self.nothing, 1), self.show_all), 1, margins=(14, 10, 14, 10))
        self._stack = stack(self.view, nothing)
        vbox(self._make_bar(), self._stack, of=self, spacing=0)
        self.setFocusProxy(self.view)
        self._wire()

    def _make_bar(self) -> QWidget:
        tip = "Stages, blocks and their layers, with sums. Filtering and sorting list layers."
        tree = tool("Tree", tip, checkable=True)
        tree.setChecked(True)
        self.flat = tool("Flat", "List the layers one after the other, without stages and blocks.", checkable=True)
        shapes = QButtonGroup(self)
        for shape in (tree, self.flat):
            shapes.addButton(shape)
        self.filter = describe(
            QLineEdit(placeholderText="Filter layers", clearButtonEnabled=True),
            "Filter layers by what is shown of them",
            "Show only layers with these words in path, stage, type, kernel or shape: conv3_x bn, 3x3, 64x56x56.",
        )
        self.filter.setMaximumWidth(320)
        self.kinds = describe(ChoiceField(), "Kind of layer", "Show only layers of one kind.")
        self.count = label(kind="muted")
        self.count.setMinimumWidth(1)
        self.open = tool("Open all", "Open every stage and block.", lambda: self.model.open_all(True))
        close = tool("Close all", "Close every stage and block.", lambda: self.model.open_all(False))
        copy = tool("Copy", "Copy the selected lines, or all layers, as text.")
        copy.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        copy.setMenu(self._make_menu())
        return tool_row(hbox(tree, self.flat, spacing=0), self.filter, self.kinds, self.count, self.open, close, copy)

    def _make_menu(self) -> QMenu:
        copy, csv, markdown = (QAction(f"Copy{text}", self) for text in ("", " as CSV", " as Markdown"))
        copy.triggered.connect(self.copy_text)
        csv.triggered.connect(self.copy_csv)
        markdown.triggered.connect(self.copy_markdown)
        copy.setShortcut(QKeySequence.StandardKey.Copy)
        copy.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        self.view.addAction(copy)
        self.menu = QMenu(self)
        self.menu.addActions([copy, csv, markdown])
        return self.menu

    def _wire(self) -> None:
        for signal in (self.filter.textChanged, self.kinds.activated, self.flat.toggled):
            signal.connect(self._on_bar_changed)
        self.filter.returnPressed.connect(self.view.setFocus)
        self.view.toggled.connect(self._on_toggled)
        self.view.opened.connect(self._on_opened)
        self.view.pointed.connect(self._on_pointed)
        self.view.doubleClicked.connect(lambda index: self._on_toggled(index.row()))
        self.view.horizontalHeader().sectionClicked.connect(self._on_header_clicked)
        self.view.selectionModel().currentRowChanged.connect(self._on_current_changed)
        self.view.selectionModel().selectionChanged.connect(self._on_selection_changed)
        self.model.modelAboutToBeReset.connect(self._on_reset_begun)
        self.model.modelReset.connect(self._on_reset_done)
        self.model.refreshed.connect(self._on_refreshed)
        self._document.selected.connect(self._on_selected)
        self._document.hovered.connect(self._on_hovered)
        self._document.overlays_changed.connect(self._on_overlays_changed)

    def show_results(self, results: Results) -> None:
        """Show the layers of new results; what is open, filtered and selected stays so."""
        analysis, is_first = results.analysis, self.model.analysis is None
        kinds = sorted({row.part.layer.kind for row in analysis.rows})
        if [self.kinds.itemData(place) for place in range(self.kinds.count())] != ["", *kinds]:
            chosen = self.kinds.chosen
            self.kinds.offer([("All kinds", ""), *((kind, kind) for kind in kinds)])
            self.kinds.setCurrentIndex(max(0, self.kinds.findData(chosen)))
        self.model.kind = self.kinds.currentData() or ""
        self.model.show(analysis)
        self._make_room(analysis)
        if is_first:
            self._on_overlays_changed()
            self._on_selected(self._document.selection)

    def _make_room(self, analysis: Analysis) -> None:
        self.view.make_room(tuple(column.widest(analysis) for column in self.model.columns))

    def _on_overlays_changed(self) -> None:
        self.model.show_measured(self._document.measured)
        if self.model.analysis:
            self._make_room(self.model.analysis)

    def show_theme(self, theme: Theme) -> None:
        """Paint in another theme; larger text gets wider columns and higher lines."""
        self.view.delegate.show_theme(theme)
        self.view.fit(anew=True)
        self.view.viewport().update()

    def _show_count(self) -> None:
        total, shown = len(self.model.analysis.rows) if self.model.analysis else 0, len(self.model.lines)
        if self.model.ranks_blocks:
            self.count.setText(f"{shown:,} blocks, flat while sorted")
            return
        text = f"{total:,} layers" if self.model.is_tree or shown == total else f"{shown:,} of {total:,} layers"
        self.count.setText(text + (", flat while sorted" if self.model.sorted_by and not self.model.is_flat else ""))

    def _on_bar_changed(self) -> None:
        self.model.text = self.filter.text().strip()
        self.model.kind = self.kinds.currentData() or ""
        self.model.is_flat = self.flat.isChecked()
        self.model.refresh()
        self.view.scrollTo(self.view.currentIndex())

    def _on_show_all(self) -> None:
        self.filter.clear()
        self.kinds.setCurrentIndex(0)
        self._on_bar_changed()
        self.filter.setFocus()

    def _on_header_clicked(self, section: int) -> None:
        first = self.model.columns[section].numeric
        now = self.model.sorted_by
        if now == (section, not first):
            self.model.sort(-1)
        else:
            self.model.sort(section, _ORDERS[first != (now == (section, first))])
        self.view.scrollToTop()

    def _on_toggled(self, row: int) -> None:
        if 0 <= row < len(self.model.lines) and self.model.lines[row].is_open is not None:
            path = self.model.lines[row].path
            self.model.toggle(path)
            self._mark(row)
            self._document.select(path)

    def _on_opened(self, row: int, is_open: bool) -> None:
        line = self.model.lines[row] if 0 <= row < len(self.model.lines) else None
        if line is None or self.model.analysis is None:
            return
        if line.is_open is not None and line.is_open != is_open:
            self._on_toggled(row)
        elif not is_open and self.model.is_tree:
            self._document.select(next(iter(self.model.analysis.network.ancestors(line.path)), ""))

    def _on_pointed(self, row: int) -> None:
        self._document.hover_over(self.model.lines[row].path if 0 <= row < len(self.model.lines) else "")

    def _on_current_changed(self, current: QModelIndex) -> None:
        """Tell of the line that was chosen; not of one that has the focus alone."""
        if current.isValid() and not self._is_marking and self.view.selectionModel().isSelected(current):
            self._document.select(self.model.lines[current.row()].path)

    def _on_selected(self, path: str) -> None:
        """Mark what another view has selected, alone; of several lines that are selected here each may be it."""
        was_chosen = any(line.path == path for line in self.selected_lines())
        row = self.model.reveal(path)
        if row < 0:
            self._is_marking = True
            self.view.clearSelection()
            self._is_marking = False
        elif not was_chosen or row != self.view.currentIndex().row():
            self._mark(row)

    def _mark(self, row: int) -> None:
        self._is_marking = True
        self.view.mark(row)
        self._is_marking = False

    def _on_reset_begun(self) -> None:
        self._chosen = {line.path for line in self.selected_lines()}
        self._top = self.view.verticalScrollBar().value()

    def _on_reset_done(self) -> None:
        """Select again what was selected, and stay where the view was."""
        chosen = self._chosen | ({self._document.selection} - {""})
        rows = [row for row, line in enumerate(self.model.lines) if line.path in chosen] if chosen else []
        current = self.model.place(self._document.selection)
        self._is_marking = True
        self.view.select_rows(rows or ([current] if current >= 0 else []), current)
        self._is_marking = False
        self.view.verticalScrollBar().setValue(self._top)

    def _on_refreshed(self) -> None:
        words = " and ".join(filter(None, (f"“{self.model.text}”" if self.model.text else "", self.model.kind)))
        self.nothing.setText(f"No layer matches {words}." if words else "")
        self._stack.setCurrentIndex(1 if words and not self.model.lines else 0)
        self._show_count()
        self._tell_sums()
        self._on_hovered(self._document.hover)

    def _on_hovered(self, path: str) -> None:
        self.view.hover(self.model.place(path))

    def selected_lines(self) -> list[Line]:
        """Return the selected lines from top to bottom."""
        return [self.model.lines[row] for row in self.view.selected_rows()]

    def _on_selection_changed(self) -> None:
        self._tell_sums()
        if not self._is_marking and not self.view.selectionModel().hasSelection():
            self._document.select("")

    def _tell_sums(self) -> None:
        apart = [line.sums for line in self.model.apart(self.view.selected_rows())]
        params, macs = sum(sums.params for sums in apart), sum(sums.macs for sums in apart)
        layers, memory = sum(sums.layers for sums in apart), sum(sums.activation_bytes for sums in apart)
        noun = "layer" if layers == 1 else "layers"
        text = f"{layers:,} {noun}: {params:,} parameters · {si(macs)}MACs · {mib(memory)} activations"
        self.summary_changed.emit(text if apart else "")

    def _rows(self) -> list[Row] | None:
        rows = self.view.selected_rows()
        if len(rows) < 2:
            return None if self.model.is_tree else self.model.rows_of(self.model.lines)
        return self.model.rows_of(self.model.apart(rows))

    def copy_csv(self) -> None:
        """Copy the selected lines' layers, or all that are shown, as CSV."""
        self._copy(to_csv, csv_with_values)

    def copy_markdown(self) -> None:
        """Copy the selected lines' layers, or all that are shown, as a Markdown table."""
        self._copy(to_markdown, markdown_with_values)

    def _copy(
        self,
        write: Callable[[Analysis, list[Row] | None], str],
        add_values: Callable[[str, BlockValues, Analysis, Sequence[Row]], str],
    ) -> None:
        analysis, values, rows = self.model.analysis, self._document.measured, self._rows()
        if analysis:
            text = write(analysis, rows)
            text = add_values(text, values, analysis, analysis.rows if rows is None else rows) if values else text
            QGuiApplication.clipboard().setText(text)

    def copy_text(self) -> None:
        """Copy the selected lines as they stand there, separated by tabs."""
        lines = ["\t".join(column.text(line) for column in self.model.columns) for line in self.selected_lines()]
        if lines:
            QGuiApplication.clipboard().setText("\n".join(lines))
