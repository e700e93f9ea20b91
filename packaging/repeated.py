"""Find blocks of twelve lines of code that stand in two files; exit status 1 where there is one.

python packaging/repeated.py

Comments, docstrings, imports, signatures and lines without a letter or digit do not count.
"""

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
FOLDERS = ("resnet_explorer", "packaging", "tests")
LINES = 12


class Line(NamedTuple):
    """A line of code without its indent, and its number in the file."""

    text: str
    number: int


class Place(NamedTuple):
    """A file, and the number among its lines of code of the one that a block begins with."""

    file: str
    first: int


def code_lines(text: str) -> list[Line]:
    """Return the lines of a file that count."""
    left_out = {number for first, last in _left_out(ast.parse(text)) for number in range(first, last)}
    stripped = (Line(line.split("#", 1)[0].strip(), number) for number, line in enumerate(text.splitlines(), 1))
    return [line for line in stripped if line.number not in left_out and re.search(r"\w", line.text)]


def _left_out(tree: ast.Module) -> Iterator[tuple[int, int]]:
    """Yield the first line of each import, docstring and signature, and the line after its last."""
    for node in ast.walk(tree):
        match node:
            case ast.Import() | ast.ImportFrom() | ast.Expr(value=ast.Constant(value=str())):
                yield node.lineno, (node.end_lineno or node.lineno) + 1
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                yield node.lineno, node.body[0].lineno


def repeated(files: dict[str, list[Line]]) -> Iterator[tuple[Place, Place]]:
    """Yield where each block that stands in two files begins in them."""
    places: dict[tuple[str, ...], list[Place]] = defaultdict(list)
    for file, lines in files.items():
        for first in range(len(lines) - LINES + 1):
            places[tuple(line.text for line in lines[first : first + LINES])].append(Place(file, first))
    pairs = {
        (one, other)
        for same in places.values()
        for number, one in enumerate(same)
        for other in same[number + 1 :]
        if one.file != other.file
    }
    for one, other in sorted(pairs):
        if (Place(one.file, one.first - 1), Place(other.file, other.first - 1)) not in pairs:
            yield one, other


def main() -> int:
    """Print the blocks and return the exit status."""
    paths = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))
    files = {str(path.relative_to(ROOT)): code_lines(path.read_text(encoding="utf-8")) for path in paths}
    found = list(repeated(files))
    for places in found:
        first, second = (f"{place.file}:{files[place.file][place.first].number}" for place in places)
        print(f"{first} and {second}: {LINES} lines are the same")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
