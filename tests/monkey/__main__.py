"""Random steps at the real window, by hand: ``python -m tests.monkey --seed 1 --actions 10000``.

Prints each kind of fault once, and exits with 1 where there is one. ``--keep`` writes the steps to a file, which
``--replay`` does again, and ``--shrink`` makes as short as it can be with the same fault.
"""

import argparse
import faulthandler
import os
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OMP_NUM_THREADS", "1")

from tests.monkey import shrink, steps

MEMORY = 12 * 2**30
"""Bytes of address space for the window and for each of its processes: what grows without end is a fault, and told."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.monkey", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--actions", type=int, default=10_000)
    parser.add_argument("--replay", type=Path, help="do the steps of this file")
    parser.add_argument("--shrink", metavar="FAULT", help="with --replay: find few of these steps that show a fault")
    parser.add_argument("--keep", type=Path, help="write the steps that were done to this file")
    options = parser.parse_args()
    if options.shrink:
        return shrink.main(options.replay, options.shrink)
    given = steps.read(options.replay) if options.replay else list(steps.drawn(options.seed, options.actions))
    with tempfile.TemporaryDirectory() as folder:
        os.environ["RESNET_EXPLORER_CONFIG"] = f"{folder}/settings"
        status = run(given, Path(folder), options.keep)
    sys.stdout.flush()
    return status


def run(given: list[steps.Step], folder: Path, keep: Path | None) -> int:
    """Do steps in a window, print what went wrong, and return the exit status."""
    from PySide6.QtWidgets import QApplication

    from tests.monkey.faults import Faults
    from tests.monkey.monkey import Monkey

    faulthandler.enable()
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    start, app, faults = time.perf_counter(), QApplication(["monkey"]), Faults()
    with open(keep or os.devnull, "w", encoding="utf-8") as log:  # what is done when the process dies
        monkey = Monkey(app, folder, faults, log)
        monkey.run(given)
    if keep:
        keep.write_text(steps.to_text(monkey.done), encoding="utf-8")
    monkey.close()
    for key in faults.found:
        print(f"FAULT at step {faults.first[key]}: {key}")
    took, slowest = time.perf_counter() - start, monkey.slowest
    print(f"{len(monkey.done)} steps in {took:.0f} s, {len(faults.found)} faults")
    print(f"slowest {slowest[0]:.1f} s: {slowest[1]}")
    return int(bool(faults.found))


if __name__ == "__main__":
    sys.exit(main())
