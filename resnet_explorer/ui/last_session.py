"""Where windows were when they were closed or killed: each keeps a session of its own in the settings' folder.

A window holds the file that it saves into, a slot, under a lock, so that no other window writes into it. A start goes
on with a session whose window was killed, else with the one that was saved last, of those that no window holds.
What the first paint needs is read at once, without msgspec; the rest once the window is there.
"""

import os
import shutil
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

from resnet_explorer.dataclass import dataclass
from resnet_explorer.diagram.view import View
from resnet_explorer.errors import ExplorerError
from resnet_explorer.files import read_bytes
from resnet_explorer.scenes.archive import MOST_BYTES
from resnet_explorer.scenes.scene import Scene, State
from resnet_explorer.scenes.session import (
    SESSION,
    SUFFIX,
    Opened,
    SavedSession,
    content_of,
    decode,
    read,
)
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.codec import from_dict
from resnet_explorer.ui import last_words
from resnet_explorer.ui.frame import OpenState
from resnet_explorer.ui.preferences import folder

MOST_SLOTS = 16
"""How many windows keep a session at once; one more is not kept."""
_OPEN, _STARTING = b"open", b"start"
"""What a lock's file holds while its window is open, and for each start in a row that did not become a window."""
_FAILED_STARTS = 2
"""After so many the session is left out: a single one may be killed by chance."""


class Slot:
    """A session's file, and its lock, which ends with the process; ``is_left`` tells that its last window was killed.

    ``failed_starts`` is how many windows in a row ended before they had opened. Raises OSError where another window
    holds it.
    """

    def __init__(self, number: int) -> None:
        self.path = folder() / f"session-{number}{SUFFIX}"
        self._lock: int | None = _locked(self.path.with_suffix(".lock"))
        content = os.read(self._lock, 100)
        self.is_left, self.failed_starts = bool(content), content.count(_STARTING)
        self._has_opened = self._has_failed = False
        self._write(_STARTING * (self.failed_starts + 1))

    def note_opened(self) -> None:
        """Take note that the window has opened, with all that the session shows."""
        if self._lock is not None and not self._has_failed:
            self._has_opened = True
            self._write(_OPEN)

    def note_failed(self) -> bool:
        """Let the next start leave the session out, unless the window has opened; return whether it will."""
        if self._lock is not None and not self._has_opened and not self._has_failed:
            self._has_failed = True
            self._write(_STARTING * _FAILED_STARTS)
            with suppress(OSError):  # what this window saves may lack what could not be shown
                shutil.copyfile(self.path, free_name(self.path))
        return self._has_failed

    def put_aside(self) -> Path | None:
        """Move the session to a name of its own, and return that; None where there is none.

        Raises OSError where it cannot be moved.
        """
        if not self.path.exists():
            return None
        aside = free_name(self.path)
        os.replace(self.path, aside)
        return aside

    def release(self) -> None:
        """Let other windows have it, as one whose window was closed."""
        if self._lock is not None:
            if not self._has_failed:
                self._write(b"")
            os.close(self._lock)
            self._lock = None

    def _write(self, content: bytes) -> None:
        assert self._lock is not None
        os.lseek(self._lock, 0, os.SEEK_SET)
        os.ftruncate(self._lock, 0)
        os.write(self._lock, content)


