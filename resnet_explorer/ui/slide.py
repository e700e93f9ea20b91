"""What a page shows on the stage: slides as plain values, live controls, and how they follow each other."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from typing import TYPE_CHECKING, Any, ClassVar

from PySide6.QtCore import QObject, Signal

from resnet_explorer.picture import chart as charts
from resnet_explorer.picture.chart import Chart, Drawn, Kind, Series
from resnet_explorer.picture.chart.text import line, wrap
from resnet_explorer.picture.marks import Anchor, Group, Ink, Label, Picture

if TYPE_CHECKING:
    from PySide6.QtGui import QImage

    from resnet_explorer.ui.window import PageView, Window

Draw = Callable[[float, float], Picture]
"""Composes a picture for a room of that width and height; a smaller picture is shown enlarged."""

SMALLEST = 10
"""In px of a slide, which is ``HIGH`` px high on every screen: no text on a stage is smaller."""
HIGH = 416.0
"""With it the smallest text is 1/41.6 of the screen's height, whatever the screen."""
THICKER = ((1.3, 0.95), (1.15, 0.95), (1.0, 0.95))
"""By how much a chart is enlarged, so that its lines are thick, and the size of its text."""
CROPPED, WORDS = 26.0, 20
"""The empty edges above and below a chart together, and the size of words alone."""


@dataclass(frozen=True, slots=True)
class Slide:
    """A picture with its title and facts above it, and under it one sentence that says what is seen, and a note.

    ``note`` says where the values come from: ``recorded, CPU, seed 0``. ``images`` are painted over the marks of the
    picture that have their keys as paths.
    """

    title: str
    draw: Draw
    facts: str = ""
    sentence: str = ""
    note: str = ""
    images: "Mapping[str, QImage]" = field(default_factory=dict)


class ControlKind(Enum):
    """How a live control is used."""

    SLIDER = auto()
    PLAY = auto()
    CHOICE = auto()


@dataclass(frozen=True, slots=True)
class Control:
    """A live control of a stage, as a value.

    ``use`` takes the part of a slider from 0 to 1, or -1 and 1 for the choice before and after the present one; Play
    ignores it. ``part`` is where a slider is, and for Play 1 while it plays.
    """

    kind: ControlKind
    text: str
    use: Callable[[float], None]
    part: float = 0.0


class Presentation(QObject):
    """What a page shows on the stage; it has a state of its own, so that the page stays as it is.

    ``changed`` tells that there is another slide. A page's class says what its keys do.
    """

    changed = Signal()
    keys: ClassVar[str] = ""
    """What the keys of this page do, in a few words."""

    def slide(self) -> Slide:
        """Return what is shown now."""
        raise NotImplementedError

    @property
    def controls(self) -> Sequence[Control]:
        """Return up to three live controls."""
        return ()

    def step(self, by: int) -> None:
        """Go to the next thing worth showing, or to the one before (-1)."""

    def turn(self, by: int) -> None:
        """Show another kind of picture, where there are several; else do what ``step`` does."""
        self.step(by)

    def play(self) -> None:
        """Let the steps follow each other by themselves, or stop that; where nothing plays, go to the next."""
        self.step(1)

    def open(self) -> None:
        """Open what is selected, or close it."""

    def show_part(self, part: Any) -> None:
        """Begin at the moment, and with the curves, that a scene holds of the page."""

    def compare(self) -> None:
        """Show the same without shortcuts, or with them again."""

    def leave(self) -> None:
        """Stop what goes on by itself; called when the stage shows another page or ends."""


class PictureShow(Presentation):
    """Shows the picture of a page that has no presentation of its own."""

    def __init__(self, window: "Window", page: "PageView") -> None:
        super().__init__()
        self._page = page
        page.canvas.picture_changed.connect(self.changed)

    def slide(self) -> Slide:
        picture = self._page.canvas.picture
        return Slide(picture.title, lambda wide, high: picture, sentence=first_sentence(picture.description))


def first_sentence(text: str) -> str:
    """Return a text up to its first full stop that ends a sentence."""
    words = text.split()
    for place, word in enumerate(words):
        following = words[place + 1 : place + 2]
        if word.endswith(".") and (not following or following[0][0].isupper() or following[0][0].isdigit()):
            return " ".join(words[: place + 1])
    return " ".join(words)


def join(*texts: str) -> str:
    """Return the texts that are not empty, in one line."""
    return " · ".join(filter(None, texts))


def bare(chart: Chart) -> Chart:
    """Return a chart without what a slide says around it, and without what is hidden or faint."""
    clear = {curve.label for curve in chart.shown if not curve.faint}
    shown = [curve for curve in chart.shown if not curve.faint or curve.label not in clear]
    series = tuple(replace(curve, note="", label=_label(curve)) for curve in shown)
    return replace(chart, title="", subtitle="", notes=(), series=series)


def _label(series: Series) -> str:
    """Return a curve's name with the value that it ends at, as it stands beside the curve."""
    value = series.note.removeprefix("ends at ").removeprefix("now ").partition(",")[0]
    is_short = value[:1].isdigit() and len(value) <= 8
    label = series.label.replace(", edited", "")
    return f"{label} {value}" if is_short and series.kind in (Kind.LINE, Kind.STEPS) else label


def thick_chart(chart: Chart, wide: float, high: float) -> Drawn:
    """Return a chart drawn for a part of a room: enlarged to all of it, its lines are thick and its text readable.

    The part is the smallest that has room for the names of all curves and of both axes.
    """
    shown = bare(chart)
    for part, text in THICKER:
        made = charts.draw(shown, wide / part, high / part + CROPPED, text)
        if _is_whole(made.picture, shown):
            break
    size = made.picture.width, made.picture.height
    inner = Group("", "chart", chart.title, 0.0, -CROPPED / 2, *size, made.picture.marks, ":chart")
    return made._replace(picture=replace(made.picture, height=size[1] - CROPPED, marks=(inner,)))


def _is_whole(picture: Picture, chart: Chart) -> bool:
    """Return whether a picture names all curves and both axes."""
    names = {mark.path for mark in picture.marks if isinstance(mark, Group) and mark.kind == "legend"}
    texts = {mark.text for mark in picture.marks if isinstance(mark, Label)}
    axes = {axis.text for axis in (chart.x_axis, chart.y_axis) if axis.text}
    return axes <= texts and all(series.key in names for series in chart.series if series.label and not series.faint)


def chart_picture(chart: Chart) -> Draw:
    """Return what draws a chart for a slide."""
    return lambda wide, high: thick_chart(chart, wide, high).picture


def text_picture(text: str) -> Draw:
    """Return what draws words in the middle of a slide, where there is no picture yet."""

    def draw(wide: float, high: float) -> Picture:
        lines = wrap(text, wide - 80, WORDS, 9)
        top = (high - line(WORDS) * len(lines)) / 2
        marks = [
            Label(wide / 2, top + line(WORDS) * (place + 0.75), part, WORDS, Ink.MUTED, Anchor.MIDDLE)
            for place, part in enumerate(lines)
        ]
        return Picture(wide, high, tuple(marks), text)

    return draw
