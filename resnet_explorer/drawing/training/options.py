"""What is drawn of runs, and how: measures, the x axis, smoothing; a key, a name and a look for each run."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from resnet_explorer.analysis.training import Run
from resnet_explorer.drawing.chart import LOOKS, Look


class Measure(StrEnum):
    """What a curve of a run shows."""

    TRAIN_LOSS = "training-loss"
    TRAIN_ERROR = "training-error"
    TEST_LOSS = "test-loss"
    TEST_ERROR = "test-error"
    RATE = "learning-rate"
    SPEED = "speed"


class Across(StrEnum):
    """What the x axis counts."""

    STEPS = "steps"
    EPOCHS = "epochs"
    SECONDS = "seconds"


class MeasureWords(NamedTuple):
    """A measure's title, the words and the unit on its axis, and of what its values are."""

    title: str
    axis: str
    unit: str
    of: str
    smooth: bool = False


MEASURES: Mapping[Measure, MeasureWords] = {
    Measure.TRAIN_LOSS: MeasureWords("Training loss", "training loss", "", "of each batch, before its step", True),
    Measure.TRAIN_ERROR: MeasureWords("Training error", "training error", "%", "of each batch, before its step", True),
    Measure.TEST_LOSS: MeasureWords("Test loss", "test loss", "", "of all test images"),
    Measure.TEST_ERROR: MeasureWords("Test error", "test error", "%", "of all test images"),
    Measure.RATE: MeasureWords("Learning rate", "learning rate", "", "of each step"),
    Measure.SPEED: MeasureWords("Speed", "steps per second", "", "pauses left out", True),
}


def measure_words(measure: Measure, shown: Sequence["Traced"]) -> MeasureWords:
    """Return the words of a measure for some runs: those of validation where such images are judged."""
    words, kinds = MEASURES[measure], {one.run.setting.judged for one in shown if one.run.setting}
    if measure not in (Measure.TEST_LOSS, Measure.TEST_ERROR) or kinds <= {"test"}:
        return words
    kind = " or ".join(sorted(kinds))
    title, of = (text.replace("test", kind) for text in (words.title.lower(), words.of))
    axis = words.axis.replace("test", kind.replace("validation", "val"))  # what a low chart has room for
    return words._replace(title=title.capitalize(), axis=axis, of=of)


@dataclass(frozen=True, slots=True)
class Options:
    """How curves are drawn: ``within`` is the part of the x axis that is looked at, whose points are then drawn."""

    across: Across = Across.STEPS
    log: bool = False
    smoothing: float = 0.9
    replayed: bool = False
    within: tuple[float, float] | None = None


PLAINLY = Options()


@dataclass(frozen=True, slots=True, eq=False)
class Traced:
    """A run with what tells it from others; the key stays the same from chart to chart."""

    key: str
    name: str
    run: Run
    look: Look
    hidden: bool = False


def looks(residual: Sequence[bool]) -> tuple[Look, ...]:
    """Return a look for each of up to eight networks: residual ones are solid or dash-dotted with filled signs.

    Plain ones are dashed or dotted with open signs; where there are more than four of a kind the others lend theirs.
    """
    free = {True: [*LOOKS[0::2], *reversed(LOOKS[1::2])], False: [*LOOKS[1::2], *reversed(LOOKS[0::2])]}
    found: list[Look] = []
    for kind in residual:
        look = next((one for one in free[kind] if one not in found), LOOKS[len(found) % len(LOOKS)])
        found.append(look)
    return tuple(found)


def traced(runs: Sequence[Run], hidden: frozenset[str] = frozenset()) -> tuple[Traced, ...]:
    """Return runs with a key and a look each by their places; runs of one name are told apart by their seeds."""
    names = Counter(run.plan.name for run in runs)
    keys = [f"run{place}" for place in range(1, len(runs) + 1)]
    return tuple(
        Traced(key, _name(run, names[run.plan.name] > 1), run, look, key in hidden)
        for key, run, look in zip(keys, runs, looks([run.plan.spec.residual for run in runs]), strict=True)
    )


def _name(run: Run, is_one_of_many: bool) -> str:
    return f"{run.plan.name}, seed {run.plan.seed}" if is_one_of_many else run.plan.name
