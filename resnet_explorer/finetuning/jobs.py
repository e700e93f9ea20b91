"""The jobs of the fine-tuning lab, and a tuned network written to files."""

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from io import BytesIO
from itertools import chain
from pathlib import Path

import torch
from safetensors.torch import save as to_bytes
from torch import nn

from resnet_explorer import files
from resnet_explorer.errors import CheckpointError, ExportError
from resnet_explorer.finetuning import lab, values, weights
from resnet_explorer.finetuning.checks import check
from resnet_explorer.finetuning.choices import WeightsChoice, WeightsKind
from resnet_explorer.finetuning.data import TuneImages, UnreadableError, normed, prepared
from resnet_explorer.finetuning.data_report import DataReport, Part
from resnet_explorer.finetuning.lab import evaluate, usable
from resnet_explorer.finetuning.listing import Item
from resnet_explorer.finetuning.plan import TunePlan, read_plan
from resnet_explorer.finetuning.script import companions, to_script
from resnet_explorer.finetuning.text import to_card
from resnet_explorer.finetuning.weights import check_file
from resnet_explorer.module.build import ResNet, folded
from resnet_explorer.probes.models import restored
from resnet_explorer.readings.progress import Progress
from resnet_explorer.runs.folder import TUNE, summarize_run
from resnet_explorer.runs.opened import load_trained
from resnet_explorer.spec import InputShape, ResNetSpec
from resnet_explorer.weights import checkpoint

PROGRAM = ".pt2"
"""The ending of what torch.export writes."""
SUFFIXES = (*checkpoint.SUFFIXES, PROGRAM)


def save(model: ResNet, spec: ResNetSpec, path: Path, image: InputShape, *, dynamic: bool = False) -> None:
    """Write a tuned network as .safetensors, .pth, .onnx, or .pt2 (torch.export), whole or not at all.

    An adapter is folded into the first convolution, so that the files are those of a plain network. ONNX and the
    program take batches of any length, ONNX images of any size where ``dynamic``. Raises ExplorerError where it cannot
    be written.
    """
    plain, of = folded(model, spec)
    if path.suffix.lower() != PROGRAM:
        checkpoint.save(plain, of, path, image, dynamic=dynamic)
        return
    was = plain.training
    try:
        program = _program(plain.eval(), of, image)
        content = BytesIO()  # on a full disk PyTorch's writer of archives aborts the process (torch 2.14)
        torch.export.save(program, content)
        files.write(path, content.getvalue())
    finally:
        plain.train(was)


def with_plain_weights(plan: TunePlan, target: Path) -> TunePlan:
    """Return the plan with a file of weights that a script can read without this app.

    That is the plan's own file where it is safetensors in float32 with our names alone; from another one the network's
    tensors are written to ``target``. Raises ExplorerError where that cannot be, or the file is another network's.
    """
    path = Path(plan.weights.name)
    state, identified, _ = check_file(path, plan.spec, plan.weights.key)
    plain = {name: tensor.float() if tensor.is_floating_point() else tensor for name, tensor in state.items()}
    is_ours = not identified.leftovers and all(theirs == ours for theirs, ours in identified.names.items())
    is_plain = all(plain[name].dtype == state[name].dtype for name in plain)
    if path.suffix.lower() == ".safetensors" and is_ours and is_plain:
        return plan
    files.write(target, to_bytes({name: tensor.contiguous() for name, tensor in plain.items()}))
    return replace(plan, weights=WeightsChoice(WeightsKind.FILE, str(target)))


def _program(model: ResNet, spec: ResNetSpec, image: InputShape) -> torch.export.ExportedProgram:
    device = next(model.parameters()).device
    example = torch.zeros(2, spec.in_channels, image.height, image.width, device=device)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the exporter, about itself
        try:
            return torch.export.export(model, (example,), dynamic_shapes=({0: torch.export.Dim("batch")},))
        except Exception as error:  # the exporter raises many kinds
            text = str(error).strip().splitlines()[0][:160] if str(error).strip() else type(error).__name__
            raise CheckpointError("pt2", f"This network cannot be exported: {text}.", "Save it otherwise.") from error


SHOWN = 5
"""Classes of a prediction."""


def predict(model: nn.Module, plan: TunePlan, files: Sequence[Path]) -> Iterator[values.Prediction]:
    """Yield what a plan's network, in evaluation mode, says of each file, prepared as the plan's images were.

    Its adapter may be folded in or not. A file that cannot be read has a problem, and the others go on.
    """
    device = next(model.parameters()).device
    for file in files:
        try:
            image = prepared(plan, Item(file, "", Part.TEST))
        except UnreadableError as error:
            yield values.Prediction(str(file), (), str(error))
            continue
        with torch.no_grad(), restored(model, training=False):
            chances = model(normed(plan, image[None]).to(device)).float().softmax(dim=1)[0]
        best = chances.topk(min(SHOWN, len(plan.classes)))
        pairs = zip(best.indices.tolist(), best.values.tolist(), strict=True)
        yield values.Prediction(str(file), tuple((plan.classes[index], chance) for index, chance in pairs))


