"""The figures behind the verdict: each sum beside what a library counts, and the rows that differ."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QHeaderView,
    QLabel,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from resnet_explorer.analysis.verdict import Verdict
from resnet_explorer.gui.views.verdict_label import VerdictLabel

ABOUT = (
    "The figures shown are worked out in closed form. Here they stand beside what PyTorch counts when it builds the "
    "network (FlopCounterMode: 1 MAC = 2 FLOPs), and beside fvcore, which says flops and means MACs."
)
COLUMNS = ("Library", "What", "Closed form", "Library's count", "")


class VerdictDialog(QDialog):
    """Shows the last verdict, and asks for one with fvcore."""

    def __init__(self, source: VerdictLabel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Verification")
        self._source = source
        self.words, about, self.notes = QLabel(), QLabel(ABOUT), QLabel()
        self.words.setObjectName("strong")
        about.setObjectName("muted")
        for label in (self.words, about, self.notes):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
        self.table = QTableWidget(0, len(COLUMNS))
        self.table.setHorizontalHeaderLabels(list(COLUMNS))
        self.table.setAccessibleName("Sums and rows compared")
        self.table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.table.verticalHeader().hide()
        self.table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.ask = QPushButton("Count with fvcore too")
        self.ask.setToolTip("Runs the network once on the CPU: some seconds for a deep one")
        self.ask.clicked.connect(self._on_ask_clicked)
        column = QVBoxLayout(self)
        for widget in (self.words, about, self.table, self.notes, self.ask):
            column.addWidget(widget)
        self.resize(640, 380)
        source.shown.connect(self.show_verdict)
        if source.verdict:
            self.show_verdict(source.verdict)
        else:
            self.words.setText("Not verified yet: PyTorch is at it.")
            source.verify()

    def show_verdict(self, verdict: Verdict) -> None:
        """Show a verdict: its sums, and up to a hundred rows that differ."""
        self.words.setText(f"{verdict.words} {verdict.where}")
        rows = [
            (check.library, check.what, f"{check.ours:,}", f"{check.theirs:,}", "✓" if check.agrees else "⚠ differs")
            for check in verdict.checks
        ]
        rows += [(one.path, one.what, one.ours, one.theirs, "⚠ differs") for one in verdict.differences[:100]]
        self.table.setRowCount(len(rows))
        for line, row in enumerate(rows):
            for place, text in enumerate(row):
                self.table.setItem(line, place, QTableWidgetItem(text))
        self.notes.setText("\n".join(check.note for check in verdict.checks if check.note))

    def _on_ask_clicked(self) -> None:
        self.words.setText("Counting with fvcore…")
        self._source.verify(fvcore=True)
