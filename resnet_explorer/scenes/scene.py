"""A scene: everything that the window shows, as one frozen value that can be kept, compared and gone to."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from resnet_explorer import codec, features
from resnet_explorer.diagram.view import View
from resnet_explorer.errors import ExplorerError
from resnet_explorer.spec import InputShape, ResNetSpec
from resnet_explorer.spec.codec import READERS, WRITERS

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
        raise ExplorerError("$", "The scene is no object.", "Choose a file that the app saved.")
    scene = codec.decode({key: value for key, value in values.items() if key != "parts"}, Scene, READERS)
    pages, parts = (DIAGRAM, *(row.key for row in features.pages())), values.get("parts", {})
    unknown = [key for key in (scene.page, *parts) if key not in pages]
    if unknown or not isinstance(parts, dict):
        raise ExplorerError("$.page", f"There is no page {unknown[0]!r}.", f"Choose one of {', '.join(pages)}.")
    for key, value in parts.items():
        if made := part_class(key):
            scene = scene.with_part(key, codec.decode(value, made, READERS, f"$.parts.{key}"))
    return scene
