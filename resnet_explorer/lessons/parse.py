"""A lesson's file as a ``Lesson``: front matter between +++ lines, then steps that begin with ##.

What stands in a step beside its text: ``[scene]`` … ``[/scene]`` and ``[ask]`` … ``[/ask]`` with TOML between them,
``[formula] key [/formula]``, and ``[hands over]``.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import PurePath
from typing import Any, NamedTuple

from resnet_explorer.errors import ExplorerError, did_you_mean
from resnet_explorer.lessons.fields import Table, read_table, text_problem
from resnet_explorer.lessons.values import TOPICS, Lesson, Level, Problem, Question, QuestionKind, Step

MAX_BYTES, MAX_STEPS, MAX_WORDS, MAX_OPTIONS = 200_000, 60, 60, 6
MAX_MINUTES, MAX_TITLE = 90, 12
"""The longest lesson in minutes, and the longest title in words."""
_FENCE = "+++"
_NONE: Mapping[str, Any] = {}


class Draft(NamedTuple):
    """A lesson as far as it can be read, what is wrong with its form, and for each step the lines of its parts.

    Those are named as in ``text``, ``scene``, ``scene.network``, ``ask.answer``; ``lines[0]`` are those of the front
    matter.
    """

    lesson: Lesson
    problems: tuple[Problem, ...]
    lines: tuple[Mapping[str, int], ...]


def parse(text: str, where: str) -> Lesson:
    """Return the lesson in a text; ``where`` is its file. Raises ExplorerError with the line of what is wrong first."""
    draft = read(text, where)
    if draft.problems:
        first = draft.problems[0]
        raise ExplorerError(where, f"line {first.line}: {first.what}", first.remedy)
    return draft.lesson


def read(text: str, where: str) -> Draft:
    """Return what can be read of a lesson, with everything that is wrong with its form."""
    problems: list[Problem] = []
    lines = _lines(text, problems)
    end = next((at for at, line in enumerate(lines[1:], 1) if line.strip() == _FENCE), 0)
    if lines[0].strip() != _FENCE or not end:
        problems.append(Problem(1, "The lesson has no front matter.", 'Begin with +++, title = "…", and +++.'))
        end = 0
    front = read_table(lines[1:end], 2, problems)
    first = end + 1 if end else 0
    parts = list(_parts(lines[first:], first + 1))
    if stray := next((number for number, line in enumerate(parts[0].lines, first + 1) if line.strip() and end), 0):
        problems.append(Problem(stray, "This stands before the first step.", "Begin a step with ## and its title."))
    readers = [_StepReader(part, problems) for part in parts[1 : MAX_STEPS + 1]]
    steps = tuple(reader.read() for reader in readers)
    if not steps:
        problems.append(Problem(len(lines), "The lesson has no step.", "Begin one with ## and its title."))
    if len(parts) > MAX_STEPS + 1:
        text = f"The lesson has {len(parts) - 1} steps."
        problems.append(Problem(parts[MAX_STEPS + 1].line, text, f"Write at most {MAX_STEPS}."))
    lesson = _lesson(front, PurePath(where).stem, steps, has_front=end > 0)
    return Draft(lesson, tuple(sorted(problems)), (front.lines, *(reader.at for reader in readers)))


def _lines(text: str, problems: list[Problem]) -> list[str]:
    """Return the lines of a file; a single empty one for a file that is too large or no text."""
    if len(text) > MAX_BYTES or len(text.encode(errors="replace")) > MAX_BYTES:
        problems.append(Problem(1, f"The file is larger than {MAX_BYTES // 1000} kB.", "Split the lesson."))
        return [""]
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
    for number, line in enumerate(lines, 1):
        if bad := next((letter for letter in line if not letter.isprintable() and letter not in "\t\xa0\u202f"), ""):
            problems.append(Problem(number, f"The character {bad!r} cannot be shown.", "Take it out."))
            return [""]
    return lines


class _Part(NamedTuple):
    """The lines of a step, without its title, and the number of the title's line; the first part has no title."""

    title: str
    line: int
    lines: Sequence[str]


def _parts(lines: Sequence[str], start: int) -> Iterator[_Part]:
    """Yield what stands before the first step, and every step; ``start`` is the number of the first line."""
    heads = [place for place, line in enumerate(lines) if _STEP.match(line)]
    yield _Part("", start - 1, lines[: heads[0] if heads else len(lines)])
    for head, end in pairwise((*heads, len(lines))):
        yield _Part(lines[head][2:].strip(), start + head, lines[head + 1 : end])


_STEP = re.compile(r"##(?!#)")
_OPENS = re.compile(r"\[(scene|ask)\]")
_FORMULA = re.compile(r"\[formula\]\s*(\S*)\s*\[/formula\]")
_HANDS_OVER = "[hands over]"
_OTHER = re.compile(r"\[/?[a-z ]+\].*")


