"""The language of values in lessons: parsed into Python's syntax tree, checked against a list, and never run as Python.

An expression is made of numbers, strings, arithmetic, comparisons, ``and``, ``or``, ``not``, the functions of
``FUNCTIONS``, and readings by their names. Its length, its depth and every number in it are bounded.
"""

import ast
import re
from collections.abc import Callable, Mapping
from math import inf, isfinite
from typing import NamedTuple, NoReturn

from resnet_explorer.errors import ExplorerError, did_you_mean
from resnet_explorer.lessons.formats import Value, formatted
from resnet_explorer.lessons.readings import call, check_call, reading_names
from resnet_explorer.scenes.scene import Scene

MAX_LENGTH, MAX_DEPTH, MAX_CALLS, MAX_EXPRESSIONS = 500, 20, 10, 12
"""The most characters of an expression, levels in it and names that it calls, and the most expressions of a text."""
LARGEST = 1e18
"""No number in an expression may be larger, and no exponent larger than ``MAX_EXPONENT``."""
MAX_EXPONENT = 64
WHERE = "expression"
_STRING = re.compile(r"\"[^\"\\]*\"|'[^'\\]*'")
_WARNED = re.compile(r"\\|\d(?![eE][+-]?\d)[^\W\d]")
"""What Python would warn of on stderr, outside of strings: a backslash, and a letter just after a number."""
_LISTED = "'resnet-explorer lesson readings' lists what can be written."


class Piece(NamedTuple):
    """A part of a text: an expression between braces with its format, or plain text; ``at`` is where it begins."""

    text: str
    at: int
    is_expression: bool = False
    format: str = ""


class Expression(NamedTuple):
    """A checked expression: its text, and the tree that ``evaluate`` walks."""

    text: str
    tree: ast.expr


def parse(text: str) -> Expression:
    """Return the expression in a text; raises ExplorerError where it is none, or names what there is not."""
    if len(text) > MAX_LENGTH:
        _fail(f"The expression has {len(text):,} characters.", f"Write at most {MAX_LENGTH}.")
    try:
        if _WARNED.search(_STRING.sub("''", text)):
            raise SyntaxError
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        _fail(f"{_quoted(text)} is no expression.", 'Write it as params("layer1") / 1000.')
    _check(tree, 0)
    if sum(isinstance(node, ast.Call) for node in ast.walk(tree)) > MAX_CALLS:
        _fail("The expression calls too much.", f"Call at most {MAX_CALLS} functions and readings.")
    return Expression(text, tree)


def evaluate(expression: str | Expression, scene: Scene) -> Value:
    """Return the value of an expression in a scene; raises ExplorerError where it has none."""
    if isinstance(expression, str):
        expression = parse(expression)
    return _value(expression.tree, scene)


def render(text: str, scene: Scene) -> str:
    """Return a text with the values of its expressions in place; raises ExplorerError where one has none."""
    return "".join(
        formatted(evaluate(piece.text, scene), piece.format) if piece.is_expression else piece.text
        for piece in pieces(text)
    )


_TOKEN = re.compile(r"\{\{|\}\}|\{|\}|[^{}]+")
_INSIDE = re.compile(r"""\s*((?:"[^"]*"|'[^']*'|[^"':{}])*)(?::\s*([^{}:"']*?))?\s*""")


def pieces(text: str) -> tuple[Piece, ...]:
    """Return a text cut at its expressions; ``{{`` and ``}}`` are braces. Raises ExplorerError for a lone brace."""
    found: list[Piece] = []
    at = 0
    while at < len(text):
        token = _TOKEN.match(text, at)
        assert token is not None, "every character begins a token"
        if token[0] == "{":
            end = _closing(text, at)
            inside = _INSIDE.fullmatch(text[at + 1 : end])
            if inside is None or not inside[1]:
                _fail(f"{{{text[at + 1 : end][:40]}}} holds no expression.", 'Write it as {params("conv1")}.')
            found.append(Piece(inside[1], at + 1, True, inside[2] or ""))
            at = end + 1
            continue
        if token[0] == "}":
            _fail("A brace } closes nothing.", "Write }} for a brace.")
        found.append(Piece(token[0][0] if token[0] in ("{{", "}}") else token[0], at))
        at = token.end()
    if sum(piece.is_expression for piece in found) > MAX_EXPRESSIONS:
        _fail("The text has too many expressions.", f"Write at most {MAX_EXPRESSIONS}.")
    return tuple(found)


