"""The hands of the monkey: each kind of step, done to what is there as a user would do it."""

import os
import signal
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace

import shiboken6
from PySide6 import QtWidgets
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import (
    QContextMenuEvent,
    QDragEnterEvent,
    QDropEvent,
    QHelpEvent,
    QMouseEvent,
    QWheelEvent,
)
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from resnet_explorer.app.lessons import open_lesson
from resnet_explorer.app.main_window import MainWindow
from resnet_explorer.engine.client import Engine
from resnet_explorer.errors import ExplorerError
from resnet_explorer.lessons import course
from resnet_explorer.picture.theme import THEMES
from resnet_explorer.scenes.scene import Scene, State
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.catalogue import CATALOGUE
from resnet_explorer.spec.search import default_input
from resnet_explorer.ui import style
from resnet_explorer.ui.canvas import Canvas
from resnet_explorer.ui.document import read
from resnet_explorer.ui.style import theme_named
from tests.monkey.controls import CONTROLS, KEYS, MODS, TEXTS, Key, Left, Mod, handle, name_of, type_text
from tests.monkey.outside import Outside
from tests.monkey.steps import Step

SIZES = ((1280, 800), (800, 600), (1024, 700), (1920, 1080), (500, 400), (640, 1000), (300, 200), (2500, 700))
NETWORKS = ("resnet18", "resnet20", "resnet34", "resnet50", "resnet56", "resnet110", "resnet152", "resnet1202")
REFUSED = ("&Yes", "Yes")
"""What the monkey never presses: it asks for more memory than may be used here."""
MOST_OPEN = 2
"""Dialogs beside the window, before some are closed."""