def _lesson(front: Table, key: str, steps: tuple[Step, ...], has_front: bool) -> Lesson:
    front.only("title", "minutes", "level", "knows", "topics")
    level = front.values.get("level", Level.FIRST)
    if level not in list(Level):
        front.tell("level", "There is no such level.", f"Choose one of {', '.join(Level)}.")
        level = Level.FIRST
    topics = front.values.get("topics", [])
    numbers = isinstance(topics, list) and all(type(topic) is int and 1 <= topic <= TOPICS for topic in topics)
    if not numbers or len(set(topics)) < len(topics):
        front.tell("topics", f"topics must be different numbers from 1 to {TOPICS}.", "Write topics = [1, 2].")
        topics = []
    return Lesson(
        key,
        front.text("title", MAX_TITLE, need=has_front),
        int(front.number("minutes", 1, MAX_MINUTES, 5)),
        Level(level),
        front.text("knows", MAX_WORDS, need=has_front),
        steps,
        tuple(topics),
    )


class _StepReader:
    """Reads the lines of one step; ``at`` holds the lines of its parts."""

    def __init__(self, part: _Part, problems: list[Problem]) -> None:
        self._part, self._problems = part, problems
        self._tables: dict[str, Table] = {}
        self._text: list[str] = []
        self._formula, self._hands_over = "", False
        self.at: dict[str, int] = {"title": part.line}

    def read(self) -> Step:
        place = 0
        while place < len(self._part.lines):
            place = self._read(place, self._part.lines[place].strip()) + 1
        for name, table in self._tables.items():
            self.at |= {f"{name}.{key}": line for key, line in table.lines.items()}
        body = "\n".join(self._text).rstrip()
        self._check(self._part.title, body)
        scene = self._tables["scene"].values if "scene" in self._tables else _NONE
        question = _question(self._tables["ask"]) if "ask" in self._tables else None
        return Step(self._part.title, body, scene, self._formula, question, self._hands_over, self._part.line)

    def _tell(self, line: int, what: str, remedy: str) -> None:
        self._problems.append(Problem(line, what, remedy))

    def _read(self, place: int, line: str) -> int:
        """Read what begins in a line, and return the place of its last line."""
        here = self._part.line + 1 + place
        if opened := _OPENS.fullmatch(line):
            return self._read_table(place, opened[1])
        if match := _FORMULA.fullmatch(line):
            if self._formula or not match[1]:
                self._tell(here, "A step has one formula.", "Write [formula] add [/formula].")
            self._formula = self._formula or match[1]
            self.at.setdefault("formula", here)
        elif line == _HANDS_OVER:
            self._hands_over = True
        elif _OTHER.fullmatch(line):
            hint = did_you_mean(
                line,
                ("[scene]", "[ask]", _HANDS_OVER, "[formula]"),
                f"Write [scene], [ask], [formula] or {_HANDS_OVER}.",
            )
            self._tell(here, f"{line[:40]!r} opens or closes nothing.", hint)
        elif line or self._text:
            self.at[f"text.{len(self._text)}"] = here
            self.at.setdefault("text", here)
            self._text.append(self._part.lines[place].rstrip())
        return place

    def _read_table(self, place: int, name: str) -> int:
        lines, here = self._part.lines, self._part.line + 1 + place
        end = next((at for at in range(place, len(lines)) if lines[at].strip() == f"[/{name}]"), len(lines))
        if end == len(lines):
            self._tell(here, f"[{name}] is not closed.", f"Close it with a line [/{name}].")
        elif name in self._tables:
            self._tell(here, f"The step has a second [{name}].", "Make it a step of its own.")
        else:
            self._tables[name] = read_table(lines[place + 1 : end], here + 1, self._problems)
            self.at[name] = here
        return end

    def _check(self, title: str, body: str) -> None:
        if not title:
            self._tell(self._part.line, "The step has no title.", "Write ## and its title.")
        elif problem := text_problem(title, MAX_TITLE):
            self._tell(self._part.line, f"Title: {problem[0]}", problem[1])
        if not body:
            self._tell(self._part.line, "The step has no text.", "Say in a sentence or two what is shown.")
        elif problem := text_problem(body, MAX_WORDS):
            self._tell(self.at["text"], *problem)


def _question(table: Table) -> Question | None:
    table.only(*QuestionKind, "prompt", "answer", "within", "why", "show")
    kinds = [kind for kind in QuestionKind if kind in table.values]
    if len(kinds) != 1:
        table.tell("", "A question has one of choice, number and click.", 'Write choice = ["…", "…"].')
        return None
    kind, unit = kinds[0], ""
    options: tuple[str, ...] = ()
    prompt = table.text("prompt", MAX_WORDS)
    if kind is QuestionKind.CHOICE:
        options = _options(table)
    elif kind is QuestionKind.NUMBER:
        unit = table.text("number", MAX_TITLE)
    else:
        prompt = table.text("click", MAX_WORDS)
    if "within" in table.values and kind is not QuestionKind.NUMBER:
        table.tell("within", "Only a number has a tolerance.", "Take it out.")
    answer, why = table.text("answer", need=True), table.text("why", MAX_WORDS)
    return Question(kind, prompt, answer, options, unit, table.number("within", 0, 1, 0.0), why, table.table("show"))


def _options(table: Table) -> tuple[str, ...]:
    options = table.texts("choice")
    if not 2 <= len(options) <= MAX_OPTIONS or len(set(options)) < len(options):
        table.tell("choice", f"A choice has 2 to {MAX_OPTIONS} different options.", 'Write choice = ["…", "…"].')
    for option in options:
        if problem := text_problem(option, 20) or ((not option) and ("An option is empty.", "Write its text.")):
            table.tell("choice", f"choice: {problem[0]}", problem[1])
    return options
