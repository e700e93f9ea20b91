"""Where the arrow keys lead in the diagram: along blocks, into an open block's layers, and out again."""

from collections.abc import Callable, Mapping

from resnet_explorer.blueprint import Block, Network
from resnet_explorer.drawing.view import View, foldable, folded


def shown_blocks(network: Network, view: View) -> tuple[str, ...]:
    """Return the paths of the blocks that the overview shows, in the order in which they run."""
    inner = [
        block.path for stage in network.stages for block in (stage.blocks[:2] if folded(stage, view) else stage.blocks)
    ]
    return (network.stem.path, *inner, *((network.head.path,) if network.head else ()))


def _inside(block: Block) -> tuple[str, ...]:
    """Return the stops inside an open block: its layers, and the shortcut where it has no layers of its own."""
    lone = (block.shortcut_path,) if block.form.shortcut == () else ()
    return block.layer_paths[: len(block.form.branch)] + lone + block.layer_paths[len(block.form.branch) :]


def _beside(network: Network, view: View, path: str, by: int) -> str:
    stops = shown_blocks(network, view)
    block = network.block_at(path)
    if block and path != block.path and path in _inside(block):
        stops = _inside(block)
    if path not in stops:
        stage = network.stage_at(path)
        return stage.blocks[0].path if stage else stops[0 if by > 0 else -1]
    return stops[max(0, min(len(stops) - 1, stops.index(path) + by))]


def _into(network: Network, view: View, path: str) -> str:
    block = network.block_at(path)
    if block and path == block.path and path in view.expanded:
        return _inside(block)[0]
    stage = network.stage_at(path)
    if stage and path == stage.path:
        return stage.blocks[0].path
    return path or network.stem.path


def _out_of(network: Network, view: View, path: str) -> str:
    return network.ancestors(path)[0] if path else ""


_MOVES: Mapping[str, Callable[[Network, View, str], str]] = {
    "left": lambda network, view, path: _beside(network, view, path, -1),
    "right": lambda network, view, path: _beside(network, view, path, 1),
    "down": _into,
    "up": _out_of,
}


def move(network: Network, view: View, path: str, direction: str) -> str:
    """Return the path that lies ``left``, ``right``, ``down`` (inside) or ``up`` (outside) of a path."""
    return _MOVES[direction](network, view, path)


def toggled(network: Network, view: View, path: str) -> View:
    """Return the view after Enter or a double-click on a path: a block opens or closes, a long stage unfolds."""
    stage = network.stage_at(path)
    if stage and path == stage.path:
        return view.fold_toggled(path) if foldable(stage) else view
    block = network.block_at(path)
    return view.toggled(block.path) if block else view


def closed(network: Network, view: View, path: str) -> tuple[View, str]:
    """Return the view and the selection after Esc: out of a layer, then the block closes, then the stage folds."""
    block = network.block_at(path)
    if block and path != block.path:
        return view, block.path
    if block and path in view.expanded:
        return view.toggled(path), path
    stage = network.stage_at(path)
    if stage and path == stage.path and path in view.unfolded:
        return view.fold_toggled(path), path
    return view, _out_of(network, view, path)
