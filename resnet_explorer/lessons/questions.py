"""Answers to the questions of a lesson: computed in the step's scene, and compared with what was given."""

import re
from dataclasses import dataclass

from resnet_explorer.errors import ExplorerError
from resnet_explorer.lessons.expressions import evaluate, render
from resnet_explorer.lessons.formats import Value, formatted
from resnet_explorer.lessons.values import Question, QuestionKind
from resnet_explorer.network import Network, compile_spec
from resnet_explorer.scenes.scene import Scene

_PREFIXES = {"k": 1e3, "m": 1e6, "g": 1e9, "t": 1e12}
_NUMBER = re.compile(
    r"([+−-]?(?=\.?\d)(?:\d[\d,_\s]{0,30})?(?:\.\d{1,20})?(?:e[+-]?\d{1,2})?)\s*([^\d.]*)", re.IGNORECASE
)
ROUNDING = 1e-9
"""A given number may differ from the answer by so much of it anyway."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether an answer is right, the right one as text, and why, with the values of its expressions."""

    right: bool
    answer: str
    why: str


def check(question: Question, given: str | float, scene: Scene) -> Verdict:
    """Return the verdict on an answer: an option, a number or its text, or the path of what was clicked.

    Raises ExplorerError where a text is no number, or the question itself has no answer in this scene.
    """
    right = answer(question, scene)
    if question.kind is QuestionKind.NUMBER:
        assert isinstance(right, int | float), "answer refuses what is no number"
        is_right = is_near(read_number(given, question.unit), right, question.within)
    else:
        answers = right if isinstance(right, tuple) else (right,)
        paths = [str(given)]
        if question.kind is QuestionKind.CLICK:
            network = compile_spec(scene.state.spec)
            paths += network.ancestors(paths[0]) if network.has(paths[0]) else ()
        is_right = any(path in answers for path in paths)
    return Verdict(is_right, answer_text(question, right), render(question.why, scene))


def answer_text(question: Question, right: Value) -> str:
    """Return an answer as text; a number has its unit."""
    if question.kind is not QuestionKind.NUMBER:
        return formatted(right, "or")
    return f"{formatted(right)} {question.unit}".strip()


def answer(question: Question, scene: Scene) -> Value:
    """Return the answer that is right in a scene: a number, an option or a path, or a list of those.

    Raises ExplorerError where the expression is worth none of them.
    """
    network = compile_spec(scene.state.spec)
    if question.answer in question.options or (question.kind is QuestionKind.CLICK and network.has(question.answer)):
        return question.answer
    value = evaluate(question.answer, scene)
    if question.kind is QuestionKind.NUMBER:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise _no_answer(f"The answer {formatted(value)!r} is no number.", "Write an expression of a number.")
        return value
    texts = value if isinstance(value, tuple) else (value,)
    if question.kind is QuestionKind.CHOICE:
        _check_options(question, texts)
    else:
        _check_paths(network, texts)
    return value


def _check_options(question: Question, texts: tuple[Value, ...]) -> None:
    others = [text for text in texts if text not in question.options]
    if others or not texts:
        what = f"The answer {formatted(others[0] if others else 'none')!r} is no option."
        raise _no_answer(what, f"The options are {formatted(question.options)}.")


def _check_paths(network: Network, texts: tuple[Value, ...]) -> None:
    others = [text for text in texts if not (isinstance(text, str) and text and network.has(text))]
    if others or not texts:
        what = f"The answer {formatted(others[0] if others else 'none')[:40]!r} is no part of the network."
        raise _no_answer(what, 'Write a path, as in "layer2.0".')


def _no_answer(what: str, remedy: str) -> ExplorerError:
    return ExplorerError("answer", what, remedy)


def is_near(given: float, right: float, within: float) -> bool:
    """Return whether a number is another one, up to a share of it."""
    return abs(given - right) <= max(within, ROUNDING) * abs(right)


def read_number(given: str | float, unit: str = "") -> float:
    """Return the number in a text such as ``11.7 M``, ``11,689,512`` or ``4 %``; raises ExplorerError where it is none.

    A prefix k, M, G or T counts, its unit does not; per cent are hundredths where the unit is not itself %.
    """
    if not isinstance(given, str):
        return float(given)
    match = _NUMBER.fullmatch(given.strip())
    if not match:
        raise ExplorerError("given", f"{given[:40]!r} is no number.", "Write digits, as in 11.7 M.")
    digits, rest = re.sub(r"[,_\s]", "", match[1]).replace("−", "-"), match[2].strip()
    if unit and rest.lower().endswith(unit.lower()):
        rest = rest[: -len(unit)].strip()
    if rest == "%":
        return float(digits) / 100
    prefix = rest.partition(" ")[0].lower()
    return float(digits) * _PREFIXES.get(prefix, 1.0)
