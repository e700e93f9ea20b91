"""Small faults: every change of one comparison, operation, condition, number or name of a file."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "resnet_explorer"
COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    **{ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq},
    **{ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In},
}
OPERATIONS: dict[type[ast.operator], type[ast.operator]] = {
    **{ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.FloorDiv: ast.Mult, ast.Div: ast.Mult},
    **{ast.Mod: ast.Mult, ast.Pow: ast.Mult, ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr},
}


class Mutant(NamedTuple):
    """One change of one file: the change's number in the file, and what it is."""

    path: Path
    number: int
    line: int
    text: str

    @property
    def module(self) -> str:
        """Return the name by which the file is imported."""
        return ".".join(self.path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def changes(tree: ast.AST) -> Iterator[tuple[ast.AST, str, int, ast.AST]]:
    """Yield all changes in a fixed order: whose field is changed, the place in its list (or -1), and to what."""
    for field, value in ast.iter_fields(tree):
        if field in ("annotation", "returns", "decorator_list") or isinstance(tree, ast.Assert | ast.Import):
            continue
        children = value if isinstance(value, list) else [value]
        for place, child in enumerate(children):
            if not isinstance(child, ast.AST) or _is_text(child):
                continue
            for other in _instead(tree, field, child):
                yield tree, field, place if isinstance(value, list) else -1, ast.fix_missing_locations(other)
            yield from changes(child)


def _is_text(node: ast.AST) -> bool:
    """Return whether a node is a docstring or a part of a sentence."""
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))


def _instead(parent: ast.AST, field: str, node: ast.AST) -> Iterator[ast.AST]:
    match node:
        case ast.Compare(left, [first, *rest], others) if type(first) in COMPARISONS:
            yield ast.copy_location(ast.Compare(left, [COMPARISONS[type(first)](), *rest], others), node)
        case ast.BinOp(left, operation, right) if type(operation) in OPERATIONS and not _is_type(node):
            yield ast.copy_location(ast.BinOp(left, OPERATIONS[type(operation)](), right), node)
        case ast.BoolOp(operation, values):
            other = ast.Or() if isinstance(operation, ast.And) else ast.And()
            yield ast.copy_location(ast.BoolOp(other, values), node)
        case ast.UnaryOp(ast.Not() | ast.USub(), operand):
            yield operand
        case ast.Constant(bool() as value):
            yield ast.copy_location(ast.Constant(not value), node)
        case ast.Constant(int() | float() as value):
            yield ast.copy_location(ast.Constant(value + 1), node)
        case ast.Constant(str() as value) if value and " " not in value:
            yield ast.copy_location(ast.Constant(f"{value}X"), node)
    if field == "test" and not isinstance(node, ast.Compare) and isinstance(parent, ast.If | ast.IfExp | ast.While):
        yield ast.copy_location(ast.UnaryOp(ast.Not(), node), node)  # type: ignore[arg-type]  # a test is an expression


def _is_type(node: ast.BinOp) -> bool:
    """Return whether a union is one of types, as in ``Part | None``."""
    names = (ast.unparse(side).rpartition(".")[2] for side in (node.left, node.right))
    types = re.compile(r"None|[A-Z]\w*[a-z]\w*|(int|float|str|bool|tuple)\b.*")
    return isinstance(node.op, ast.BitOr) and any(types.fullmatch(name) for name in names)


def mutants_of(path: Path) -> list[Mutant]:
    """Return all mutants of a file."""
    made = []
    for number, (parent, field, place, other) in enumerate(changes(ast.parse(path.read_text(encoding="utf-8")))):
        value = getattr(parent, field)
        old = value[place] if place >= 0 else value
        made.append(Mutant(path, number, old.lineno, f"{ast.unparse(old)}  →  {ast.unparse(other)}"))
    return made


def sample(rooms: list[str], count: int, seed: int) -> list[Mutant]:
    """Return so many mutants of rooms, from each file its part."""
    files = [mutants_of(path) for room in rooms for path in sorted((PACKAGE / room).rglob("*.py"))]
    total, random = sum(map(len, files)), Random(seed)
    chosen = [
        mutant for made in files for mutant in random.sample(made, min(len(made), -(-count * len(made) // total)))
    ]
    print(f"{len(chosen)} of {total:,} mutants, seed {seed}", flush=True)
    return random.sample(chosen, len(chosen))


def survivors(path: Path) -> list[Mutant]:
    """Return the mutants that have survived, by the lines that were printed."""
    rows = [
        line.split("  ", 2) for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("SURVIVED")
    ]
    places = {tuple(row[1].rsplit(":", 2)) for row in rows}
    return [
        mutant
        for name in sorted({name for name, *_ in places})
        for mutant in mutants_of(PACKAGE / name)
        if (name, str(mutant.line), str(mutant.number)) in places
    ]


def changed(mutant: Mutant) -> ast.Module:
    """Return the changed source."""
    tree = ast.parse(mutant.path.read_text(encoding="utf-8"))
    parent, field, place, other = list(changes(tree))[mutant.number]
    if place >= 0:
        getattr(parent, field)[place] = other
    else:
        setattr(parent, field, other)
    return tree
