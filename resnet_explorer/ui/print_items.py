"""What a printed page is made of: paragraphs, formulas, pictures, lines to write on, rows of a table."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QTextDocument, QTextOption

from resnet_explorer.picture.marks import Ink, Picture, Style
from resnet_explorer.picture.theme import LIGHT
from resnet_explorer.ui.outlines import formula_path
from resnet_explorer.ui.painter import FAMILY, font, paint

LARGER = 1.15
"""So many times as large as in its file a formula is printed."""
TEXT, SMALL = 14, 11
"""In px: the sizes of text, 10.5 and 8.25 points in print."""


def colour(ink: Ink) -> QColor:
    """Return a colour as it is printed."""
    return QColor(LIGHT.colours[ink])


@dataclass(frozen=True, kw_only=True)
class Item(ABC):
    """Something on a page, as wide as the page's text.

    ``keeps`` binds it to the one after it, on the same page; ``gap`` is the space in px above it.
    """

    keeps: bool = False
    gap: float = 6.0

    @property
    @abstractmethod
    def height(self) -> float:
        """Return its height in px."""

    @property
    @abstractmethod
    def width(self) -> float:
        """Return how wide it is drawn in px, from the left edge of the text."""

    @abstractmethod
    def draw(self, painter: QPainter, x: float, y: float) -> None:
        """Paint it with its upper left corner at a place."""


@dataclass(frozen=True)
class Paragraph(Item):
    """Text with marks of emphasis, as HTML; ``left`` is how far it is indented."""

    html: str
    room: float
    size: int = TEXT
    style: Style = Style.REGULAR
    ink: Ink = Ink.TEXT
    left: float = 0.0

    @cached_property
    def _text(self) -> QTextDocument:
        text = QTextDocument()
        text.setDocumentMargin(0)
        text.setDefaultFont(font(self.size, self.style))
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        text.setDefaultTextOption(option)
        ink = LIGHT.colours[self.ink]
        text.setDefaultStyleSheet(f"body {{color: {ink}}} b, code {{font-family: {FAMILY}; font-weight: 600}}")
        text.setHtml(f"<body>{self.html}</body>")
        text.setTextWidth(self.room - self.left)
        return text

    @property
    def height(self) -> float:
        return float(self._text.size().height())

    @property
    def width(self) -> float:
        return self.left + float(self._text.idealWidth())

    @property
    def plain(self) -> str:
        """Return its text without marks."""
        return self._text.toPlainText()

    def draw(self, painter: QPainter, x: float, y: float) -> None:
        painter.save()
        painter.translate(x + self.left, y)
        self._text.drawContents(painter)
        painter.restore()


@dataclass(frozen=True)
class PrintedFormula(Item):
    """A formula of resources/formulas, as outlines."""

    key: str
    room: float
    gap: float = field(default=10.0, kw_only=True)

    @property
    def _zoom(self) -> float:
        return min(LARGER, self.room / formula_path(self.key)[1].width())

    @property
    def height(self) -> float:
        return self._zoom * formula_path(self.key)[1].height()

    @property
    def width(self) -> float:
        return self._zoom * formula_path(self.key)[1].width()

    def draw(self, painter: QPainter, x: float, y: float) -> None:
        path, box = formula_path(self.key)
        painter.save()
        painter.translate(x, y)
        painter.scale(self._zoom, self._zoom)
        painter.translate(-box.topLeft())
        painter.fillPath(path, colour(Ink.TEXT))
        painter.restore()


@dataclass(frozen=True)
class PrintedPicture(Item):
    """A picture of marks, no larger than it is and no larger than the room."""

    picture: Picture
    room: float
    highest: float
    gap: float = field(default=10.0, kw_only=True)

    @property
    def zoom(self) -> float:
        return min(1.0, self.room / self.picture.width, self.highest / self.picture.height)

    @property
    def height(self) -> float:
        return self.picture.height * self.zoom

    @property
    def width(self) -> float:
        return self.picture.width * self.zoom

    def draw(self, painter: QPainter, x: float, y: float) -> None:
        painter.save()
        painter.translate(x, y)
        painter.scale(self.zoom, self.zoom)
        paint(painter, self.picture, LIGHT)
        painter.restore()


@dataclass(frozen=True)
class Choice(Item):
    """An option with a circle to mark; a full one where it is right and the sheet is the teacher's."""

    text: Paragraph
    is_marked: bool
    keeps: bool = field(default=True, kw_only=True)
    gap: float = field(default=4.0, kw_only=True)

    @property
    def height(self) -> float:
        return self.text.height

    @property
    def width(self) -> float:
        return self.text.width

    def draw(self, painter: QPainter, x: float, y: float) -> None:
        painter.setPen(QPen(colour(Ink.TEXT), 1.2))
        painter.setBrush(colour(Ink.TEXT) if self.is_marked else Qt.BrushStyle.NoBrush)
        painter.drawEllipse(QRectF(x + 4, y + 3, 11, 11))
        self.text.draw(painter, x, y)


@dataclass(frozen=True)
class Ruled(Item):
    """A line to write on, after a word."""

    text: str
    unit: str
    room: float
    gap: float = field(default=16.0, kw_only=True)

    @property
    def height(self) -> float:
        return 20.0

    @property
    def width(self) -> float:
        return self.room

    def draw(self, painter: QPainter, x: float, y: float) -> None:
        painter.setFont(font(TEXT, Style.REGULAR))
        painter.setPen(QPen(colour(Ink.TEXT), 1.0))
        measured = QFontMetricsF(painter.font())
        start = x + measured.horizontalAdvance(self.text) + 8
        end = x + self.room - (measured.horizontalAdvance(self.unit) + 8 if self.unit else 0.0)
        painter.drawText(QPointF(x, y + 15), self.text)
        painter.drawText(QPointF(end + 8, y + 15), self.unit)
        painter.drawLine(QPointF(start, y + 17), QPointF(end, y + 17))


@dataclass(frozen=True)
class Row(Item):
    """A row of a table: texts at the left of their columns, numbers at the right; ``widths`` are shares of the room."""

    cells: Sequence[str]
    widths: Sequence[float]
    numbers: int
    room: float
    is_head: bool = False
    gap: float = field(default=0.0, kw_only=True)

    @property
    def height(self) -> float:
        return 15.0

    @property
    def width(self) -> float:
        return self.room

    def draw(self, painter: QPainter, x: float, y: float) -> None:
        painter.setFont(font(SMALL, Style.SEMIBOLD if self.is_head else Style.REGULAR))
        painter.setPen(colour(Ink.TEXT))
        texts = len(self.cells) - self.numbers
        for place, (text, share) in enumerate(zip(self.cells, self.widths, strict=True)):
            side = Qt.AlignmentFlag.AlignLeft if place < texts else Qt.AlignmentFlag.AlignRight
            painter.drawText(QRectF(x, y, share * self.room - 6, 15), side | Qt.AlignmentFlag.AlignVCenter, text)
            x += share * self.room
