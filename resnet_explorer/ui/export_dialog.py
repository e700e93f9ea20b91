"""The export dialog: format, theme, text and scale, with a preview painted from the same marks."""

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QCheckBox, QDialog, QFileDialog, QFormLayout, QWidget

from resnet_explorer.errors import ExplorerError
from resnet_explorer.files import write
from resnet_explorer.picture.marks import Ink, Picture
from resnet_explorer.picture.svg import to_svg
from resnet_explorer.picture.theme import LIGHT, THEMES, Theme
from resnet_explorer.ui.clipboard import copy_picture, to_pdf, to_png
from resnet_explorer.ui.fields import ChoiceField
from resnet_explorer.ui.painter import paint
from resnet_explorer.ui.parts import button, describe, hbox, label, panel
from resnet_explorer.ui.preferences import Preferences

_FORMATS = (
    ("svg", "SVG", "Vectors for the web and for drawing programs; every layer is an element with its path as id."),
    ("pdf", "PDF", "Vectors for print, and text that can be selected."),
    ("png", "PNG", "Pixels, for slides and chats."),
)


class _Preview(QWidget):
    def __init__(self, picture: Picture) -> None:
        super().__init__()
        self.picture, self.theme = picture, LIGHT
        self.setMinimumSize(420, 300)
        self.setAccessibleName("Preview")

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        zoom = min(self.width() / self.picture.width, self.height() / self.picture.height)
        wide, high = self.picture.width * zoom, self.picture.height * zoom
        painter.translate((self.width() - wide) / 2, (self.height() - high) / 2)
        painter.fillRect(QRectF(0, 0, wide, high), QColor(self.theme.colours[Ink.PAGE]))
        painter.scale(zoom, zoom)
        paint(painter, self.picture, self.theme, scale=zoom)
        painter.end()


class ExportDialog(QDialog):
    """Saves or copies one picture; ``preferences`` gives the choices to remember."""

    def __init__(self, picture: Picture, name: str, preferences: Preferences, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Export picture")
        self.resize(900, 560)
        self._picture, self._name, self._preferences = picture, name, preferences
        self.preview = _Preview(picture)
        self.format = ChoiceField((text, value, tip) for value, text, tip in _FORMATS)
        self.theme = ChoiceField((theme.capitalize(), theme) for theme in THEMES)
        self.scale = ChoiceField((f"{scale}×", scale) for scale in (1, 2, 4))
        tip = "Outlines look the same in every program; editable text needs a font like Inter there."
        self.outlines = describe(QCheckBox("Text as outlines"), tip=tip)
        self.outlines.setChecked(preferences.export_outlines)
        self.facts, self.problem = label(kind="muted", wrap=True), label(kind="problem", wrap=True)
        form = QFormLayout()
        for text, field, value in (
            ("&Format", self.format, preferences.export_format),
            ("&Theme", self.theme, preferences.export_theme),
            ("&Scale", self.scale, preferences.export_scale),
        ):
            field.setCurrentIndex(max(0, field.findData(value)))
            field.currentIndexChanged.connect(self._on_choice_changed)
            form.addRow(text, describe(field, text.replace("&", "")))
        form.addRow(self.outlines)
        form.addRow(self.facts)
        save, copy = button("&Save…", "", self._on_save), button("&Copy", "", self._on_copy)
        save.setAutoDefault(True)
        side = panel(form, self.problem, 1, save, copy, button("Close", "", self.accept))
        side.setFixedWidth(230)
        hbox((self.preview, 1), side, of=self, margins=(9, 9, 9, 9))
        self.outlines.toggled.connect(self._on_choice_changed)
        self._on_choice_changed()

    def preferences(self) -> Preferences:
        """Return the preferences with the choices made here."""
        return replace(
            self._preferences,
            export_format=self.format.currentData(),
            export_theme=self.theme.currentData(),
            export_scale=self.scale.currentData(),
            export_outlines=self.outlines.isChecked(),
        )

    def _theme(self) -> Theme:
        return THEMES[self.theme.currentData()]

    def _on_choice_changed(self) -> None:
        kind, scale = self.format.currentData(), self.scale.currentData() if self.format.currentData() == "png" else 1
        self.scale.setEnabled(kind == "png")
        self.outlines.setEnabled(kind == "svg")
        wide, high = round(self._picture.width * scale), round(self._picture.height * scale)
        tip = next(text for value, _, text in _FORMATS if value == kind)
        self.facts.setText(f"{wide:,} × {high:,} px. {tip}")
        self.problem.clear()
        self.preview.theme = self._theme()
        self.preview.update()

    def data(self) -> bytes:
        """Return the file's content; raises ExportError where it cannot be made."""
        kind = self.format.currentData()
        if kind == "pdf":
            return to_pdf(self._picture, self._theme())
        if kind == "png":
            return to_png(self._picture, self._theme(), self.scale.currentData())
        return to_svg(self._picture, self._theme(), self.outlines.isChecked()).encode()

    def save(self, path: Path) -> bool:
        """Write the file; where that fails say why in the dialog, and return False."""
        try:
            write(path, self.data())
        except ExplorerError as error:
            self.problem.setText(f"⚠ {error}")
            return False
        self._preferences = replace(self._preferences, export_folder=str(path.parent))
        self.problem.setText(f"Saved {path.name}.")
        return True

    def _on_save(self) -> None:
        kind = self.format.currentData()
        start = str(Path(self._preferences.export_folder) / f"{self._name}.{kind}")
        chosen, _ = QFileDialog.getSaveFileName(self, "Export picture", start, f"{kind.upper()} (*.{kind})")
        if chosen:
            self.save(Path(chosen))

    def _on_copy(self) -> None:
        try:
            copy_picture(self._picture, self._theme())
        except ExplorerError as error:
            self.problem.setText(f"⚠ {error}")
            return
        self.problem.setText("Copied as SVG and as image.")
