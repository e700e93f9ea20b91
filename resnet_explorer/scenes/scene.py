"""A scene: everything that the window shows, as one frozen value that can be kept, compared and gone to."""

from collections.abc import Mapping
from dataclasses import field, replace
from typing import Any, TypeVar

from resnet_explorer import codec, features
from resnet_explorer.dataclass import dataclass
from resnet_explorer.diagram.view import View
from resnet_explorer.errors import ExplorerError
from resnet_explorer.spec import InputShape, ResNetSpec
from resnet_explorer.spec.codec import READERS, WRITERS

T = TypeVar("T")
_REMEDY = "Choose a file that the app saved."
DIAGRAM = "diagram"
"""The key of the page that is no lab's."""


@dataclass(frozen=True, slots=True)
class State:
    """What can be undone: the network and its input."""

    spec: ResNetSpec
    image: InputShape


@dataclass(frozen=True, slots=True)
class Scene:
    """What is shown: network and input, device, what is open and selected, the page, and what each page shows.

    ``drawers`` says which drawers of the page were opened (true) or closed; those that it does not name are open where
    there is room. ``parts`` holds what a lab's page shows by the page's key, as the class that its row declares; a page
    that it does not name shows what it shows at first.
    """

    state: State
    view: View = field(default_factory=View)
    selection: str = ""
    device: str = "cpu"
    page: str = DIAGRAM
    drawers: Mapping[str, bool] = field(default_factory=dict)
    parts: Mapping[str, Any] = field(default_factory=dict)

    def part(self, page: str) -> Any:
        """Return what a page shows; None for a page whose row declares no part."""
        return self.parts.get(page, first_part(page))

    @property
    def files(self) -> tuple[str, ...]:
        """Return the files and folders of the user that the pages name, as a part with ``files`` tells them."""
        return tuple(file for part in self.parts.values() for file in getattr(part, "files", ()))

    def with_part(self, page: str, part: object) -> "Scene":
        """Return the scene in which a page shows something else."""
        others = {key: value for key, value in self.parts.items() if key != page}
        return replace(self, parts=others if part == first_part(page) else {**others, page: part})


def part_class(page: str) -> Any:
    """Return the class of what a page shows; None where its row declares none."""
    row = next((row for row in features.pages() if row.key == page), None)
    return features.resolve(row.part) if row and row.part else None


def first_part(page: str) -> Any:
    """Return what a page shows when it is first looked at; None where its row declares no part."""
    made = part_class(page)
    return made() if made else None


def encode(scene: Scene) -> dict[str, Any]:
    """Return a scene as plain JSON values."""
    return dict(codec.plain(scene, WRITERS))


def decode(values: object) -> Scene:
    """Return the scene that ``encode`` described; keys left out keep their default.

    Raises ExplorerError with the place, as in ``$.parts.gradients.step``, where a value is not what it should be.
    """
    if not isinstance(values, dict):
        raise ExplorerError("$", "The scene is no object.", _REMEDY)
    scene = _decoded({key: value for key, value in values.items() if key != "parts"}, Scene, "$")
    parts = values.get("parts", {})
    if not isinstance(parts, dict):
        raise ExplorerError("$.parts", "What the pages show is no object at $.parts.", _REMEDY)
    pages = (DIAGRAM, *(row.key for row in features.pages()))
    for place, key in (("$.page", scene.page), *((f"$.parts.{key}", key) for key in parts)):
        if key not in pages:
            remedy = f"Choose one of {', '.join(pages)}."
            raise ExplorerError(place, f"There is no page {key[:40]!r} at {place}.", remedy)
    for key, value in parts.items():
        if made := part_class(key):
            scene = scene.with_part(key, _decoded(value, made, f"$.parts.{key}"))
    return scene


def _decoded(value: object, kind: type[T], at: str) -> T:
    """Return a value; an error that the type itself raises gets the place where the value stands."""
    try:
        return codec.decode(value, kind, READERS, at)
    except ExplorerError as error:
        if error.where.startswith("$"):
            raise
        raise ExplorerError(f"{at}.{error.where}", error.what, error.remedy) from error
