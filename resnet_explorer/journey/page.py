"""The page on which a tensor goes its way through the network."""

from collections.abc import Callable
from functools import partial
from math import ceil, floor
from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent
from PySide6.QtWidgets import QFileDialog, QLabel

from resnet_explorer.errors import ExplorerError
from resnet_explorer.journey.animation import animated
from resnet_explorer.journey.picture import journey_picture
from resnet_explorer.journey.values import Grain, JourneyPart, Stop, sentence, stops
from resnet_explorer.picture.marks import Picture
from resnet_explorer.picture.theme import LIGHT, Theme
from resnet_explorer.spec.catalogue import title
from resnet_explorer.ui.canvas import SizedCanvas
from resnet_explorer.ui.canvas_menu import place_of, show_menu
from resnet_explorer.ui.document import Document, Results
from resnet_explorer.ui.fields import ChoiceField
from resnet_explorer.ui.flow import tool_row
from resnet_explorer.ui.jobs import Jobs
from resnet_explorer.ui.parts import button, describe, hbox
from resnet_explorer.ui.play_bar import PlayBar
from resnet_explorer.ui.scene import Camera
from resnet_explorer.ui.status import LinesLabel
from resnet_explorer.ui.window import PageView
from resnet_explorer.ui.writing import Writing

PLAY_MS, STEPS, REST_STEPS = 40, 24, 12
"""Milliseconds from one picture to the next, pictures from stop to stop, and for how many it rests at a stop."""
STILL_MS = 1200
"""Milliseconds at a stop where nothing shall move."""
NAMES = {Grain.STAGES: "every stage", Grain.BLOCKS: "every block", Grain.LAYERS: "every layer"}
HELP = "Space plays and pauses, the arrow keys go to the next stop and to the one before."


