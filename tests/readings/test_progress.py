"""How often long work reports, and how much time is left."""

import pytest

from resnet_explorer.readings import progress
from resnet_explorer.readings.progress import Throttle, duration, seconds_left
from tests.cases import each


class Clock:
    """A clock that stands still until it is set forward."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(progress, "perf_counter", made)
    return made


def test_a_report_is_due_at_once_and_then_after_a_pause(clock: Clock) -> None:
    throttle = Throttle(pause=0.5)
    assert throttle.is_due
    with throttle.reporting():
        assert throttle.is_due, "it waits from the end of the report on"
    for after, is_due in ((0.0, False), (0.25, False), (0.25, True)):
        clock.now += after
        assert throttle.is_due is is_due


def test_the_first_report_may_wait_for_a_pause_too(clock: Clock) -> None:
    throttle = Throttle(pause=0.5, at_once=False)
    assert not throttle.is_due
    clock.now += 0.5
    assert throttle.is_due


def test_long_reports_are_made_less_often(clock: Clock) -> None:
    """One that takes a second is worth ten seconds of work, so that reports take a tenth of the time."""
    throttle = Throttle()
    with throttle.reporting():
        clock.now += 1
    clock.now += 9
    assert not throttle.is_due
    clock.now += 1
    assert throttle.is_due


@each(
    "done,of,seconds,left",
    [(1, 4, 2.0, 6.0), (4, 4, 8.0, 0.0), (0, 4, 2.0, None), (0, 0, 0.0, None), (3, 0, 2.0, None)],
)
def test_the_rest_takes_as_long_as_what_is_done(done: int, of: int, seconds: float, left: float | None) -> None:
    assert seconds_left(done, of, seconds) == left


@each(
    "seconds,text",
    [
        *[(0.0, "1 s"), (1.6, "2 s"), (89.0, "89 s"), (90.0, "2 min"), (300.0, "5 min"), (5399.0, "90 min")],
        *[(5400.0, "1.5 h"), (9000.0, "2.5 h")],
    ],
)
def test_times_in_few_words(seconds: float, text: str) -> None:
    assert duration(seconds) == text
