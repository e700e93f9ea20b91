"""Everything that is wrong with a lesson's file, at once: its form, its scenes, its expressions, its questions."""

from collections.abc import Iterator, Mapping
from contextlib import suppress

from resnet_explorer import assets
from resnet_explorer.errors import ExplorerError, did_you_mean
from resnet_explorer.lessons import course, questions
from resnet_explorer.lessons.expressions import evaluate, pieces
from resnet_explorer.lessons.fields import MAX_TEXT
from resnet_explorer.lessons.formats import formatted
from resnet_explorer.lessons.parse import read
from resnet_explorer.lessons.readings import analysis_of
from resnet_explorer.lessons.values import Lesson, Problem, Question, QuestionKind, Step
from resnet_explorer.readings.kept import inference_bytes
from resnet_explorer.readings.text import mib
from resnet_explorer.scenes.change import KEYS
from resnet_explorer.scenes.scene import Scene, State
from resnet_explorer.spec import catalogue
from resnet_explorer.spec.axes import AXES
from resnet_explorer.spec.search import default_input

MAX_MEMORY = 4 * 2**30
"""A scene whose forward pass is estimated to need more bytes is refused: it shall open on every machine."""
Lines = Mapping[str, int]


def problems(text: str, where: str) -> tuple[Problem, ...]:
    """Return all that is wrong with a lesson, by line; ``where`` is its file."""
    draft = read(text, where)
    found = {*draft.problems, *_of_steps(draft.lesson, draft.lines[1:])}
    return tuple(sorted(found))


def _of_steps(lesson: Lesson, lines: tuple[Lines, ...]) -> Iterator[Problem]:
    spec = catalogue.find(course.FIRST_NETWORK)
    scene = course.first_scene(Scene(State(spec, default_input(spec))))
    for step, places in zip(lesson.steps, lines, strict=True):
        scene, problem = _next(scene, step.change, places, "scene")
        if problem:
            yield problem
            continue
        yield from _of_text(step.text, places, scene)
        if step.formula and not (assets.path("formulas") / f"{step.formula}.svg").is_file():
            hint = did_you_mean(step.formula, sorted(file.stem for file in assets.path("formulas").glob("*.svg")))
            yield Problem(places["formula"], f"There is no formula {step.formula[:40]!r}.", hint)
        if step.question:
            yield from _of_question(step, step.question, places, scene)


def _next(scene: Scene, values: Mapping[str, object], lines: Lines, name: str) -> tuple[Scene, Problem | None]:
    """Return the next scene, or the nearest to it with the problem why there is none."""
    try:
        after = course.changed(scene, values)
        needed = inference_bytes(analysis_of(after)).total
    except ExplorerError as error:
        problem = Problem(_line_of(error.where, values, lines, name), error.what, error.remedy)
        return _nearest(scene, values), problem
    if needed > MAX_MEMORY:
        text = f"A forward pass is estimated to need {mib(needed)}, more than {mib(MAX_MEMORY)}."
        at = _line_of("input", values, lines, name)
        return scene, Problem(at, text, "Choose a smaller input or network.")
    return after, None


def _nearest(scene: Scene, values: Mapping[str, object]) -> Scene:
    """Return a scene with those of some values that can be, so that the next steps are not blamed for the others."""
    for key in sorted(values, key=lambda key: (*KEYS, key).index(key)):
        with suppress(ExplorerError):
            after = course.changed(scene, {key: values[key]})
            analysis_of(after)
            scene = after
    return scene


def _line_of(key: str, values: Mapping[str, object], lines: Lines, name: str) -> int:
    """Return the line of what an error names: a key of the scene, or an axis that ``set`` changed."""
    key = key.partition(".")[0]
    keys = [key, "set" if key in AXES else "network" if key == "net" else "", *values]
    return next(
        (lines[f"{name}.{word}"] for word in keys if f"{name}.{word}" in lines), lines.get(name, lines["title"])
    )


def _of_text(text: str, lines: Lines, scene: Scene) -> Iterator[Problem]:
    if len(text) > MAX_TEXT:
        return
    try:
        cut = pieces(text)
    except ExplorerError as error:
        yield Problem(lines.get("text", lines["title"]), error.what, error.remedy)
        return
    for piece in cut:
        if piece.is_expression:
            at = lines.get(f"text.{text.count(chr(10), 0, piece.at)}", lines["title"])
            yield from _of_expression(piece.text, piece.format, at, scene)


def _of_expression(text: str, style: str, line: int, scene: Scene) -> Iterator[Problem]:
    try:
        formatted(evaluate(text, scene), style)
    except ExplorerError as error:
        yield Problem(line, f"{{{text[:60]}}}: {error.what}", error.remedy)


def _of_question(step: Step, question: Question, lines: Lines, scene: Scene) -> Iterator[Problem]:
    at = lines.get("ask.answer", lines["ask"])
    try:
        right = questions.answer(question, scene)
        if question.kind is QuestionKind.NUMBER and isinstance(right, float) and not question.within:
            yield Problem(at, "The answer is no whole number, and nothing is near enough.", "Write within = 0.05.")
    except ExplorerError as error:
        yield Problem(at, error.what, error.remedy)
    for key in ("prompt", "why"):
        line = lines.get(f"ask.{key}", lines.get("ask.click", lines["ask"]))
        text = getattr(question, key)
        yield from _of_text(text, {"text": line, "text.0": line, "title": line}, scene)
    _, problem = _next(scene, question.show, {**lines, "ask.show": lines.get("ask.show", lines["ask"])}, "ask.show")
    if problem:
        yield problem
