"""JSON files: what goes out comes back equal, old files are read, and what is wrong is said with its place."""

import json
from dataclasses import replace
from math import inf, isnan
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resnet_explorer import codec
from resnet_explorer.errors import ExplorerError
from resnet_explorer.finetuning.choices import (
    BnMode,
    GreyWay,
    Preprocess,
    Rates,
    Strategy,
    TuneData,
    TuneKind,
    WeightsChoice,
    WeightsKind,
)
from resnet_explorer.finetuning.plan import TunePlan, plan_from_text, plan_to_text
from resnet_explorer.gradients.descent import DescentRequest, LesionRequest, PathsRequest
from resnet_explorer.gradients.values import GradientRequest, ShatterRequest
from resnet_explorer.images.choice import DataChoice, DataKind
from resnet_explorer.readings.quantities import Loss, Mode, Place, Precision, Quantity
from resnet_explorer.runs import folder as runs_codec
from resnet_explorer.runs.plan import Metric, RunEnvironment, RunPlan
from resnet_explorer.runs.recipe import Optimiser, Recipe, Schedule
from resnet_explorer.spec import InputShape
from resnet_explorer.spec import codec as spec_codec
from resnet_explorer.spec.axes import AXES
from resnet_explorer.spec.catalogue import find, twin
from resnet_explorer.spec.change import assign
from resnet_explorer.training import tasks as run_tasks
from resnet_explorer.training.tasks import Task
from resnet_explorer.ui import preferences
from tests.cases import each
from tests.specs import small_specs

FILES = Path(__file__).parent / "reference" / "files"
"""Files as the app wrote them before msgspec read them."""
SPEC = replace(assign(find("resnet50"), "classes=10", "zero_init=true", "shortcut_dropout=1e-5"), name="my «net» ×2")
SMALL = assign(find("resnet20"), "in_channels=1")
RUN = RunPlan(
    "résnet-20",
    SMALL,
    InputShape(1, 28, 32),
    DataChoice(DataKind.FOLDER, "./bilder/é"),
    Recipe(200, 32, Optimiser.NESTEROV, 1e-5, milestones=(50, 100), schedule=Schedule.STEPS, ema=0.99, mixed=True),
    7,
    "cuda:1",
    SMALL.plain(),
    2,
)
SETTING = RunEnvironment(
    "5 images × 2",
    ("Katze", "Hund"),
    (Place("layer1.0", 1, (1, 16, 28, 32)), Place("layer2.0", 2, (1, 32, 14, 16))),
    1500,
    297,
    "2.14.1",
    "1.0",
    "CPU (AVX2), Linux",
    "2026-01-01T12:00:00",
    ("bfloat16 is not there",),
    "validation",
)
STEPS = (
    Metric(0, 2.3456789, 0.125, 1e-5, 0.031235, blocks={Quantity.OUTPUT: (0.5, None), Quantity.UPDATE: (inf, 1e-30)}),
    Metric(2, 1e22, 0.5, 2e-7, 1234567.25, -inf, 0.25),
)
TUNE = TunePlan(
    find("resnet18"),
    WeightsChoice(WeightsKind.FILE, "a/b.pth", "model"),
    TuneData(TuneKind.CSV, "x.csv", 0.3),
    ("cat", "dög"),
    InputShape(1, 96, 128),
    1,
    GreyWay.ADAPTER,
    dropout=0.1,
    strategy=Strategy.C,
    unfreeze=(1, 2),
    recipe=Recipe(milestones=(3, 5), schedule=Schedule.STEPS, ema=0.9, weight_decay=1e-5),
    rates=Rates(1.0, 0.25, 0.05),
    frozen=frozenset({"stem", "layer1"}),
    bn=BnMode.EVAL,
    patience=3,
    seed=5,
    white=(4095.0,),
)
PREFERENCES = preferences.Preferences("dark", True, "pdf", "dark", 3, True, "/home/é")


def text(name: str) -> str:
    return (FILES / name).read_text(encoding="utf-8")


def only_grown(written: str, name: str) -> bool:
    """Return whether a text has all lines of an old file in their order, and others for newer axes alone."""
    new, old = ([line.rstrip(",") for line in lines.splitlines()] for lines in (written, text(name)))
    rest = iter(new)
    keys = {line.partition('"')[2].partition('"')[0] for line in set(new) - set(old)}
    return all(line in rest for line in old) and keys <= {*AXES, "frames"}


