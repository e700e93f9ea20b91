"""Fine-tuning on the stage: what trains in which epoch, the learning rates, the curves, and what came of it."""

from collections.abc import Sequence
from dataclasses import replace

from resnet_explorer.diagram.large import large_overview
from resnet_explorer.finetuning.charts import frozen_at, group_rates
from resnet_explorer.finetuning.page import TuningPage
from resnet_explorer.finetuning.results_view import confusion_of, describe_result
from resnet_explorer.insight.charts import confusion_picture
from resnet_explorer.insight.slides import images_slide
from resnet_explorer.insight.stage import InsideShow
from resnet_explorer.picture.marks import Picture
from resnet_explorer.runs.plan import Run
from resnet_explorer.spec.catalogue import title
from resnet_explorer.training.stage import RunsShow
from resnet_explorer.ui.slide import Control, ControlKind, Presentation, Slide, chart_picture, first_sentence, join
from resnet_explorer.ui.window import Window

NETWORK, RATES, IMAGES = "Network", "Learning rates", "Images"
CURVES, RESULT = "Curves", "Before and after"


class TuningShow(RunsShow):
    """Goes from view to view of the page; in the curves from curve to curve."""

    keys = "← → view · ↑ ↓ epoch, curve"

    def __init__(self, window: Window, page: TuningPage) -> None:
        super().__init__(page.curves.pictures)
        self._page = page
        views = (page.groups, RATES), (page.samples, IMAGES), (page.curves, CURVES), (page.judged, RESULT)
        self.view = next((view for pane, view in views if pane is page.views.currentWidget()), NETWORK)
        self.epoch = page.state.epoch
        self._begin()
        page.state.changed.connect(self.changed)
        page.trainer.changed.connect(self.changed)

    @property
    def runs(self) -> Sequence[Run]:
        return self._page.runs

    @property
    def is_recorded(self) -> bool:
        return False

    @property
    def views(self) -> list[str]:
        """Return the views that have something to show."""
        made = [NETWORK, RATES, *([IMAGES] if self._page.samples.grid.has_image else [])]
        made += [CURVES] if any(run.metrics for run in self.runs) else []
        return [*made, *([RESULT] if self._page.judged.judged is not None else [])]

    @property
    def epochs(self) -> int:
        return self._page.state.plan.epochs

    def step(self, by: int) -> None:
        views = self.views
        at = views.index(self.view) if self.view in views else 0
        self.view = views[max(0, min(len(views) - 1, at + by))]
        self.changed.emit()

    def turn(self, by: int) -> None:
        if self.view == CURVES:
            super().turn(by)
            return
        self.show_epoch(self.epoch + by)

    def play(self) -> None:
        self.show_epoch(0 if self.epoch >= self.epochs - 1 else self.epoch + 1)

    def show_epoch(self, epoch: int) -> None:
        """Show what trains in an epoch, counted from 0."""
        self.epoch = max(0, min(self.epochs - 1, epoch))
        self.changed.emit()

    def _cycle(self, by: float) -> None:
        views = self.views
        self.view = views[(views.index(self.view) + int(by)) % len(views)] if self.view in views else views[0]
        self.changed.emit()

    @property
    def controls(self) -> Sequence[Control]:
        last = max(1, self.epochs - 1)
        moment = Control(
            ControlKind.SLIDER,
            f"epoch {self.epoch + 1:,} of {self.epochs:,}",
            lambda part: self.show_epoch(round(part * last)),
            self.epoch / last,
        )
        views = Control(ControlKind.CHOICE, self.view, self._cycle)
        if self.view == CURVES:
            return views, *super().controls
        return (moment, views) if self.view == NETWORK else (views,)

    def slide(self) -> Slide:
        view = self.view if self.view in self.views else NETWORK
        name = title(self._page.state.plan.spec)
        facts = join(name, f"strategy {self._page.state.plan.strategy}")
        if view == CURVES:
            made = super().slide()
            return Slide(made.title, made.draw, facts, f"{name}, fine-tuned: step by step.", made.note)
        if view == RATES:
            groups = self._page.state.groups
            said = "Each group of parameters has its own learning rate; its curve begins where it starts to train."
            return Slide("Learning rate of each group", chart_picture(group_rates(groups)), facts, said, "as planned")
        if view == IMAGES:
            samples = self._page.samples
            said = "Training images as the network sees them, before normalisation."
            return images_slide("Training images", samples.grid.images, facts, said, samples.text.text())
        judged = self._page.judged.judged
        if view == RESULT and judged is not None:
            shown = confusion_of(judged, judged.after, "after")
            classes = judged.plan.classes

            def draw_matrix(wide: float, high: float) -> Picture:
                return confusion_picture(shown, classes, wide, high, is_bare=True)

            return Slide("Test images after fine-tuning", draw_matrix, facts, describe_result(judged))
        return self._network(facts)

    def _network(self, facts: str) -> Slide:
        state = self._page.state
        epoch = min(self.epoch, self.epochs - 1)
        analysis, frozen = state.results.analysis, frozen_at(state.groups, epoch)
        signs = replace(frozen, text="")  # the sentence is in the band

        def draw(wide: float, high: float) -> Picture:
            return large_overview(analysis, (wide, high), overlays=(signs,))

        heading = f"What trains in epoch {epoch + 1:,} of {self.epochs:,}"
        return Slide(heading, draw, facts, first_sentence(frozen.text), "as planned")


def show(window: Window, page: TuningPage) -> Presentation:
    """Return the presentation of the view that is open: of the plan and its runs, or of the one that is inspected."""
    is_inspecting = page.views.currentWidget() is page.inside
    return InsideShow(window, page.inside) if is_inspecting else TuningShow(window, page)
