"""A page of training images as the network sees them."""

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from resnet_explorer.analysis.tuning.checks import SamplePage
from resnet_explorer.drawing.theme import Theme
from resnet_explorer.engine.messages import ShowSamples
from resnet_explorer.gui.jobs import Jobs
from resnet_explorer.gui.views.image_grid import ImageGrid, Shown, seen
from resnet_explorer.gui.views.tuning_state import TuningState
from resnet_explorer.gui.views.tuning_step import Question, Words, button

COUNT, SIDE = 48, 84


class SamplesPane(QWidget):
    """Asks for the images when it is looked at; ``Others`` draws another page."""

    def __init__(self, state: TuningState, jobs: Jobs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.state, self._draw = state, 0
        self._asked: ShowSamples | None = None
        self.grid, self.words, self.asking = ImageGrid(SIDE), Words(), Question(jobs)
        self.others = button("Others", "Show other training images")
        self.grid.setAccessibleName("Training images as the network sees them")
        self.grid.setToolTip("After resizing and cutting, before they are normed: as the network sees them")
        line = QHBoxLayout()
        line.setContentsMargins(12, 6, 12, 4)
        line.addWidget(self.words, 1)
        line.addWidget(self.asking)
        line.addWidget(self.others)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(line)
        column.addWidget(self.grid, 1)
        self.others.clicked.connect(self._on_others)
        state.changed.connect(self._on_changed)

    def look(self) -> None:
        """Show the images of the plan, where they are not shown yet."""
        wanted = ShowSamples(self.state.plan, COUNT, self._draw)
        if self._asked is None or _of(self._asked) != _of(wanted):
            self._asked = wanted
            self.asking.ask(wanted, "Training images", self._show)

    def _show(self, result: object) -> None:
        if not isinstance(result, SamplePage):
            return
        pairs = zip(result.pixels, result.labels, result.files, strict=True)
        self.grid.show_images([Shown(seen(pixels), label, f"{label}: {file}") for pixels, label, file in pairs])
        self.words.show_words(f"As the network sees them, before they are normed: {result.words}")

    def show_theme(self, theme: Theme) -> None:
        """Paint in another theme."""
        self.grid.show_theme(theme)

    def _on_changed(self) -> None:
        if self.isVisible():
            self.look()

    def _on_others(self) -> None:
        self._draw += 1
        self.look()


def _of(job: ShowSamples) -> tuple[object, ...]:
    """Return what images depend on."""
    plan = job.plan
    prepared = (plan.image, plan.channels, plan.grey, plan.preprocess, plan.white, plan.spec.in_channels)
    return (job.seed, plan.data, plan.classes, plan.seed, *prepared)
