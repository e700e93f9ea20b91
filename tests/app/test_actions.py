"""Every action is explained, can be reached by its own keys, and does what its row says."""

import re
from collections import Counter
from operator import attrgetter

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QShortcut
from PySide6.QtWidgets import QAbstractButton, QMenu, QWidget

from resnet_explorer import features
from resnet_explorer.app import actions
from resnet_explorer.app.commands import ShortcutsPage
from resnet_explorer.app.main_window import MainWindow


def twice(keys: list[str]) -> list[str]:
    return [key for key, count in Counter(filter(None, keys)).items() if count > 1]


def test_no_two_actions_of_a_menu_have_the_same_mnemonic(window: MainWindow) -> None:
    menus = [menu for menu in window.findChildren(QMenu) if menu.title()]
    assert {menu.title() for menu in menus} >= {"&File", "&Edit", "&View", "&Theme", "&Help"}
    for entries in (window.menuBar().actions(), *(menu.actions() for menu in menus)):
        texts = [action.text().replace("&&", "") for action in entries]
        letters = [found[1].lower() for text in texts if (found := re.search("&(.)", text))]
        assert not twice(letters), [text for text in texts if set(text.lower()) & set(twice(letters))]


def shortcuts(widget: QWidget) -> list[str]:
    keys = [key.toString() for action in widget.findChildren(QAction) for key in action.shortcuts()
            if action.shortcutContext() != Qt.ShortcutContext.WidgetShortcut]  # fmt: skip
    keys += [shortcut.key().toString() for shortcut in widget.findChildren(QShortcut)]
    return [*keys, *(button.shortcut().toString() for button in widget.findChildren(QAbstractButton))]


def test_no_shortcut_is_used_twice_by_actions_and_each_page(window: MainWindow) -> None:
    common = shortcuts(window)
    assert {"Ctrl+O", "Ctrl+Y", "Ctrl+L"} <= set(common) and not twice(common)
    for page in features.pages():
        assert not twice([*common, *shortcuts(window.page(page.key))]), page.title


def test_an_action_has_a_tip_and_runs_a_function_or_a_method_of_the_window_or_shows_a_page(window: MainWindow) -> None:
    pages = {page.key for page in features.pages()}
    for row in actions.rows():
        assert row.tip, row.key
        if row.run:
            run = features.resolve(row.run) if ":" in row.run else attrgetter(row.run)(window)
        assert callable(run) if row.run else row.key in pages, row.key


def test_the_page_of_shortcuts_lists_them_and_a_text_filters_them(window: MainWindow) -> None:
    page = ShortcutsPage(window)
    shown = {row.texts[1] for row in page.table.rows}
    assert shown >= {row.shortcut for row in actions.rows() if row.shortcut}
    page.filter.setText("WAY BACK")
    assert [row.texts[:2] for row in page.table.rows] == [("View", "Ctrl+G")]
    page.deleteLater()