class Hands:
    """Does steps to a window, and returns each with the name of what it was done to."""

    def __init__(self, app: QApplication, window: MainWindow, outside: Outside) -> None:
        self._app, self.window, self._outside = app, window, outside
        self._scenes: list[Scene] = []
        self._uses = Counter[str]()

    def do(self, step: Step) -> str:
        """Do a step to what it names, or to what its ``pick`` chooses; return that thing's name, empty for nothing."""
        act: Callable[[Step], str] = getattr(self, f"_{step.kind}")
        return act(step)

    def top(self) -> QWidget:
        """Return what has the user's attention: a popup, a modal dialog, the stage, or the window."""
        stage = self.window.stage
        return self._app.activePopupWidget() or self._app.activeModalWidget() or stage or self.window

    def _widgets(self, step: Step) -> list[QWidget]:
        """Return what can be used of the window, or now and then of a dialog beside it; of all for a named thing."""
        top = self.top()
        dialogs = [widget for widget in self._app.topLevelWidgets() if _is_dialog(widget)] if top is self.window else []
        tops = [top, *dialogs]
        if not step.target:
            tops = [dialogs[step.pick % len(dialogs)] if dialogs and step.value % 8 == 0 else top]
        inside = [widget for top in tops for widget in (top, *top.findChildren(QWidget))]
        return [widget for widget in inside if widget.isVisible() and widget.isEnabled()]

    def _choose(self, step: Step, found: Sequence[QWidget]) -> QWidget | None:
        """Return the thing that a step names, else one that it picks: of four that which was used least."""
        if step.target:
            return next((widget for widget in found if name_of(widget) == step.target), None)
        some = [found[step.pick // part % len(found)] for part in (1, 7, 53, 389)] if found else []
        chosen = min(some, key=lambda widget: self._uses[name_of(widget)], default=None)
        if chosen is not None:
            self._uses[name_of(chosen)] += 1
        return chosen

    def _control(self, step: Step) -> str:
        widgets = self._widgets(step)
        if not step.target:  # a kind first: there are more buttons than all others together
            kinds = [[widget for widget in widgets if isinstance(widget, kind)] for kind in CONTROLS]
            present = [same for same in kinds if same] or [[]]
            widgets = list(present[step.pick // 7 % len(present)])
        controls = [widget for widget in widgets if isinstance(widget, CONTROLS) and not _is_refused(widget)]
        if (widget := self._choose(step, controls)) is None:
            return ""
        name = name_of(widget)
        handle(widget, step.value)
        return name

    def _action(self, step: Step) -> str:
        actions = {key: action for key, action in self.window.actions_by_key.items() if key != "quit"}
        key = step.target or list(actions)[step.pick % len(actions)]
        is_slow = actions[key].actionGroup() is not None and step.value % 4 and not step.target
        if self.top() is self.window and actions[key].isEnabled() and not is_slow:
            actions[key].trigger()
        return key

    def _key(self, step: Step) -> str:
        key, mods = KEYS[step.pick % len(KEYS)], MODS[step.value % len(MODS)]
        QTest.keyClick(self._focus(), key, mods)
        return ""

    def _type(self, step: Step) -> str:
        type_text(self._focus(), TEXTS[step.pick % len(TEXTS)])
        if step.value % 2:
            QTest.keyClick(self._focus(), Key.Key_Return)
        return ""

    def _focus(self) -> QWidget:
        top = self.top()
        return top.focusWidget() or top

    def _escape(self, step: Step) -> str:
        QTest.keyClick(self._focus(), Key.Key_Escape)
        return ""

    def _spot(self, step: Step) -> tuple[QWidget, QPoint] | None:
        """Return a widget and a place in it; pictures come more often than all others."""
        widgets = self._widgets(step)
        pictures = [widget for widget in widgets if isinstance(widget, Canvas)]
        widget = self._choose(step, pictures if pictures and step.value % 2 and not step.target else widgets)
        if widget is None or not widget.width() or not widget.height() or _is_refused(widget):
            return None
        return widget, QPoint(step.value // 7 % widget.width(), step.value // 1009 % widget.height())

    def _click(self, step: Step) -> str:
        return self._at(step, lambda widget, place: QTest.mouseClick(widget, Left, Mod.NoModifier, place))

    def _double(self, step: Step) -> str:
        def click(widget: QWidget, place: QPoint) -> None:
            QTest.mouseClick(widget, Left, Mod.NoModifier, place)
            if shiboken6.isValid(widget) and widget.isVisible():
                QTest.mouseDClick(widget, Left, Mod.NoModifier, place)

        return self._at(step, click)

    def _hover(self, step: Step) -> str:
        def point(widget: QWidget, place: QPoint) -> None:
            QTest.mouseMove(widget, place)
            help_event = QHelpEvent(QEvent.Type.ToolTip, place, widget.mapToGlobal(place))
            self._app.sendEvent(widget, help_event)

        return self._at(step, point)

    def _wheel(self, step: Step) -> str:
        def turn(widget: QWidget, place: QPoint) -> None:
            mods = MODS[step.value % len(MODS)]
            down, up = QPoint(0, -120), QPoint(0, 120)
            angle = (down, up)[step.value % 2]
            there, phase = QPointF(place), Qt.ScrollPhase.NoScrollPhase
            event = QWheelEvent(
                there, widget.mapToGlobal(there), QPoint(), angle, Qt.MouseButton.NoButton, mods, phase, False
            )
            self._app.sendEvent(widget, event)

        return self._at(step, turn)

    def _drag(self, step: Step) -> str:
        def drag(widget: QWidget, place: QPoint) -> None:
            QTest.mousePress(widget, Left, Mod.NoModifier, place)
            for part in (1, 2, 3):
                if not shiboken6.isValid(widget):
                    return
                to = place + QPoint(step.value % 97 - 48, step.value % 71 - 35) * part
                there = QPointF(to)
                move = QMouseEvent(
                    *(QEvent.Type.MouseMove, there, widget.mapToGlobal(there)),
                    *(Qt.MouseButton.NoButton, Left, Mod.NoModifier),
                )
                self._app.sendEvent(widget, move)
            if shiboken6.isValid(widget):
                QTest.mouseRelease(widget, Left, Mod.NoModifier, to)

        return self._at(step, drag)

    def _right(self, step: Step) -> str:
        def ask(widget: QWidget, place: QPoint) -> None:
            reason = (QContextMenuEvent.Reason.Mouse, QContextMenuEvent.Reason.Keyboard)[step.value % 2]
            self._app.sendEvent(widget, QContextMenuEvent(reason, place, widget.mapToGlobal(place)))

        return self._at(step, ask)

    def _at(self, step: Step, act: Callable[[QWidget, QPoint], None]) -> str:
        spot = self._spot(step)
        if spot is None:
            return ""
        name = name_of(spot[0])
        act(*spot)
        return name

    def _drop(self, step: Step) -> str:
        if self.top() is not self.window:
            return ""
        files = self._outside.files()
        mime, place = QMimeData(), QPoint(200, 200)
        mime.setUrls([QUrl.fromLocalFile(str(files[step.pick % len(files)]))])
        given = Qt.DropAction.CopyAction, mime, Left, Mod.NoModifier
        enter = QDragEnterEvent(place, *given)
        self._app.sendEvent(self.window, enter)
        if enter.isAccepted():
            self._app.sendEvent(self.window, QDropEvent(QPointF(place), *given))
        return ""

    def _resize(self, step: Step) -> str:
        top = self.top()
        if top is self.window and step.value % 9 == 0:
            (top.showMaximized, top.showNormal, top.showMinimized)[step.pick % 3]()
        elif isinstance(top, QtWidgets.QDialog) or top is self.window:
            top.showNormal()
            top.resize(*SIZES[step.pick % len(SIZES)])
        return ""

    def _text(self, step: Step) -> str:
        """Give all text another size, as a system with large text has it."""
        theme = theme_named(self.window.preferences.theme)
        percent = (100, 150, 200, 75)[step.pick % 4]
        style.apply(self._app, replace(theme, font_points=THEMES[theme.name].font_points * percent / 100))
        return ""

    def _network(self, step: Step) -> str:
        window, names = self.window, list(CATALOGUE)
        name = NETWORKS[step.pick % len(NETWORKS)] if step.value % 3 else names[step.pick % len(names)]
        spec = CATALOGUE[name].spec
        if step.value % 2:
            window.build.preset.chosen.emit(name)
        else:
            image = default_input(spec) if spec.dims != 2 else InputShape(1, 32, 32)
            with suppress(ExplorerError):
                read(State(spec, image))
                window.document.propose(State(spec, image), f"choose {name}")
        return ""

    def _page(self, step: Step) -> str:
        if self.top() is self.window:
            self.window.tabs.setCurrentIndex(step.pick % self.window.tabs.count())
        return ""

    def _scene(self, step: Step) -> str:
        """Remember what is shown, or go back to what was shown before."""
        if self.top() is not self.window:
            return ""
        if step.value % 2 or not self._scenes:
            self._scenes = [*self._scenes, self.window.scene()][-10:]
        else:
            scene = self._scenes[step.pick % len(self._scenes)]
            self.window.go_to(scene, "go back" if step.value % 4 else "")
        return ""

    def _undo(self, step: Step) -> str:
        if self.top() is self.window:
            key = ("undo", "undo", "redo")[step.pick % 3]
            for _ in range(1 + step.value % 4):
                self.window.actions_by_key[key].trigger()
        return ""

    def _lesson(self, step: Step) -> str:
        if self.top() is not self.window:
            return ""
        if self.window.lesson is not None and step.value % 3 == 0:
            self.window.leave_lesson()
        else:
            files = [lesson.key for lesson in course.lessons()]
            open_lesson(self.window, files[step.pick % len(files)])
        return ""

    def _wait(self, step: Step) -> str:
        QTest.qWait(20 + step.value % 300)
        return ""

    def _cancel(self, step: Step) -> str:
        cancel_all(self.window)
        return ""

    def _kill(self, step: Step) -> str:
        """End a process of the engine, as the system does where memory is short."""
        pids = engine_pids(self.window)
        if pids:
            with suppress(ProcessLookupError):
                os.kill(pids[step.pick % len(pids)], signal.SIGKILL)
        return ""

    def _tidy(self, step: Step) -> str:
        """Close dialogs beside the window where there are many, and leave the stage and a hidden window."""
        dialogs = [widget for widget in self._app.topLevelWidgets() if _is_dialog(widget)]
        for dialog in dialogs[: max(0, len(dialogs) - MOST_OPEN)]:
            dialog.close()
        if self.window.stage is not None and step.value % 3 == 0:
            self.window.present(False)
        if self.window.isMinimized():
            self.window.showNormal()
        return ""


def _is_dialog(widget: QWidget) -> bool:
    return isinstance(widget, QtWidgets.QDialog) and widget.isVisible()


def _is_refused(widget: QWidget) -> bool:
    return isinstance(widget, QtWidgets.QPushButton) and widget.text() in REFUSED


def cancel_all(window: MainWindow) -> None:
    """Cancel every job that is not over."""
    for state in window.jobs.states:
        if not state.is_over:
            window.jobs.cancel(state.number)


def engines_of(window: MainWindow) -> list[Engine]:
    """Return what does jobs for a window, or keeps them waiting."""
    jobs = window.jobs
    return [one for one in (jobs._engine, jobs._pool, *jobs._alone.values()) if isinstance(one, Engine)]


def engine_pids(window: MainWindow) -> list[int]:
    """Return the ids of the processes that work for a window."""
    processes = [worker.process for engine in engines_of(window) for worker in engine._workers if worker.process]
    return [process.pid for process in processes if process.pid is not None]
