"""Pages: presets and sizes of one's own, and a picture in the middle of one, as large as fits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resnet_explorer.errors import ExportError
from resnet_explorer.picture.marks import Box, Group, Ink, Picture
from resnet_explorer.picture.page import (
    CUSTOM,
    LARGEST,
    LEAST,
    MOST,
    OWN,
    PAGES,
    custom,
    largest_zoom,
    on_page,
    page_of,
)
from tests.cases import each
from tests.narrow import of_kind


def drawing(wide: float, high: float) -> Picture:
    return Picture(wide, high, (Box(0, 0, wide, high, Ink.TEXT),), "ResNet-18", "described")


def test_a_page_is_named_by_its_key_or_its_size() -> None:
    for key in PAGES:
        if key != CUSTOM:
            assert page_of(key) is PAGES[key]
    page = page_of("1600x900")
    assert (page.width, page.height, page.title) == (1600, 900, "Custom") and page == custom(1600, 900)
    assert page_of(f"{LEAST}x{MOST}").height == MOST


@each(
    "text",
    [
        "",
        "custom",
        "poster",
        "1600",
        "1600x",
        "x900",
        "1600x900x3",
        "-1600x900",
        "16e2x900",
        "159x900",
        "1600x8001",
        "²x900",
    ],
)
def test_any_other_text_is_explained(text: str) -> None:
    with pytest.raises(ExportError, match=r"is no size.*1600x900") as caught:
        page_of(text)
    assert caught.value.where == "size"


def test_a_picture_of_its_own_size_is_left_as_it_is() -> None:
    picture = drawing(500, 300)
    assert on_page(picture, PAGES[OWN], True) == (picture, 1.0)


@given(st.sampled_from([key for key in PAGES if key not in (OWN, CUSTOM)]), st.floats(50, 3000), st.floats(50, 3000))
def test_a_picture_is_in_the_middle_and_touches_two_edges(key: str, wide: float, high: float) -> None:
    page = PAGES[key]
    found, zoom = on_page(drawing(wide, high), page, False)
    assert found.width * zoom == pytest.approx(page.width, abs=zoom)
    assert found.height * zoom == pytest.approx(page.height, abs=zoom)
    (mark,) = found.marks
    if isinstance(mark, Group):
        assert 2 * mark.x + wide == pytest.approx(found.width)
        assert 2 * mark.y + high == pytest.approx(found.height)
        assert min(mark.x, mark.y) == pytest.approx(0, abs=0.5) and (mark.title, found.title) == ("ResNet-18",) * 2


def test_a_drawing_with_a_shape_of_its_own_may_be_higher_than_the_page() -> None:
    """One column of a paper takes a drawing up to 1.4 times as high as wide, and a low one makes the page low."""
    column = PAGES["column"]
    assert column.room(True) == (column.width / 0.8, 1.4 * column.width / 0.8)
    assert column.room(False) == (column.width / 0.8, column.height / 0.8)
    low, zoom = on_page(drawing(672, 100), column, True)
    assert (low.width * zoom, low.height * zoom) == (column.width, 50)
    high, zoom = on_page(drawing(100, 400), column, True)
    assert high.height * zoom == pytest.approx(1.4 * column.width) and high.width * zoom == pytest.approx(column.width)
    assert of_kind(Group, high.marks[0]).kind == "page"


def test_a_larger_screen_shows_a_picture_larger() -> None:
    assert largest_zoom(1400, 800) == LARGEST == largest_zoom(300, 200) == largest_zoom(5000, 800)
    assert largest_zoom(2800, 2000) == 2 * LARGEST
