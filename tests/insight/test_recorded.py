"""The recorded loss surfaces and lesions of the app's own trainings: whole, marked, and still true."""

import re
import runpy
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from resnet_explorer.diagram.lesions import lesion_chart
from resnet_explorer.insight import lab
from resnet_explorer.insight.page import InsideView
from resnet_explorer.insight.part import Inside
from resnet_explorer.insight.recorded import MEASURING, NO_WEIGHTS, NOT_RECORDED, RECORDED, find_recorded, is_recorded
from resnet_explorer.insight.surface_chart import surface_picture
from resnet_explorer.insight.values import RunLesionsRequest, RunReference, Surface, SurfaceRequest
from resnet_explorer.picture.marks import Label
from resnet_explorer.readings.lesions import LesionStudy
from resnet_explorer.readings.progress import Partial
from resnet_explorer.runs.plan import Run, RunPlan
from resnet_explorer.scenes.scene import State
from resnet_explorer.training.presets import PRESETS
from resnet_explorer.ui.document import Document
from tests.jobs_here import JobsHere
from tests.narrow import last, of_kind, present
from tests.training_runs import train

MARK = r"recorded \d{4}-\d\d-\d\d on CPU \([^)]+\), 1 thread, \w+ \w+, PyTorch \d+\.\d+\S*, seed 0 · "


@pytest.fixture(scope="module")
def inspected() -> tuple[str, ...]:
    script: dict[str, Any] = runpy.run_path(str(Path(__file__).parents[2] / "packaging" / "record_results.py"))
    return tuple(script["INSPECTED"])


def runs(key: str) -> dict[str, RunReference]:
    return {plan.name: RunReference(f"{key}-{plan.name}", plan) for plan in PRESETS[key].plans()}


def surface(*some: RunReference) -> Surface:
    return of_kind(Surface, find_recorded(SurfaceRequest(some)))


def lesions(*some: RunReference) -> LesionStudy:
    return of_kind(LesionStudy, find_recorded(RunLesionsRequest(some)))


def test_every_training_of_the_experiments_is_inspected(inspected: tuple[str, ...]) -> None:
    assert "degradation" in inspected
    for key in inspected:
        for run in runs(key).values():
            assert is_recorded(run.plan), (key, run.plan.name)
            plane, study = surface(run), lesions(run)
            assert plane.complete and study.complete
            assert re.match(MARK, plane.data) and re.match(MARK, study.data)
    elsewhere = replace(runs("degradation")["plain-20"].plan, device="cuda:0", threads=4)
    assert is_recorded(elsewhere), "where it ran makes no difference"
    assert not is_recorded(replace(elsewhere, seed=7))


def test_pictures_say_that_it_is_recorded() -> None:
    four = runs("degradation")
    pair = four["plain-56"], four["resnet-56"]
    labels = [mark.text for mark in surface_picture(surface(*pair), 900, 560).marks if isinstance(mark, Label)]
    assert any("recorded 20" in text for text in labels)
    assert re.search(MARK, lesion_chart(lesions(*pair)).subtitle)


def test_recorded_figures_agree_with_the_texts() -> None:
    """Residual nets hardly need a block, plain ones need each; and the deep plain net's loss stays high."""
    four = runs("degradation")
    of = {name: lesions(run).networks[0] for name, run in four.items()}
    for residual, plain in (("resnet-20", "plain-20"), ("resnet-56", "plain-56")):
        assert present(of[residual].typical) + 0.2 < present(of[plain].typical)
    middles = {name: surface(run).slices[0].middle for name, run in four.items()}
    assert middles["plain-56"] > 5 * middles["resnet-56"]
    for run in four.values():
        plane = surface(run).slices[0]
        assert float(plane.losses.max()) > 2 * plane.middle, "the loss rises around the trained weights"


def test_another_plane_is_not_recorded() -> None:
    run = runs("degradation")["plain-20"]
    assert find_recorded(SurfaceRequest((run,), size=11)) is None
    assert find_recorded(SurfaceRequest((run, replace(run, plan=replace(run.plan, seed=5))))) is None


def test_a_fresh_training_agrees_with_the_recording(tmp_path: Path) -> None:
    """The smallest of the trainings again: the same kind of lesions, and a loss of the same size in the middle."""
    kept = runs("init")["He"]
    plan: RunPlan = kept.plan
    of_kind(Run, last(Run, train(plan, tmp_path / "run")))
    fresh = RunReference(str(tmp_path / "run"), plan)
    study = last(LesionStudy, lab.lesions(RunLesionsRequest((fresh,))))
    ours, theirs = lesions(kept).networks[0], study.networks[0]
    assert theirs.whole == pytest.approx(ours.whole, abs=0.1)
    assert present(theirs.typical) == pytest.approx(present(ours.typical), abs=0.2)
    plane = last(Surface, lab.surface(SurfaceRequest((fresh,), size=3))).slices[0]
    assert 1 / 3 < plane.middle / surface(kept).slices[0].middle < 3


@pytest.fixture
def view(qapp: QApplication, qtbot: QtBot) -> Iterator[InsideView]:
    jobs = JobsHere({SurfaceRequest: _parts})
    jobs._clock.stop()
    four = runs("degradation")
    made = InsideView(Document(State(four["plain-20"].plan.spec, four["plain-20"].plan.image)), jobs)  # type: ignore[arg-type]
    qtbot.addWidget(made)
    made.show()
    yield made
    jobs.close()


def _parts(request: SurfaceRequest) -> Iterator[object]:
    own = replace(of_kind(Surface, find_recorded(request)), data="my own digits")
    yield Partial(replace(own, slices=own.slices[:1]))
    yield own


def test_a_recording_shows_what_was_recorded_and_says_what_was_not(view: InsideView) -> None:
    four = runs("degradation")
    run = four["plain-20"]
    view.show_run(run.folder, run.plan, (), tuple(four.values()), is_recording=True)
    assert (
        view.view is Inside.SURFACE and view.state.text().endswith(NO_WEIGHTS) and not view.controls.measure.isEnabled()
    )
    assert present(view.stack.picture).title and view.controls.other.chosen.plan.name == "resnet-20"
    view.show_view(Inside.LESIONS)
    assert view.state.text().endswith(NO_WEIGHTS) and "plain-20" in present(view.stack.picture).description
    view.show_view(Inside.CONFUSION)
    assert view.state.text() == NOT_RECORDED
    deep = four["plain-56"]
    view.show_run(deep.folder, deep.plan, (), tuple(four.values()), is_recording=True)
    assert view.controls.other.chosen.plan.name == "resnet-56", "the twin of the same depth"


def test_the_own_result_is_measured_at_once_and_replaces_the_recorded_one(view: InsideView, qtbot: QtBot) -> None:
    four, jobs = runs("degradation"), of_kind(JobsHere, view.answers._jobs)
    run = four["plain-20"]
    view.show_view(Inside.SURFACE)
    view.show_run(run.folder, run.plan, (), tuple(four.values()))
    assert view.state.text().startswith("Recorded 20") and view.state.text().endswith(MEASURING)
    data = partial(getattr, view.stack, "_last")
    qtbot.waitUntil(lambda: bool(jobs.asked))
    view.line.cancel.click()
    assert view.state.text().startswith("Recorded 20") and view.state.text().endswith(RECORDED)
    assert not view._rest.isActive(), "it stays cancelled"
    view.controls.measure.click()
    jobs._step()
    assert "recorded" in data()[1].data, "a part does not replace it"
    jobs._step()
    assert data()[1].data == "my own digits" and view.state.text().endswith(" s")
