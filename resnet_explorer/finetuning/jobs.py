"""The jobs of the fine-tuning lab, and the training of a run, which may be one of its."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from itertools import chain
from pathlib import Path

from resnet_explorer import files
from resnet_explorer.errors import ExportError
from resnet_explorer.finetuning import lab, weights
from resnet_explorer.finetuning.card import to_card
from resnet_explorer.finetuning.checks import check, compare_grey, samples
from resnet_explorer.finetuning.choices import WeightsKind
from resnet_explorer.finetuning.codec import plan_in
from resnet_explorer.finetuning.data import TuneImages
from resnet_explorer.finetuning.lab import judge, record_of, usable
from resnet_explorer.finetuning.outputs import SUFFIXES, predict, save, with_plain_weights
from resnet_explorer.finetuning.requests import (
    CheckData,
    CompareGrey,
    FetchWeights,
    FindWeights,
    JudgeTune,
    Predict,
    SaveTuned,
    ShowSamples,
    TuneRun,
)
from resnet_explorer.finetuning.results import DataReport
from resnet_explorer.finetuning.script import companions, to_script
from resnet_explorer.readings.progress import Progress
from resnet_explorer.runs.folder import TUNE
from resnet_explorer.runs.opened import load_trained


def go_on(folder: Path, until: int | None, have: int | None, tensorboard: bool) -> Iterator[object]:
    """Yield what ``tune_run`` yields of a run that is kept in a folder."""
    return lab.follow(plan_in(folder), folder, until, have=have, tensorboard=tensorboard)


def images_of_run(folder: Path) -> TuneImages:
    """Return the images of a run that is kept in a folder."""
    return lab.images_of(plan_in(folder))


def tune_run(job: TuneRun) -> Iterator[object]:
    """Yield progress and the steps as they are made, and last how the fine-tuning ended."""
    return lab.follow(job.plan, Path(job.folder), job.until, have=job.have, tensorboard=job.tensorboard)


def find_weights(job: FindWeights) -> Iterator[object]:
    """Yield the weights that torchvision publishes of a network."""
    yield weights.published(job.spec)


def fetch_weights(job: FetchWeights) -> Iterator[object]:
    """Yield progress in bytes, and last where the file is; closing it takes away what came."""
    with closing(weights.download(job.published)) as steps:
        for step in steps:
            yield str(step) if isinstance(step, Path) else step


def check_data(job: CheckData) -> Iterator[object]:
    """Yield progress, and last what was found in the images."""
    return check(job.plan)


def show_samples(job: ShowSamples) -> Iterator[object]:
    """Yield progress, and last some images as the network sees them."""
    return samples(job.plan, job.count, job.seed)


def compare_grey_ways(job: CompareGrey) -> Iterator[object]:
    """Yield progress, and last what each way of grey images changes."""
    return compare_grey(job.plan)


def judge_run(job: JudgeTune) -> Iterator[object]:
    """Yield progress, and last the test images before and after."""
    return judge(Path(job.folder))


def save_tuned(job: SaveTuned) -> Iterator[object]:
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
    model, plan, _ = load_trained(folder)
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
    first = weights.find_published(plan.spec, plan.weights.name) if plan.weights.kind is WeightsKind.PUBLISHED else None
    files.write(Path(job.path), to_card(plan, setting.train, outcome, data, first))


_WRITERS: Mapping[str, Callable[[SaveTuned], Iterator[Progress]]] = {
    **dict.fromkeys(SUFFIXES, _save_weights),
    ".py": _save_script,
    ".md": _save_card,
}


def predict_files(job: Predict) -> Iterator[object]:
    """Yield progress, and last the predictions for each file."""
    folder = Path(job.folder)
    plan = plan_in(folder)
    yield Progress(0, len(job.files), "loading the weights")
    model, _, _ = load_trained(folder)
    found = []
    for one in predict(model.to(usable(plan.device)), plan, tuple(map(Path, job.files))):
        found.append(one)
        yield Progress(len(found), len(job.files), f"naming {Path(one.file).name}")
    yield tuple(found)
