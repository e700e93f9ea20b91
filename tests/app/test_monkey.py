"""A monkey at the controls: whatever it changes, opens, selects and undoes, the window stays and shows a network."""

import random
from dataclasses import replace

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from resnet_explorer.app.axis_field import AxisField
from resnet_explorer.app.main_window import MainWindow
from resnet_explorer.spec.axes import AXES
from resnet_explorer.spec.catalogue import CATALOGUE
from resnet_explorer.spec.readers import FRACTIONS, WHOLES
from resnet_explorer.spec.resnet_spec import BY_STAGE
from tests.narrow import of_kind

NUMBERS = (0, 1, 2, 3, 8, 32, 64, 100)
STEPS = 150


def change_an_axis(window: MainWindow, dice: random.Random) -> None:
    build, spec = window.build, window.document.state.spec
    key = dice.choice(list(AXES))
    if key in ("blocks", "widths", "strides"):
        values = list(getattr(spec, key))
        values[dice.randrange(len(values))] = dice.choice((*NUMBERS, 512))
        build.stages.typed.emit(key, tuple(values), "change a stage")
    elif key == "block":
        kinds = tuple(dice.choice(AXES[key].choices).value for _ in spec.block)
        build.stages.edited.emit(key, kinds, "change the kinds")
    elif key in BY_STAGE and dice.random() < 0.3:
        offered = [choice.value for choice in AXES[key].choices] or [0, 1, 0.5] if key not in WHOLES else NUMBERS
        of_kind(AxisField, build.rows[key]).edited.emit(key, tuple(dice.choice(offered) for _ in spec.blocks))
    elif key in BY_STAGE and dice.random() < 0.1:
        of_kind(AxisField, build.rows[key]).switch.click()
    elif key in build.rows and AXES[key].choices:
        of_kind(AxisField, build.rows[key]).edited.emit(key, dice.choice(AXES[key].choices).value)
    elif key in build.rows and key in (*WHOLES, *FRACTIONS):
        value = dice.choice(NUMBERS) if key in WHOLES else dice.choice((0.0, 0.3, 0.5, 1.0, -6.0, 7e9))
        of_kind(AxisField, build.rows[key]).typed.emit(key, value)
    elif key in build.rows:
        of_kind(AxisField, build.rows[key]).edited.emit(key, dice.random() < 0.5)
    row = build.rows.get(key)
    if row is not None and row.offer.isVisibleTo(row) and dice.random() < 0.7:
        row.offer.click()


def look_around(window: MainWindow, dice: random.Random) -> None:
    view, blocks = window.document.view, window.session.results.analysis.network.blocks
    block = dice.choice(blocks)
    window.document.select(dice.choice((block.path, *block.layer_paths, *block.gate_paths, "")))
    changes, compare = dice.random() < 0.5, dice.random() < 0.3
    window.document.show_view(replace(view, expanded=view.expanded ^ {block.path}, changes=changes, compare=compare))


@pytest.mark.parametrize("seed", [1, 2])
def test_nothing_breaks_the_window(window: MainWindow, qtbot: QtBot, qapp: QApplication, seed: int) -> None:
    """Exceptions in slots fail the test by themselves (pytest-qt)."""
    dice = random.Random(seed)
    for step in range(STEPS):
        luck = dice.random()
        if luck < 0.12:
            window.build.preset.chosen.emit(dice.choice(list(CATALOGUE)))
        elif luck < 0.75:
            change_an_axis(window, dice)
        elif luck < 0.93:
            look_around(window, dice)
        else:
            dice.choice((window.document.undo_stack.undo, window.document.undo_stack.redo))()
        qapp.processEvents()
        if step % 15 == 0:
            assert not window.grab().isNull()
        assert window.session.results.state == window.document.state
    assert window.session.results.analysis.total.params > 0
