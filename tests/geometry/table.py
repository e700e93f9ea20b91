"""Goes through all scenes at all sizes, and writes down what is wrong."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QApplication
from shiboken6 import delete

from tests.geometry.checks import failures, first_of_each
from tests.geometry.desk import Desk, Scene, open_desk
from tests.geometry.dialogs import DIALOGS, Dialog
from tests.geometry.scenes import Drawers, opened, scenes

SIZES = ((1024, 700), (1280, 720), (1280, 800), (1920, 1080), (3840, 2160))
COLOURS_ONLY = {"dark": SIZES[1:2]}
"""Themes that differ from another one in nothing but colours, and the sizes at which they are looked at."""
TEXTS = (100, 150)


class Row(NamedTuple):
    """A thing that is wrong in a state."""

    page: str
    state: str
    size: str
    theme: str
    text: int
    what: str

    def __str__(self) -> str:
        return " | ".join(map(str, self))


class Table(NamedTuple):
    """How many states were looked at, and what is wrong in them."""

    states: int
    rows: tuple[Row, ...]

    @property
    def failed(self) -> int:
        """Return the number of states in which anything is wrong."""
        return len({row[:5] for row in self.rows})

    def __str__(self) -> str:
        return "\n".join([*map(str, self.rows), f"{self.failed} of {self.states} states fail"])


def look_at_everything(app: QApplication, theme: str, text: int) -> Table:
    """Return what is wrong in any state of a window in a theme, with its text enlarged to so many per cent."""
    desk = open_desk(app, theme, text)
    rows: list[Row] = []
    states = 0
    for scene in _all(desk):
        for size in COLOURS_ONLY.get(theme, SIZES):
            states += 1
            shown = QSize(*size)
            rows += [
                Row(scene.page, scene.state, "x".join(map(str, size)), theme, text, what)
                for what in first_of_each(_look(desk, scene, shown))
            ]
    desk.window.close()
    delete(desk.window)
    return Table(states, tuple(rows))


def _all(desk: Desk) -> Iterator[Any]:
    for scene in scenes():
        for one in opened(desk, scene) if isinstance(scene, Drawers) else (scene,):
            desk.resize(QSize(1280, 800))
            one.arrange(desk)
            desk.settle()
            yield one
    yield from DIALOGS


def _look(desk: Desk, scene: Scene | Dialog, size: QSize) -> Iterator[str]:
    desk.resize(size)
    if isinstance(scene, Scene):
        yield from failures(desk.window, size)
        return
    dialog = scene.make(desk)
    dialog.setUpdatesEnabled(False)
    dialog.show()
    desk.settle()
    yield from failures(dialog, size)
    dialog.close()
    dialog.deleteLater()
    desk.settle()
