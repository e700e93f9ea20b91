"""Recorded loss surfaces and lesions of the app's own trainings, shown until the user's own are measured."""

from dataclasses import dataclass, replace
from functools import lru_cache

from resnet_explorer.insight.values import RunLesionsRequest, RunReference, Slice, Slow, Surface, SurfaceRequest
from resnet_explorer.readings.lesions import Lesions, LesionStudy
from resnet_explorer.runs import recorded
from resnet_explorer.runs.plan import RunPlan


@dataclass(frozen=True, slots=True, eq=False)
class Inspected:
    """A trained network's losses in the default plane, row by row, and its lesions.

    ``middle`` is the loss of the trained weights, ``used`` the number of images, ``data`` describes them. The seconds
    are those of the surface and of the lesions.
    """

    request: RunPlan
    losses: tuple[tuple[float | None, ...], ...]
    middle: float
    used: int
    data: str
    lesions: Lesions
    surface_seconds: float
    lesion_seconds: float


RECORDED = "Press Measure to measure your own run."
MEASURING = "Your own run is being measured."
NO_WEIGHTS = "A recording holds no weights to measure: press Start, and inspect your own run."
NOT_RECORDED = (
    "This is not recorded, and a recording holds no weights to measure. Press Start, and inspect your own run."
)
"""What is said after a recorded result's origin, and where a recording has none."""


def is_complete(answer: object) -> bool:
    """Return whether all of a slow request is measured."""
    return isinstance(answer, Surface | LesionStudy) and answer.complete


def known_plan(plan: RunPlan) -> RunPlan:
    """Return a plan as recordings have it: on one thread of the CPU."""
    return replace(plan, device="cpu", threads=1)


def is_recorded(plan: RunPlan) -> bool:
    """Return whether the app comes with the loss surface and the lesions of a training."""
    return recorded.path_of(known_plan(plan)).is_file()


@lru_cache(maxsize=16)
def find_recorded(request: Slow) -> Surface | LesionStudy | None:
    """Return what was recorded of all networks of a request; None where it is not recorded of one of them.

    The description of the images begins with where it comes from.
    """
    if isinstance(request, SurfaceRequest) and request != SurfaceRequest(request.runs):
        return None
    loaded = [recorded.load(known_plan(run.plan), Inspected) for run in request.runs]
    known = [recording for recording in loaded if recording is not None]
    if len(known) < len(loaded):
        return None
    results: list[Inspected] = [recording.result for recording in known]
    seeds = tuple(sorted({run.plan.seed for run in request.runs}))
    text = " and ".join(dict.fromkeys(recording.made.describe(seeds) for recording in known))
    if isinstance(request, SurfaceRequest):
        slices = tuple(_slice(*pair) for pair in zip(request.runs, results, strict=True))
        seconds = sum(result.surface_seconds for result in results)
        return Surface(request, slices, results[0].used, f"{text} · {results[0].data}", seconds)
    return _study(request, results, text, known[0].made.torch)


def describe_origin(result: Surface | LesionStudy) -> str:
    """Return a sentence on where a recorded result comes from."""
    text = result.data.partition(" · ")[0]
    return f"{text[:1].upper()}{text[1:]}."


def _slice(run: RunReference, result: Inspected) -> Slice:
    import numpy as np  # which the start does not need

    losses = np.array([[np.nan if loss is None else loss for loss in row] for row in result.losses], np.float32)
    return Slice(run, losses, np.ones(losses.shape, np.bool_), result.middle)


def _study(request: RunLesionsRequest, results: list[Inspected], text: str, torch: str) -> LesionStudy:
    networks = tuple(replace(result.lesions, data=f"{text} · {result.lesions.data}") for result in results)
    return LesionStudy(request, networks, torch, sum(result.lesion_seconds for result in results))
