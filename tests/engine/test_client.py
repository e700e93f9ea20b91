"""The window's side of the engine, without a process: which job goes where, and what a death ends."""

from types import SimpleNamespace
from typing import Any

import pytest

from resnet_explorer.autograd.values import RecordGraph
from resnet_explorer.engine import processes
from resnet_explorer.engine.client import Engine
from resnet_explorer.engine.messages import Died, Request, Stopped
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.catalogue import find

JOB = RecordGraph(find("resnet20"), InputShape(1, 32, 32), "cpu")


class Line:
    """A connection that keeps what is sent."""

    def __init__(self) -> None:
        self.sent: list[Any] = []

    def send(self, message: object) -> None:
        self.sent.append(message)


def test_a_job_is_not_given_to_a_process_that_is_being_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cancelled job may stop by itself in the moment in which its process is killed: the next job must not die."""
    lines: list[Line] = []

    def start(engine: Engine, worker: Any) -> None:
        if worker.connection is None:
            lines.append(Line())
            worker.connection, worker.process = lines[-1], SimpleNamespace(pid=1)

    monkeypatch.setattr(Engine, "_start", start)
    monkeypatch.setattr(processes, "kill", lambda pid: None)
    engine = Engine(lambda reply: None)
    first = engine.submit(JOB)
    engine.cancel(first)
    second = engine.submit(JOB)
    engine.kill(first)
    assert engine.handle(Stopped(first)) == first
    assert not engine.running, "the process is about to die"
    assert engine.handle(Died(-9, 0)) is None, "which ends no job"
    assert list(engine.running) == [second]
    assert [type(message) for message in lines[1].sent] == [Request]
