"""What a scene holds of the autograd graph: what is open of it, and where Play is."""

from dataclasses import dataclass

from resnet_explorer.errors import ExplorerError


@dataclass(frozen=True, slots=True)
class GraphPart:
    """Which clusters are open, where the gradient is, and which graph it is.

    ``clusters`` are the blocks, ``input``, ``loss`` and ``output`` that are open to their operations; ``stages`` those
    closed to one box, or opened where so many blocks are closed at first. ``step`` counts the operations that the
    gradient has reached, from the loss; 0 before the first. With ``loss`` the graph ends with the cross-entropy;
    ``saved`` shows the tensors that are kept for the backward pass; ``torchviz`` shows that tool's drawing instead.
    """

    step: int = 0
    clusters: frozenset[str] = frozenset()
    stages: frozenset[str] = frozenset()
    loss: bool = True
    saved: bool = False
    torchviz: bool = False

    def __post_init__(self) -> None:
        if self.step < 0:
            raise ExplorerError("step", f"There is no step {self.step}.", "Choose 0 or more.")
