"""Lessons in files: those that come with the app and those of the user's folders, and the scenes of their steps."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from resnet_explorer import assets, files
from resnet_explorer.errors import ExplorerError, did_you_mean
from resnet_explorer.lessons.parse import MAX_BYTES, parse
from resnet_explorer.lessons.readings import check_size
from resnet_explorer.lessons.values import Lesson, Question
from resnet_explorer.scenes import change
from resnet_explorer.scenes.scene import Scene, State
from resnet_explorer.spec import catalogue
from resnet_explorer.spec.change import assign
from resnet_explorer.spec.search import default_input

SUFFIX = ".md"
FIRST_NETWORK = "resnet18"
"""What a lesson begins on where its first step names no network."""
MAX_FILES = 200
"""So many files of a folder are looked at."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A lesson's file; ``lesson`` is None where it is broken, and ``problem`` says how."""

    path: Path
    lesson: Lesson | None
    problem: str = ""

    @property
    def key(self) -> str:
        return self.path.stem


def lessons(*folders: Path) -> tuple[Listed, ...]:
    """Return the lessons that come with the app, then those in some folders, each sorted by the names of their files.

    A broken file is listed with its problem; a folder that is not there has none.
    """
    return tuple(_listed(file) for folder in (assets.path("lessons"), *folders) for file in _files(folder))


def _files(folder: Path) -> tuple[Path, ...]:
    try:
        files = [file for file in folder.iterdir() if file.suffix.lower() == SUFFIX and file.is_file()]
    except OSError:
        return ()
    return tuple(sorted(files))[:MAX_FILES]


def _listed(file: Path) -> Listed:
    try:
        return Listed(file, load(file))
    except ExplorerError as error:
        return Listed(file, None, str(error))


def read_text(file: Path) -> str:
    """Return the text of a lesson's file; raises ExplorerError where it cannot be read, or is no lesson by its size."""
    try:
        if file.stat().st_size > MAX_BYTES:
            text = f"line 1: {file.name} is larger than {MAX_BYTES // 1000} kB."
            raise ExplorerError(str(file), text, "Split the lesson.")
        return files.read_text(file, MAX_BYTES)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", "") or "it is no text in UTF-8"
        raise ExplorerError(str(file), f"{file} cannot be read: {reason}.", "Choose another file.") from error


def load(file: Path) -> Lesson:
    """Return the lesson in a file; raises ExplorerError with the line where its form is wrong.

    Whether its scenes can be and its expressions have values is told by ``check.problems``.
    """
    return parse(read_text(file), str(file))


def find(name: str, *folders: Path) -> Path:
    """Return the file of a lesson by its key, a beginning of it that only one has, or its path.

    Raises ExplorerError where there is none.
    """
    if name.lower().endswith(SUFFIX):
        return Path(name)
    files = {file.stem: file for folder in (*folders, assets.path("lessons")) for file in _files(folder)}
    matches = [key for key in files if name and key.lower().startswith(name.lower())]
    if name in files or len(matches) == 1:
        return files[name if name in files else matches[0]]
    text = f"There is no lesson {name[:40]!r}." if not matches else f"{name!r} may be one of {len(matches)} lessons."
    hint = f"Name one: {', '.join(matches)}." if matches else did_you_mean(name, files, "'resnet-explorer lesson list'")
    raise ExplorerError("lesson", text, hint)


def scenes(lesson: Lesson, start: Scene) -> tuple[Scene, ...]:
    """Return the scene of every step, whole; of ``start`` they have the device alone.

    Raises ExplorerError, ``where`` naming the key, where a step's scene cannot be.
    """
    return tuple(_scenes(lesson, start))


def _scenes(lesson: Lesson, start: Scene) -> Iterator[Scene]:
    scene = first_scene(start)
    for step in lesson.steps:
        scene = changed(scene, step.change)
        yield scene


def first_scene(start: Scene) -> Scene:
    """Return what a lesson begins on, before its first step."""
    spec = catalogue.find(FIRST_NETWORK)
    return Scene(State(spec, default_input(spec)), device=start.device)


def changed(scene: Scene, values: Mapping[str, Any]) -> Scene:
    """Return a scene with what a lesson changes; raises ExplorerError for what no lesson may, or what cannot be."""
    _check_values("", values)
    spec, settings = scene.state.spec, values.get("set", [])
    if isinstance(name := values.get("network"), str):
        spec = catalogue.find(name)
    if isinstance(settings, list) and all(isinstance(item, str) for item in settings):
        check_size(assign(spec, *settings))
    return change.changed(scene, values)


def answer_scene(question: Question, scene: Scene) -> Scene:
    """Return the scene that shows a question's answer, from that of its step."""
    return changed(scene, question.show)


_DEVICE = "device"


def _check_values(key: str, value: object) -> None:
    """Refuse a path of a file and a device: a lesson from a stranger shows and asks, and nothing else."""
    if isinstance(value, Mapping):
        for name, item in value.items():
            if name == _DEVICE:
                raise ExplorerError(key or name, "A lesson chooses no device.", "Take it out.")
            _check_values(key or str(name), item)
    elif isinstance(value, list):
        for item in value:
            _check_values(key, item)
    elif isinstance(value, str) and (any(mark in value for mark in "/\\~") or ".." in value):
        raise ExplorerError(key, f"A lesson names no file, and {value[:40]!r} looks like one.", "Take it out.")
