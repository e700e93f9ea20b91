"""Long work in turns, replies in batches, charts in pieces: nothing is lost, and no turn takes longer than it may."""

from collections.abc import Callable, Iterator
from threading import Thread

import pytest
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from resnet_explorer.engine.messages import Reply, Stepped
from resnet_explorer.picture.chart import STYLES, Axis, Chart, Series
from resnet_explorer.picture.theme import DARK
from resnet_explorer.scenes.scene import State
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.catalogue import find
from resnet_explorer.ui.document import Document
from resnet_explorer.ui.jobs import Jobs
from resnet_explorer.ui.live_chart import LiveChartView
from resnet_explorer.ui.turns import BUDGET, Turns

COSTS = [(0.0,) * 40, (BUDGET / 3,) * 40, (0.001, 0.009, 0.0, 0.002, 0.0005) * 9, (10 * BUDGET,) * 3]


class Clock:
    """A clock that goes on only where work is done."""

    def __init__(self) -> None:
        self.now = 0.0
        self.turns: list[float] = []

    def __call__(self) -> float:
        return self.now

    def worked(self, seconds: float, since: float) -> None:
        """Let a piece of work take its time in the turn that began then."""
        self.now += seconds
        self.turns[-1] = self.now - since


@pytest.mark.parametrize("costs", COSTS)
def test_all_of_some_work_is_done_in_order_and_each_turn_ends_with_its_budget(
    costs: tuple[float, ...], qapp: QApplication, qtbot: QtBot
) -> None:
    owner, clock, done = QObject(), Clock(), list[int]()
    turns = Turns(owner, clock)

    def work() -> Iterator[None]:
        for place, cost in enumerate(costs):
            if place == 0 or clock.now >= starts[-1] + BUDGET:
                starts.append(clock.now)
                clock.turns.append(0.0)
            clock.worked(cost, starts[-1])
            done.append(place)
            yield

    starts: list[float] = []
    with qtbot.waitSignal(turns.ended):
        turns.begin(work())
    assert done == list(range(len(costs)))
    assert max(clock.turns) <= BUDGET + max(costs)
    assert turns.spent == pytest.approx(sum(costs)) and not turns.is_busy


def test_work_that_is_stopped_or_replaced_is_done_no_further(qapp: QApplication, qtbot: QtBot) -> None:
    owner, clock, done = QObject(), Clock(), list[str]()
    turns = Turns(owner, clock)

    def work(name: str) -> Iterator[None]:
        for _ in range(3):
            clock.now += BUDGET
            done.append(name)
            yield

    turns.begin(work("first"))
    with qtbot.waitSignal(turns.ended):
        turns.begin(work("second"))
    assert done == ["first", *["second"] * 3]
    turns.begin(work("third"))
    turns.stop()
    qapp.processEvents()
    assert done[4:] == ["third"] and not turns.is_busy


def test_work_that_fails_ends_and_other_work_can_begin(qapp: QApplication, qtbot: QtBot) -> None:
    owner = QObject()
    turns = Turns(owner)

    def work() -> Iterator[None]:
        yield
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        turns.begin(work())
    assert not turns.is_busy
    with qtbot.waitSignal(turns.ended):
        turns.begin(iter([None]))


def _arrive(jobs: Jobs, count: int) -> None:
    """Let replies arrive on a thread, as those of an engine do."""

    def read() -> None:
        for place in range(count):
            jobs._hand_over(Stepped(1, place, 0, ""))

    reader = Thread(target=read)
    reader.start()
    reader.join()


