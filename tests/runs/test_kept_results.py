"""Results on disk: every kind comes back equal, and only while what it was measured on is the same."""

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from resnet_explorer import features
from resnet_explorer.engine import jobs
from resnet_explorer.engine.jobs import row_of
from resnet_explorer.engine.requests import Verify
from resnet_explorer.finetuning import values as tuning
from resnet_explorer.finetuning.choices import TuneData, TuneKind
from resnet_explorer.finetuning.data_report import SamplePage
from resnet_explorer.finetuning.plan import TunePlan
from resnet_explorer.gradients.descent import DescentRequest, LesionRequest, PathsRequest
from resnet_explorer.gradients.values import GradientRequest, ShatterRequest
from resnet_explorer.images.choice import DataChoice, DataKind
from resnet_explorer.insight import values as inside
from resnet_explorer.runs import kept_results as kept
from resnet_explorer.runs.folder import CHECKPOINT, TUNE
from resnet_explorer.runs.plan import RunPlan
from resnet_explorer.runs.recorded import Recording, made_here, to_values
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.catalogue import find, twin
from resnet_explorer.timing.values import MeasureTime
from resnet_explorer.training.values import FindRate
from tests.geometry import results
from tests.geometry.results import VERDICT
from tests.tuning_jobs import REPORT

BUDGET = 10**8
NET, SMALL = find("resnet20"), InputShape(2, 16, 16)
PAIR = (NET, twin(NET))
RUN = "run", RunPlan("small", NET, SMALL)
RUNS = (inside.RunReference(*RUN),)
VERIFY = Verify(NET, SMALL)
PLAN = TunePlan(spec=NET, data=TuneData(TuneKind.DIGITS), classes=("a", "b"))


def samples(job: tuning.ShowSamples) -> SamplePage:
    pixels = np.arange(job.count * 48, dtype=np.uint8).reshape(job.count, 4, 4, 3)
    return SamplePage(pixels, ("cat", "dog"), ("1.png", "2.png"), "resized")


def before_after(job: tuning.EvaluateTuned) -> tuning.BeforeAfter:
    before, after = (tuning.Evaluation(np.eye(2, dtype=np.int64), loss) for loss in (2.3, float("nan")))
    outcome = tuning.Outcome(0.1, 1.0, None, 0.1, 2, 2, 1.0, "2", "1")
    return tuning.BeforeAfter(job.folder, PLAN, before, after, outcome, ("At random.",), "digits")


SAMPLES: Mapping[Any, Callable[[Any], Any]] = {
    VERIFY: lambda job: VERDICT,
    MeasureTime(NET, SMALL): results.times,
    GradientRequest(PAIR, SMALL): results.gradients,
    DescentRequest(PAIR, SMALL): results.descent,
    LesionRequest(PAIR, SMALL): results.lesions,
    PathsRequest(NET, SMALL): results.paths,
    ShatterRequest(PAIR): results.shattering,
    FindRate(RUN[1]): results.rates,
    inside.GalleryRequest(*RUN, count=3): results.gallery,
    inside.ConfusionRequest(*RUN): results.confusion,
    inside.CamRequest(*RUN, 0, "layer1"): results.cam,
    inside.FiltersRequest(*RUN): results.filters,
    inside.FeaturesRequest(*RUN, 0, "layer1"): results.features,
    inside.SurfaceRequest(RUNS, 3): results.surface,
    inside.RunLesionsRequest(RUNS): results.lesions,
    tuning.CheckData(PLAN): lambda job: replace(REPORT, plan=PLAN),
    tuning.ShowSamples(PLAN, 2): samples,
    tuning.EvaluateTuned("run"): before_after,
}
"""A request of each kind whose result is kept, and what makes such a result up."""


def kept_kinds() -> set[type]:
    features.features()
    return {kind for kind, row in jobs._ROWS.items() if row.keeps}


