"""What the palette finds of the window itself: pages, actions, lessons, settings, panels, networks and their relatives,
layers of this one.

Each function takes the window. What the labs have to offer stands in their rows.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path

from resnet_explorer import assets, features
from resnet_explorer.app import actions
from resnet_explorer.app.main_window import MainWindow
from resnet_explorer.lessons import course
from resnet_explorer.network import Block
from resnet_explorer.scenes.scene import State
from resnet_explorer.share.guide import topics
from resnet_explorer.spec.catalogue import CATALOGUE
from resnet_explorer.spec.catalogue import Entry as Network
from resnet_explorer.spec.input_shape import InputShape
from resnet_explorer.spec.relatives import RELATIVES, Relative
from resnet_explorer.ui.dialogs import offer
from resnet_explorer.ui.entries import Entry

_HERE = "resnet_explorer.app.palette_entries"
PROVIDERS = tuple(
    f"{_HERE}:{name}"
    for name in ("pages", "commands", "lessons", "settings", "panels", "networks", "layers", "relatives", "guide")
)
"""What is found, in this order where several fit equally well; the labs' come after the lessons."""
_LABS_AFTER = 3
_SETTINGS = ("still",)
"""The actions besides the themes that are settings."""


def all_entries(window: MainWindow) -> list[Entry]:
    """Return everything that can be found now."""
    references = (*PROVIDERS[:_LABS_AFTER], *features.entries(), *PROVIDERS[_LABS_AFTER:])
    return [entry for reference in references for entry in features.resolve(reference)(window)]


def _is_setting(row: features.Action) -> bool:
    return bool(row.group) or row.key in _SETTINGS


def _entry(window: MainWindow, row: features.Action, kind: str, names: tuple[str, ...] = ()) -> Entry:
    action = window.actions_by_key[row.key]
    keys = ", ".join(key.toString() for key in action.shortcuts())
    is_on = action.isChecked() if row.checkable else None
    text = row.text.replace("&", "")
    return Entry(text, kind, action.trigger, keys, row.tip, names, actions.menu_of(row).replace("&", ""), is_on)


def pages(window: MainWindow) -> Iterator[Entry]:
    """Yield the pages."""
    titles = {page.key: page.title for page in features.pages()}
    for row in actions.rows():
        if not row.run:
            yield _entry(window, row, "Page", (titles[row.key],))
        elif row.key == "diagram":
            yield _entry(window, row, "Page")


def commands(window: MainWindow) -> Iterator[Entry]:
    """Yield what the menus do, as far as it can be done now."""
    for key, text in (("undo", "Undo"), ("redo", "Redo")):
        action = window.actions_by_key[key]
        if action.isEnabled():
            yield Entry(text, "Action", action.trigger, action.shortcut().toString(), action.text())
    for row in actions.rows():
        is_command = row.run and row.key not in ("diagram", "palette") and not _is_setting(row)
        action = window.actions_by_key[row.key]
        if is_command and action.isEnabled() and action.isVisible():
            yield _entry(window, row, "Action")


def lessons(window: MainWindow) -> Iterator[Entry]:
    """Yield the lessons, the user's own too; broken ones are left out."""
    chosen = window.preferences.lessons_folder
    own = (Path(chosen),) if chosen else ()
    stamps = (file.stat().st_mtime_ns for folder in (assets.path("lessons"), *own) for file in folder.glob("*.md"))
    for listed in _lessons(own, tuple(stamps)):
        if listed.lesson is not None:
            tip = f"{listed.lesson.minutes} minutes: {listed.lesson.knows}"
            start = partial(_open_lesson, window, listed.path)
            yield Entry(listed.lesson.title, "Lesson", start, tip=tip, names=(listed.key,))


def _open_lesson(window: MainWindow, file: Path) -> None:
    features.resolve("resnet_explorer.app.lessons:open_lesson")(window, file)


