"""Whatever ends the engine, and whenever: the job ends with a sentence, and the next one is done."""

import os
import random
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from resnet_explorer.autograd.values import DrawTorchviz, RecordGraph
from resnet_explorer.engine.jobs import Job
from resnet_explorer.engine.messages import Died, Failed, Finished, Stepped, Stopped
from resnet_explorer.engine.requests import FindDevices, SaveWeights, Verify
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.catalogue import find
from resnet_explorer.timing.values import MeasureTime
from tests.engine.desk import Desk

SMALL = InputShape(2, 32, 32)
GRAPH = RecordGraph(find("resnet1202"), SMALL)
KILLS = 200


def job(name: str = "resnet20") -> Verify:
    return Verify(find(name), InputShape(1, 32, 32))


@pytest.mark.skipif(sys.platform == "win32", reason="no signals")
@pytest.mark.parametrize("kind", ["verify", "graph", "torchviz", "time", "save"])
def test_a_kill_in_each_kind_of_job_ends_that_job_alone(desk: Desk, kind: str, tmp_path: Path) -> None:
    jobs: dict[str, Job] = {
        "verify": job("resnet1202"),
        "graph": GRAPH,
        "torchviz": DrawTorchviz(RecordGraph(find("resnet110"), SMALL)),
        "time": MeasureTime(find("resnet152"), SMALL),
        "save": SaveWeights(find("resnet152"), SMALL, str(tmp_path / "net.safetensors")),
    }
    desk.engine.submit(jobs[kind])
    desk.wait(Stepped)
    os.kill(desk.engine._workers[0].process.pid, signal.SIGKILL)
    assert desk.wait(Died) == Died(-signal.SIGKILL)
    assert not list(tmp_path.glob("*.safetensors")), "nothing half-written"
    desk.engine.submit(FindDevices())
    assert isinstance(desk.wait(Finished), Finished)


@pytest.mark.skipif(sys.platform == "win32", reason="no signals")
def test_two_hundred_kills_at_random_moments(desk: Desk) -> None:
    """Each question is answered, or ends with the process; after each the next one is put."""
    dice = random.Random(0)
    answered = killed = 0
    for asked in range(1, KILLS + 1):
        number = desk.engine.submit(dice.choice((FindDevices(), job(), RecordGraph(find("resnet20"), SMALL))))
        while desk.engine._workers[0].process is None or desk.engine._workers[0].process.pid is None:
            time.sleep(0.001)
        time.sleep(dice.random() * 0.03)
        with suppress(ProcessLookupError, AttributeError):
            os.kill(desk.engine._workers[0].process.pid, signal.SIGKILL)
        last = desk.wait(Died)
        killed += last == Died(-signal.SIGKILL)
        answered += not desk.engine.running and number == asked
    assert killed == answered == KILLS
    desk.engine.submit(job())
    assert isinstance(desk.wait(Finished), Finished)


def test_a_job_that_needs_more_memory_than_there_is_is_a_sentence(desk: Desk) -> None:
    desk.engine.submit(Verify(find("resnet20"), InputShape(65_536, 4096, 4096), fvcore=True))
    failed = desk.wait(Failed)
    assert isinstance(failed, Failed) and failed.what == "There is not enough memory for this."
    assert "smaller batch" in failed.remedy
    desk.engine.submit(FindDevices())
    assert isinstance(desk.wait(Finished), Finished)


def test_a_device_that_is_gone_is_a_sentence(desk: Desk) -> None:
    desk.engine.submit(RecordGraph(find("resnet20"), SMALL, device="cuda:77"))
    failed = desk.wait(Failed)
    assert isinstance(failed, Failed) and failed.what == "The device cuda:77 is not there."
    assert "another device" in failed.remedy


def test_a_drawing_is_cancelled_while_graphviz_is_at_it(desk: Desk) -> None:
    number = desk.engine.submit(DrawTorchviz(RecordGraph(find("resnet110"), SMALL)))
    while "laying out" not in getattr(desk.wait(Stepped), "text", ""):
        pass
    desk.engine.cancel(number)
    assert desk.wait(Stopped, Finished) in (Stopped(number),) or not desk.engine.running


@pytest.mark.skipif(sys.platform == "win32", reason="no signals")
def test_memory_is_blamed_only_where_it_may_be_the_reason() -> None:
    """Linux ends the process that needs most memory by SIGKILL; a shared mapping without room for it is a SIGBUS."""
    assert all("smaller batch" in Died(-number).text for number in (signal.SIGKILL, signal.SIGBUS))
    others = (Died(None), Died(1), *(Died(-number) for number in (signal.SIGSEGV, signal.SIGILL, signal.SIGABRT, 63)))
    assert not [died.text for died in others if "memory" in died.text or "batch" in died.text]
    assert "SIGSEGV" in Died(-signal.SIGSEGV).text and "signal 63" in Died(-63).text
