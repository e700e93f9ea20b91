"""Whether all that a window shows is of the network of its document."""

from collections.abc import Iterator

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QLabel

from resnet_explorer.app.build_panel import FactsPanel
from resnet_explorer.app.main_window import MainWindow
from resnet_explorer.finetuning.plan_view import FreezeView
from resnet_explorer.picture.marks import Picture
from resnet_explorer.readings.explain import explain
from resnet_explorer.scenes.scene import decode, encode
from resnet_explorer.spec.catalogue import title
from resnet_explorer.ui.document import Results, read
from resnet_explorer.ui.job_state import JobState
from resnet_explorer.ui.scene import EDGE, opened
from tests.monkey.hands import engines_of


def disagreements(window: MainWindow) -> Iterator[str]:
    """Yield what of a window does not fit its document, its network, or its jobs."""
    document, results = window.document, window.session.results
    fresh = read(document.state)
    if results.state != document.state or results.analysis.total != fresh.analysis.total:
        yield "the results are of another state"
    if title(document.state.spec) not in window.windowTitle():
        yield f"the title is {window.windowTitle()!r}"
    yield from _panels(window)
    yield from _actions(window)
    for view in window.findChildren(QObject):
        held = getattr(view, "_results", None)
        if isinstance(held, Results) and held is not results and not isinstance(view, FreezeView):
            yield f"{type(view).__name__} shows older results"
    scene = window.scene()
    if decode(encode(scene)) != scene:
        yield "the scene is another one when it is read back"
    yield from _jobs(window)


def _panels(window: MainWindow) -> Iterator[str]:
    document, results, diagram = window.document, window.session.results, window.diagram
    analysis = results.analysis
    if diagram.was_painted and not diagram._is_due and diagram.isVisible():
        text = diagram._text
        now = diagram.composed((diagram.width() - EDGE) / text, (diagram.height() - EDGE) / text)
        if _shown(diagram.picture, diagram._fitted) != _shown(now, diagram._fitted):
            yield "the diagram is an older one"
    shown = explain(analysis, document.selection)
    if window.inspector.shown != shown or window.inspector.title.text() != shown.title:
        yield f"the inspector shows {window.inspector.shown and window.inspector.shown.path!r}"
    model = window.table.model
    if model.analysis is not analysis:
        yield "the table has another analysis"
    if strange := [line.path for line in model.lines if not analysis.network.has(line.path)]:
        yield f"the table has {strange[:3]}"
    if model.lines != model._visible():
        yield "the table's lines are old"
    if model.is_tree and sum(line.sums.params for line in model.lines if line.depth == 0) != analysis.total.params:
        yield "the table's sums are not those of the network"
    if window.code._is_fresh and window.code._is_watched and window.code.text.toPlainText() != window.code.source():
        yield "the code is of another network"
    facts = FactsPanel()
    facts.show_results(read(document.state))
    if _texts(facts) != _texts(window.build.facts):
        yield "the figures are of another network"
    facts.deleteLater()


def _shown(picture: Picture, with_places: bool) -> object:
    """Return what is in a picture; where things are depends on the size for which it was made."""
    groups = opened(picture)
    return (picture.description, groups, picture.width, picture.height) if with_places else groups.keys()


def _texts(widget: QObject) -> list[str]:
    labels = widget.findChildren(QLabel)
    return [label.text() for label in labels if not label.isWindow()]  # a tip is one, and the child of what it tells of


def _actions(window: MainWindow) -> Iterator[str]:
    actions, document = window.actions_by_key, window.document
    checked = {
        "compare": document.view.compare,
        "changes": document.view.changes,
        "present": window.stage is not None,
        window.preferences.theme: True,
    }
    for key, on in checked.items():
        if actions[key].isChecked() != on:
            yield f"the action {key} is {'not ' if on else ''}checked"
    stack = document.undo_stack
    if (actions["undo"].isEnabled(), actions["redo"].isEnabled()) != (stack.canUndo(), stack.canRedo()):
        yield "undo or redo is offered where there is nothing"
    if not window.isEnabled():
        yield "the window is disabled"


def _jobs(window: MainWindow) -> Iterator[str]:
    jobs = window.jobs
    engines = engines_of(window)
    known = {number for engine in engines for number in engine.running}
    known |= {request.number for engine in engines for request in engine._waiting} | set(jobs._loading)
    for state in jobs.states:
        if not state.is_over and state.number not in known:
            yield f"nobody does a job any more that is {state.phase}: {_kind(state)}"
        if state.is_over and state.number in known:
            yield f"a job is done that is over: {_kind(state)}"


def _kind(state: JobState) -> str:
    return type(state.job).__name__
