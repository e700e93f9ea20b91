"""Lessons in files: read as they are written, checked as a whole, hostile ones refused."""

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resnet_explorer.assets import path
from resnet_explorer.errors import ExplorerError
from resnet_explorer.lessons import course, questions
from resnet_explorer.lessons.check import problems
from resnet_explorer.lessons.expressions import render
from resnet_explorer.lessons.parse import MAX_BYTES, MAX_STEPS, parse
from resnet_explorer.lessons.values import Level, QuestionKind
from tests.lessons.test_expressions import RESNET18

DOCUMENT = (Path(__file__).parents[2] / "docs" / "lessons.md").read_text(encoding="utf-8")
EXAMPLE = re.search(r"```markdown\n(.*?)```", DOCUMENT, re.DOTALL)[1]  # type: ignore[index]
"""The lesson that the document shows."""


def with_line(line: str, instead: str) -> str:
    assert EXAMPLE.count(line) == 1, line
    return EXAMPLE.replace(line, instead)


def test_the_documents_example_is_a_lesson() -> None:
    assert problems(EXAMPLE, "example.md") == ()
    lesson = parse(EXAMPLE, "folder/05-example.md")
    assert (lesson.key, lesson.title, lesson.minutes) == ("05-example", "What a projection costs", 2)
    assert (lesson.level, lesson.topics) == (Level.FIRST, (5,))
    first, second, third = lesson.steps
    assert first.question and first.question.kind is QuestionKind.CLICK
    assert first.question.show == {"open": ["layer2.0"], "select": "layer2.0.downsample.0"}
    assert second.formula == "add_projection" and second.question and second.question.unit == "weights"
    assert third.hands_over and not third.question
    assert [EXAMPLE.split("\n")[step.line - 1] for step in lesson.steps] == [f"## {s.title}" for s in lesson.steps]


def test_scenes_are_whole_whatever_was_shown() -> None:
    lesson = parse(EXAMPLE, "example.md")
    scenes = course.scenes(lesson, RESNET18)
    assert [scene.state.spec.name for scene in scenes] == ["resnet18"] * 3
    assert [sorted(scene.view.expanded) for scene in scenes] == [[], ["layer2.0"], ["layer2.0"]]
    other = course.scenes(lesson, course.changed(RESNET18, {"network": "resnet50", "page": "gradients"}))
    assert other == scenes
    texts = [render(step.text, scene) for step, scene in zip(lesson.steps, scenes, strict=True)]
    assert "In ResNet-18 five of eight blocks" in texts[0] and "of 11,689,512 parameters" in texts[1]


