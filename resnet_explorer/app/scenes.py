"""The scene that a window shows: read from it, and gone to as one step that can be undone."""

from collections.abc import Mapping

from PySide6.QtCore import QObject, Signal

from resnet_explorer import features
from resnet_explorer.app.pages import Pages
from resnet_explorer.scenes.scene import DIAGRAM, Scene
from resnet_explorer.ui.document import Change, read
from resnet_explorer.ui.frame import Frame, OpenState
from resnet_explorer.ui.window import PageView, Window


class _Going(Change):
    """The way from one scene to another; among the steps to undo it is a change of the network as any other."""

    def __init__(self, scenes: "Scenes", before: Scene, after: Scene, label: str) -> None:
        super().__init__(scenes.document, before.state, after.state, label)
        self._scenes, self._from, self._to = scenes, before, after

    def redo(self) -> None:
        self._scenes.show(self._to)

    def undo(self) -> None:
        self._scenes.show(self._from)


class Scenes(QObject):
    """Reads and shows scenes; ``changed`` tells that something else is shown."""

    changed = Signal()

    def __init__(self, window: Window, pages: Pages) -> None:
        super().__init__(window)
        self._window, self._pages, self.document = window, pages, window.document
        self._waiting: dict[str, object] = {}
        """What pages shall show once they are built."""
        document = self.document
        signals = (document.changed, document.view_changed, document.selected, document.device_changed)
        for signal in (*signals, window.tabs.currentChanged):
            signal.connect(self.changed)
        self._watch(window.panels)
        pages.built_page.connect(self._on_built)

    def current(self) -> Scene:
        """Return what is shown."""
        document, page = self.document, self._window.shown_page()
        key = next((key for key, built in self._pages.built.items() if built is page), DIAGRAM)
        drawers = {
            drawer.title: drawer.state is OpenState.OPEN
            for drawer in (page or self._window.panels).drawers
            if drawer.state is not OpenState.AUTO
        }
        has = self._window.session.results.analysis.network.has
        selection = document.selection if has(document.selection) else ""
        scene = Scene(document.state, document.view, selection, document.device, key, drawers)
        parts = {key: built.part() for key, built in self._pages.built.items()}
        for key, part in {**self._waiting, **parts}.items():
            if part is not None:
                scene = scene.with_part(key, part)
        return scene

    def go_to(self, scene: Scene, label: str) -> None:
        """Show a scene; where ``label`` is given as one step that can be undone, unless it is shown already.

        Raises ExplorerError, and changes nothing, where its network cannot take its input.
        """
        before = self.current()
        if not label:
            self.show(scene)
        elif scene != before:
            read(scene.state)
            self.document.undo_stack.push(_Going(self, before, scene, label))

    def show(self, scene: Scene) -> None:
        """Show a scene, without an undo step.

        Raises ExplorerError, and shows nothing of it, where its network cannot take its input.
        """
        document, window = self.document, self._window
        network = read(scene.state).analysis.network
        document.show_state(scene.state)
        document.use_device(scene.device)
        document.show_view(scene.view)
        document.select(scene.selection if network.has(scene.selection) else "")
        for row in features.pages():
            if row.part:
                self._show_part(row.key, scene)
        window.show_page(scene.page)
        self._show_drawers(window.shown_page() or window.panels, scene.drawers)

    def _show_part(self, key: str, scene: Scene) -> None:
        """Show what a scene holds of a page; one that is not built is built where it is looked at."""
        is_shown = key == scene.page
        if key in self._pages.built:
            page, part = self._pages.built[key], scene.part(key)
            if is_shown or page.part() != part:
                page.show_part(part)
            return
        self._waiting.pop(key, None)
        if key in scene.parts or is_shown:
            part = self._waiting[key] = scene.part(key)
            if is_shown or getattr(part, "on_diagram", False):
                self._window.page(key)

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
            part = self._waiting.pop(key)
            page.show_part(part)

    def _watch(self, frame: Frame | PageView) -> None:
        for drawer in frame.drawers:
            drawer.toggled.connect(self.changed)
