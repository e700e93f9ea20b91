"""Every page, drawer, dialog and state of the window, as scenes: each brings a window to it."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

from PySide6.QtWidgets import QTabWidget, QWidget
from shiboken6 import delete

from resnet_explorer.app.lessons import start
from resnet_explorer.diagram.view import View
from resnet_explorer.finetuning.values import TuneRun
from resnet_explorer.gradients.presets import PRESETS as CLAIMS
from resnet_explorer.insight.page import InsideView
from resnet_explorer.insight.part import Inside
from resnet_explorer.journey.values import Grain, JourneyPart
from resnet_explorer.lessons import course
from resnet_explorer.readings.progress import Progress
from resnet_explorer.scenes.scene import State
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.catalogue import find
from resnet_explorer.spec.change import assign
from resnet_explorer.ui.crash_bar import CrashBar
from resnet_explorer.ui.fields import Section
from resnet_explorer.ui.frame import Drawer, Frame, OpenState
from resnet_explorer.ui.jobs_panel import Question
from tests import pages
from tests.geometry.desk import Desk, Scene, fails, kept
from tests.narrow import present

RESNET50 = State(find("resnet50"), InputShape(1, 224, 224))
RESNET18 = State(find("resnet18"), InputShape(1, 224, 224))


def scenes() -> Iterator[Scene]:
    """Yield all scenes in the order in which one window can go through them."""
    yield from _diagram()
    yield from _journey()
    yield from _graph()
    yield from _timing()
    yield from _gradients()
    yield from _training()
    yield from _tuning()
    yield from _lessons()


def _diagram() -> Iterator[Scene]:
    yield Scene("diagram", "resnet18", lambda desk: desk.window.show_page("diagram"))
    yield Scene("diagram", "resnet50", lambda desk: desk.window.document.propose(RESNET50, "choose"))
    yield Scene("diagram", "block open, selected", _open_block)
    for title in ("Build", "Inspector", "Layers", "Code"):
        yield Scene("diagram", f"drawer {title}", _opener("diagram", title))
    yield Scene("diagram", "Build, a wrong value", _wrong_value)
    yield Scene("diagram", "Build, by stage and by block", _by_stage)
    yield Scene("diagram", "a problem, after a safe start", _problem)
    yield Scene("diagram", "jobs", _jobs)


def _open_block(desk: Desk) -> None:
    document = desk.window.document
    document.show_view(replace(document.view, expanded=frozenset({"layer3.0"})))
    document.select("layer3.0.conv2")


def _wrong_value(desk: Desk) -> None:
    _open(desk, "diagram", "Build")
    for section in desk.window.build.findChildren(Section):
        section.header.setChecked(True)
    desk.window.build._on_edited("cardinality", 7)


def _by_stage(desk: Desk) -> None:
    settings = ("attention=none,none,se,cbam", "cardinality=1,2,4,8", "zero_init=1,0,1,0", "stochastic_depth=0,0,0,0.2")
    spec = assign(find("resnet50"), "widths=64+448", *settings)
    desk.window.document.propose(State(spec, InputShape(1, 224, 224)), "choose")


def _problem(desk: Desk) -> None:
    _reset(desk)
    what = "Internal error in the thread kept: TypeError: 'NoneType' object is not subscriptable (a.py, line 3)."
    CrashBar(desk.window).show_text(f"Safe start: the preferences are left out, and kept. {what}", True, True)


def _jobs(desk: Desk) -> None:
    _reset(desk)
    for bar in desk.window.findChildren(CrashBar):
        delete(bar)
    desk.window.document.propose(RESNET18, "choose")
    desk.window.document.show_view(View())
    desk.window._window_frame.open(desk.window.jobs_drawer, True)
    desk.jobs.fail()
    desk.window.verdict.verify()
    desk.jobs.finish()
    desk.jobs.mend()
    desk.window.verdict.verify()
    desk.jobs.begin()


def _journey() -> Iterator[Scene]:
    yield Scene("journey", "the image", _shown("journey"))
    yield Scene("journey", "between two layers", _travel)


def _travel(desk: Desk) -> None:
    page = pages.journey(desk.window)
    page.show_part(JourneyPart(Grain.LAYERS, 12))
    page.bar.slider.setValue(page.bar.slider.value() + 12)


def _graph() -> Iterator[Scene]:
    yield Scene("graph", "measuring", _steps(_shown("graph"), _begin))
    yield Scene("graph", "failed", fails(_ask("graph")))
    yield Scene("graph", "measured", _steps(_ask("graph"), _finish))
    yield Scene("graph", "block open, a step", _step_graph)
    yield from _drawers("graph", lambda window: pages.graph(window))


def _step_graph(desk: Desk) -> None:
    page = pages.graph(desk.window)
    page.canvas.open_around(40)
    page.steps.slider.setValue(12)


def _timing() -> Iterator[Scene]:
    yield Scene("timing", "empty or measuring", _steps(_shown("timing"), _begin))
    yield Scene("timing", "failed", fails(_ask("timing")))
    yield Scene("timing", "measured", _steps(_ask("timing"), _finish))
    yield Scene("timing", "kept", kept(_ask("timing")))
    yield Scene("timing", "measuring again", _steps(_ask("timing"), _begin))
    yield Scene("timing", "of another network", lambda desk: desk.window.document.propose(RESNET50, "choose"))
    yield from _drawers("timing", lambda window: pages.timing(window))


def _gradients() -> Iterator[Scene]:
    yield Scene("gradients", "measuring", _steps(_shown("gradients"), _begin))
    yield Scene("gradients", "failed", fails(_ask("gradients")))
    yield Scene("gradients", "measured", _measure_gradients)
    for key in ("degradation", "paths", "shattered", "lesions"):
        yield Scene("gradients", f"experiment {key}", _claim(key))
    yield Scene("gradients", "kept", kept(_ask("gradients")))
    yield Scene("gradients", "measuring again", _steps(_ask("gradients"), _begin))
    yield from _drawers("gradients", lambda window: pages.gradients(window))


def _measure_gradients(desk: Desk) -> None:
    pages.gradients(desk.window).ask()
    desk.jobs.finish()
    desk.window.document.select("layer2.0")


def _claim(key: str) -> Callable[[Desk], None]:
    def arrange(desk: Desk) -> None:
        desk.jobs.finish()
        pages.gradients(desk.window).choose(CLAIMS[key])
        desk.jobs.finish()

    return arrange


def _training() -> Iterator[Scene]:
    yield Scene("training", "replayed", _steps(_shown("training"), _finish))
    yield Scene("training", "empty", _own_training)
    yield Scene("training", "waiting", _start("training"))
    yield Scene("training", "measuring", _steps(_begin, _draw("training")))
    yield Scene("training", "measured", _steps(_finish, _draw("training")))
    yield from _drawers("training", lambda window: pages.training(window))
    yield Scene("training", "failed", _fail_training)
    yield Scene("inspect", "nothing trained", lambda desk: _inside_of_training(desk).show_none("Choose a trained run."))
    for view in Inside:
        yield Scene("inspect", str(view), _inspect(view))
        yield Scene("inspect", f"{view}, kept", kept(_inspect(view)))
    yield Scene("inspect", "failed", _fail_inside)


def _own_training(desk: Desk) -> None:
    page = pages.training(desk.window)
    page._leave_replay()
    page.trainer.clear()
    page.draw()


def _fail_training(desk: Desk) -> None:
    page = pages.training(desk.window)
    _reset(desk)
    desk.jobs.fail()
    page.start()
    desk.jobs.finish()
    page.draw()
    desk.jobs.mend()


def _inside_of_training(desk: Desk) -> InsideView:
    page: Any = pages.training(desk.window)
    page.views.setCurrentWidget(page.inside)
    return page.inside  # type: ignore[no-any-return]


def _inspect(view: Inside) -> Callable[[Desk], None]:
    def arrange(desk: Desk) -> None:
        inside, plan = _inside_of_training(desk), pages.training(desk.window).runs[0].plan
        inside.show_run("run", plan, tuple("0123456789"))
        inside.show_view(view)
        desk.jobs.finish()
        inside.controls.measure.click()
        desk.jobs.finish()

    return arrange


def _fail_inside(desk: Desk) -> None:
    inside, plan = _inside_of_training(desk), pages.training(desk.window).runs[0].plan
    desk.jobs.fail()
    inside.show_run("another run", plan, tuple("0123456789"))
    inside.show_view(Inside.CONFUSION)
    desk.jobs.finish()
    desk.jobs.mend()


def _tuning() -> Iterator[Scene]:
    yield Scene("tuning", "empty", _steps(_shown("tuning"), _finish))
    for place in range(pages_of_tuning):
        yield Scene("tuning", f"view {place + 1}", _tuning_view(place))
    yield Scene("tuning", "computing features", _compute_features)
    yield Scene("tuning", "measuring", _steps(_start("tuning"), _begin))
    yield Scene("tuning", "measured", _steps(_finish, _draw("tuning")))
    for place in range(pages_of_tuning):
        yield Scene("tuning", f"tuned, view {place + 1}", _tuning_view(place))
    yield Scene("tuning", "measured, kept", kept(_evaluate_again))
    yield from _drawers("tuning", lambda window: pages.tuning(window))
    yield Scene("tuning", "failed", _fail_tuning)


pages_of_tuning = 8


def _tuning_view(place: int) -> Callable[[Desk], None]:
    def arrange(desk: Desk) -> None:
        page = pages.tuning(desk.window)
        page.views.setCurrentIndex(place)
        desk.jobs.finish()

    return arrange


def _evaluate_again(desk: Desk) -> None:
    page = pages.tuning(desk.window)
    for question in page.findChildren(Question):
        if question._last is not None:
            question._on_again()
            desk.jobs.finish()


def _compute_features(desk: Desk) -> None:
    usual = desk.jobs.usual[TuneRun]

    def answer(job: TuneRun) -> Iterator[object]:
        yield from [Progress(1200, 2560, "computing features once, 1,200 of 2,560 images, about 20 min left")] * 9
        yield from usual(job)

    desk.jobs.answers[TuneRun] = answer
    pages.tuning(desk.window).start()
    desk.jobs.begin()
    desk.jobs.mend()


def _fail_tuning(desk: Desk) -> None:
    page = pages.tuning(desk.window)
    _reset(desk)
    desk.jobs.fail()
    page.start()
    desk.jobs.finish()
    page.draw()
    desk.jobs.mend()


def _steps(*steps: Callable[[Desk], object]) -> Callable[[Desk], None]:
    def arrange(desk: Desk) -> None:
        for step in steps:
            step(desk)

    return arrange


def _shown(page: str) -> Callable[[Desk], None]:
    def arrange(desk: Desk) -> None:
        _reset(desk)
        desk.window.show_page(page)
        desk.settle()

    return arrange


def _calls(page: str, method: str) -> Callable[[Desk], None]:
    return lambda desk: getattr(desk.window.page(page), method)()


_ask, _draw, _start = (partial(_calls, method=method) for method in ("ask", "draw", "start"))


def _lessons() -> Iterator[Scene]:
    """Yield the steps of a lesson, whose card is beside the page."""
    lesson = course.load(course.find("01-deeper-is-worse"))
    yield Scene("lesson", "first step", lambda desk: start(desk.window, lesson))
    for place, step in enumerate(lesson.steps[1:], start=1):
        yield Scene("lesson", step.title, _step_of_lesson(place))
        if step.question:
            yield Scene("lesson", f"{step.title}, answered", _answered)


def _step_of_lesson(place: int) -> Callable[[Desk], None]:
    def arrange(desk: Desk) -> None:
        present(desk.window.lesson).go(place)

    return arrange


def _answered(desk: Desk) -> None:
    """Show the answer, and that something else is shown and wrong in the file."""
    player = present(desk.window.lesson)
    player.answer("")
    player.say_problem("lesson.md, line 12: There is no network 'resnet5'. Did you mean 'resnet50'?")
    player.is_away = True
    player.changed.emit()


def _begin(desk: Desk) -> None:
    desk.jobs.begin()


def _finish(desk: Desk) -> None:
    desk.jobs.finish()


def _frame(desk: Desk, page: str) -> Frame:
    return desk.window.panels if page == "diagram" else desk.window.page(page)


def _reset(desk: Desk) -> None:
    """Let every drawer open by itself again."""
    for frame in (desk.window.panels, *(desk.window._pages.built.values() if desk.window._pages else ())):
        for drawer in frame.drawers:
            drawer.state = OpenState.AUTO
        frame._place()
    desk.window._window_frame.open(desk.window.jobs_drawer, False)


def _open(desk: Desk, page: str, title: str) -> Drawer:
    _reset(desk)
    frame = _frame(desk, page)
    drawer = frame.drawer(title)
    frame.open(drawer)
    return drawer


def _opener(page: str, title: str) -> Callable[[Desk], object]:
    return lambda desk: _open(desk, page, title)


class Drawers(NamedTuple):
    """Stands for a scene for each drawer of a page and each tab in it, which are known when the page is there."""

    page: str
    find: Callable[[Any], Frame]


def _drawers(page: str, find: Callable[[Any], Frame]) -> Iterator[Any]:
    yield Drawers(page, find)


def opened(desk: Desk, drawers: Drawers) -> Iterator[Scene]:
    """Yield a scene for each drawer of a page, and for each tab in it."""
    for drawer in drawers.find(desk.window).drawers:
        tabs = _tabs_in(drawer.widget)
        for place in range(tabs.count() if tabs else 1):
            where = f", {tabs.tabText(place)}" if tabs else ""
            yield Scene(drawers.page, f"drawer {drawer.title}{where}", _open_tab(drawers.page, drawer.title, place))


def _tabs_in(widget: QWidget) -> QTabWidget | None:
    return widget if isinstance(widget, QTabWidget) else widget.findChild(QTabWidget)


def _open_tab(page: str, title: str, place: int) -> Callable[[Desk], None]:
    def arrange(desk: Desk) -> None:
        widget = _open(desk, page, title).widget
        if tabs := _tabs_in(widget):
            tabs.setCurrentIndex(place)
        for section in widget.findChildren(Section):
            section.header.setChecked(True)

    return arrange
