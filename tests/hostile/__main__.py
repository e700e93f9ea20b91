"""Damaged files of every kind, by hand: ``python -m tests.hostile --files 10000 [--reader NAME] [--seed N]``."""

import argparse
import gc
import sys
import time
from collections import Counter
from pathlib import Path

import torch

from tests.hostile.arena import MEMORY, SECONDS, Outcome, made, outcomes, warm_up
from tests.hostile.readers import READERS, Reader

HEAD = f"{'reader':<40}{'files':>7}{'refused':>9}{'read':>7}{'slowest ms':>12}{'peak MB':>9}{'faults':>8}"
BATCH = 300


def row(name: str, results: list[Outcome]) -> str:
    counts = Counter(result.answer for result in results)
    slowest = max((result.seconds for result in results), default=0) * 1000
    peak = max((result.megabytes for result in results), default=0)
    faults = sum(bool(result.fault) for result in results)
    figures = f"{len(results):>7,}{counts['refused']:>9,}{counts['read']:>7,}{slowest:>12,.0f}{peak:>9,.0f}{faults:>8,}"
    return f"{name:<40}{figures}"


def run(reader: Reader, seed: int, numbers: range) -> list[Outcome]:
    """Read the files of some numbers, a few hundred in a process."""
    warm_up(reader)
    results: list[Outcome] = []
    for start in range(0, len(numbers), BATCH):
        results += outcomes(reader, seed, numbers[start : start + BATCH])
    return results


def tell(reader: Reader, seed: int, results: list[Outcome], most: int) -> None:
    """Print the faults of a reader, equal ones once, each with what replays it."""
    kinds: dict[str, list[Outcome]] = {}
    for result in results:
        if result.fault:
            kinds.setdefault(result.fault.partition("(")[2] or result.fault[:60], []).append(result)
    for same in list(kinds.values())[:most]:
        first = same[0]
        print(f"  {len(same)} × --reader {reader.name!r} --seed {seed} --number {first.number} [{first.damage}]")
        print(f"      {first.fault}")


def main() -> int:
    """Print a table, the faults after each reader; return 1 where there are any."""
    parser = argparse.ArgumentParser(prog="python -m tests.hostile", description=__doc__)
    parser.add_argument("--files", type=int, default=1000, help="how many in all")
    parser.add_argument("--reader", action="append", default=[], help="of these readers alone: a part of their name")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--number", type=int, help="read this file alone, here, with its traceback")
    parser.add_argument("--most", type=int, default=12, help="faults that are told of a reader")
    options = parser.parse_args()
    chosen = [row for row in READERS.values() if not options.reader or any(text in row.name for text in options.reader)]
    if options.number is not None:
        return replay(chosen[0], options.seed, options.number)
    gc.freeze()
    torch.set_num_threads(1)  # a process that is forked beside threads of OpenMP would wait for them
    began, total = time.process_time(), list[Outcome]()
    bounds = f"at most {MEMORY} MB and {SECONDS:g} s of the processor for a file, or for each megabyte of it"
    print(f"{len(chosen)} readers; {bounds}\n{HEAD}", flush=True)
    for place, reader in enumerate(chosen):
        count = options.files * (place + 1) // len(chosen) - options.files * place // len(chosen)
        results = run(reader, options.seed, range(count))
        total += results
        print(row(reader.name, results), flush=True)
        tell(reader, options.seed, results, options.most)
    print(row(f"all, seed {options.seed}", total))
    print(f"{time.process_time() - began:.0f} s of the processor in this process")
    return int(any(result.fault for result in total))


def replay(reader: Reader, seed: int, number: int) -> int:
    """Read a file in this process, in a folder that stays."""
    import os
    import tempfile

    folder = Path(tempfile.mkdtemp(prefix="hostile-"))
    os.environ |= {"RESNET_EXPLORER_CONFIG": str(folder), "RESNET_EXPLORER_CACHE": str(folder / "cache")}
    path, damage = made(reader, seed, number, folder)
    print(f"{path}: {damage}", flush=True)
    print(repr(reader.read(path))[:2000])
    return 0


if __name__ == "__main__":
    sys.exit(main())
