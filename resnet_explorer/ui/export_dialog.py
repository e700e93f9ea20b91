"""The export dialog: format, page, theme, text and scale, with a preview painted from the same marks."""

import re
from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QCheckBox, QDialog, QFileDialog, QFormLayout, QMessageBox, QScrollArea, QWidget

from resnet_explorer.errors import ExplorerError, ExportError
from resnet_explorer.files import write
from resnet_explorer.picture.figure import to_script
from resnet_explorer.picture.marks import Ink, Picture
from resnet_explorer.picture.page import CUSTOM, LEAST, MOST, OWN, PAGES, PX_PER_INCH, Page, custom, on_page
from resnet_explorer.picture.pgf import to_pgf
from resnet_explorer.picture.svg import to_svg
from resnet_explorer.picture.theme import LIGHT, THEMES, Theme
from resnet_explorer.ui.canvas import Canvas
from resnet_explorer.ui.clipboard import copy_picture, to_pdf, to_png
from resnet_explorer.ui.fields import ChoiceField, NumberField
from resnet_explorer.ui.painter import paint
from resnet_explorer.ui.parts import Problem, WrappedLabel, button, describe, fill, hbox, label, panel
from resnet_explorer.ui.preferences import Preferences
from resnet_explorer.ui.style import USUAL_POINTS

_FORMATS = (
    ("svg", "SVG", "Vectors for the web and for drawing programs; every layer is an element with its path as id."),
    ("pdf", "PDF", "Vectors for print, and text that can be selected."),
    ("png", "PNG", "Pixels, for slides and chats."),
    ("pgf", "PGF", "For LaTeX: \\input{file.pgf} with the package pgf draws it in the fonts of the document."),
)
_SCRIPT = ("py", "Python", "A file for matplotlib, with the numbers in it, to be changed.")
_SIDE = 250
"""In px at the usual text size: the width of the choices."""


def _possible(length: int) -> int:
    return max(LEAST, min(MOST, length))


def file_name(title: str) -> str:
    """Return a picture's title as the name of a file, such as ``training-loss``."""
    return re.sub(r"[^\w.]+", "-", title.lower()).strip("-.")[:60].rstrip("-.") or "picture"


class _Preview(QWidget):
    """Shows a picture as its file will be, with every label."""

    def __init__(self, picture: Picture) -> None:
        super().__init__()
        self.picture, self.theme = picture, LIGHT
        self.setMinimumSize(240, 160)
        self.setAccessibleName("Preview")

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        zoom = min((self.width() - 2) / self.picture.width, (self.height() - 2) / self.picture.height)
        wide, high = self.picture.width * zoom, self.picture.height * zoom
        painter.translate((self.width() - wide) / 2, (self.height() - high) / 2)
        painter.setPen(QPen(QColor(self.theme.colours[Ink.LINE]), 1))
        painter.setBrush(QColor(self.theme.colours[Ink.PAGE]))
        painter.drawRect(QRectF(-0.5, -0.5, wide + 1, high + 1))
        painter.scale(zoom, zoom)
        paint(painter, self.picture, self.theme)
        painter.end()


