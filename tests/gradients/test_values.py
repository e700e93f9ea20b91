"""What the gradient lab says of its values: ratios, growth, what is 0 and why; and its presets."""

import json
import pickle
from dataclasses import replace
from math import inf, nan
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resnet_explorer.errors import ExplorerError
from resnet_explorer.gradients import tables as gradients_tables
from resnet_explorer.gradients.descent import Descent, DescentRequest, DescentStep, Paths, PathsRequest
from resnet_explorer.gradients.presets import PRESETS
from resnet_explorer.gradients.tables import describe_gradients, table_of
from resnet_explorer.gradients.values import (
    GradientRequest,
    GradientResult,
    Line,
    Neighbours,
    NetworkGradients,
    Sample,
    Shattering,
    ShatterRequest,
)
from resnet_explorer.readings.lesions import Lesions, LesionStudy
from resnet_explorer.readings.quantities import WORDS, Place, Quantity, Series
from resnet_explorer.readings.text import figure
from resnet_explorer.spec.catalogue import find, twin
from resnet_explorer.spec.change import assign
from tests.cases import each
from tests.narrow import of_kind

PLACES = tuple(Place(f"layer{stage}.{block}", stage, (32, 16, 8, 8)) for stage in (1, 2) for block in (0, 1))
NET = find("resnet20")


def network(*rows: Series, under: tuple[bool, ...] = (), quantity: Quantity = Quantity.INPUT) -> NetworkGradients:
    nothing: Series = (None,) * 4
    samples = tuple(
        Sample(seed, 2.3, 0.1, dict.fromkeys(Quantity, nothing) | {quantity: row}, {quantity: under} if under else {})
        for seed, row in enumerate(rows)
    )
    return NetworkGradients(NET, PLACES, samples)


def result(*networks: NetworkGradients) -> GradientResult:
    request = GradientRequest(tuple(one.spec for one in networks), seeds=tuple(range(len(networks[0].samples))))
    return GradientResult(request, networks, "digits", "2.14.1", 1.5)


class TestValues:
    def test_median_and_range_over_seeds(self) -> None:
        one = network((8.0, 4.0, 2.0, 1.0), (80.0, 4.0, 2.0, 1.0), (9.0, 5.0, 3.0, 1.0))
        assert one.median(Quantity.INPUT) == (9.0, 4.0, 2.0, 1.0)
        assert one.spread(Quantity.INPUT) == ((8.0, 80.0), (4.0, 5.0), (2.0, 3.0), (1.0, 1.0))
        assert one.ratio(Quantity.INPUT) == 9.0, "the median of the seeds' own ratios"

    def test_growth_leaves_out_the_changes_of_shape(self) -> None:
        """Within both stages the value doubles; between them it jumps by 50."""
        one = network((400.0, 200.0, 4.0, 2.0))
        assert one.growth(Quantity.INPUT) == pytest.approx(2) and one.ratio(Quantity.INPUT) == 200

    @given(st.floats(0.1, 10), st.floats(1e-12, 1e12))
    def test_growth_of_a_geometric_row_is_its_factor(self, factor: float, start: float) -> None:
        row = tuple(start * factor ** (3 - index) for index in range(4))
        assert network(row).growth(Quantity.INPUT) == pytest.approx(factor)
        assert network(row).ratio(Quantity.INPUT) == pytest.approx(factor**3)

    def test_what_is_unknown_or_not_finite_is_left_out(self) -> None:
        one = network((nan, inf, None, 1.0), (2.0, 3.0, None, 3.0))
        assert one.median(Quantity.INPUT) == (2.0, 3.0, None, 2.0)
        assert one.ratio(Quantity.INPUT) == pytest.approx(2 / 3)
        assert not network((None,) * 4).has(Quantity.INPUT)
        assert network((None,) * 4).growth(Quantity.INPUT) is None and network().ratio(Quantity.INPUT) is None

    def test_a_first_value_of_0_is_a_ratio_and_a_last_one_is_none(self) -> None:
        assert network((0.0, 1.0, 1.0, 1.0)).ratio(Quantity.INPUT) == 0
        assert network((1.0, 1.0, 1.0, 0.0)).ratio(Quantity.INPUT) is None

    def test_zeros_are_noted_only_where_float32_made_them(self) -> None:
        row = (0.0, 0.0, 1.0, 1.0)
        assert network(row).notes == ()
        noted = network(row, under=(True, False, False, False))
        assert noted.underflows(Quantity.INPUT) == (True, False, False, False)
        text = "ResNet-20: gradients at 1 of 4 blocks are 0 in float32 and are not in float64: underflow."
        assert noted.notes == (text,) == result(noted).notes
        assert network((nan, 1.0, 1.0, 1.0)).notes == (
            "ResNet-20: gradients at 1 of 4 blocks are not finite: overflow.",
        )


class TestRequest:
    def test_what_cannot_be_measured_is_refused(self) -> None:
        bad: list[dict[str, Any]] = [
            {"seeds": ()},
            {"rate": 0.0},
            {"rate": nan},
            {"specs": ()},
            {"seeds": (0,) * 101},
        ]
        bad.append({"specs": (NET, assign(NET, "in_channels=1"))})
        for how in bad:
            with pytest.raises(ExplorerError):
                replace(GradientRequest((NET,)), **how)

    @pytest.mark.parametrize(("name", "other"), [("resnet56", "plain56"), ("plain56", "resnet56")])
    def test_twins_are_each_others(self, name: str, other: str) -> None:
        assert twin(find(name)).name == other and twin(twin(find(name))) == find(name)

    def test_the_conditions_stand_in_words(self) -> None:
        text = " ".join(result(network((1.0,) * 4)).conditions)
        for part in ("PyTorch 2.14.1", "cpu", "float32", "seed 0", "batch 32", "training mode", "norm batch", "digits"):
            assert part in text


