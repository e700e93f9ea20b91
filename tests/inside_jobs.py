"""The generators of looking inside, in the test's own event loop."""

from collections.abc import Callable, Iterator
from typing import Any

from resnet_explorer.insight.lab import cam, confusion, features, filters, gallery, lesions, surface
from resnet_explorer.insight.values import (
    CamRequest,
    ConfusionRequest,
    FeaturesRequest,
    FiltersRequest,
    GalleryRequest,
    RunLesionsRequest,
    SurfaceRequest,
)
from resnet_explorer.module.build import ResNet
from resnet_explorer.runs.plan import RunPlan
from tests.inside_subject import trained
from tests.jobs_here import JobsHere


def _trained(folder: str, asked: RunPlan) -> ResNet:
    return trained(60, asked)


_RUNS: dict[type, Callable[[Any], Iterator[object]]] = {
    GalleryRequest: gallery,
    ConfusionRequest: lambda job: confusion(job, _trained),
    CamRequest: lambda job: cam(job, _trained),
    FiltersRequest: lambda job: filters(job, _trained),
    FeaturesRequest: lambda job: features(job, _trained),
    SurfaceRequest: lambda job: surface(job, _trained),
    RunLesionsRequest: lambda job: lesions(job, _trained),
}


class InsideJobsHere(JobsHere):
    """Looks into networks that the test trained."""

    def __init__(self) -> None:
        super().__init__(_RUNS)
