"""The training lab on the stage: one curve after the other, and every run from its first step."""

import time
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QTimer

from resnet_explorer.insight.stage import InsideShow
from resnet_explorer.picture.chart import Axis, Chart, HeatMap, Scale, heatmap
from resnet_explorer.picture.marks import Picture
from resnet_explorer.readings.quantities import Quantity
from resnet_explorer.runs.plan import Run
from resnet_explorer.training.block_charts import BLOCKWISE, block_plot, heat
from resnet_explorer.training.chart_data import Options, Traced, measure_words, traced
from resnet_explorer.training.charts import TrainingCharts
from resnet_explorer.training.page import TrainingPage
from resnet_explorer.training.part import Measure, TrainingPart
from resnet_explorer.training.run_view import RunPictures
from resnet_explorer.ui.slide import Control, ControlKind, Presentation, Slide, chart_picture, first_sentence, join
from resnet_explorer.ui.window import Window

PLAY_SECONDS, TICK_MS, STOPS = 10.0, 100, 10
"""A replay takes so long, is drawn so often, and has so many places where the arrow keys stop."""
CURVES = (Measure.TRAIN_LOSS, Measure.TRAIN_ERROR, Measure.TEST_ERROR)
BLOCKS, HEAT = f"blocks:{Quantity.OUTPUT}", f"heat:{Quantity.OUTPUT}"
SENTENCES = {
    Measure.TRAIN_ERROR: "The same in images: the part of each training batch that is misclassified.",
    Measure.TEST_ERROR: "Images that no network was trained on: the part of them that is misclassified.",
    BLOCKS: "How much of the gradient of the loss reaches each block, at this step.",
    HEAT: "How much of the gradient of the loss reaches each block, from the first step on.",
}


CLAIMS = {
    "degradation": "The deeper plain net is worse on its own training images. So this is not over-fitting.",
    "vanishing": "Without batch norm both plain nets stay at chance; with shortcuts the same layers learn.",
    "figure-6": "Deeper plain nets get worse, deeper residual nets get better: figure 6 of the paper.",
    "depth": "With shortcuts 110 layers learn; 1202 layers need branches that start at 0.",
    "stochastic-depth": "A network learns while a quarter of its blocks is skipped at every step.",
    "init": "Without a norm the initialisation decides: He's learns, the others stay at chance.",
    "zero-init": "At this large rate only the network whose blocks start as their shortcuts learns at once.",
}
"""What each experiment shows, in a sentence for the back row."""


