"""The headline figures of the network, each with a tooltip that teaches what it counts."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from resnet_explorer.analysis.words import compact, mib, si
from resnet_explorer.gui.session import Results

_ROWS = (
    ("layers", "Weight layers", "The number in the network's name: convolutions of stem and branches, and fc."),
    ("params", "Parameters", "Learnable numbers: weights and biases of convolutions, batch norms and fc."),
    (
        "macs",
        "MACs",
        "Multiply-accumulates of convolutions and linear layers for the whole batch. 1 MAC = 2 FLOPs; many tools "
        "and papers say FLOPs and mean MACs.",
    ),
    (
        "memory",
        "Activations (fwd)",
        "Bytes that one forward pass newly allocates for layer outputs in float32. ReLU and addition work in place "
        "and count 0.",
    ),
    (
        "kept",
        "Kept for backward",
        "Bytes that autograd keeps of a forward pass in training, each storage once: the maps that derivatives need, "
        "batch norm's statistics, max-pool's indices, and the image. Parameters are not counted.",
    ),
    (
        "field",
        "Receptive field",
        "The side of the input square that one position of the last map depends on; what lies outside of the image "
        "is padding.",
    ),
    ("map", "Final map", "Channels and size of the last feature map, before global pooling."),
)


class FactsPanel(QWidget):
    """Shows what a network adds up to, and what it needs of its input."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(3)
        self.values = {key: QLabel(self) for key, _, _ in _ROWS}
        for row, (key, words, tip) in enumerate(_ROWS):
            label, value = QLabel(words, self), self.values[key]
            label.setObjectName("muted")
            value.setObjectName("strong")
            value.setAlignment(Qt.AlignmentFlag.AlignRight)
            value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            value.setAccessibleName(words)
            for widget in (label, value):
                widget.setToolTip(tip)
                widget.setTextFormat(Qt.TextFormat.PlainText)
            grid.addWidget(label, row, 0)
            grid.addWidget(value, row, 1)
        self.needs = QLabel(self)
        self.needs.setWordWrap(True)
        self.needs.setTextFormat(Qt.TextFormat.PlainText)
        self.needs.setToolTip(
            "Padding lets inference run down to 1×1 pixels; batch norm needs more than one value per channel to train."
        )
        grid.addWidget(self.needs, len(_ROWS), 0, 1, 2)

    def show_results(self, results: Results) -> None:
        """Show the figures of new results."""
        total = results.analysis.total
        last = results.analysis.sums[results.analysis.network.stages[-1].path]
        texts = {
            "layers": str(results.depth.weight_layers),
            "params": f"{total.params:,}",
            "macs": f"{si(total.macs)}MACs",
            "memory": mib(total.activation_bytes),
            "kept": mib(results.kept.total) if results.kept else "cannot train",
            "field": f"{total.receptive_field:,} px",
            "map": compact(last.output),
        }
        for key, text in texts.items():
            self.values[key].setText(text)
        self.values["layers"].setToolTip(f"{_ROWS[0][2]} {results.depth.words}")
        self.values["macs"].setToolTip(f"{total.macs:,} MACs = {2 * total.macs:,} FLOPs. {_ROWS[2][2]}")
        needs = results.needs
        self.needs.setText(needs.words if needs.failing is None else f"⚠ {needs.words}")
        self.needs.setObjectName("muted" if needs.failing is None else "problem")
        self.needs.style().polish(self.needs)
