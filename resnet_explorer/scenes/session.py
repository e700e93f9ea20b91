"""A session: a scene, the drawers, the steps to undo, what was measured and the runs shown, as a value and a file.

The file (``.rnx``) is a zip of JSON: ``session.json`` names the format and its version, and holds the scene, the
drawers and the runs; ``history.json`` holds the steps to undo, and each of ``results/*.json`` a result with its
provenance. Whatever part of it cannot be read is left out, and a sentence says which.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import field, replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from resnet_explorer import codec, features, files
from resnet_explorer.dataclass import dataclass
from resnet_explorer.errors import ExplorerError
from resnet_explorer.network import compile_spec
from resnet_explorer.readings import analyse
from resnet_explorer.scenes import scene as scenes
from resnet_explorer.scenes.archive import Unpacked, bytes_of, pack, unpack
from resnet_explorer.scenes.scene import DIAGRAM, Scene, State
from resnet_explorer.spec.codec import READERS, WRITERS

T = TypeVar("T")
FORMAT, VERSION = "resnet-explorer session", 2
WORKSPACE = "resnet-explorer workspace"
"""The format of version 1: one JSON file, without results and without what pages show."""
SUFFIX = ".rnx"
SESSION, HISTORY, RESULTS = "session.json", "history.json", "results/"
Layouts = Mapping[str, Mapping[str, tuple[str, int]]]
"""For each page its drawers by title: whether they are open (``auto``, ``open`` or ``closed``), and their size."""
_OPEN = ("auto", "open", "closed")
MOST_NARROW, MOST_WIDE = 1, 10_000
"""How narrow and how wide a drawer may be, in px at the usual text size."""
MOST_STATES = 200
"""The most states that steps to undo may lead through; a window keeps fewer."""
_LONGEST = 1000
"""The longest path of a run, in characters."""
_NONE: Mapping[str, Any] = {}
_CHOOSE = "Choose a file that the app saved."


@dataclass(frozen=True, slots=True)
class History:
    """The states from the oldest to the newest, the names of the steps between them, and which of them is shown."""

    states: tuple[State, ...] = ()
    labels: tuple[str, ...] = ()
    place: int = 0


@dataclass(frozen=True, slots=True)
class SavedResult:
    """What a page shows measured, by its key: plain JSON values, as recordings have them, with their provenance."""

    page: str
    content: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SavedSession:
    """All that a window holds. ``runs`` are folders inside the folder of saved runs, for each page those that it shows.

    ``file`` is where the user saved it last; empty where that was never done.
    """

    scene: Scene
    layouts: Layouts = field(default_factory=dict)
    history: History = field(default_factory=History)
    results: tuple[SavedResult, ...] = ()
    runs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    file: str = ""


class Opened(NamedTuple):
    """A session that was read, and a sentence on each part that could not be."""

    session: SavedSession
    problems: tuple[str, ...] = ()


def encode(session: SavedSession) -> bytes:
    """Return the content of a session's file."""
    head = {"format": FORMAT, "version": VERSION, "scene": scenes.encode(session.scene)}
    entries = {
        SESSION: {**head, "layouts": session.layouts, "runs": session.runs, "file": session.file},
        HISTORY: session.history,
    }
    for number, result in enumerate(session.results):
        entries[f"{RESULTS}{result.page}-{number}.json"] = result.content
    return pack({name: codec.encode(value, WRITERS, indent=None).encode() for name, value in entries.items()})


def save(session: SavedSession, path: Path) -> None:
    """Write a session, whole or not at all; raises ExportError."""
    files.write(path, encode(session))


def read(path: Path) -> Opened:
    """Return the session of a file; raises ExplorerError, naming it, where nothing of it can be shown."""
    opened = decode(bytes_of(path), path.name)
    try:
        for state in dict.fromkeys(opened.session.history.states):
            _checked_state(state)
    except ExplorerError as error:
        problem = f"{HISTORY}: {error.what}"
        return Opened(replace(opened.session, history=History()), (*opened.problems, problem))
    return opened


