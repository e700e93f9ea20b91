"""What the training lab says beside its curves: what to look for, what was measured, and under which conditions."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QScrollArea, QWidget

from resnet_explorer.readings.progress import duration
from resnet_explorer.runs.plan import describe_conditions
from resnet_explorer.training.chart_data import Traced
from resnet_explorer.training.presets import TrainingPreset
from resnet_explorer.training.text import measured
from resnet_explorer.ui.parts import fill, heading, text

OWN = "Your own experiment: the same images in the same order for every network, from one seed."


class TrainingWords(QScrollArea):
    """What an experiment shows, what was measured, and the conditions; empty paragraphs are hidden."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.look_for, self.measured, self.conditions, self.references = text(), text(), text("muted"), text("muted")
        self._headings = {
            self.look_for: heading("Reading this plot"),
            self.measured: heading("Measured on this machine"),
            self.conditions: heading("Conditions"),
            self.references: heading("References"),
        }
        parts = (part for pair in self._headings.items() for part in reversed(pair))
        fill(self, *parts, 1, margins=(14, 8, 14, 8), spacing=5)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Description")
        self.show_runs(())

    def show_preset(self, preset: TrainingPreset | None) -> None:
        if preset is None:
            self._say(self.look_for, OWN)
            self._say(self.references, "")
            return
        where = "on a GPU" if preset.needs else "on two cores"
        takes = f"All runs together take about {duration(60 * preset.minutes)} {where}."
        self._say(self.look_for, f"{preset.look_for}\n\n{takes}")
        self._say(self.references, "\n".join(reference.text for reference in preset.references))

    def show_runs(self, shown: Sequence[Traced], recorded: str = "") -> None:
        """Show what was measured, here or where it was ``recorded``."""
        self._headings[self.measured].setText("RECORDED AND REPLAYED" if recorded else "MEASURED ON THIS MACHINE")
        runs = [trace.run for trace in shown]
        said = measured(runs) if any(run.metrics for run in runs) else ""
        self._say(self.measured, "\n\n".join(filter(None, (recorded, said))))
        made = next((run.environment for run in runs if run.environment), None)
        with_words = (f"{made.machine}, PyTorch {made.torch}",) if made and not recorded else ()
        self._say(self.conditions, "\n".join((*describe_conditions(runs), *with_words)))

    def _say(self, label: QLabel, text: str) -> None:
        if label.text() != text:
            label.setText(text)
        label.setVisible(bool(text))
        self._headings[label].setVisible(bool(text))
