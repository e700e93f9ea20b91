"""The gradient lab on the stage: one experiment after the other, each measured when it is shown."""

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QTimer

from resnet_explorer.engine.jobs import Job
from resnet_explorer.gradients.charts import gradient_plot, lab_chart, step_plot
from resnet_explorer.gradients.descent import Descent, DescentStep
from resnet_explorer.gradients.page import GradientPage
from resnet_explorer.gradients.part import GradientPart
from resnet_explorer.gradients.pictures import PLAY_MS
from resnet_explorer.gradients.presets import PRESETS, Preset
from resnet_explorer.gradients.recorded import find_recorded
from resnet_explorer.gradients.tables import LabResult, table_of
from resnet_explorer.gradients.values import GradientResult
from resnet_explorer.readings.quantities import IN_TRAINING, WORDS, Quantity
from resnet_explorer.ui.slide import (
    Control,
    ControlKind,
    Presentation,
    Slide,
    chart_picture,
    first_sentence,
    join,
    text_picture,
)
from resnet_explorer.ui.window import Window

OWN = ""
"""The key of what the page shows itself."""
STOPS = 5
"""A training has so many places where the arrow keys stop."""


class GradientShow(Presentation):
    """Shows what the page has measured, then every experiment; what it measures itself is its own."""

    keys = "← → experiment, step · ↑ ↓ quantity · Space play"

    def __init__(self, window: Window, page: GradientPage) -> None:
        super().__init__()
        self._window, self._page = window, page
        self._results: dict[str, LabResult] = {}
        self._recorded: set[str] = set()
        self._problems: dict[str, str] = {}
        self._job = 0
        self.key = page.preset.key if page.preset else OWN
        self.quantity = Quantity(page.quantity.currentData())
        self.part = 1.0
        self._clock = QTimer(self, interval=PLAY_MS)
        self._clock.timeout.connect(self._on_tick)
        window.jobs.changed.connect(self._on_jobs)
        page.values_changed.connect(self.changed)

    @property
    def preset(self) -> Preset | None:
        return PRESETS.get(self.key)

    @property
    def result(self) -> LabResult | None:
        """Return what is known of the experiment: from the page if it shows it, else recorded or measured here."""
        shown = self._page.preset.key if self._page.preset else OWN
        return self._page.shown if shown == self.key else self._results.get(self.key)

    @property
    def moment(self) -> DescentStep | None:
        """Return the step of a training that is shown."""
        measured = self.result.measured if isinstance(self.result, Descent) else ()
        return measured[round(self.part * (len(measured) - 1))] if measured else None

    def step(self, by: int) -> None:
        place = round(self.part * STOPS) + by
        if self.moment and 0 <= place <= STOPS:
            self._clock.stop()
            self.go(place / STOPS)
            return
        keys = [*([OWN] if self._page.preset is None else []), *PRESETS]
        at = keys.index(self.key) + by if self.key in keys else 0
        self._show(keys[max(0, min(len(keys) - 1, at))], 0.0 if by > 0 else 1.0)

    def show_part(self, part: GradientPart) -> None:
        self.quantity, measured = part.shows, self.result.measured if isinstance(self.result, Descent) else ()
        if part.step >= 0 and len(measured) > 1:
            before = [place for place, moment in enumerate(measured) if moment.number <= part.step]
            self.part = max(before, default=0) / (len(measured) - 1)
        self.changed.emit()

    def _show(self, key: str, part: float) -> None:
        if key == self.key:
            return
        self._clock.stop()
        self.key, self.part = key, part
        if self.preset:
            self.quantity = self.preset.shows
        self.ask()
        self.changed.emit()

    def ask(self) -> None:
        """Show the recording of an experiment of which nothing is known yet; where there is none, measure it."""
        preset = self.preset
        if preset is None or self.result is not None or preset.key in self._problems:
            return
        is_kept = self._window.jobs.has_kept(preset.request)
        if not is_kept and (recording := find_recorded(preset.request)) is not None:
            self._results[preset.key] = recording
            self._recorded.add(preset.key)
            return
        self._window.jobs.cancel(self._job)
        then, otherwise = partial(self._on_result, preset.key), partial(self._on_problem, preset.key)
        self._job = self._window.jobs.submit(preset.request, preset.title, then, otherwise, so_far=then)

    def _on_result(self, key: str, job: Job, result: object) -> None:
        assert isinstance(result, LabResult)
        self._results[key] = result
        self.changed.emit()

    def _on_problem(self, key: str, problem: str) -> None:
        self._problems[key] = problem
        self.changed.emit()

    def _on_jobs(self) -> None:
        if self.result is None:  # else nothing is seen of the progress
            self.changed.emit()

    def _progress(self) -> str:
        """Return how far the measurement is, in words."""
        state = self._window.jobs.state(self._job)
        return f"Measuring: {state.done:,} of {state.of:,}" if state and state.of else "Measuring"

    def leave(self) -> None:
        self._clock.stop()
        self._window.jobs.changed.disconnect(self._on_jobs)
        self._page.values_changed.disconnect(self.changed)
        self._window.jobs.cancel(self._job)

    @property
    def quantities(self) -> list[Quantity]:
        """Return the quantities of the result; none where no blocks are measured."""
        if isinstance(self.result, Descent):
            return list(Quantity)
        return [one for one in Quantity if one not in IN_TRAINING] if isinstance(self.result, GradientResult) else []

    def turn(self, by: int) -> None:
        known = self.quantities
        if known:
            at = known.index(self.quantity) if self.quantity in known else 0
            self.quantity = known[(at + by) % len(known)]
            self.changed.emit()
        else:
            self.step(by)

    def play(self) -> None:
        if self._clock.isActive():
            self._clock.stop()
        elif self.moment:
            self.part = 0.0 if self.part >= 1 else self.part
            self._clock.start()
        self.changed.emit()

    def _on_tick(self) -> None:
        count = len(self.result.measured) if isinstance(self.result, Descent) else 1
        self.go(self.part + 1 / max(1, count - 1))
        if self.part >= 1:
            self._clock.stop()

    def go(self, part: float) -> None:
        """Show a part of the steps of a training."""
        self.part = min(1.0, max(0.0, part))
        self.changed.emit()

    @property
    def controls(self) -> Sequence[Control]:
        made: list[Control] = []
        if self.moment and isinstance(self.result, Descent):
            playing, of = self._clock.isActive(), self.result.request.recipe.steps
            made.append(
                Control(ControlKind.PLAY, "Pause" if playing else "Play", lambda _: self.play(), float(playing))
            )
            made.append(Control(ControlKind.SLIDER, f"step {self.moment.number} of {of}", self.go, self.part))
        if self.quantities:
            label = WORDS[self.quantity].label
            made.append(Control(ControlKind.CHOICE, label, lambda by: self.turn(int(by))))
        return made

    def slide(self) -> Slide:
        result, preset = self.result, self.preset
        title = preset.title if preset else "Gradients, residual and plain"
        facts = preset.question if preset else WORDS[self.quantity].label
        said = first_sentence(preset.look_for) if preset else ""
        if result is None:
            problem = self._problems.get(self.key) or self._page.controls.problem.text()
            return Slide(title, text_picture(problem or self._progress()), facts, said)
        moment = self.moment
        if isinstance(result, Descent) and moment:
            chart = step_plot(result, self.quantity, moment)
            facts = join(facts, f"step {moment.number} of {result.request.recipe.steps}")
        elif isinstance(result, GradientResult):
            chart = gradient_plot(result, self.quantity)
            said = said or f"{WORDS[self.quantity].label}: {table_of(result).describe(result).partition('. ')[2]}"
        else:
            chart = lab_chart(result)
            said = said or table_of(result).describe(result)
        is_recorded = self._page.is_recorded if result is self._page.shown else self.key in self._recorded
        return Slide(title, chart_picture(chart), facts, said, _note(result, is_recorded))


def _note(result: LabResult, is_recorded: bool) -> str:
    """Return whether a result was recorded, how far a measurement is, and on what it was made."""
    request = result.request
    data, device = getattr(request, "data", None), getattr(request, "device", "")
    seeds = getattr(request, "seeds", None) or (getattr(request, "seed", 0),)
    named = f"seed {seeds[0]}" if len(seeds) == 1 else f"{len(seeds)} seeds"
    complete = getattr(result, "complete", True)
    origin = "recorded" if is_recorded else "" if complete else "still measuring"
    return join(origin, str(device).upper(), named, data.title if data else "")
