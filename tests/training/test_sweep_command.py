"""The command ``sweep``: a grid trained, continued and told of, here and on a cluster."""

import csv
from pathlib import Path
from xml.etree import ElementTree

import pytest

from resnet_explorer.cli import main
from resnet_explorer.cli.run import parser
from resnet_explorer.runs import folder as runs_folder
from resnet_explorer.runs.plan import Metric, Run
from resnet_explorer.training import options as training_options
from resnet_explorer.training.command import ended, figure_of, spread, sweep_csv, sweep_markdown, tasks_of
from resnet_explorer.training.sweep import loads
from tests.training_runs import train

GRID = """
title = "Small"
depth = 8
residual = [true, false]
seeds = 2

[set]
width = 4
in_channels = 1

[recipe]
steps = 4
batch = 16
"""


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "grid.toml").write_text(GRID, encoding="utf-8")


def rows(folder: str) -> list[dict[str, str]]:
    return list(csv.DictReader((Path(folder) / "table.csv").read_text(encoding="utf-8").splitlines()))


class TestSweep:
    def test_one_table_and_one_figure(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["sweep", "grid.toml", "--workers", "2"]) == 0
        out, err = capsys.readouterr()
        assert "Runs are saved in runs/grid" in err.replace("\\", "/") and "already finished" not in err
        found = rows("runs/grid")
        assert [(row["run"], row["residual"], row["seed"], row["steps"]) for row in found] == [
            *(("resnet-8", "true", "0", "4"), ("resnet-8", "true", "1", "4")),
            *(("plain-8", "false", "0", "4"), ("plain-8", "false", "1", "4")),
        ]
        assert all(1 < float(row["training_loss"]) < 5 and float(row["test_error"]) > 10 for row in found)
        text = Path("runs/grid/table.md").read_text(encoding="utf-8")
        assert text in out and "| resnet-8 | true | 2." in text and "2 of 2 |" in text
        words = " ".join(ElementTree.parse("runs/grid/figure.svg").getroot().itertext())
        assert "Training loss, 2 seeds" in words and "plain-8" in words and "minimum to maximum" in words

    def test_what_is_whole_is_passed_over_and_the_rest_goes_on(self, capsys: pytest.CaptureFixture[str]) -> None:
        first, second, *_ = tasks_of(loads(GRID, "grid.toml"), Path("out"))
        list(train(first.plan, first.folder))
        list(train(second.plan, second.folder, until=2))
        kept = [runs_folder.read(one.folder).metrics for one in (first, second)]
        assert main(["sweep", "grid.toml", "-o", "out"]) == 0
        assert "1 of 4 runs are already finished." in capsys.readouterr().err
        assert runs_folder.read(first.folder).metrics == kept[0]
        assert runs_folder.read(second.folder).metrics[:2] == kept[1]
        assert [row["steps"] for row in rows("out")] == ["4"] * 4

    def test_a_longer_list_adds_to_it(self, capsys: pytest.CaptureFixture[str]) -> None:
        for text in ("[true]", "[true, false]"):
            Path("grid.toml").write_text(GRID.replace("[true, false]", text).replace("seeds = 2", ""))
            assert main(["sweep", "grid.toml"]) == 0
        assert "1 of 2 runs are already finished." in capsys.readouterr().err

    def test_a_run_that_diverges_ends_with_1_and_the_others_are_made(self, capsys: pytest.CaptureFixture[str]) -> None:
        text = GRID.replace("residual = [true, false]", "").replace("seeds = 2", "seeds = [5]")
        Path("grid.toml").write_text(text + "rate = [1e30, 0.02]\n")
        assert main(["sweep", "grid.toml"]) == 1
        assert "resnet-8, rate=1e+30, seed 5: The loss of step 2 is not a number." in capsys.readouterr().err
        assert [bool(row["problem"]) for row in rows("runs/grid")] == [True, False]
        assert "diverged" in Path("runs/grid/table.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("nothing.toml",), "nothing.toml cannot be read"),
        (("broken.toml",), "broken.toml: A sweep has no 'dept'. Did you mean 'depth'?"),
        (("grid.toml", "--workers", "0"), "0 workers train nothing"),
        (("grid.toml", "--workers", "1", "--cluster", "x"), "not allowed with"),
        ((), "required: FILE.toml"),
    ],
)
def test_bad_input_is_one_line(arguments: tuple[str, ...], text: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("broken.toml").write_text("dept = 3")
    assert main(("sweep", *arguments)) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("resnet-explorer: ") and err.count("\n") == 1 and text in err


def test_the_example_of_the_help_can_be_read() -> None:
    asked = loads(training_options.EXAMPLE, "example.toml")
    assert len(asked.plans()) == 3 * 2 * 2 * 3
    assert all(line.strip() in training_options.SWEEP_EXAMPLES for line in training_options.EXAMPLE.splitlines())
    for line in training_options.SWEEP_EXAMPLES.partition("examples:\n")[2].splitlines():
        parser().parse_args(line.split()[1:])


def test_the_spread_over_seeds() -> None:
    assert spread([3.0, 1.0, 2.0]) == "2 (1 to 3)"
    assert spread([1.0]) == "1" and spread([]) == ""
    assert spread([1.0, 2.0, float("inf")]) == "2 (1 to 2), 1 of 3 diverged"
    assert spread([float("inf")]) == "diverged"


def test_runs_that_go_on_have_no_figures_yet() -> None:
    asked = loads(GRID, "grid.toml")
    first, second, *_ = asked.plans()
    made = tuple(Metric(step, 1.0 + step, 0.5, 0.1, 1.0) for step in range(4))
    runs = [Run(first, None, made), Run(second, None, made[:2])]
    assert [run.plan.seed for run in ended(runs)] == [0]
    assert "| resnet-8 | true | 2.5 |  | 1 of 2 |" in sweep_markdown(asked, runs)
    assert [row["steps"] for row in csv.DictReader(sweep_csv(asked, runs).splitlines())] == ["4", "2"]
    assert figure_of(asked, runs[1:]) is None


class TestCluster:
    def test_runs_on_a_scheduler_that_is_there(self, capsys: pytest.CaptureFixture[str]) -> None:
        distributed = pytest.importorskip("distributed")
        how = {"n_workers": 1, "threads_per_worker": 2, "processes": False, "dashboard_address": None}
        with distributed.LocalCluster(**how, host="127.0.0.1", protocol="tcp") as cluster:
            assert main(["sweep", "grid.toml", "-o", "out", "--cluster", cluster.scheduler_address]) == 0
        assert main(["sweep", "grid.toml", "-o", "here"]) == 0
        capsys.readouterr()
        times = "seconds"
        assert [{**row, times: ""} for row in rows("out")] == [{**row, times: ""} for row in rows("here")]

    def test_no_scheduler_there(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        pytest.importorskip("distributed")
        monkeypatch.setattr("resnet_explorer.training.workers.PATIENCE", 0.2)
        assert main(["sweep", "grid.toml", "--cluster", "tcp://127.0.0.1:1"]) == 2
        assert "No Dask scheduler answers at tcp://127.0.0.1:1." in capsys.readouterr().err