@pytest.mark.parametrize(
    ("line", "instead", "word"),
    [
        ('title = "What a projection costs"', "", "title"),
        ('title = "What a projection costs"', "title = 3", "string"),
        ("minutes = 2", "minutes = 200", "minutes"),
        ("minutes = 2", "minuts = 2", "minuts"),
        ('level = "first course"', 'level = "expert"', "level"),
        ("topics = [5]", "topics = [38]", "37"),
        ("topics = [5]", "topics = [5, 5]", "topics"),
        ("topics = [5]", "topics = [", "TOML"),
        ("## What it costs", "##", "title"),
        ("## What it costs", "## What [it](x) costs", "link"),
        ('network = "resnet18"', 'network = "resnet19"', "resnet19"),
        ('network = "resnet18"', 'set = ["norm=frn"]', "activate"),
        ('network = "resnet18"', 'set = ["blocks=400,400,400"]', "1,000"),
        ('network = "resnet18"', 'input = "64x3x2000x2000"', "GiB"),
        ('network = "resnet18"', 'input = "1x1x224x224"', "channels"),
        ('network = "resnet18"', 'device = "cuda"', "device"),
        ('network = "resnet18"', 'drawers = { device = "cuda" }', "device"),
        ('network = "resnet18"', 'network = "../secret.json"', "file"),
        ('network = "resnet18"', "network = 2026-01-01", "plain"),
        ('network = "resnet18"', "network = nan", "plain"),
        ('network = "resnet18"', "network = 18", "network"),
        ('page = "diagram"', 'page = "nowhere"', "nowhere"),
        ('page = "diagram"', 'nothing = "x"', "nothing"),
        ("A shortcut can only be added where both shapes agree.", "- A shortcut", "list"),
        ("A shortcut can only be added where both shapes agree.", "word " * 61, "60"),
        ("A shortcut can only be added where both shapes agree.", "<img src='x'>", "HTML"),
        ("A shortcut can only be added where both shapes agree.", "![x](http://x)", "picture"),
        ("A shortcut can only be added where both shapes agree.", "See https://x.org", "link"),
        ("A shortcut can only be added where both shapes agree.", "{parms}", "parms"),
        ("A shortcut can only be added where both shapes agree.", "{params(1, 2)}", "takes"),
        ("A shortcut can only be added where both shapes agree.", "{1 +}", "no expression"),
        ("A shortcut can only be added where both shapes agree.", "{title:si}", "format"),
        ("A shortcut can only be added where both shapes agree.", "{", "no expression"),
        ("A shortcut can only be added where both shapes agree.", "[hand over]", "hand over"),
        ("A shortcut can only be added where both shapes agree.", "a\x00b", "character"),
        ("[formula] add_projection [/formula]", "[formula] add_projections [/formula]", "add_projections"),
        ("[formula] add_projection [/formula]", "[formula] [/formula]", "one formula"),
        ("answer = 'paths(\"projection shortcuts\")'", 'answer = "layer9"', "layer9"),
        ("answer = 'paths(\"projection shortcuts\")'", "answer = '\"layer9\"'", "no part"),
        ("answer = 'paths(\"projection shortcuts\")'", "answer = 'paths(\"padding shortcuts\")'", "no part"),
        ("answer = 'paths(\"projection shortcuts\")'", "", "answer"),
        ('click = "Click a block whose shortcut is a projection."', 'choice = ["a"]', "options"),
        ('click = "Click a block whose shortcut is a projection."', 'choice = ["a", "b"]', "no option"),
        ('click = "Click a block whose shortcut is a projection."', 'clik = "x"', "clik"),
        ('number = "weights"', 'number = "weights"\nclick = "x"', "one of"),
        ("within = 0.05", "within = 5", "within"),
        ("within = 0.05", "within = 0.05\nshow = 3", "table"),
        ("within = 0.05", "within = 0.05\nwithin = 0.1", "TOML"),
        ("answer = 'params(\"layer2.0.downsample.0\")'", "answer = 'title'", "no number"),
        ('show = { open = ["layer2.0"], select = "layer2.0.downsample.0" }', 'show = { open = ["layer9"] }', "layer9"),
        ('open = ["layer2.0"]\n[/scene]', 'open = ["layer2.0"]', "not closed"),
        ('open = ["layer2.0"]\n[/scene]', 'open = ["layer2.0"]\n[/scene]\n[scene]\n[/scene]', "second"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_line(line: str, instead: str, word: str) -> None:
    text = with_line(line, instead)
    found = problems(text, "example.md")
    assert found, "nothing is wrong"
    assert any(word in f"{problem.what} {problem.remedy}" for problem in found), found
    first = EXAMPLE[: EXAMPLE.index(line)].count("\n") + 1
    assert any(abs(problem.line - first) <= 7 for problem in found), (first, found)


def test_the_line_of_an_expression_is_its_own() -> None:
    text = with_line("The three projections hold", "The three\n\nprojections {nothing} hold")
    (found,) = problems(text, "example.md")
    assert text.split("\n")[found.line - 1].startswith("projections {nothing}")


def test_a_step_is_not_blamed_for_the_one_before() -> None:
    text = with_line('network = "resnet18"', 'network = "resnet19"\nopen = "layer1.0"')
    text = text.replace('page = "diagram"', 'page = "gradients"').replace(
        'open = ["layer2.0"]\n[/scene]', "step = 3\n[/scene]"
    )
    (found,) = problems(text, "example.md")
    assert "resnet19" in found.what


def test_all_problems_are_said_at_once() -> None:
    text = EXAMPLE.replace("resnet18", "resnet19").replace("{params}", "{parms}").replace("minutes = 2", "minutes = 0")
    assert len(problems(text, "example.md")) >= 3


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "+++\n+++",
        "+++\ntitle='x'\nknows='x'\n+++\nno step",
        "## A\ntext",
        "+++\n" * 50,
        "\0",
        "\ufeff" + EXAMPLE[:40],
    ],
)
def test_what_is_no_lesson(text: str) -> None:
    with pytest.raises(ExplorerError, match="line "):
        parse(text, "x.md")
    assert problems(text, "x.md")


def test_sizes_are_bounded() -> None:
    head = EXAMPLE[: EXAMPLE.index("## ")]
    assert problems(head + "## Step\nText.\n" * MAX_STEPS, "x.md") == ()
    assert "at most 60" in problems(head + "## Step\nText.\n" * (MAX_STEPS + 1), "x.md")[0].remedy
    assert "200 kB" in problems(EXAMPLE + " " * MAX_BYTES, "x.md")[0].what
    long = with_line("A shortcut can only be added where both shapes agree.", "\n" * 150_000 + "{params}" * 3_000)
    assert any("2,000" in problem.remedy for problem in problems(long, "x.md"))
    deep = with_line('network = "resnet18"', f"network = {'[' * 5000}")
    assert "nested" in problems(deep, "x.md")[0].what


_LINES = EXAMPLE.split("\n")
_WORDS = sorted(
    {*re.findall(r"\w+|[^\w\s]", EXAMPLE), *("[scene]", "[/ask]", "+++", "##", "1e400", "''", '"""', "\\u0000")}
)


@given(st.data())
@settings(max_examples=120, deadline=None)
def test_a_changed_file_never_fails(data: st.DataObject) -> None:
    lines = list(_LINES)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(lines) - 1))
        match data.draw(st.sampled_from(("drop", "double", "word", "swap", "text"))):
            case "drop":
                del lines[at]
            case "double":
                lines.insert(at, lines[at])
            case "swap":
                other = data.draw(st.integers(0, len(lines) - 1))
                lines[at], lines[other] = lines[other], lines[at]
            case "word":
                words = re.split(r"(\W)", lines[at])
                words[data.draw(st.integers(0, len(words) - 1))] = data.draw(st.sampled_from(_WORDS))
                lines[at] = "".join(words)
            case "text":
                lines[at] = data.draw(st.text(max_size=20))
        lines = lines or [""]
    for problem in problems("\n".join(lines), "x.md"):
        assert 1 <= problem.line <= len(lines) + 1 and problem.what


