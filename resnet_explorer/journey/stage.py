"""The tensor's way on the stage: one stop after the other, as large as the screen."""

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QTimer

from resnet_explorer.journey.page import NAMES, PLAY_MS, REST_STEPS, STEPS, STILL_MS, JourneyPage
from resnet_explorer.journey.picture import journey_picture
from resnet_explorer.journey.values import Grain, Stop, sentence, stops
from resnet_explorer.picture.marks import Picture
from resnet_explorer.spec.catalogue import title
from resnet_explorer.ui.slide import Control, ControlKind, Presentation, Slide
from resnet_explorer.ui.window import Window


class JourneyShow(Presentation):
    """Goes the way of the page's tensor from where that is."""

    keys = "← → stop · ↑ ↓ stages, blocks, layers · Space play"

    def __init__(self, window: Window, page: JourneyPage) -> None:
        super().__init__()
        self._window, self._is_still, self._resting = window, page.bar.is_still, 0
        self.by, self.frame = Grain(page.by.chosen), round(page.bar.place) * STEPS
        self._clock = QTimer(self, interval=STILL_MS if self._is_still else PLAY_MS)
        self._clock.timeout.connect(self._on_tick)
        window.session.results_changed.connect(self.changed)

    def leave(self) -> None:
        self._clock.stop()
        self._window.session.results_changed.disconnect(self.changed)

    @property
    def way(self) -> tuple[Stop, ...]:
        """Return the stops of the network that is shown."""
        return stops(self._window.session.results.analysis, self.by)

    @property
    def last(self) -> int:
        """Return the number of the last picture."""
        return (len(self.way) - 1) * STEPS

    @property
    def place(self) -> float:
        """Return the stop that is shown, or how far between two; the last one where the network has become shorter."""
        return min(self.frame, self.last) / STEPS

    def _move(self, frame: int) -> None:
        self.frame = max(0, min(self.last, frame))
        self.changed.emit()

    def step(self, by: int) -> None:
        self._clock.stop()
        at = self.frame // STEPS if by > 0 else -(-self.frame // STEPS)
        self._move((at + by) * STEPS)

    def turn(self, by: int) -> None:
        """Stop at coarser or finer places, at the same part of the way."""
        kinds, part = list(Grain), self.frame / max(1, self.last)
        self.by = kinds[max(0, min(len(kinds) - 1, kinds.index(self.by) + by))]
        self._move(round(part * (len(self.way) - 1)) * STEPS)

    def play(self) -> None:
        if self._clock.isActive():
            self._clock.stop()
        else:
            self.frame = 0 if self.frame >= self.last else self.frame
            self._clock.start()
        self.changed.emit()

    def _on_tick(self) -> None:
        if not self._is_still and self.frame % STEPS == 0 and self._resting < REST_STEPS:
            self._resting += 1
            return
        self._resting = 0
        self._move(self.frame + (STEPS if self._is_still else 1))
        if self.frame >= self.last:
            self._clock.stop()

    def go(self, part: float) -> None:
        """Show the stop at a part of the way."""
        self._move(round(part * (len(self.way) - 1)) * STEPS)

    @property
    def controls(self) -> Sequence[Control]:
        playing, place, stop = self._clock.isActive(), self.place, len(self.way) - 1
        text = f"stop {round(place)} of {stop}"
        return (
            Control(ControlKind.PLAY, "Pause" if playing else "Play", lambda _: self.play(), float(playing)),
            Control(ControlKind.SLIDER, text, self.go, place / max(1, stop)),
            Control(ControlKind.CHOICE, NAMES[self.by], lambda by: self.turn(int(by))),
        )

    def slide(self) -> Slide:
        way, place = self.way, self.place
        at = round(place)
        said = sentence(way[at - 1] if at else None, way[at])
        heading = f"A tensor's way through {title(self._window.document.state.spec)}"
        return Slide(heading, partial(_draw, way, place), sentence=said)


def _draw(way: Sequence[Stop], place: float, wide: float, high: float) -> Picture:
    return journey_picture(way, place, (wide, high))
