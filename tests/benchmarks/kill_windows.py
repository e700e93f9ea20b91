"""How much work is lost where the app is killed: windows that change all the time, killed at random moments.

Run by hand: ``python tests/benchmarks/kill_windows.py --kills 50``. Each window first tells what it has restored, which
is looked for among what the window before it has shown; what came after that is lost. Exits with 1 where that is more
than 5 s, or where a restored scene was never shown.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from PySide6.QtCore import QTimer

from resnet_explorer.app.app import main as open_app
from resnet_explorer.app.main_window import MainWindow
from resnet_explorer.scenes.scene import State, encode
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.catalogue import find

ALLOWED_S = 5.0
SHORTEST_S, LONGEST_S = 0.2, 12.0
"""When a window is killed after its first change, at random between these."""
PAUSES_MS = (40, 200, 700, 1000)
"""How long a window rests between its changes: the shortest is a slider that is dragged, the longest a slow reader."""
NETWORKS = ("resnet18", "resnet20", "resnet34", "resnet50")


class Work:
    """Changes what a window shows on a clock, and writes a line on each change, with its time, to stdout."""

    def __init__(self, window: MainWindow, number: int, pause: int) -> None:
        self._window, self._number = window, number
        self._tell()
        self._clock = QTimer(window)
        self._clock.timeout.connect(self._change)
        self._clock.start(pause)

    def _change(self) -> None:
        self._number += 1
        window, number = self._window, self._number
        spec, image = find(NETWORKS[number // 10 % 4]), InputShape(1, 32 + number % 500, 64)
        window.document.propose(State(spec, image), f"change {number}", gesture=number // 10)
        if number % 7 == 0:
            window.show_page(("timing", "diagram")[number // 7 % 2])
        if number % 3 == 0:
            blocks = [block.path for block in window.session.results.analysis.network.blocks]
            window.document.select(blocks[number % len(blocks)])
        self._tell()

    def _tell(self) -> None:
        print(json.dumps([time.time(), encode(self._window.scene())]), flush=True)


def work_in_window(number: int, pause: int) -> int:
    """Open the app as a user does, and work in it until it is killed."""
    shown = MainWindow.build_panels

    def build_panels(window: MainWindow) -> None:
        shown(window)
        window.diagram.animated = False
        window.jobs.submit = lambda *_, **__: 0  # type: ignore[method-assign]  # nothing is measured
        work.append(Work(window, number, pause))

    work: list[Work] = []
    MainWindow.build_panels = build_panels  # type: ignore[assignment,method-assign]
    return open_app([])


Line = tuple[float, Any]


def killed(config: Path, number: int, pause: int, wait: float) -> tuple[list[Line], float]:
    """Start a window, kill it so many seconds after its first change; return what it told, and when it was killed."""
    environment = {**os.environ, "RESNET_EXPLORER_CONFIG": str(config), "QT_QPA_PLATFORM": "offscreen"}
    command = [sys.executable, __file__, "--work", str(number), str(pause)]
    lines: list[Line] = []
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as app:
        assert app.stdout
        lines += [json.loads(app.stdout.readline()) for _ in range(2)]
        with ThreadPoolExecutor(1) as reader:
            rest = reader.submit(app.stdout.readlines)
            time.sleep(wait)
            end = time.time()
            app.kill()
            whole = [line for line in rest.result() if line.endswith("\n")]
    return lines + [json.loads(line) for line in whole], end


def lost(before: list[Line], end: float, restored: Any) -> float:
    """Return the seconds between the first change that is lost and the kill; raises ValueError for another scene."""
    places = [place for place, (_, scene) in enumerate(before) if scene == restored]
    if not places:
        raise ValueError("this was never shown")
    after = places[-1] + 1
    return max(0.0, end - before[after][0]) if after < len(before) else 0.0


def series(kills: int, seed: int) -> list[float]:
    """Kill windows one after the other; return the seconds lost by each."""
    chance, losses, number = random.Random(seed), [], 0
    with tempfile.TemporaryDirectory() as folder:
        before: list[Line] = []
        end = 0.0
        for kill in range(kills + 1):
            pause, wait = chance.choice(PAUSES_MS), chance.uniform(SHORTEST_S, LONGEST_S) if kill < kills else 0.0
            lines, now = killed(Path(folder), number, pause, wait)
            if before:
                losses.append(lost(before, end, lines[0][1]))
                print(f"kill {kill:>2}: {len(before):>3} changes, {losses[-1]:.2f} s lost", flush=True)
            before, end, number = lines, now, number + len(lines)
    return losses


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--work", type=int, nargs=2, metavar=("NUMBER", "PAUSE"), help="be the window that is killed")
    options = parser.parse_args()
    if options.work:
        return work_in_window(*options.work)
    losses = sorted(series(options.kills, options.seed))
    print(f"{len(losses)} kills: {losses[-1]:.2f} s lost at most, {losses[len(losses) // 2]:.2f} s in the median")
    return int(losses[-1] > ALLOWED_S)


if __name__ == "__main__":
    sys.exit(main())
