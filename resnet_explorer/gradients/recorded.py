"""Recorded results of the gradient lab's default conditions and experiments, shown until the own one is measured."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from resnet_explorer.errors import ExplorerError
from resnet_explorer.gradients.descent import Descent, DescentRequest, LesionRequest, Paths, PathsRequest
from resnet_explorer.gradients.presets import LabRequest
from resnet_explorer.gradients.tables import LabResult, table_of, to_csv
from resnet_explorer.gradients.values import GradientRequest, GradientResult, Shattering, ShatterRequest
from resnet_explorer.readings.lesions import LesionStudy
from resnet_explorer.runs import recorded
from resnet_explorer.runs.recorded import Recording
from resnet_explorer.spec.catalogue import find, twin

DEFAULT = GradientRequest((find("resnet56"), twin(find("resnet56"))))
"""What the page measures when it is first opened."""
KINDS: Mapping[type, type] = {
    GradientRequest: GradientResult,
    DescentRequest: Descent,
    PathsRequest: Paths,
    ShatterRequest: Shattering,
    LesionRequest: LesionStudy,
}
"""The result of each request."""


def find_recorded(request: LabRequest) -> LabResult | None:
    """Return the result that was recorded for a request on the CPU; None where there is none.

    The description of its images begins with where it comes from, and so does every subtitle and table with it.
    """
    known = request if isinstance(request, ShatterRequest) else replace(request, device="cpu")
    recording = recorded.load(known, KINDS[type(request)])
    if recording is None:
        return None
    return marked(recording)


def from_session(values: Mapping[str, Any]) -> Recording:
    """Return the result that a session holds; raises ExplorerError where its values do not fit each other."""
    recording = recorded.from_values(values, KINDS, "The session's gradients")
    try:
        to_csv(recording.result)
        table_of(recording.result).describe(recording.result)
    except (ValueError, LookupError, ArithmeticError, TypeError) as error:
        raise ExplorerError(
            "result", "The session's result of the gradient lab is damaged.", "Measure it again."
        ) from error
    return recording


def marked(recording: Recording) -> LabResult:
    """Return a result whose description begins with where it comes from."""
    request = recording.result.request
    seeds = request.seeds if isinstance(request, GradientRequest | ShatterRequest) else (request.seed,)
    result: LabResult = _marked(recording.result, recording.made.describe(seeds))
    return result


def _marked(result: Any, text: str) -> Any:
    if isinstance(result, LesionStudy):
        networks = (replace(network, data=f"{text} · {network.data}") for network in result.networks)
        return replace(result, networks=tuple(networks))
    return replace(result, data=f"{text} · {result.data}")