def test_every_kind_of_result_comes_back_equal(tmp_path: Path) -> None:
    assert {type(request) for request in SAMPLES} == kept_kinds(), "a sample of each kind"
    for request, make in SAMPLES.items():
        result = make(request)
        kept.save(request, result, kept.conditions(request), tmp_path, BUDGET)
        recording = kept.load(request, row_of(request).keeps, tmp_path)
        assert recording is not None, type(request)
        assert type(recording.result) is type(result)
        made = made_here("cpu", "2")
        assert to_values(Recording(recording.result, made)) == to_values(Recording(result, made)), type(request)
    assert kept.size(tmp_path) > 0 and len(list(tmp_path.iterdir())) == len(SAMPLES), "a file for each"


def save(request: object, folder: Path, budget: int = BUDGET) -> None:
    kept.save(request, VERDICT, kept.conditions(request), folder, budget)


def is_kept(request: object, folder: Path) -> bool:
    recording = kept.load(request, row_of(VERIFY).keeps, folder)
    assert recording is None or recording.result == VERDICT
    return recording is not None


def test_numbers_that_are_not_finite_and_arrays_come_back(tmp_path: Path) -> None:
    request = GradientRequest((NET,), SMALL)
    result = replace(results.gradients(request), seconds=float("inf"))
    kept.save(request, result, kept.conditions(request), tmp_path, BUDGET)
    recording = kept.load(request, row_of(request).keeps, tmp_path)
    assert recording and recording.result.seconds == float("inf") and recording.result.request == request
    asked = inside.FiltersRequest(*RUN)
    weights = results.filters(asked).weights
    weights[0] = float("nan")
    kept.save(asked, inside.Filters(asked, "conv1", weights), kept.conditions(asked), tmp_path, BUDGET)
    recording = kept.load(asked, row_of(asked).keeps, tmp_path)
    assert recording and recording.result.weights.tobytes() == weights.tobytes()
    assert recording.result.weights.dtype == weights.dtype and recording.result.weights.flags.writeable


def test_another_request_version_or_machine_is_measured_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(VERIFY, tmp_path)
    assert kept.has(VERIFY, tmp_path) and is_kept(VERIFY, tmp_path)
    assert not is_kept(replace(VERIFY, image=InputShape(2, 16, 17)), tmp_path)
    for name in ("_torch_version", "_machine"):
        with monkeypatch.context() as patch:
            patch.setattr(kept, name, lambda: "another")
            assert not is_kept(VERIFY, tmp_path), name
    with monkeypatch.context() as patch:
        patch.setattr(kept, "__version__", "99")
        assert not is_kept(VERIFY, tmp_path)
        save(VERIFY, tmp_path)
    assert not is_kept(VERIFY, tmp_path), "what is measured anew replaces it"


def test_a_run_that_went_on_is_measured_anew(tmp_path: Path) -> None:
    run, folder = tmp_path / "run", tmp_path / "results"
    run.mkdir()
    (run / CHECKPOINT).write_bytes(b"weights")
    requests = (
        inside.FiltersRequest(str(run), RUN[1]),
        inside.SurfaceRequest((inside.RunReference(str(run), RUN[1]),)),
        tuning.EvaluateTuned(str(run)),
    )
    for request in requests:
        save(request, folder)
        assert is_kept(request, folder)
    (run / CHECKPOINT).write_bytes(b"more weights")
    assert not any(is_kept(request, folder) for request in requests)
    begun = kept.conditions(requests[0])
    (run / CHECKPOINT).write_bytes(b"weights of a step that came while it was measured")
    kept.save(requests[0], VERDICT, begun, folder, BUDGET)
    assert not is_kept(requests[0], folder)