class TestOldFiles:
    """Files of the app as it was are read, and the same is written today, with what networks have had since."""

    def test_a_network(self) -> None:
        assert spec_codec.read(FILES / "network.json") == SPEC
        assert only_grown(spec_codec.dumps(SPEC), "network.json")

    def test_a_run(self) -> None:
        assert runs_codec.loads(text("run.json"), "here") == (RUN, SETTING)
        assert only_grown(runs_codec.dumps(RUN, SETTING), "run.json")

    def test_the_keys_of_a_recipe(self) -> None:
        keys = {"rate": 0.5, "decay": 0.25, "spares": True, "evaluate": 7, "measure": 3}
        recipe = Recipe(learning_rate=0.5, weight_decay=0.25, no_decay_on_norms=True, evaluate_every=7, measure_every=3)
        assert codec.decode(keys, Recipe) == recipe and codec.plain(recipe).items() >= keys.items()
        with pytest.raises(ExplorerError, match="Unknown key 'learning_rate' at"):
            codec.decode({"learning_rate": 0.5}, Recipe)

    def test_its_steps(self) -> None:
        first, strange, last = runs_codec.metrics_from((FILES / "metrics.jsonl").read_bytes())
        assert (first, last) == STEPS and isnan(strange.loss) and strange.accuracy is None
        assert "".join(map(runs_codec.metric_to_line, (first, strange, last))) == text("metrics.jsonl")

    def test_the_former_name_of_a_quantity(self) -> None:
        found = runs_codec.metric_from_line(
            text("metrics.jsonl").split("\n")[0].replace("measured-update", "update-ratio")
        )
        assert found and found.blocks and Quantity.ESTIMATE in found.blocks

    def test_a_fine_tuning(self) -> None:
        assert plan_from_text(text("tune.json")) == TUNE and only_grown(plan_to_text(TUNE), "tune.json")

    def test_runs_that_belong_together(self, tmp_path: Path) -> None:
        (tmp_path / "runs.json").write_text(text("runs.json"), encoding="utf-8")
        tasks = (Task(RUN, tmp_path / "a"), Task(replace(RUN, seed=8, like=None), tmp_path / "b"))
        assert run_tasks.read_list(tmp_path) == tasks
        run_tasks.write_list(tmp_path, tasks)
        assert only_grown((tmp_path / "runs.json").read_text(encoding="utf-8"), "runs.json")

    def test_preferences(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(preferences.FOLDER_VARIABLE, str(tmp_path))
        (tmp_path / "preferences.json").write_text(text("preferences.json"), encoding="utf-8")
        assert preferences.load() == PREFERENCES
        preferences.save(PREFERENCES)
        kept = (tmp_path / "preferences.json").read_text(encoding="utf-8")
        old, new = json.loads(text("preferences.json"))["values"], json.loads(kept)["values"]
        assert new | old == new and preferences.load() == PREFERENCES


SEEDS = st.lists(st.integers(0, 2**40), min_size=1, max_size=3).map(tuple)
SIZES = st.integers(1, 64)
IMAGES = st.builds(InputShape, st.integers(20, 64), SIZES, SIZES)
DATA = st.sampled_from([DataChoice(), DataChoice(DataKind.CIFAR100, "/some/where")])
NETS = small_specs().filter(lambda spec: spec.classes is not None and spec.dims == 2)
SEVERAL = NETS.map(lambda spec: (spec, twin(spec)))
REQUESTS = st.one_of(
    st.builds(
        GradientRequest,
        SEVERAL,
        IMAGES,
        DATA,
        SEEDS,
        st.sampled_from(Mode),
        st.sampled_from(Precision),
        st.sampled_from(Loss),
    ),
    st.builds(DescentRequest, SEVERAL, IMAGES, DATA, st.builds(Recipe, measure_every=st.integers(0, 9))),
    st.builds(LesionRequest, SEVERAL, IMAGES, DATA),
    st.builds(ShatterRequest, SEVERAL, IMAGES, DATA, beta=st.floats(0, 1)),
    st.builds(PathsRequest, NETS.map(lambda spec: replace(spec, residual=True)), IMAGES, DATA),
    st.builds(
        TunePlan,
        st.sampled_from([find("resnet18"), find("resnet50")]),
        classes=st.sets(st.text(min_size=1, max_size=5), min_size=2, max_size=4).map(tuple),
        recipe=st.builds(
            Recipe, learning_rate=st.floats(1e-9, 10), schedule=st.sampled_from(Schedule), flip=st.booleans()
        ),
        strategy=st.sampled_from(Strategy),
        frozen=st.frozensets(st.sampled_from(["stem", "layer1", "layer2.0"])),
        preprocess=st.builds(Preprocess, mean=st.tuples(st.floats(-9, 9)), std=st.tuples(st.floats(0.1, 9))),
        rates=st.builds(Rates, st.floats(1e-9, 9)),
        bn=st.sampled_from(BnMode),
        epochs=st.integers(1, 99),
    ),
)


@settings(max_examples=30, deadline=None)
@given(REQUESTS)
def test_every_request_comes_back(request: Any) -> None:
    values = json.loads(codec.encode(request, spec_codec.WRITERS))
    assert codec.decode(values, type(request), spec_codec.READERS) == request


def places(value: object, at: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Return where the values are in JSON that no other reader reads: those of networks have sentences of their own."""
    inside: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = [place for key, one in inside if key not in ("spec", "like") for place in places(one, (*at, key))]
    return [at, *found] if at else found


def put(name: str, at: tuple[str | int, ...], value: object) -> str:
    """Return a file's text with another value at a place."""
    content: Any = json.loads(text(name))
    inside = content
    for key in at[:-1]:
        inside = inside[key]
    inside[at[-1]] = value
    return json.dumps(content)


def describe(name: str, changed: str) -> ExplorerError:
    with pytest.raises(ExplorerError) as caught:
        plan_from_text(changed) if name == "tune.json" else runs_codec.loads(changed, "here")
    return caught.value


@pytest.mark.parametrize("name", ["run.json", "tune.json"])
def test_a_value_of_another_type_is_told_with_its_place(name: str) -> None:
    for at in places(json.loads(text(name))):
        if at[0] in ("plan", "setting"):
            path = "$" + "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in at)
            for value in (None, {"a": 1}):
                error = describe(name, put(name, at, value))
                assert f" at {path}, found " in error.what or f" at {path}." in error.what, (at, value, error.what)
                assert error.remedy


@each(
    "name,at,value,text",
    [
        ("tune.json", ("plan", "recipe", "rate"), "0.1", "Expected a number at $.plan.recipe.rate, found a string."),
        ("tune.json", ("plan", "recipe", "flip"), 1, "Expected true or false at $.plan.recipe.flip, found an integer."),
        ("tune.json", ("plan", "epochs"), 3.5, "Expected an integer at $.plan.epochs, found a number."),
        ("tune.json", ("plan", "epochs"), True, "Expected an integer at $.plan.epochs, found true or false."),
        ("tune.json", ("plan", "frozen"), "fc", "Expected a list at $.plan.frozen, found a string."),
        ("tune.json", ("plan", "strategy"), "D", "Choose one of A, B, C, probe, full."),
        ("tune.json", ("plan", "recipe", "optimiser"), "sdg", "Invalid value 'sdg' at $.plan.recipe.optimiser."),
        ("tune.json", ("plan", "epoch"), 3, "Unknown key 'epoch' at $.plan. Did you mean 'epochs'?"),
        ("tune.json", ("plan", "recipe", "zzz"), 3, "Unknown key 'zzz' at $.plan.recipe."),
        ("run.json", ("setting", "places", 1, "stages"), 3, "Unknown key 'stages' at $.setting.places[1]."),
        ("run.json", ("plan", "data", "kind"), "ciphar", "Invalid value 'ciphar' at $.plan.data.kind."),
        ("run.json", ("plan", "image"), [28], "at $.plan.image"),
        ("run.json", ("plan", "spec", "residual"), "perhaps", "'perhaps' is neither true nor false."),
        ("run.json", ("plan", "spec", "blokcs"), [1], "There is no axis 'blokcs'."),
    ],
)
def test_what_is_wrong_where_and_what_to_do(name: str, at: tuple[str | int, ...], value: object, text: str) -> None:
    assert text in str(describe(name, put(name, at, value)))


@pytest.mark.parametrize(
    ("name", "at", "words"),
    [
        ("tune.json", ("plan", "spec"), "Missing key 'spec' at $.plan."),
        ("run.json", ("plan", "name"), "Missing key 'name' at $.plan."),
        ("run.json", ("setting", "places", 1, "stage"), "Missing key 'stage' at $.setting.places[1]."),
        ("run.json", ("setting",), "Missing key 'setting' at $."),
    ],
)
def test_a_missing_key_is_named(name: str, at: tuple[str | int, ...], words: str) -> None:
    content: Any = json.loads(text(name))
    inside = content
    for key in at[:-1]:
        inside = inside[key]
    del inside[at[-1]]
    assert words in describe(name, json.dumps(content)).what


def test_text_that_is_no_json_is_told_with_its_line() -> None:
    assert describe("tune.json", '{\n"plan": \n').what == "plan describes no fine-tuning: invalid JSON (line 3)."


def test_what_json_has_no_word_for_is_null() -> None:
    assert codec.encode({"a": (inf, -inf, 1.5), "b": frozenset("yx")}, indent=None) == (
        '{"a":[null,null,1.5],"b":["x","y"]}\n'
    )
