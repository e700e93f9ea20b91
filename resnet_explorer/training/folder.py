"""The run folder during training: steps are appended, and the checkpoint is replaced."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep

import torch
from filelock import FileLock, Timeout
from safetensors.torch import save
from torch import Tensor
from torch.optim import Optimizer

from resnet_explorer import codec, files
from resnet_explorer.errors import ExplorerError, ExportError
from resnet_explorer.readings.progress import Progress, Throttle
from resnet_explorer.runs import folder as runs
from resnet_explorer.runs.opened import broken_run, give_tensors, read_tensors
from resnet_explorer.runs.plan import Metric, RunEnvironment, RunPlan
from resnet_explorer.training.trainer import Trainer

VERSION = "1"


@dataclass(frozen=True, slots=True)
class Mark:
    """The state of a training: steps made, seconds they took, and a step whose test is still to be done."""

    steps: int = 0
    seconds: float = 0.0
    pending: Metric | None = None


def dump(trainer: Trainer, mark: Mark) -> bytes:
    """Return the bytes of a checkpoint."""
    pending = runs.metric_to_line(mark.pending) if mark.pending else ""
    metadata = {"version": VERSION, "steps": str(mark.steps), "seconds": repr(mark.seconds), "pending": pending}
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in _tensors(trainer)}
    return save(tensors, metadata={"format": "pt", **metadata})


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
    """Load a checkpoint into a trainer, and return its mark; raises CheckpointError where it is broken."""
    tensors, metadata = read_tensors(file)
    try:
        give_tensors(trainer.model, tensors, "model.")
        if trainer.average is not None:
            give_tensors(trainer.average, tensors, "average.")
        _move(trainer.optimiser, tensors)
        pending = runs.metric_from_line(metadata["pending"] or "{}")
        return Mark(int(metadata["steps"]), float(metadata["seconds"]), pending)
    except (RuntimeError, KeyError, ValueError, IndexError) as error:
        raise broken_run(file, error) from error


def _move(optimiser: Optimizer, tensors: dict[str, Tensor]) -> None:
    """Load an optimiser's state, in the memory format of the parameters."""
    parameters = [parameter for group in optimiser.param_groups for parameter in group["params"]]
    state: dict[int, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        kind, _, rest = name.partition(".")
        if kind == "optimiser":
            index, _, key = rest.partition(".")
            like = parameters[int(index)]
            own = torch.empty_like(like, requires_grad=False).copy_(tensor) if tensor.shape == like.shape else tensor
            state.setdefault(int(index), {})[key] = tensor if key == "step" else own
    optimiser.load_state_dict({"state": state, "param_groups": optimiser.state_dict()["param_groups"]})


LOCK = ".lock"
PATIENCE = 30.0
"""Seconds to wait for another process that trains the same run and is about to stop."""
SHARE = 0.02
"""Checkpoints may take this fraction of the time."""
SOONEST = 0.2
"""Minimum seconds between two checkpoints."""


class Folder:
    """A folder that saves a run during training. Use it in ``with``, after ``lock``.

    Write errors raise ExportError; what was written before stays.
    """

    def __init__(self, path: Path, plan: RunPlan) -> None:
        self.path, self._plan = path, plan
        self._lock = FileLock(path / LOCK)
        self._steps: list[Metric] = []
        self._file: int | None = None
        self._throttle = Throttle(SOONEST, 1 / SHARE, at_once=False)

    def lock(self) -> Iterator[Progress]:
        """Create the folder, and yield progress until no other process trains in it."""
        with os_errors_as_text(self.path):
            self.path.mkdir(parents=True, exist_ok=True)
        end = monotonic() + PATIENCE
        while True:
            try:
                self._lock.acquire(blocking=False)
                return
            except Timeout as error:
                if monotonic() > end:
                    text = f"Another process trains the run in {self.path}."
                    raise ExplorerError(str(self.path), text, "Stop it first, or choose another folder.") from error
                yield Progress(0, self._plan.recipe.steps, "waiting for another process to stop this run")
                sleep(0.05)
            except OSError as error:
                raise _said(self.path, error) from error

    def __enter__(self) -> "Folder":
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None
        self._lock.release()

    def kept(self) -> RunEnvironment | None:
        """Return the environment of the run in this folder, None where there is none yet.

        Raises ExplorerError where the folder holds another run, or a broken one.
        """
        if not (self.path / runs.RUN).exists():
            return None
        plan, environment = runs.read_head(self.path)
        self._check(plan)
        return environment

    def _check(self, plan: RunPlan) -> None:
        if (self.path / runs.TUNE).exists():
            what = f"{self.path} holds a fine-tuning."
            raise ExplorerError(str(self.path), what, "Continue it as such, or choose another folder.")
        runs.check_same(self.path, self._plan, plan)

    @property
    def divergence(self) -> str:
        """Return why the run ended for good; empty where it did not."""
        ended = runs.ended_in(self.path)
        return ended.problem if ended.final else ""

    def metrics(self) -> tuple[Metric, ...]:
        return runs.read_metrics(self.path)

    def begin(self, environment: RunEnvironment) -> None:
        """Write ``run.json`` if it is missing, and open the list of steps."""
        with os_errors_as_text(self.path):
            if not (self.path / runs.RUN).exists():
                files.write(self.path / runs.RUN, runs.dumps(self._plan, environment).encode())
            (self.path / runs.ENDED).unlink(missing_ok=True)
            flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
            self._file = os.open(self.path / runs.METRICS, flags, 0o666)
            size = os.fstat(self._file).st_size
            if size:
                os.lseek(self._file, size - 1, os.SEEK_SET)
                if os.read(self._file, 1) != b"\n":  # a crash tore the last line
                    _pour(self._file, b"\n")

    def restore(self, trainer: Trainer) -> Mark:
        """Load the checkpoint, if any, into a trainer, and return its mark."""
        file = self.path / runs.CHECKPOINT
        return restore(trainer, file) if file.exists() else Mark()

    def add(self, metric: Metric) -> None:
        """Keep a step until ``flush`` writes it."""
        self._steps.append(metric)

    def flush(self) -> None:
        """Write all steps so far: they outlive this process."""
        lines, self._steps = "".join(map(runs.metric_to_line, self._steps)), []
        if self._file is not None and lines:
            with os_errors_as_text(self.path):
                _pour(self._file, lines.encode())

    @property
    def is_due(self) -> bool:
        """Return whether a checkpoint is due; they take at most a fiftieth of the time."""
        return self._throttle.is_due

    def save(self, trainer: Trainer, mark: Mark) -> None:
        """Replace the checkpoint, after all steps before it are on disk."""
        with self._throttle.reporting(), os_errors_as_text(self.path):
            self.flush()
            if self._file is not None:
                os.fsync(self._file)
            files.write(self.path / runs.CHECKPOINT, dump(trainer, mark))

    def end(self, problem: str, final: bool) -> None:
        """Write how the run ended; ``final`` means it cannot continue."""
        with os_errors_as_text(self.path):
            files.write(self.path / runs.ENDED, codec.encode(runs.Ended(problem, final), indent=None).encode())


def _pour(handle: int, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(handle, rest) :]


@contextmanager
def os_errors_as_text(path: Path) -> Iterator[None]:
    """Context manager that turns an OSError into an ExportError."""
    try:
        yield
    except OSError as error:
        raise _said(path, error) from error


def _said(path: Path, error: OSError) -> ExportError:
    what, remedy = files.reason(path, error)
    return ExportError(str(path), f"The run in {path} cannot be written: {what}.", remedy)
