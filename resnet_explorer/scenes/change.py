"""A scene given by what differs from the scene before it, as the steps of a lesson give it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from resnet_explorer import codec, features
from resnet_explorer.diagram.view import View
from resnet_explorer.errors import ExplorerError, did_you_mean
from resnet_explorer.network import Network, compile_spec
from resnet_explorer.scenes.scene import DIAGRAM, Scene, State, part_class
from resnet_explorer.spec import catalogue
from resnet_explorer.spec.axes import AXES
from resnet_explorer.spec.change import assign
from resnet_explorer.spec.codec import READERS, WRITERS, to_dict
from resnet_explorer.spec.input_shape import parse_input
from resnet_explorer.spec.search import default_input

ALL = "all"
"""Opens every block."""


def changed(scene: Scene, values: Mapping[str, Any]) -> Scene:
    """Return the scene in which the values of some keys are other.

    The keys are those of ``KEYS``, and the fields of what the page shows; of a table among these, such as
    ``conditions``, the keys that are left out stay as they are, and a network in one may be given by its name.
    Raises ExplorerError, ``where`` naming the key, where a key is unknown or a value describes nothing, or names a
    file: who writes a scene cannot read what lies elsewhere.
    """
    values = dict(values)
    for key, change in KEYS.items():
        if key in values:
            scene = change(scene, values.pop(key))
    return _with_fields(scene, values) if values else scene


def _text(key: str, value: object) -> str:
    if not isinstance(value, str):
        raise ExplorerError(key, f"{key} must be a string.", f'Write {key} = "…".')
    return value


def _flag(key: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise ExplorerError(key, f"{key} must be true or false.", f"Write {key} = true.")
    return value


def _texts(key: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ExplorerError(key, f"{key} must be a list of strings.", f'Write {key} = ["…"].')
    return tuple(value)


def _network(scene: Scene, value: object) -> Scene:
    """Start on another network of the catalogue, closed, with its usual input."""
    spec = catalogue.find(_text("network", value))
    return replace(scene, state=State(spec, default_input(spec)), view=View(), selection="")


def _set(scene: Scene, value: object) -> Scene:
    spec = assign(scene.state.spec, *_texts("set", value))
    return _kept(replace(scene, state=State(spec, scene.state.image)))


def _input(scene: Scene, value: object) -> Scene:
    spec = scene.state.spec
    return replace(scene, state=State(spec, parse_input(_text("input", value), spec.in_channels, spec.dims)))


def _page(scene: Scene, value: object) -> Scene:
    pages, page = [DIAGRAM, *(row.key for row in features.pages())], _text("page", value)
    if page not in pages:
        raise ExplorerError("page", f"There is no page {page[:40]!r}.", f"Choose one of {', '.join(pages)}.")
    return scene if page == scene.page else replace(scene, page=page, drawers={})


def _select(scene: Scene, value: object) -> Scene:
    path = _text("select", value)
    _check_paths("select", compile_spec(scene.state.spec), path)
    return replace(scene, selection=path)


def _open(scene: Scene, value: object) -> Scene:
    network, view = compile_spec(scene.state.spec), scene.view
    if value == ALL:
        return replace(scene, view=View.all_open(network, unfold=False, compare=view.compare, changes=view.changes))
    paths = _texts("open", value)
    blocks = [block.path for block in network.blocks]
    for path in paths:
        if path not in blocks:
            raise ExplorerError("open", f"There is no block {path[:40]!r}.", did_you_mean(path, blocks))
    return replace(scene, view=replace(view, expanded=frozenset(paths)))


def _unfold(scene: Scene, value: object) -> Scene:
    paths, stages = _texts("unfold", value), [stage.path for stage in compile_spec(scene.state.spec).stages]
    for path in paths:
        if path not in stages:
            raise ExplorerError("unfold", f"There is no stage {path[:40]!r}.", did_you_mean(path, stages))
    return replace(scene, view=replace(scene.view, unfolded=frozenset(paths)))


def _compare(scene: Scene, value: object) -> Scene:
    return replace(scene, view=replace(scene.view, compare=_flag("compare", value)))


def _changes(scene: Scene, value: object) -> Scene:
    return replace(scene, view=replace(scene.view, changes=_flag("changes", value)))


def _drawers(scene: Scene, value: object) -> Scene:
    if not isinstance(value, dict):
        raise ExplorerError("drawers", "drawers must be a table of titles.", "Write drawers = { Layers = true }.")
    return replace(scene, drawers={title: _flag(f"drawers.{title}", on) for title, on in value.items()})


KEYS: Mapping[str, Callable[[Scene, object], Scene]] = {
    "network": _network,
    "set": _set,
    "input": _input,
    "page": _page,
    "select": _select,
    "open": _open,
    "unfold": _unfold,
    "compare": _compare,
    "changes": _changes,
    "drawers": _drawers,
}
"""What can be said of any scene, in the order in which it is done: ``set`` after ``network``, paths after both."""


def _check_paths(key: str, network: Network, *paths: str) -> None:
    for path in paths:
        if not network.has(path):
            known = [part for block in network.blocks for part in (block.path, *block.layer_paths)]
            raise ExplorerError(key, f"There is no part {path[:40]!r} in this network.", did_you_mean(path, known))


def _kept(scene: Scene) -> Scene:
    """Return a scene without what is open or selected of parts that the network no longer has."""
    network, view = compile_spec(scene.state.spec), scene.view
    blocks, stages = {block.path for block in network.blocks}, {stage.path for stage in network.stages}
    kept = replace(view, expanded=view.expanded & blocks, unfolded=view.unfolded & stages)
    return replace(scene, view=kept, selection=scene.selection if network.has(scene.selection) else "")


def _with_fields(scene: Scene, values: Mapping[str, Any]) -> Scene:
    """Return the scene with other fields of what its page shows."""
    made, page = part_class(scene.page), scene.page
    fields = codec.plain(scene.part(page), WRITERS) if made else {}
    for key in values:
        if key not in fields:
            known = (*KEYS, *fields)
            hint = did_you_mean(key, known, f"The page {page} knows {', '.join(fields) or 'no more'}.")
            raise ExplorerError(key, f"Unknown key {key[:40]!r}.", hint)
    try:
        part = codec.decode(_merged(fields, values), made, READERS, page)
    except ExplorerError as error:
        raise ExplorerError(error.where.removeprefix(f"{page}."), error.what, error.remedy) from error
    changed = scene.with_part(page, part)
    if new := set(changed.files) - set(scene.files):
        where = next(key for key in values if any(file in repr(values[key]) for file in new))
        raise ExplorerError(where, f"A scene cannot name files, as in {min(new)[:60]!r}.", "Choose what the app has.")
    return changed


def _merged(fields: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values with others in their place, tables key by key; a network may be given by its name."""
    merged = dict(fields)
    for key, value in values.items():
        before = fields.get(key)
        if isinstance(before, dict) and isinstance(value, str) and AXES.keys() <= before.keys():
            value = to_dict(catalogue.find(value))
        is_table = isinstance(value, dict) and isinstance(before, dict)
        merged[key] = _merged(fields[key], value) if is_table else value
    return merged
