"""Files of weights in the window: opened by menu or drop, read by the engine, shown with the assumptions made."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QDialog, QDialogButtonBox, QFileDialog, QListWidget, QMessageBox, QTabWidget

from resnet_explorer.app.main_window import MainWindow
from resnet_explorer.engine.requests import ReadWeights, SaveWeights
from resnet_explorer.errors import CheckpointError
from resnet_explorer.scenes.scene import State
from resnet_explorer.spec.catalogue import CATALOGUE, title
from resnet_explorer.spec.search import default_input
from resnet_explorer.ui.dialogs import FILTER, ONNX, resize_to_fit, warn
from resnet_explorer.ui.parts import Part, describe, hbox, label, vbox
from resnet_explorer.weights.compare import described
from resnet_explorer.weights.values import LIMIT, Weights, strange_text

MOST = 500
"""How many lines of a list are shown."""
_SAVED = ";;".join(("Safetensors (*.safetensors)", "PyTorch (*.pth)", *ONNX))


def ask(window: MainWindow, checked: bool) -> None:
    """Ask for a file of weights, and open it."""
    name, _ = QFileDialog.getOpenFileName(window, "Open weights", window.preferences.export_folder, FILTER)
    if name:
        open_weights(window, Path(name))


def open_weights(window: MainWindow, path: Path, key: str | None = None) -> None:
    """Let the engine read a file; a very large one is asked about first. What does not fit changes nothing.

    ``key`` chooses where a file holds several networks.
    """
    try:
        large = path.stat().st_size > LIMIT
    except OSError:
        large = False
    if large:
        text = f"{path.name} has {path.stat().st_size / 2**30:.1f} GiB. Reading it takes as much memory."
        buttons = QMessageBox.StandardButton.Open | QMessageBox.StandardButton.Cancel
        if QMessageBox.question(window, "A large file", text, buttons) != QMessageBox.StandardButton.Open:
            return

    def show(job: object, weights: object) -> None:
        assert isinstance(weights, Weights)
        _show(window, path, weights)

    def explain(problem: str) -> None:
        warn(window, "These weights cannot be opened", CheckpointError(str(path), problem))

    window.say(f"Reading {path.name}…")
    window.jobs.submit(ReadWeights(str(path), large, key), f"Read {path.name}", show, explain)


def _show(window: MainWindow, path: Path, weights: Weights) -> None:
    match = weights.found
    if match.fits:
        window.document.propose(State(match.spec, default_input(match.spec)), f"open the weights {path.name}")
        window.inspector.show_weights(weights)
        window.say(f"{path.name}: {title(match.spec)}; all {len(match.names):,} tensors fit.")
    if match.assumed or match.leftovers or weights.notes or weights.strange or not match.fits:
        dialog = WeightsDialog(path.name, weights, window)
        dialog.key_chosen.connect(partial(open_weights, window, path))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.show()


class WeightsDialog(QDialog):
    """Says which network a file belongs to, what was assumed, what is left over, and which tensors do not fit.

    Where the file holds several networks, another can be chosen: ``key_chosen`` tells which, and the dialog closes.
    """

    key_chosen = Signal(str)

    def __init__(self, name: str, weights: Weights, parent: MainWindow) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"Weights: {name}")
        match = weights.found
        count = len(match.problems)
        refusal = f"{count:,} tensor{' does' if count == 1 else 's do'} not fit: nothing was loaded."
        fits = f"All {len(match.names):,} tensors fit." if match.fits else refusal
        classes = f"{match.spec.classes:,} classes" if match.spec.classes else "no head"
        text = f"{described(match.spec)}, {classes}. {fits} {strange_text(weights.strange, weights.values)}".rstrip()
        self.text = label(text, "strong", wrap=True)
        self.keys: QComboBox | None = None
        self.lists: list[QListWidget] = []
        self.tabs = describe(QTabWidget(), "What was found in the file")
        for heading, tip, lines in _sections(weights):
            if lines:
                self._add(heading, tip, lines)
        self.tabs.setVisible(bool(self.lists))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        parts: list[Part] = [self.text, self.tabs, buttons]
        if weights.keys:
            tip = "The file holds several networks, such as a moving average beside the trained one"
            self.keys = describe(QComboBox(), tip=tip)
            self.keys.addItems(weights.keys)
            self.keys.setCurrentText(weights.key or "")
            self.keys.textActivated.connect(self._on_key_chosen)
            key = label("&Network in the file:")
            key.setBuddy(self.keys)
            parts.insert(1, hbox(key, (self.keys, 1)))
        vbox(*parts, of=self, margins=(9, 9, 9, 9))
        resize_to_fit(self, 680, 400)

    def _on_key_chosen(self, key: str) -> None:
        self.accept()
        self.key_chosen.emit(key)

    def _add(self, heading: str, tip: str, lines: Sequence[str]) -> None:
        shown = describe(QListWidget(), heading)
        shown.setWordWrap(True)
        shown.addItems(list(lines[:MOST]))
        if len(lines) > MOST:
            shown.addItem(f"and {len(lines) - MOST:,} more: 'resnet-explorer identify FILE --map MAP' writes all names")
        self.lists.append(shown)
        self.tabs.setTabToolTip(self.tabs.addTab(shown, f"{heading} ({len(lines):,})"), tip)


def _sections(weights: Weights) -> tuple[tuple[str, str, Sequence[str]], ...]:
    match = weights.found
    same = [f"{CATALOGUE[name].title} ({name})" for name in match.alternatives]
    names = [f"{ours}  ←  {theirs}" for theirs, ours in match.names.items()]
    return (
        ("Does not fit", "Tensors of the network that are missing or have another shape", match.problems),
        ("Read", "Which part was read, where the file holds more than one network", weights.notes),
        ("Assumed", "What the tensors do not show, and the value assumed", match.assumed),
        (
            "Left over",
            "What else the file holds, and what it probably is",
            [leftover.text for leftover in match.leftovers],
        ),
        ("Same tensors", "Other networks of the catalogue with tensors of the same shapes", same),
        ("Names", "The tensors' names here, and in the file", names),
    )


def ask_save(window: MainWindow, checked: bool) -> None:
    """Ask where to save weights: those that were opened, if they are this network's, or fresh ones of seed 0."""
    spec = window.document.state.spec
    start = str(Path(window.preferences.export_folder) / f"{spec.name}.safetensors")
    chosen, kind = QFileDialog.getSaveFileName(window, "Save weights", start, _SAVED)
    if chosen:
        path = Path(chosen)
        whole = path if path.suffix else path.with_suffix(kind.rpartition("*")[2].rstrip(")"))
        save_weights(window, whole, dynamic=kind == ONNX[1])


def save_weights(window: MainWindow, path: Path, *, dynamic: bool = False) -> None:
    """Let the engine write the weights, and say so; a failure is explained. ``dynamic``: ONNX for any size."""
    state, opened = window.document.state, window.inspector.weights_of(window.document.state.spec)
    source = opened.source if opened else ""

    def done(job: object, result: object) -> None:
        window.remember(replace(window.preferences, export_folder=str(path.parent)))
        window.say(f"Saved {path}: {'the weights that were opened' if source else 'initial weights of seed 0'}.")

    def explain(problem: str) -> None:
        warn(window, "The weights could not be saved", CheckpointError(str(path), problem))

    key = opened.key if opened else None
    job = SaveWeights(state.spec, state.image, str(path), source, dynamic=dynamic, key=key)
    window.jobs.submit(job, f"Save {path.name}", done, explain)