class TestWords:
    @each(
        "value,text",
        [(None, "unknown"), (0, "0"), (0.08934, "0.0893"), (19166.0, "19,200"), (6.1e-47, "6.1e-47"), (1.46, "1.46")],
    )
    def test_figures_have_three_digits(self, value: float | None, text: str) -> None:
        assert figure(value) == text

    def test_every_quantity_has_its_words(self) -> None:
        assert set(WORDS) == set(Quantity)
        assert all(text.label and text.symbol and text.teaches.endswith(".") for text in WORDS.values())

    def test_what_was_measured_is_said(self) -> None:
        text = describe_gradients(result(network((8.0, 4.0, 2.0, 1.0))))
        assert (
            text == "‖∂L/∂x‖₂, median of 1 seed. ResNet-20: first/last block 8, × 2 with each block towards the input."
        )
        share = network((0.1, 0.4, 0.6, 0.9), quantity=Quantity.SHARE)
        assert "ResNet-20: 0.1 at the first block, 0.9 at the last" in describe_gradients(result(share), Quantity.SHARE)
        assert "no shortcuts" in describe_gradients(result(network((1.0,) * 4)), Quantity.SHARE)

    def test_the_other_experiments_are_told_too(self) -> None:
        request = of_kind(PathsRequest, PRESETS["paths"].request)
        paths = Paths(request, (0.5, 1.0, 0.1), (0.3, 0.66, 0.04), (0.5, 0.4, 0.1), 2.0, 1e-7, True, "", "", 1.0)
        assert "paths of 0 to 1 of 2 branches, which are 75 % of all paths" in table_of(paths).describe(paths)
        values = {Quantity.OUTPUT: (9.0, 1.0, 1.0, 3.0)}
        steps = tuple(DescentStep(number, (2.0 - number,), (0.5,), (values,)) for number in (0, 1))
        descent = Descent(DescentRequest((NET,)), (PLACES,), steps, "", "", 1.0)
        text = table_of(descent).describe(descent)
        assert text.startswith("Mean loss of the last 2 steps: ResNet-20 1.5 (‖∂L/∂y‖ first/last block 3 at")
        lesions = Lesions("ResNet-20", NET, PLACES, 0.01, 0.02, (0.5, 0.1, 0.05, 0.03), (None,) * 4, 297, "")
        study = LesionStudy(PRESETS["lesions"].request, (lesions,), "", 1.0)  # type: ignore[arg-type]
        text = "297 test images ResNet-20: 1.0 % test error, typically 7.5 % without one of its blocks (3.0 % to"
        assert text in table_of(study).describe(study)
        line = Line("plain, batch norm", 50, ((0.01, 0.0),))
        shattering = Shattering(ShatterRequest((NET,)), (Neighbours(NET, ((0.8, 0.6),)),), (line,), "", "", 1.0)
        text = table_of(shattering).describe(shattering)
        assert "ResNet-20 0.8." in text and "plain, batch norm 0.01." in text


class TestTable:
    def test_json_has_no_strange_numbers(self) -> None:
        told = json.loads(gradients_tables.gradients_to_json(result(network((nan, inf, None, 1.0)))))
        assert told["networks"][0]["quantities"]["input-gradient"]["values"] == [[None, None, None, 1.0]]

    def test_csv_keeps_every_digit_and_marks_underflow(self) -> None:
        one = network((0.0, 0.1 + 0.2, 6.1e-47, 1.0), under=(True, False, False, False))
        lines = gradients_tables.to_csv(result(one)).splitlines()
        assert len(lines) == 1 + 4 * len(Quantity)
        assert lines[1] == "resnet20,1,layer1.0,1,input-gradient,0,0.0,yes"
        assert lines[2] == "resnet20,2,layer1.1,1,input-gradient,0,0.30000000000000004,"
        assert float(lines[3].split(",")[6]) == 6.1e-47

    def test_text_has_a_line_for_each_block(self) -> None:
        text = gradients_tables.to_text(result(network((8.0, 4.0, 2.0, 1.0), (9.0, 4.0, 2.0, 1.0))), Quantity.INPUT)
        assert "    1  layer1.0" in text and "8.5 (8 … 9)" in text and "median of 2 seeds" in text


class TestPresets:
    def test_each_says_what_to_look_for_and_who_said_so(self) -> None:
        assert {"batch-norm", "no-norm", "zero-init", "degradation", "paths", "shattered", "lesions"} <= set(PRESETS)
        for key, preset in PRESETS.items():
            assert preset.key == key and preset.title and preset.question
            assert preset.look_for.endswith(".") and preset.references
            for reference in preset.references:
                number = reference.arxiv.split(".")
                assert len(number[0]) == 4 and len(number[1]) == 5 and reference.address.endswith(reference.arxiv)

    def test_titles_differ(self) -> None:
        assert len({preset.title for preset in PRESETS.values()}) == len(PRESETS)

    @each("key", PRESETS)
    def test_requests_cross_to_another_process(self, key: str) -> None:
        assert pickle.loads(pickle.dumps(PRESETS[key].request)) == PRESETS[key].request