class JourneyCanvas(SizedCanvas):
    """Shows a moment of the way; a click on what changes the tensor selects it.

    ``stepped`` (1 or -1) and ``play_wanted`` tell what the keys ask for.
    """

    stepped = Signal(int)
    play_wanted = Signal()

    def __init__(self, document: Document) -> None:
        super().__init__()
        self._document = document
        self.way: tuple[Stop, ...] = ()
        self.title, self.place = "", 0.0
        self.setAccessibleName("A tensor's way")
        self.setAccessibleDescription(HELP)

    def show_moment(self, place: float) -> None:
        """Show the tensor at a stop, or between two."""
        self.place = place
        self.redraw()

    def redraw(self) -> None:
        if self.way:
            self.picture = self.composed(self.width() / self._text, self.height() / self._text)
            self.camera = Camera(self._text)
            self.setAccessibleDescription(f"{self.picture.description} {HELP}")
            self.picture_changed.emit()
            self.update()

    def composed(self, wide: float, high: float) -> Picture:
        return journey_picture(self.way, self.place, (max(wide, 320.0), max(high, 260.0)), self.title)

    def clicked(self, path: str) -> None:
        self._document.select(path)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Show the menu of the picture and of what is selected."""
        self._grabbed = None
        show_menu(self, self._document, place_of(self, event, []))

    def action_of(self, event: QKeyEvent) -> Callable[[], None] | None:
        return {
            Qt.Key.Key_Left: lambda: self.stepped.emit(-1),
            Qt.Key.Key_Right: lambda: self.stepped.emit(1),
            Qt.Key.Key_Space: self.play_wanted.emit,
        }.get(Qt.Key(event.key()))


class JourneyBar(PlayBar):
    """Plays the way, and goes from stop to stop."""

    def __init__(self) -> None:
        super().__init__(PLAY_MS, "Let the tensor go its way", "Place on the way", "Where the tensor is")
        self._resting = 0
        self.is_still = False
        self.back = self.icon_button("back", "Back", "One stop back", lambda: self.go(-1))
        self.forth = self.icon_button("forward", "Step", "One stop on", lambda: self.go(1))
        self.slider.setFixedWidth(150)
        self.text = LinesLabel(2)
        hbox(self.back, self.play, self.forth, self.slider, (self.text, 1), of=self, margins=(10, 2, 10, 4))

    @property
    def place(self) -> float:
        return self.slider.value() / STEPS

    def go(self, by: int) -> None:
        """Go to the next stop, or to the one before."""
        self.stop()
        at = floor(self.place) + 1 if by > 0 else ceil(self.place) - 1
        self.slider.setValue(at * STEPS)

    def advance(self) -> None:
        """Go on by a picture, and rest at each stop; by a whole stop where nothing shall move."""
        if self.is_still:
            self.slider.setValue((floor(self.place) + 1) * STEPS - 1)
        elif self.slider.value() % STEPS == 0 and self._resting < REST_STEPS:
            self._resting += 1
            return
        self._resting = 0
        super().advance()

    def reduce_motion(self, still: bool) -> None:
        """Go from stop to stop from now on, or all the way between them."""
        self.is_still = still
        self._clock.setInterval(STILL_MS if still else PLAY_MS)


class JourneyPage(PageView):
    """The way of a tensor; its stops are the stages, the blocks or the layers."""

    canvas: JourneyCanvas

    def __init__(self, document: Document, jobs: Jobs) -> None:
        super().__init__()
        self._document = document
        self._results: Results | None = None
        self._theme: Theme = LIGHT
        self.canvas, self.bar = JourneyCanvas(document), JourneyBar()
        tip = "Where the tensor stops"
        self.by = describe(ChoiceField(((NAMES[by], by) for by in Grain), Grain), "Stops", tip)
        self.by.show_value(Grain.BLOCKS)
        tip = "Save the whole way as an SVG that moves, for a web page or slides"
        self.save = button("Save animation…", tip, self._on_save)
        self.set_parts(self.canvas, tools=(tool_row(QLabel("Stop at"), self.by, self.save), self.bar))
        self.by.value_entered.connect(self._on_by)
        self.bar.slider.valueChanged.connect(self._on_moved)
        self.canvas.stepped.connect(self.bar.go)
        self.canvas.play_wanted.connect(self.bar.play.click)
        document.selected.connect(self._on_selected)

    def show_results(self, results: Results) -> None:
        """Follow another network: the tensor starts again where that has other stops."""
        self._results = results
        self._show_way()

    def show_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.canvas.show_theme(theme)

    def reduce_motion(self, still: bool) -> None:
        self.bar.reduce_motion(still)

    def part(self) -> JourneyPart:
        return JourneyPart(self.by.chosen, round(self.bar.place))

    def show_part(self, part: JourneyPart) -> None:
        self.bar.stop()
        self.by.show_value(part.by)
        self._show_way()
        self.bar.slider.setValue(part.stop * STEPS)

    def _show_way(self) -> None:
        if self._results is None:
            return
        before = [stop.path for stop in self.canvas.way]
        self.canvas.way = stops(self._results.analysis, self.by.chosen)
        self.canvas.title = f"A tensor's way through {title(self._results.state.spec)}"
        last = (len(self.canvas.way) - 1) * STEPS
        is_same = before == [stop.path for stop in self.canvas.way]
        with QSignalBlocker(self.bar.slider):
            self.bar.slider.setRange(0, last)
            self.bar.slider.setPageStep(STEPS)
            self.bar.slider.setValue(self.bar.slider.value() if is_same else 0)
        self._on_moved()

    def _on_by(self) -> None:
        """Keep the place where the new stops have it; the selected layer where it lies there."""
        at, selected = self.canvas.way[round(self.bar.place)].path, self._document.selection
        self.bar.stop()
        self._show_way()
        self._go_to(selected if at and selected.startswith(f"{at}.") else at)

    def _go_to(self, path: str) -> None:
        """Go to the stop of a part of the network, else to the nearest thing around it."""
        assert self._results
        around = (path, *self._results.analysis.network.ancestors(path)) if path else ()
        paths = [stop.path for stop in self.canvas.way]
        for name in filter(None, around):
            inside = [place for place, known in enumerate(paths) if known == name or known.startswith(f"{name}.")]
            if inside:
                self.bar.slider.setValue(inside[-1] * STEPS)
                return

    def _on_selected(self, path: str) -> None:
        if self.isVisible() and path and not self.bar.playing:
            self._go_to(path)

    def _on_moved(self) -> None:
        if not self.canvas.way:
            return
        place = self.bar.place
        at = round(place)
        before = self.canvas.way[at - 1] if at else None
        self.bar.text.setText(sentence(before, self.canvas.way[at]))
        self.canvas.show_moment(place)
        if not self.bar.playing:
            self.part_changed.emit()

    def _on_save(self) -> None:
        assert self._results
        name = f"{self._results.state.spec.name}-journey.svg"
        chosen, _ = QFileDialog.getSaveFileName(self, "Save animation", name, "Animated SVG (*.svg)")
        if not chosen:
            return
        self.bar.text.setText(f"Saving {Path(chosen).name}…")
        make = partial(animated, self.canvas.way, self._theme, self.canvas.title)
        Writing(self, Path(chosen), make, partial(self._on_saved, Path(chosen).name))

    def _on_saved(self, name: str, error: ExplorerError | None) -> None:
        self.bar.text.setText(str(error) if error else f"Saved {name}.")
