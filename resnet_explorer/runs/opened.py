from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from resnet_explorer.errors import CheckpointError
from resnet_explorer.features import resolve
from resnet_explorer.files import kind_of_path
from resnet_explorer.module.build import ResNet, add_adapter, build, folded
from resnet_explorer.network.tree import ADAPTER
from resnet_explorer.runs.folder import BEST, CHECKPOINT, TUNE, read_head
from resnet_explorer.runs.plan import RunPlan
from resnet_explorer.spec import ResNetSpec


@dataclass(frozen=True, slots=True)
class RunKind:
    """A kind of run, recognised by a file in its folder; ``train`` and ``images`` are ``module:function``."""

    file: str
    train: str
    images: str

    def go_on(
        self, folder: Path, until: int | None, known_steps: int | None, tensorboard: bool, decode: int | None
    ) -> Any:
        """Return an iterator of what continuing the run yields."""
        return resolve(self.train)(folder, until, known_steps, tensorboard, decode)

    def images_of(self, folder: Path) -> Any:
        """Return the images of a run, with the interface of ``probes.data.Images``."""
        return resolve(self.images)(folder)


KINDS = (RunKind(TUNE, "resnet_explorer.finetuning.jobs:go_on", "resnet_explorer.finetuning.jobs:images_of_run"),)


def kind_of(folder: Path) -> RunKind | None:
    """Return the kind of a run by its folder; None for a plain training."""
    return next((kind for kind in KINDS if (folder / kind.file).is_file()), None)


def read_tensors(file: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Return the tensors of a safetensors file and its metadata; raises CheckpointError where it is broken."""
    try:
        if kind := kind_of_path(file):
            raise OSError(f"it is {kind}, not a file")
        with safe_open(file, framework="pt") as content:
            metadata = content.metadata() or {}
            return {name: content.get_tensor(name) for name in content.keys()}, metadata  # noqa: SIM118 - no mapping
    except (SafetensorError, OSError, ValueError, RuntimeError) as error:
        raise broken_run(file, error) from error


def broken_run(file: Path, error: Exception) -> CheckpointError:
    """Return the error for a broken file of a run."""
    why = (str(error).strip().splitlines() or [type(error).__name__])[0][:160]
    return CheckpointError(str(file), f"The run cannot continue: {file.name} is broken ({why}).", "Start it again.")


def give_tensors(module: nn.Module, tensors: dict[str, Tensor], prefix: str) -> None:
    """Load the tensors under a prefix into a module."""
    module.load_state_dict(
        {key.removeprefix(prefix): tensor for key, tensor in tensors.items() if key.startswith(prefix)}
    )


def load_trained(folder: Path) -> tuple[ResNet, RunPlan, int]:
    """Return a run's network with its newest weights in eval mode, its plan, and the number of steps made.

    The weights are those of the moving average, if there is one; of a fine-tuning the best ones, with its adapter
    folded into the first convolution. Raises ExplorerError where there are none.
    """
    plan, _ = read_head(folder)
    file, prefix = folder / BEST, ""
    if not file.exists():
        file, prefix = folder / CHECKPOINT, "average.module." if plan.recipe.ema else "model."
    tensors, metadata = read_tensors(file)
    try:
        return _plain(plan.spec, tensors, prefix).eval(), plan, int(metadata["steps"])
    except (RuntimeError, KeyError, ValueError) as error:
        raise broken_run(file, error) from error


def _plain(spec: ResNetSpec, tensors: dict[str, Tensor], prefix: str) -> ResNet:
    """Return the network with the tensors under a prefix; an adapter is folded into its first convolution."""
    adapter = tensors.get(f"{prefix}{ADAPTER}.weight")
    if adapter is None:
        model = build(spec, initialise=False)
        give_tensors(model, tensors, prefix)
        return model
    into, channels = adapter.shape[:2]
    inner = replace(spec, in_channels=into)
    model = add_adapter(build(inner, initialise=False), channels, into)
    give_tensors(model, tensors, prefix)
    return folded(model, inner)[0]
