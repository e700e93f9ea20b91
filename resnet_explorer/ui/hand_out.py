"""An article as a printed hand-out: a PDF of pages with text that can be selected, pictures as vectors.

A student's sheet has room for answers; a teacher's has the answers, and what shows them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from html import escape
from itertools import zip_longest

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMarginsF, QPointF, Qt
from PySide6.QtGui import QPageLayout, QPageSize, QPainter, QPdfWriter, QPen

from resnet_explorer.diagram.diagram import diagram
from resnet_explorer.lessons.values import QuestionKind
from resnet_explorer.picture.chart import Chart, chart
from resnet_explorer.picture.marks import Group, Ink, Picture, Style
from resnet_explorer.readings.text import size
from resnet_explorer.share.article import Article, Ask, Diagram, Drawing, Figure, Formula, Layers, Part, Section, Text
from resnet_explorer.share.elements import inline
from resnet_explorer.share.figures import LONG
from resnet_explorer.ui.clipboard import application
from resnet_explorer.ui.painter import font
from resnet_explorer.ui.print_items import (
    SMALL,
    Choice,
    Item,
    Paragraph,
    PrintedFormula,
    PrintedPicture,
    Row,
    Ruled,
    colour,
)

PAPERS = {"a4": QPageSize.PageSizeId.A4, "letter": QPageSize.PageSizeId.Letter}
MARGIN, FOOT = 60.0, 34.0
"""In px, 96 to an inch: around the text, and for the number of the page."""
HIGHEST, HIGHEST_TWINS = 0.3, 0.5
"""So much of a page's height a picture takes at most; that of two networks."""
SHRUNK = 0.8
"""Diagrams are laid out to be printed at about this size."""
PICTURES = (Diagram, Drawing, Figure, Formula)
"""What stands on the page of the words before it."""
COLUMNS = (("layer", 0.27), ("type", 0.17), ("kernel", 0.12), ("output", 0.16), ("parameters", 0.13), ("MACs", 0.15))


EDGE = 14.0
"""In px: so far lines of an overview reach over its sides."""
HIGH, BETWEEN = 0.38, 16.0
"""The height of charts as a share of the width of the text; in px, the space between two side by side."""
SMALL_SERIES = 2
"""A chart of so many curves can be half as wide as the text: its legend has room."""
PANEL, MOST_PANELS = 270.0, 4
"""The height in px that is left for open blocks under an overview; so many of them are printed."""


def _is_small(one: Chart) -> bool:
    return sum(not series.faint for series in one.shown) <= SMALL_SERIES


def _around(picture: Picture, groups: Sequence[Group]) -> Picture:
    """Return some groups of a picture as one of their own, without the margins."""
    x, y = (min(getattr(group, side) for group in groups) - EDGE for side in ("x", "y"))
    wide = max(group.x + group.width for group in groups) - x + EDGE
    high = max(group.y + group.height for group in groups) - y + 2
    moved = (replace(group, x=group.x - x, y=group.y - y) for group in groups)
    return Picture(wide, high, tuple(moved), picture.title, picture.description)


@dataclass(frozen=True)
class Sheet:
    """A size of paper in px, and what of it is for the text."""

    width: float
    height: float

    @property
    def room(self) -> float:
        return self.width - 2 * MARGIN

    @property
    def bottom(self) -> float:
        return self.height - MARGIN - FOOT


@dataclass(frozen=True)
class Placed:
    """An item at its place on a page; y is its upper edge."""

    item: Item
    y: float


def to_pdf(article: Article, paper: str = "a4", answers: bool = False) -> bytes:
    """Return an article as a PDF on ``a4`` or ``letter`` paper; ``answers`` makes the teacher's sheet."""
    keep = application()
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    layout = QPageLayout(QPageSize(PAPERS[paper]), QPageLayout.Orientation.Portrait, QMarginsF(0, 0, 0, 0))
    writer.setPageLayout(layout)
    writer.setTitle(article.title)
    writer.setCreator("ResNet Explorer")
    writer.setResolution(96)
    sheet = sheet_of(paper)
    made = pages(article, sheet, answers)
    painter = QPainter(writer)
    for number, page in enumerate(made, start=1):
        if number > 1:
            writer.newPage()
        for placed in page:
            placed.item.draw(painter, MARGIN, placed.y)
        _draw_foot(painter, sheet, article.title, f"{number} / {len(made)}")
    painter.end()
    buffer.close()
    del keep
    return bytes(data.data())


