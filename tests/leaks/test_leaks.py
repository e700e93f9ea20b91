"""Nothing stays of what is opened and closed again and again; ``python -m tests.leaks`` does the same by hand."""

import time
from collections import Counter

import pytest
from PySide6.QtWidgets import QApplication, QMessageBox

from resnet_explorer.app.main_window import MainWindow
from tests.leaks import subjects
from tests.leaks.counts import grown, held
from tests.leaks.subjects import Subject

EXEC = QMessageBox.exec  # before a fixture forbids it
SLOW = ("themes", "lesson")
"""What takes seconds, and is left to the rounds by hand."""
PATIENCE = 10.0
"""Seconds that a thread has to end which waits for the server that forks its process."""


def left_by(app: QApplication, subject: Subject, rounds: int = 2, tries: int = 3) -> dict[str, int]:
    """Return what grows with each of some tries.

    Pictures are drawn in pieces, and what is drawn is kept for a while: one try may end with more of it than another.
    """
    for _ in range(rounds):
        subject.round()
    always: Counter[str] | None = None
    while always is None or (always and tries):
        before = held(app)
        for _ in range(rounds):
            subject.round()
        left = _left_in_the_end(app, before)
        always, tries = left if always is None else always & left, tries - 1
    return dict(always)


def _left_in_the_end(app: QApplication, before: Counter[str]) -> Counter[str]:
    """Return what there is more than before once the threads of a window that has ended had time to end, too."""
    end = time.monotonic() + PATIENCE
    while (left := grown(before, held(app))) and time.monotonic() < end:
        time.sleep(0.1)
    return Counter(left)


def test_dialogs_pages_menus_and_files_leave_nothing(
    window: MainWindow, qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QMessageBox, "exec", EXEC)
    window.jobs.submit = lambda *_, **__: 0  # type: ignore[method-assign]  # nothing is measured
    some = [
        each for each in (*subjects.in_window(qapp, window), *subjects.files(qapp, window)) if each.name not in SLOW
    ]
    left = left_by(qapp, Subject("all", lambda: [each.round() for each in some]))
    assert not left, [each.name for each in some if left_by(qapp, each)]


def test_a_window_with_all_its_pages_leaves_nothing(qapp: QApplication) -> None:
    assert not left_by(qapp, Subject("window", lambda: subjects.open_and_end(qapp)), rounds=1)
