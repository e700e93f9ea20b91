"""How fast commands answer, in new processes, as ratios against an interpreter that does little.

Their processor time is measured, which depends less than the clock on what else the machine does.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import pytest

from resnet_explorer.training.presets import PRESETS
from tests.benchmarks.table import FULL, record
from tests.benchmarks.test_training_speed import by_hand

ROUNDS = 11 if FULL else 2
ENVIRONMENT = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
"""Modules are compiled once, as those of an installed app are."""
PEER = ("-c", "import argparse")
_COMMAND = "import sys; from resnet_explorer.cli import main; assert main(sys.argv[1:]) == 0"
_WITHOUT_PYTORCH = f'{_COMMAND}; assert "torch" not in sys.modules'


def _processor_time(arguments: tuple[str, ...]) -> float:
    """Return the processor time of an interpreter in milliseconds."""
    resource = pytest.importorskip("resource", reason="Windows does not tell it of children")
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL, env=ENVIRONMENT)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return float(1e3 * (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime))


def _answer(figure: str, arguments: tuple[str, ...], peer: tuple[str, ...], goal: str, rounds: int = ROUNDS) -> float:
    """Record what a command takes beside a peer that runs in turn with it; return the ratio."""
    _processor_time(arguments)
    pairs = [(_processor_time(arguments), _processor_time(peer)) for _ in range(rounds)]
    ours, theirs = (median(times) for times in zip(*pairs, strict=True))
    return record(figure, ours, theirs, goal)


@pytest.mark.parametrize(
    ("command", "goal", "loose"),
    [("--version", "≤ 3", 6), ("list", "≤ 4", 8), ("list --search attention", "≤ 5", 9), ("describe resnet18", "", 12)],
)
def test_commands_answer_soon_after_the_interpreter(command: str, goal: str, loose: float) -> None:
    arguments = ("-m", "resnet_explorer", *command.split())
    assert _answer(f"{command} / import argparse", arguments, PEER, goal) < loose


def test_the_graph_is_exported_without_pytorch(tmp_path: Path) -> None:
    export = ("export", "resnet50", "--view", "autograd", "-o", str(tmp_path / "graph.svg"))
    peer = ("-c", "import torch")
    assert (
        _answer(
            "export --view autograd / import torch", ("-c", _WITHOUT_PYTORCH, *export), peer, "≤ 0.25", 3 if FULL else 1
        )
        < 1
    )


def _clock(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


@pytest.mark.skipif(not FULL, reason="trains four networks twice")
def test_an_experiment_takes_little_more_than_its_training(tmp_path: Path) -> None:
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    peer = _clock(lambda: [by_hand(plan) for plan in PRESETS["degradation"].plans()])
    torch.set_num_threads(threads)
    command = [
        sys.executable,
        "-m",
        "resnet_explorer",
        "train",
        "--preset",
        "degradation",
        "-o",
        str(tmp_path / "runs"),
    ]
    ours = _clock(lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=ENVIRONMENT))
    assert record("train --preset degradation / loops by hand in turn", ours, peer, "≤ 1", "s") < 3
