"""Without PyTorch every command and every job says so in one sentence, and how to install it; no traceback is seen."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from resnet_explorer.engine.pytorch import importing
from resnet_explorer.errors import ExplorerError

COMMANDS = """
import json, sys
from resnet_explorer.cli import main

if __name__ == "__main__":
    print([main(command) for command in json.loads(sys.argv[1])])
"""
JOBS = """
import queue
from resnet_explorer.gradients.values import GradientRequest
from resnet_explorer.runs.plan import RunPlan
from resnet_explorer.engine.client import Engine
from resnet_explorer.autograd.values import RecordGraph
from resnet_explorer.engine.requests import FindDevices, Verify
from resnet_explorer.finetuning.values import FindWeights
from resnet_explorer.timing.values import MeasureTime
from resnet_explorer.training.values import TrainRun
from resnet_explorer.engine.client import Pool
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.catalogue import find

if __name__ == "__main__":
    net, image, replies = find("resnet20"), InputShape(2, 32, 32), queue.Queue()
    jobs = [
        FindDevices(), Verify(net, image), RecordGraph(net, image), MeasureTime(net, image), FindWeights(net),
        GradientRequest((net,), image),
    ]
    for worker, asked in ((Engine(replies.put), jobs), (Pool(replies.put, 2), [TrainRun(RunPlan("run", net), "run")])):
        for job in asked:
            worker.submit(job)
            reply = replies.get(timeout=60)
            worker.handle(reply)
            print(reply.what, "|", reply.remedy, "|", reply.lasts)
        worker.close()
"""
ABSENT = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("torch", "torchvision"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Absent())
"""
BROKEN = "raise OSError('libcudart.so.13: cannot open shared object file: No such file or directory')"
SENTENCES = {
    "absent": "PyTorch is not installed.",
    "broken": "PyTorch cannot be loaded: libcudart.so.13: cannot open shared object file: No such file or directory.",
}


@pytest.fixture(params=["absent", "broken"])
def kind(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """How PyTorch fails in the processes that are started, in an empty working directory."""
    kind: str = request.param
    modules = tmp_path / "modules"
    (modules / "torch").mkdir(parents=True)
    if kind == "absent":
        (modules / "sitecustomize.py").write_text(ABSENT, encoding="utf-8")
    else:
        (modules / "torch" / "__init__.py").write_text(BROKEN, encoding="utf-8")
    ours = Path(__file__).parents[2]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(modules), str(ours))))
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return kind


def _run(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    Path("../program.py").write_text(program, encoding="utf-8")
    command = [sys.executable, "../program.py", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_every_command_that_needs_it_says_so(kind: str) -> None:
    Path("sweep.toml").write_text("depth = [8]\n", encoding="utf-8")
    commands = (
        ["verify", "resnet18"],
        ["gradients", "resnet20"],
        ["weights", "resnet18", "-o", "net.pth"],
        ["identify", "net.pth"],
        ["predict", "run", "cat.png"],
        ["finetune", "digits", "--net", "resnet18", "--weights", "none"],
        ["train", "resnet20", "resnet32"],
        ["sweep", "sweep.toml"],
    )
    done = _run(COMMANDS, json.dumps(commands))
    assert done.returncode == 0 and "Traceback" not in done.stderr, done.stderr
    told = [line for line in done.stderr.splitlines() if SENTENCES[kind] in line]
    assert len(told) == len(commands), done.stderr
    assert all("pip install" in line and "torch torchvision" in line for line in told)
    if kind == "absent":  # where a package is there but does not load, the processes find that out, for each run
        assert done.stdout == f"{[2] * len(commands)}\n" and len(done.stderr.splitlines()) == len(commands)
        assert [path.name for path in Path.cwd().iterdir()] == ["sweep.toml"], "nothing was begun"


def test_the_autograd_graph_is_exported_all_the_same(kind: str) -> None:
    """It is read off the tree."""
    graph = ["export", "resnet18", "--view", "autograd", "-o"]
    done = _run(COMMANDS, json.dumps([[*graph, "graph.svg"], [*graph, "graph.dot"]]))
    assert done.returncode == 0 and done.stdout.endswith("[0, 0]\n") and not done.stderr, done.stderr
    assert "ConvolutionBackward0" in Path("graph.dot").read_text(encoding="utf-8")


def test_every_job_says_so(kind: str) -> None:
    done = _run(JOBS)
    assert done.stderr == "" and done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == 7
    for what, remedy, lasts in (line.split(" | ") for line in lines):
        assert what == SENTENCES[kind] and "pip install" in remedy and lasts == "True"


def test_a_frozen_app_has_no_python_to_install_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    with pytest.raises(ExplorerError) as caught, importing():
        raise ModuleNotFoundError("No module named 'torch'", name="torch")
    assert "pip install resnet-explorer" in str(caught.value) and sys.executable not in str(caught.value)
