"""The numbers of an autograd graph in one line."""

from resnet_explorer.analysis.autograd import AutogradGraph, NodeKind
from resnet_explorer.analysis.highway import Highway, path_lengths
from resnet_explorer.blueprint import Network

SHORT = 34
"""Up to so many blocks the number of paths is written out."""


def count_words(blocks: int) -> str:
    """Return how many paths lead through so many residual blocks."""
    if not blocks:
        return "1 path"
    return f"2^{blocks}" + (f" = {2**blocks:,}" if blocks < SHORT else "") + " paths"


def facts(graph: AutogradGraph, way: Highway, network: Network, twin: int | None = None) -> str:
    """Return operations, the shortest and the longest way back, the plain twin's shortest, and the number of paths."""
    operations = sum(node.kind is NodeKind.OPERATION for node in graph.nodes)
    words = f"{operations:,} operations · way back: shortest {way.shortest:,}, longest {way.longest:,}"
    words += f" · plain twin's shortest {twin:,}" if twin is not None else ""
    return (
        f"{words} · {count_words(path_lengths(network).blocks)} · {graph.device}, torch {graph.torch.partition('+')[0]}"
    )
