"""Training in the engine: paused, killed, gone on with, and several at once."""

import os
import queue
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from resnet_explorer.engine.client import Pool
from resnet_explorer.engine.jobs import Job
from resnet_explorer.engine.messages import Died, Failed, Finished, Known, Reply, Stopped
from resnet_explorer.engine.requests import FindDevices
from resnet_explorer.runs.folder import read
from resnet_explorer.runs.plan import Chunk, Ending, Metric, RunPlan
from resnet_explorer.runs.recipe import Optimiser, Recipe
from resnet_explorer.spec.catalogue import find
from resnet_explorer.spec.change import assign
from resnet_explorer.training.values import FindRate, RateTest, TrainRun
from tests.engine.desk import PATIENCE, Desk
from tests.narrow import of_kind

SPEC = assign(find("resnet20"), "blocks=1,1,1", "in_channels=1", "width=4", "stochastic_depth=0.3")
PLAN = RunPlan(
    "small", SPEC, recipe=Recipe(160, 32, Optimiser.ADAM, learning_rate=0.01, ema=0.9, flip=True, evaluate_every=50)
)
SHORT = replace(PLAN, recipe=replace(PLAN.recipe, steps=40))
LONG = replace(PLAN, recipe=replace(PLAN.recipe, steps=100_000))


def timeless(folder: Path) -> list[Metric]:
    return [replace(one, seconds=0.0) for one in read(folder).metrics]


