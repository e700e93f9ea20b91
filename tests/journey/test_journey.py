"""A tensor's way: its stops are the tree's tensors, its boxes are to scale, the page and its files show the same."""

from math import isclose
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from resnet_explorer.app.main_window import MainWindow
from resnet_explorer.cli.run import main
from resnet_explorer.journey.animation import animated, frames
from resnet_explorer.journey.page import STEPS, JourneyPage
from resnet_explorer.journey.picture import journey_picture, scale_for, slab
from resnet_explorer.journey.values import Grain, JourneyPart, Stop, sentence, stops
from resnet_explorer.network import compile_spec
from resnet_explorer.picture.marks import Area, Label, placed
from resnet_explorer.picture.theme import LIGHT
from resnet_explorer.readings import analyse
from resnet_explorer.scenes.scene import State
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.catalogue import CATALOGUE
from resnet_explorer.spec.change import assign
from resnet_explorer.spec.search import default_input
from tests import pages


def way_of(name: str, by: Grain) -> tuple[Stop, ...]:
    spec = CATALOGUE[name].spec
    return stops(analyse(compile_spec(spec), default_input(spec)), by)


def test_resnet50_stops_at_the_sizes_of_table_1() -> None:
    """He et al. 2015, table 1: 56, 56, 28, 14, 7 and 1."""
    way = way_of("resnet50", Grain.STAGES)
    assert [stop.size for stop in way] == [
        *((3, 224, 224), (64, 56, 56), (256, 56, 56), (512, 28, 28), (1024, 14, 14), (2048, 7, 7), (1000, 1, 1))
    ]
    assert len(way_of("resnet50", Grain.BLOCKS)) == 1 + 1 + 16 + 1


@pytest.mark.parametrize("name", ["resnet18", "seresnext50_32x4d", "resnetv2_50", "fixup_resnet110", "plain20"])
def test_every_stop_of_layers_has_the_shape_that_the_tree_reads(name: str) -> None:
    spec = CATALOGUE[name].spec
    analysis = analyse(compile_spec(spec), default_input(spec))
    way = stops(analysis, Grain.LAYERS)
    assert all(stop.shape == analysis.by_path[stop.path].reading.output for stop in way[1:])
    assert way[-1].shape == analysis.total.output
    blocks = [block for block in analysis.network.blocks if block.form.shortcut is not None]
    assert sum(stop.adds for stop in way) == len(blocks)


def test_a_copy_waits_in_the_branch_and_is_added_after_it() -> None:
    inside = [stop for stop in way_of("resnet18", Grain.LAYERS) if stop.path.startswith("layer2.0.")]
    waiting = [stop for stop in inside if stop.waiting is not None]
    assert [stop.path.rpartition(".")[2] for stop in waiting] == ["conv1", "bn1", "relu1", "conv2", "bn2"]
    assert {stop.waiting for stop in waiting} == {(1, 64, 56, 56)}
    added = next(stop for stop in inside if stop.adds)
    assert added.path == "layer2.0.add" and added.does == "Add: F(x) + the projected x"
    assert sentence(waiting[-1], added).startswith("The copy of the block's input is added")


def test_sentences_say_what_changes() -> None:
    way = way_of("resnet18", Grain.STAGES)
    assert sentence(None, way[0]) == "An image of 3×224² enters the network."
    assert sentence(way[2], way[3]) == "128 channels in place of 64, 28 rows in place of 56."
    assert sentence(way[1], way[2]) == "The shape stays."


@given(st.sampled_from(["resnet18", "resnet152", "resnet20", "wide_resnet50_2"]), st.sampled_from(Grain), st.data())
@settings(max_examples=30, deadline=None)
def test_every_moment_lies_within_the_picture(name: str, by: Grain, data: st.DataObject) -> None:
    way = way_of(name, by)
    place = data.draw(st.floats(0, len(way) - 1))
    wide, high = data.draw(st.floats(480, 2000)), data.draw(st.floats(270, 1200))
    picture = journey_picture(way, place, (wide, high))
    for mark in picture.marks:
        if isinstance(mark, Area):
            assert all(-1 <= x <= wide + 1 and 0 <= y <= high for x, y in mark.points)
        if isinstance(mark, Label):
            assert 0 <= mark.x <= wide and 0 < mark.y <= high


def test_boxes_are_to_scale() -> None:
    way = way_of("resnet50", Grain.STAGES)
    scale = scale_for(way, 1200, 700)
    drawn = {}
    for stop in way[2:6]:
        _, _, front = slab(scale, stop.size, 0.0, 0.0)
        (left, low), (right, _), (_, top), _ = front
        drawn[stop.name] = ((right - left) / stop.size[0], (low - top) / stop.size[1])
    widths, heights = zip(*drawn.values(), strict=True)
    assert all(isclose(value, widths[0]) for value in widths)
    assert all(isclose(value, heights[0]) for value in heights)


