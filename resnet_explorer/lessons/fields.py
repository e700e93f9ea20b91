"""Tables of TOML inside a lesson's file: their values by type, each with its line, and what is wrong with them."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

from resnet_explorer.errors import did_you_mean
from resnet_explorer.lessons.values import Problem

MAX_TEXT = 2_000
"""The characters of a text, its expressions included."""
_KEY = re.compile(r"\s*(?:\"([^\"]+)\"|'([^']+)'|([\w-]+))\s*(?:\.[^=]*)?=")
_HEADING = re.compile(r"\s*\[\s*([\w.-]+)\s*\]\s*(?:#.*)?")
_AT = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)")
_MARKUP = re.compile(r"<[A-Za-z/!?]|!\[|\]\(|\]\[|^ {0,3}\[[^\]]*\]:|://|\bwww\.", re.MULTILINE)
_BLOCKS = re.compile(r" {4}|\t| {0,3}(?:[-*+>|]\s|\d+[.)]\s|```|~~~|(?:[-*_=]\s*){3,}$|#{1,6}\s)")
_EXPRESSION = re.compile(r"\{[^{}]*\}")


@dataclass(frozen=True, slots=True)
class Table:
    """A table: its values, the line of each key, the line where it begins, and the list that problems are added to."""

    values: Mapping[str, Any]
    lines: Mapping[str, int]
    line: int
    problems: list[Problem]

    def tell(self, key: str, what: str, remedy: str = "") -> None:
        """Note what is wrong with a key."""
        self.problems.append(Problem(self.lines.get(key, self.line), what, remedy))

    def only(self, *keys: str) -> None:
        """Note every key that is not among some."""
        for key in self.values:
            if key not in keys:
                hint = did_you_mean(key, keys, f"Choose one of {', '.join(keys)}.")
                self.tell(key, f"Unknown key {key[:40]!r}.", hint)

    def text(self, key: str, words: int = 0, need: bool = False) -> str:
        """Return a string; where ``words`` is given it is a text of at most so many words."""
        value = self.values.get(key, "")
        if not isinstance(value, str):
            self.tell(key, f"{key} must be a string.", f'Write {key} = "…".')
            return ""
        if need and not value.strip():
            self.tell(key, f"{key} is missing.", f'Write {key} = "…".')
        if words and (problem := text_problem(value, words)):
            self.tell(key, f"{key}: {problem[0]}", problem[1])
        return value.strip()

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of strings."""
        value = self.values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self.tell(key, f"{key} must be a list of strings.", f'Write {key} = ["…", "…"].')
            return ()
        return tuple(item.strip() for item in value)

    def number(self, key: str, low: float, high: float, default: float) -> float:
        """Return a number from ``low`` to ``high``; a whole one where the default is."""
        value, whole = self.values.get(key, default), isinstance(default, int)
        is_number = isinstance(value, int if whole else int | float) and not isinstance(value, bool)
        if not is_number or not low <= value <= high:
            what = f"{key} must be a {'whole ' if whole else ''}number from {low:g} to {high:g}."
            self.tell(key, what, f"Write {key} = {default:g}.")
            return default
        return float(value) if not whole else int(value)

    def table(self, key: str) -> Mapping[str, Any]:
        """Return a table inside this one."""
        value = self.values.get(key, {})
        if not isinstance(value, dict):
            self.tell(key, f"{key} must be a table.", f'Write {key} = {{ page = "diagram" }}.')
            return {}
        return value


def read_table(lines: Sequence[str], start: int, problems: list[Problem]) -> Table:
    """Return the TOML in some lines, the first of which is line ``start``; an empty table where it is none."""
    keys: dict[str, int] = {}
    inside = ""
    for number, text in enumerate(lines, start):
        if heading := _HEADING.fullmatch(text):
            inside = f"{heading[1]}."
            keys.setdefault(heading[1], number)
        elif match := _KEY.match(text):
            keys.setdefault(f"{inside}{match[1] or match[2] or match[3]}", number)
    try:
        values = tomllib.loads("\n".join(lines))
    except (ValueError, RecursionError) as error:  # a plain ValueError: a number of more than 4,300 digits
        at = _AT.search(str(error))
        line = start + int(at[1]) - 1 if at and at[1] else start
        what = _AT.sub("", str(error)) if at else "it is nested too deeply, or holds a number that is too long"
        problems.append(Problem(line, f"This is no TOML: {what}.", 'Write each line as key = "value".'))
        values = {}
    table = Table(values, keys, start, problems)
    for key, value in values.items():
        if not _is_plain(value):
            table.tell(key, f"{key} is no plain value.", "Write a string, a number, true, false, a list or a table.")
    return Table({key: value for key, value in values.items() if _is_plain(value)}, keys, start, problems)


def _is_plain(value: object) -> bool:
    if isinstance(value, dict):
        return all(map(_is_plain, value.values()))
    if isinstance(value, list):
        return all(map(_is_plain, value))
    if isinstance(value, int | float) and not isinstance(value, bool):
        return abs(value) < 2**53 and isfinite(value)
    return isinstance(value, str | bool)


def count_words(text: str) -> int:
    """Return how many words a text has; an expression counts as one."""
    return len(_EXPRESSION.sub("x", text).split())


def text_problem(text: str, words: int) -> tuple[str, str] | None:
    """Return what is wrong with a text, and what to do; it may have *emphasis* and `code`, and nothing else."""
    if len(text) > MAX_TEXT:
        return f"There are {len(text):,} characters.", f"Write at most {MAX_TEXT:,}."
    if (count := count_words(text)) > words:
        return f"There are {count} words.", f"Write at most {words}."
    if match := _MARKUP.search(text):
        return f"{match[0].strip()!r} begins a link, a picture or HTML.", "A lesson shows text alone: take it out."
    if line := next((line for line in text.split("\n") if _BLOCKS.match(line)), ""):
        return f"{line.strip()[:30]!r} begins a list or another block.", "Write sentences."
    return None