class RunsShow(Presentation):
    """Shows curves of runs; a subclass says which runs, and what is said of them."""

    keys = "← → step, next curve · ↑ ↓ curve · Space play"

    def __init__(self, pictures: RunPictures) -> None:
        super().__init__()
        self._pictures = pictures
        self.curve, self.part = 0, 1.0
        self._charts = TrainingCharts()
        self._then = 0.0
        self._axes: dict[tuple[object, ...], Axis] = {}
        self._clock = QTimer(self, interval=TICK_MS)
        self._clock.timeout.connect(self._on_tick)

    @property
    def runs(self) -> Sequence[Run]:
        """Return all runs with all their steps."""
        raise NotImplementedError

    @property
    def is_recorded(self) -> bool:
        """Return whether the runs are recordings, which are played."""
        return True

    @property
    def kinds(self) -> tuple[str, ...]:
        """Return the curves that the runs have, and the charts of blocks that are chosen on the page."""
        metrics = [metric for run in self.runs for metric in run.metrics]
        has_tests = any(metric.test_accuracy is not None for metric in metrics)
        has_blocks = any(metric.blocks for metric in metrics)
        curves = CURVES if has_tests else CURVES[:2]
        chosen = (pane.key for pane in (self._pictures.first, self._pictures.second) if ":" in pane.key)
        return (*map(str, curves), *(dict.fromkeys((BLOCKS, HEAT, *chosen)) if has_blocks else ()))

    def _begin(self) -> None:
        """Begin with what the page shows."""
        key, kinds = self._pictures.first.key, self.kinds
        self.curve = kinds.index(key) if key in kinds else 0

    @property
    def kind(self) -> str:
        return self.kinds[min(self.curve, len(self.kinds) - 1)]

    def at(self, part: float) -> tuple[Run, ...]:
        """Return the runs up to a part of all steps."""
        if part >= 1:
            return tuple(self.runs)
        last = part * max((run.metrics[-1].step for run in self.runs if run.metrics), default=0)
        return tuple(
            replace(run, metrics=run.metrics[: bisect_right(run.metrics, last, key=lambda metric: metric.step)])
            for run in self.runs
        )

    def step(self, by: int) -> None:
        """Go on in time; at the end to the next curve, before its begin to the one before."""
        self._clock.stop()
        place = round(self.part * STOPS)
        if (by > 0 and place >= STOPS) or (by < 0 and self.curve > 0 and place >= STOPS):
            self.curve = max(0, min(len(self.kinds) - 1, self.curve + by))
        else:
            self.part = min(STOPS, max(0, place + by)) / STOPS
        self.changed.emit()

    def turn(self, by: int) -> None:
        self.curve = (self.curve + by) % len(self.kinds)
        self.changed.emit()

    def play(self) -> None:
        if self._clock.isActive():
            self._clock.stop()
        elif self.is_recorded:
            self.part = 0.0 if self.part >= 1 else self.part
            self._then = time.monotonic()
            self._clock.start()
        self.changed.emit()

    def leave(self) -> None:
        self._clock.stop()

    def _on_tick(self) -> None:
        now = time.monotonic()
        self.go(self.part + (now - self._then) / PLAY_SECONDS)
        self._then = now
        if self.part >= 1:
            self._clock.stop()

    def go(self, part: float) -> None:
        """Show a part of all steps."""
        self.part = min(1.0, max(0.0, part))
        self.changed.emit()

    @property
    def controls(self) -> Sequence[Control]:
        runs = self.at(self.part)
        made = max((len(run.metrics) for run in runs), default=0)
        of = max((run.plan.recipe.steps for run in runs), default=0)
        playing = self._clock.isActive()
        plays = Control(ControlKind.PLAY, "Pause" if playing else "Play", lambda _: self.play(), float(playing))
        moment = Control(ControlKind.SLIDER, f"step {made:,} of {of:,}", self.go, self.part)
        named = {"heat": "Blocks by steps", "blocks": "Blocks"}.get(self.kind.partition(":")[0])
        curve = Control(ControlKind.CHOICE, named or self._title(traced(runs)), lambda by: self.turn(int(by)))
        return (plays, moment, curve) if (self.is_recorded and made + len(runs) > len(runs)) or of else (curve,)

    def _title(self, shown: Sequence[Traced]) -> str:
        kind, _, quantity = self.kind.partition(":")
        if not quantity:
            return measure_words(Measure(kind), shown).title
        label = BLOCKWISE[quantity].label
        return f"{label}, step by step" if kind == "heat" else label

    @property
    def heat_map(self) -> HeatMap | None:
        """Return the heat map of the run that is selected on the page; None where none is shown or measured."""
        kind, _, quantity = self.kind.partition(":")
        now = traced(self.at(self.part))
        if kind != "heat" or not now:
            return None
        made = heat(now[min(self._pictures.table.place, len(now) - 1)], quantity, Options(replayed=self.is_recorded))
        return replace(made, title="", subtitle="", notes=(), y_title="block") if made else None

    def chart(self) -> Chart:
        """Return the chart of now; its axes are those of the whole runs, so that curves grow into them."""
        options = Options(replayed=self.is_recorded)
        now = traced(self.at(self.part))
        _, _, quantity = self.kind.partition(":")
        if quantity:
            return block_plot(now, quantity, options)
        measure = Measure(self.kind)
        made = self._charts.curves(now, measure, options)
        if self.part >= 1 or not any(run.metrics for run in self.runs):
            return made
        steps = float(max(run.metrics[-1].step + 1 for run in self.runs if run.metrics))
        axis = self._whole_axis(measure, options)
        if axis.scale is Scale.LINEAR:
            made = replace(made, y_axis=axis)
        return replace(made, x_axis=replace(made.x_axis, low=1.0, high=steps))

    def _whole_axis(self, measure: Measure, options: Options) -> Axis:
        """Return the y axis of the whole runs, worked out once."""
        key = (measure, *(len(run.metrics) for run in self.runs))
        if key not in self._axes:
            self._axes = {key: TrainingCharts().curves(traced(self.runs), measure, options).y_axis}
        return self._axes[key]

    @property
    def heading(self) -> str:
        """Return what is shown, before the name of the curve."""
        return ""

    @property
    def said(self) -> str:
        """Return the sentence of the first curve."""
        return ""

    @property
    def note(self) -> str:
        """Return where the runs come from."""
        runs = self.runs
        seeds = ", ".join(dict.fromkeys(f"{run.plan.seed}" for run in runs))
        devices = join(*dict.fromkeys(run.plan.device.upper() for run in runs))
        smooth = self.kind in (Measure.TRAIN_LOSS, Measure.TRAIN_ERROR) and Options().smoothing
        how = f"smoothed {Options().smoothing:g}" if smooth else ""
        images = ", ".join(dict.fromkeys(run.plan.data.title for run in runs))
        return join("recorded" if self.is_recorded else "", devices, f"seed {seeds}", images, how)

    def slide(self) -> Slide:
        kind, heading = self.kind, self.heading
        curve = self._title(traced(self.runs))
        title = f"{heading}: {curve[:1].lower()}{curve[1:]}" if heading else curve
        sentence = SENTENCES.get(kind, self.said) if kind != CURVES[0] else self.said
        shown = self.heat_map
        if shown is None:
            return Slide(title, chart_picture(self.chart()), "", sentence, self.note)
        run = self.runs[min(self._pictures.table.place, len(self.runs) - 1)]

        def draw(wide: float, high: float) -> Picture:
            return heatmap(shown, wide, high)

        return Slide(title, draw, run.plan.name, sentence, self.note)