@pytest.mark.parametrize("costs", COSTS)
def test_replies_are_taken_in_order_and_no_batch_takes_longer_than_its_budget(
    costs: tuple[float, ...], qapp: QApplication, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs, clock, taken, batches = Jobs(), Clock(), list[int](), list[list[float]]([[]])
    jobs.clock = clock

    def take(reply: Reply) -> None:
        assert isinstance(reply, Stepped)
        clock.now += costs[reply.done]
        taken.append(reply.done)
        batches[-1].append(costs[reply.done])

    monkeypatch.setattr(jobs, "_take", take)
    jobs.changed.connect(lambda: batches.append([]))
    _arrive(jobs, len(costs))
    assert not taken, "they wait for the window's thread"
    qtbot.waitUntil(lambda: len(taken) == len(costs))
    assert taken == list(range(len(costs)))
    assert all(sum(batch[:-1]) < 1.001 * BUDGET for batch in batches), "what comes after the budget is spent waits"
    assert len([batch for batch in batches if batch]) >= sum(costs) / (BUDGET + max(costs))


def test_a_reply_that_cannot_be_taken_keeps_no_other_from_being_taken(
    qapp: QApplication, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs, taken = Jobs(), list[int]()

    def take(reply: Reply) -> None:
        assert isinstance(reply, Stepped)
        taken.append(reply.done)
        if reply.done == 0:
            raise ValueError

    monkeypatch.setattr(jobs, "_take", take)
    _arrive(jobs, 3)
    with qtbot.captureExceptions() as raised:
        qtbot.waitUntil(lambda: taken == [0, 1, 2])
    assert [kind for kind, *_ in raised] == [ValueError]


def _chart(title: str, steps: int) -> Chart:
    x = list(map(float, range(steps)))
    series = (
        Series(f"run{place}", f"net {place}", x, [place + (7 * step % 11) / (step + 1) for step in range(steps)], style)
        for place, style in enumerate(STYLES[:3])
    )
    return Chart(title, Axis("step"), Axis("loss"), tuple(series), "subtitle", key="loss:")


@pytest.fixture
def views(qapp: QApplication, qtbot: QtBot) -> tuple[LiveChartView, LiveChartView]:
    """Two views of one size; only one of them draws in pieces."""
    made = []
    for _ in range(2):
        view = LiveChartView(Document(State(find("resnet18"), InputShape())))
        qtbot.addWidget(view)
        view.resize(500, 360)
        view.show()
        made.append(view)
    return made[0], made[1]


def test_a_chart_that_is_shown_in_pieces_is_the_chart_that_is_shown_at_once(
    views: tuple[LiveChartView, LiveChartView],
) -> None:
    sliced, whole = views
    for view in views:
        view.show_chart(_chart("Loss", 20))
    before = sliced.picture
    pieces = sliced.showing(_chart("Loss", 300))
    assert len([sliced.picture is before for _ in pieces]) >= 5
    whole.show_chart(_chart("Loss", 300))
    assert repr(sliced.picture) == repr(whole.picture) and sliced.chart == whole.chart
    assert sliced.grab().toImage() == whole.grab().toImage()


def test_what_was_shown_stays_until_all_of_a_chart_is_painted(views: tuple[LiveChartView, LiveChartView]) -> None:
    view = views[0]
    view.show_chart(_chart("Loss", 20))
    before, seen = view.picture, view.grab().toImage()
    for _ in view.showing(_chart("Loss", 300)):
        assert view.picture is before and view.grab().toImage() == seen
    assert view.picture is not before


def test_what_the_user_does_while_a_chart_is_painted_counts(views: tuple[LiveChartView, LiveChartView]) -> None:
    sliced, whole = views
    acts: tuple[Callable[[LiveChartView], None], ...] = (
        lambda view: view.clicked("run1"),
        lambda view: view.zoom(1.5),
        lambda view: view.show_theme(DARK),
        lambda view: view.resize(420, 300),
        lambda view: view.fit(),
    )
    for act in acts:
        for view in views:
            view.show_chart(_chart("Loss", 20))
        pieces = sliced.showing(_chart("Loss", 40))
        next(pieces)
        for view in views:
            act(view)
        for _ in pieces:
            pass
        whole.show_chart(_chart("Loss", 40))
        assert repr(sliced.picture) == repr(whole.picture)
        assert sliced.grab().toImage() == whole.grab().toImage()
