"""The printed hand-out: pages on both papers, text that is there, fonts that are in the file, nothing cut."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from resnet_explorer.share.article import Article
from resnet_explorer.share.scene import scene_article
from resnet_explorer.ui.hand_out import FOOT, MARGIN, pages, sheet_of, to_pdf
from resnet_explorer.ui.print_items import Choice, Item, Paragraph, PrintedPicture, Row
from tests.share.lessons import article
from tests.share.scenes import scene

POINTS = {"a4": (595, 842), "letter": (612, 792)}


def texts(made: Article, answers: bool) -> str:
    items = [placed.item for page in pages(made, sheet_of("a4"), answers) for placed in page]
    return "\n".join(text.plain for item in items if isinstance(text := getattr(item, "text", item), Paragraph))


def items(made: Article, paper: str, answers: bool) -> list[Item]:
    return [placed.item for page in pages(made, sheet_of(paper), answers) for placed in page]


@pytest.mark.parametrize("paper", POINTS)
@pytest.mark.parametrize("answers", [False, True])
def test_pages_of_the_paper_with_their_fonts(qapp: QApplication, paper: str, answers: bool) -> None:
    data = to_pdf(article(), paper, answers)
    boxes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", data)
    assert {(round(float(wide)), round(float(high))) for wide, high in boxes} == {POINTS[paper]}
    assert (
        len(boxes) == len(re.findall(rb"/Type /Page\b(?!s)", data)) == len(pages(article(), sheet_of(paper), answers))
    )
    fonts = re.findall(rb"/FontName /(?:[A-Z]{6}\+)?([\w-]+)", data)
    assert fonts and {name.split(b"-")[0] for name in fonts} == {b"Inter"}, "every font is the app's own"
    assert data.count(b"/FontFile2") == len(fonts), "and is in the file"


@pytest.mark.parametrize("paper", POINTS)
@pytest.mark.parametrize("made", [article(), scene_article(scene("resnet50", open=["layer2.0"], compare=True))])
def test_nothing_is_cut_and_nothing_covers_another(qapp: QApplication, made: Article, paper: str) -> None:
    sheet = sheet_of(paper)
    for page in pages(made, sheet, True):
        bottom = MARGIN
        for placed in page:
            assert placed.item.width <= sheet.room + 0.5
            assert placed.y >= bottom - 0.01
            bottom = placed.y + placed.item.height
        assert bottom <= sheet.height - MARGIN - FOOT


def test_a_heading_is_never_the_last_on_its_page(qapp: QApplication) -> None:
    for page in pages(article(), sheet_of("letter"), False):
        assert not page[-1].item.keeps


def test_pictures_can_be_read(qapp: QApplication) -> None:
    pictures = [item for item in items(article(), "a4", True) if isinstance(item, PrintedPicture)]
    assert len(pictures) >= 8, "diagrams, open blocks, charts"
    assert min(picture.zoom for picture in pictures) >= 0.5


def test_a_student_finds_room_and_a_teacher_the_answers(qapp: QApplication) -> None:
    student, teacher = texts(article(), False), texts(article(), True)
    assert "8,192" not in student and "Teacher" not in student
    assert "Answer: 8,192 parameters" in teacher and "Teacher's sheet" in teacher
    assert "layer2.0, layer3.0" in teacher
    marked = [item for item in items(article(), "a4", True) if isinstance(item, Choice) and item.is_marked]
    assert [item.text.plain for item in marked] == ["the residual one", "yes"]
    assert not [item for item in items(article(), "a4", False) if isinstance(item, Choice) and item.is_marked]


def test_a_table_repeats_its_head(qapp: QApplication) -> None:
    tables = [
        page
        for page in pages(scene_article(scene("resnet50")), sheet_of("a4"), False)
        if any(isinstance(placed.item, Row) for placed in page)
    ]
    assert len(tables) > 2
    for page in tables:
        assert next(placed.item.is_head for placed in page if isinstance(placed.item, Row))


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="poppler's pdftotext is not installed")
def test_its_text_can_be_searched(qapp: QApplication, tmp_path: Path) -> None:
    file = tmp_path / "lesson.pdf"
    file.write_bytes(to_pdf(article(), "a4", True))
    found = subprocess.run(["pdftotext", "-layout", file, "-"], capture_output=True, check=True).stdout.decode()
    for text in ("What a residual block computes", "21,797,672", "8,192", "Teacher's sheet", "ResNet Explorer"):
        assert text in found