def test_the_animation_is_an_svg_whose_key_times_rise_from_0_to_1() -> None:
    way = way_of("resnet18", Grain.LAYERS)
    root = ElementTree.fromstring(animated(way, LIGHT, "ResNet-18 & <its> way"))
    moves = [part for part in root.iter() if part.tag.endswith(("animate", "animateTransform"))]
    assert len(moves) == 3 * 2 + 2 + len(way)
    for move in moves:
        times = [float(time) for time in move.attrib["keyTimes"].split(";")]
        assert times[0] == 0 and times == sorted(times) and times[-1] <= 1
        assert len(times) == len(move.attrib["values"].split(";"))
        assert move.attrib.get("calcMode") == "discrete" or times[-1] == 1


def test_frames_begin_with_the_image_and_end_at_the_scores() -> None:
    way = way_of("resnet18", Grain.STAGES)
    pictures = list(frames(way, 3))
    assert len(pictures) == 3 * (len(way) - 1) + 1
    assert pictures[0].description.startswith("image") and pictures[-1].description.startswith("head")


def test_the_command_writes_the_animation_and_frames(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["journey", "resnet18", "-o", str(tmp_path / "way.svg")]) == 0
    assert "11 stops" in capsys.readouterr().out
    assert main(["journey", "resnet18", "--by", "stages", "--frames", str(tmp_path / "f"), "--between", "2"]) == 0
    assert len(list((tmp_path / "f").glob("*.svg"))) == 13
    assert main(["journey", "resnet18", "-o", str(tmp_path / "way.png")]) == 2
    assert "Only an SVG moves" in capsys.readouterr().err
    assert main(["journey", "resnet18", "--frames", str(tmp_path / "g"), "--between", "0"]) == 2


def shown(window: MainWindow) -> JourneyPage:
    window.show_page("journey")
    return pages.journey(window)


def test_the_page_goes_from_stop_to_stop_and_follows_the_selection(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    page = shown(window)
    assert page.part() == JourneyPart()
    qtbot.keyClick(page.canvas, Qt.Key.Key_Right)
    qtbot.keyClick(page.canvas, Qt.Key.Key_Right)
    assert page.part().stop == 2 and "layer1.0" in page.canvas.picture.description
    window.document.select("layer3.0.conv2")
    assert page.canvas.way[page.part().stop].path == "layer3.0"
    page.by.setCurrentIndex(list(Grain).index(Grain.LAYERS))
    assert page.canvas.way[page.part().stop].path == "layer3.0.conv2"
    scene = window.scene()
    window.go_to(scene.with_part("journey", JourneyPart(Grain.STAGES, 3)))
    assert page.part() == JourneyPart(Grain.STAGES, 3) and page.bar.slider.value() == 3 * STEPS
    window.go_to(scene)
    assert window.scene() == scene
    gates = [path for group, path, _, _ in placed(page.canvas.picture.marks) if group.kind == "gate"]
    page.canvas.clicked(gates[-1])
    assert window.document.selection == gates[-1]
    target = tmp_path / "way.svg"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(target), ""))
    page.save.click()
    assert page.bar.text.text() == "Saving way.svg…"
    qtbot.waitUntil(lambda: page.bar.text.text() == "Saved way.svg.")
    assert ElementTree.parse(target).getroot().tag.endswith("svg")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(target / "below.svg"), ""))
    page.save.click()
    qtbot.waitUntil(lambda: "cannot be" in page.bar.text.text())


def test_play_rests_at_stops_and_ends_at_the_last(window: MainWindow, qtbot: QtBot) -> None:
    page = shown(window)
    page.by.setCurrentIndex(list(Grain).index(Grain.STAGES))
    page.bar.reduce_motion(False)
    page.canvas.play_wanted.emit()
    assert page.bar.playing
    for _ in range(3000):
        if page.bar.playing:
            page.bar.advance()
    assert page.part().stop == len(page.canvas.way) - 1 and not page.bar.playing
    page.bar.reduce_motion(True)
    page.bar.slider.setValue(0)
    page.bar.advance()
    assert page.bar.slider.value() == STEPS, "with reduced motion it goes by whole stops"


def way_length(window: MainWindow) -> int:
    return len(stops(window.session.results.analysis, Grain.LAYERS))


def test_on_the_stage_arrows_go_from_stop_to_stop(window: MainWindow, qtbot: QtBot) -> None:
    shown(window)
    window.present(True)
    assert window.stage is not None
    show = window.stage.presentation
    assert show is not None
    first = show.slide()
    show.step(1)
    assert show.slide().sentence != first.sentence
    show.turn(1)
    assert "every layer" in [control.text for control in show.controls]
    for _ in range(way_length(window)):
        show.step(1)
    spec = assign(CATALOGUE["resnet18"].spec, "blocks=1,1,1,1")
    window.document.propose(State(spec, InputShape(1, 32, 32)), "a network with a shorter way")
    last = stops(window.session.results.analysis, Grain.LAYERS)[-2:]
    assert show.slide().sentence == sentence(*last)
    assert f"stop {way_length(window) - 1} of {way_length(window) - 1}" in [control.text for control in show.controls]
    window.present(False)
