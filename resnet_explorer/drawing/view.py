"""What of a network is shown open: the state of a diagram that is not the network's own."""

from dataclasses import dataclass, replace

from resnet_explorer.blueprint import Network, Stage

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
    """Return whether a stage is long enough to be folded, and alike enough: all blocks after the first are the same."""
    return len(stage.blocks) > FOLD_ABOVE and all(block.form is stage.blocks[1].form for block in stage.blocks[2:])


def folded(stage: Stage, view: View) -> bool:
    """Return whether a view shows the stage folded to its first two blocks."""
    return foldable(stage) and stage.path not in view.unfolded
