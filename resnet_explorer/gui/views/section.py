"""A part of a panel that opens and closes, and says in its header what is unusual in it."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFormLayout, QHBoxLayout, QLabel, QSizePolicy, QToolButton, QVBoxLayout, QWidget


class Section(QWidget):
    """A header that opens a form."""

    def __init__(self, title: str, is_open: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.header = QToolButton(self)
        self.header.setObjectName("section")
        self.header.setText(title.upper())
        self.header.setAccessibleName(f"{title}: open or close")
        self.header.setToolTip(f"Open or close the choices of: {title.lower()}")
        self.header.setCheckable(True)
        self.header.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.header.toggled.connect(self._on_toggled)
        self._summary = QLabel(self)
        self._summary.setObjectName("muted")
        self._summary.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.body = QWidget(self)
        self.form = QFormLayout(self.body)
        self.form.setContentsMargins(0, 0, 0, 4)
        self.form.setVerticalSpacing(5)
        self.form.setHorizontalSpacing(8)
        self.form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._arrange()
        self.header.setChecked(is_open)
        self._on_toggled(is_open)

    def _arrange(self) -> None:
        line = QHBoxLayout()
        line.addWidget(self.header)
        line.addWidget(self._summary, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(line)
        column.addWidget(self.body)

    @property
    def summary(self) -> str:
        """Return what the header says is unusual in here."""
        return self._summary.toolTip()

    def summarise(self, words: str) -> None:
        """Show in the header what is unusual in here, cut where the header ends."""
        self._summary.setText(f"· {words}" if words else "")
        self._summary.setToolTip(words)

    def _on_toggled(self, is_open: bool) -> None:
        self.header.setArrowType(Qt.ArrowType.DownArrow if is_open else Qt.ArrowType.RightArrow)
        self.body.setVisible(is_open)