class TrainingShow(RunsShow):
    """Shows the runs of the training lab: a recording, the runs of now, or what would be trained."""

    def __init__(self, window: Window, page: TrainingPage) -> None:
        super().__init__(page.pictures)
        self._page = page
        self._names: tuple[str, ...] = ()
        self._begin()
        page.trainer.changed.connect(self.changed)

    @property
    def is_recorded(self) -> bool:
        return self._page.replay.is_on

    @property
    def runs(self) -> Sequence[Run]:
        runs = self._page.replay.recording if self._page.replay.is_on else self._page.runs
        return [run for run in runs if not self._names or run.plan.name in self._names]

    def show_part(self, part: TrainingPart) -> None:
        self._names, self.part = part.show, part.replay
        self.curve = self.kinds.index(part.curve) if part.curve in self.kinds else 0
        self.changed.emit()

    @property
    def heading(self) -> str:
        preset = self._page.setup.preset
        return preset.title if preset else ""

    @property
    def said(self) -> str:
        preset = self._page.setup.preset
        if not any(run.metrics for run in self.runs):
            return "Press Start in the window to train these networks."
        return (
            CLAIMS.get(preset.key, first_sentence(preset.look_for))
            if preset
            else "The same images in the same order for every network."
        )


def show(window: Window, page: TrainingPage) -> Presentation:
    """Return the presentation of the view that is open: of the runs, or of the one that is inspected."""
    is_inspecting = page.views.currentWidget() is page.inside
    return InsideShow(window, page.inside) if is_inspecting else TrainingShow(window, page)
