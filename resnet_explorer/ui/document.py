"""The document: what the user made (undoable), what is open and selected; and the readings of its network."""

from functools import cached_property
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack

from resnet_explorer.dataclass import dataclass
from resnet_explorer.diagram.view import View
from resnet_explorer.network import compile_spec
from resnet_explorer.readings import Analysis, analyse
from resnet_explorer.readings.read import Depth, depth
from resnet_explorer.scenes.scene import State

if TYPE_CHECKING:
    from resnet_explorer.diagram.overlays import BlockValues, Overlay
    from resnet_explorer.readings.kept import Kept
    from resnet_explorer.readings.needs import Needs
    from resnet_explorer.scenes.session import History


KEPT_STEPS = 50


class Change(QUndoCommand):
    """One step from a state to the next; steps of one gesture (>= 0), such as a slider's, merge."""

    def __init__(self, document: "Document", before: State, after: State, label: str, gesture: int = -1) -> None:
        super().__init__(label)
        self.before, self.after = before, after
        self._document, self._gesture = document, gesture

    def redo(self) -> None:
        self._document._show(self.after)

    def undo(self) -> None:
        self._document._show(self.before)

    def id(self) -> int:
        return self._gesture

    def mergeWith(self, other: QUndoCommand) -> bool:
        assert isinstance(other, Change)
        self.after = other.after
        self.setObsolete(self.after == self.before)
        return True


class Document(QObject):
    """One source of truth: views propose, the document changes, and tells.

    ``changed``: the network or its input; ``view_changed``: what is open; ``selected`` and ``hovered``: a path, empty
    for none; ``device_changed``: PyTorch's name of the device that it works on; ``overlays_changed``: what lies over
    the diagram; ``instruction_set_found``: what PyTorch computes with on this CPU.
    """

    changed = Signal()
    view_changed = Signal()
    selected = Signal(str)
    hovered = Signal(str)
    device_changed = Signal(str)
    overlays_changed = Signal()
    instruction_set_found = Signal()

    def __init__(self, state: State, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.undo_stack = QUndoStack(self)
        self.state = state
        self.view = View()
        self.selection = ""
        self.hover = ""
        self.device = "cpu"
        self.instruction_set = ""
        self.overlays: dict[str, Overlay] = {}
        self._is_restoring = False

    def propose(self, state: State, label: str, gesture: int = -1) -> None:
        """Make a new state the current one, as an undo step named ``label``; equal gestures (>= 0) merge."""
        if state != self.state:
            self.undo_stack.push(Change(self, self.state, state, label, gesture))

    def show_state(self, state: State) -> None:
        """Make a state the current one without a step to undo, as a part of a larger step."""
        if state != self.state:
            self._show(state)

    @property
    def history(self) -> "History":
        """Return the last steps that lead to the state and on from it, as far as each begins where one ended."""
        from resnet_explorer.scenes.session import History

        stack = self.undo_stack
        done, undone = (self._changes(places) for places in (range(stack.index()), range(stack.index(), stack.count())))
        past, coming, first, last = list[Change](), list[Change](), self.state, self.state
        for step in undone:
            if step.before != last:
                break
            coming.append(step)
            last = step.after
        for step in reversed(done):
            if step.after != first or len(past) + len(coming) >= KEPT_STEPS:
                break
            past.insert(0, step)
            first = step.before
        steps = (*past, *coming)
        return History((first, *(step.after for step in steps)), tuple(step.text() for step in steps), len(past))

    def _changes(self, places: range) -> list[Change]:
        """Return the steps at some places of the stack that change the state."""
        steps = (self.undo_stack.command(place) for place in places)
        return [step for step in steps if isinstance(step, Change) and step.before != step.after]

    def restore(self, history: "History") -> None:
        """Take over the steps of another time, where they lead to the state that is shown and nothing was done yet."""
        states, place = history.states, history.place
        fits = len(states) == len(history.labels) + 1 and 0 <= place < len(states) and states[place] == self.state
        if not fits or self.undo_stack.count():
            return
        self._is_restoring = True
        for before, after, label in zip(states, states[1:], history.labels, strict=False):
            self.undo_stack.push(Change(self, before, after, label))
        self.undo_stack.setIndex(place)
        self._is_restoring = False

    def use_device(self, key: str) -> None:
        """Let PyTorch work on another device from now on; this is no undo step."""
        if key != self.device:
            self.device = key
            self.device_changed.emit(key)

    def tell_instruction_set(self, name: str) -> None:
        """Note what PyTorch computes with on this CPU, as the engine has found."""
        self.instruction_set = name
        self.instruction_set_found.emit()

    def show_view(self, view: View) -> None:
        """Open and close parts of the diagram; this is no undo step."""
        if view != self.view:
            self.view = view
            self.view_changed.emit()

    def show_overlay(self, key: str, overlay: "Overlay | None") -> None:
        """Show something over the diagram in place of what that key shows; None shows nothing. This is no undo step.

        Overlays belong to the network that they were made for: another one has none.
        """
        if overlay is not self.overlays.get(key):
            self.overlays.pop(key, None)
            if overlay is not None:
                self.overlays[key] = overlay
            self.overlays_changed.emit()

    @property
    def measured(self) -> "BlockValues | None":
        """Return the values that blocks are coloured by; None where no overlay has any."""
        return next((tints for overlay in self.overlays.values() if (tints := overlay.tints)), None)

    def select(self, path: str) -> None:
        """Select what has this path in every view."""
        if path != self.selection:
            self.selection = path
            self.selected.emit(path)

    def hover_over(self, path: str) -> None:
        """Highlight what has this path in every view."""
        if path != self.hover:
            self.hover = path
            self.hovered.emit(path)

    def _show(self, state: State) -> None:
        if self._is_restoring:
            return
        dropped = self.overlays if state.spec != self.state.spec else {}
        if dropped:
            self.overlays = {}
        self.state = state
        self.changed.emit()
        if dropped:
            self.overlays_changed.emit()


@dataclass(frozen=True, eq=False)
class Results:
    """Everything the views show of one state; a reading is made once, when a view first asks for it."""

    state: State
    analysis: Analysis

    @cached_property
    def depth(self) -> Depth:
        return depth(self.analysis.network)

    @cached_property
    def needs(self) -> "Needs":
        from resnet_explorer.readings.needs import needs

        return needs(self.analysis)

    @cached_property
    def kept(self) -> "Kept | None":
        from resnet_explorer.readings.kept import kept

        return kept(self.analysis)


class Session(QObject):
    """Reads the document's network whenever it changes, and hands the frozen results to whoever listens."""

    results_changed = Signal(object)

    def __init__(self, document: Document) -> None:
        super().__init__(document)
        self.document = document
        self.results = read(document.state)
        document.changed.connect(self._on_document_changed)

    def _on_document_changed(self) -> None:
        self.results = read(self.document.state)
        self.results_changed.emit(self.results)


def read(state: State) -> Results:
    """Return the readings of a state; raises ExplorerError where its network cannot take its input."""
    return Results(state, analyse(compile_spec(state.spec), state.image))
