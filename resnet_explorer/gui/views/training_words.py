"""What a training shows, in words: what to look for, what was measured here, who said so, and on what."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QScrollArea, QVBoxLayout, QWidget

from resnet_explorer.analysis.progress import duration
from resnet_explorer.analysis.training_conditions import condition_words
from resnet_explorer.analysis.training_presets import TrainingPreset
from resnet_explorer.analysis.training_words import measured
from resnet_explorer.drawing.training import Traced

OWN = "Your own experiment: the same images in the same order for every network, from one seed."


class TrainingWords(QScrollArea):
    """Headings with a paragraph each; what has nothing to say is hidden."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.look_for, self.measured, self.conditions, self.references = (_text() for _ in range(4))
        self.conditions.setObjectName("muted")
        self.references.setObjectName("muted")
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(14, 8, 14, 8)
        column.setSpacing(5)
        self._headings: dict[QLabel, QLabel] = {}
        for words, label in (
            ("What to look for", self.look_for),
            ("Measured on this machine", self.measured),
            ("Conditions", self.conditions),
            ("References", self.references),
        ):
            heading = self._headings[label] = QLabel(words.upper())
            heading.setObjectName("heading")
            column.addWidget(heading)
            column.addWidget(label)
        column.addStretch(1)
        self.setWidget(inner)
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("What this shows")
        self.show_runs(())

    def show_preset(self, preset: TrainingPreset | None) -> None:
        """Tell what to look for."""
        if preset is None:
            self._say(self.look_for, OWN)
            self._say(self.references, "")
            return
        takes = f"All runs together take about {duration(60 * preset.minutes)} {_where(preset)}."
        self._say(self.look_for, f"{preset.look_for}\n\n{takes}")
        self._say(self.references, "\n".join(reference.words for reference in preset.references))

    def show_runs(self, shown: Sequence[Traced], recorded: str = "") -> None:
        """Tell what was measured, here or where it was ``recorded``."""
        self._headings[self.measured].setText("RECORDED, AND REPLAYED" if recorded else "MEASURED ON THIS MACHINE")
        runs = [one.run for one in shown]
        said = measured(runs) if any(run.metrics for run in runs) else ""
        self._say(self.measured, "\n\n".join(filter(None, (recorded, said))))
        made = next((run.setting for run in runs if run.setting), None)
        with_words = (f"{made.machine}, PyTorch {made.torch}",) if made and not recorded else ()
        self._say(self.conditions, "\n".join((*condition_words(runs), *with_words)))

    def _say(self, label: QLabel, words: str) -> None:
        if label.text() != words:
            label.setText(words)
        label.setVisible(bool(words))
        self._headings[label].setVisible(bool(words))


def _where(preset: TrainingPreset) -> str:
    return "on a GPU" if preset.needs else "on two cores"


def _text() -> QLabel:
    label = QLabel()
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label
