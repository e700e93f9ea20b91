"""A chart whose values grow: drawn and painted in pieces, so that the window never waits for it."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby

from resnet_explorer.picture.chart import Axis, Chart, Strip
from resnet_explorer.picture.marks import Group, Mark, Picture
from resnet_explorer.ui.chart_view import ChartView
from resnet_explorer.ui.painter import blank, paint_onto


class LiveChartView(ChartView):
    """Shows a chart at once by ``show_chart``, or by ``showing`` in pieces, as ``Turns`` does them."""

    def showing(
        self, chart: Chart, strips: tuple[Strip, ...] = (), value: Axis | None = None, text: str = ""
    ) -> Iterator[None]:
        """Show another chart as ``show_chart`` does, in pieces: what was there is seen until all of it is painted."""
        if not self.isVisible():  # nobody waits for its pixels
            self.show_chart(chart, strips, value, text)
            return
        before = self._user_choices()
        made = self._wanted(chart, strips, value, text)
        drawn = self._draw(made)
        yield
        pixels = blank(self.size(), self.devicePixelRatioF(), self._theme)
        for part in _parts(drawn.picture):
            paint_onto(pixels, part, self._theme)
            yield
        if self._user_choices() != before:
            self.show_chart(chart, strips, value, text)
            return
        self.chart = made
        self._take(drawn)
        self._kept = drawn.picture, self._theme, self.devicePixelRatioF(), pixels

    def _user_choices(self) -> tuple[object, ...]:
        """Return what the picture of a chart depends on besides its values."""
        axes = (self.chart.x_axis, self.chart.y_axis) if self.chart and self._is_zoomed else None
        return self.size(), self.devicePixelRatioF(), self._theme, self._text, self._hidden, axes


def _parts(picture: Picture) -> Iterator[Picture]:
    """Yield a picture as several that lie over each other: each curve takes long, and all else takes little."""

    def is_curve(mark: Mark) -> bool:
        return isinstance(mark, Group) and mark.kind == "series"

    for heavy, marks in groupby(picture.marks, is_curve):
        for part in [(mark,) for mark in marks] if heavy else [tuple(marks)]:
            yield replace(picture, marks=part)
