"""The autograd graph as PyTorch recorded it: every operation of the way back, and which layer made it."""

from dataclasses import dataclass
from enum import StrEnum

from resnet_explorer.blueprint.kinds import Shape


class NodeKind(StrEnum):
    """What a node of the graph is; torchviz draws each kind in a colour of its own."""

    OPERATION = "operation"
    ACCUMULATE = "accumulate"
    LEAF = "leaf"
    SAVED = "saved"
    OUTPUT = "output"


@dataclass(frozen=True, slots=True)
class GraphNode:
    """A node: an operation's backward function, a leaf (a parameter, the input), a saved tensor, or the output.

    ``name`` is torch's name of the function (``ConvolutionBackward0``), or the leaf's (``layer1.0.conv1.weight``,
    ``input``). ``path`` is the address of the layer that made it (``layer1.0.conv1``, ``layer1.0.add``, ``loss``);
    a leaf has its layer's. ``shape`` is that of what the operation put out, or of the tensor; None where unknown.
    ``attributes`` are the operation's own, in torch's words, without saved tensors.
    """

    name: str
    kind: NodeKind
    path: str
    shape: Shape | None = None
    attributes: tuple[tuple[str, str], ...] = ()


Edge = tuple[int, int]


@dataclass(frozen=True, slots=True, eq=False)
class AutogradGraph:
    """All nodes and edges; an edge leads as the data went, as torchviz draws it: the gradient goes against it.

    ``nodes`` are in the order in which the data went: every edge leads from an earlier to a later node. No gradient
    goes along the edge of a saved tensor, nor along that from a leaf straight to an operation, which has saved it;
    a tensor that several have saved is one node, after the first of them. ``output`` is the index of the output's
    node, ``root`` that of the operation that made it. ``device`` and ``torch`` tell where the graph comes from.
    """

    nodes: tuple[GraphNode, ...]
    edges: tuple[Edge, ...]
    root: int
    output: int
    device: str
    torch: str