def _closing(text: str, start: int) -> int:
    """Return where the brace at ``start`` is closed: a brace inside quotes closes nothing."""
    quote = ""
    for at in range(start + 1, len(text)):
        letter = text[at]
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "\"'":
            quote = letter
        elif letter == "}":
            return at
    _fail(f"{_quoted(text[start:])} is not closed.", "Close it with }, or write {{ for a brace.")


def _pick(condition: Value, first: Value, second: Value) -> Value:
    return first if _truth(condition) else second


def _round(number: Value, digits: Value = 0) -> Value:
    count = _whole(digits)
    if not -18 <= count <= 18:
        _fail(f"round cannot keep {count} digits.", "Choose −18 to 18.")
    result = round(_number(number), count)
    return int(result) if count <= 0 else result


def _end(items: Value, at: int) -> Value:
    if not isinstance(items, tuple):
        _fail("first and last take a list.", 'Write first(paths("blocks")).')
    if not items:
        _fail("The list is empty.", "Ask for something that this network has.")
    return items[at]


def _extreme(values: tuple[Value, ...], choose: Callable[..., float]) -> Value:
    if len(values) < 2:
        _fail("min and max take two numbers or more.", "Write max(1, 2).")
    return _bounded(choose(map(_number, values)))


FUNCTIONS: Mapping[str, tuple[Callable[..., Value], int, int, str, str]] = {
    "pick": (_pick, 3, 3, "The second value where the condition holds, else the third.", 'pick(1 < 2, "yes", "no")'),
    "round": (_round, 1, 2, "A number without its decimals, or with so many.", "round(3.14159, 2)"),
    "abs": (lambda number: abs(_number(number)), 1, 1, "A number without its sign.", "abs(2 - 5)"),
    "min": (lambda *values: _extreme(values, min), 2, 20, "The smallest of some numbers.", "min(3, 2, 5)"),
    "max": (lambda *values: _extreme(values, max), 2, 20, "The largest of some numbers.", "max(3, 2, 5)"),
    "first": (lambda items: _end(items, 0), 1, 1, "The first of a list.", 'first(paths("blocks"))'),
    "last": (lambda items: _end(items, -1), 1, 1, "The last of a list.", 'last(paths("blocks"))'),
}
"""What each function does, the fewest and the most values it takes, a sentence on it, and an example."""
_ARITHMETIC: Mapping[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
    ast.FloorDiv: lambda a, b: a // b,
    ast.Pow: lambda a, b: _power(a, b),
}
_ORDER: Mapping[type[ast.cmpop], Callable[[float, float], bool]] = {
    ast.Lt: lambda a, b: a < b,
    ast.LtE: lambda a, b: a <= b,
    ast.Gt: lambda a, b: a > b,
    ast.GtE: lambda a, b: a >= b,
}
_EQUALITY: Mapping[type[ast.cmpop], bool] = {ast.Eq: True, ast.NotEq: False}
_TRUTHS = {"true": True, "false": False}


def _check(node: ast.expr, depth: int) -> None:
    """Refuse every node that is not in the language, before anything is evaluated."""
    if depth > MAX_DEPTH:
        _fail("The expression is nested too deeply.", f"At most {MAX_DEPTH} levels.")
    match node:
        case ast.Constant():
            _constant(node)
            children: list[ast.expr] = []
        case ast.Name():
            children = []
            if node.id not in _TRUTHS:
                _check_name(node.id, 0, ())
        case ast.BinOp() if type(node.op) in _ARITHMETIC:
            children = [node.left, node.right]
        case ast.UnaryOp() if isinstance(node.op, ast.USub | ast.UAdd | ast.Not):
            children = [node.operand]
        case ast.BoolOp():
            children = node.values
        case ast.Compare() if all(type(op) in _ORDER or type(op) in _EQUALITY for op in node.ops):
            children = [node.left, *node.comparators]
        case ast.Call(func=ast.Name(id=name)):
            names = [word.arg for word in node.keywords if word.arg is not None]
            if len(names) < len(node.keywords):
                _fail("** is not in the language of lessons.", 'Write each value by its name, as in of="resnet50".')
            _check_name(name, len(node.args), tuple(names))
            children = [*node.args, *(word.value for word in node.keywords)]
        case _:
            _fail(f"{_quoted(ast.unparse(node))} is not in the language of lessons.", _LISTED)
    for child in children:
        _check(child, depth + 1)


