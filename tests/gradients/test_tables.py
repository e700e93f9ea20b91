"""Tables of the gradient lab's experiments: every value comes back from CSV and JSON as it was measured."""

import csv
import io
import json
from dataclasses import replace
from math import nan

import pytest

from resnet_explorer.codec import decode
from resnet_explorer.gradients.descent import (
    RECIPE,
    Descent,
    DescentRequest,
    DescentStep,
    LesionRequest,
    Paths,
    PathsRequest,
)
from resnet_explorer.gradients.tables import LabResult, file_name, table_of, to_csv, to_json
from resnet_explorer.gradients.values import GradientRequest, Line, Neighbours, Shattering, ShatterRequest
from resnet_explorer.images.choice import DataChoice, DataKind
from resnet_explorer.readings.lesions import Lesions, LesionStudy
from resnet_explorer.readings.quantities import Place, Quantity
from resnet_explorer.runs.recipe import Recipe
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.catalogue import find, twin
from resnet_explorer.spec.codec import from_dict

NET = find("resnet20")
PAIR = (NET, twin(NET))
PLACES = (Place("layer1.0", 1, (16, 8, 8)), Place("layer2.0", 2, (32, 4, 4)))
VALUES = {Quantity.INPUT: (0.1, 1e-30), Quantity.COSINE: (None, -0.25)}
STEPS = (DescentStep(0, (2.5, nan), (0.125, None), (VALUES, VALUES)), DescentStep(1, (1.5, 2.25), (0.5, 0.25)))
ASKED = DescentRequest(PAIR, recipe=replace(RECIPE, steps=2, measure_every=2))
DESCENT = Descent(ASKED, (PLACES, PLACES), STEPS, "digits", "2.6", 1.0)
PATHS = Paths(
    PathsRequest(NET, data=DataChoice(DataKind.CIFAR10, "/data")),
    (0.5, 2.0, 1.0), (0.1, 0.6, 0.3), (0.25, 0.5, None),
    2.0, 1e-7, False, "digits", "2.6", 1.0,
)  # fmt: skip
SHATTERING = Shattering(
    ShatterRequest(PAIR, seeds=(3,)),
    (Neighbours(NET, ((0.9, 0.8, 0.7, 0.6, 0.5),)),),
    (Line("plain, no norm", 50, ((0.78, 0.6, 0.4, 0.2, 0.1),)),),
    *("digits", "2.6", 1.0),
)
WOUNDS = Lesions("ResNet-20", NET, PLACES, 0.02, 0.03, (0.7, 0.09), (0.2, None), 297, "digits")
LESIONS = LesionStudy(LesionRequest((NET,)), (WOUNDS,), "2.6", 1.0)
ALL: tuple[LabResult, ...] = (DESCENT, PATHS, SHATTERING, LESIONS)


def lines(result: LabResult) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(to_csv(result))))


@pytest.mark.parametrize("result", ALL, ids=lambda one: table_of(one).name)
def test_csv_and_json_hold_the_same_values(result: LabResult) -> None:
    measured = json.loads(to_json(result))["measured"]
    told = [{key: "" if value is None else str(value) for key, value in line.items()} for line in measured]
    assert lines(result) == told and told


@pytest.mark.parametrize("result", ALL, ids=lambda one: table_of(one).name)
def test_json_says_what_was_asked_on_what_and_with_what(result: LabResult) -> None:
    told = json.loads(to_json(result))
    assert told["data"] == "digits" and told["torch"] == "2.6" and told["experiment"] == table_of(result).name
    specs = [told["request"]["spec"]] if isinstance(result, Paths) else told["request"]["specs"]
    assert from_dict(specs[0]) == NET


def test_a_request_comes_back_from_json() -> None:
    asked = json.loads(to_json(PATHS))["request"]
    assert asked["data"] == "cifar10:/data" and asked["mode"] == "train"
    assert decode(asked["recipe"], Recipe) == PATHS.request.recipe
    assert InputShape(**asked["image"]) == PATHS.request.image


def test_a_training_has_its_losses_and_every_block() -> None:
    found = lines(DESCENT)
    assert len(found) == 2 * (2 * 2 + 2 * 2)
    assert found[0] == {
        "network": "resnet20", "step": "0", "block": "", "path": "", "stage": "",
        "quantity": "training-loss", "value": "2.5",
    }  # fmt: skip
    values = {(one["network"], one["step"], one["quantity"], one["path"]): one["value"] for one in found}
    assert values["plain20", "0", "training-loss", ""] == "" and values["plain20", "1", "training-loss", ""] == "2.25"
    assert float(values["resnet20", "0", "input-gradient", "layer2.0"]) == 1e-30
    assert values["resnet20", "0", "cosine", "layer1.0"] == ""


def test_paths_have_a_line_for_each_length_with_the_binomial_share() -> None:
    found = lines(PATHS)
    assert [float(one["paths (share of all)"]) for one in found] == [0.25, 0.5, 0.25]
    assert [one["the paper's product (norm)"] for one in found] == ["0.25", "1.0", ""]


def test_shattering_and_lesions_have_a_line_for_each_thing() -> None:
    found = lines(SHATTERING)
    assert len(found) == 10 and {one["seed"] for one in found} == {"3"}
    assert found[-1]["depth (layers)"] == "50" and found[-1]["measure"] == "autocorrelation"
    assert [one["distance (points)"] for one in found[:5]] == ["1", "2", "4", "8", "16"]
    named = {(one["lesion"], one["path"]): one["test error (share)"] for one in lines(LESIONS)}
    assert named["none", ""] == "0.02" and named["dropped", "layer1.0"] == "0.7"
    assert named["swapped with the next", "layer2.0"] == ""


def test_a_step_of_a_training_is_saved_as_gradients_are() -> None:
    result = DESCENT.at(STEPS[0])
    told = json.loads(to_json(result.__class__(GradientRequest(PAIR), (), "digits", "2.6", 1.0)))
    assert told["experiment"] == "gradients" and told["networks"] == []
    assert [file_name(one) for one in ALL] == [
        "resnet20-training", "resnet20-paths", "resnet20-shattering", "resnet20-lesions",
    ]  # fmt: skip
