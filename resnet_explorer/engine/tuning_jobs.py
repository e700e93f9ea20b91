"""The jobs of the fine-tuning lab, and the training of a run, which may be one of its."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

from resnet_explorer import files
from resnet_explorer.analysis.progress import Progress
from resnet_explorer.analysis.run_codec import RUN, TUNE, loads
from resnet_explorer.analysis.training import RunPlan
from resnet_explorer.analysis.tuning.checks import DataReport
from resnet_explorer.analysis.tuning.choices import WeightsKind
from resnet_explorer.analysis.tuning.codec import plan_in
from resnet_explorer.engine.messages import (
    CheckData,
    CompareGrey,
    FetchWeights,
    FindWeights,
    JudgeTune,
    Predict,
    SaveTuned,
    ShowSamples,
    TrainRun,
    TuneRun,
)
from resnet_explorer.errors import ExplorerError, ExportError
from resnet_explorer.export.tuning.card import to_card
from resnet_explorer.export.tuning.script import companions, to_script
from resnet_explorer.lab.training.checkpoint import trained
from resnet_explorer.lab.training.loop import follow
from resnet_explorer.lab.tuning import run, weights
from resnet_explorer.lab.tuning.checks import check
from resnet_explorer.lab.tuning.judge import judge, record_of, usable
from resnet_explorer.lab.tuning.predict import predict
from resnet_explorer.lab.tuning.samples import compare_grey, samples
from resnet_explorer.lab.tuning.save import SUFFIXES, save, with_plain_weights


def train_run(job: TrainRun) -> Iterator[object]:
    """Yield progress and the steps as they are made, and last how the training ended.

    What is kept of a fine-tuning goes on as one.
    """
    folder = Path(job.folder)
    if (folder / TUNE).is_file() and _view(folder) == replace(job.plan, name=""):
        return _tune_run(TuneRun(plan_in(folder), job.folder, job.until, job.have, job.tensorboard))
    return follow(job.plan, folder, job.until, have=job.have, tensorboard=job.tensorboard)


def _view(folder: Path) -> RunPlan | None:
    """Return the plan in a run's folder without its name; None where there is none."""
    try:
        return replace(loads((folder / RUN).read_text(encoding="utf-8"), str(folder))[0], name="")
    except (OSError, ExplorerError):
        return None


def _tune_run(job: TuneRun) -> Iterator[object]:
    return run.follow(job.plan, Path(job.folder), job.until, have=job.have, tensorboard=job.tensorboard)


def _find_weights(job: FindWeights) -> Iterator[object]:
    yield weights.published(job.spec)


def _fetch_weights(job: FetchWeights) -> Iterator[object]:
    """Yield progress in bytes, and last where the file is; closing it takes away what came."""
    with closing(weights.download(job.published)) as steps:
        for step in steps:
            yield str(step) if isinstance(step, Path) else step


def _check_data(job: CheckData) -> Iterator[object]:
    return check(job.plan)


def _show_samples(job: ShowSamples) -> Iterator[object]:
    return samples(job.plan, job.count, job.seed)


def _compare_grey(job: CompareGrey) -> Iterator[object]:
    return compare_grey(job.plan)


def _judge(job: JudgeTune) -> Iterator[object]:
    return judge(Path(job.folder))


def _save(job: SaveTuned) -> Iterator[object]:
    """Yield progress, and last the path of what is written, whole or not at all."""
    path = Path(job.path)
    write = _WRITERS.get(path.suffix.lower())
    if write is None:
        kinds = ", ".join(_WRITERS)
        raise ExportError(str(path), f"{path.name} is no file of a model.", f"End its name in {kinds}.")
    yield Progress(0, 1, f"writing {path.name}")
    yield from write(job)
    yield str(path)


def _save_weights(job: SaveTuned) -> Iterator[Progress]:
    """Write the best weights of a fine-tuning, or the newest of any other training."""
    folder, path = Path(job.folder), Path(job.path)
    model, plan, _ = trained(folder)
    spec = plan_in(folder).saved_spec if (folder / TUNE).is_file() else plan.spec
    save(model, spec, path, plan.image, dynamic=job.dynamic)
    yield Progress(1, 1, f"{path.name} is written")


def _save_script(job: SaveTuned) -> Iterator[Progress]:
    """Write the script, once the files that it needs lie beside it."""
    path, plan = Path(job.path), plan_in(Path(job.folder))
    if plan.weights.kind is WeightsKind.FILE:
        plan = with_plain_weights(plan, path.with_name(f"{path.stem}-first.safetensors"))
    text = to_script(plan)
    for file in companions(plan):
        files.write(path.with_name(file.name), file.read_bytes())
    files.write(path, text)
    yield Progress(1, 1, f"{path.name} is written")


def _save_card(job: SaveTuned) -> Iterator[Progress]:
    """Write the card, once the images are looked at and judged."""
    folder = Path(job.folder)
    plan, outcome, data = plan_in(folder), None, None
    for step in chain(check(plan), judge(folder)):
        if isinstance(step, Progress):
            yield step
        elif isinstance(step, DataReport):
            data = step
        else:
            outcome = step.outcome
    _, setting, _ = record_of(folder)
    first = weights.find(plan.spec, plan.weights.name) if plan.weights.kind is WeightsKind.PUBLISHED else None
    files.write(Path(job.path), to_card(plan, setting.train, outcome, data, first))


_WRITERS: Mapping[str, Callable[[SaveTuned], Iterator[Progress]]] = {
    **dict.fromkeys(SUFFIXES, _save_weights),
    ".py": _save_script,
    ".md": _save_card,
}


def _predict(job: Predict) -> Iterator[object]:
    """Yield progress, and last what the network says of each file."""
    folder = Path(job.folder)
    plan = plan_in(folder)
    yield Progress(0, len(job.files), "loading the weights")
    model, _, _ = trained(folder)
    found = []
    for one in predict(model.to(usable(plan.device)), plan, tuple(map(Path, job.files))):
        found.append(one)
        yield Progress(len(found), len(job.files), f"naming {Path(one.file).name}")
    yield tuple(found)


JOBS: Mapping[type, Callable[[Any], Iterator[object]]] = {
    TrainRun: train_run,
    TuneRun: _tune_run,
    FindWeights: _find_weights,
    FetchWeights: _fetch_weights,
    CheckData: _check_data,
    ShowSamples: _show_samples,
    CompareGrey: _compare_grey,
    JudgeTune: _judge,
    SaveTuned: _save,
    Predict: _predict,
}
"""What each job is done by; a plain training is among them, since what is kept may be a fine-tuning."""
