"""Sessions in files: what was saved comes back, and what is broken costs no more than it must."""

import json
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from resnet_explorer.assets import path as asset
from resnet_explorer.diagram.view import View
from resnet_explorer.errors import ExplorerError
from resnet_explorer.scenes import session as files
from resnet_explorer.scenes.archive import MOST_BYTES, MOST_ENTRIES, pack, unpack
from resnet_explorer.scenes.scene import Scene, State
from resnet_explorer.scenes.session import (
    HISTORY,
    MIGRATIONS,
    MOST_STATES,
    SESSION,
    VERSION,
    History,
    SavedResult,
    SavedSession,
    decode,
    encode,
    is_inside,
    read,
    save,
)
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.catalogue import find
from tests.cases import each
from tests.scenes.sessions import sessions

STATES = tuple(State(find(name), InputShape(1, 64, 64)) for name in ("resnet18", "resnet50"))
USUAL = SavedSession(
    Scene(STATES[1], View(frozenset({"layer2.0"}), compare=True), "layer2.0.conv1", "cpu", "timing", {"Layers": True}),
    {"diagram": {"Build": ("open", 320), "Code": ("closed", 270)}},
    History(STATES, ("choose resnet50",), 1),
    (SavedResult("gradients", {"format": "resnet-explorer recording", "result": {"a": [1, 2.5, None]}}),),
    {"training": ("degradation/plain-20", "mine")},
)
FILE = encode(USUAL)


def entries_of(data: bytes) -> dict[str, Any]:
    return {name: json.loads(content) for name, content in unpack(data, "it").entries.items()}


def packed(entries: dict[str, Any]) -> bytes:
    return pack({name: json.dumps(values).encode() for name, values in entries.items()})


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(sessions())
def test_what_was_saved_is_opened_equal(tmp_path_factory: pytest.TempPathFactory, session: SavedSession) -> None:
    file = tmp_path_factory.getbasetemp() / "any.rnx"
    save(session, file)
    assert read(file) == (session, ())
    assert encode(read(file).session) == file.read_bytes()


def test_a_session_is_a_zip_of_json_each_part_an_entry() -> None:
    with zipfile.ZipFile(BytesIO(FILE)) as archive:
        assert archive.namelist() == [SESSION, HISTORY, "results/gradients-0.json"]
        assert json.loads(archive.read(SESSION))["format"] == "resnet-explorer session"


def _without(name: str) -> Callable[[dict[str, Any]], object]:
    return lambda entries: entries.pop(name)


def _with(place: str, value: object) -> Callable[[dict[str, Any]], object]:
    """Return what puts a value at a place such as ``session.json > scene > view``."""
    name, *keys = place.split(" > ")

    def put(entries: dict[str, Any]) -> None:
        inner: Any = entries
        for key in [name, *keys][:-1]:
            inner = inner[key]
        inner[[name, *keys][-1]] = value

    return put


@pytest.mark.parametrize(
    ("break_it", "where", "kept"),
    [
        (_without(SESSION), SESSION, {"scene": Scene(STATES[1]), "layouts": {}, "runs": {}}),
        (_with("session.json > scene", 3), "scene", {"scene": Scene(STATES[1])}),
        (_with("session.json > scene > state > image > height", -1), "height", {}),
        (_with("session.json > scene > view", {"expanded": 3}), "$.view.expanded", {}),
        (_with("session.json > scene > page", "nowhere"), "nowhere", {}),
        (_with("session.json > scene > parts", 3), "parts", {}),
        (_with("session.json > scene > parts", {"timing": {"runs": 10}, "gradients": 3}), "$.parts.gradients", {}),
        (_with("session.json > scene > parts", {"timing": {"runs": -1}}), "timing", {}),
        (_with("session.json > scene > parts", {"nowhere": {}}), "nowhere", {}),
        (_with("session.json > scene > drawers", {"Layers": "open"}), "$.drawers", {}),
        (_with("session.json > layouts", {"diagram": {"Build": ["open", 10**9]}}), "Build", {"layouts": {}}),
        (_with("session.json > runs", {"training": ["../../etc"]}), "../../etc", {"runs": {}}),
        (_with(HISTORY, {"states": []}), "", {"history": History()}),
        (_with(HISTORY, {"states": [], "labels": ["a"], "place": 3}), "", {"history": History((), ("a",), 3)}),
        (_with("history.json > labels", ["x"] * 300), HISTORY, {"history": History()}),
        (_with("history.json > place", 7), HISTORY, {"history": History()}),
        (_with("results/gradients-0.json", []), "results/gradients-0.json", {"results": ()}),
        (_with("results/../../x-0.json", {}), "results/../../x-0.json", {}),
    ],
)
def test_what_is_broken_is_named_and_the_rest_is_opened(
    break_it: Callable[[dict[str, Any]], object], where: str, kept: dict[str, Any]
) -> None:
    entries = entries_of(FILE)
    break_it(entries)
    opened = decode(packed(entries), "it.rnx")
    assert where in " ".join(opened.problems)
    assert len(opened.problems) == bool(where) or not where or SESSION in where or where == "scene"
    expected = {**{name: getattr(USUAL, name) for name in ("layouts", "history", "results", "runs")}, **kept}
    expected.pop("scene", None)
    assert {name: getattr(opened.session, name) for name in expected} == expected
    assert opened.session.scene.state == STATES[1]


