"""Train the presets once and record their curves into resources/runs, to be replayed before they are repeated live.

    python packaging/record_runs.py                     # every preset that needs no images of one's own
    python packaging/record_runs.py vanishing init      # these alone
    python packaging/record_runs.py --again vanishing   # anew

A recording is a run folder without a checkpoint: ``run.json`` (plan, versions, processor and system) and
``metrics.jsonl``. Numbers have five digits, and blocks are kept of a few steps: all together are about a megabyte.
What is recorded already is passed over; the one thread of the plan makes a run the same whatever else the machine does.
"""

import argparse
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from resnet_explorer.runs.folder import METRICS, RUN, dumps, metric_to_line, read
from resnet_explorer.runs.plan import Metric, Run, RunPlan
from resnet_explorer.training.loop import iterate_steps
from resnet_explorer.training.presets import PRESETS, TrainingPreset

TARGET = Path(__file__).parents[1] / "resources" / "runs"
SEEDS = {"degradation": (0, 1, 2)}
"""Presets that are recorded from more seeds than the first."""
DIGITS = 5
BLOCKS = 300
"""So many blocks are kept of a run, over all of its measured steps: 11 steps of resnet-56."""
FEWEST = 2
"""So many measured steps are kept of the deepest network: the first and the last."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Record the presets that are named, or all."""
    text = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    known = [key for key, preset in PRESETS.items() if preset.needs is None]
    text.add_argument("presets", metavar="PRESET", nargs="*", help=f"one of {', '.join(known)}")
    text.add_argument("--again", action="store_true", help="record anew what is recorded already")
    options = text.parse_args(arguments)
    if other := sorted(set(options.presets) - set(known)):
        text.error(f"{', '.join(other)}: choose of {', '.join(known)}")
    for key in options.presets or known:
        for folder, plan in plans(PRESETS[key]):
            if options.again or not (folder / RUN).exists():
                with TemporaryDirectory() as made:
                    for _ in iterate_steps(plan, Path(made)):
                        pass
                    run = read(Path(made))
                size = write(folder, run)
                print(f"{folder.relative_to(TARGET)}: {run.final_loss():.3g}, {size:,} bytes", flush=True)
    print(f"all: {sum(file.stat().st_size for file in TARGET.rglob('*.*')):,} bytes")


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
