"""The command ``train``: journeys through the command line, and what it says where it cannot."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree

import pytest

from resnet_explorer.cli import main
from resnet_explorer.cli.run import parser
from resnet_explorer.errors import ExplorerError
from resnet_explorer.runs import folder as runs_folder
from resnet_explorer.runs.plan import Chunk, Metric, RunPlan
from resnet_explorer.runs.recipe import NAMES, Optimiser, Recipe, Schedule
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.catalogue import find
from resnet_explorer.training import options as training_options
from resnet_explorer.training import tasks as run_tasks
from resnet_explorer.training.presets import PRESETS
from resnet_explorer.training.tasks import Task, plans_of, tasks_of
from resnet_explorer.training.workers import Bars, Display
from tests.training_runs import run, same, timeless

ROOT = Path(__file__).parents[2]
TWO = ("resnet20", "resnet20-plain")
TINY = ("--set", "blocks=1,1,1", "--set", "width=4", "--set", "in_channels=1", "--batch", "16")
SHORT = ("train", *TWO, *TINY, "--steps", "6", "--recipe", "evaluate=3")


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Return what a command that succeeds says on stdout; on stderr it says how far it is."""
    status = main(arguments)
    out, err = capsys.readouterr()
    assert status == 0 and "resnet-explorer:" not in err
    return out


def asked(*arguments: str) -> tuple[RunPlan, ...]:
    return plans_of(parser().parse_args(["train", *arguments]))


