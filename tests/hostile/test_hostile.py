"""A few damaged files of every kind, and what the harness notices: ``python -m tests.hostile`` reads thousands."""

import os
import pickle
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from resnet_explorer.errors import ExplorerError
from tests.cases import each
from tests.hostile import arena
from tests.hostile.arena import EVERY, outcomes, warm_up
from tests.hostile.readers import READERS, Reader

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="memory is measured as Linux tells it")


def test_every_reader_reads_or_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arena, "SECONDS", float(arena.PATIENCE))  # how long a file takes is measured by hand
    faults = []
    for place, reader in enumerate(READERS.values()):
        warm_up(reader)
        numbers = (place, EVERY * (place + 1) - 1)  # the last is no file, each time of another kind
        for outcome in outcomes(reader, place, numbers):
            if outcome.fault:
                faults.append(f"--reader {reader.name!r} --seed {place} --number {outcome.number}: {outcome.fault}")
    assert not faults, "\n".join(faults)


def _works(path: Path) -> None:
    while path:
        pass


def _waits(path: Path) -> None:
    os.mkfifo(path.with_name("pipe"))
    path.with_name("pipe").read_bytes()


def _refuses(path: Path) -> None:
    raise ExplorerError("here", "no sentence")


def _loads(path: Path) -> object:
    return pickle.loads(pickle.dumps(Path("x")))


@each(
    "work,fault",
    [
        (lambda path: 1 / 0, "ZeroDivisionError"),
        (lambda path: bytearray(600 * 2**20), "took 6"),
        (_works, "works for long"),
        (_waits, "waits"),
        (lambda path: os.system("true"), "os.system"),
        (_loads, "pickle.find_class"),
        (lambda path: (path.parents[1] / "elsewhere").write_text("x"), "elsewhere"),
        (lambda path: path.with_name("mine.txt").write_text(""), "changed a file"),
        (lambda path: print("noise"), "wrote to the terminal"),
        (_refuses, "no sentence"),
        (lambda path: os._exit(3), "ended the process"),
    ],
)
def test_what_a_reader_may_not_do_is_noticed(
    work: Callable[[Path], object], fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arena, "SECONDS", 0.1 if work is _works else 9)
    monkeypatch.setattr(arena, "PATIENCE", 2 if work is _waits else 60)
    planted = Reader("planted", "a.json", [lambda: b"{}"], work, beside=lambda: {"mine.txt": b"mine"})
    (outcome,) = outcomes(planted, 0, (0,))
    assert fault in outcome.fault


def test_a_number_makes_the_same_file_again(tmp_path: Path) -> None:
    reader = READERS["spec"]
    for number in range(20):
        paths = [arena.made(reader, 3, number, tmp_path / name) for name in "ab"]
        contents = [path.read_bytes() for path, _ in paths if path.is_file() and path.stat().st_size < 2**20]
        assert paths[0][1] == paths[1][1] and contents[:1] == contents[1:]
