"""What is taken home, as one value that the HTML page and the printed hand-out both show: sections of parts."""

from dataclasses import dataclass, field
from typing import TypeAlias

from resnet_explorer.diagram.view import View
from resnet_explorer.lessons.values import QuestionKind
from resnet_explorer.picture.chart import Chart
from resnet_explorer.picture.marks import Picture
from resnet_explorer.readings import Analysis


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph, with *emphasis* and `code`; ``quiet`` is what conditions and sources are said in."""

    text: str
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula of resources/formulas by its key."""

    key: str


@dataclass(frozen=True, slots=True)
class Diagram:
    """A network as its scene shows it: what is open, what is selected; ``title`` stands over it where it is one of two.

    ``lost`` is the residual twin of a plain network, whose shortcuts are drawn as gone; ``note`` says what differs.
    """

    analysis: Analysis
    view: View = field(default_factory=View)
    selection: str = ""
    title: str = ""
    lost: Analysis | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Figure:
    """A chart, drawn anew for each width."""

    chart: Chart


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture as it is, with a line under it."""

    picture: Picture
    caption: str = ""


@dataclass(frozen=True, slots=True)
class Layers:
    """The table of a network's layers."""

    analysis: Analysis


@dataclass(frozen=True, slots=True)
class Ask:
    """A question with its answer as text.

    ``right`` holds the options or paths that are right. A number is right where it differs from ``value`` by no more
    than ``within``, a share of it; ``unit`` is its unit. ``why`` is said once the answer is shown, and ``shown`` is
    what shows it.
    """

    kind: QuestionKind
    prompt: str
    answer: str
    options: tuple[str, ...] = ()
    right: tuple[str, ...] = ()
    value: float = 0.0
    within: float = 0.0
    unit: str = ""
    why: str = ""
    shown: "tuple[Part, ...]" = ()


Part: TypeAlias = Text | Formula | Diagram | Figure | Drawing | Layers | Ask


@dataclass(frozen=True, slots=True)
class Section:
    """A titled part of an article: a step of a lesson, or one view of a network."""

    title: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Article:
    """Everything that is taken home; ``lead`` is the sentence under the title, ``facts`` a line of figures.

    Sections of ``steps`` are numbered; ``end`` comes after them.
    """

    title: str
    lead: str
    facts: tuple[str, ...]
    steps: tuple[Section, ...] = ()
    end: tuple[Section, ...] = ()
