"""The scene that a window shows: read from it, and gone to as one step that can be undone."""

from collections.abc import Mapping

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoCommand

from resnet_explorer import features
from resnet_explorer.app.pages import Pages
from resnet_explorer.network import compile_spec
from resnet_explorer.scenes.scene import DIAGRAM, Scene, first_part
from resnet_explorer.ui.frame import Frame, OpenState
from resnet_explorer.ui.window import PageView, Window


class _Going(QUndoCommand):
    """The way from one scene to another."""

    def __init__(self, scenes: "Scenes", before: Scene, after: Scene, label: str) -> None:
        super().__init__(label)
        self._scenes, self._before, self._after = scenes, before, after

    def redo(self) -> None:
        self._scenes.show(self._after)

    def undo(self) -> None:
        self._scenes.show(self._before)


class Scenes(QObject):
    """Reads and shows scenes; ``changed`` tells that something else is shown."""

    changed = Signal()

    def __init__(self, window: Window, pages: Pages) -> None:
        super().__init__(window)
        self._window, self._pages, self._document = window, pages, window.document
        self._waiting: dict[str, object] = {}
        """What pages shall show that are not built yet."""
        document = self._document
        signals = (document.changed, document.view_changed, document.selected, document.device_changed)
        for signal in (*signals, window.tabs.currentChanged):
            signal.connect(self.changed)
        self._watch(window.panels)
        pages.built_page.connect(self._on_built)

    def current(self) -> Scene:
        """Return what is shown."""
        document, page = self._document, self._window.shown_page()
        key = next((key for key, built in self._pages.built.items() if built is page), DIAGRAM)
        drawers = {
            drawer.title: drawer.state is OpenState.OPEN
            for drawer in (page or self._window.panels).drawers
            if drawer.state is not OpenState.AUTO
        }
        scene = Scene(document.state, document.view, document.selection, document.device, key, drawers)
        for row in features.pages():
            if row.part:
                built = self._pages.built.get(row.key)
                part = built.part() if built else self._waiting.get(row.key, first_part(row.key))
                scene = scene.with_part(row.key, part)
        return scene

    def go_to(self, scene: Scene, label: str) -> None:
        """Show a scene; where ``label`` is given as one step that can be undone."""
        if label and scene.state != self._document.state:
            self._document.undo_stack.push(_Going(self, self.current(), scene, label))
        else:
            self.show(scene)

    def show(self, scene: Scene) -> None:
        """Show a scene, without an undo step."""
        document, window = self._document, self._window
        network = compile_spec(scene.state.spec)
        document.show_state(scene.state)
        document.use_device(scene.device)
        document.show_view(scene.view)
        document.select(scene.selection if network.has(scene.selection) else "")
        for row in features.pages():
            if row.part:
                self._show_part(row.key, scene.part(row.key), is_shown=row.key == scene.page)
        window.show_page(scene.page)
        self._show_drawers(window.shown_page() or window.panels, scene.drawers)

    def _show_part(self, key: str, part: object, is_shown: bool) -> None:
        if is_shown or key in self._pages.built:
            page = self._window.page(key)
            if page.part() != part:
                page.show_part(part)
        else:
            self._waiting[key] = part

    @staticmethod
    def _show_drawers(frame: Frame, drawers: Mapping[str, bool]) -> None:
        wanted = {title: OpenState.OPEN if on else OpenState.CLOSED for title, on in drawers.items()}
        sizes = {title: size for title, (_, size) in frame.layout_state().items()}
        frame.set_layout_state({title: (wanted.get(title, OpenState.AUTO).value, sizes[title]) for title in sizes})

    def _on_built(self, key: str) -> None:
        page = self._window.page(key)
        page.part_changed.connect(self.changed)
        self._watch(page)
        if key in self._waiting:
            page.show_part(self._waiting.pop(key))

    def _watch(self, frame: Frame | PageView) -> None:
        for drawer in frame.drawers:
            drawer.toggled.connect(self.changed)
