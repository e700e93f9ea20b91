"""Python as a formatter leaves it: calls are broken only where a line is full."""

from collections.abc import Iterable
from dataclasses import dataclass

LINE = 88
"""Characters in a line: what Python's formatters use where nothing else is asked for."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call with its arguments, each of which may be a call."""

    function: str
    arguments: "tuple[Term, ...]"

    def __str__(self) -> str:
        return f"{self.function}({', '.join(map(str, self.arguments))})"


Term = str | Call


def call(function: str, *arguments: Term) -> Call:
    """Return a call; empty arguments are left out."""
    return Call(function, tuple(argument for argument in arguments if argument != ""))


def broken(before: str, term: Term, after: str = "", indent: int = 8) -> list[str]:
    """Return ``before``, a term and ``after`` in as few lines as the indentation leaves room for.

    The lines are relative to the indentation.
    """
    line = f"{before}{term}{after}"
    if isinstance(term, str) or not term.arguments or indent + len(line) <= LINE:
        return [line]
    joined = ", ".join(map(str, term.arguments))
    if indent + 4 + len(joined) <= LINE:
        body = [joined]
    else:
        body = [line for argument in term.arguments for line in broken("", argument, ",", indent + 4)]
    return [f"{before}{term.function}(", *indented(body), f"){after}"]


def indented(lines: Iterable[str], by: int = 4) -> list[str]:
    """Return lines moved to the right; empty lines stay empty."""
    return [" " * by + line if line else line for line in lines]


def commented(lines: list[str], comment: str, indent: int = 8) -> list[str]:
    """Return lines with a comment: behind the line where there is one and it has room, else above."""
    if len(lines) == 1 and indent + len(lines[0]) + len(comment) + 4 <= LINE:
        return [f"{lines[0]}  # {comment}"]
    return [f"# {comment}", *lines]


def function(name: str, parameters: Iterable[str], returns: str, indent: int) -> list[str]:
    """Return the line, or lines, that begin a function."""
    return broken("def ", call(name, *parameters), f" -> {returns}:", indent)
