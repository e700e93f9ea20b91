"""What of a network is shown open: the state of a diagram that is not the network's own."""

from collections.abc import Sequence
from dataclasses import replace

from resnet_explorer.dataclass import dataclass
from resnet_explorer.errors import SpecError, did_you_mean
from resnet_explorer.network import Block, Form, Network, Stage, flat
from resnet_explorer.network.kinds import Layer

FOLD_ABOVE = 8
"""A stage of more blocks than this is shown folded until it is asked for."""


@dataclass(frozen=True, slots=True)
class View:
    """Which blocks are open to their layers, which long stages unfolded, and whether the plain twin stands beside.

    ``expanded`` holds paths of blocks (and ``stem``, ``head``), ``unfolded`` those of stages. ``changes`` marks what
    the network changes in the one it came from.
    """

    expanded: frozenset[str] = frozenset()
    unfolded: frozenset[str] = frozenset()
    compare: bool = False
    changes: bool = False

    @classmethod
    def all_open(cls, network: Network, unfold: bool = True, compare: bool = False, changes: bool = False) -> "View":
        """Return the view with every block open, and every long stage unfolded where ``unfold``."""
        shown = frozenset(block.path for block in network.blocks)
        if not unfold:
            hidden = {b.path for stage in network.stages if foldable(stage) for b in stage.blocks[2:]}
            shown -= hidden
        stages = frozenset(stage.path for stage in network.stages if foldable(stage)) if unfold else frozenset()
        return cls(shown, stages, compare, changes)

    def toggled(self, path: str) -> "View":
        """Return the view with a block opened or closed."""
        return replace(self, expanded=self.expanded ^ {path})

    def fold_toggled(self, stage: str) -> "View":
        """Return the view with a long stage unfolded or folded."""
        return replace(self, unfolded=self.unfolded ^ {stage})


def foldable(stage: Stage) -> bool:
    """Return whether a stage is long enough to be folded, and alike enough.

    All blocks after the first are of the same kinds of layers; their widths and factors may differ.
    """
    if len(stage.blocks) <= FOLD_ABOVE:
        return False
    second = stage.blocks[1].form
    kinds = _kinds(second)
    return all(block.form is second or _kinds(block.form) == kinds for block in stage.blocks[2:])


def _kinds(form: Form) -> list[type[Layer]]:
    return [type(part.layer) for part in flat((*form.branch, *form.after))]


def folded(stage: Stage, view: View) -> bool:
    """Return whether a view shows the stage folded to its first two blocks."""
    return foldable(stage) and stage.path not in view.unfolded


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


def _out_of(network: Network, path: str) -> str:
    return network.ancestors(path)[0] if path else ""


def move(network: Network, view: View, path: str, direction: str) -> str:
    """Return the path that lies ``left``, ``right``, ``down`` (inside) or ``up`` (outside) of a path."""
    match direction:
        case "up":
            return _out_of(network, path)
        case "down":
            return _into(network, view, path)
    return _beside(network, view, path, 1 if direction == "right" else -1)


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
    return view, _out_of(network, path)


def view_of(network: Network, expand: Sequence[str], unfold: bool, compare: bool) -> View:
    """Return the view with these paths open; ``all`` opens every block, a stage's path those that it shows.

    Raises SpecError, with the nearest path, where the network has no such part.
    """
    if "all" in expand:
        return View.all_open(network, unfold, compare)
    stages = frozenset(stage.path for stage in network.stages if unfold and foldable(stage))
    opened = (_blocks(network, path, View(unfolded=stages)) for path in expand)
    return View(frozenset[str]().union(*opened), stages, compare)


def _blocks(network: Network, path: str, view: View) -> set[str]:
    """Return the block that a path names or lies in, or those that a stage shows."""
    if not path or not network.has(path):
        paths = [stage.path for stage in network.stages]
        paths += [path for block in network.blocks for path in (block.path, *block.layer_paths)]
        remedy = did_you_mean(path, paths, "The command 'describe' shows the paths.", cutoff=0.4)
        raise SpecError("expand", f"{network.spec.name} has no part {path!r}.", remedy)
    if block := network.block_at(path):
        return {block.path}
    stage = next(stage for stage in network.stages if stage.path == path)
    return {block.path for block in (stage.blocks[:2] if folded(stage, view) else stage.blocks)}
