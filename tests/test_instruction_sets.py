"""Results do not depend on the processor: what trains is repeated with the instructions of older ones.

oneDNN reads ONEDNN_MAX_CPU_ISA when it is loaded, so that each instruction set needs a process of its own.
"""

import json
import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
TRAINING = ("training/test_loop.py", "finetuning/test_run.py", "engine/test_tuning_jobs.py")
"""Tests of the training loop, of fine-tuning, and of both in the engine's process."""
OTHERS = "not BadInput and not at_any"
"""Those of files that cannot be read, and of what interrupts a run, say nothing of the processor."""
ROUNDING = 1e-3

pytestmark = pytest.mark.skipif(
    platform.machine().lower() not in ("x86_64", "amd64"), reason="ONEDNN_MAX_CPU_ISA limits x86 processors alone"
)


def limited(limit: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python in the folder of the project with oneDNN limited to an instruction set.

    Threads that wait sleep: beside other tests they would keep the cores from those that compute.
    """
    environment = {**os.environ, "ONEDNN_MAX_CPU_ISA": limit, "PYTHONPATH": str(TESTS.parent)}
    environment["OMP_WAIT_POLICY"] = "PASSIVE"
    command = [sys.executable, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=TESTS.parent, env=environment)


@pytest.mark.parametrize("limit", ["AVX2", "SSE41", "DEFAULT"])
def test_all_gradients_agree_in_both_memory_formats(limit: str) -> None:
    """A memory format is a matter of speed: the gradients are equal to rounding, and nothing aborts."""
    done = limited(limit, str(TESTS / "isa_gradients.py"))
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert len(found["networks"]) >= 40 and found["instructions"].endswith(f"oneDNN up to {limit}")
    assert {name: values for name, values in found["networks"].items() if max(values) > ROUNDING} == {}


def test_what_trains_passes_without_avx_512() -> None:
    tests = (str(TESTS / name) for name in TRAINING)
    done = limited("AVX2", "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", "-k", OTHERS, *tests)
    assert done.returncode == 0, done.stdout[-4000:]
