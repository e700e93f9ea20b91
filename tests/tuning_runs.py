"""Small fine-tunings for tests: three of the embedded digits, seven steps an epoch, a few milliseconds each."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from resnet_explorer.finetuning.choices import (
    GreyWay,
    Preprocess,
    Strategy,
    TuneData,
    TuneKind,
    WeightsChoice,
    WeightsKind,
)
from resnet_explorer.finetuning.lab import iterate_steps
from resnet_explorer.finetuning.plan import TunePlan
from resnet_explorer.finetuning.values import TuneEnding
from resnet_explorer.readings.progress import Partial
from resnet_explorer.runs.plan import Chunk, Metric
from resnet_explorer.runs.recipe import Optimiser, Recipe
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.catalogue import find, named
from resnet_explorer.spec.change import assign

NONE = WeightsChoice(WeightsKind.NONE, "")
SMALL = named(assign(find("resnet20"), "blocks=1,1,1", "widths=4,8,8", "stem_channels=4", "shortcut=B"))
GREY = Preprocess(8, 8, (0.3,), (0.37,))
PLAN = TunePlan(
    SMALL, NONE, TuneData(TuneKind.DIGITS), ("3", "5", "7"), InputShape(1, 8, 8), channels=1, grey=GreyWay.ADAPTER,
    preprocess=GREY, strategy=Strategy.C, epochs=5, recipe=Recipe(batch=64, learning_rate=0.05, no_decay_on_norms=True),
)  # fmt: skip
RICH = Recipe(
    batch=64,
    learning_rate=0.01,
    optimiser=Optimiser.ADAMW,
    ema=0.8,
    flip=True,
    smoothing=0.1,
    clip=1.0,
    no_decay_on_norms=True,
)


def tuned(plan: TunePlan, folder: Path | None = None, until: int | None = None) -> tuple[list[Metric], TuneEnding]:
    """Return all steps of a fine-tuning, those that were kept as well, and how it ended."""
    found: dict[int, Metric] = {}
    last: Any = None
    for last in iterate_steps(plan, folder, until, known_steps=0):
        if isinstance(last, Partial):
            assert isinstance(last.value, Chunk)
            found.update((one.step, one) for one in last.value.metrics)
    assert isinstance(last, TuneEnding)
    return [found[step] for step in sorted(found)], last


def timeless(metrics: list[Metric]) -> list[Metric]:
    """Return steps without the time that they took."""
    return [replace(one, seconds=0.0) for one in metrics]
