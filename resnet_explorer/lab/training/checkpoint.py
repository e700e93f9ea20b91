"""The state of a training in one safetensors file: weights, optimiser, moving average, and where it is."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn
from torch.optim import Optimizer

from resnet_explorer.analysis.run_codec import BEST, CHECKPOINT, RUN, loads, metric_from_line, metric_to_line
from resnet_explorer.analysis.training import Metric, RunPlan
from resnet_explorer.analysis.tuning.channels import ADAPTER
from resnet_explorer.errors import CheckpointError
from resnet_explorer.lab.training.trainer import Trainer
from resnet_explorer.lab.tuning.channels import add_adapter, folded
from resnet_explorer.model.build import ResNet, build
from resnet_explorer.spec import ResNetSpec

VERSION = "1"


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a training is: the steps that are made, the seconds they took, and a step whose test is still to come."""

    steps: int = 0
    seconds: float = 0.0
    pending: Metric | None = None


def dump(trainer: Trainer, mark: Mark) -> bytes:
    """Return the bytes of a checkpoint."""
    pending = metric_to_line(mark.pending) if mark.pending else ""
    words = {"version": VERSION, "steps": str(mark.steps), "seconds": repr(mark.seconds), "pending": pending}
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in _tensors(trainer)}
    return save(tensors, metadata={"format": "pt", **words})


def _tensors(trainer: Trainer) -> Iterator[tuple[str, Tensor]]:
    for name, tensor in trainer.model.state_dict().items():
        yield f"model.{name}", tensor
    if trainer.average is not None:
        for name, tensor in trainer.average.state_dict().items():
            yield f"average.{name}", tensor
    for index, values in trainer.optimiser.state_dict()["state"].items():
        for key, value in values.items():
            if isinstance(value, Tensor):
                yield f"optimiser.{index}.{key}", value


def restore(trainer: Trainer, file: Path) -> Mark:
    """Give a trainer the state in a file, and return where it is; raises CheckpointError where that cannot be."""
    tensors, words = _read(file)
    try:
        _give(trainer.model, tensors, "model.")
        if trainer.average is not None:
            _give(trainer.average, tensors, "average.")
        _move(trainer.optimiser, tensors)
        return Mark(int(words["steps"]), float(words["seconds"]), metric_from_line(words["pending"] or "{}"))
    except (RuntimeError, KeyError, ValueError, IndexError) as error:
        raise _broken(file, error) from error


def _read(file: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    try:
        with safe_open(file, framework="pt") as content:
            words = content.metadata() or {}
            return {name: content.get_tensor(name) for name in content.keys()}, words  # noqa: SIM118 - no mapping
    except (SafetensorError, OSError, ValueError, RuntimeError) as error:
        raise _broken(file, error) from error


def _broken(file: Path, error: Exception) -> CheckpointError:
    why = (str(error).strip().splitlines() or [type(error).__name__])[0][:160]
    return CheckpointError(str(file), f"The run cannot go on: {file.name} is broken ({why}).", "Start it anew.")


def _give(module: nn.Module, tensors: dict[str, Tensor], prefix: str) -> None:
    module.load_state_dict({key.removeprefix(prefix): one for key, one in tensors.items() if key.startswith(prefix)})


def _move(optimiser: Optimizer, tensors: dict[str, Tensor]) -> None:
    """Give an optimiser its state, laid out in memory as the parameters are."""
    parameters = [one for group in optimiser.param_groups for one in group["params"]]
    state: dict[int, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        kind, _, rest = name.partition(".")
        if kind == "optimiser":
            index, _, key = rest.partition(".")
            like = parameters[int(index)]
            own = torch.empty_like(like, requires_grad=False).copy_(tensor) if tensor.shape == like.shape else tensor
            state.setdefault(int(index), {})[key] = tensor if key == "step" else own
    optimiser.load_state_dict({"state": state, "param_groups": optimiser.state_dict()["param_groups"]})


def trained(folder: Path) -> tuple[ResNet, RunPlan, int]:
    """Return the network of a run folder with its newest weights in eval mode, its plan, and the steps it has made.

    The weights are the moving average's where the run has one. Those of a fine-tuning are the best ones, and its
    adapter is in the first convolution. Raises ExplorerError where there are none.
    """
    try:
        plan, _ = loads((folder / RUN).read_text(encoding="utf-8"), str(folder))
    except OSError as error:
        raise CheckpointError(
            str(folder), f"{folder} holds no run.", "Choose a folder that a training wrote."
        ) from error
    file, prefix = folder / BEST, ""
    if not file.exists():
        file, prefix = folder / CHECKPOINT, "average.module." if plan.recipe.ema else "model."
    tensors, words = _read(file)
    try:
        return _plain(plan.spec, tensors, prefix).eval(), plan, int(words["steps"])
    except (RuntimeError, KeyError, ValueError) as error:
        raise _broken(file, error) from error


def _plain(spec: ResNetSpec, tensors: dict[str, Tensor], prefix: str) -> ResNet:
    """Return the network with the tensors under a prefix; an adapter is folded into its first convolution."""
    adapter = tensors.get(f"{prefix}{ADAPTER}.weight")
    if adapter is None:
        model = build(spec, initialise=False)
        _give(model, tensors, prefix)
        return model
    into, channels = adapter.shape[:2]
    inner = replace(spec, in_channels=into)
    model = add_adapter(build(inner, initialise=False), channels, into)
    _give(model, tensors, prefix)
    return folded(model, inner)[0]
