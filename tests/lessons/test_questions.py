"""Questions: right answers are taken, wrong ones refused, numbers within their tolerance, clicks inside the block."""

from dataclasses import replace
from math import isfinite

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resnet_explorer.errors import ExplorerError
from resnet_explorer.lessons.questions import check, read_number
from resnet_explorer.lessons.values import Question, QuestionKind
from tests.cases import each
from tests.lessons.test_expressions import RESNET18

NUMBER = Question(QuestionKind.NUMBER, "", "params()", unit="parameters", within=0.05, why="It has {params}.")
CHOICE = Question(QuestionKind.CHOICE, "", 'pick(depth() > 20, "more", "fewer")', ("more", "fewer"))
CLICK = Question(QuestionKind.CLICK, "", 'paths("projection shortcuts")')


@each(
    "given,right",
    [
        ("11,689,512", True), ("11.7 M", True), ("11.7M parameters", True), ("12.2e6", True), (11_689_512.0, True),
        ("11 689 512", True), ("11.0 M", False), ("11.7", False), ("-11.7 M", False), ("12.4 M", False), ("0", False),
    ],
)  # fmt: skip
def test_a_number_within_its_tolerance(given: str | float, right: bool) -> None:
    verdict = check(NUMBER, given, RESNET18)
    assert verdict.right is right
    assert (verdict.answer, verdict.why) == ("11,689,512 parameters", "It has 11,689,512.")


@pytest.mark.parametrize("given", ["", "many", "1.2.3", "one", "--1", "nan", "inf", "1e999999", "e50", "-e5", "."])
def test_what_is_no_number_is_said(given: str) -> None:
    with pytest.raises(ExplorerError, match="no number"):
        check(NUMBER, given, RESNET18)


@each(
    "given,unit,number",
    [("4 %", "", 0.04), ("4 %", "%", 4.0), ("−3", "", -3.0), ("2 k", "", 2000.0), ("8 MACs", "MACs", 8.0),
     ("8 G MACs", "MACs", 8e9), (".5", "", 0.5), ("7×", "", 7.0), ("5 m", "m", 5.0)],
)  # fmt: skip
def test_numbers_as_people_write_them(given: str, unit: str, number: float) -> None:
    assert read_number(given, unit) == pytest.approx(number)


@given(st.text("0123456789eE+-−.,_ kMG%٣²", max_size=12))
def test_any_text_is_a_number_or_refused(text: str) -> None:
    try:
        assert isfinite(read_number(text))
    except ExplorerError as error:
        assert "no number" in error.what


def test_a_choice() -> None:
    assert check(CHOICE, "fewer", RESNET18).right
    assert not check(CHOICE, "more", RESNET18).right and not check(CHOICE, "", RESNET18).right
    as_it_is = replace(CHOICE, answer="more")
    assert check(as_it_is, "more", RESNET18).right and not check(as_it_is, "fewer", RESNET18).right


@each(
    "given,right",
    [
        ("layer2.0", True), ("layer2.0.conv1", True), ("layer2.0.downsample", True), ("layer4.0", True),
        ("layer2.0.downsample.0", True), ("layer2.1", False), ("layer2", False), ("stem", False), ("", False),
        ("conv1", False), ("nowhere", False),
    ],
)  # fmt: skip
def test_a_click_inside_the_block_counts(given: str, right: bool) -> None:
    verdict = check(CLICK, given, RESNET18)
    assert verdict.right is right and verdict.answer == "layer2.0, layer3.0 or layer4.0"


@pytest.mark.parametrize(
    "question",
    [replace(NUMBER, answer="title"), replace(NUMBER, answer="true"), replace(CHOICE, answer='"none"'),
     replace(CLICK, answer='"layer9"'), replace(CLICK, answer='paths("padding shortcuts")')],
)  # fmt: skip
def test_a_question_without_an_answer_is_said(question: Question) -> None:
    with pytest.raises(ExplorerError):
        check(question, "1", RESNET18)
