"""The network as PyTorch source, highlighted, with the lines of the selection marked."""

from collections.abc import Iterator
from functools import cache
from itertools import groupby

from PySide6.QtCore import Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QShowEvent, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QPlainTextEdit, QTextEdit, QWidget

from resnet_explorer.picture.marks import Ink
from resnet_explorer.picture.theme import LIGHT, Theme
from resnet_explorer.source import lines_of, to_source
from resnet_explorer.ui.document import Document, Results
from resnet_explorer.ui.parts import hbox, label, tool, vbox

INKS = (
    ("Token.Keyword", Ink.STAGE3),
    ("Token.Name.Class", Ink.ACCENT),
    ("Token.Name.Function", Ink.ACCENT),
    ("Token.Literal.String", Ink.STEM),
    ("Token.Comment", Ink.MUTED),
    ("Token.Literal.Number", Ink.SHORTCUT),
    ("Token.Name.Builtin", Ink.STAGE4),
)
"""What a token's kind begins with, and the ink it is written in; the first that fits."""


class CodeView(QWidget):
    """Shows the source of the document's network; it is written only while somebody looks at it."""

    save_wanted = Signal()

    def __init__(self, document: Document) -> None:
        super().__init__()
        self._document = document
        self._results: Results | None = None
        self._theme = LIGHT
        self._is_fresh = self._is_watched = False
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.text.setAccessibleName("PyTorch source of this network")
        self.setFocusProxy(self.text)
        self.count = label(kind="muted")
        tip = "Save it as a Python file that needs PyTorch alone"
        buttons = (tool("Copy", "Copy the whole file", self.copy), tool("Save…", tip, self.save_wanted.emit))
        vbox(hbox((self.count, 1), *buttons, margins=(8, 4, 8, 4)), self.text, of=self, spacing=0)
        document.selected.connect(self._on_selected)

    def show_results(self, results: Results) -> None:
        """Show the source of new results, now or when it is looked at."""
        self._results, self._is_fresh = results, False
        self._write()

    def show_theme(self, theme: Theme) -> None:
        """Write in the colours of another theme."""
        self._theme, self._is_fresh = theme, False
        self._write()

    def watch(self, is_watched: bool) -> None:
        """Tell whether somebody looks: behind another tab a panel counts as visible to Qt."""
        self._is_watched = is_watched
        self._write()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._write()

    def source(self) -> str:
        """Return the text of the file."""
        return to_source(self._results.analysis) if self._results else ""

    def copy(self) -> None:
        """Copy the whole file."""
        QGuiApplication.clipboard().setText(self.source())

    def _write(self) -> None:
        if not self._is_watched or self._is_fresh or not self.isVisible():
            return
        source, place = self.source(), self.text.verticalScrollBar().value()
        font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        font.setPointSizeF(self._theme.font_points - 0.5)
        self.text.setFont(font)
        self.text.clear()
        cursor = QTextCursor(self.text.document())
        cursor.beginEditBlock()
        for text, style in _spans(source, self._theme, font):
            cursor.insertText(text, style)
        cursor.endEditBlock()
        self.text.verticalScrollBar().setValue(place)
        self.count.setText(f"{source.count(chr(10)):,} lines of PyTorch, nothing else needed")
        self._is_fresh = True
        self._on_selected(self._document.selection)

    def _on_selected(self, path: str) -> None:
        """Mark the lines that make what is selected, and show the first."""
        if not (self._results and self._is_fresh):
            return
        marks = []
        for number in lines_of(self.text.toPlainText(), self._results.analysis.network, path):
            mark = QTextEdit.ExtraSelection()
            mark.cursor = QTextCursor(self.text.document().findBlockByNumber(number))
            mark.format.setBackground(QColor(self._theme.colours[Ink.OPEN]))
            mark.format.setProperty(QTextCharFormat.Property.FullWidthSelection, True)
            marks.append(mark)
        self.text.setExtraSelections(marks)
        if marks:
            self.text.setTextCursor(marks[0].cursor)
            self.text.ensureCursorVisible()


@cache
def _ink(kind: object) -> Ink:
    return next((ink for start, ink in INKS if str(kind).startswith(start)), Ink.TEXT)


def _spans(source: str, theme: Theme, font: QFont) -> Iterator[tuple[str, QTextCharFormat]]:
    """Yield the text in pieces of one ink each."""
    from pygments.lexers.python import PythonLexer  # not needed before somebody looks at the code

    styles: dict[Ink, QTextCharFormat] = {}
    for ink, tokens in groupby(PythonLexer(stripnl=False).get_tokens(source), lambda token: _ink(token[0])):
        if ink not in styles:
            styles[ink] = QTextCharFormat()
            styles[ink].setFont(font)
            styles[ink].setForeground(QColor(theme.colours[ink]))
        yield "".join(text for _, text in tokens), styles[ink]
