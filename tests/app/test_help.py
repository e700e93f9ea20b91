"""The guide: every page has a text, its links lead somewhere, and it names what is there."""

import re
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices, QKeySequence
from PySide6.QtWidgets import QFileDialog, QPushButton

from resnet_explorer import features
from resnet_explorer.app import actions
from resnet_explorer.app.help import HelpDialog, key_of
from resnet_explorer.app.main_window import MainWindow
from resnet_explorer.share.guide import topics
from resnet_explorer.share.guide_page import guide_page
from tests import pages

LINK = re.compile(r"\]\(([^)]+)\)")
MENU = re.compile(r"\*\*([A-Z]\w+(?: › [^*›]+)+)\*\*")
KEYS = re.compile(r"`((?:(?:Ctrl|Shift|Alt)\+)+[\w/+-]|F\d+|Esc|Ctrl\+\w+)`")
README = Path(__file__).parents[2] / "README.md"


def text_of_rows() -> str:
    lines = [row.shortcut for row in actions.rows()] + [keys for _, keys, _ in actions.KEYS_OF_VIEWS]
    return " ".join((*lines, "Ctrl+Z"))


@pytest.mark.parametrize("key", ["diagram", *(page.key for page in features.pages()), "inspect", "stage"])
def test_each_page_is_explained_with_its_sources(key: str) -> None:
    headings = re.findall(r"^## (.+)$", topics()[key].text, re.MULTILINE)
    assert headings[0] == "What it shows" and "What it does not show" in headings and "Sources" in headings
    assert any(heading.startswith("How it is") for heading in headings)


def test_links_lead_to_texts_that_are_there() -> None:
    for topic in topics().values():
        for link in LINK.findall(topic.text):
            assert link.startswith("https://") or link.removesuffix(".md") in topics(), (topic.key, link)
    linked = {link.removesuffix(".md") for topic in topics().values() for link in LINK.findall(topic.text)}
    assert not topics().keys() - linked, "found only in the list"
    guide = set(re.findall(r"\(resources/guide/(\w+)\.md\)", README.read_text(encoding="utf-8")))
    near = {link.removesuffix(".md") for key in guide for link in LINK.findall(topics()[key].text)}
    assert topics().keys() == {key for key in guide | near if not key.startswith("https:")}, "two clicks from README"


def test_menus_and_shortcuts_that_the_texts_name_exist() -> None:
    entries = {row.text.replace("&", ""): actions.menu_of(row).replace("&", "") for row in actions.rows()}
    known = text_of_rows()
    for topic in topics().values():
        for path in MENU.findall(topic.text):
            *menus, entry = path.split(" › ")
            assert entries.get(entry) == menus[-1], (topic.key, path)
        for keys in KEYS.findall(topic.text):
            assert keys in known, (topic.key, keys)


def test_f1_opens_the_text_of_what_is_in_view(window: MainWindow) -> None:
    help_action = window.actions_by_key["help"]
    assert help_action.shortcut() == QKeySequence("F1")
    help_action.trigger()
    dialog = window.findChildren(HelpDialog)[-1]
    assert dialog.key == "diagram" and "What it does not show" in dialog.page.toPlainText()
    for page in features.pages():
        window.show_page(page.key)
        help_action.trigger()
        assert dialog.key == page.key, "the same dialog"
    training = pages.training(window)
    window.show_page("training")
    training.views.setCurrentWidget(training.inside)
    assert key_of(window) == "inspect"
    dialog.reject()


def test_a_search_lists_what_has_all_words_and_links_are_followed(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    visited: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda link: visited.append(link.toString()))
    dialog = HelpDialog("timing", window)
    dialog.search.setText("grad-cam EVIDENCE")
    assert dialog.key == "inspect" and len(dialog.page.extraSelections()) > 3
    dialog.search.setText("no such words")
    assert dialog.nothing.isVisibleTo(dialog)
    dialog.page.anchorClicked.emit(QUrl("training.md"))
    assert dialog.key == "training" and dialog.search.text() == ""
    dialog.page.anchorClicked.emit(QUrl("https://arxiv.org/abs/1512.03385"))
    assert visited == ["https://arxiv.org/abs/1512.03385"] and dialog.key == "training"
    dialog.deleteLater()


def test_the_guide_is_saved_as_a_page_and_code_stands_on_a_ground(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = str(tmp_path / "guide.html")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (file, "Web page (*.html)"))
    dialog = HelpDialog("commands", window)
    button = next(button for button in dialog.findChildren(QPushButton) if "web page" in button.text())
    assert button.accessibleName() and button.toolTip() and not button.isDefault()
    button.click()
    assert Path(file).read_text(encoding="utf-8") == guide_page()
    blocks = []
    block = dialog.page.document().begin()
    while block.isValid():
        blocks.append((block.text(), block.blockFormat().background().style() != Qt.BrushStyle.NoBrush))
        block = block.next()
    assert ("resnet-explorer guide -o guide.html", True) in blocks and ("Weights", False) in blocks
    dialog.deleteLater()