class TestJourney:
    def test_train_tell_and_keep(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        out = told(capsys, *SHORT, "--picture", "loss.svg", "--tensorboard")
        assert "Training loss, mean of the last 6 steps, one seed: resnet20 " in out and "resnet20-plain" in out
        assert "digits (UCI, 8×8, grey)" in out and "PyTorch" in out
        runs = runs_folder.list_runs(tmp_path / "runs")
        assert {run.name for run in runs} == set(TWO) and all(run.is_finished for run in runs)
        assert all(list(run.path.rglob("events.out.tfevents.*")) for run in runs)
        text = " ".join(ElementTree.parse("loss.svg").getroot().itertext())
        assert "Training loss" in text and "resnet20-plain" in text

    def test_csv_and_json_hold_every_step(self, capsys: pytest.CaptureFixture[str]) -> None:
        rows = list(csv.DictReader(told(capsys, *SHORT, "-o", "out", "--csv").splitlines()))
        assert [int(row["step"]) for row in rows] == [*range(1, 7), *range(1, 7)]
        assert [bool(row["test_loss"]) for row in rows[:6]] == [False, False, True] * 2
        found = json.loads(told(capsys, "train", "--continue", "out", "--json"))
        assert [one["name"] for one in found["runs"]] == list(TWO) and all(one["whole"] for one in found["runs"])
        assert found["runs"][0]["steps"]["loss"] == [float(row["loss"]) for row in rows[:6]]

    def test_seeds(self, capsys: pytest.CaptureFixture[str]) -> None:
        out = told(
            capsys, "train", "resnet20", *TINY, "--steps", "2", "--seeds", "2", "-o", "out", "--picture", "s.svg"
        )
        assert "median of 2 seeds" in out
        assert "band from minimum to maximum" in Path("s.svg").read_text(encoding="utf-8")
        assert sorted(path.name for path in Path("out").iterdir()) == [
            *("1 resnet20, seed 0", "2 resnet20, seed 1", "runs.json")
        ]

    def test_a_preset(self, capsys: pytest.CaptureFixture[str]) -> None:
        out = told(capsys, "train", "--preset", "degradation", "--set", "blocks=1,1,1", "--steps", "2", "-o", "out")
        assert all(name in out for name in ("plain-20", "plain-56", "resnet-20", "resnet-56"))
        assert all(
            run.plan.recipe.learning_rate == PRESETS["degradation"].recipe.learning_rate
            for run in runs_folder.list_runs(Path("out"))
        )

    def test_a_run_that_diverges_ends_with_1(self, capsys: pytest.CaptureFixture[str]) -> None:
        for text in (("train", "resnet20", *TINY, "--rate", "1e30", "-o", "out"), ("train", "--continue", "out")):
            assert main(text) == 1
            out, err = capsys.readouterr()
            assert "1 resnet20: The loss of step 2 is not a number." in err and "diverged" in out

    def test_images_that_are_not_there_leave_nothing(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        (tmp_path / "empty").mkdir()
        assert main(["train", "resnet20", "--data", "./empty"]) == 1
        out, err = capsys.readouterr()
        assert out == "" and "empty holds no images." in err.splitlines()[-1]
        assert not list((tmp_path / "runs").iterdir())


@pytest.mark.skipif(os.name != "posix", reason="signals as POSIX has them")
def test_ctrl_c_keeps_all_and_what_goes_on_is_the_same_bit_for_bit(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = ("train", *TWO, *TINY, "--steps", "250", "--recipe", "evaluate=150", "--recipe", "measure=100")
    paths = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    process = subprocess.Popen(
        [sys.executable, "-m", "resnet_explorer", *text, "-o", "stopped"],
        env=os.environ | {"PYTHONPATH": paths},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    steps = [tmp_path / "stopped" / f"{place} {name}" / "metrics.jsonl" for place, name in enumerate(TWO, 1)]
    end = time.monotonic() + 60
    while time.monotonic() < end and not any(one.exists() and one.stat().st_size for one in steps):
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)  # to all processes, as a terminal does
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "") and "Traceback" not in err
    assert 'To continue: resnet-explorer train --continue "stopped"' in err.splitlines()[-1]
    assert any(not run.is_finished for run in runs_folder.list_runs(tmp_path / "stopped"))

    told(capsys, *text, "-o", "stopped")
    told(capsys, *text, "-o", "straight")
    for place, name in enumerate(TWO, 1):
        one, other = (Path(folder) / f"{place} {name}" for folder in ("stopped", "straight"))
        assert same(one, other)
        assert timeless(runs_folder.read(one).metrics) == timeless(runs_folder.read(other).metrics)


class TestWhatIsAsked:
    def test_a_preset_is_what_the_window_trains(self) -> None:
        for key in ("degradation", "vanishing", "depth", "init"):
            assert asked("--preset", key, "--seed", "3") == PRESETS[key].plans(3)

    def test_networks_take_a_presets_recipe_and_images(self) -> None:
        (one,) = asked("resnet32", "--preset", "vanishing", "--steps", "9")
        assert (one.recipe.learning_rate, one.recipe.steps, one.spec) == (0.05, 9, find("resnet32"))

    def test_a_preset_on_other_images(self, tmp_path: Path) -> None:
        plans = asked("--preset", "figure-6", "--data", f"cifar100:{tmp_path}", "--steps", "5", "--device", "cuda:0")
        assert {one.data.text for one in plans} == {f"cifar100:{tmp_path}"} and {one.device for one in plans} == {
            "cuda:0"
        }
        warm = {one.name: one.recipe.warmup for one in plans}
        assert warm["resnet-110"] == 400 and warm["resnet-56"] == 0

    def test_images_keep_their_size(self) -> None:
        sizes = {"digits": 8, "mnist": 28, "noise": 32}
        for data, side in sizes.items():
            assert asked("resnet20", "--data", data)[0].image == InputShape(1, side, side)
        assert asked("resnet20", "--input", "16x24")[0].image == InputShape(1, 16, 24)

    def test_settings_of_the_recipe(self) -> None:
        text = ("--rate", "0.5", "--schedule", "one-cycle", "--recipe", "ema=0.9", "--recipe", "milestones=3,5")
        recipe = asked("resnet20", *text)[0].recipe
        assert (recipe.learning_rate, recipe.schedule, recipe.ema, recipe.milestones) == (
            0.5,
            Schedule.ONE_CYCLE,
            0.9,
            (3, 5),
        )

    def test_all_choices_are_in_the_help(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert tuple(PRESETS) == training_options.PRESETS
        text = told(capsys, "train", "--help")
        assert all(choice in text for choice in (*PRESETS, *Optimiser, *Schedule, *NAMES))
        assert "keys of --set" in text and "exit status" in text and "--continue RUNDIR" in text
        for line in training_options.TRAIN_EXAMPLES.partition("examples:\n")[2].splitlines():
            parser().parse_args(line.split()[1:])


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ((), "Name a network, as in 'train resnet20', or a --preset."),
        (("--preset", "zzz"), "Choose one of degradation, vanishing, figure-6"),
        (("--preset", "degradatio"), "Did you mean 'degradation'?"),
        (("--preset", "figure-6"), "CIFAR-10 needs the folder that holds it."),
        (("resnet20", "resnet20"), "resnet20 is named twice"),
        (("resnet20", "--rate", "0"), "A learning rate of 0.0 cannot be."),
        (("resnet20", "--recipe", "rat=1"), "Did you mean 'rate'?"),
        (("resnet20", "--data", "cats"), "no images called 'cats'"),
        (("resnet20", "--input", "1x8x8"), "takes 3 channels"),
        (("resnet20", "--seeds", "0"), "0 seeds cannot be trained"),
        (("resnet20", "--seed", "-1"), "The seed cannot be -1"),
        (("resnet20", "--seed", "1", "--seeds", "2"), "not allowed with"),
        (("resnet20", "--workers", "0"), "0 workers train nothing"),
        (("resnet20", "--picture", "out.txt"), "no picture file"),
        (("--continue", "nowhere"), "There are no runs in nowhere."),
        (("--continue", "nowhere", "--rate", "1"), "Leave --rate out."),
        (("resnet20", "-o", "taken"), "taken cannot be created"),
    ],
)
def test_bad_input_is_one_line(arguments: tuple[str, ...], text: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("taken").write_text("")
    assert main(("train", *arguments)) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("resnet-explorer: ") and err.count("\n") == 1 and text in err


def test_a_folder_of_other_runs_is_left_alone(capsys: pytest.CaptureFixture[str]) -> None:
    told(capsys, "train", "resnet20", *TINY, "--steps", "2", "-o", "out")
    assert main(["train", "resnet20", *TINY, "--steps", "3", "-o", "out"]) == 2
    assert "1 resnet20 holds a run of another recipe." in capsys.readouterr().err
    assert main(["train", "--continue", "out"]) == 0


def test_a_folder_that_has_an_unfinished_run_keeps_it_in_its_list(capsys: pytest.CaptureFixture[str]) -> None:
    text, out = ("resnet20", *TINY, "--steps", "4"), Path("out")
    tasks = tasks_of(asked(*text), out)
    assert run_tasks.write_list(out, tasks) == ()
    run(tasks[0].plan, tasks[0].folder, until=2)
    assert main(["train", "resnet20-plain", *TINY, "--steps", "2", "-o", "out"]) == 0
    _, err = capsys.readouterr()
    assert "This folder also holds an unfinished run: 1 resnet20." in err and '--continue "out"' in err
    found = json.loads(told(capsys, "train", "--continue", "out", "--json"))
    assert [(one["name"], one["whole"]) for one in found["runs"]] == [("resnet20", True), ("resnet20-plain", True)]
    assert "unfinished" not in "".join(capsys.readouterr())


def test_a_run_that_the_window_made_is_kept_too_and_a_broken_list_is_replaced() -> None:
    out = Path("out")
    tasks = tasks_of(asked(*TWO, *TINY, "--steps", "2"), out)
    run(tasks[0].plan, tasks[0].folder)
    assert [one.folder for one in run_tasks.write_list(out, tasks[1:])] == [tasks[0].folder]
    assert {one.folder for one in run_tasks.read_list(out)} == {one.folder for one in tasks}
    (out / run_tasks.FILE).write_text("{")
    run_tasks.write_list(out, tasks)
    assert run_tasks.read_list(out) == tasks


def test_the_folder_of_one_run_takes_no_others(capsys: pytest.CaptureFixture[str]) -> None:
    (task,) = tasks_of(asked("resnet20", *TINY, "--steps", "2"), Path("out"))
    run(task.plan, task.folder)
    assert main(["train", "resnet20-plain", *TINY, "-o", str(task.folder)]) == 2
    assert "is the folder of a single run, and can hold no others." in capsys.readouterr().err
    single = Task(task.plan, Path("out"))
    with pytest.raises(ExplorerError, match="out holds other runs: 1 resnet20"):
        run_tasks.check_folder(Path("out"), [single])
    with pytest.raises(ExplorerError, match="single run"):
        run_tasks.check_folder(task.folder, [Task(task.plan, task.folder / "A")])
    run_tasks.check_folder(task.folder, [task])


def test_lines_tell_what_a_run_does_before_its_first_step_now_and_then(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks = [Task(RunPlan("one", find("resnet20"), recipe=Recipe(steps=3)), Path("1 one"))]
    for every, expected in ((10.0, ["1 one: a", "1 one: step 1 of 3"]), (0.0, ["1 one: a", "1 one: b"])):
        monkeypatch.setattr("resnet_explorer.training.workers.EVERY", every)
        display = Display(tasks)
        display.doing(0, "a")
        display.doing(0, "b")
        display.steps(0, Chunk((Metric(0, 0.5, 0.75, 0.1, 0.5),)))
        display.doing(0, "training")
        display.ended(0, "")
        lines = capsys.readouterr().err.splitlines()
        assert [
            line[: len(text)] for line, text in zip(lines, expected, strict=False)
        ] == expected and "training" not in "".join(lines)


def test_bars_tell_what_lines_tell(capsys: pytest.CaptureFixture[str]) -> None:
    tasks = [Task(RunPlan("one", find("resnet20"), recipe=Recipe(steps=3)), Path("1 one"))]
    with Bars(tasks) as bars:
        bars.doing(0, "fetching the images")
        bars.steps(0, Chunk(tuple(Metric(step, 0.5, 0.75, 0.1, step / 2) for step in range(3))))
        bars.say("a word [of] all")
        bars.ended(0, "")
    err = capsys.readouterr().err
    assert "a word [of] all" in err and "1 one" in err and "3/3" in err and "loss 0.5000  error 25.0 %" in err
