"""The jobs of the fine-tuning lab in the engine's process: paused, gone on with, judged, saved, and put in words."""

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from resnet_explorer.engine.jobs import Job
from resnet_explorer.engine.messages import Failed, Finished, Known, Stepped, Stopped
from resnet_explorer.finetuning.choices import GreyWay, TuneData, WeightsChoice
from resnet_explorer.finetuning.data_report import DataReport, SamplePage
from resnet_explorer.finetuning.values import (
    BeforeAfter,
    CheckData,
    CompareGrey,
    EvaluateTuned,
    FetchWeights,
    FindWeights,
    GreyReport,
    Predict,
    Published,
    SaveTuned,
    ShowSamples,
    TuneEnding,
    TuneRun,
)
from resnet_explorer.runs.folder import read
from resnet_explorer.runs.plan import Chunk
from resnet_explorer.spec.catalogue import find
from resnet_explorer.training.values import TrainRun
from tests.engine.desk import Desk
from tests.tuning_runs import PLAN, SMALL, timeless, tuned

LONG = replace(PLAN, epochs=2_000)


@pytest.fixture(scope="module")
def shared() -> Iterator[Desk]:
    """One engine for all jobs that leave it as it was."""
    made = Desk()
    yield made
    made.engine.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a fine-tuning."""
    made = tmp_path_factory.mktemp("made") / "run"
    tuned(PLAN, made)
    return made


def result(desk: Desk, job: Job) -> Any:
    desk.engine.submit(job)
    done = desk.wait(Finished, Failed)
    assert isinstance(done, Finished), done
    return done.result


def refused(desk: Desk, job: Job) -> str:
    desk.engine.submit(job)
    done = desk.wait(Finished, Failed)
    assert isinstance(done, Failed) and not done.trace, done
    return f"{done.what} {done.remedy}"


def test_to_cancel_is_to_pause_and_it_goes_on_bit_for_bit(shared: Desk, tmp_path: Path) -> None:
    """Also as the plain training that its folder is listed as."""
    number = shared.engine.submit(TuneRun(LONG, str(tmp_path / "run"), known_steps=0))
    while True:
        known = shared.wait(Known, Failed)
        assert isinstance(known, Known) and isinstance(known.result, Chunk)
        if known.result.metrics[-1].step >= 20:
            break
    shared.engine.cancel(number)
    shared.wait(Stopped)
    made = len(read(tmp_path / "run").metrics)
    assert made >= 21
    ending = result(shared, TuneRun(LONG, str(tmp_path / "run"), made + 5))
    assert isinstance(ending, TuneEnding) and ending.steps == made + 5 and not ending.is_finished
    assert result(shared, TrainRun(read(tmp_path / "run").plan, str(tmp_path / "run"), made + 9)).steps == made + 9
    expected, _ = tuned(LONG, None, made + 9)
    assert timeless(list(read(tmp_path / "run").metrics)) == timeless(expected)


def test_what_the_window_missed_comes_first(shared: Desk, folder: Path) -> None:
    shared.engine.submit(TuneRun(PLAN, str(folder), known_steps=30))
    known = shared.wait(Known)
    assert isinstance(known, Known) and isinstance(known.result, Chunk)
    assert [one.step for one in known.result.metrics] == list(range(30, 35)) and known.result.environment
    done = shared.wait(Finished)
    assert isinstance(done, Finished) and isinstance(done.result, TuneEnding) and done.result.best_epoch


def test_data_is_checked_and_completes_the_plan(shared: Desk) -> None:
    report = result(shared, CheckData(replace(PLAN, classes=())))
    assert isinstance(report, DataReport) and report.train == 1500 and not report.problems
    assert report.plan and report.plan.classes == tuple("0123456789")
    assert list(report.plan.preprocess.mean) == pytest.approx([0.305], abs=0.01)
    assert "is no folder" in refused(shared, CheckData(replace(PLAN, data=TuneData(where="/nowhere"), classes=())))


def test_samples_are_shown_as_the_network_sees_them(shared: Desk) -> None:
    pages = [result(shared, ShowSamples(replace(PLAN, classes=()), 9, seed)) for seed in (0, 0, 1)]
    assert isinstance(pages[0], SamplePage) and pages[0].pixels.shape == (9, 8, 8, 3) and len(pages[0].labels) == 9
    assert pages[0].files == pages[1].files != pages[2].files
    assert "Choose 1 or more" in refused(shared, ShowSamples(PLAN, 0))


def test_ways_of_grey_are_measured(shared: Desk) -> None:
    report = result(shared, CompareGrey(replace(PLAN, classes=(), channels=3, grey=GreyWay.REPEAT)))
    assert isinstance(report, GreyReport) and report.of(GreyWay.SUM).inference < 1e-5
    assert report.of(GreyWay.MEAN).inference > 0.1
    grey = replace(PLAN, spec=PLAN.saved_spec, grey=GreyWay.REPEAT)
    assert "takes grey images as it is" in refused(shared, CompareGrey(grey))


def test_before_and_after(shared: Desk, folder: Path) -> None:
    found = result(shared, EvaluateTuned(str(folder)))
    assert isinstance(found, BeforeAfter) and found.before and found.after.accuracy > found.before.accuracy
    assert "holds no fine-tuning" in refused(shared, EvaluateTuned(str(folder.parent)))


def test_the_model_is_taken_away_in_every_form(shared: Desk, folder: Path, tmp_path: Path) -> None:
    for name in ("model.safetensors", "model.pth", "model.pt2", "finetune.py", "card.md"):
        assert result(shared, SaveTuned(str(folder), str(tmp_path / name))) == str(tmp_path / name)
    beside = {file.name for file in tmp_path.iterdir()}
    assert {"digits-images-idx3-ubyte.gz", "digits-labels-idx1-ubyte.gz", "model.pt2"} < beside and len(beside) == 7
    card = (tmp_path / "card.md").read_text(encoding="utf-8")
    assert "test accuracy before" in card and "460 for training, 84 for testing" in card
    assert "End its name in" in refused(shared, SaveTuned(str(folder), str(tmp_path / "model.doc")))
    assert "cannot be written" in refused(shared, SaveTuned(str(folder), str(tmp_path / "none" / "finetune.py")))
    assert {file.name for file in tmp_path.iterdir()} == beside


def test_files_are_named_and_those_that_cannot_be_are_said(shared: Desk, folder: Path, tmp_path: Path) -> None:
    Image.new("L", (20, 30), 90).save(tmp_path / "a.png")
    found = result(shared, Predict(str(folder), (str(tmp_path / "a.png"), str(tmp_path / "b.png"))))
    assert sum(chance for _, chance in found[0].classes) == pytest.approx(1) and found[1].problem == "it is not there"


def test_published_weights_are_found(shared: Desk) -> None:
    names = [one.name for one in result(shared, FindWeights(find("resnet50")))]
    assert names == ["IMAGENET1K_V1", "IMAGENET1K_V2"] and result(shared, FindWeights(SMALL)) == ()


@pytest.mark.parametrize(
    ("plan", "text"),
    [
        (replace(PLAN, device="cuda:77"), "cuda:77 is not there"),
        (replace(PLAN, weights=WeightsChoice()), "publishes no weights for ResNet-20"),
        (replace(PLAN, classes=("3", "x")), "no images of 'x'"),
    ],
)
def test_what_cannot_be_tuned_is_a_sentence_and_leaves_nothing(
    shared: Desk, tmp_path: Path, plan: Any, text: str
) -> None:
    assert text in refused(shared, TuneRun(plan, str(tmp_path / "run")))
    assert not (tmp_path / "run").exists()


class _Slow(BaseHTTPRequestHandler):
    """Gives a file piece by piece, for as long as somebody listens."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(2**30))
        self.end_headers()
        try:
            while True:
                self.wfile.write(bytes(2**18))
                time.sleep(0.02)
        except OSError:
            pass

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_a_download_that_is_cancelled_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    server = HTTPServer(("127.0.0.1", 0), _Slow)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/resnet18-00000000.pth"
    one = Published("resnet18", "X", True, url, 2**30, 1, 1.0, 1.0, (), PLAN.preprocess, "", "")
    desk = Desk()
    try:
        desk.engine.submit(FetchWeights(one))
        stepped = desk.wait(Stepped, Failed)
        assert isinstance(stepped, Stepped) and stepped.of == 2**30
        desk.engine.cancel(1)
        desk.wait(Stopped)
        homes = (tmp_path / "hub", Path.home() / ".cache" / "torch" / "hub")  # the process may know the older one
        assert not [file for home in homes for file in home.rglob(".resnet18-00000000*")]
    finally:
        desk.engine.close()
        server.shutdown()
        server.server_close()