def _locked(path: Path) -> int:
    """Return the descriptor of a file that is this process' own until it is closed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666)
    try:
        if sys.platform == "win32":
            import msvcrt

            os.lseek(handle, 1000, os.SEEK_SET)  # a byte that is locked cannot be read
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
            os.lseek(handle, 0, os.SEEK_SET)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        raise
    return handle


def take_slot(is_new: bool = False) -> Slot | None:
    """Return the slot that a start goes on with; None where none can be held.

    Where ``is_new`` the session in it will be replaced, so that none is taken whose window was killed.
    """
    for number in sorted(range(1, MOST_SLOTS + 1), key=_precedence):
        if is_new and _is_left(number):
            continue
        try:
            return Slot(number)
        except OSError:
            continue
    return None


def _precedence(number: int) -> tuple[bool, float]:
    try:
        saved = (folder() / f"session-{number}{SUFFIX}").stat().st_mtime
    except OSError:
        saved = 0.0
    return not _is_left(number), -saved


def _is_left(number: int) -> bool:
    """Return whether a slot is held, or was when its window was killed."""
    try:
        return bool(read_bytes(folder() / f"session-{number}.lock"))
    except OSError:
        return False


def free_name(path: Path) -> Path:
    """Return a name beside a session that no file has."""
    names = (path.with_name(f"kept-session-{number}{path.suffix}") for number in count(1))
    return next(name for name in names if not name.exists())


@dataclass(frozen=True, slots=True)
class Start:
    """How a window starts: what its first paint shows, None for a new network, and the slot that it is kept in.

    ``data`` is the session that it goes on with, ``file`` that of a file, which was read. ``notice`` is what the user
    is told. One that ``is_safe`` has neither session nor preferences: ``left_out`` says so, and ``aside`` is where the
    session is now.
    """

    shown: SavedSession | None = None
    data: bytes = b""
    slot: Slot | None = None
    notice: str = ""
    file: Opened | None = None
    left_out: str = ""
    aside: Path | None = None

    @property
    def is_safe(self) -> bool:
        """Return whether it leaves out the session and the preferences."""
        return bool(self.left_out)

    def opened(self) -> Opened | None:
        """Return all of the session; None where the window starts on a network; raises ExplorerError."""
        return self.file or (decode(self.data, "The last session") if self.data else None)


def start(is_new: bool = False, file: Path | None = None, is_safe: bool = False) -> Start:
    """Return how a window starts; ``is_new`` where a network was named, ``file`` is a session's that was.

    It starts without session and preferences where ``is_safe``, or where the last windows crashed at their start.
    Raises ExplorerError where the file holds none.
    """
    if file:
        opened = read(file)
        opened = opened._replace(session=replace(opened.session, file=str(file.absolute())))
        return Start(opened.session, slot=take_slot(is_new=True), file=opened)
    slot = take_slot(is_new)
    if is_safe or (not is_new and _has_crashed_at_start(slot)):
        return _safe(slot, is_safe)
    if is_new or slot is None:
        return Start(slot=slot)
    try:
        data = _last(slot)
        shown = None if data is None else start_of(data)
    except ExplorerError as error:
        _put_aside(slot.path)
        return Start(slot=slot, notice=f"What was open last time cannot be read, so the window starts anew. {error}")
    notice = "The app did not end properly last time. This is what was open." if shown and slot.is_left else ""
    return Start(shown, data or b"", slot, notice)


def _has_crashed_at_start(slot: Slot | None) -> bool:
    return (slot is not None and slot.failed_starts >= _FAILED_STARTS) or last_words.died_young()


def _safe(slot: Slot | None, is_asked: bool) -> Start:
    """Return the start without session and preferences; where the session cannot be moved, no slot is used."""
    why = "Safe start" if is_asked else "The app did not start the last time, so this is a safe start"
    aside = None
    try:
        aside = slot.put_aside() if slot else None
    except OSError:
        if slot:
            slot.release()
        slot = None
    what = "the last session and the preferences are" if aside else "the preferences are"
    kept = "" if slot else " This window's session is not kept."
    return Start(slot=slot, left_out=f"{why}: {what} left out, and kept.{kept}", aside=aside)


def _last(slot: Slot) -> bytes | None:
    """Return what a slot's session holds; the workspace of an older version where there is none; None for neither."""
    for path in (slot.path, *([folder() / "workspace.json"] if _is_first_start() else [])):
        try:
            return read_bytes(path, MOST_BYTES)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise ExplorerError(path.name, f"{path.name} cannot be read: {error.strerror}.", "") from error
    return None


def _is_first_start() -> bool:
    """Return whether no session was saved yet by this version."""
    return not any((folder() / f"session-{number}{SUFFIX}").exists() for number in range(1, MOST_SLOTS + 1))


def _put_aside(path: Path) -> None:
    """Keep a file that cannot be read, which the next save would replace."""
    try:
        os.replace(path, path.with_suffix(".unreadable"))
    except OSError:
        return


def start_of(data: bytes) -> SavedSession:
    """Return what the first paint shows of a session; raises ExplorerError where it holds no network.

    Where that takes more than a look all of it is read.
    """
    try:
        head = content_of(data, "The last session", (SESSION,)).values[SESSION]
        return _first_paint(head["scene"], head["layouts"])
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, ExplorerError):
        return decode(data, "The last session").session


def _first_paint(values: Mapping[str, Any], layouts: Mapping[str, Any]) -> SavedSession:
    state, view = values["state"], values["view"]
    sizes = {key: state["image"][key] for key in ("batch", "height", "width", "frames") if key in state["image"]}
    image = InputShape(**sizes)
    expanded, unfolded = (frozenset(map(str, view[key])) for key in ("expanded", "unfolded"))
    shown = View(expanded, unfolded, view["compare"] is True, view["changes"] is True)
    scene = Scene(State(from_dict(state["spec"]), image), shown, str(values["selection"]))
    return SavedSession(scene, {str(page): _kept_drawers(kept) for page, kept in layouts.items()})


def _kept_drawers(values: Mapping[str, Any]) -> dict[str, tuple[str, int]]:
    return {
        str(title): (OpenState(state).value, min(max(100, int(size)), 10_000))
        for title, (state, size) in values.items()
    }
