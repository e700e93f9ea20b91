"""A tuned network in files: with its adapter folded in, and as a program that needs no code of ours."""

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import torch
from safetensors.torch import save as to_bytes
from torch import nn

from resnet_explorer import files
from resnet_explorer.errors import CheckpointError
from resnet_explorer.finetuning.choices import WeightsChoice, WeightsKind
from resnet_explorer.finetuning.data import Item, UnreadableError, normed, prepared
from resnet_explorer.finetuning.plan import TunePlan
from resnet_explorer.finetuning.results import Part, Prediction
from resnet_explorer.finetuning.start import check_file
from resnet_explorer.module.build import ResNet, folded
from resnet_explorer.probes.models import restored
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
    state, found, _ = check_file(path, plan.spec, plan.weights.key)
    plain = {name: one.float() if one.is_floating_point() else one for name, one in state.items()}
    is_ours = not found.leftovers and all(theirs == ours for theirs, ours in found.names.items())
    if (
        path.suffix.lower() == ".safetensors"
        and is_ours
        and all(plain[name].dtype == state[name].dtype for name in plain)
    ):
        return plan
    files.write(target, to_bytes({name: one.contiguous() for name, one in plain.items()}))
    return replace(plan, weights=WeightsChoice(WeightsKind.FILE, str(target)))


def _program(model: ResNet, spec: ResNetSpec, image: InputShape) -> torch.export.ExportedProgram:
    device = next(model.parameters()).device
    example = torch.zeros(2, spec.in_channels, image.height, image.width, device=device)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the exporter, about itself
        try:
            return torch.export.export(model, (example,), dynamic_shapes=({0: torch.export.Dim("batch")},))
        except Exception as error:  # the exporter raises many kinds
            words = str(error).strip().splitlines()[0][:160] if str(error).strip() else type(error).__name__
            raise CheckpointError("pt2", f"This network cannot be exported: {words}.", "Save it otherwise.") from error


SHOWN = 5
"""So many classes are told of an image."""


def predict(model: nn.Module, plan: TunePlan, files: Sequence[Path]) -> Iterator[Prediction]:
    """Yield what a plan's network, in evaluation mode, says of each file, prepared as the plan's images were.

    Its adapter may be folded in or not. A file that cannot be read has a problem, and the others go on.
    """
    device = next(model.parameters()).device
    for file in files:
        try:
            image = prepared(plan, Item(file, "", Part.TEST))
        except UnreadableError as error:
            yield Prediction(str(file), (), str(error))
            continue
        with torch.no_grad(), restored(model, training=False):
            chances = model(normed(plan, image[None]).to(device)).float().softmax(dim=1)[0]
        found = chances.topk(min(SHOWN, len(plan.classes)))
        pairs = zip(found.indices.tolist(), found.values.tolist(), strict=True)
        yield Prediction(str(file), tuple((plan.classes[index], chance) for index, chance in pairs))
