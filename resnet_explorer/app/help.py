"""Help: the texts of the guide beside a list of them, with a search; F1 opens the one of the page in view."""

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import (
    QDesktopServices,
    QPalette,
    QTextBlock,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
)
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QTextBrowser,
    QTextEdit,
)

from resnet_explorer import features
from resnet_explorer.app.main_window import MainWindow
from resnet_explorer.scenes.scene import DIAGRAM
from resnet_explorer.share.guide import FIRST, topics
from resnet_explorer.share.guide_page import guide_page
from resnet_explorer.ui.dialogs import resize_to_fit, save_text
from resnet_explorer.ui.parts import describe, label, split, vbox

HEADING_ROOM, CODE_ROOM = 16.0, 8.0
"""In px, above headings, and above and below code."""
_KEY = Qt.ItemDataRole.UserRole


class HelpDialog(QDialog):
    """The guide beside the window, which stays usable; links lead from text to text, sources open in the browser."""

    def __init__(self, key: str, parent: MainWindow) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Help")
        resize_to_fit(self, 960, 640)
        self.search = describe(QLineEdit(placeholderText="Search the guide"), "Search the guide")
        self.search.setClearButtonEnabled(True)
        self.list, self.page = describe(QListWidget(), "Topics"), describe(QTextBrowser(), "Text")
        self.page.setOpenLinks(False)
        self.nothing = label("No text has these words.", "muted")
        self.nothing.hide()
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        save = buttons.addButton("&Save as web page…", QDialogButtonBox.ButtonRole.ActionRole)
        describe(save, "Save as web page", "Save the whole guide as one page, to read in a browser or to print")
        save.setAutoDefault(False)
        save.clicked.connect(lambda: save_text(parent, "resnet-explorer-guide.html", {"Web page (*.html)": guide_page}))
        for topic in topics().values():
            item = QListWidgetItem(topic.title, self.list)
            item.setData(_KEY, topic.key)
        parts = split(Qt.Orientation.Horizontal, (220, 720), self.list, self.page)
        vbox(self.search, self.nothing, (parts, 1), buttons, of=self, margins=(9, 9, 9, 9))
        self.search.textChanged.connect(self._on_searched)
        self.list.currentItemChanged.connect(self._on_chosen)
        self.page.anchorClicked.connect(self._on_link)
        self.show_topic(key)
        self.page.setFocus()

    @property
    def key(self) -> str:
        """Return the key of the text that is shown."""
        item = self.list.currentItem()
        return str(item.data(_KEY)) if item else ""

    def show_topic(self, key: str) -> None:
        """Show the text of a key, from its beginning; the first text where there is none of that key."""
        keys = list(topics())
        self.list.setCurrentRow(keys.index(key) if key in keys else 0)

    def _on_chosen(self, item: QListWidgetItem | None) -> None:
        if item is not None:
            self.page.setMarkdown(topics()[item.data(_KEY)].text)
            self.page.document().setDocumentMargin(12)
            self._space()
            self.page.moveCursor(QTextCursor.MoveOperation.Start)
            self._mark()

    def _space(self) -> None:
        """Give headings room above them, and code a ground of its own."""
        block = self.page.document().begin()
        while block.isValid():
            style, before = block.blockFormat(), block.previous()
            if style.headingLevel() > 1:
                style.setTopMargin(HEADING_ROOM)
            if _is_code(block):
                style.setBackground(self.palette().alternateBase())
                style.setTopMargin(0 if _is_code(before) else CODE_ROOM)
                style.setBottomMargin(0 if _is_code(block.next()) else CODE_ROOM)
            QTextCursor(block).setBlockFormat(style)
            block = block.next()

    def _on_searched(self, text: str) -> None:
        """List the texts that have every word, show the first of them where the one that is shown has not."""
        rows = [self.list.item(row) for row in range(self.list.count())]
        fitting = [item for item in rows if topics()[item.data(_KEY)].has(text)]
        for item in rows:
            item.setHidden(item not in fitting)
        self.nothing.setVisible(not fitting)
        if fitting and self.list.currentItem() not in fitting:
            self.list.setCurrentItem(fitting[0])
        self._mark()

    def _mark(self) -> None:
        """Mark the words that are searched for, and show the first."""
        style = QTextCharFormat()
        style.setBackground(self.palette().color(QPalette.ColorRole.Highlight))
        style.setForeground(self.palette().color(QPalette.ColorRole.HighlightedText))
        marks = [mark for word in self.search.text().split() for mark in self._places(word, style)]
        self.page.setExtraSelections(marks)
        if marks:
            first = min((mark.cursor for mark in marks), key=lambda cursor: cursor.position())
            self.page.setTextCursor(QTextCursor(self.page.document().findBlock(first.position())))

    def _places(self, word: str, style: QTextCharFormat) -> list[QTextEdit.ExtraSelection]:
        places: list[QTextEdit.ExtraSelection] = []
        document: QTextDocument = self.page.document()
        cursor = document.find(word)
        while not cursor.isNull():
            mark = QTextEdit.ExtraSelection()
            mark.cursor, mark.format = cursor, style
            places.append(mark)
            cursor = document.find(word, cursor)
        return places

    def _on_link(self, link: QUrl) -> None:
        if link.scheme():
            QDesktopServices.openUrl(link)
        else:
            self.search.clear()
            self.show_topic(link.path().removesuffix(".md"))


def _is_code(block: QTextBlock) -> bool:
    return block.isValid() and block.blockFormat().hasProperty(QTextFormat.Property.BlockCodeFence)


def key_of(window: MainWindow) -> str:
    """Return the key of the text that explains what a window shows."""
    page = window.shown_page()
    keys = (DIAGRAM, *(row.key for row in features.pages()))
    return (page.guide if page else "") or keys[window.tabs.currentIndex()]


def show_page(window: MainWindow, checked: bool) -> None:
    """Open the help on the page in view; where it is open show that page in it."""
    show_topic(window, key_of(window))


def show_guide(window: MainWindow, checked: bool) -> None:
    """Open the guide at its beginning."""
    show_topic(window, FIRST)


def show_topic(window: MainWindow, key: str) -> None:
    """Open the guide at a text, in the dialog that is open where there is one."""
    dialog = next((child for child in window.findChildren(HelpDialog) if child.isVisible()), None)
    if dialog is None:
        dialog = HelpDialog(key, window)
        dialog.show()
    else:
        dialog.show_topic(key)
        dialog.raise_()
        dialog.activateWindow()
