"""The page in a real browser: clicked through and used by keyboard alone, on a desk and on a phone."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from resnet_explorer.share.page import to_html
from resnet_explorer.share.scene import analysis_of, scene_article
from tests.share.browser import PROGRAM, Browser, browser
from tests.share.lessons import article
from tests.share.scenes import scene

pytestmark = [
    pytest.mark.skipif(PROGRAM is None, reason="no Chromium or Chrome is installed"),
    pytest.mark.xdist_group("browser"),
]


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("profile")) as made:
        yield made


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pages") / "resnet152.html"
    path.write_text(to_html(scene_article(scene("resnet152", open=["layer2.0"]))), encoding="utf-8")
    return path


@pytest.fixture
def desk(started: Browser, file: Path) -> Iterator[Browser]:
    """The page on a desk; it logs nothing and asks the network for nothing."""
    started.open(file)
    yield started
    assert started.logged == []
    assert started.requests == [file.as_uri()]


def row(browser: Browser, place: int) -> list[str]:
    return list(browser.value(f"[...document.querySelector('tbody').rows[{place}].cells].map(c => c.textContent)"))


def test_blocks_open_and_close_by_mouse(desk: Browser) -> None:
    desk.click('button.block[data-path="layer3.1"]')
    assert desk.texts("li.open h5") == ["layer2.0 · conv3_x, block 1", "layer3.1 · conv4_x, block 2"]
    desk.click('li.open[data-path="layer3.1"] g.layer[data-path=".conv2"]')
    reading = analysis_of(scene("resnet152")).by_path["layer3.1.conv2"].reading
    [text] = desk.texts(".about h6")
    assert text.startswith("layer3.1.conv2: Conv2d 3×3") and f"{reading.params:,} parameters" in text
    desk.click('button.block[data-path="layer3.1"]')
    assert desk.texts("li.open h5") == ["layer2.0 · conv3_x, block 1"]
    desk.click('[data-do="open"]')
    assert len(desk.texts("li.open h5")) == len(analysis_of(scene("resnet152")).network.blocks)
    desk.click('[data-do="close"]')
    assert desk.texts("li.open h5") == []


def test_a_long_stage_unfolds_and_folds(desk: Browser) -> None:
    cells = "ol.cards > li:nth-child(4) button.block"
    assert len(desk.texts(cells)) == 2
    desk.click("ol.cards > li:nth-child(4) button.fold")
    assert len(desk.texts(cells)) == 36
    desk.click('button.block[data-path="layer3.30"]')
    desk.click("ol.cards > li:nth-child(4) button.fold")
    assert len(desk.texts(cells)) == 2 and desk.texts("li.open h5") == ["layer2.0 · conv3_x, block 1"]


def test_the_diagram_by_keyboard_alone(desk: Browser) -> None:
    desk.focus('[data-do="close"]')
    desk.press("Tab", "ArrowRight", "Enter")  # the stem, then the first block
    assert "layer1.0 · conv2_x, block 1" in desk.texts("li.open h5")
    desk.press("Tab", "Tab", "ArrowRight", "Enter")  # its picture, the shortcut, its convolution
    assert desk.texts(".about h6")[0].startswith("layer1.0.downsample.0: Conv2d")
    desk.press("Escape")
    assert "layer1.0 · conv2_x, block 1" not in desk.texts("li.open h5")
    assert desk.value("document.activeElement.dataset.path") == "layer1.0"


def test_layers_are_sorted_and_filtered(desk: Browser) -> None:
    analysis = analysis_of(scene("resnet152"))
    largest = max(analysis.rows, key=lambda row: row.reading.params)
    desk.focus("thead th:nth-child(6) button")
    desk.press("Enter")
    assert row(desk, 0)[0] == largest.path and row(desk, 0)[5] == f"{largest.reading.params:,}"
    desk.click("thead th:nth-child(6) button")
    assert row(desk, 0)[5] == "0"
    desk.click("thead th:nth-child(6) button")
    assert row(desk, 0)[0] == analysis.rows[0].path
    desk.focus(".filter input")
    desk.write("layer3 conv2d 1×1")
    chosen = [row for row in analysis.rows if row.path.startswith("layer3") and "1×1" in row.part.layer.hyper]
    chosen = [row for row in chosen if row.part.layer.kind == "Conv2d"]
    params, macs = (sum(getattr(row.reading, name) for row in chosen) for name in ("params", "macs"))
    count = f"{len(chosen)} of {len(analysis.rows)} layers: {params:,} parameters, {macs:,} MACs"
    assert desk.texts(".count") == [count] and len(desk.texts("tbody tr")) == len(chosen)


def test_an_open_block_shows_its_layers_in_the_table(desk: Browser) -> None:
    desk.click('li.open[data-path="layer2.0"] [data-do="table"]')
    assert {text.split(".")[0] for text in desk.texts("tbody th")} == {"layer2"}
    assert desk.value("document.activeElement.value") == "layer2.0"


def test_charts_say_their_values_to_mouse_and_keyboard(desk: Browser) -> None:
    analysis = analysis_of(scene("resnet152"))
    desk.hover("#part2 .plot svg.wide", 0.8)
    [text] = desk.texts(".readout")
    path = text.split(" · ")[1].partition("parameters")[0]
    assert text.endswith(f"{analysis.sums[path].params:,}")
    desk.focus("#part2 .plot")
    desk.press("Home", "ArrowRight")
    value = desk.value("document.activeElement.getAttribute('aria-valuetext')")
    assert "layer1.0" in value and f"{analysis.sums['layer1.0'].params:,}" in value
    desk.press("Escape")
    assert desk.texts(".readout") == []


@pytest.mark.parametrize("wide", [320, 390])
def test_a_phone_scrolls_in_one_direction(started: Browser, file: Path, wide: int) -> None:
    started.open(file, wide, 700, dark=True)
    assert started.value("document.documentElement.scrollWidth") <= wide
    started.click('button.block[data-path="layer1.1"]')
    assert "layer1.1 · conv2_x, block 2" in started.texts("li.open h5")
    assert started.value("document.documentElement.scrollWidth") <= wide
    small = started.value(
        "[...document.querySelectorAll('button, input')].map(e => e.getBoundingClientRect())"
        ".filter(r => r.width && r.height < 44).length"
    )
    assert small == 0, "smaller than a finger"
    assert started.value("getComputedStyle(document.body).backgroundColor") == "rgb(21, 25, 30)"
    assert started.logged == []


def test_it_is_read_without_its_script(started: Browser, file: Path) -> None:
    started.open(file, script=False)
    path = file.parent / "still.png"
    started.picture(path)
    assert path.stat().st_size > 20_000
    started.ask("Emulation.setScriptExecutionDisabled", value=False)
    assert started.texts("li.open h5") == ["layer2.0 · conv3_x, block 1"]
    assert started.texts("[data-do]") == [], "buttons that would do nothing"
    assert len(started.texts("tbody tr")) == len(analysis_of(scene("resnet152")).rows)


@pytest.fixture(scope="module")
def lesson(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pages") / "lesson.html"
    path.write_text(to_html(article()), encoding="utf-8")
    return path


@pytest.fixture
def asked(started: Browser, lesson: Path) -> Iterator[Browser]:
    """A lesson on a desk."""
    started.open(lesson)
    yield started
    assert started.logged == []
    assert started.requests == [lesson.as_uri()]


def test_a_choice_is_predicted_and_revealed(asked: Browser) -> None:
    ask = "#step1 .ask"
    asked.click(f"{ask} button")
    assert asked.texts(f"{ask} .verdict") == ["Choose an answer first."]
    asked.click(f"{ask} label:nth-of-type(1)")
    asked.click(f"{ask} button")
    assert asked.texts(f"{ask} .verdict")[0].startswith("✗") and not asked.texts(f"{ask} details p")
    asked.focus(f"{ask} input")
    asked.press("ArrowDown", "Enter")  # the second option, by keyboard
    assert asked.texts(f"{ask} .verdict") == ["✓ Right."]
    assert asked.texts(f"{ask} details p") == ["the residual one", "With shortcuts 16 blocks add x."]


@pytest.mark.parametrize(
    ("text", "verdict"),
    [("8192", "✓"), ("8,192 parameters", "✓"), ("8.2 k", "✓"), ("8,700", "✗"), ("64", "✗"), ("many", "Type")],
)
def test_a_number_is_typed(asked: Browser, text: str, verdict: str) -> None:
    asked.focus("#step2 .ask input")
    asked.write(text)
    asked.press("Enter")
    assert asked.texts("#step2 .verdict")[0].startswith(verdict)


def test_a_block_is_clicked_or_chosen_by_keyboard(asked: Browser) -> None:
    asked.click('#step3 button.block[data-path="layer2.1"]')
    assert asked.texts("#step3 .verdict")[0].startswith("✗ Not this one. This is layer2.1.")
    assert "layer2.1 · conv3_x, block 2" not in asked.texts("#step3 li.open h5"), "a wrong answer opens nothing"
    asked.focus('#step3 button.block[data-path="layer3.0"]')
    asked.press("Enter")
    assert asked.texts("#step3 .verdict") == ["✓ Right."]
    assert "layer2.0, layer3.0 and layer4.0" in asked.texts("#step3 details p")[1]


def test_a_layer_is_clicked(asked: Browser) -> None:
    layer = '#step4 li.open g.layer[data-path=".{}"]'
    asked.click(layer.format("conv2"))
    assert asked.texts("#step4 .verdict")[0].startswith("✗ Not this one. This is layer3.0.conv2.")
    asked.click(layer.format("conv1"))
    assert asked.texts("#step4 .verdict") == ["✓ Right."]


def test_the_answer_shows_its_chart(asked: Browser) -> None:
    asked.focus("#step5 summary")
    asked.press("Enter")
    asked.hover("#step5 details .plot svg.wide", 0.9)
    [text] = asked.texts("#step5 .readout")
    assert "plain-56" in text and "resnet-56" in text