class ExportDialog(QDialog):
    """Saves or copies the picture of a canvas; ``preferences`` gives the choices to remember."""

    def __init__(self, canvas: Canvas, name: str, preferences: Preferences, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Export picture")
        self._canvas, self._name, self._preferences = canvas, name, preferences
        self.preview = _Preview(canvas.picture)
        self._formats = (*_FORMATS, _SCRIPT) if canvas.charts() else _FORMATS
        self._kinds = {kind: text for kind, text, _ in self._formats}
        self.format = ChoiceField((text, value, tip) for value, text, tip in self._formats)
        self.page = ChoiceField(
            (page.title, key, page.tip) for key, page in PAGES.items() if key != OWN or canvas.has_own_size
        )
        self.custom_width = describe(NumberField(LEAST, MOST), "Width in px")
        self.custom_height = describe(NumberField(LEAST, MOST), "Height in px")
        self.theme = ChoiceField((theme.capitalize(), theme) for theme in THEMES)
        self.scale = ChoiceField((f"{scale}×", scale) for scale in (1, 2, 4))
        tip = "Outlines look the same in every program; editable text needs a font like Inter there."
        self.outlines = describe(QCheckBox("Text as &outlines"), tip=tip)
        self.facts, self.said, self.problem = WrappedLabel(), WrappedLabel(quiet=False), Problem()
        self._zoom = 1.0
        self._arrange()
        self._show_preferences()
        self._on_choice_changed()

    def _arrange(self) -> None:
        form = QFormLayout()
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        rows = ("&Format", self.format), ("S&ize", self.page), ("&Theme", self.theme), ("Pi&xels", self.scale)
        for text, field in rows:
            form.addRow(text, describe(field, text.replace("&", "")))
            field.currentIndexChanged.connect(self._on_choice_changed)
        self._custom = QWidget()
        hbox((self.custom_width, 1), label("×"), (self.custom_height, 1), label("px"), of=self._custom)
        form.insertRow(2, self._custom)
        form.addRow(self.outlines)
        self.outlines.toggled.connect(self._on_choice_changed)
        for size in (self.custom_width, self.custom_height):
            size.value_entered.connect(partial(self._on_size_entered, size))
            size.invalid_entered.connect(lambda text: self._fail(f"{text!r} is not a number of px."))
        choices = QScrollArea()
        fill(choices, form, self.facts, self.said, self.problem, 1)
        choices.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        save = button("&Save…", "Save the picture as a file", self._on_save)
        save.setDefault(True)
        copy = button("&Copy", "Copy the picture as SVG and as an image", self._on_copy)
        side = panel((choices, 1), save, copy, button("Close", "", self.accept))
        times = self.font().pointSizeF() / USUAL_POINTS
        side.setFixedWidth(round(_SIDE * times))
        hbox((self.preview, 1), side, of=self, margins=(9, 9, 9, 9))
        room, parent = self.screen().availableGeometry().size(), self.parentWidget()
        if parent is not None:
            room = room.boundedTo(parent.window().size())
        self.resize(QSize(round(900 * times), round(560 * times)).boundedTo(room - QSize(40, 60)))

    def _show_preferences(self) -> None:
        known, page = self._preferences, self._preferences.export_page
        if self.page.findData(page) < 0:
            page = self.page.itemData(0)
        for field, value in (
            (self.format, known.export_format),
            (self.page, page),
            (self.theme, known.export_theme),
            (self.scale, known.export_scale),
        ):
            field.show_value(value if field.findData(value) >= 0 else field.itemData(0))
        self.custom_width.show_value(_possible(known.export_width))
        self.custom_height.show_value(_possible(known.export_height))
        self.outlines.setChecked(known.export_outlines)

    def preferences(self) -> Preferences:
        """Return the preferences with the choices made here."""
        width, height = self._size()
        return replace(
            self._preferences,
            export_format=self.format.chosen,
            export_page=self.page.chosen,
            export_width=width,
            export_height=height,
            export_theme=self.theme.chosen,
            export_scale=self.scale.chosen,
            export_outlines=self.outlines.isChecked(),
        )

    def _theme(self) -> Theme:
        return THEMES[self.theme.chosen]

    def _size(self) -> tuple[int, int]:
        """Return the custom width and height, each within what is possible."""
        return _possible(self.custom_width.value()), _possible(self.custom_height.value())

    def chosen_page(self) -> Page:
        """Return the page that is chosen."""
        return custom(*self._size()) if self.page.chosen == CUSTOM else PAGES[self.page.chosen]

    def _on_size_entered(self, field: NumberField, value: int) -> None:
        if LEAST <= value <= MOST:
            field.show_value(value)
            self._on_choice_changed()
        else:
            self._fail(f"{value:,} px cannot be: a size is from {LEAST:,} to {MOST:,} px.")

    def _on_choice_changed(self) -> None:
        """Compose the picture anew for the page, and say how large its file is."""
        page, kind = self.chosen_page(), self.format.chosen
        has_own = self._canvas.has_own_size
        picture = self._canvas.composed(*page.room(has_own)) if page.width else self._canvas.picture
        self.preview.picture, self._zoom = on_page(picture, page, has_own)
        self.preview.theme = self._theme()
        self.preview.update()
        self._custom.setVisible(self.page.chosen == CUSTOM)
        self.scale.setEnabled(kind == "png")
        for field in (self.page, self.theme):
            field.setEnabled(kind != "py")
        self.outlines.setEnabled(kind == "svg")
        wide, high = self.preview.picture.width * self._zoom, self.preview.picture.height * self._zoom
        times = self.scale.chosen if kind == "png" else 1
        tip = next(text for value, _, text in self._formats if value == kind)
        inches = f"{wide / PX_PER_INCH:.1f} × {high / PX_PER_INCH:.1f} inches"
        size = "" if kind == "py" else f"{wide * times:,.0f} × {high * times:,.0f} px, {inches}. "
        self.facts.show_text(f"{size}{tip}")
        self._tell("")

    def _tell(self, text: str) -> None:
        self.problem.say("")
        self.said.show_text(text)

    def _fail(self, text: str) -> None:
        self.said.show_text("")
        self.problem.say(text)

    def data(self, kind: str = "") -> bytes:
        """Return the file's content, of the chosen format or another; raises ExportError where it cannot be made."""
        picture, theme, kind = self.preview.picture, self._theme(), kind or self.format.chosen
        if kind == "py":
            return to_script(*self._canvas.charts()).encode()
        if kind == "pgf":
            return to_pgf(picture, theme, self._zoom).encode()
        if kind == "pdf":
            return to_pdf(picture, theme, self._zoom)
        if kind == "png":
            return to_png(picture, theme, self._zoom * self.scale.chosen)
        return to_svg(picture, theme, self.outlines.isChecked(), self._zoom).encode()

    def save(self, path: Path) -> bool:
        """Write the file in the format of its name's ending; where that fails say why, and return False."""
        kind = path.suffix[1:].lower()
        try:
            if kind not in self._kinds:
                *others, last = (f".{kind}" for kind in self._kinds)
                remedy = f"End its name in {', '.join(others)} or {last}."
                raise ExportError(str(path), f"{path.name} is no picture file.", remedy)
            write(path, self.data(kind))
        except ExplorerError as error:
            self._fail(str(error))
            return False
        self._preferences = replace(self._preferences, export_folder=str(path.parent))
        self.format.show_value(kind)
        self._on_choice_changed()
        self._tell(f"✓ Saved {path.name}.")
        return True

    def named(self, path: Path) -> Path | None:
        """Return where to save what the user named: its ending decides, and is asked about where it is another format.

        A name without one of our endings gets that of the chosen format; None where the user cancels.
        """
        kind, typed = self.format.chosen, path.suffix[1:].lower()
        if typed == kind:
            return path
        if typed not in self._kinds:
            path = path.with_name(f"{path.name}.{kind}")
            return path if not path.exists() or self._replaces(path) else None
        other = path.with_suffix(f".{kind}")
        box = QMessageBox(QMessageBox.Icon.Question, "Which format?", "", parent=self)
        box.setText(f"The name {path.name} ends in .{typed}, and {self._kinds[kind]} is chosen.")
        as_typed = box.addButton(f"Save as {self._kinds[typed]}", QMessageBox.ButtonRole.AcceptRole)
        as_chosen = box.addButton(f"Save as {other.name}", QMessageBox.ButtonRole.AcceptRole)
        box.addButton(QMessageBox.StandardButton.Cancel)
        box.setDefaultButton(as_typed)
        box.exec()
        if box.clickedButton() is as_chosen:
            return other if not other.exists() or self._replaces(other) else None
        return path if box.clickedButton() is as_typed else None

    def _replaces(self, path: Path) -> bool:
        text = f"{path.name} exists. Replace it?"
        return QMessageBox.question(self, "Replace the file?", text) == QMessageBox.StandardButton.Yes

    def _on_save(self) -> None:
        kind = self.format.chosen
        start = str(Path(self._preferences.export_folder) / f"{self._name}.{kind}")
        filters = [f"{text} (*.{value})" for value, text in self._kinds.items()]
        chosen, _ = QFileDialog.getSaveFileName(
            self, "Export picture", start, ";;".join(filters), f"{self._kinds[kind]} (*.{kind})"
        )
        if chosen and (path := self.named(Path(chosen))):
            self.save(path)

    def _on_copy(self) -> None:
        try:
            copy_picture(self.preview.picture, self._theme(), self._zoom)
        except ExplorerError as error:
            self._fail(str(error))
            return
        self._tell("✓ Copied as SVG and as image.")