def decode(data: bytes, where: str) -> Opened:
    """Return the session that a file holds; raises ExplorerError, naming ``where``, where nothing can be shown.

    The steps to undo are not checked for networks that cannot take their input.
    """
    values, problems = content_of(data, where)
    head = values.get(SESSION, {})
    history = _part(HISTORY, lambda: _history(values.get(HISTORY, {})), History(), problems)
    scene = _scene(head, history, problems)
    if scene is None:
        raise ExplorerError(where, f"{where} holds no network that can be shown. {' '.join(problems)}".strip(), _CHOOSE)
    layouts = _part("layouts", lambda: _layouts(head.get("layouts", {})), _NONE, problems)
    runs = _part("runs", lambda: _runs(head.get("runs", {})), _NONE, problems)
    file = head.get("file", "")
    session = SavedSession(
        scene, layouts, history, _results(values, problems), runs, file if isinstance(file, str) else ""
    )
    return Opened(session, tuple(problems))


class Content(NamedTuple):
    """The JSON values of a session's parts by their names, of the newest version, and what could not be read."""

    values: Mapping[str, Any]
    problems: list[str]


def content_of(data: bytes, where: str, names: Collection[str] = ()) -> Content:
    """Return the parts of a session's file, those of some names or all of them.

    Raises ExplorerError, naming ``where``, where it is no session or that of a newer version.
    """
    is_text = data.lstrip()[:1] == b"{"
    entries, problems = Unpacked({SESSION: data}, []) if is_text else unpack(data, where, names)
    values: dict[str, Any] = {}
    left = codec.MOST_VALUES
    for name, text in entries.items():
        try:
            values[name] = codec.parse(text, left)
            left -= codec.count_values(text)
        except ExplorerError as error:
            problems.append(f"{name[:60]}: {error.what}")
    head = values.get(SESSION, {} if not is_text else None)
    if SESSION not in values and not is_text:
        problems.append(f"{SESSION} is missing or damaged.")
        return Content(values, problems)
    version = head.get("version") if isinstance(head, dict) else None
    if not isinstance(head, dict) or head.get("format") not in (FORMAT, WORKSPACE) or type(version) is not int:
        raise ExplorerError(where, f"{where} holds no session.", _CHOOSE)
    if version > VERSION:
        raise ExplorerError(where, f"{where} was written by a newer version.", "Update ResNet Explorer to open it.")
    for older in range(version, VERSION):
        if older not in MIGRATIONS:
            raise ExplorerError(where, f"{where} has no known version.", _CHOOSE)
        values = dict(MIGRATIONS[older](values))
    return Content(values, problems)


