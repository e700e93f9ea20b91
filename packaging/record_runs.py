"""Train the presets once and record their curves into resources/runs, to be replayed before they are repeated live.

    python packaging/record_runs.py                     # every preset that needs no images of one's own
    python packaging/record_runs.py vanishing init      # these alone
    python packaging/record_runs.py --again vanishing   # anew
    python packaging/record_runs.py weights fine-tuning # the app's own weights, and a fine-tuning of them

A recording is a run folder without a checkpoint: ``run.json`` (plan, versions, processor and system) and
``metrics.jsonl``. Numbers have five digits, and blocks are kept of a few steps: all together are about a megabyte.
What is recorded already is passed over; the one thread of the plan makes a run the same whatever else the machine does.
"""

import argparse
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from resnet_explorer import codec
from resnet_explorer.finetuning import lab
from resnet_explorer.finetuning.choices import MNIST_WEIGHTS, mnist_spec
from resnet_explorer.finetuning.recorded import FOLDER, SIDE, BuiltIn, recorded_plans
from resnet_explorer.finetuning.recorded import SEEDS as TUNING_SEEDS
from resnet_explorer.images.choice import DataChoice, DataKind
from resnet_explorer.runs.folder import METRICS, RUN, TUNE, dumps, metric_to_line, read
from resnet_explorer.runs.opened import load_trained
from resnet_explorer.runs.plan import Metric, Run, RunPlan, describe_recipe
from resnet_explorer.runs.recipe import Recipe, Schedule
from resnet_explorer.spec import InputShape
from resnet_explorer.training.loop import iterate_steps
from resnet_explorer.training.presets import PRESETS, TrainingPreset
from resnet_explorer.weights import checkpoint

TARGET = Path(__file__).parents[1] / "resources" / "runs"
WEIGHTS = Path(__file__).parents[1] / "resources" / "weights"
SEEDS = {"degradation": (0, 1, 2)}
"""Presets that are recorded from more seeds than the first."""
DIGITS = 5
BLOCKS = 300
"""So many blocks are kept of a run, over all of its measured steps: 11 steps of resnet-56."""
FEWEST = 2
"""So many measured steps are kept of the deepest network: the first and the last."""
MNIST = RunPlan(
    "resnet-20 on MNIST",
    mnist_spec(),
    InputShape(1, SIDE, SIDE),
    DataChoice(DataKind.MNIST),
    Recipe(
        steps=1000,
        learning_rate=0.1,
        schedule=Schedule.COSINE,
        warmup=50,
        weight_decay=5e-4,
        no_decay_on_norms=True,
        pad=2,
        evaluate_every=250,
        measure_every=0,
    ),
)
"""The training that the app's own weights come from."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Record the presets that are named, or all."""
    text = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    known = [key for key, preset in PRESETS.items() if preset.needs is None] + list(OTHERS)
    text.add_argument("presets", metavar="PRESET", nargs="*", help=f"one of {', '.join(known)}")
    text.add_argument("--again", action="store_true", help="record anew what is recorded already")
    options = text.parse_args(arguments)
    if other := sorted(set(options.presets) - set(known)):
        text.error(f"{', '.join(other)}: choose of {', '.join(known)}")
    for key in options.presets or known:
        if key in OTHERS:
            OTHERS[key](options.again)
            continue
        for folder, plan in plans(PRESETS[key]):
            if options.again or not (folder / RUN).exists():
                with TemporaryDirectory() as made:
                    for _ in iterate_steps(plan, Path(made)):
                        pass
                    run = read(Path(made))
                size = write(folder, run)
                print(f"{folder.relative_to(TARGET)}: {run.final_loss():.3g}, {size:,} bytes", flush=True)
    print(f"all: {sum(file.stat().st_size for file in TARGET.rglob('*.*')):,} bytes")


