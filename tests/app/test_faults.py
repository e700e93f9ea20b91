"""The engine dies again and again beside the window: the window answers, and nothing that the user made is lost."""

import os
import random
import signal
import sys
import time
from contextlib import suppress

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from resnet_explorer.app.main_window import MainWindow
from resnet_explorer.scenes.scene import State
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.catalogue import find
from resnet_explorer.ui.job_state import Phase
from tests import pages

KILLS = int(os.environ.get("RESNET_EXPLORER_KILLS", "20"))
PATIENCE = 60_000


@pytest.mark.skipif(sys.platform == "win32", reason="no signals")
def test_the_engine_dies_at_random_moments_and_nothing_is_lost(
    window: MainWindow, qtbot: QtBot, qapp: QApplication
) -> None:
    dice = random.Random(1)
    window.document.propose(State(find("resnet20"), InputShape(2, 32, 32)), "choose ResNet-20")
    window.document.select("layer2.1")
    window.tabs.setCurrentWidget(pages.graph(window))
    qtbot.waitUntil(lambda: pages.graph(window).canvas.recorded is not None, timeout=PATIENCE)
    waits: list[float] = []
    for _ in range(KILLS):
        dice.choice((window.verdict.verify, pages.graph(window).ask))()
        end = time.perf_counter() + dice.random() * 0.05
        while time.perf_counter() < end:
            qapp.processEvents()
        with suppress(ProcessLookupError, AttributeError, TypeError):
            os.kill(window.jobs._engine._workers[0].process.pid, signal.SIGKILL)
        start = time.perf_counter()
        window.document.select(f"layer1.{dice.randrange(3)}")
        qapp.processEvents()
        waits.append(time.perf_counter() - start)
    print(f"\n{KILLS} kills: the window answered after {max(waits) * 1e3:.0f} ms at the worst")
    qtbot.waitUntil(lambda: all(state.is_over for state in window.jobs.states), timeout=PATIENCE)
    assert window.document.state == State(find("resnet20"), InputShape(2, 32, 32))
    assert window.document.selection.startswith("layer1.")
    assert pages.graph(window).canvas.recorded is not None, "the last graph stays"
    window.verdict.verify()
    qtbot.waitUntil(lambda: window.jobs.states[0].phase is Phase.DONE, timeout=PATIENCE)
    assert window.verdict.verdict is not None and window.verdict.verdict.agrees
