"""A lesson's text as it is shown: paragraphs whose lines run on, with *emphasis* and `code`."""

import re
from html import escape

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QWidget

from resnet_explorer.ui.parts import WrappedLabel

_EMPHASIS, _CODE = re.compile(r"\*(\S(?:[^*]*\S)?)\*"), re.compile(r"`([^`]+)`")


def paragraphs(text: str) -> list[str]:
    """Return the paragraphs of a text, each in one line."""
    return [" ".join(part.split()) for part in re.split(r"\n\s*\n", text.strip())]


def html(text: str) -> str:
    """Return a text as Qt's rich text."""
    marked = (_EMPHASIS.sub(r"<i>\1</i>", escape(part)) for part in paragraphs(text))
    return "<br/><br/>".join(_CODE.sub(r"<code>\1</code>", part) for part in marked)


def plain(text: str) -> str:
    """Return a text without its marks, as it is read aloud."""
    return " ".join(_CODE.sub(r"\1", _EMPHASIS.sub(r"\1", part)) for part in paragraphs(text))


class LessonText(WrappedLabel):
    """A wrapped label that shows a text of a lesson."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(quiet=False, parent=parent)
        self.setTextFormat(Qt.TextFormat.RichText)

    def show_text(self, text: str) -> None:
        super().show_text(html(text) if text else "")
        self.setAccessibleName(plain(text) if text else "")

    def _fit(self) -> None:
        margins = self.contentsMargins()
        wide = max(60, self.contentsRect().width()) + margins.left() + margins.right()
        self.setMinimumHeight(0)  # else it is never less than that of now
        self.setFixedHeight(max(0, QLabel.heightForWidth(self, wide)))
