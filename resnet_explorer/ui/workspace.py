"""Where the user was when the window was closed, kept in a file of the settings' folder for the next start.

What the first paint needs is read at once; the rest, with the steps to undo, once the window is there.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from resnet_explorer import codec
from resnet_explorer.diagram.view import View
from resnet_explorer.errors import ExplorerError
from resnet_explorer.files import write
from resnet_explorer.scenes.scene import State
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.codec import READERS, WRITERS, from_dict
from resnet_explorer.ui.document import History
from resnet_explorer.ui.frame import OpenState
from resnet_explorer.ui.preferences import folder

FORMAT, VERSION = "resnet-explorer workspace", 1
DIAGRAM = "diagram"
Drawers = dict[str, dict[str, tuple[str, int]]]
"""For each page its drawers by title: whether they are open, and their size."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """The network and its input, what is open and selected of it, the page, its drawers, and the steps to undo."""

    state: State
    view: View = field(default_factory=View)
    selection: str = ""
    page: str = DIAGRAM
    drawers: Drawers = field(default_factory=dict)
    history: History = field(default_factory=History)


def path() -> Path:
    """Return the file of the last workspace."""
    return folder() / "workspace.json"


def save(workspace: Workspace, to: Path) -> None:
    """Write a workspace, whole or not at all; write errors are ignored."""
    try:
        to.parent.mkdir(parents=True, exist_ok=True)
        text = codec.encode({"format": FORMAT, "version": VERSION, "workspace": workspace}, WRITERS, indent=None)
        write(to, text)
    except (OSError, ExplorerError):
        return


def read() -> Mapping[str, Any]:
    """Return what the file holds; nothing where there is none. Raises ExplorerError where it is another file."""
    try:
        text = path().read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise ExplorerError(path().name, "The file cannot be read.", "") from error
    values = codec.unwrap(text, FORMAT, (VERSION,), path().name, "holds no workspace").get("workspace")
    return values if isinstance(values, dict) else {}


def start_of(values: Mapping[str, Any]) -> Workspace:
    """Return what the first paint shows, without the steps to undo; raises ExplorerError where that is none."""
    try:
        state, view = values["state"], values["view"]
        image = InputShape(*(state["image"][key] for key in ("batch", "height", "width")))
        expanded, unfolded = (frozenset(map(str, view[key])) for key in ("expanded", "unfolded"))
        drawers = {str(page): _kept_drawers(kept) for page, kept in values["drawers"].items()}
        shown = View(expanded, unfolded, view["compare"] is True, view["changes"] is True)
        return Workspace(State(from_dict(state["spec"]), image), shown, str(values["selection"]), drawers=drawers)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise ExplorerError("$", "The last workspace cannot be read.", "") from error


def _kept_drawers(values: Mapping[str, Any]) -> dict[str, tuple[str, int]]:
    return {str(title): (OpenState(state).value, max(100, int(size))) for title, (state, size) in values.items()}


def decode(values: Mapping[str, Any]) -> Workspace:
    """Return all that the file holds; raises ExplorerError, with the place, where a value is not what it should be."""
    return codec.decode(dict(values), Workspace, READERS)
