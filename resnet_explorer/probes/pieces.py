"""A network in pieces that run one after the other, so that long work can tell how far it is, and stop between them."""

from collections.abc import Iterator
from typing import NamedTuple

from resnet_explorer.network import Network


class Piece(NamedTuple):
    """The stem, a block or the head: its path, and the names of the modules that are run for it, in their order."""

    path: str
    names: tuple[str, ...]


def pieces(network: Network) -> Iterator[Piece]:
    """Yield stem, blocks and head in the order in which they run: together they are the network's forward pass."""
    for block in network.blocks:
        if block.number:
            yield Piece(block.path, (block.path,))
            continue
        tops = dict.fromkeys(step.name.partition(".")[0] for step in block.form.branch)
        yield Piece(block.path, tuple(tops))