def until(desk: Desk, step: int) -> None:
    """Wait for a chunk that holds a step or a later one."""
    while True:
        known = desk.wait(Known, Failed, Finished)
        assert isinstance(known, Known) and isinstance(known.result, Chunk)
        if known.result.metrics and known.result.metrics[-1].step >= step:
            return


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run without interruption."""
    folder, desk = tmp_path_factory.mktemp("whole") / "run", Desk()
    desk.engine.submit(TrainRun(PLAN, str(folder)))
    done = desk.wait(Finished, Failed)
    desk.engine.close()
    assert isinstance(done, Finished) and isinstance(done.result, Ending) and done.result.is_finished
    return folder


@pytest.mark.skipif(sys.platform == "win32", reason="no signals")
def test_a_killed_run_loses_a_second_at_most_and_goes_on_bit_for_bit(desk: Desk, whole: Path, tmp_path: Path) -> None:
    here = tmp_path / "run"
    for least in (20, 60):
        desk.engine.submit(TrainRun(PLAN, str(here)))
        until(desk, least)
        while not (here / "checkpoint.safetensors").exists():
            until(desk, least)
        os.kill(desk.engine._workers[0].process.pid, signal.SIGKILL)
        desk.wait(Died)
        assert len(read(here).metrics) > least
    desk.engine.submit(TrainRun(PLAN, str(here)))
    done = desk.wait(Finished, Failed)
    assert isinstance(done, Finished) and isinstance(done.result, Ending) and done.result.steps == 160
    assert timeless(here) == timeless(whole)
    from safetensors.numpy import load_file

    ours, theirs = (load_file(folder / "checkpoint.safetensors") for folder in (here, whole))
    assert ours.keys() == theirs.keys() and all((ours[key] == theirs[key]).all() for key in ours)


def test_to_cancel_is_to_pause(desk: Desk, whole: Path, tmp_path: Path) -> None:
    here = tmp_path / "run"
    told: list[Metric] = []
    for least in (10, 50):
        number = desk.engine.submit(TrainRun(PLAN, str(here), known_steps=len(told)))
        while not told or told[-1].step < least:
            known = desk.wait(Known)
            told += of_kind(Chunk, of_kind(Known, known).result).metrics
        assert desk.engine.cancel(number) is True
        last = desk.wait(Stopped, Known)
        while isinstance(last, Known):
            told += of_kind(Chunk, last.result).metrics
            last = desk.wait(Stopped, Known)
        assert [one.step for one in told] == list(range(len(told))) and len(read(here).metrics) == len(told)
    desk.engine.submit(TrainRun(PLAN, str(here), len(told) + 1))
    done = desk.wait(Finished)
    assert isinstance(done, Finished) and isinstance(done.result, Ending) and done.result.steps == len(told) + 1
    assert timeless(here) == timeless(whole)[: len(told) + 1]


def test_what_the_window_missed_comes_first(desk: Desk, tmp_path: Path) -> None:
    desk.engine.submit(TrainRun(PLAN, str(tmp_path / "run"), 30))
    desk.wait(Finished)
    desk.engine.submit(TrainRun(PLAN, str(tmp_path / "run"), 31, known_steps=12))
    known = desk.wait(Known)
    assert isinstance(known, Known) and isinstance(known.result, Chunk)
    assert [one.step for one in known.result.metrics] == list(range(12, 30)) and known.result.environment


def test_a_rate_is_found(desk: Desk) -> None:
    desk.engine.submit(FindRate(PLAN, steps=30))
    done = desk.wait(Finished, Failed)
    assert isinstance(done, Finished) and isinstance(done.result, RateTest) and len(done.result.rates) > 10


def test_a_run_on_a_device_that_is_gone_is_a_sentence(desk: Desk, tmp_path: Path) -> None:
    desk.engine.submit(TrainRun(replace(PLAN, device="cuda:77"), str(tmp_path / "run")))
    failed = desk.wait(Failed)
    assert isinstance(failed, Failed) and "cuda:77 is not there" in failed.what


class Pooled:
    """A pool whose replies land on a desk."""

    def __init__(self, size: int) -> None:
        self.replies: queue.Queue[Reply] = queue.Queue()
        self.pool = Pool(self.replies.put, size)

    def next(self) -> tuple[Reply, int | None]:
        """Return the next reply, and the number of the job that it ends."""
        reply = self.replies.get(timeout=PATIENCE)
        return reply, self.pool.handle(reply)

    def ends(self, number: int) -> Reply:
        """Return the reply that ends a job."""
        while True:
            reply, ended = self.next()
            if ended == number:
                return reply


@pytest.fixture
def pooled() -> Iterator[Pooled]:
    made = Pooled(2)
    yield made
    made.pool.close()


def test_two_train_at_once_and_the_third_waits(pooled: Pooled, tmp_path: Path) -> None:
    jobs: list[Job] = [TrainRun(replace(SHORT, seed=seed), str(tmp_path / str(seed))) for seed in range(3)]
    numbers = [pooled.pool.submit(job) for job in jobs]
    assert pooled.pool.running == tuple(numbers[:2])
    ended: dict[int, Reply] = {}
    steps: dict[int, list[int]] = {number: [] for number in numbers}
    while len(ended) < 3:
        reply, number = pooled.next()
        if isinstance(reply, Known) and isinstance(reply.result, Chunk):
            assert reply.number not in ended
            steps[reply.number] += [one.step for one in reply.result.metrics]
        if number is not None:
            ended[number] = reply
    assert all(isinstance(one, Finished) and one.number == number for number, one in ended.items())
    assert all(found == list(range(40)) for found in steps.values())
    assert [read(tmp_path / str(seed)).plan.seed for seed in range(3)] == [0, 1, 2] and not pooled.pool.running


@pytest.mark.skipif(sys.platform == "win32", reason="no signals")
def test_a_process_that_dies_ends_its_own_job_alone(pooled: Pooled, tmp_path: Path) -> None:
    first, second = (pooled.pool.submit(TrainRun(LONG, str(tmp_path / name))) for name in ("a", "b"))
    third = pooled.pool.submit(FindDevices())
    seen: set[int] = set()
    while seen != {first, second}:
        reply, _ = pooled.next()
        seen |= {reply.number} if isinstance(reply, Known) else set()
    pooled.pool.kill(first)
    assert isinstance(pooled.ends(first), Died)
    assert pooled.pool.running == (second, third)
    assert isinstance(pooled.ends(third), Finished)
    assert pooled.pool.cancel(second) is True
    assert pooled.ends(second) == Stopped(second)


def test_a_job_that_waits_is_taken_out(pooled: Pooled, tmp_path: Path) -> None:
    running = [pooled.pool.submit(TrainRun(LONG, str(tmp_path / name))) for name in ("a", "b")]
    waiting = pooled.pool.submit(FindDevices())
    assert pooled.pool.cancel(waiting) is False
    while pooled.next()[0] != Stopped(waiting):
        pass
    for number in running:
        assert pooled.pool.cancel(number) is True
        pooled.ends(number)
    pooled.pool.kill(running[0])
    assert pooled.pool.cancel(99) is False


def test_closing_leaves_no_process(tmp_path: Path) -> None:
    made = Pooled(2)
    made.pool.start()
    made.pool.submit(TrainRun(LONG, str(tmp_path / "a")))
    while not isinstance(made.next()[0], Known):
        pass
    made.pool.close()
    processes = [worker.process for worker in made.pool._workers]
    end = time.monotonic() + 5
    while any(one is not None and one.is_alive() for one in processes) and time.monotonic() < end:
        time.sleep(0.02)
    assert not any(one is not None and one.is_alive() for one in processes)