def sheet_of(paper: str) -> Sheet:
    """Return the size of a paper."""
    points = QPageSize(PAPERS[paper]).sizePoints()
    return Sheet(points.width() / 0.75, points.height() / 0.75)


def _draw_foot(painter: QPainter, sheet: Sheet, title: str, number: str) -> None:
    y = sheet.height - MARGIN + 4
    painter.setPen(QPen(colour(Ink.LINE), 1.0))
    painter.drawLine(QPointF(MARGIN, y - 16), QPointF(sheet.width - MARGIN, y - 16))
    painter.setFont(font(SMALL, Style.REGULAR))
    painter.setPen(colour(Ink.MUTED))
    metrics = painter.fontMetrics()
    wide = metrics.horizontalAdvance(number)
    left = metrics.elidedText(f"{title} · ResNet Explorer", Qt.TextElideMode.ElideRight, round(sheet.room - wide - 20))
    painter.drawText(QPointF(MARGIN, y), left)
    painter.drawText(QPointF(sheet.width - MARGIN - wide, y), number)


def pages(article: Article, sheet: Sheet, answers: bool) -> list[list[Placed]]:
    """Return what stands where on each page; what belongs together is never parted."""
    result: list[list[Placed]] = [[]]
    y, head = MARGIN, None
    for group in _groups(list(_Items(sheet, answers).of(article))):
        gap = group[0].gap if result[-1] else 0.0
        high = gap + sum(item.height + (item.gap if place else 0.0) for place, item in enumerate(group))
        if result[-1] and y + high > sheet.bottom:
            result.append([])
            y = MARGIN
            if isinstance(group[0], Row) and head is not None:
                group = [head, *group]
        for item in group:
            y += item.gap if result[-1] else 0.0
            result[-1].append(Placed(item, y))
            y += item.height
        head = next((item for item in group if isinstance(item, Row) and item.is_head), head)
    return result


def _groups(items: list[Item]) -> Iterator[list[Item]]:
    group: list[Item] = []
    for item in items:
        group.append(item)
        if not item.keeps:
            yield group
            group = []
    if group:
        yield group


