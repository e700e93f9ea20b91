"""What each action does, by its key; imported when the first one is triggered, since the start needs none of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from resnet_explorer.analysis.training import Run
from resnet_explorer.drawing.view import View
from resnet_explorer.export import lab_table, run_table
from resnet_explorer.gui import dialogs, own_module_dialog, style, weights_dialog
from resnet_explorer.gui.clipboard import copy_picture
from resnet_explorer.gui.document import State
from resnet_explorer.gui.main_window import MainWindow
from resnet_explorer.gui.questions import KINDS
from resnet_explorer.gui.views.canvas import ZOOM_STEP
from resnet_explorer.gui.views.graph_canvas import GraphCanvas
from resnet_explorer.spec import codec
from resnet_explorer.spec.catalogue import title


def run(window: MainWindow, key: str, given: object) -> None:
    """Do what a key says; ``given`` is what it is about: the state of an action that has one, a file, runs."""
    _RUN[key](window, given)


def _open(window: MainWindow, checked: bool) -> None:
    path = dialogs.ask_open(window, window.preferences.export_folder)
    if path:
        dialogs.open_file(window, path)


def _open_dropped(window: MainWindow, name: str) -> None:
    """Open a file that was dropped on the window: weights, a Python file, or a network."""
    path = Path(name)
    if path.name.lower().endswith(KINDS):
        weights_dialog.open_weights(window, path)
    elif path.suffix.lower() == own_module_dialog.KIND:
        own_module_dialog.open_module(window, path)
    else:
        dialogs.open_file(window, path)


def _save(window: MainWindow, checked: bool) -> None:
    spec = window.document.state.spec
    dialogs.save_text(window, f"{spec.name}.json", {"Network (*.json)": lambda: codec.dumps(spec)})


def _copy_picture(window: MainWindow, checked: bool) -> None:
    copy_picture(window.canvas.picture, style.theme_named(window.preferences.theme))
    window.say("The picture is on the clipboard.")


def _save_dot(window: MainWindow, checked: bool) -> None:
    if not window.graph.source():
        window.tabs.setCurrentWidget(window.graph)
        window.say("The graph is being recorded: save it when it is there.")
        return
    name = f"{window.document.state.spec.name}-autograd.dot"
    dialogs.save_text(window, name, {"Graphviz (*.dot *.gv)": window.graph.source})


def _save_gradients(window: MainWindow, checked: bool) -> None:
    result = window.gradients.shown
    if result is None:
        window.tabs.setCurrentWidget(window.gradients)
        window.say("The gradients are being measured: save them when they are there.")
        return
    kinds: dialogs.Texts = {
        "CSV (*.csv)": lambda: lab_table.to_csv(result),
        "JSON (*.json)": lambda: lab_table.to_json(result),
    }
    dialogs.save_text(window, f"{lab_table.file_name(result)}.csv", kinds)


def _measured(window: MainWindow, checked: bool) -> None:
    """Colour the diagram by what the gradient lab shows, of the network that it is about; or take the colours away."""
    if not checked:
        window.document.show_measured(None)
        return
    found = window.gradients.values_shown()
    if found is None:
        window.actions_by_key["measured"].setChecked(False)
        window.tabs.setCurrentWidget(window.gradients)
        window.say("Nothing is measured of blocks yet: choose it again when the plot is there.")
        return
    spec, image, values = found
    window.document.propose(State(spec, replace(image, batch=1)), f"show {title(spec)}")
    window.document.show_measured(values)
    window.tabs.setCurrentWidget(window.diagram)


def _follow_measured(window: MainWindow, given: object) -> None:
    """Let the colours of the diagram follow the gradient lab, while both are about the same network."""
    found = window.gradients.values_shown()
    if window.document.measured is not None and found and found[0] == window.document.state.spec:
        window.document.show_measured(found[2])


def _save_these(window: MainWindow, runs: Sequence[Run]) -> None:
    kinds: dialogs.Texts = {
        "CSV (*.csv)": lambda: run_table.to_csv(runs),
        "CSV of the blocks (*.csv)": lambda: run_table.blocks_to_csv(runs),
        "JSON (*.json)": lambda: run_table.to_json(runs),
    }
    dialogs.save_text(window, "runs.csv", kinds)


def _save_runs(window: MainWindow, checked: bool) -> None:
    """Save the runs of the lab that is looked at; those of the training lab where it is neither."""
    lab = window.tuning if window.is_shown("tuning") else window.training
    runs = [run for run in lab.runs if run.metrics]
    if not runs:
        window.tabs.setCurrentWidget(lab)
        window.say("No run has made a step yet: start one, then save it.")
        return
    _save_these(window, runs)


def _find(window: MainWindow, checked: bool) -> None:
    window.docks["Layers"].show()
    window.docks["Layers"].raise_()
    window.table.filter.setFocus()
    window.table.filter.selectAll()


def _choose_theme(name: str) -> Callable[[MainWindow, bool], None]:
    return lambda window, checked: window.choose_theme(name)


def _compare(window: MainWindow, checked: bool) -> None:
    window.document.show_view(replace(window.document.view, compare=checked))


def _changes(window: MainWindow, checked: bool) -> None:
    window.document.show_view(replace(window.document.view, changes=checked))


def _expand(window: MainWindow, checked: bool) -> None:
    if isinstance(window.canvas, GraphCanvas):
        window.canvas.open_all()
        return
    network, view = window.session.results.analysis.network, window.document.view
    window.document.show_view(View.all_open(network, compare=view.compare, changes=view.changes))


def _collapse(window: MainWindow, checked: bool) -> None:
    if isinstance(window.canvas, GraphCanvas):
        window.canvas.close_all()
        return
    view = window.document.view
    window.document.show_view(View(compare=view.compare, changes=view.changes))


def _still(window: MainWindow, checked: bool) -> None:
    window.be_still(checked)
    window.remember(replace(window.preferences, reduce_motion=checked))


_RUN: Mapping[str, Callable[[MainWindow, Any], None]] = {
    "open": _open,
    "open-dropped": _open_dropped,
    "open-weights": lambda window, checked: weights_dialog.ask(window),
    "open-module": lambda window, checked: own_module_dialog.ask(window),
    "save-weights": lambda window, checked: weights_dialog.ask_save(window),
    "save": _save,
    "export": lambda window, checked: dialogs.export_picture(
        window, window.canvas.picture, window.document.state.spec.name
    ),
    "export-table": lambda window, checked: dialogs.save_table(window, window.session.results.analysis),
    "save-source": lambda window, checked: dialogs.save_text(
        window, f"{window.document.state.spec.name}.py", {"Python (*.py)": window.code.source}
    ),
    "save-dot": _save_dot,
    "save-gradients": _save_gradients,
    "save-runs": _save_runs,
    "save-these": _save_these,
    "measured": _measured,
    "follow-measured": _follow_measured,
    "training": lambda window, checked: window.tabs.setCurrentWidget(window.training),
    "tuning": lambda window, checked: window.tabs.setCurrentWidget(window.tuning),
    "gradients": lambda window, checked: window.tabs.setCurrentWidget(window.gradients),
    "timing": lambda window, checked: window.tabs.setCurrentWidget(window.timing),
    "paths": lambda window, checked: dialogs.show_paths(window),
    "graph": lambda window, checked: window.tabs.setCurrentWidget(window.graph),
    "quit": lambda window, checked: window.quit(),
    "copy-picture": _copy_picture,
    "copy-csv": lambda window, checked: window.table.copy_csv(),
    "copy-markdown": lambda window, checked: window.table.copy_markdown(),
    "find": _find,
    "compare": _compare,
    "changes": _changes,
    "timeline": lambda window, checked: dialogs.show_timeline(window),
    "verdict": lambda window, checked: dialogs.show_verdict(window),
    "expand": _expand,
    "collapse": _collapse,
    "present": lambda window, checked: window.present(checked),
    "fit": lambda window, checked: window.canvas.fit(),
    "zoom-in": lambda window, checked: window.canvas.zoom(ZOOM_STEP),
    "zoom-out": lambda window, checked: window.canvas.zoom(1 / ZOOM_STEP),
    **{name: _choose_theme(name) for name in ("system", "light", "dark", "projector")},
    "still": _still,
    "shortcuts": lambda window, checked: dialogs.show_shortcuts(window),
    "about": lambda window, checked: dialogs.show_about(window),
}
