"""The engine: answers, cancels, dies and is there again, and never outlives the window."""

import os
import signal
import subprocess
import sys
import textwrap
import time

import pytest

from resnet_explorer.autograd.values import RecordGraph
from resnet_explorer.engine.messages import Died, Failed, Finished, Stepped, Stopped
from resnet_explorer.engine.requests import FindDevices, Verify
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.catalogue import find
from resnet_explorer.verify.values import Verdict
from tests.engine.desk import Desk


def job(name: str = "resnet20", side: int = 32) -> Verify:
    return Verify(find(name), InputShape(1, side, side))


def test_jobs_are_answered_in_their_order(desk: Desk) -> None:
    numbers = [desk.engine.submit(job()), desk.engine.submit(FindDevices()), desk.engine.submit(job("resnet18", 64))]
    replies = [desk.wait(Finished) for _ in numbers]
    assert [reply.number for reply in replies if isinstance(reply, Finished)] == numbers
    first, second, third = (reply.result for reply in replies if isinstance(reply, Finished))
    assert isinstance(first, Verdict) and first.agrees
    assert isinstance(second, tuple) and second[0].key == "cpu"
    assert isinstance(third, Verdict) and third.rows == 69
    assert not desk.engine.running


def test_a_comparison_waits_until_nothing_else_does(desk: Desk) -> None:
    first, verdict = desk.engine.submit(job()), desk.engine.submit(job())
    graph = desk.engine.submit(RecordGraph(find("resnet20"), InputShape(1, 32, 32)))
    ended = [desk.wait(Finished) for _ in range(3)]
    assert [reply.number for reply in ended if isinstance(reply, Finished)] == [first, graph, verdict]


def test_progress_is_told(desk: Desk) -> None:
    number = desk.engine.submit(job())
    step = desk.wait(Stepped)
    assert isinstance(step, Stepped) and step.number == number and step.of == 2 and step.text


def test_a_job_can_be_cancelled_before_and_while_it_runs(desk: Desk) -> None:
    first, second = desk.engine.submit(job("resnet1202")), desk.engine.submit(job())
    desk.wait(Stepped)
    assert desk.engine.cancel(second) is False
    assert desk.wait(Stopped) == Stopped(second)
    assert desk.engine.cancel(first) is True
    assert desk.wait(Stopped) == Stopped(first)
    third = desk.engine.submit(job())
    done = desk.wait(Finished)
    assert isinstance(done, Finished) and done.number == third


@pytest.mark.skipif(sys.platform == "win32", reason="no signals")
def test_an_engine_that_is_killed_is_there_again(desk: Desk) -> None:
    lost = desk.engine.submit(job("resnet1202"))
    desk.wait(Stepped)
    waiting = desk.engine.submit(job())
    os.kill(desk.engine._workers[0].process.pid, signal.SIGKILL)
    died = desk.wait(Died)
    assert isinstance(died, Died) and died.status == -signal.SIGKILL
    done = desk.wait(Finished)
    assert isinstance(done, Finished) and done.number == waiting != lost


def test_a_job_that_cannot_be_done_is_a_sentence(desk: Desk) -> None:
    desk.engine.submit(Verify(find("resnetaa50d"), InputShape(1, 100, 100)))
    failed = desk.wait(Failed)
    assert isinstance(failed, Failed) and "the shortcut is" in failed.what and failed.remedy
    desk.engine.submit(job())
    assert isinstance(desk.wait(Finished), Finished)


@pytest.mark.skipif(sys.platform == "win32", reason="no signals")
def test_a_killed_window_leaves_no_engine_behind() -> None:
    program = textwrap.dedent("""
        import queue
        from resnet_explorer.engine.client import Engine
        from resnet_explorer.engine.requests import Verify
        from resnet_explorer.spec import InputShape
        from resnet_explorer.spec.catalogue import find
        if __name__ == "__main__":
            replies = queue.Queue()
            engine = Engine(replies.put)
            engine.submit(Verify(find("resnet1202"), InputShape(1, 32, 32)))
            replies.get()
            print(engine._workers[0].process.pid, flush=True)
            replies.join()
            import time
            time.sleep(60)
    """)
    window = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert window.stdout is not None
    engine = int(window.stdout.readline())
    window.send_signal(signal.SIGKILL)
    window.wait()
    window.stdout.close()
    end = time.monotonic() + 2
    while _lives(engine) and time.monotonic() < end:
        time.sleep(0.05)
    assert not _lives(engine)


def _lives(process: int) -> bool:
    try:
        with open(f"/proc/{process}/stat", encoding="ascii") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_the_client_imports_no_torch() -> None:
    program = "import sys, resnet_explorer.engine.client; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