def _check_name(name: str, count: int, keywords: tuple[str, ...]) -> None:
    """Refuse a name that is neither a function nor a reading, and values that it does not take."""
    if name not in FUNCTIONS:
        if name not in reading_names():
            hint = did_you_mean(name, (*FUNCTIONS, *reading_names()), _LISTED)
            _fail(f"There is no reading {_quoted(name)}.", hint)
        check_call(name, count, keywords)
        return
    _, fewest, most, _, example = FUNCTIONS[name]
    if keywords or not fewest <= count <= most:
        few = f"{fewest}" if fewest == most else f"{fewest} to {most}"
        _fail(f"{name} takes {few} value{'s' * (most > 1)}.", f"Write {example}.")


def _constant(node: ast.Constant) -> Value:
    value = node.value
    if isinstance(value, bool | str):
        return value
    if isinstance(value, int | float):
        return _bounded(value)
    return _fail(f"{_quoted(repr(value))} is not in the language of lessons.", "Write a number or a string.")


def _value(node: ast.expr, scene: Scene) -> Value:
    match node:
        case ast.Constant():
            return _constant(node)
        case ast.Name():
            return _TRUTHS[node.id] if node.id in _TRUTHS else call(node.id, scene, (), {})
        case ast.UnaryOp():
            operand = _value(node.operand, scene)
            if isinstance(node.op, ast.Not):
                return not _truth(operand)
            return -_number(operand) if isinstance(node.op, ast.USub) else _number(operand)
        case ast.BinOp():
            return _worked_out(type(node.op), _value(node.left, scene), _value(node.right, scene))
        case ast.BoolOp():
            truths = (_truth(_value(child, scene)) for child in node.values)
            return all(truths) if isinstance(node.op, ast.And) else any(truths)
        case ast.Compare():
            values = [_value(child, scene) for child in (node.left, *node.comparators)]
            pairs = zip(node.ops, values, values[1:], strict=False)
            return all(_compared(type(op), left, right) for op, left, right in pairs)
        case ast.Call(func=ast.Name(id=name)):
            return _called(name, node, scene)
    raise AssertionError(f"{ast.dump(node)} was not refused")


def _called(name: str, node: ast.Call, scene: Scene) -> Value:
    if name == "pick":  # the value that is not picked may have none in this scene
        condition, first, second = node.args
        return _value(first if _truth(_value(condition, scene)) else second, scene)
    values = [_value(child, scene) for child in node.args]
    if name in FUNCTIONS:
        return FUNCTIONS[name][0](*values)
    return call(name, scene, values, {str(word.arg): _value(word.value, scene) for word in node.keywords})


def _worked_out(operator: type[ast.operator], left: Value, right: Value) -> Value:
    try:
        return _bounded(_ARITHMETIC[operator](_number(left), _number(right)))
    except ZeroDivisionError:
        return _fail("Something is divided by 0.", "Ask for another value.")


def _power(base: float, exponent: float) -> float:
    if abs(exponent) > MAX_EXPONENT:
        _fail(f"An exponent of {exponent:g} is too large.", f"Choose at most {MAX_EXPONENT}.")
    if isinstance(base, int) and isinstance(exponent, int) and exponent >= 0:
        return int(base**exponent)  # 1,152 digits at most, since the base is bounded too
    try:
        result = float(base) ** float(exponent)
    except OverflowError:
        return inf  # refused by its bound
    if not isinstance(result, float):
        _fail("This root is no number.", "Choose a base of 0 or more.")
    return result


def _compared(operator: type[ast.cmpop], left: Value, right: Value) -> bool:
    if operator in _EQUALITY:
        return (left == right) is _EQUALITY[operator]
    return _ORDER[operator](_number(left), _number(right))


def _number(value: Value) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        _fail(f"{_quoted(formatted(value))} is no number.", "Calculate with numbers alone.")
    return value


def _whole(value: Value) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        _fail(f"{_quoted(formatted(value))} is no whole number.", "Write a whole number.")
    return value


def _truth(value: Value) -> bool:
    if not isinstance(value, bool):
        _fail(f"{_quoted(formatted(value))} is neither true nor false.", "Write a comparison, such as params() > 10.")
    return value


def _bounded(number: float) -> float:
    if abs(number) > LARGEST or not isfinite(number):
        _fail("The number is too large.", f"At most {LARGEST:g}.")
    return number


def _quoted(text: str) -> str:
    return repr(text if len(text) <= 60 else f"{text[:60]}…")


def _fail(what: str, remedy: str = "") -> NoReturn:
    raise ExplorerError(WHERE, what, remedy)
