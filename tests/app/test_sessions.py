"""Sessions of the real window: kept, saved, opened, undone, dropped, found again, and restored after a crash."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QMenu, QMessageBox
from pytestqt.qtbot import QtBot
from shiboken6 import delete

from resnet_explorer import cli
from resnet_explorer.app import session_files
from resnet_explorer.app.app import build
from resnet_explorer.app.main_window import MainWindow
from resnet_explorer.assets import path as asset
from resnet_explorer.diagram.view import View
from resnet_explorer.engine.requests import Device, FindDevices
from resnet_explorer.errors import ExplorerError
from resnet_explorer.gradients.page import GradientPage
from resnet_explorer.gradients.part import Conditions, GradientPart
from resnet_explorer.gradients.presets import PRESETS, LabRequest
from resnet_explorer.gradients.recorded import DEFAULT, KINDS, find_recorded, from_session
from resnet_explorer.images.choice import DataChoice, DataKind
from resnet_explorer.runs.recorded import load, to_values
from resnet_explorer.scenes.scene import State
from resnet_explorer.scenes.session import SavedResult, SavedSession, read, save
from resnet_explorer.spec import InputShape
from resnet_explorer.spec import codec as spec_files
from resnet_explorer.spec.catalogue import find
from resnet_explorer.timing.page import TimingPage
from resnet_explorer.timing.values import MeasureTime
from resnet_explorer.training.part import TrainingPart
from resnet_explorer.ui import last_session
from resnet_explorer.ui.preferences import folder, runs_folder
from resnet_explorer.ui.recent import add_recent, recent_files
from tests.geometry.results import times

STATE = State(find("resnet50"), InputShape(1, 64, 64))


@pytest.fixture
def made() -> Iterator[list[MainWindow]]:
    windows: list[MainWindow] = []
    yield windows
    for window in windows:
        window.end()
        delete(window)


def start(qapp: QApplication, made: list[MainWindow], name: str = "", file: Path | None = None) -> MainWindow:
    how = last_session.start(is_new=bool(name), file=file)
    window = build(qapp, find(name) if name else None, how)
    made.append(window)
    window.diagram.animated = False
    window.show()
    window.build_panels()
    qapp.processEvents()
    return window


def kill(window: MainWindow) -> None:
    """Leave a window as the system finds it when its process is killed: its lock ends, and nothing else is done."""
    slot = window._start.slot
    assert slot and slot._lock is not None
    os.close(slot._lock)
    slot._lock = None
    assert window.sessions._autosave
    window.sessions._autosave._stop()
    window.sessions._autosave = None


def work(window: MainWindow) -> None:
    """Choose a network, open a block beside the twin, and change what the timing page shows."""
    window.document.propose(STATE, "choose resnet50")
    window.document.show_view(View(frozenset({"layer2.0"}), compare=True))
    window.document.select("layer2.0.conv1")
    window.panels.open(window.panels.drawer("Layers"))


def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    texts: list[str] = []
    monkeypatch.setattr(QMessageBox, "exec", lambda box: texts.append(f"{box.text()} {box.informativeText()}"))
    return texts


def drop(window: MainWindow, path: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    left, action = Qt.MouseButton.LeftButton, Qt.DropAction.CopyAction
    window.dropEvent(QDropEvent(QPointF(9, 9), action, data, left, Qt.KeyboardModifier.NoModifier))


def test_a_session_is_saved_changed_opened_and_undone(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    file = tmp_path / "lecture.rnx"
    answers = iter([(str(tmp_path / "lecture"), "")])
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: next(answers))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(file), ""))
    work(window)
    saved = window.scene()
    window.actions_by_key["save-session"].trigger()
    assert window.windowTitle() == "lecture[*] – ResNet-50" and not window.isWindowModified()
    other = State(find("resnet20"), InputShape(1, 32, 32))
    window.document.propose(other, "choose resnet20")
    assert window.isWindowModified()
    window.show_page("timing")
    steps = window.document.undo_stack.count()
    window.actions_by_key["open-session"].trigger()
    assert window.scene() == saved and window.document.undo_stack.count() == steps + 1
    assert window.document.undo_stack.undoText() == "open lecture.rnx"
    window.actions_by_key["undo"].trigger()
    assert window.document.state == other and window.scene().page == "timing"
    window.actions_by_key["redo"].trigger()
    assert window.scene() == saved
    window.actions_by_key["save-session"].trigger()
    assert window.statusBar().currentMessage() == f"Saved {file}.", "it has a file, so that none is asked for"
    assert read(file).session.scene == saved and not read(file).session.file


def test_a_session_is_opened_by_a_drop_and_what_is_broken_is_named(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts, file = told(monkeypatch), tmp_path / "dropped.rnx"
    work(window)
    session = replace(window.sessions.current(), results=(SavedResult("gradients", {"kind": "nothing"}),))
    save(session, file)
    window.document.undo_stack.undo()
    drop(window, file)
    assert window.document.state == STATE and not texts
    window.show_page("gradients")
    assert "cannot be shown" in window.statusBar().currentMessage()
    broken = file.read_bytes()
    (tmp_path / "cut.rnx").write_bytes(broken[: len(broken) // 2])
    drop(window, tmp_path / "cut.rnx")
    assert "cut.rnx is cut short, damaged or no session. Choose a file that the app saved." in texts
    assert window.document.state == STATE and window.sessions.file == str(file)


@pytest.mark.parametrize("allowed", [True, False])
def test_files_that_a_session_names_are_read_when_the_user_says_so(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, allowed: bool
) -> None:
    asked: list[str] = []
    answer = QMessageBox.StandardButton.Yes if allowed else QMessageBox.StandardButton.No
    monkeypatch.setattr(QMessageBox, "exec", lambda box: asked.append(box.text()) or answer)  # type: ignore[func-returns-value]
    images = DataChoice(DataKind.FOLDER, "//host/share")
    part = GradientPart(conditions=Conditions(images=images))
    save(SavedSession(window.scene().with_part("gradients", part)), tmp_path / "theirs.rnx")
    assert window.sessions.open(tmp_path / "theirs.rnx")
    assert len(asked) == 1 and "//host/share" in asked[0]
    assert (window.scene().part("gradients") == part) == allowed


def test_a_device_of_another_computer_gives_way_to_this_ones(window: MainWindow, tmp_path: Path) -> None:
    box = window.build.device
    box._on_found(FindDevices(), (Device("cpu", "CPU", instruction_set="AVX2"), Device("cuda:0", "GPU")))
    for device, expected in (("cuda:0", "cuda:0"), ("cuda:7", "cpu"), ("cpu", "cpu")):
        save(SavedSession(replace(window.scene(), device=device)), tmp_path / "device.rnx")
        assert window.sessions.open(tmp_path / "device.rnx")
        assert window.document.device == box.currentData() == expected


def test_recent_files_are_listed_opened_missed_and_cleared(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts, menu = told(monkeypatch), QMenu(window)
    session, network, gone = tmp_path / "a & b.rnx", tmp_path / "net.json", tmp_path / "gone.rnx"
    save(SavedSession(replace(window.scene(), state=STATE)), session)
    network.write_text(spec_files.dumps(find("resnet34")))
    for path in (gone, session, network):
        add_recent(path)
    session_files.list_recent(window, menu)
    actions = menu.actions()
    assert [action.text() for action in actions] == [
        "&1 net.json", "&2 a && b.rnx", "&3 gone.rnx", "", "&Clear this list"
    ]  # fmt: skip
    actions[1].trigger()
    assert window.document.state == STATE and recent_files()[0] == session
    actions[0].trigger()
    assert window.document.state.spec.name == "resnet34" and recent_files()[0] == network
    actions[2].trigger()
    assert "gone.rnx is no longer in" in texts[0] and gone not in recent_files()
    actions[4].trigger()
    session_files.list_recent(window, menu)
    assert [action.text() for action in menu.actions()] == ["No files yet"] and not recent_files()


def test_after_a_crash_the_window_is_as_it_was_and_says_so_once(
    qapp: QApplication, window: MainWindow, made: list[MainWindow]
) -> None:
    work(window)
    window.show_page("timing")
    assert window.sessions._autosave
    window.sessions._autosave.finish()
    left = window.sessions.current()
    kill(window)
    again = start(qapp, made)
    assert again.sessions.current() == left
    bar = again.statusBar()
    assert "did not end properly" in bar.currentMessage()
    told = bar.grab().toImage()
    bar.clearMessage()
    qapp.processEvents()
    assert bar.grab().toImage() != told, "the line is in sight"
    again.close()
    third = start(qapp, made)
    assert third.sessions.current() == left and "properly" not in third.statusBar().currentMessage()


def test_two_windows_keep_two_sessions(qapp: QApplication, window: MainWindow, made: list[MainWindow]) -> None:
    work(window)
    second = start(qapp, made)
    assert second.document.state.spec.name == "resnet18", "the first window's session is its own"
    second.document.propose(State(find("resnet34"), InputShape()), "choose resnet34")
    second.close()
    window.close()
    assert read(folder() / "session-1.rnx").session.scene.state == STATE
    assert start(qapp, made).document.state == STATE, "the one that was saved last"
    assert start(qapp, made).document.state.spec.name == "resnet34"


def test_a_network_that_is_named_leaves_a_crashed_session_alone(
    qapp: QApplication, window: MainWindow, made: list[MainWindow]
) -> None:
    work(window)
    assert window.sessions._autosave
    window.sessions._autosave.finish()
    kill(window)
    named = start(qapp, made, "resnet34")
    assert named.document.state.spec.name == "resnet34" and "properly" not in named.statusBar().currentMessage()
    named.close()
    assert start(qapp, made).document.state == STATE


def test_a_change_a_second_does_not_put_off_saving(window: MainWindow, qtbot: QtBot) -> None:
    file, autosave = folder() / "session-1.rnx", window.sessions._autosave
    assert autosave
    autosave._rest.setInterval(300)
    autosave._latest.setInterval(700)
    for side in range(64, 90):
        window.document.propose(State(find("resnet18"), InputShape(1, side, side)), f"size {side}")
        qtbot.wait(60)
        if file.exists():
            break
    assert file.exists()


def test_what_cannot_be_kept_is_said_once(window: MainWindow, qtbot: QtBot) -> None:
    autosave = window.sessions._autosave
    assert autosave
    autosave._path = folder() / "missing" / "session.rnx"
    with qtbot.waitSignal(autosave.failed) as said:
        work(window)
        autosave._save()
    assert "its folder does not exist" in said.args[0]


def test_the_command_line_opens_a_session(
    qapp: QApplication, window: MainWindow, made: list[MainWindow], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    work(window)
    file = tmp_path / "mine.rnx"
    assert window.sessions.save(file)
    other = start(qapp, made, file=file)
    assert replace(other.sessions.current(), file="") == read(file).session
    assert other.sessions._autosave and other.sessions._autosave._latest.isActive(), "kept before anything changes"
    assert other.windowTitle() == "mine[*] – ResNet-50" and other.document.undo_stack.undoText() == "choose resnet50"
    assert cli.main(["open", str(tmp_path / "no.rnx")]) == 2
    assert "no.rnx cannot be read: No such file or directory. Check the path." in capsys.readouterr().err


def recorded_values(request: LabRequest) -> dict[str, Any]:
    """Return what comes recorded with the app of the gradient lab, as a session holds it."""
    recording = load(request, KINDS[type(request)])
    assert recording
    return to_values(recording)


def test_a_result_comes_back_with_where_it_was_measured(
    qapp: QApplication, window: MainWindow, made: list[MainWindow]
) -> None:
    page = window.page("gradients")
    assert isinstance(page, GradientPage)
    measured = find_recorded(DEFAULT)
    page._requested = DEFAULT
    page._on_measured(DEFAULT, measured)
    window.document.propose(STATE, "choose resnet50")
    left = window.sessions.current()
    assert [result.page for result in left.results] == ["gradients"]
    assert left.results[0].content["made"]["began"][:2] == "20"
    window.close()
    again = start(qapp, made)
    assert again.sessions.current().results == left.results, "of a page that is not built yet"
    again.show_page("gradients")
    shown = again.page("gradients")
    assert isinstance(shown, GradientPage) and shown.shown is not None
    assert shown.shown.data.startswith("recorded 20") and "Measure again renews it" in shown.state.text()
    assert again.sessions.current().results == left.results


@pytest.mark.parametrize("change", [lambda result: result.pop("networks"), lambda result: result["networks"][0].update(
    places=result["networks"][0]["places"][1:]), lambda result: result.update(data=3)])  # fmt: skip
def test_a_result_that_does_not_fit_itself_is_refused(
    window: MainWindow, change: Callable[[dict[str, Any]], object]
) -> None:
    values = recorded_values(DEFAULT)
    change(values["result"])
    with pytest.raises(ExplorerError):
        window.page("gradients").show_measurements([values])


@pytest.mark.parametrize("key", ["he-start", "degradation", "paths", "shattered", "lesions"])
def test_each_kind_of_result_comes_back_equal(key: str) -> None:
    values = recorded_values(PRESETS[key].request)
    if key == "he-start":
        values["result"]["networks"][0]["samples"][0] |= {"loss": "nan", "accuracy": None}
    assert to_values(from_session(json.loads(json.dumps(values)))) == values


def test_times_come_back_with_where_they_were_measured(
    qapp: QApplication, window: MainWindow, made: list[MainWindow]
) -> None:
    page = window.page("timing")
    assert isinstance(page, TimingPage)
    page._asked = window.session.results.analysis
    result = times(MeasureTime(find("resnet18"), InputShape()))
    page._on_measured(result.job, result)
    left = window.sessions.current()
    window.close()
    again = start(qapp, made)
    again.show_page("timing")
    shown = again.page("timing")
    assert isinstance(shown, TimingPage) and shown.measured and shown.measured.timing.rows == result.timing.rows
    assert shown.text.text() == page.text.text() and again.sessions.current().results == left.results
    wrong = json.loads(json.dumps(left.results[0].content))
    wrong["result"]["timing"]["rows"][0]["path"] = "layer9"
    with pytest.raises(ExplorerError, match="damaged"):
        shown.show_measurements([wrong])


def test_runs_that_are_not_saved_with_the_session_are_shown_from_their_folders(
    window: MainWindow, tmp_path: Path
) -> None:
    recording = next(path for path in asset("runs").glob("degradation/*") if (path / "run.json").is_file())
    shutil.copytree(recording, runs_folder() / "mine")
    scene = replace(window.scene().with_part("training", TrainingPart(live=True)), page="training")
    save(SavedSession(scene, runs={"training": ("mine", "gone")}), tmp_path / "runs.rnx")
    assert window.sessions.open(tmp_path / "runs.rnx")
    (run,) = window.page("training").runs
    assert Path(run.folder) == runs_folder() / "mine" and run.metrics
    assert window.sessions.current().runs == {"training": ("mine",)}
