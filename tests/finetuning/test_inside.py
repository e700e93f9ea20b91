"""What is looked at inside a fine-tuned network: its own images, its best weights, its plain tree."""

from dataclasses import replace

import numpy as np
import pytest

from resnet_explorer.finetuning.choices import GreyWay
from resnet_explorer.finetuning.lab import evaluate
from resnet_explorer.finetuning.values import BeforeAfter, EvaluateTuned
from resnet_explorer.insight.lab import cam, confusion, features, filters, gallery, surface
from resnet_explorer.insight.values import (
    Cam,
    CamRequest,
    Confusion,
    ConfusionRequest,
    Features,
    FeaturesRequest,
    FiltersRequest,
    GalleryRequest,
    RunReference,
    Surface,
    SurfaceRequest,
    map_paths,
)
from resnet_explorer.runs.folder import summarize_run
from tests.narrow import last
from tests.tuning_runs import PLAN, tuned


@pytest.fixture(scope="module", params=[GreyWay.ADAPTER, GreyWay.REPEAT, GreyWay.SUM])
def seen(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> RunReference:
    """A tuned network whose images take one of the ways."""
    folder = tmp_path_factory.mktemp("seen") / "run"
    tuned(replace(PLAN, grey=request.param, epochs=3), folder)
    return RunReference(str(folder), summarize_run(folder).plan)


def test_the_confusion_is_the_one_that_was_judged(seen: RunReference) -> None:
    found = last(Confusion, confusion(ConfusionRequest(seen.folder, seen.plan)))
    judged = last(BeforeAfter, evaluate(EvaluateTuned(seen.folder)))
    assert (found.counts == judged.after.counts).all() and found.tested == 84
    assert found.loss == pytest.approx(judged.after.loss, abs=1e-5)
    assert len(found.mistakes) == 84 - found.counts.trace() == len(found.pixels)
    truths = {found.mistakes[place].truth for place in range(len(found.mistakes))}
    assert truths <= {0, 1, 2} and found.data.startswith("digits")


def test_images_are_the_plans_as_they_were(seen: RunReference) -> None:
    (found,) = gallery(GalleryRequest(seen.folder, seen.plan, count=200))
    assert found.total == len(found.pixels) == 84 and found.pixels.shape[1:3] == (8, 8)
    assert found.pixels.min() == 0 and found.pixels.max() == 255
    if found.pixels.shape[3] == 3:
        assert (found.pixels == found.pixels[..., :1]).all()


def test_the_evidence_is_shown_on_the_image(seen: RunReference) -> None:
    path = map_paths(seen.plan.spec)[-1]
    found = last(Cam, cam(CamRequest(seen.folder, seen.plan, 5, path)))
    assert found.map.shape == (2, 2) and found.large.shape == (8, 8) and np.isfinite(found.large).all()
    assert sum(found.probabilities) == pytest.approx(1, abs=1e-5) and len(found.probabilities) == 3
    maps = last(Features, features(FeaturesRequest(seen.folder, seen.plan, 5, "layer1")))
    assert maps.maps.shape == (4, 8, 8) and maps.truth == found.truth


def test_the_first_filters_see_the_images_channels(seen: RunReference) -> None:
    (found,) = filters(FiltersRequest(seen.folder, seen.plan))
    assert found.path == "conv1" and found.weights.shape[1] == seen.plan.spec.in_channels


def test_its_plane_is_measured(seen: RunReference) -> None:
    found = last(Surface, surface(SurfaceRequest((seen,), size=3, images=32)))
    assert found.complete and np.isfinite(found.slices[0].losses).all()
