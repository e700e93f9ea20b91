"""The fine-tuning that the lab opens with, and its recording: the app's MNIST weights on a few 8×8 digits."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from statistics import median

from resnet_explorer import assets, codec
from resnet_explorer.errors import ExplorerError
from resnet_explorer.finetuning.choices import (
    MNIST_WEIGHTS,
    NO_WEIGHTS,
    Preprocess,
    Strategy,
    TuneData,
    TuneKind,
    mnist_spec,
)
from resnet_explorer.finetuning.plan import TUNING, TunePlan
from resnet_explorer.readings.text import percent
from resnet_explorer.runs.folder import list_runs, read
from resnet_explorer.runs.plan import Run
from resnet_explorer.spec import InputShape

FOLDER = "fine-tuning"
"""The folder of the recording in resources/runs."""
SIDE, PER_CLASS, EPOCHS = 28, 10, 20
RECIPE = replace(TUNING, learning_rate=0.02)
"""Of 0.01, 0.02, 0.03, 0.05 and 0.1 the rate at which random weights did best; the app's own did better at 0.05."""
SEEDS = (0, 1, 2)
TUNED, SCRATCH = "from MNIST", "from scratch"
"""The names of the recorded runs."""


@dataclass(frozen=True, slots=True)
class BuiltIn:
    """Where the app's own weights come from; ``accuracy`` is that on ``tested`` images that were not trained on."""

    network: str
    images: str
    recipe: str
    seed: int
    tested: int
    accuracy: float
    began: str
    machine: str
    torch: str
    app: str
    licence: str = "CC BY-SA 3.0, as the images: resources/licences/mnist-CC-BY-SA-3.0.txt"

    @property
    def text(self) -> str:
        """Return what the page says of them."""
        return (
            f"Learnt from {self.images}: {percent(self.accuracy)} of {self.tested:,} others are classified correctly."
            f" Seed {self.seed}; {self.began[:10]}, {self.machine}, PyTorch {self.torch}.\n{self.licence}."
        )


@lru_cache(maxsize=1)
def built_in() -> BuiltIn:
    """Return where the app's own weights come from; raises ExplorerError where their description is broken."""
    file = assets.path("weights", f"{MNIST_WEIGHTS.name}.json")
    return codec.decode(codec.parse(file.read_bytes()), BuiltIn)


def first_plan(seed: int = 0) -> TunePlan:
    """Return the plan that the lab opens with, its images not yet checked."""
    return TunePlan(
        mnist_spec(),
        MNIST_WEIGHTS,
        TuneData(TuneKind.DIGITS, per_class=PER_CLASS),
        image=InputShape(1, SIDE, SIDE),
        channels=1,
        preprocess=Preprocess(SIDE, SIDE),
        recipe=RECIPE,
        epochs=EPOCHS,
        seed=seed,
    )


def recorded_plans(seed: int) -> dict[str, TunePlan]:
    """Return the recorded fine-tunings of a seed by their names: with the weights, and from random ones."""
    first = first_plan(seed)
    return {TUNED: first, SCRATCH: replace(first, weights=NO_WEIGHTS, strategy=Strategy.FULL)}


def recorded_runs() -> tuple[Run, ...]:
    """Return all recorded runs, those of the first seed first; none where the recording cannot be read."""
    try:
        runs = [read(run.path) for run in list_runs(assets.path("runs", FOLDER))]
    except (ExplorerError, FileNotFoundError):
        return ()
    return tuple(sorted(runs, key=lambda run: (run.plan.seed, Path(run.folder).name)))


def describe_transfer(runs: Sequence[Run]) -> str:
    """Return what the weights brought in recorded runs: the last test accuracy with and without them, over the seeds.

    Empty where one of the two is missing.
    """
    accuracies = {name: _accuracies(runs, name) for name in (TUNED, SCRATCH)}
    if not all(accuracies.values()):
        return ""
    seeds = len(accuracies[TUNED])
    texts = [
        f"{name} {percent(median(values))} ({percent(min(values))} to {percent(max(values))})"
        for name, values in accuracies.items()
    ]
    return (
        f"{10 * PER_CLASS} labelled 8×8 digits, {EPOCHS} epochs, {seeds} seeds. Test accuracy at the end, median and"
        f" range: {', '.join(texts)}."
    )


def _accuracies(runs: Sequence[Run], name: str) -> list[float]:
    own = [run.last.test_accuracy for run in runs if run.plan.name == name and run.last]
    return [accuracy for accuracy in own if accuracy is not None]
