"""Measure once what the labs show before the user's own results are there, and write it into resources/recorded.

    python packaging/record_results.py                        # everything that is not recorded yet
    python packaging/record_results.py gradients --again      # the gradient lab's default and experiments, anew
    python packaging/record_results.py inspect                # loss surface and lesions of the recorded trainings

One thread measures, so that a result is the same whatever else the machine does.
"""

import argparse
import platform
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from record_runs import plans

from resnet_explorer import __version__
from resnet_explorer.engine.jobs import row_of
from resnet_explorer.features import resolve
from resnet_explorer.gradients.presets import PRESETS as EXPERIMENTS
from resnet_explorer.gradients.recorded import DEFAULT
from resnet_explorer.insight import lab
from resnet_explorer.insight.recorded import Inspected, known_plan
from resnet_explorer.insight.values import RunLesionsRequest, RunReference, Surface, SurfaceRequest
from resnet_explorer.probes.clock import setting
from resnet_explorer.readings.lesions import LesionStudy
from resnet_explorer.runs import recorded
from resnet_explorer.training.loop import iterate_steps
from resnet_explorer.training.presets import PRESETS

TARGET = Path(__file__).parents[1] / "resources" / "recorded"
INSPECTED = ("degradation", "vanishing", "init", "stochastic-depth", "zero-init")
"""The trainings whose networks are inspected; those of 1202 layers would take hours."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Record the labs that are named, or all."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("labs", metavar="LAB", nargs="*", choices=[*LABS, []], help=f"one of {', '.join(LABS)}")
    parser.add_argument("--again", action="store_true", help="record anew what is recorded already")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    for name in options.labs or LABS:
        for title, request, measure in LABS[name]():
            file = recorded.path_of(request, TARGET)
            if options.again or not file.exists():
                made = provenance()
                recorded.save(request, measure(), made, TARGET)
                print(f"{name}, {title}: {file.name}, {file.stat().st_size:,} bytes", flush=True)
    print(f"all: {sum(file.stat().st_size for file in TARGET.iterdir()):,} bytes")


def provenance() -> recorded.Provenance:
    """Return what is recorded of this machine; it is not named."""
    where = setting("cpu", 0, 0)
    machine = f"{where.title}, 1 thread, {platform.system()} {platform.machine()}"
    return recorded.Provenance(
        datetime.now(UTC).isoformat(timespec="seconds"), machine, str(torch.__version__), __version__
    )


Tasks = Iterator[tuple[str, object, Callable[[], object]]]
"""A title, a request, and what measures it."""


def gradients() -> Tasks:
    """Yield the gradient lab's default conditions and its experiments."""
    requests = {"default": DEFAULT, **{key: preset.request for key, preset in EXPERIMENTS.items()}}
    for key, request in requests.items():
        yield key, request, partial(_measured, request)


def _measured(request: object) -> object:
    return last(resolve(row_of(request).work)(request))


def inspect() -> Tasks:
    """Yield the recorded trainings; each is trained again, since a recording holds no weights."""
    for key in INSPECTED:
        for folder, plan in plans(PRESETS[key]):
            if plan.seed == 0:
                known = known_plan(plan)
                yield f"{key}, {folder.name}", known, partial(_inspected, known)


def _inspected(plan: Any) -> Inspected:
    with TemporaryDirectory() as folder:
        for _ in iterate_steps(plan, Path(folder)):
            pass
        runs = (RunReference(folder, plan),)
        surface: Surface = last(lab.surface(SurfaceRequest(runs)))
        study: LesionStudy = last(lab.lesions(RunLesionsRequest(runs)))
    (plane,), (lesions,) = surface.slices, study.networks
    losses = tuple(tuple(row) for row in plane.losses.tolist())
    seconds = surface.seconds, study.seconds
    return Inspected(plan, losses, plane.middle, surface.used, surface.data, lesions, *seconds)


def last(steps: Iterator[Any]) -> Any:
    """Return what an experiment yields at its end."""
    *_, result = steps
    return result


LABS: Mapping[str, Callable[[], Tasks]] = {"gradients": gradients, "inspect": inspect}


if __name__ == "__main__":
    main()
