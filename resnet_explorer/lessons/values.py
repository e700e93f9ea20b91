"""Lessons as values: steps, each with a text, a scene that differs from the one before, and at most one question."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

TOPICS = 37
"""How many topics the course has."""


class Level(StrEnum):
    """For whom a lesson is."""

    FIRST = "first course"
    SECOND = "second course"
    PRACTICE = "practice"


class QuestionKind(StrEnum):
    """How a question is answered."""

    CHOICE = "choice"
    NUMBER = "number"
    CLICK = "click"


@dataclass(frozen=True, slots=True)
class Question:
    """A question of a step: what is asked, and how the app knows and shows the answer.

    ``prompt`` may be empty where the step's text asks. ``options`` are those of a choice. ``answer`` is an expression:
    of an option's text, of a number, or of the path to click; an option and a path may also stand as they are, and
    where a list of options or paths comes out each of them is right. A number in ``unit`` may differ from it by
    ``within``, a share of it. ``why`` is said once the answer is shown, and may hold expressions; ``show`` is the scene
    that shows it, given as a difference from the step's own.
    """

    kind: QuestionKind
    prompt: str
    answer: str
    options: tuple[str, ...] = ()
    unit: str = ""
    within: float = 0.0
    why: str = ""
    show: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Step:
    """A step: its title, its text with expressions in braces, a formula, its scene as a difference, a question.

    ``formula`` is the key of one of the app's formulas. ``hands_over`` says that the audience may now use the window
    itself. ``line`` is where the step begins in the file, from 1.
    """

    title: str
    text: str
    change: Mapping[str, Any] = field(default_factory=dict)
    formula: str = ""
    question: Question | None = None
    hands_over: bool = False
    line: int = 1


@dataclass(frozen=True, slots=True)
class Lesson:
    """A lesson: what one knows afterwards, how long it takes, the topics of the course that it covers, and its steps.

    ``key`` is the name of its file without ``.md``. ``topics`` are numbers of the course's list of topics.
    """

    key: str
    title: str
    minutes: int
    level: Level
    knows: str
    steps: tuple[Step, ...]
    topics: tuple[int, ...] = ()


class Problem(NamedTuple):
    """What is wrong with a lesson's file in a line, counted from 1, and what to do."""

    line: int
    what: str
    remedy: str = ""
