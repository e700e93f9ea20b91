"""A lesson as an article: each step with its text, what its scene shows and its question, then the layers of all."""

from collections.abc import Iterator, Sequence

from resnet_explorer.errors import ExplorerError
from resnet_explorer.lessons.course import FIRST_NETWORK, answer_scene, scenes
from resnet_explorer.lessons.expressions import render
from resnet_explorer.lessons.questions import answer, answer_text
from resnet_explorer.lessons.values import Lesson, Question, QuestionKind, Step
from resnet_explorer.readings import Analysis
from resnet_explorer.scenes.scene import DIAGRAM, Scene, State
from resnet_explorer.share.article import Article, Ask, Diagram, Formula, Layers, Part, Section, Text
from resnet_explorer.share.scene import analysis_of, diagrams, page_parts, page_title
from resnet_explorer.spec import catalogue
from resnet_explorer.spec.catalogue import title
from resnet_explorer.spec.search import default_input

MOST_LAYERS = 1200
"""The tables of a lesson have so many rows together; networks that would add more have none."""


def lesson_article(lesson: Lesson) -> Article:
    """Return what is taken home of a lesson.

    Raises ExplorerError, with the step, where a scene cannot be or an expression has no value.
    """
    start = catalogue.find(FIRST_NETWORK)
    shown = scenes(lesson, Scene(State(start, default_input(start))))
    steps: list[Section] = []
    for number, (step, scene) in enumerate(zip(lesson.steps, shown, strict=True), start=1):
        try:
            steps.append(Section(render(step.title, scene), tuple(_parts(step, scene, steps))))
        except ExplorerError as error:
            where = f"step {number}"
            raise ExplorerError(where, f"{lesson.key}, {where} ({step.title}): {error.what}", error.remedy) from error
    facts = (f"{lesson.minutes} minutes", str(lesson.level), f"{len(steps)} steps")
    knows = f"Afterwards you know: {lesson.knows}" if lesson.knows else ""
    return Article(lesson.title, knows, facts, tuple(steps), tuple(_tables(steps)))


def _parts(step: Step, scene: Scene, before: Sequence[Section]) -> Iterator[Part]:
    """Yield a step's parts; what a step before has shown is shown again only where a click in it is asked for."""
    for paragraph in render(step.text, scene).split("\n\n"):
        yield Text(" ".join(paragraph.split()))
    if step.formula:
        yield Formula(step.formula)
    shown = shown_parts(scene)
    as_in = next((place for place, other in enumerate(before, 1) if all(part in other.parts for part in shown)), 0)
    if as_in and not (step.question and step.question.kind is QuestionKind.CLICK):
        yield Text(f"The picture of step {as_in} shows it.", quiet=True)
    else:
        yield from shown
    if step.question:
        yield _question(step.question, scene)
    if step.hands_over:
        yield Text("Your turn: in ResNet Explorer you can change all of this yourself.", quiet=True)


def shown_parts(scene: Scene) -> tuple[Part, ...]:
    """Return what a scene shows: its diagram, or what its page shows of recorded results."""
    if scene.page == DIAGRAM:
        return diagrams(scene, analysis_of(scene))
    pictures = tuple(part for part in page_parts(scene) if not isinstance(part, Text))  # the lesson has its own words
    note = f"In ResNet Explorer: {page_title(scene)}, {title(scene.state.spec)}."
    return pictures or (Text(note, quiet=True),)


def _question(question: Question, scene: Scene) -> Ask:
    right = answer(question, scene)
    is_number = question.kind is QuestionKind.NUMBER
    texts = right if isinstance(right, tuple) else (str(right),)
    return Ask(
        question.kind,
        render(question.prompt, scene),
        answer_text(question, right),
        question.options,
        () if is_number else texts,
        float(right) if is_number and isinstance(right, int | float) else 0.0,
        question.within,
        question.unit,
        " ".join(render(question.why, scene).split()),
        shown_parts(answer_scene(question, scene)) if question.show else (),
    )


def _tables(steps: list[Section]) -> Iterator[Section]:
    """Return the layers of every network whose diagram is shown, each once."""
    seen: dict[State, Analysis] = {}
    for part in (part for step in steps for part in step.parts):
        if isinstance(part, Diagram):
            analysis = part.analysis
            seen.setdefault(State(analysis.network.spec, analysis.input), analysis)
    rows = 0
    for analysis in seen.values():
        rows += len(analysis.rows)
        if rows <= MOST_LAYERS:
            yield Section(f"Layers of {title(analysis.network.spec)}", (Layers(analysis),))