def test_images_that_changed_are_measured_anew(tmp_path: Path) -> None:
    images, folder, run = tmp_path / "images", tmp_path / "results", tmp_path / "run"
    (images / "cats").mkdir(parents=True)
    (images / "cats" / "one.png").write_bytes(b"1")
    run.mkdir()
    (run / TUNE).write_text(f'{{"plan": {{"data": {{"where": "{images.as_posix()}"}}, "weights": {{"name": ""}}}}}}')
    requests = (
        GradientRequest((NET,), SMALL, DataChoice(DataKind.FOLDER, str(images))),
        inside.ConfusionRequest("run", replace(RUN[1], data=DataChoice(DataKind.FOLDER, str(images)))),
        tuning.CheckData(replace(PLAN, data=TuneData(TuneKind.FOLDER, str(images)))),
        tuning.EvaluateTuned(str(run)),
    )
    for request in requests:
        save(request, folder)
        assert is_kept(request, folder)
    (images / "cats" / "two.png").write_bytes(b"2")
    assert not any(is_kept(request, folder) for request in requests)


def test_what_was_not_used_for_longest_is_deleted_beyond_the_budget(tmp_path: Path) -> None:
    requests = [replace(VERIFY, image=InputShape(2, 16, width)) for width in range(16, 22)]
    for age, request in enumerate(requests):
        save(request, tmp_path)
        long_ago = 1_000_000 + age
        os.utime(next(path for path in tmp_path.iterdir() if path.stat().st_mtime > 10**8), (long_ago, long_ago))
    assert is_kept(requests[0], tmp_path), "used now"
    assert kept.size(tmp_path) == 6 * kept.BLOCK
    save(VERIFY, tmp_path, 3 * kept.BLOCK)
    assert [is_kept(request, tmp_path) for request in requests] == [True, False, False, False, True, True]
    assert kept.size(tmp_path) == 3 * kept.BLOCK
    kept.trim(tmp_path, 0)
    assert kept.size(tmp_path) == 0
    save(VERIFY, tmp_path, 0)
    assert not kept.has(VERIFY, tmp_path), "a budget of 0 keeps nothing"


def test_results_can_be_cleared(tmp_path: Path) -> None:
    assert kept.size(tmp_path / "none") == 0
    kept.clear(tmp_path / "none")
    save(VERIFY, tmp_path)
    (tmp_path / "theirs.txt").write_text("not ours")
    kept.clear(tmp_path)
    assert not kept.has(VERIFY, tmp_path) and kept.size(tmp_path) == 0
    assert (tmp_path / "theirs.txt").exists()


def test_a_file_that_cannot_be_read_is_passed_over_and_replaced(tmp_path: Path) -> None:
    save(VERIFY, tmp_path)
    (file,) = tmp_path.iterdir()
    whole = file.read_bytes()
    for content in (b"", b"{}", whole[: len(whole) // 2], whole[:-9] + b"\0" * 9, bytes(reversed(whole))):
        file.write_bytes(content)
        assert not is_kept(VERIFY, tmp_path), content[:20]
    file.unlink()
    file.mkdir()
    assert not kept.has(VERIFY, tmp_path) and not is_kept(VERIFY, tmp_path)
    save(VERIFY, tmp_path)
    file.rmdir()
    save(VERIFY, tmp_path)
    assert is_kept(VERIFY, tmp_path)


@pytest.mark.parametrize(
    ("ago", "text"),
    [
        (timedelta(seconds=20), "just now"),
        (timedelta(seconds=-90), "just now"),
        (timedelta(minutes=1), "1 minute ago"),
        (timedelta(minutes=5), "5 minutes ago"),
        (timedelta(hours=3), "3 hours ago"),
        (timedelta(hours=17), "yesterday"),
        (timedelta(days=3), "3 days ago"),
        (timedelta(days=11), "on 3 May"),
        (timedelta(days=370), "on 9 May 2025"),
    ],
)
def test_an_age_is_said_in_words(ago: timedelta, text: str) -> None:
    now = datetime(2026, 5, 14, 12, 0, tzinfo=timezone(timedelta(hours=2)))
    assert kept.age_of((now - ago).astimezone(UTC).isoformat(), now) == text


def test_a_time_that_is_none_is_said_as_it_is() -> None:
    assert kept.age_of("nobody knows") == "on nobody kno"
