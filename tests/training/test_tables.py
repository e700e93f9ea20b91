"""Runs as CSV and JSON: every step is there, what is not finite is empty, names are no formulas."""

import csv
import io
import json
from math import inf, nan

from resnet_explorer import codec
from resnet_explorer.readings.quantities import Place, Quantity
from resnet_explorer.runs.folder import READERS
from resnet_explorer.runs.plan import Metric, Run, RunEnvironment, RunPlan
from resnet_explorer.runs.recipe import Recipe
from resnet_explorer.spec.catalogue import find
from resnet_explorer.training.text import BLOCKS_HEADER, CSV_HEADER, blocks_to_csv, to_csv, to_json

PLACES = tuple(Place(f"layer{stage}.0", stage, (1, 8, 8, 8)) for stage in (1, 2, 3))
SETTING = RunEnvironment("digits", tuple("0123456789"), PLACES, 1500, 297, "2.14", "1.0", "a machine", "2026-01-01")
BLOCKS = {Quantity.OUTPUT: (0.5, None, inf), Quantity.UPDATE: (1e-3, 2e-3, 0.0)}
METRICS = (
    Metric(0, 2.3, 0.125, 0.02, 0.03, blocks=BLOCKS),
    Metric(1, 2.25, 0.25, 0.02, 0.0625, 2.2, 0.3),
    Metric(2, nan, None, 0.02, 0.09375),
)


def run(name: str = "plain-20", seed: int = 0, metrics: tuple[Metric, ...] = METRICS) -> Run:
    return Run(RunPlan(name, find("plain20"), recipe=Recipe(steps=3), seed=seed), SETTING, metrics)


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_a_line_for_each_step_of_each_run() -> None:
    text = to_csv([run(), run("resnet-20", 1)])
    found = rows(text)
    assert tuple(found[0]) == CSV_HEADER and len(found) == 6
    assert [line["step"] for line in found] == ["1", "2", "3"] * 2
    assert found[1]["test_loss"] == "2.2" and found[0]["test_loss"] == ""
    assert found[2]["loss"] == "" and found[2]["accuracy"] == ""
    assert float(found[1]["epoch"]) == round(2 / 23, 6)
    assert {line["seed"] for line in found} == {"0", "1"} and float(found[0]["seconds"]) == 0.03


def test_a_line_for_each_block_and_quantity() -> None:
    found = rows(blocks_to_csv([run()]))
    assert tuple(found[0]) == BLOCKS_HEADER and len(found) == 6
    first = [line for line in found if line["quantity"] == "output-gradient"]
    assert [line["path"] for line in first] == ["layer1.0", "layer2.0", "layer3.0"]
    assert [line["value"] for line in first] == ["0.5", "", ""]


def test_no_name_is_a_formula() -> None:
    assert rows(to_csv([run("=HYPERLINK(1)")]))[0]["run"] == "'=HYPERLINK(1)"


def test_json_holds_plan_setting_and_steps() -> None:
    given = run()
    content = json.loads(to_json([given, run("empty", metrics=())]))
    one, empty = content["runs"]
    assert codec.decode(one["plan"], RunPlan, READERS) == given.plan
    assert one["steps"]["loss"] == [2.3, 2.25, None] and one["steps"]["test_accuracy"] == [None, 0.3, None]
    assert one["blocks"] == [{"step": 1, "output-gradient": [0.5, None, None], "measured-update": [1e-3, 2e-3, 0.0]}]
    assert one["setting"]["places"][2]["path"] == "layer3.0" and one["final_loss"] is None and one["whole"]
    assert empty["steps"]["step"] == [] and not empty["whole"]
    assert "empty" in content["measured"]


def test_nothing_at_all() -> None:
    assert to_csv([]).splitlines() == [",".join(CSV_HEADER)] and json.loads(to_json([]))["runs"] == []