def go_on(
    folder: Path, until: int | None, known_steps: int | None, tensorboard: bool, decode: int | None
) -> Iterator[object]:
    """Yield what ``tune_run`` yields of a run that is kept in a folder."""
    return tune_run(values.TuneRun(read_plan(folder), str(folder), until, known_steps, tensorboard, decode))


def images_of_run(folder: Path) -> TuneImages:
    """Return the images of a run that is kept in a folder."""
    return lab.images_of(read_plan(folder))


def tune_run(job: values.TuneRun) -> Iterator[object]:
    """Yield progress and the steps as they are made, and last how the fine-tuning ended."""
    return lab.iterate_steps(
        job.plan,
        Path(job.folder),
        job.until,
        known_steps=job.known_steps,
        tensorboard=job.tensorboard,
        features_budget=job.features_budget,
        decode=job.decode,
    )


def find_weights(job: values.FindWeights) -> Iterator[object]:
    """Yield the weights that torchvision publishes of a network."""
    yield weights.published(job.spec)


def fetch_weights(job: values.FetchWeights) -> Iterator[object]:
    """Yield progress in bytes, and last the path of the file; closing it removes the partial file."""
    with closing(weights.download(job.published)) as steps:
        for step in steps:
            yield str(step) if isinstance(step, Path) else step


def save_tuned(job: values.SaveTuned) -> Iterator[object]:
    """Yield progress, and last the path of what is written, whole or not at all."""
    path = Path(job.path)
    write = _WRITERS.get(path.suffix.lower())
    if write is None:
        kinds = ", ".join(_WRITERS)
        raise ExportError(str(path), f"{path.name} is not a file of a model.", f"End its name in {kinds}.")
    yield Progress(0, 1, f"writing {path.name}")
    yield from write(job)
    yield str(path)


def _save_weights(job: values.SaveTuned) -> Iterator[Progress]:
    """Write the best weights of a fine-tuning, or the newest of any other training."""
    folder, path = Path(job.folder), Path(job.path)
    model, plan, _ = load_trained(folder)
    spec = read_plan(folder).saved_spec if (folder / TUNE).is_file() else plan.spec
    save(model, spec, path, plan.image, dynamic=job.dynamic)
    yield Progress(1, 1, f"{path.name} is written")


def _save_script(job: values.SaveTuned) -> Iterator[Progress]:
    path, plan = Path(job.path), read_plan(Path(job.folder))
    if plan.weights.kind is WeightsKind.FILE:
        plan = with_plain_weights(plan, path.with_name(f"{path.stem}-first.safetensors"))
    text = to_script(plan)
    for file in companions(plan):
        files.write(path.with_name(file.name), file.read_bytes())
    files.write(path, text)
    yield Progress(1, 1, f"{path.name} is written")


def _save_card(job: values.SaveTuned) -> Iterator[Progress]:
    folder = Path(job.folder)
    plan, outcome, data = read_plan(folder), None, None
    for step in chain(check(values.CheckData(plan)), evaluate(values.EvaluateTuned(job.folder))):
        if isinstance(step, Progress):
            yield step
        elif isinstance(step, DataReport):
            data = step
        else:
            outcome = step.outcome
    images = summarize_run(folder).environment.train
    first = weights.find_published(plan.spec, plan.weights.name) if plan.weights.kind is WeightsKind.PUBLISHED else None
    files.write(Path(job.path), to_card(plan, images, outcome, data, first))


_WRITERS: Mapping[str, Callable[[values.SaveTuned], Iterator[Progress]]] = {
    **dict.fromkeys(SUFFIXES, _save_weights),
    ".py": _save_script,
    ".md": _save_card,
}


def predict_files(job: values.Predict) -> Iterator[object]:
    """Yield progress, and last the predictions for each file."""
    folder = Path(job.folder)
    plan = read_plan(folder)
    yield Progress(0, len(job.files), "loading the weights")
    model, _, _ = load_trained(folder)
    predictions = []
    for prediction in predict(model.to(usable(plan.device)), plan, tuple(map(Path, job.files))):
        predictions.append(prediction)
        yield Progress(len(predictions), len(job.files), f"classifying {Path(prediction.file).name}")
    yield tuple(predictions)
