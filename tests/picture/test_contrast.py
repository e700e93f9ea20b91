"""Text can be read wherever it stands: 4.5 to 1 in the window, 7 to 1 on the stage (WCAG 2.2, 1.4.3 and 1.4.6).

``tests/geometry`` asks the same of every picture of every page.
"""

import re

import pytest
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QApplication

from resnet_explorer.app.code_view import INKS
from resnet_explorer.diagram.view import View
from resnet_explorer.picture.contrast import band, contrast, for_stage
from resnet_explorer.picture.marks import Ink
from resnet_explorer.picture.theme import CHROME, LIGHT, THEMES, Theme
from resnet_explorer.ui import style
from tests.contrast import IN_WINDOW, ON_STAGE, Pair, faint, pairs
from tests.picture import test_chart_svg, test_measured_svg, test_svg

ROLES = QPalette.ColorRole
WIDGETS = (
    (ROLES.WindowText, ROLES.Window),
    (ROLES.Text, ROLES.Base),
    (ROLES.Text, ROLES.AlternateBase),
    (ROLES.ButtonText, ROLES.Button),
    (ROLES.HighlightedText, ROLES.Highlight),
    (ROLES.ToolTipText, ROLES.ToolTipBase),
    (ROLES.PlaceholderText, ROLES.Base),
    (ROLES.PlaceholderText, ROLES.Window),
    (ROLES.Link, ROLES.Base),
)
"""What Qt draws on what."""
NO_TEXT = ("QFrame#rule", "QToolButton#tool:disabled")
"""Rules of the style sheet whose colour is a line's, or of what cannot be used now (WCAG leaves it out)."""


@pytest.mark.parametrize("theme", THEMES.values(), ids=lambda theme: theme.name)
def test_text_of_widgets_can_be_read(qapp: QApplication, theme: Theme) -> None:
    style.apply(qapp, theme)
    palette, sheet = qapp.palette(), qapp.styleSheet()
    style.apply(qapp, LIGHT)
    values = {
        f"{text.name} on {ground.name}": contrast(palette.color(text).name(), palette.color(ground).name())
        for text, ground in WIDGETS
    }
    panel, field, chosen, _ = CHROME[theme.name]
    for selector, body in re.findall(r"([^{}]+)\{([^}]*)\}", sheet):
        text, ground = re.search(r"(?<![-\w])color: (#\w+)", body), re.search(r"background: (#\w+)", body)
        if text and selector.strip() not in NO_TEXT:
            values[selector.strip()] = contrast(text[1], ground[1] if ground else panel)
    for ink in {*dict(INKS).values(), Ink.TEXT}:
        for ground_name, colour in (("field", field), ("its line", theme.colours[Ink.OPEN])):
            values[f"code, {ink} on {ground_name}"] = contrast(theme.colours[ink], colour)
    for ink in (Ink.TEXT, Ink.MUTED):
        values |= {f"table, {ink} on {ground}": contrast(theme.colours[ink], ground) for ground in (field, chosen)}
    assert not {what: round(value, 2) for what, value in values.items() if value < IN_WINDOW}


def drawn() -> set[Pair]:
    """Return the pairs of diagrams of every kind, and of charts."""
    views = [test_svg.picture(name, view) for name, view, _ in test_svg.CASES.values()]
    network = "resnet110_shortcut_gate"
    views += [test_svg.picture(network, View(changes=True)), test_svg.picture(network, View(compare=True))]
    measured = [test_measured_svg.picture(case) for case in test_measured_svg.CASES]
    charts = [picture for picture, _ in test_chart_svg.CASES.values()]
    return set[Pair]().union(*map(pairs, (*views, *measured, *charts)))


def test_text_of_pictures_can_be_read_in_the_window_and_from_far() -> None:
    found = drawn()
    assert {Pair(Ink.ON_DARK, ((Ink.CONV, 1.0),)), Pair(Ink.TEXT, ((Ink.CARD, 1.0),)), Pair(Ink.MUTED)} <= found
    assert len(found) > 15
    for theme in THEMES.values():
        assert not faint(found, theme, IN_WINDOW), theme.name
        assert not faint(found, for_stage(theme), ON_STAGE), f"{theme.name} on the stage"
        low = band(for_stage(theme))
        assert not faint({Pair(ink) for ink in (Ink.TEXT, Ink.MUTED, Ink.ACCENT)}, low, ON_STAGE)
