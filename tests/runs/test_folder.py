"""Kept runs without PyTorch: listed, read, named, thrown away and fetched back."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from resnet_explorer.errors import ExplorerError
from resnet_explorer.readings.quantities import Place, Quantity
from resnet_explorer.runs.folder import (
    ENDED,
    METRICS,
    RUN,
    dumps,
    fetch_back,
    list_runs,
    metric_to_line,
    read,
    rename,
    summarize_run,
    throw_away,
)
from resnet_explorer.runs.plan import Metric, RunEnvironment, RunPlan
from resnet_explorer.runs.recipe import Recipe
from resnet_explorer.spec.catalogue import find

PLAN = RunPlan("first name", find("resnet20"), recipe=Recipe(3), seed=4)
PLACES = (Place("layer1.0", 1, (1, 8, 8, 8)), Place("layer2.0", 2, (1, 16, 4, 4)))
SETTING = RunEnvironment("digits", ("0", "1"), PLACES, 1500, 297, "2.6", "0.1", "CPU", "2026-01-01T00:00:00+00:00")
METRICS_ = (
    Metric(0, 2.5, 0.1, 0.1, 0.0, blocks={Quantity.OUTPUT: (1.5, None)}),
    Metric(1, 2.0, 0.3, 0.1, 0.5, 1.9, 0.4),
    Metric(2, float("inf"), 0.0, 0.1, 0.9),
)


def kept(folder: Path, setting: RunEnvironment = SETTING, metrics: tuple[Metric, ...] = METRICS_) -> Path:
    """Write what a training writes."""
    folder.mkdir(parents=True)
    (folder / RUN).write_text(dumps(PLAN, setting), encoding="utf-8")
    (folder / METRICS).write_text("".join(map(metric_to_line, metrics)), encoding="utf-8")
    return folder


def test_a_run_is_read_as_it_was_written(tmp_path: Path) -> None:
    folder = kept(tmp_path / "run")
    run = read(folder)
    assert (run.plan, run.environment, run.metrics, run.folder, run.problem) == (
        PLAN,
        SETTING,
        METRICS_,
        str(folder),
        "",
    )
    (folder / ENDED).write_text(json.dumps({"problem": "The disk is full.", "final": False}))
    assert read(folder).problem == summarize_run(folder).problem == "The disk is full."


def test_runs_are_listed_the_newest_first_wherever_they_lie(tmp_path: Path) -> None:
    kept(tmp_path / "old")
    kept(tmp_path / "group" / "1 new", replace(SETTING, began="2026-02-01T00:00:00+00:00"), METRICS_[:2])
    kept(tmp_path / "group" / "2 empty", replace(SETTING, began="2026-01-15T00:00:00+00:00"), ())
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / RUN).write_text("{")
    (tmp_path / "else").mkdir()
    runs = list_runs(tmp_path)
    assert [one.path.name for one in runs] == ["1 new", "2 empty", "old"]
    assert [one.steps for one in runs] == [2, 0, 3] and [one.is_finished for one in runs] == [False, False, True]
    assert list_runs(tmp_path / "nowhere") == () == list_runs(tmp_path / "else")


def test_the_last_step_is_found_behind_a_torn_line(tmp_path: Path) -> None:
    folder = kept(tmp_path / "run")
    with (folder / METRICS).open("a") as lines:
        lines.write(metric_to_line(METRICS_[2])[:-9])
    assert summarize_run(folder).last == METRICS_[2] and read(folder).metrics == METRICS_


def test_another_name_is_kept_in_the_folder(tmp_path: Path) -> None:
    folder = kept(tmp_path / "run")
    rename(folder, " a better name ")
    assert read(folder).plan.name == summarize_run(folder).name == "a better name"
    for name in ("", "  ", "x" * 81, "two\nlines"):
        with pytest.raises(ExplorerError, match="1 to 80"):
            rename(folder, name)


def test_what_was_thrown_away_is_fetched_back(tmp_path: Path) -> None:
    folder = kept(tmp_path / "run")
    gone = throw_away(folder)
    assert not folder.exists() and list_runs(tmp_path) == ()
    kept(folder)
    with pytest.raises(ExplorerError, match="exists already"):
        fetch_back(gone)
    second = throw_away(folder)
    assert fetch_back(gone) == folder and read(folder).metrics == METRICS_
    throw_away(folder)
    assert read(fetch_back(second)).metrics == METRICS_
    with pytest.raises(ExplorerError, match="cannot be accessed"):
        fetch_back(replace(second, folder=tmp_path / "other"))
    with pytest.raises(ExplorerError, match="cannot be accessed"):
        throw_away(tmp_path / "nowhere")


@pytest.mark.parametrize("name", ["nowhere", "file", "empty"])
def test_what_is_no_run_is_a_sentence(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("text")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ExplorerError, match="holds no run"):
        read(tmp_path / name)


def test_a_newer_run_is_a_sentence(tmp_path: Path) -> None:
    folder = kept(tmp_path / "run")
    (folder / RUN).write_text((folder / RUN).read_text().replace('"version": 1', '"version": 9'))
    with pytest.raises(ExplorerError, match="newer version"):
        read(folder)
    assert list_runs(tmp_path) == ()


def test_runs_are_read_without_pytorch() -> None:
    program = "import sys, resnet_explorer.runs.folder; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
