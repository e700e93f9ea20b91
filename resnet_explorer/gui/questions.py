"""Questions that wait for an answer."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget

KINDS = (".pth", ".pt", ".safetensors", ".bin", ".ckpt", ".th", ".tar", ".pkl", ".npz", ".h5", ".pt2", ".index.json")
FILTER = f"Weights ({' '.join(f'*{kind}' for kind in KINDS)});;All files (*)"
"""Files of weights, as a file dialog asks for them."""
ONNX = ("ONNX, images of this size (*.onnx)", "ONNX, images of any size (*.onnx)")
"""The two kinds of ONNX files; both take batches of any length."""


def confirm(parent: QWidget, words: str) -> bool:
    """Ask whether to go on; no is what Escape means."""
    box = QMessageBox(QMessageBox.Icon.Question, "Start this?", words, parent=parent)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setStandardButtons(QMessageBox.StandardButton.Yes | QMessageBox.StandardButton.No)
    box.setDefaultButton(QMessageBox.StandardButton.No)
    return QMessageBox.StandardButton(box.exec()) == QMessageBox.StandardButton.Yes
