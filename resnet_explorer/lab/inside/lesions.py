"""What trained networks can do without each of their blocks, or with two neighbours swapped."""

from collections.abc import Iterator

from resnet_explorer.analysis.inside import RunLesionsRequest
from resnet_explorer.analysis.lesions import LesionStudy
from resnet_explorer.analysis.progress import Partial, Progress
from resnet_explorer.lab.inside.subject import Load, load, subject
from resnet_explorer.lab.lesion import Subject, count, study


def lesions(request: RunLesionsRequest, source: Load = load) -> Iterator[Progress | Partial[LesionStudy] | LesionStudy]:
    """Yield progress, what is known after each lesion, and last the whole; raises ExplorerError without test images."""
    subjects = (Subject(run.plan, *subject(run, source)) for run in request.runs)
    return study(request, subjects, 0, sum(count(run.plan) for run in request.runs))
