"""The commands ``finetune`` and ``predict``: a journey from images to a model, and bad input in one line."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from resnet_explorer.cli import main
from resnet_explorer.finetuning import options as finetuning_options
from resnet_explorer.finetuning.choices import BnMode, Strategy
from resnet_explorer.finetuning.plan import plan_from_text
from resnet_explorer.finetuning.text import describe_groups
from resnet_explorer.module import build
from resnet_explorer.runs.folder import read
from resnet_explorer.runs.plan import RunPlan
from resnet_explorer.spec.change import assign
from resnet_explorer.weights import checkpoint
from tests.training_runs import train
from tests.tuning_runs import PLAN, SMALL

NET = ("--net", "resnet20", "--weights", "none")
"""A network for which nothing has to be fetched."""
SETTINGS = ("blocks=1,1,1", "widths=4,8,8", "stem_channels=4")
TINY = (*NET, *(word for one in SETTINGS for word in ("--set", one)), "--rate", "0.05", "--epochs", "3", "--batch", "8")


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Dark ants and bright bees, sixteen of each, and one that is broken."""
    chance = np.random.default_rng(0)
    for name, shade in (("ants", 60), ("bees", 190)):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for index in range(16):
            pixels = chance.normal(shade, 20, (20, 20, 3)).clip(0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(tmp_path / "photos" / name / f"{index}.png")
    (tmp_path / "photos" / "ants" / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 no picture")
    return tmp_path / "photos"


def told(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> tuple[str, str]:
    assert main(arguments) == status, capsys.readouterr()
    return capsys.readouterr()


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Return the one line that a command says of what it does not do."""
    out, err = told(capsys, *arguments, status=2)
    assert not out and err.count("\n") == 1 and err.startswith("resnet-explorer: ")
    return err


def test_from_images_to_a_model_that_names_others(photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = ("finetune", str(photos), *TINY, "--input", "16", "--strategy", "A", "-o", "run")
    out, err = told(capsys, *text, "--save", "pth", "--decoders", "0")
    found, groups, after = out.index("broken.jpg"), out.index("norms and biases"), out.index("seconds")
    assert found < groups < after, "the checks first, then the groups, then what came of it"
    assert "from epoch 1: 2 of 23 tensors train" in out and "A new head guesses" in out
    files = {file.name for file in Path("run").iterdir()}
    assert {"best.safetensors", "card.md", "finetune.py", "model.pth", "tune.json", "run.json"} <= files
    assert "run: " in err and read(Path("run")).is_finished
    plan = plan_from_text(Path("run/tune.json").read_text())
    assert plan.classes == ("ants", "bees") and Path(plan.data.where).is_absolute() and plan.threads == 0

    before = Path("run/metrics.jsonl").read_bytes()
    again, _ = told(capsys, *text)
    assert "100.00%" in again and Path("run/metrics.jsonl").read_bytes() == before, (
        "the same command makes no step more"
    )

    _, err = told(capsys, *text, "--lr", "0.04", status=1)
    assert "run holds a fine-tuning of other recipe" in err

    Image.new("RGB", (40, 30), (190, 190, 190)).save("new.png")
    out, err = told(capsys, "predict", "run", "new.png", "none.png", status=1)
    assert out.split()[:2] == ["new.png", "bees"] and "none.png could not be classified: it is not there" in err
    (one,) = json.loads(told(capsys, "predict", "run", "new.png", "--json")[0])
    assert one["classes"][0]["name"] == "bees" and sum(each["probability"] for each in one["classes"]) == pytest.approx(
        1
    )


def test_strategies_are_compared_on_equal_epochs(photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = ("finetune", str(photos), *TINY, "--input", "16", "--compare", "probe", "B", "--seeds", "2", "-o", "run")
    found = json.loads(told(capsys, *text, "--json")[0])
    assert [(one["strategy"], one["seed"]) for one in found] == [("probe", 0), ("probe", 1), ("B", 0), ("B", 1)]
    assert {one["epochs"] for one in found} == {3} and all(np.sum(one["confusion"]) == 6 for one in found)
    assert {folder.name for folder in Path("run").iterdir()} == {
        f"{s}, seed {n}" for s in ("probe", "B") for n in (0, 1)
    }
    out, _ = told(capsys, *text)
    assert "after, mean of seeds" in out


def test_a_dry_run_tells_and_writes_nothing(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Of resnet18 with a head for ten classes: the counts of torchvision's network."""
    text = ("--net", "resnet18", "--weights", "none", "--strategy", "C", "--input", "32", "--dry-run")
    out, _ = told(capsys, "finetune", "digits", *text)
    assert "2 of 62 tensors train, 5,130 of 11,181,642 parameters" in out
    assert "41 tensors (9,610 parameters); matching bn or bias in names would miss 3" in out
    assert "head: 512 features, 513,000 parameters before, 5,130 now" in out
    assert "Features computed once, from the image to flatten (512) for epochs 1 to 2, layer3.1" in out
    assert not list(tmp_path.iterdir())


def test_features_have_a_budget_and_views_something_to_keep(capsys: pytest.CaptureFixture[str]) -> None:
    probe = ("finetune", "digits", *NET, "--strategy", "probe", "--dry-run")
    out, _ = told(capsys, *probe, "--recipe", "flip=true")
    assert "Augmentation is drawn anew in every epoch" in out
    out, _ = told(capsys, *probe, "--recipe", "flip=true", "--views", "4", "--features-budget", "0.5")
    assert "Features of 4 views computed once, from the image to flatten" in out and "of 500 MB." in out
    out, _ = told(capsys, *probe, "--features-budget", "0")
    assert "Features are not kept: they need" in out
    assert "nothing augments the images" in refused(capsys, *probe, "--views", "4")
    assert "-1 GB for features cannot be" in refused(capsys, *probe, "--features-budget", "-1")


def test_what_never_opens_and_what_moves_though_frozen_is_told_before_anything_trains(
    capsys: pytest.CaptureFixture[str],
) -> None:
    four = ("--strategy", "C", "--epochs", "4", "--bn", "train", "--dry-run")
    found = "".join(told(capsys, "finetune", "digits", *NET, *four, "--json"))
    for text in (found, describe_groups(replace(PLAN, epochs=4, bn=BnMode.TRAIN), 320, 80, 0)):
        assert "stem stays frozen: it would train from epoch 5, and the run ends after 4." in text
        assert "batch norms of frozen layers update their running statistics" in text


def test_a_file_of_weights_tells_its_network_and_is_looked_at_when_planning(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    spec = assign(SMALL, "classes=none")
    state = build(spec).state_dict()
    file = tmp_path / "encoder.pth"
    torch.save({**{f"net.{name}": value for name, value in state.items()}, "proj.weight": torch.zeros(5, 32)}, file)
    out, _ = told(capsys, "finetune", "digits", "--weights", str(file), "--dry-run")
    assert "encoder.pth, proj: projector of 1 layer, 5 outputs: not loaded." in out
    err = refused(capsys, "finetune", "digits", "--weights", str(file), "--net", "resnet50", "--dry-run")
    assert "encoder.pth holds" in err and "not ResNet-50" in err


def test_some_classes_alone_in_their_own_order(capsys: pytest.CaptureFixture[str]) -> None:
    text = (
        "finetune",
        "digits",
        *TINY[:-6],
        "--gray",
        "sum",
        "--classes",
        "7,3",
        "--epochs",
        "1",
        "--json",
        "-o",
        "run",
    )
    (found,) = json.loads(told(capsys, *text)[0])
    assert found["classes"] == ["7", "3"] and np.sum(found["confusion"]) == 59
    plan = plan_from_text(Path("run/tune.json").read_text())
    assert plan.channels == 1 and plan.preprocess.mean[0] == pytest.approx(0.3, abs=0.05)
    assert plan.strategy is Strategy.FULL, "a frozen backbone would stay random"


def test_a_run_of_the_training_lab_is_tuned(capsys: pytest.CaptureFixture[str]) -> None:
    from resnet_explorer.runs.recipe import Recipe

    spec = assign(SMALL, "in_channels=1")
    *_, _ = train(RunPlan("first", spec, recipe=Recipe(20, 64, evaluate_every=0, measure_every=0)), Path("first"))
    out, _ = told(
        capsys, "finetune", "digits", "--weights", "first", "--epochs", "1", "--strategy", "probe", "-o", "run"
    )
    assert "The head has as many classes as the file's" in out and Path("run/first.safetensors").is_file()
    train_again = RunPlan("second", spec, recipe=Recipe(2, 64, evaluate_every=0, measure_every=0))
    *_, _ = train(train_again, Path("second"))
    other = ("finetune", "digits", "--weights", "second", "--epochs", "1", "--strategy", "probe", "-o", "run")
    assert main(other) == 2
    assert "starts from the weights of" in capsys.readouterr().err.splitlines()[-1]
    out, _ = told(capsys, "finetune", "digits", "--weights", "run", "--epochs", "1", "-o", "more")
    assert "starts from best.safetensors" in out


@pytest.mark.skipif(sys.platform == "win32", reason="no signals")
def test_ctrl_c_pauses_and_the_same_command_goes_on(photos: Path) -> None:
    text = [
        sys.executable,
        "-m",
        "resnet_explorer",
        "finetune",
        str(photos),
        *TINY,
        "--epochs",
        "20000",
        "--input",
        "16",
    ]
    text += ["-o", "run"]
    file, made = Path("run/metrics.jsonl"), 0
    for _ in range(2):
        process = subprocess.Popen(text, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        end = time.monotonic() + 60
        while time.monotonic() < end and not (file.exists() and file.read_bytes().count(b"\n") > made):
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
        assert process.returncode == 130 and "Paused." in err and "Traceback" not in err
        steps = [one.step for one in read(Path("run")).metrics]
        assert steps == list(range(len(steps))) and len(steps) > made
        made = len(steps)


def test_a_file_of_two_networks(photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is chosen is said, tuned from, kept in the plan, and lies beside the script as a file that it can read."""
    state = build(SMALL).state_dict()
    torch.save({"net": {"a": state, "ema": {**state, "conv1.weight": state["conv1.weight"] * 2}}}, "two.pth")
    text = ("--weights", "two.pth", "--key", "net.ema", "--input", "16", "--epochs", "1", "--batch", "8", "-o", "run")
    out, _ = told(capsys, "finetune", str(photos), *text)
    assert "These are the weights under 'net.ema'.\n" in out
    assert plan_from_text(Path("run/tune.json").read_text()).weights.key == "net.ema"
    first = Path("run/finetune-first.safetensors")
    assert str(first) in Path("run/finetune.py").read_text()
    assert torch.equal(load_file(first)["conv1.weight"], state["conv1.weight"] * 2)


class TestBadInput:
    @pytest.mark.parametrize(
        ("text", "said"),
        [
            (("digits", "--weights", "none"), "network to fine-tune is not given"),
            (("digits", "--net", "resnet20"), "publishes no weights for ResNet-20"),
            (("digits", "--net", "resnet18", "--weights", "IMAGENET9"), "has no weights called IMAGENET9"),
            (("digits", *NET, "--freeze", "layer9"), "no 'layer9' here"),
            (("digits", *NET, "--compare", "A", "B", "--unfreeze", "2"), "applies to a single strategy"),
            (("digits", *NET, "--unfreeze", "two"), "is not a list of epochs"),
            (("digits", *NET, "--epochs", "0"), "Epochs cannot be 0"),
            (("digits", *NET, "--gray", "repeat", "--channels", "5"), "5 channels cannot be repeated"),
            (("digits", *NET, "--rate", "0"), "learning rate of 0"),
            (("digits", *NET, "--workers", "0"), "workers"),
            (("digits", *NET, "--decoders", "-1"), "-1 threads cannot decode images"),
            (("digits", *NET, "--seeds", "0"), "0 seeds cannot be trained"),
            (("/nowhere", *NET), "is no folder"),
            (("digits", "--net", "resnet20", "--weights", "/nowhere.pth"), "cannot be read"),
        ],
    )
    def test_is_one_line(self, text: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]) -> None:
        assert said in refused(capsys, "finetune", *text)

    def test_images_that_teach_nothing(self, photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
        for file in (photos / "bees").iterdir():
            file.unlink()
        assert "only one class, ants" in refused(capsys, "finetune", str(photos), *TINY, "-o", "run")
        (photos / "bees" / "0.png").write_bytes(b"")
        said = refused(capsys, "finetune", str(photos), *TINY, "-o", "run")
        assert "bees without a training image" in said and "broken.jpg" in said and not Path("run").exists()

    def test_weights_of_another_network(self, photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
        other = assign(SMALL, "blocks=2,2,2")
        checkpoint.save(build(other), other, Path("other.pth"))
        text = (*TINY, "--weights", "other.pth", "-o", "run", "--input", "16")
        assert "other.pth holds" in refused(capsys, "finetune", str(photos), *text) and not Path("run").exists()

    def test_a_key_of_weights_that_are_no_file(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert "Name the file with --weights." in refused(capsys, "finetune", "digits", *NET, "--key", "ema")

    def test_a_folder_without_a_tuning(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert "holds no fine-tuning" in refused(capsys, "predict", ".", "a.png")

    @pytest.mark.parametrize(("more", "said"), [((), "Add --download"), (("--download",), "Check the network")])
    def test_published_weights_that_cannot_be_had(self, more: tuple[str, ...], said: str, tmp_path: Path) -> None:
        text = [sys.executable, "-m", "resnet_explorer", "finetune", "digits", "--net", "resnet18", *more]
        nobody = "http://127.0.0.1:9"
        env = {**os.environ, "TORCH_HOME": str(tmp_path / "home"), "https_proxy": nobody, "HTTPS_PROXY": nobody}
        env |= {"no_proxy": "", "NO_PROXY": ""}
        done = subprocess.run(text, text=True, capture_output=True, env=env, check=False)
        assert done.returncode == 2 and said in done.stderr and "47 MB" in done.stdout + done.stderr
        assert not [file for file in tmp_path.rglob("*") if file.is_file()]


def test_the_options_are_those_of_the_lab() -> None:
    from resnet_explorer.finetuning.choices import BnMode, GreyWay, Strategy

    assert tuple(Strategy) == finetuning_options.STRATEGIES and tuple(GreyWay) == finetuning_options.WAYS
    assert tuple(BnMode) == finetuning_options.BATCH_NORMS