class _Items:
    """Makes the items of an article, for a sheet of a size."""

    def __init__(self, sheet: Sheet, answers: bool) -> None:
        self._sheet, self._answers, self._room = sheet, answers, sheet.room

    def of(self, article: Article) -> Iterator[Item]:
        sheet = " · Teacher's sheet" if self._answers else ""
        yield Paragraph(inline(article.title), self._room, 24, Style.SEMIBOLD, keeps=True)
        if article.lead:
            yield Paragraph(inline(article.lead), self._room, ink=Ink.MUTED, keeps=True)
        facts = escape(" · ".join(article.facts) + sheet)
        yield Paragraph(facts, self._room, SMALL + 1, ink=Ink.MUTED, keeps=True)
        for number, step in enumerate(article.steps, start=1):
            yield from self._section(step, f"{number}. ")
        for section in article.end if not article.steps else ():
            yield from self._section(section)

    def _section(self, section: Section, number: str = "") -> Iterator[Item]:
        yield Paragraph(inline(number + section.title), self._room, 18, Style.SEMIBOLD, keeps=True, gap=26)
        parts = list(self._paired(section.parts))
        for part, following in zip_longest(parts, parts[1:]):
            for item in self._part(part):
                leads = isinstance(part, Text | Formula) and isinstance(following, PICTURES)
                yield replace(item, keeps=True) if leads else item

    def _paired(self, parts: Sequence[Part]) -> Iterator[Part]:
        """Yield the parts, charts as pictures; two charts of few curves stand side by side."""
        place = 0
        while place < len(parts):
            part, following = parts[place], parts[place + 1] if place + 1 < len(parts) else None
            place += 1
            if not isinstance(part, Figure):
                yield part
                continue
            charts = [part.chart]
            if isinstance(following, Figure) and _is_small(part.chart) and _is_small(following.chart):
                charts.append(following.chart)
                place += 1
            conditions = charts[0].subtitle
            yield Drawing(self._beside(charts), conditions if len(conditions) > LONG else "")

    def _beside(self, charts: Sequence[Chart]) -> Picture:
        """Return charts side by side, over the whole width."""
        wide, high = (self._room + BETWEEN) / len(charts) - BETWEEN, HIGH * self._room
        made = [chart(replace(one, subtitle=""), wide, high) for one in charts]
        places = (place * (wide + BETWEEN) for place in range(len(charts)))
        groups = (Group("", "chart", it.title, x, 0, wide, high, it.marks) for it, x in zip(made, places, strict=True))
        return Picture(self._room, high, tuple(groups), made[0].title)

    def _part(self, part: Part) -> Iterator[Item]:
        match part:
            case Text():
                size, ink = (SMALL + 1, Ink.MUTED) if part.quiet else (14, Ink.TEXT)
                yield Paragraph(inline(part.text), self._room, size, ink=ink)
            case Formula():
                yield PrintedFormula(part.key, self._room)
            case Diagram():
                yield from self._diagram(part)
            case Figure():
                raise AssertionError("charts are pictures by now")
            case Drawing():
                yield PrintedPicture(part.picture, self._room, self._highest, keeps=bool(part.caption))
                if part.caption:
                    yield Paragraph(inline(part.caption), self._room, SMALL + 1, ink=Ink.MUTED)
            case Layers():
                yield from self._layers(part)
            case Ask():
                yield from self._question(part)

    @property
    def _highest(self) -> float:
        return HIGHEST * self._sheet.height

    def _diagram(self, part: Diagram) -> Iterator[Item]:
        """Yield the overview, and each open block as wide as the page; twins are one picture, which the first has."""
        if part.lost is not None:
            return
        high = HIGHEST_TWINS * self._sheet.height if part.view.compare else self._highest
        panels = len(part.view.expanded)
        room = self._room / SHRUNK, high / SHRUNK + (PANEL if panels else 0)
        picture = diagram(part.analysis, part.view, room)
        opened = [mark for mark in picture.marks if isinstance(mark, Group) and mark.kind == "open-block"]
        if part.view.compare and opened:  # twins stand closer without the blocks under them
            picture = diagram(part.analysis, replace(part.view, expanded=frozenset()), room)
        top = [mark for mark in picture.marks if isinstance(mark, Group) and mark.kind != "open-block"]
        yield PrintedPicture(_around(picture, top), self._room, high, keeps=bool(opened))
        forms = {id(group.marks[-1]): group for group in reversed(opened)}  # equal blocks share their marks
        shown = [group for group in opened if group in forms.values()][:MOST_PANELS]
        for group in shown:
            yield PrintedPicture(_around(picture, [group]), self._room, high)
        if rest := len(opened) - len(shown):
            text = f"{rest} more {'block is' if rest == 1 else 'blocks are'} open; of equal ones the first is printed."
            yield Paragraph(text, self._room, SMALL + 1, ink=Ink.MUTED)

    def _layers(self, part: Layers) -> Iterator[Item]:
        widths = [share for _, share in COLUMNS]
        yield Row([title for title, _ in COLUMNS], widths, 2, self._room, is_head=True, keeps=True, gap=8)
        for row in part.analysis.rows:
            read, layer = row.reading, row.part.layer
            cells = (row.path, layer.kind, layer.hyper, size(read.output), f"{read.params:,}", f"{read.macs:,}")
            yield Row(cells, widths, 2, self._room)

    def _question(self, ask: Ask) -> Iterator[Item]:
        prompt = ask.prompt or "Predict:"
        yield Paragraph(inline(prompt), self._room, style=Style.SEMIBOLD, ink=Ink.ACCENT, keeps=True, gap=14)
        options = [
            Choice(Paragraph(inline(option), self._room, left=24), self._answers and option in ask.right)
            for option in ask.options
        ]
        yield from options[:-1]
        yield from (replace(option, keeps=self._answers) for option in options[-1:])
        if self._answers:
            yield from self._answer(ask)
        elif ask.kind is QuestionKind.NUMBER:
            yield Ruled("Your number:", ask.unit, self._room)
        elif ask.kind is QuestionKind.CLICK:
            yield Ruled("Mark it in the picture, and write its name:", "", self._room)

    def _answer(self, ask: Ask) -> Iterator[Item]:
        yield Paragraph(f"<b>Answer:</b> {escape(ask.answer)}", self._room, keeps=bool(ask.why))
        if ask.why:
            yield Paragraph(inline(ask.why), self._room)
        for part in self._paired(ask.shown):
            yield from self._part(part)
