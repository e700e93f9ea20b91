"""Scenes to take home."""

from typing import Any

from resnet_explorer.scenes.change import changed
from resnet_explorer.scenes.scene import Scene, State
from resnet_explorer.spec.search import default_input, find_network


def scene(name: str, *settings: str, **values: Any) -> Scene:
    """Return the scene of a network, with other values of some keys."""
    spec = find_network(name, settings)
    return changed(Scene(State(spec, default_input(spec))), values)