def _from_workspace(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the parts of a workspace, which was one file with the steps to undo among what was shown."""
    shown = values[SESSION].get("workspace")
    if not isinstance(shown, dict):
        raise ExplorerError(SESSION, "The workspace is empty.", _CHOOSE)
    scene = {key: shown[key] for key in ("state", "view", "selection", "page") if key in shown}
    head = {"format": FORMAT, "version": 2, "scene": scene, "layouts": shown.get("drawers", {})}
    return {SESSION: head, HISTORY: shown.get("history", {})}


MIGRATIONS: Mapping[int, Callable[[Mapping[str, Any]], Mapping[str, Any]]] = {1: _from_workspace}
"""What makes the parts of a version those of the next one."""


def _part(name: str, make: Callable[[], T], otherwise: T, problems: list[str]) -> T:
    """Return a part; where it cannot be read what stands in for it, and say so."""
    try:
        return make()
    except ExplorerError as error:
        place = "" if name in error.what else f"{name}: "
        problems.append(f"{place}{error.what}")
        return otherwise


def _scene(head: Mapping[str, Any], history: History, problems: list[str]) -> Scene | None:
    """Return the scene with all of it that can be read, at least its network; None where there is none."""
    values = head.get("scene", {})
    values = values if isinstance(values, dict) else {}
    state = _part("scene", lambda: _state(values.get("state")), None, problems)
    if state is None and history.states:
        state = _part(HISTORY, lambda: _checked_state(history.states[history.place]), None, problems)
    if state is None:
        return None
    plain = codec.plain(state, WRITERS)
    try:
        return scenes.decode({**values, "state": plain})
    except ExplorerError:
        return _mended(plain, values, problems)


def _state(values: object) -> State:
    return _checked_state(codec.decode(values, State, READERS, "$.state"))


def _checked_state(state: State) -> State:
    """Return a state; raises ExplorerError where its network cannot take its input."""
    analyse(compile_spec(state.spec), state.image)
    return state


def _mended(state: object, values: Mapping[str, Any], problems: list[str]) -> Scene:
    """Return the scene with each key, and each page's part, that can be read beside the network."""
    kept: dict[str, Any] = {"state": state, "parts": {}}
    parts = values.get("parts", {})
    if not isinstance(parts, dict):
        problems.append("What the pages show (parts) is no object.")
    for key, value in values.items():
        if key not in kept:
            kept |= _part(key, partial(_checked, state, {key: value}), _NONE, problems)
    for page, part in parts.items() if isinstance(parts, dict) else ():
        more = _part(page, partial(_checked, state, {"parts": {page: part}}), _NONE, problems)
        kept["parts"] |= more.get("parts", {})
    return scenes.decode(kept)


def _checked(state: object, more: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return values of a scene as they are; raises ExplorerError where they are none."""
    scenes.decode({"state": state, **more})
    return more


def _history(values: object) -> History:
    history = codec.decode(values, History, READERS, HISTORY)
    if len(history.states) > MOST_STATES:
        raise ExplorerError(HISTORY, f"{HISTORY}: there are more steps than any window keeps.", _CHOOSE)
    if history.states and not 0 <= history.place < len(history.states) == len(history.labels) + 1:
        raise ExplorerError(HISTORY, f"{HISTORY}: the steps do not fit the states.", _CHOOSE)
    return history


def _layouts(values: object) -> Layouts:
    layouts = codec.decode(values, dict[str, dict[str, tuple[str, int]]], at="layouts")
    for page in layouts.values():
        for title, (state, size) in page.items():
            if state not in _OPEN or not MOST_NARROW <= size <= MOST_WIDE:
                raise ExplorerError("layouts", f"layouts: the drawer {title[:40]!r} has no such size.", _CHOOSE)
    return layouts


def _runs(values: object) -> Mapping[str, tuple[str, ...]]:
    """Return the runs of each page, whose folders lie in that of saved runs, and nowhere else."""
    runs = codec.decode(values, dict[str, tuple[str, ...]], at="runs")
    for folder in (folder for folders in runs.values() for folder in folders):
        if not is_inside(folder):
            raise ExplorerError("runs", f"runs: {folder[:40]!r} is not the name of a run's folder.", _CHOOSE)
    return runs


def is_inside(path: str) -> bool:
    """Return whether a relative path, of names with a / between them, leads nowhere but into its folder."""
    return len(path) <= _LONGEST and all(
        name.strip(". ") and name.isprintable() and not set(name) & set('\\:*?"<>|') for name in path.split("/")
    )


def _results(values: Mapping[str, Any], problems: list[str]) -> tuple[SavedResult, ...]:
    pages, results = [DIAGRAM, *(row.key for row in features.pages())], []
    for name, content in sorted(values.items(), key=lambda item: _number(item[0])):
        if not name.startswith(RESULTS):
            continue
        page = name.removeprefix(RESULTS).rpartition("-")[0]
        if page in pages and isinstance(content, dict):
            results.append(SavedResult(page, content))
        else:
            problems.append(f"{name[:60]} is not a result of any page.")
    return tuple(results)


def _number(name: str) -> tuple[int, str]:
    digits = name.removesuffix(".json").rpartition("-")[2]
    return (int(digits) if digits.isascii() and digits.isdecimal() and len(digits) < 9 else 0), name
