"""The dialog of what the app keeps on disk to save work: how much that is, its budget, and buttons to clear it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QLabel, QLayout

from resnet_explorer import features
from resnet_explorer.readings.text import in_bytes
from resnet_explorer.runs import kept_results
from resnet_explorer.runs.kept_results import MEGABYTE
from resnet_explorer.ui.dialogs import resize_to_fit
from resnet_explorer.ui.fields import NumberField, no_number, out_of_range
from resnet_explorer.ui.parts import Problem, button, describe, hbox, label, vbox
from resnet_explorer.ui.preferences import results_folder
from resnet_explorer.ui.window import Window

ABOUT = "Kept on this disk so that it is not computed again. What is cleared is computed anew when it is next needed."
TIP = "Measurements: gradients, times, verifications, loss surfaces, lesions, paths, views of trained networks"
MOST_MEGABYTES = 1_000_000
LEAST = 100_000
"""Fewer bytes than this, but not none, are shown as so many."""


@dataclass(frozen=True, slots=True)
class Store:
    """What is kept on disk for one purpose; ``budget`` is the most bytes that it may take, 0 for none of it.

    ``trim`` keeps to a budget that was chosen, where choosing it does not.
    """

    title: str
    tip: str
    size: Callable[[], int]
    clear: Callable[[], None]
    budget: Callable[[], int]
    choose_budget: Callable[[int], None]
    trim: Callable[[int], None] = lambda budget: None


def stores(window: Window) -> tuple[Store, ...]:
    """Return the results of measurements, and what the labs keep besides."""

    def choose_budget(count: int) -> None:
        window.remember(replace(window.preferences, kept_megabytes=count // MEGABYTE))

    folder = results_folder()
    results = Store(
        "Kept results",
        TIP,
        partial(kept_results.size, folder),
        partial(kept_results.clear, folder),
        lambda: window.preferences.kept_megabytes * MEGABYTE,
        choose_budget,
        partial(kept_results.trim, folder),
    )
    rows = ((row, row.size, row.clear, row.budget, row.choose_budget) for row in features.caches())
    return (results, *(Store(row.title, row.tip, *map(features.resolve, functions)) for row, *functions in rows))


def show(window: Window, checked: bool) -> None:
    """Show how much is kept on disk."""
    dialog = DiskSpaceDialog(window)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.show()


class DiskSpaceDialog(QDialog):
    """Shows each store with its size, its budget and Clear; files are looked at and deleted on a thread."""

    _measured = Signal(object, int)

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self.setWindowTitle("Disk space")
        self._thread = ThreadPoolExecutor(1, "disk space")
        self.problem = Problem()
        self.sizes: dict[Store, QLabel] = {}
        self.budgets: dict[Store, NumberField] = {}
        self._chosen: dict[Store, int] = {}
        self.clears = {store: button("Clear", f"Delete all of it: {store.title}") for store in stores(window)}
        blocks = [self._block(store) for store in self.clears]
        close = button("Close", "", self.reject)
        close.setAutoDefault(False)  # Enter in a field is for the field
        last, edges = hbox(1, close), (12, 12, 12, 9)
        vbox(label(ABOUT, wrap=True), *blocks, self.problem, 1, last, of=self, margins=edges, spacing=14)
        resize_to_fit(self, 460, 110 + 105 * len(blocks))
        self._measured.connect(self._on_measured)
        for store in self.clears:
            self._look(store)

    def _block(self, store: Store) -> QLayout:
        self.sizes[store] = label("…")
        field = self.budgets[store] = describe(NumberField(0, MOST_MEGABYTES), f"Budget of {store.title}, in MB")
        field.setToolTip("Megabytes at most: what was not used for longest is deleted first; 0 keeps none")
        field.show_value(store.budget() // MEGABYTE)
        field.value_entered.connect(partial(self._on_budget, store))
        field.confirmed.connect(self._apply)
        field.focus_left.connect(self._apply)
        field.invalid_entered.connect(lambda text: self.problem.say(no_number(text, "200")))
        clear = self.clears[store]
        clear.setAccessibleName(f"Clear: {store.title}")
        clear.clicked.connect(partial(self._on_clear, store))
        name, at_most = label(store.title, "strong"), label("At most")
        at_most.setBuddy(field)
        return vbox(
            hbox(name, 1, self.sizes[store]),
            label(f"{store.tip}.", "muted", wrap=True),
            hbox(at_most, field, label("MB"), 1, clear),
            spacing=4,
        )

    def _look(self, store: Store, first: Callable[[], None] = lambda: None) -> None:
        """Show how much is kept, once something was done on the thread first."""

        def work() -> None:
            first()
            self._measured.emit(store, store.size())

        self._thread.submit(work)

    def _on_measured(self, store: Store, size: int) -> None:
        shown = max(size, LEAST) if size else 0
        self.sizes[store].setText(f"{in_bytes(shown)} of {in_bytes(store.budget())}")

    def _on_budget(self, store: Store, value: int) -> None:
        problem = out_of_range(value, 0, MOST_MEGABYTES)
        self.problem.say(problem)
        if not problem:
            self.budgets[store].show_value(value)
            self._chosen[store] = value * MEGABYTE

    def _apply(self) -> None:
        """Keep to the budgets that were chosen: not while they are typed, digit by digit."""
        for store, budget in self._chosen.items():
            store.choose_budget(budget)
            self._look(store, partial(store.trim, budget))
        self._chosen.clear()

    def _on_clear(self, store: Store) -> None:
        self._look(store, store.clear)

    def done(self, result: int) -> None:
        self._apply()
        self._thread.shutdown(wait=False)
        super().done(result)
