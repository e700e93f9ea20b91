"""A lesson as an article: its texts with their values, its pictures, its questions with computed answers."""

from dataclasses import replace

import pytest

from resnet_explorer.errors import ExplorerError
from resnet_explorer.lessons.check import problems
from resnet_explorer.lessons.course import find, lessons, load
from resnet_explorer.lessons.parse import parse
from resnet_explorer.lessons.values import QuestionKind
from resnet_explorer.share.article import Ask, Diagram, Figure, Formula, Layers, Text
from resnet_explorer.share.lesson import lesson_article
from resnet_explorer.share.page import to_html
from tests.share.html import read
from tests.share.lessons import FILE, article


def test_the_lesson_of_these_tests_is_right() -> None:
    assert problems(FILE.read_text(encoding="utf-8"), str(FILE)) == ()


def test_every_step_has_its_text_its_picture_and_its_question() -> None:
    made = article()
    kinds = [[type(part) for part in step.parts] for step in made.steps]
    assert kinds == [
        [Text, Diagram, Diagram, Ask],
        [Text, Formula, Diagram, Ask],
        [Text, Diagram, Ask],  # where a click is asked for the picture stands again
        [Text, Diagram, Ask],
        [Text, Figure, Figure, Ask],
        [Text, Diagram, Text],
    ]
    texts = [part.text for step in made.steps for part in step.parts if isinstance(part, Text)]
    assert "34 times with and without shortcuts: 21,797,672 parameters" in texts[0]
    assert not [text for text in texts if "{" in text]


def test_answers_are_computed() -> None:
    asks = [part for step in article().steps for part in step.parts if isinstance(part, Ask)]
    assert [ask.kind for ask in asks] == [
        *(QuestionKind.CHOICE, QuestionKind.NUMBER, QuestionKind.CLICK, QuestionKind.CLICK, QuestionKind.CHOICE)
    ]
    assert (asks[1].value, asks[1].answer) == (64 * 128, "8,192 parameters")
    assert asks[2].right == ("layer2.0", "layer3.0", "layer4.0")
    assert [type(part) for part in asks[4].shown] == [Figure, Figure]


def test_what_a_step_hides_is_not_in_its_chart() -> None:
    chart = next(part.chart for part in article().steps[4].parts if isinstance(part, Figure))
    assert {series.label for series in chart.series} == {"plain-20", "plain-56"}


def test_each_network_has_its_layers_once() -> None:
    tables = [part for section in article().end for part in section.parts]
    assert all(isinstance(part, Layers) for part in tables)
    assert [section.title for section in article().end] == [
        *("Layers of ResNet-34", "Layers of ResNet-34, plain twin", "Layers of ResNet-18", "Layers of ResNet-56")
    ]


def test_what_cannot_be_is_told_with_its_step() -> None:
    lesson = load(FILE)
    broken = (*lesson.steps[:1], replace(lesson.steps[1], text='{params("layer9")}'), *lesson.steps[2:])
    with pytest.raises(ExplorerError, match=r"step 2 \(One block, opened\)"):
        lesson_article(replace(lesson, steps=broken))


def test_a_lesson_of_a_stranger_shows_text_alone() -> None:
    evil, lesson = "</script><img src=x>\"'", load(FILE)
    with pytest.raises(ExplorerError, match="HTML"):
        parse(FILE.read_text(encoding="utf-8").replace('"the plain one"', f"'{evil[:-1]}'"), "evil.md")
    question = lesson.steps[0].question
    assert question
    question = replace(question, options=(evil, *question.options), why=evil, prompt=evil)
    step = replace(lesson.steps[0], title=evil, text=evil, question=question)
    made = read(to_html(lesson_article(replace(lesson, title=evil, knows=evil, steps=(step,)))))
    assert not list(made.all("img")) and len(list(made.all("script"))) == 2
    assert [field for field in made.all("input") if field.attributes.get("value") == evil]
    assert next(made.all("h1")).text == evil and next(made.all("legend")).text == evil


LARGEST = 2_500_000
"""Bytes of the page of a lesson."""


@pytest.mark.parametrize("key", [listed.key for listed in lessons()])
def test_every_lesson_of_the_course_can_be_taken_home(key: str) -> None:
    made = lesson_article(load(find(key)))
    text = to_html(made)
    assert len(text.encode()) < LARGEST
    assert len(list(read(text).all("section"))) == len(made.steps) + len(made.end)