@lru_cache(maxsize=1)
def _lessons(own: tuple[Path, ...], stamps: tuple[int, ...]) -> tuple[course.Listed, ...]:
    """Return the lessons as their files were changed last: to read them takes longer than a frame."""
    return course.lessons(*own)


def guide(window: MainWindow) -> Iterator[Entry]:
    """Yield the texts of the guide."""
    for topic in topics().values():
        yield Entry(topic.title, "Help", partial(_show_topic, window, topic.key), tip="Opens the user guide here")


def _show_topic(window: MainWindow, key: str) -> None:
    features.resolve("resnet_explorer.app.help:show_topic")(window, key)


def settings(window: MainWindow) -> Iterator[Entry]:
    """Yield the themes and reduced motion."""
    for row in actions.rows():
        if _is_setting(row):
            entry = _entry(window, row, "Setting")
            yield replace(entry, text=f"Theme: {entry.text}", names=(entry.text,)) if row.group else entry


def panels(window: MainWindow) -> Iterator[Entry]:
    """Yield the drawers of the page that is shown, and the one of jobs."""
    frame, jobs = window.shown_page() or window.panels, window.jobs_drawer
    for drawer in frame.drawers:
        if drawer.offered:
            yield Entry(drawer.title, "Panel", partial(_open_panel, window, drawer.title), tip=drawer.handle.toolTip())
    yield Entry(jobs.title, "Panel", partial(window.open_beside, jobs, True), tip=jobs.handle.toolTip())


def _open_panel(window: MainWindow, title: str) -> None:
    frame = window.shown_page() or window.panels
    drawer = frame.drawer(title)
    frame.open(drawer)
    drawer.widget.setFocus()


def networks(window: MainWindow) -> Iterator[Entry]:
    """Yield the networks of the catalogue."""
    for network in CATALOGUE.values():
        names, words = (network.name, *network.aliases), f"{network.family.title} {network.family.year}"
        yield Entry(network.title, "Network", _choose(window, network), "", network.note, names, words)


def _choose(window: MainWindow, network: Network) -> Callable[[], None]:
    def choose() -> None:
        image = InputShape(window.document.state.image.batch, network.size, network.size)
        window.document.propose(State(network.spec, image), f"choose {network.title}")
        window.show_page("diagram")

    return choose


def relatives(window: MainWindow) -> Iterator[Entry]:
    """Yield the networks that cannot be built here; Enter says why, and offers what comes nearest."""
    for row in RELATIVES.values():
        words = f"{row.year} {row.authors} {row.paper}"
        run = partial(_explain, window, row)
        yield Entry(row.title, "Not built here", run, "", row.text, row.begins, words, begins=row.begins)


def _explain(window: MainWindow, row: Relative) -> None:
    nearest = CATALOGUE[row.nearest]
    if offer(window, f"{row.title} cannot be built here", row.text, f"{row.source}.", f"Show {nearest.title}"):
        _choose(window, nearest)()


def layers(window: MainWindow) -> Iterator[Entry]:
    """Yield stages, blocks and layers of the network that is shown, by their paths."""
    network = window.session.results.analysis.network
    for stage in network.stages:
        yield Entry(stage.path, "Stage", partial(_select, window, stage.path), names=(stage.title,))
    for block in network.blocks:
        kind = "Block" if block.number else "Part"
        yield Entry(block.path, kind, partial(_select, window, block.path))
        for path, part in zip(block.layer_paths, block.form.parts, strict=True):
            yield Entry(path, "Layer", partial(_select, window, path, block), words=type(part.layer).__name__)


def _select(window: MainWindow, path: str, inside: Block | None = None) -> None:
    """Select a part in the diagram; a layer's block is opened."""
    window.show_page("diagram")
    document = window.document
    if inside is not None:
        view, stage = document.view, window.session.results.analysis.network.stage_at(path)
        unfolded = view.unfolded | ({stage.path} if stage and inside.number > 2 else set())
        document.show_view(replace(view, expanded=view.expanded | {inside.path}, unfolded=unfolded))
    document.select(path)
