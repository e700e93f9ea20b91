"""The layer table: tree or flat, filtered, sorted, copied, and linked with the other views by path."""

from PySide6.QtCore import QEvent, QItemSelectionModel, QModelIndex, QObject, Qt, Signal
from PySide6.QtGui import QAction, QGuiApplication, QKeyEvent, QKeySequence, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QMenu,
    QTableView,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from resnet_explorer.analysis import Row
from resnet_explorer.analysis.words import mib, si
from resnet_explorer.drawing.theme import LIGHT, Theme
from resnet_explorer.export.table import to_csv, to_markdown
from resnet_explorer.gui.document import Document
from resnet_explorer.gui.session import Results
from resnet_explorer.gui.views.fields import QuietCombo
from resnet_explorer.gui.views.table_columns import COLUMNS, Line
from resnet_explorer.gui.views.table_delegate import INDENT, PAD, TableDelegate
from resnet_explorer.gui.views.table_model import TableModel

ROW_HEIGHT = 23


class _Lines(QTableView):
    """The view of the lines; tells of clicks on triangles and of keys that open and close."""

    toggled = Signal(int)
    opened = Signal(int, bool)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        model = self.model()
        if index.isValid() and index.column() == 0 and isinstance(model, TableModel):
            line = model.lines[index.row()]
            left = self.columnViewportPosition(0) + PAD + line.depth * INDENT
            if line.is_open is not None and event.position().x() < left + INDENT:
                self.toggled.emit(index.row())
                return
        super().mousePressEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        row = self.currentIndex().row()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.toggled.emit(row)
        elif event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self.opened.emit(row, event.key() == Qt.Key.Key_Right)
        elif event.matches(QKeySequence.StandardKey.Copy):
            event.ignore()
        else:
            super().keyPressEvent(event)


