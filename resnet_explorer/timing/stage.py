"""Timing on the stage: the roofline, and on it one layer after the other, the slowest first."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from resnet_explorer.picture.chart import Chart
from resnet_explorer.picture.chart.markers import Frame
from resnet_explorer.picture.marks import Anchor, Area, Box, Ink, Label, Mark, Picture, Style, width
from resnet_explorer.readings.text import mib, si
from resnet_explorer.spec.catalogue import title
from resnet_explorer.timing.charts import chart_of_times, waits
from resnet_explorer.timing.page import TimingPage
from resnet_explorer.timing.values import Limit, Measured, Timed
from resnet_explorer.ui.slide import (
    CROPPED,
    Control,
    ControlKind,
    Presentation,
    Slide,
    join,
    text_picture,
    thick_chart,
)
from resnet_explorer.ui.window import Window

NAME, RING = 12, 8.0


class TimingShow(Presentation):
    """Shows the measurement of the page, which is started where there is none."""

    keys = "← → next slowest layer"

    def __init__(self, window: Window, page: TimingPage) -> None:
        super().__init__()
        self._window, self._page = window, page
        self.place = -1
        window.jobs.changed.connect(self._on_jobs)
        page.canvas.picture_changed.connect(self.changed)
        if page.measured is None:
            page.ask()

    def _on_jobs(self) -> None:
        if self._page.measured is None:  # else it is shown, and the picture tells of another one
            self.changed.emit()

    def leave(self) -> None:
        self._window.jobs.changed.disconnect(self._on_jobs)

    @property
    def layers(self) -> list[Timed]:
        """Return the layers that are in the plot, the slowest first."""
        measured = self._page.measured
        rows = measured.timing.rows if measured else ()
        return sorted((row for row in rows if row.work.intensity and row.rate), key=lambda row: -row.both)

    def step(self, by: int) -> None:
        self.place = max(-1, min(len(self.layers) - 1, self.place + by))
        self.changed.emit()

    def go(self, part: float) -> None:
        """Show the layer at a part of all."""
        self.place = round(part * (len(self.layers) - 1))
        self.changed.emit()

    @property
    def controls(self) -> Sequence[Control]:
        count = len(self.layers)
        if not count:
            return ()
        text = f"layer {self.place + 1} of {count}, by time" if self.place >= 0 else f"{count} layers"
        return (Control(ControlKind.SLIDER, text, self.go, max(0, self.place) / max(1, count - 1)),)

    def slide(self) -> Slide:
        measured = self._page.measured
        if measured is None:
            problem = self._page.problem.text()
            name = title(self._window.document.state.spec)
            return Slide("What limits each layer", text_picture(problem or "Measuring the time of each layer"), name)
        job, timing, peaks = measured.job, measured.timing, measured.peaks
        chart = chart_of_times(measured)
        layer = self.layers[self.place] if 0 <= self.place < len(self.layers) else None
        whole = timing.whole
        back = f", backward {_ms(whole.backward.median)}" if whole.backward else ""
        facts = join(title(job.spec), f"forward {_ms(whole.forward.median)}{back}")
        said = _said(measured, layer) if layer else f"{waits(timing, peaks)}."
        setting = timing.setting
        note = join(setting.title, f"batch {job.image.batch}", job.image.text(job.spec.dims))
        return Slide("What limits each layer", partial(_draw, chart, layer), facts, said, note)


def _said(measured: Measured, layer: Timed) -> str:
    limit = measured.peaks.limit(layer.work)
    part = 100 * layer.both / (measured.timing.whole.both or 1.0)
    why = {
        Limit.MEMORY: f"it moves {mib(layer.work.bytes)}, and memory limits it",
        Limit.ARITHMETIC: f"it does {si(layer.work.flops)}FLOPs, and arithmetic limits it",
        None: "nothing limits it",
    }[limit]
    return f"{layer.path} takes {_ms(layer.both)}, {part:.1f} % of the time: {why}."


def _draw(chart: Chart, layer: Timed | None, wide: float, high: float) -> Picture:
    """Return the roofline; the layer that is told of has a ring and its name."""
    if layer is None:
        return thick_chart(chart, wide, high).picture
    unlabelled = tuple(replace(guide, label="") for guide in chart.guides)  # the layer's name needs the room
    drawn = thick_chart(replace(chart, guides=unlabelled), wide, high)
    scale, frame = drawn.scale, drawn.scale.frame
    x, y = scale.x.px(layer.work.intensity or 0.0), scale.y.px(layer.rate) - CROPPED / 2
    long = width(layer.path, NAME, Style.SEMIBOLD)
    is_left = x + RING + 8 + long > frame.right
    at = x - RING - 6 if is_left else x + RING + 6
    base = min(max(y + 4, frame.top + NAME + 2 - CROPPED / 2), frame.bottom - 6 - CROPPED / 2)
    left = at - long if is_left else at
    plate = Frame(left - 3, base - NAME, left + long + 3, base + 4)
    marks: tuple[Mark, ...] = (
        Box(x - RING, y - RING, 2 * RING, 2 * RING, None, Ink.CHANGED, 3.0, RING),
        Area(plate.corners, Ink.PAGE, opacity=0.9),
        Label(at, base, layer.path, NAME, Ink.CHANGED, Anchor.END if is_left else Anchor.START, Style.SEMIBOLD),
    )
    return replace(drawn.picture, marks=(*drawn.picture.marks, *marks))


def _ms(seconds: float) -> str:
    return f"{seconds * 1e3:,.3g} ms" if seconds < 1 else f"{seconds:,.2f} s"
