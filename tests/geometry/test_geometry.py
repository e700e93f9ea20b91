"""Every page, drawer, dialog and state fits every screen: nothing is cut, covered or too small to be read."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from PySide6.QtWidgets import QApplication

from resnet_explorer.picture.theme import DARK, LIGHT, THEMES
from resnet_explorer.ui import style
from tests.geometry.table import TEXTS, look_at_everything


@pytest.fixture
def app(qapp: QApplication) -> Iterator[QApplication]:
    """The application, with text of the usual size again when the test is over."""
    yield qapp
    style.apply(qapp, LIGHT)


def test_the_dark_theme_is_laid_out_as_the_light_one() -> None:
    assert replace(DARK, name=LIGHT.name, dark=LIGHT.dark, colours=LIGHT.colours) == LIGHT


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("theme", THEMES)
def test_everything_fits_every_screen(app: QApplication, theme: str, text: int) -> None:
    table = look_at_everything(app, theme, text)
    print(table)
    assert not table.rows, "\n".join(["page | state | size | theme | text | what", *map(str, table.rows)])
