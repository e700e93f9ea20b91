"""What stays of windows, pages, dialogs and jobs that were opened and closed: ``python -m tests.leaks --rounds 100``.

Prints for each what there is more of after the rounds than after a few to warm up, and how much memory that took; where
there is more, or over 5 MB, whether it grows in as many rounds again: an answer of the engine may come late, once, and
memory that was given back in pieces is taken anew. Exits with 1 where anything is left, or more than 5 MB.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OMP_NUM_THREADS", "1")

from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from resnet_explorer.ui import jobs
from resnet_explorer.ui.style import load_fonts
from tests.leaks import subjects
from tests.leaks.counts import grown, held, memory
from tests.leaks.subjects import Subject

WARM = 30
LAST_MS = 2500
"""How long a clock may live that watches over a cancelled job."""
ALLOWED_MIB = 5 * 1e6 / 2**20


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.leaks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--only", default="", help="subjects with this in their name")
    options = parser.parse_args()
    app = QApplication(["leaks"])
    load_fonts()
    jobs.KEPT = 3  # so many jobs are listed: the list is full before the count begins
    with tempfile.TemporaryDirectory() as folder:
        os.environ["RESNET_EXPLORER_CONFIG"] = folder
        failed = [
            subject.name
            for subject in everything(app)
            if options.only in subject.name and leaks(app, subject, options.rounds)
        ]
    print(f"{len(failed)} leak: {', '.join(failed)}" if failed else "Nothing leaks.")
    return int(bool(failed))


def everything(app: QApplication) -> Iterator[Subject]:
    """Yield all subjects; those in a window while it is open."""
    yield from subjects.windows(app)
    window = subjects.opened(app)
    yield from subjects.in_window(app, window)
    yield from subjects.files(app, window)
    yield from subjects.jobs(window)
    subjects.end(window)


def leaks(app: QApplication, subject: Subject, rounds: int) -> bool:
    """Do rounds of a subject, print what they left, and return whether that is too much."""
    start = time.perf_counter()
    for _ in range(WARM):
        subject.round()
    QTest.qWait(LAST_MS)
    more, mib = _left(app, subject, rounds)
    if more or mib > ALLOWED_MIB:
        again, mib_again = _left(app, subject, rounds)
        mib = min(mib, mib_again)
        more = {kind: count for kind, count in again.items() if kind in more}
    print(f"{subject.name}: {mib:+.1f} MiB, {time.perf_counter() - start:.0f} s, {more or 'nothing left'}", flush=True)
    return bool(more) or mib > ALLOWED_MIB


def _left(app: QApplication, subject: Subject, rounds: int) -> tuple[dict[str, int], float]:
    """Return what there is more of after rounds of a subject, and how many MiB that took."""
    before, took = held(app), memory()
    for _ in range(rounds):
        subject.round()
    QTest.qWait(LAST_MS)
    return grown(before, held(app)), memory() - took


if __name__ == "__main__":
    sys.exit(main())