def record_weights(again: bool) -> None:
    """Train on MNIST, and write the weights with their provenance beside them."""
    file = WEIGHTS / f"{MNIST_WEIGHTS.name}.safetensors"
    if file.exists() and not again:
        return
    WEIGHTS.mkdir(exist_ok=True)
    with TemporaryDirectory() as made:
        for _ in iterate_steps(MNIST, Path(made)):
            pass
        run, (model, plan, _) = read(Path(made)), load_trained(Path(made))
    made_with, accuracy = run.environment, run.metrics[-1].test_accuracy
    assert made_with is not None and accuracy is not None
    checkpoint.save(model, plan.spec, file)
    recipe, size = f"{MNIST.recipe.steps:,} steps, {describe_recipe(MNIST.recipe)}", f"{SIDE}×{SIDE}"
    images = f"{made_with.train:,} images of MNIST, {size}, grey, of those that come with the app"
    where = (made_with.began, made_with.machine, made_with.torch, made_with.app)
    told = BuiltIn("resnet20, width 8, 1 channel", images, recipe, MNIST.seed, made_with.test, accuracy, *where)
    file.with_suffix(".json").write_text(codec.encode(told), encoding="utf-8", newline="\n")
    print(f"{file.name}: {accuracy:.1%} of {made_with.test:,}, {file.stat().st_size:,} bytes", flush=True)


def record_tuning(again: bool) -> None:
    """Fine-tune the app's own weights on a few digits, and a network without weights on the same."""
    for seed in TUNING_SEEDS:
        for number, (name, plan) in enumerate(recorded_plans(seed).items(), 1):
            folder = TARGET / FOLDER / f"{number} {name.replace(' ', '-')}{f'-seed-{seed}' if seed else ''}"
            if (folder / RUN).exists() and not again:
                continue
            with TemporaryDirectory() as made:
                for _ in lab.iterate_steps(plan, Path(made)):
                    pass
                run, text = read(Path(made)), (Path(made) / TUNE).read_text(encoding="utf-8")
            size = write(folder, replace(run, plan=replace(run.plan, name=name)))
            (folder / TUNE).write_text(text, encoding="utf-8", newline="\n")
            last = run.metrics[-1].test_accuracy
            print(f"{folder.relative_to(TARGET)}: {last:.1%}, {size:,} bytes", flush=True)


OTHERS: Mapping[str, Callable[[bool], None]] = {"weights": record_weights, FOLDER: record_tuning}
"""What is recorded beside the presets; weights come before what is tuned from them."""


def plans(preset: TrainingPreset) -> Iterator[tuple[Path, RunPlan]]:
    """Yield the runs of a preset, each with the folder that it is recorded in."""
    number = 0
    for seed in SEEDS.get(preset.key, (0,)):
        for plan in preset.plans(seed):
            number += 1
            name = re.sub(r"[^\w-]+", "-", plan.name) + (f"-seed-{seed}" if seed else "")
            yield TARGET / preset.key / f"{number} {name}", plan


def write(folder: Path, run: Run) -> int:
    """Write a run without its state, and return how many bytes that are."""
    assert run.environment is not None
    folder.mkdir(parents=True, exist_ok=True)
    lines = [metric_to_line(short(one)) for one in thinned(run.metrics)]
    content = {RUN: dumps(run.plan, run.environment, indent=None), METRICS: "".join(lines)}
    for name, text in content.items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
    return sum(len(text.encode()) for text in content.values())


def thinned(metrics: Sequence[Metric]) -> list[Metric]:
    """Return the steps with the blocks of as few of them as are worth their room, evenly spread to both ends."""
    measured = [one.step for one in metrics if one.blocks]
    if not measured:
        return list(metrics)
    first = next(one for one in metrics if one.blocks)
    wide = max(len(series) for series in (first.blocks or {}).values())
    count = min(len(measured), max(FEWEST, BLOCKS // wide))
    gaps = max(1, count - 1)
    kept = {measured[round(place * (len(measured) - 1) / gaps)] for place in range(count)}
    return [one if one.step in kept else replace(one, blocks=None) for one in metrics]


def short(metric: Metric) -> Metric:
    """Return a step whose numbers have few digits."""
    blocks = metric.blocks and {key: tuple(map(rounded, series)) for key, series in metric.blocks.items()}
    return replace(
        metric,
        loss=float(f"{metric.loss:.{DIGITS}g}"),
        accuracy=rounded(metric.accuracy),
        rate=float(f"{metric.rate:.{DIGITS}g}"),
        seconds=round(metric.seconds, 3),
        test_loss=rounded(metric.test_loss),
        test_accuracy=rounded(metric.test_accuracy),
        blocks=blocks,
    )


def rounded(value: float | None) -> float | None:
    """Return a number with few digits."""
    return None if value is None else float(f"{value:.{DIGITS}g}")


if __name__ == "__main__":
    main()
