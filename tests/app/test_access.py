"""Every control of every page and dialog has a name and is reached by Tab; pictures say what they show."""

from collections.abc import Iterator

import pytest
from PySide6 import QtWidgets
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QAccessibleEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QApplication,
    QMenu,
    QPushButton,
    QScrollArea,
    QWidget,
)
from shiboken6 import delete

from resnet_explorer import features
from resnet_explorer.app.doors import Doors
from resnet_explorer.app.main_window import MainWindow
from resnet_explorer.app.tour import Tour
from resnet_explorer.ui.canvas import Canvas
from tests.geometry.desk import Desk, open_desk
from tests.geometry.dialogs import DIALOGS, Dialog

CONTROLS = (
    QAbstractButton,
    QtWidgets.QComboBox,
    QtWidgets.QAbstractSpinBox,
    QtWidgets.QLineEdit,
    QtWidgets.QAbstractItemView,
    QtWidgets.QAbstractSlider,
    QtWidgets.QTextEdit,
    QtWidgets.QPlainTextEdit,
    QtWidgets.QTabWidget,
    Canvas,
)
WHOLE = (QtWidgets.QComboBox, QtWidgets.QAbstractSpinBox, QtWidgets.QLineEdit, QAbstractScrollArea, QtWidgets.QTabBar)
"""Controls whose parts are reached within them: their buttons, lists and scroll bars."""
MOST_ENTRIES = 15


@pytest.fixture(scope="module")
def desk(qapp: QApplication) -> Iterator[Desk]:
    made = open_desk(qapp, "light", 100)
    yield made
    made.window.close()
    delete(made.window)


@pytest.fixture(scope="module", autouse=True)
def settings_of_this_module(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RESNET_EXPLORER_CONFIG", str(tmp_path_factory.mktemp("config")))
        yield


def controls(root: QWidget) -> Iterator[QWidget]:
    """Yield the controls of a window or page, without the parts of which some are made."""
    for widget in root.findChildren(QWidget):
        if isinstance(widget, CONTROLS) and not any(isinstance(outer, WHOLE) for outer in _around(widget, root)):
            is_empty = isinstance(widget, QPushButton) and not widget.text() and widget.isHidden()
            if not is_empty and not isinstance(widget, QScrollArea | QtWidgets.QScrollBar):
                yield widget


def _around(widget: QWidget, root: QWidget) -> Iterator[QWidget]:
    while (outer := widget.parentWidget()) is not None and widget is not root:
        if not isinstance(outer, QScrollArea):
            yield outer
        widget = outer


def faults(root: QWidget) -> list[str]:
    """Return what is wrong with the controls of a window or page."""
    found: list[str] = []
    for widget in controls(root):
        name, kind = QAccessible.queryAccessibleInterface(widget).text(QAccessible.Text.Name), type(widget).__name__
        if not name.strip():
            found.append(f"{kind} in {type(widget.parentWidget()).__name__}: no name")
        if not widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.focusProxy() is None:
            found.append(f"{kind} {name}: Tab passes it")
    return found


@pytest.mark.parametrize("key", ["diagram", *(page.key for page in features.pages())])
def test_every_control_of_a_page_is_named_and_reached(desk: Desk, key: str) -> None:
    page = desk.window.panels if key == "diagram" else desk.window.page(key)
    assert len(list(controls(page))) > 5
    assert not faults(page)


@pytest.mark.parametrize("dialog", DIALOGS, ids=lambda dialog: dialog.page)
def test_every_control_of_a_dialog_is_named_and_reached(desk: Desk, dialog: Dialog) -> None:
    desk.window.show_page("training")  # with networks of which one is asked about
    made = dialog.make(desk)
    assert not faults(made)
    made.close()
    made.deleteLater()


def test_what_lies_over_the_window_is_named_and_reached(desk: Desk) -> None:
    for made in (Doors(desk.window), Tour(desk.window)):
        assert made.accessibleName() and not faults(made)
        made.leave()
    corner = desk.window.tabs.cornerWidget()
    assert corner is not None and not faults(corner) and not faults(desk.window.statusBar())


def test_no_menu_is_longer_than_can_be_looked_through(desk: Desk) -> None:
    for menu in desk.window.menuBar().findChildren(QMenu):
        entries = [action for action in menu.actions() if not action.isSeparator()]
        assert len(entries) <= MOST_ENTRIES, menu.title()


def test_the_selection_is_said_and_pictures_say_what_they_show(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    events: list[QAccessibleEvent] = []
    monkeypatch.setattr(QAccessible, "updateAccessibility", events.append)
    window.activateWindow()
    window.diagram.setFocus()
    window.document.select("layer2.0")
    said = [event.message() for event in events if isinstance(event, QAccessibleAnnouncementEvent)]
    assert said and said[-1].startswith("conv3_x · block 1")
    assert "ResNet-18: 11,689,512 parameters" in window.diagram.accessibleDescription()
    window.actions_by_key["compare"].trigger()
    assert "The plain twin stands beside it." in window.diagram.accessibleDescription()