@pytest.mark.parametrize(
    ("break_it", "text"),
    [
        (_with("session.json > version", VERSION + 1), "was written by a newer version. Update"),
        (_with("session.json > version", 0), "no known version"),
        (_with("session.json > version", True), "holds no session"),
        (_with("session.json > format", "resnet-explorer spec"), "holds no session"),
        (lambda entries: entries.clear(), "holds no network that can be shown"),
        (lambda entries: [entries.pop(SESSION), entries.pop(HISTORY)], "holds no network that can be shown"),
    ],
)
def test_what_cannot_be_opened_says_why(break_it: Callable[[dict[str, Any]], object], text: str) -> None:
    entries = entries_of(FILE)
    break_it(entries)
    with pytest.raises(ExplorerError, match=text) as problem:
        decode(packed(entries), "it.rnx")
    assert problem.value.where == "it.rnx" and problem.value.remedy


def test_the_workspace_of_version_1_is_a_session() -> None:
    scene = json.loads(unpack(FILE, "it").entries[SESSION])["scene"]
    shown = {key: scene[key] for key in ("state", "view", "selection", "page")}
    history = json.loads(unpack(FILE, "it").entries[HISTORY])
    workspace = {**shown, "drawers": {"diagram": {"Build": ["open", 320]}}, "history": history}
    text = json.dumps({"format": "resnet-explorer workspace", "version": 1, "workspace": workspace})
    session, problems = decode(text.encode(), "workspace.json")
    assert (
        not problems and session.history == USUAL.history and session.layouts == {"diagram": {"Build": ("open", 320)}}
    )
    assert (session.scene.state, session.scene.view, session.scene.page) == (STATES[1], USUAL.scene.view, "timing")


def test_each_older_version_has_a_migration_to_the_next_one(monkeypatch: pytest.MonkeyPatch) -> None:
    assert sorted(MIGRATIONS) == list(range(1, VERSION))
    renamed = {2: lambda values: {**values, SESSION: {**values[SESSION], "scene": values[SESSION]["shown"]}}}
    monkeypatch.setattr(files, "VERSION", 3)
    monkeypatch.setattr(files, "MIGRATIONS", {**MIGRATIONS, **renamed})
    entries = entries_of(FILE)
    entries[SESSION] = {**entries[SESSION], "version": 2, "shown": entries[SESSION].pop("scene")}
    assert decode(packed(entries), "old.rnx") == (USUAL, ())


@each(
    "path,expected",
    [("mine", True), ("degradation/plain-20", True), ("..", False), ("a/../b", False), ("/etc", False), ("", False),
     ("C:\\x", False), ("\\\\host\\share", False), ("a//b", False), ("a\n", False), ("x" * 2000, False)],
)  # fmt: skip
def test_a_run_lies_in_the_folder_of_runs(path: str, expected: bool) -> None:
    assert is_inside(path) == expected


def test_no_file_has_more_steps_than_are_worth_checking() -> None:
    steps = History(STATES[:1] * (MOST_STATES + 1), ("step",) * MOST_STATES, MOST_STATES)
    opened = decode(encode(SavedSession(USUAL.scene, history=steps)), "long.rnx")
    assert opened.session.history == History() and "more steps than any window keeps" in opened.problems[0]


def test_an_archive_that_would_fill_the_memory_is_not_unpacked(tmp_path: Path) -> None:
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in unpack(FILE, "it").entries.items():
            archive.writestr(name, data)
        archive.writestr("results/gradients-1.json", b" " * (MOST_BYTES + 1))
    session, problems = decode(stream.getvalue(), "bomb.rnx")
    assert session == USUAL and "too large" in problems[0] and len(stream.getvalue()) < 100_000
    lying = stream.getvalue().replace((MOST_BYTES + 1).to_bytes(4, "little"), (1000).to_bytes(4, "little"))
    assert "damaged" in decode(lying, "bomb.rnx").problems[0]
    with pytest.raises(ExplorerError, match="more entries than any session"):
        decode(pack({str(number): b"" for number in range(MOST_ENTRIES + 1)}), "many.rnx")
    large = tmp_path / "large.rnx"
    large.write_bytes(b"P" * (MOST_BYTES + 1))
    with pytest.raises(ExplorerError, match="too large for a session"):
        read(large)


@pytest.mark.parametrize("name", ["", "missing.rnx", "a\0b.rnx"])
def test_what_is_no_file_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(ExplorerError) as problem:
        read(tmp_path / name)
    assert problem.value.remedy


def test_json_is_not_followed_without_end() -> None:
    deep = {SESSION: b"[" * 200_000, HISTORY: unpack(FILE, "it").entries[HISTORY]}
    session, problems = decode(pack(deep), "deep.rnx")
    assert session.scene.state == STATES[1] and SESSION in problems[0]


def test_recordings_that_come_with_the_app_are_no_sessions() -> None:
    file = next(asset("recorded").glob("*.json.gz"))
    with pytest.raises(ExplorerError, match="no session"):
        decode(file.read_bytes(), file.name)
