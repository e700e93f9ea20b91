"""The language of lessons: what it is worth, and what it refuses."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resnet_explorer.errors import ExplorerError
from resnet_explorer.lessons.expressions import FUNCTIONS, MAX_LENGTH, evaluate, render
from resnet_explorer.lessons.formats import FORMATS, formatted
from resnet_explorer.lessons.readings import readings
from resnet_explorer.scenes.scene import Scene, State
from resnet_explorer.spec.catalogue import find
from resnet_explorer.spec.search import default_input
from tests.cases import each


def scene_of(name: str) -> Scene:
    spec = find(name)
    return Scene(State(spec, default_input(spec)))


RESNET18 = scene_of("resnet18")


@each(
    "text,expected",
    [
        ("{1 + 2 * 3}", "7"),
        ("{2 ** 10}", "1,024"),
        ("{7 // 2} {7 / 2}", "3 3.5"),
        ("{-3}", "−3"),
        ("{1 / 3}", "0.333"),
        ("{123456.7}", "123,000"),
        ("{1 < 2 <= 2}", "yes"),
        ("{true and not false}", "yes"),
        ('{pick(1 > 2, "a", "b")}', "b"),
        ('{pick(true, 1, params("nowhere"))}', "1"),
        ("{round(2.567, 1)} {round(2.5001)}", "2.6 3"),
        ("{min(3, 2)} {max(3, 2, 5)} {abs(-2)}", "2 5 2"),
        ("{0.0351:percent} {4089184256:si} {3:word} {12.34:times}", "3.51 % 4.089 G three 12.3×"),
        ("{1048576:bytes} {1234.5:,.1f} {0.25:.0%}", "1.0 MiB 1,234.5 25%"),
        ('{"a: b"} {"}"} {{x}}', "a: b } {x}"),
        ('{paths("projection shortcuts")}', "layer2.0, layer3.0 and layer4.0"),
        ('{paths("projection shortcuts"):or}', "layer2.0, layer3.0 or layer4.0"),
        ('{first(paths("blocks"))} {last(paths("blocks"))}', "layer1.0 layer4.1"),
        ("{depth} {depth()}", "18 18"),
    ],
)
def test_what_a_text_says(text: str, expected: str) -> None:
    assert render(text, RESNET18) == expected


REFUSED = (
    "__import__('os')", "().__class__", "params.__globals__", "(1).real", "lambda: 1", "[x for x in (1,)]", "{1: 2}",
    "f'{1}'", "b'x'", "1j", "None", "...", "open('x')", "eval('1')", "x := 1", "params(*paths('blocks'))",
    "params(**1)", "'a' * 10", "'a' + 'b'", "1 if 2 else 3", "paths('blocks')[0]", "1 % 2", "1 << 2", "~1", "1 in 2",
    "9 ** 9 ** 9", "10 ** 65", "(-8) ** 0.5", "10 ** 40", "1e999", "1e18 * 1e18", "1 / 0", "0 ** -1", "2 ** 0.5 ** 99",
    "", "(", "1 +", "params('nowhere')", "params(1)", "params(nothing='x')", "nothing()", "depth(1)", "pick(1, 2, 3)",
    "pick(true, 1)", "not 1", "1 and 2", "first('a')", "min(1)", "round(1.5, 99)", "count('wheels')", "'a' < 'b'",
    "params(of='resnet51')", "params(set='norm=frn')", "params(set='blocks=400,400,400')", "params(input='0x0')",
    "params(of=1)", "total_stride('fc')", "kernel('relu')", "height('fc')", "problem(set='classes=10')", "\0",
    "(" * 400 + "1" + ")" * 400, "-" * 400 + "1", "not " * 100 + "true", "1+" * 240 + "1", "'" + "a" * MAX_LENGTH + "'",
    "depth()" + "+depth()" * 10, "9" * 450, "1" + "**9" * 150,
)  # fmt: skip


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(ExplorerError) as error:
        evaluate(text, RESNET18)
    assert error.value.what.endswith(".") and len(str(error.value)) < 700


@given(st.text(max_size=80) | st.text("()'\"{}:,.+-*/<>=0123456789abeprs ", max_size=120))
@settings(max_examples=150, deadline=None)
def test_any_text_has_a_value_or_an_error(text: str) -> None:
    for read in (evaluate, render):
        try:
            read(text, RESNET18)
        except ExplorerError as error:
            assert error.what


@pytest.mark.parametrize(
    "text", ["{", "}", "{}", "{ }", "{1:}}", '{"a}', "{1:nothing}", '{"a":si}', "{1.5:d}", "{{1}", "{1}" * 13]
)
def test_braces_and_formats_that_are_none(text: str) -> None:
    with pytest.raises(ExplorerError):
        render(text, RESNET18)


def test_every_function_and_format_has_its_example() -> None:
    for _, fewest, most, sentence, example in FUNCTIONS.values():
        assert fewest <= most and sentence.endswith(".")
        assert formatted(evaluate(example, RESNET18))
    assert all(sentence.endswith(".") for _, sentence in FORMATS.values())


@each("row", readings())
def test_every_reading_has_an_example_with_a_value(row: object) -> None:
    assert row.example.startswith(row.name) and row.sentence.endswith(".")  # type: ignore[attr-defined]
    assert render(f"{{{row.example}}}", RESNET18)  # type: ignore[attr-defined]


def test_no_two_readings_and_functions_share_a_name() -> None:
    names = [*FUNCTIONS, "true", "false", *(row.name for row in readings())]
    assert len(set(names)) == len(names)
