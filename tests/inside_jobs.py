"""The generators of looking inside, in the test's own event loop."""

from collections.abc import Callable, Iterator
from typing import Any

from resnet_explorer.analysis.inside import (
    CamRequest,
    ConfusionRequest,
    FeaturesRequest,
    FiltersRequest,
    GalleryRequest,
    RunLesionsRequest,
    SurfaceRequest,
)
from resnet_explorer.analysis.training import RunPlan
from resnet_explorer.lab.inside.cam import cam
from resnet_explorer.lab.inside.confusion import confusion, gallery
from resnet_explorer.lab.inside.features import features
from resnet_explorer.lab.inside.filters import filters
from resnet_explorer.lab.inside.lesions import lesions
from resnet_explorer.lab.inside.surface import surface
from resnet_explorer.model.build import ResNet
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