class LayerTable(QWidget):
    """Every layer with its shapes and costs; ``summary_changed`` gives the sums of the selected lines in words."""

    summary_changed = Signal(str)

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self.model = TableModel()
        self.model.setParent(self)
        self._delegate = TableDelegate(self.model)
        self.view = self._make_view()
        self.filter = QLineEdit(placeholderText="Filter layers", clearButtonEnabled=True)
        self.kinds = QuietCombo()
        self.flat = _tool_button("Flat", "List the layers one after the other, without stages and blocks.")
        self.flat.setCheckable(True)
        self.count = QLabel()
        self._is_marking = False
        self._scale = 1.0
        self._arrange()
        self._wire()

    def _make_view(self) -> _Lines:
        view = _Lines(self)
        view.setModel(self.model)
        view.setItemDelegate(self._delegate)
        view.setAccessibleName("Layers")
        view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        view.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        view.setShowGrid(False)
        view.setTabKeyNavigation(False)
        view.setMouseTracking(True)
        view.setWordWrap(False)
        view.verticalHeader().setVisible(False)
        view.verticalHeader().setDefaultSectionSize(ROW_HEIGHT)
        view.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header = view.horizontalHeader()
        header.setSortIndicatorShown(True)
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        header.setSectionsClickable(True)
        header.setHighlightSections(False)
        view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        return view

    def _arrange(self) -> None:
        self.filter.setAccessibleName("Filter layers by name or type")
        self.filter.setToolTip("Show only layers whose path or type holds this text.")
        self.kinds.setAccessibleName("Kind of layer")
        self.kinds.setToolTip("Show only layers of one kind.")
        self.count.setObjectName("muted")
        line = QHBoxLayout()
        line.setContentsMargins(8, 4, 8, 4)
        line.addWidget(self.filter, 1)
        line.addWidget(self.kinds)
        line.addWidget(self.flat)
        line.addWidget(self.count)
        line.addStretch(1)
        for words, tip, everything in (
            ("Open all", "Open every stage and block", True),
            ("Close all", "Close all", False),
        ):
            button = _tool_button(words, tip)
            button.setProperty("everything", everything)
            button.clicked.connect(self._on_open_all_clicked)
            line.addWidget(button)
        line.addWidget(self._copy_button())
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(line)
        column.addWidget(self.view)

    def _copy_button(self) -> QToolButton:
        button = _tool_button("Copy", "Copy the selected lines, or all layers, as text.")
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.menu = QMenu(self)
        csv, markdown = self.menu.addAction("Copy as CSV"), self.menu.addAction("Copy as Markdown")
        csv.triggered.connect(self.copy_csv)
        markdown.triggered.connect(self.copy_markdown)
        button.setMenu(self.menu)
        copy = QAction("Copy", self.view)
        copy.setShortcut(QKeySequence.StandardKey.Copy)
        copy.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        copy.triggered.connect(self.copy_text)
        self.view.addAction(copy)
        return button

    def _wire(self) -> None:
        self.view.toggled.connect(self._on_toggled)
        self.view.opened.connect(self._on_opened)
        self.view.doubleClicked.connect(self._on_double_clicked)
        self.view.entered.connect(self._on_entered)
        self.view.viewport().installEventFilter(self)
        self.view.customContextMenuRequested.connect(self._on_menu_wanted)
        self.view.horizontalHeader().sectionClicked.connect(self._on_header_clicked)
        self.view.selectionModel().currentRowChanged.connect(self._on_current_changed)
        self.view.selectionModel().selectionChanged.connect(self._on_selection_changed)
        self.filter.textChanged.connect(self._on_filter_changed)
        self.kinds.activated.connect(self._on_filter_changed)
        self.flat.toggled.connect(self._on_filter_changed)
        self._document.selected.connect(self._on_selected)
        self._document.hovered.connect(self._on_hovered)

    def show_results(self, results: Results) -> None:
        """Show the layers of new results; what is open, filtered and selected stays so."""
        self.model.show(results.analysis)
        self._show_kinds()
        self._show_count()
        self._on_selected(self._document.selection)

    def show_theme(self, theme: Theme) -> None:
        """Paint in another theme; larger text gets wider columns and higher lines."""
        self._delegate.show_theme(theme)
        self._scale = theme.font_points / LIGHT.font_points
        self.view.verticalHeader().setDefaultSectionSize(round(ROW_HEIGHT * self._scale))
        self._fit_columns()
        self.view.viewport().update()

    def _fit_columns(self) -> None:
        """Give every column the width of its text, and what is left over to all of them."""
        widths = [column.width * self._scale for column in COLUMNS]
        stretch = max(1.0, min(1.45, self.view.viewport().width() / sum(widths)))
        for index, wide in enumerate(widths):
            self.view.setColumnWidth(index, int(wide * stretch))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_columns()

    def _show_kinds(self) -> None:
        assert self.model.analysis
        kinds = ["", *sorted({row.part.layer.kind for row in self.model.analysis.rows})]
        if [self.kinds.itemData(index) for index in range(self.kinds.count())] != kinds:
            chosen = self.kinds.currentData()
            self.kinds.clear()
            for kind in kinds:
                self.kinds.addItem(kind or "All kinds", kind)
            self.kinds.setCurrentIndex(max(0, self.kinds.findData(chosen)))

    def _show_count(self) -> None:
        assert self.model.analysis
        total = len(self.model.analysis.rows)
        shown = len(self.model.lines)
        words = f"{total:,} layers" if self.model.is_tree or shown == total else f"{shown:,} of {total:,} layers"
        self.count.setText(words + (", sorted" if self.model.sorted_by else ""))

    def _refresh(self) -> None:
        self.model.refresh()
        self._show_count()
        self._on_selected(self._document.selection)

    def _on_filter_changed(self) -> None:
        self.model.text = self.filter.text().strip()
        self.model.kind = self.kinds.currentData() or ""
        self.model.is_flat = self.flat.isChecked()
        self._refresh()

    def _on_header_clicked(self, section: int) -> None:
        """Sort down, then up, then not at all; words begin at their start."""
        steps = (COLUMNS[section].numeric, not COLUMNS[section].numeric)
        now = self.model.sorted_by
        order: tuple[int, bool] | None = (section, steps[0])
        if now and now[0] == section:
            order = (section, steps[1]) if now[1] == steps[0] else None
        self.model.sorted_by = order
        down = Qt.SortOrder.DescendingOrder if order and order[1] else Qt.SortOrder.AscendingOrder
        self.view.horizontalHeader().setSortIndicator(section if order else -1, down)
        self._refresh()

    def _on_open_all_clicked(self) -> None:
        self.model.open_all(bool(self.sender().property("everything")))
        self._on_selected(self._document.selection)

    def _on_toggled(self, row: int) -> None:
        if 0 <= row < len(self.model.lines) and self.model.lines[row].is_open is not None:
            top = self.view.verticalScrollBar().value()
            path = self.model.lines[row].path
            self.model.toggle(path)
            self.view.verticalScrollBar().setValue(top)
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

    def _on_double_clicked(self, index: QModelIndex) -> None:
        self._on_toggled(index.row())

    def _on_entered(self, index: QModelIndex) -> None:
        self._document.hover_over(self.model.lines[index.row()].path)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave:
            self._document.hover_over("")
        return super().eventFilter(watched, event)

    def _on_menu_wanted(self, place: object) -> None:
        self.menu.popup(self.cursor().pos())

    def _on_current_changed(self, current: QModelIndex, previous: QModelIndex) -> None:
        if current.isValid() and not self._is_marking:
            self._document.select(self.model.lines[current.row()].path)

    def _on_selected(self, path: str) -> None:
        row = self.model.reveal(path)
        if row < 0:
            self.view.clearSelection()
        elif row != self.view.currentIndex().row() or not self.view.selectionModel().isRowSelected(row):
            self._mark(row)

    def _mark(self, row: int) -> None:
        """Make a line the current one without telling anybody, and show it."""
        chosen = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
        index = self.model.index(row, 0)
        self._is_marking = True
        self.view.selectionModel().setCurrentIndex(index, chosen)
        self._is_marking = False
        self.view.scrollTo(index)

    def _on_hovered(self, path: str) -> None:
        places = (index for index, line in enumerate(self.model.lines) if line.path == path)
        hovered = next(places, -1) if path else -1
        if hovered != self._delegate.hovered:
            self._delegate.hovered = hovered
            self.view.viewport().update()

    def selected_lines(self) -> list[Line]:
        """Return the selected lines from top to bottom."""
        return [self.model.lines[index.row()] for index in sorted(self.view.selectionModel().selectedRows())]

    def _on_selection_changed(self) -> None:
        self._tell_sums()

    def _tell_sums(self) -> None:
        """Sum the selected lines; a layer inside a selected block counts once."""
        lines = self.selected_lines()
        chosen = {line.path for line in lines}
        network = self.model.analysis.network if self.model.analysis else None
        apart = [line.sums for line in lines if network and not chosen & set(network.ancestors(line.path))]
        params, macs = sum(sums.params for sums in apart), sum(sums.macs for sums in apart)
        layers, memory = sum(sums.layers for sums in apart), sum(sums.activation_bytes for sums in apart)
        noun = "layer" if layers == 1 else "layers"
        words = f"{layers:,} {noun}: {params:,} parameters · {si(macs)}MACs · {mib(memory)} activations"
        self.summary_changed.emit(words if apart else "")

    def _rows(self) -> list[Row] | None:
        """Return the layers of the selected lines; None, meaning all, where fewer than two lines are selected."""
        lines, analysis = self.selected_lines(), self.model.analysis
        if len(lines) < 2 or analysis is None:
            return None if self.model.is_tree else [line.row for line in self.model.lines if line.row]
        chosen = {line.path for line in lines}
        return [row for row in analysis.rows if chosen & {row.path, *analysis.network.ancestors(row.path)}]

    def copy_csv(self) -> None:
        """Copy the selected lines' layers, or all that are shown, as CSV."""
        if self.model.analysis:
            QGuiApplication.clipboard().setText(to_csv(self.model.analysis, self._rows()))

    def copy_markdown(self) -> None:
        """Copy the selected lines' layers, or all that are shown, as a Markdown table."""
        if self.model.analysis:
            QGuiApplication.clipboard().setText(to_markdown(self.model.analysis, self._rows()))

    def copy_text(self) -> None:
        """Copy the selected lines as they stand there, separated by tabs."""
        lines = [
            "\t".join(column.text(line, self.model.totals) for column in COLUMNS) for line in self.selected_lines()
        ]
        QGuiApplication.clipboard().setText("\n".join(lines))


def _tool_button(words: str, tip: str) -> QToolButton:
    button = QToolButton()
    button.setText(words)
    button.setToolTip(tip)
    return button
