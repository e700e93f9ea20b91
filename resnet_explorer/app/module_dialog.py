"""Python files of the user's in the window: asked about, run by a process of their own, shown with the proof."""

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QDialog, QDialogButtonBox, QFileDialog, QFormLayout, QScrollArea, QWidget

from resnet_explorer.engine.requests import ReadModule
from resnet_explorer.scenes.scene import State
from resnet_explorer.spec.catalogue import title
from resnet_explorer.spec.search import default_input
from resnet_explorer.ui.dialogs import resize_to_fit
from resnet_explorer.ui.job_state import Phase
from resnet_explorer.ui.jobs import Jobs
from resnet_explorer.ui.parts import button, describe, fill, label, text, vbox
from resnet_explorer.ui.tables import TextRow, TextTable
from resnet_explorer.ui.window import Window
from resnet_explorer.verify.values import OwnModule, names_in

KIND = ".py"
WARNING = (
    "To read the module, the app runs this file on your computer with your rights: it can read, change and send files. "
    "Run only code that you trust."
)
USUAL = ("net", "model", "resnet")
"""Names that modules usually have, in lower case."""


def ask(window: Window, checked: bool) -> None:
    """Ask for a Python file, then whether to run it."""
    folder = window.preferences.export_folder
    name, _ = QFileDialog.getOpenFileName(window, "Open module", folder, "Python (*.py)")
    if name:
        open_module(window, Path(name))


def open_module(window: Window, path: Path) -> None:
    """Ask which module of a file is meant and whether to run it; then show what it is."""
    question = RunDialog(path, window)
    if question.exec() == QDialog.DialogCode.Accepted:
        read_module(window, path, question.name)


def read_module(window: Window, path: Path, name: str) -> "ModuleDialog":
    """Run a file that the user has agreed to, and show what its module is."""

    def show(module: OwnModule) -> None:
        state = State(module.spec, default_input(module.spec))
        window.document.propose(state, f"show the network of {module.source}")
        window.say(f"{module.source}: {title(module.spec)}")

    dialog = ModuleDialog(window.jobs, ReadModule(str(path.absolute()), name), window)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.show_wanted.connect(show)
    dialog.show()
    return dialog


class RunDialog(QDialog):
    """Asks which module of a file is meant, and whether the file may be run; no is what Enter and Escape mean."""

    def __init__(self, path: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"Run {path.name}?")
        try:
            names = names_in(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError):
            names = ()
        tip = "A torch.nn.Module of the file, or a class or function that makes one without arguments"
        self.names = describe(QComboBox(), "Module", tip)
        self.names.setEditable(True)
        self.names.addItems(names)
        usual = [name for name in names if name.lower() in USUAL]
        self.names.setCurrentText((usual or list(names[-1:]) or ["net"])[0])
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.run = buttons.addButton("Run this file", QDialogButtonBox.ButtonRole.AcceptRole)
        self.run.setAutoDefault(False)
        self.run.setToolTip("Run the file, find the network of its module, and compare the two")
        cancel = buttons.button(QDialogButtonBox.StandardButton.Cancel)
        cancel.setDefault(True)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        form = QFormLayout()
        form.addRow("Module", self.names)
        first = label(f"This runs the code in {path.name}.", "strong", wrap=True)
        warning, file = label(WARNING, wrap=True), label(str(path), "muted", wrap=True)
        vbox(first, warning, file, form, buttons, of=self, margins=(9, 9, 9, 9))
        resize_to_fit(self, 480, 220)
        cancel.setFocus()

    @property
    def name(self) -> str:
        """Return the name of the module in the file."""
        return self.names.currentText().strip() or "net"


class ModuleDialog(QDialog):
    """Shows a module being read, and what came of it; ``show_wanted`` carries what the window is to show."""

    show_wanted = Signal(OwnModule)

    def __init__(self, jobs: Jobs, job: ReadModule, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._jobs, self._source = jobs, f"{Path(job.path).name}:{job.name}"
        self.module: OwnModule | None = None
        self.setWindowTitle(f"Module: {self._source}")
        self.text, self.details = label(f"Running {self._source}…", "strong", wrap=True), text()
        self.map = TextTable("Layers here and in the file", (("Layer here", ""), ("In the file", "")))
        self.map.setColumnWidth(0, 240)
        self.map.hide()
        tip = "Show the network in the window; Undo brings back what is there now"
        self.take = button("Show this network", tip, self._on_take)
        self.take.setEnabled(False)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        buttons.addButton(self.take, QDialogButtonBox.ButtonRole.ActionRole)
        self.stop = buttons.button(QDialogButtonBox.StandardButton.Cancel)
        buttons.rejected.connect(self.reject)
        details = QScrollArea()
        fill(details, self.details, 1)
        vbox(self.text, (details, 1), (self.map, 2), buttons, of=self, margins=(9, 9, 9, 9))
        resize_to_fit(self, 560, 150)
        self._is_over = False
        self._number = jobs.submit(job, f"Identify {self._source}", self._on_found, self._on_failed)
        jobs.changed.connect(self._on_jobs_changed)

    def done(self, result: int) -> None:
        """Close, and stop what is still running."""
        if not self._is_over:
            self._is_over = True
            self._jobs.cancel(self._number)
        super().done(result)

    def _on_jobs_changed(self) -> None:
        state = next((job for job in self._jobs.states if job.number == self._number), None)
        if state is None or self._is_over:
            return
        if state.phase is Phase.CANCELLED:
            self._end(f"{self._source} was stopped.")
        elif state.text:
            self.details.setText(f"{state.text[:1].upper()}{state.text[1:]}…")

    def _on_found(self, job: object, result: object) -> None:
        if self._is_over or not isinstance(result, OwnModule):
            return
        self.module = result
        self._end(result.verdict)
        self.details.setText("\n".join(_lines(result)))
        self.map.show_rows([TextRow(names[0], names) for names in result.layers.items()])
        self.map.show()
        self.take.setEnabled(result.found.fits)
        resize_to_fit(self, 620, 480)

    def _on_failed(self, problem: str) -> None:
        if not self._is_over:
            self._end(problem)

    def _end(self, text: str) -> None:
        self._is_over = True
        self.text.setText(text)
        self.details.setText("")
        self.stop.setText("Close")

    def _on_take(self) -> None:
        if self.module:
            self.show_wanted.emit(self.module)


def _lines(module: OwnModule) -> list[str]:
    weights = "random weights, since its own are freshly initialised" if module.drawn else "its own weights"
    lines = [f"{module.parameters:,} parameters."]
    if module.proofs:
        lines += [f"Compared in eval mode with {weights}:", *(f"    {proof.text}" for proof in module.proofs)]
    lines += [module.difference] if module.difference else []
    for heading, group in (
        ("Shown by running it, since tensors do not tell:", module.settled),
        ("Assumed, since tensors do not tell:", module.found.assumed),
        ("Does not fit:", module.found.problems[:10]),
    ):
        lines += ["", heading, *(f"    {line}" for line in group)] if group else []
    return lines