@given(st.text(max_size=300))
@settings(max_examples=60, deadline=None)
def test_any_text_is_a_lesson_or_an_error(text: str) -> None:
    assert problems(text, "x.md")


def test_files_of_folders_are_listed_and_broken_ones_say_why(tmp_path: Path) -> None:
    (tmp_path / "20-good.md").write_text(EXAMPLE, encoding="utf-8")
    (tmp_path / "10-bad.md").write_text("hello", encoding="utf-8")
    (tmp_path / "15-large.md").write_text(EXAMPLE + " " * MAX_BYTES, encoding="utf-8")
    (tmp_path / "16-bytes.md").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "other.txt").write_text("no lesson", encoding="utf-8")
    listed = course.lessons(tmp_path, tmp_path / "nowhere")
    own = [item for item in listed if item.path.parent == tmp_path]
    assert [item.key for item in own] == ["10-bad", "15-large", "16-bytes", "20-good"]
    assert [item.lesson is None for item in own] == [True, True, True, False]
    assert own[0].problem.startswith("line 1: ") and own[1].problem and own[2].problem and not own[3].problem
    assert [item.path for item in listed[: -len(own)]] == sorted(path("lessons").glob("*.md"))


def test_a_lesson_is_found_by_its_key_a_beginning_or_its_file(tmp_path: Path) -> None:
    (tmp_path / "20-good.md").write_text(EXAMPLE, encoding="utf-8")
    file = tmp_path / "20-good.md"
    assert course.find("20-good", tmp_path) == course.find("20-g", tmp_path) == course.find(str(file)) == file
    assert course.find("01").stem.startswith("01-")
    with pytest.raises(ExplorerError, match="no lesson 'nothing'"):
        course.find("nothing")


@pytest.mark.parametrize("file", sorted(path("lessons").glob("*.md")), ids=lambda file: file.stem)
def test_nothing_is_wrong_with_the_apps_own_lessons(file: Path) -> None:
    assert problems(course.read_text(file), str(file)) == ()
    lesson = course.load(file)
    for step, scene in zip(lesson.steps, course.scenes(lesson, RESNET18), strict=True):
        assert "{" not in render(step.text, scene)
        if step.question:
            right = questions.answer(step.question, scene)
            first = str(right[0] if isinstance(right, tuple) else right)
            assert questions.check(step.question, first, scene).right
            for wrong in set(step.question.options) - {first, *(right if isinstance(right, tuple) else ())}:
                assert not questions.check(step.question, wrong, scene).right
            assert course.answer_scene(step.question, scene)
