"""The autograd graph as PyTorch records it: requests, nodes with their layers, paths, and derivatives as text."""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from enum import StrEnum
from math import comb

from resnet_explorer.dataclass import dataclass
from resnet_explorer.engine.jobs import job
from resnet_explorer.network import Block, Network
from resnet_explorer.network.kinds import Shape
from resnet_explorer.network.tree import Chain
from resnet_explorer.readings.read import weight_layers
from resnet_explorer.spec import InputShape, ResNetSpec


@job("resnet_explorer.autograd.lab:record")
@dataclass(frozen=True, slots=True)
class RecordGraph:
    """Record the autograd graph of a network at an input on a device, with its highway.

    With ``loss`` it ends at the cross-entropy against class 0 (without a head: the mean of the last map), else at the
    output. With ``saved`` the tensors that each operation saves for its derivative are nodes too.
    """

    spec: ResNetSpec
    image: InputShape
    device: str = "cpu"
    loss: bool = True
    training: bool = True
    saved: bool = False


@job("resnet_explorer.autograd.lab:draw_torchviz")
@dataclass(frozen=True, slots=True)
class DrawTorchviz:
    """Draw the same graph with torchviz and Graphviz; the result is the SVG file and its DOT source."""

    graph: RecordGraph


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

    ``name`` is PyTorch's name of the function (``ConvolutionBackward0``), or the leaf's (``layer1.0.conv1.weight``,
    ``input``). ``path`` is the address of the layer that made it (``layer1.0.conv1``, ``layer1.0.add``, ``loss``);
    a leaf has its layer's. ``shape`` is that of the operation's output, or of the tensor; None where unknown.
    ``attributes`` are the operation's, as PyTorch prints them, without saved tensors.
    """

    name: str
    kind: NodeKind
    path: str
    shape: Shape | None = None
    attributes: tuple[tuple[str, str], ...] = ()


Edge = tuple[int, int]


@dataclass(frozen=True, slots=True, eq=False)
class AutogradGraph:
    """All nodes and edges; edges point in the forward direction, as torchviz draws them.

    ``nodes`` are in forward order: every edge leads from an earlier to a later node. No gradient comes back along the
    edge of a saved tensor, nor along an edge from a leaf directly to an operation, which has saved it; a tensor saved
    by several operations is one node, after the first of them. ``output`` is the index of the output's node, ``root``
    that of the operation that made it. ``device`` and ``torch`` are those of the recording.
    """

    nodes: tuple[GraphNode, ...]
    edges: tuple[Edge, ...]
    root: int
    output: int
    device: str
    torch: str


@dataclass(frozen=True, slots=True)
class Highway:
    """The shortest way from the loss to the input, as indices of operations, and the length of the longest one.

    ``way`` begins at the operation that made the output; it is empty where no way leads to the input.
    """

    way: tuple[int, ...]
    longest: int

    @property
    def shortest(self) -> int:
        return len(self.way)


def highway(graph: AutogradGraph) -> Highway:
    """Return the shortest way back to the input and the length of the longest, in linear time.

    Of two ways of equal length it takes the shortcut's: the last operand of the addition.
    """
    before = _operations_before(graph)
    shortest: dict[int | None, int] = {}
    longest: dict[int | None, int] = {}
    onward: dict[int, int | None] = {}
    for index in range(graph.root + 1):
        ways = [start for start in reversed(before[index]) if start is None or start in shortest]
        if ways:
            onward[index] = min(ways, key=lambda start: shortest.get(start, 0))
            shortest[index] = 1 + shortest.get(onward[index], 0)
            longest[index] = 1 + max(longest.get(start, 0) for start in ways)
    way: list[int] = []
    step = graph.root if graph.root in shortest else None
    while step is not None:
        way.append(step)
        step = onward[step]
    return Highway(tuple(way), longest.get(graph.root, 0))


def _operations_before(graph: AutogradGraph) -> Mapping[int, list[int | None]]:
    """Return, for each operation, those that receive its gradient; None stands for the input."""
    before: dict[int, list[int | None]] = defaultdict(list)
    inputs = {
        start for start, node in enumerate(graph.nodes) if node.kind is NodeKind.ACCUMULATE and node.path == "input"
    }
    for start, end in graph.edges:
        if graph.nodes[end].kind is NodeKind.OPERATION:
            if start in inputs:
                before[end].append(None)
            elif graph.nodes[start].kind is NodeKind.OPERATION:
                before[end].append(start)
    return before


Ways = tuple[int, int | None]
"""The weight layers of a block's branch, and of its shortcut where it has one."""


@dataclass(frozen=True, slots=True)
class PathLengths:
    """The paths through a network's residual blocks: each passes a block by its branch or by its shortcut.

    ``ways`` holds, for each kind of block, the numbers of weight layers on its ways, and the number of such blocks.
    Weight layers are convolutions and fc, including those of projections and excluding those of gates, which weight a
    path from beside it. Veit, Wilber and Belongie 2016, sections 3 and 4.
    """

    ways: tuple[tuple[Ways, int], ...]

    @property
    def blocks(self) -> int:
        """Return the number of residual blocks: 0 in a plain network."""
        return sum(number for (_, shortcut), number in self.ways if shortcut is not None)

    @property
    def count(self) -> int:
        """Return the number of paths: 2 to the power of ``blocks``."""
        return 1 << self.blocks

    @property
    def by_branches(self) -> tuple[int, ...]:
        """Return the number of paths that take 0, 1, 2, ... branches: the binomial coefficients."""
        return tuple(comb(self.blocks, taken) for taken in range(self.blocks + 1))

    @property
    def by_layers(self) -> Mapping[int, int]:
        """Return the number of paths through each number of weight layers, computed at each call.

        Of n blocks whose branch has as many layers more than their shortcut, k are passed by it on "n choose k" paths.
        """
        least = sum(number * (branch if shortcut is None else shortcut) for (branch, shortcut), number in self.ways)
        more: Counter[int] = Counter()
        for (branch, shortcut), number in self.ways:
            if shortcut is not None:
                more[branch - shortcut] += number
        layers = Counter({least: 1})
        for gap, number in more.most_common():
            grown: Counter[int] = Counter()
            for taken in range(number + 1):
                ways = comb(number, taken)
                for length, count in layers.items():
                    grown[length + taken * gap] += count * ways
            layers = grown
        return dict(sorted(layers.items()))


def path_lengths(network: Network) -> PathLengths:
    """Return the exact number and lengths of the paths through a network."""
    return PathLengths(tuple(Counter(map(_ways, network.blocks)).items()))


def _ways(block: Block) -> Ways:
    form = block.form
    both = _weights(form.before) + _weights(form.after)
    return both + _weights(form.branch), None if form.shortcut is None else both + _weights(form.shortcut)


def _weights(chain: Chain) -> int:
    return len(weight_layers(chain))


_TEXTS: Mapping[str, str] = {
    "AccumulateGrad": "The gradient is added to the tensor's .grad, where the optimizer reads it.",
    "Convolution": "dL/dx is dL/dy convolved with the flipped kernels: a transposed convolution. dL/dW correlates "
    "dL/dy with the input.",
    "NativeBatchNorm CudnnBatchNorm MiopenBatchNorm BatchNormWithUpdate": "dL/dx is γ/σ times dL/dy, in training less "
    "its mean and its projection on x̂: what would only shift or scale the channel is removed. dL/dγ sums dL/dy · x̂, "
    "dL/dβ sums dL/dy.",
    "NativeGroupNorm": "dL/dx is γ/σ times dL/dy, less its mean and its projection on x̂, both taken over a group of "
    "channels of one image.",
    "NativeLayerNorm": "dL/dx is γ/σ times dL/dy, less its mean and its projection on x̂, both taken over the channels.",
    "Relu": "The gradient passes where the output was positive; elsewhere it is 0.",
    "LeakyRelu": "The gradient passes where the input was positive; elsewhere a hundredth of it does.",
    "Silu": "dL/dy times σ(x) (1 + x (1 − σ(x))): a little less than 0 for very negative x, near 1 for large x.",
    "Gelu": "dL/dy times Φ(x) + x φ(x), with the normal distribution Φ and its density φ.",
    "Elu": "The gradient passes where the input x was positive; elsewhere it is multiplied by exp(x).",
    "PreluKernel": "The gradient passes where the input was positive; elsewhere it is multiplied by the channel's "
    "slope. The slope gets the sum of dL/dy · x over what was negative.",
    "Hardtanh": "The gradient passes where the input was between the two bounds; elsewhere it is 0.",
    "Hardswish": "dL/dy times (2 x + 3) / 6 for −3 < x < 3; all of it above, nothing below.",
    "Mish": "dL/dy times the slope of x tanh(softplus(x)): a little less than 0 for very negative x, near 1 for "
    "large x.",
    "Clamp": "The gradient passes where the input was within the bounds; elsewhere it is 0.",
    "Reciprocal": "dL/dy times −y².",
    "Softmax": "y times dL/dy less the sum of y · dL/dy: what raises one weight lowers the others.",
    "Bmm": "Each factor gets dL/dy times the other one, transposed, for each matrix of the batch.",
    "UpsampleBicubic2DAa": "The gradient of each point goes to the points that it was interpolated from, by their "
    "weights.",
    "Sigmoid": "dL/dy times y (1 − y): at most a quarter, and near 0 where the gate is wide open or shut.",
    "Add": "The gradient goes on unchanged to each that was added. At the end of a block these are F(x) and the "
    "shortcut: it splits in two, and where both meet again at x, dL/dx = dL/dy + (dF/dx)ᵀ dL/dy.",
    "Sub": "The gradient goes on unchanged to the first, and with the other sign to the second.",
    "Rsub": "The gradient goes on with the other sign: 1 − g falls where g grows.",
    "Neg": "The gradient goes on with the other sign.",
    "Mul": "Each factor gets dL/dy times the other factor: what is weighted gets it times the gate, the gate gets it "
    "times what it weights.",
    "Div": "The numerator a gets dL/dy / b, the denominator b gets −dL/dy · a / b².",
    "Pow": "dL/dy times n xⁿ⁻¹: for a square, 2x.",
    "Sqrt": "dL/dy divided by 2y.",
    "Rsqrt": "dL/dy times −y³ / 2.",
    "Exp": "dL/dy times y.",
    "Log": "dL/dy divided by x.",
    "Mean AdaptiveAvgPool2D AdaptiveAvgPool3D": "The gradient is distributed evenly: each of the n values that were "
    "averaged gets 1/n of it.",
    "AvgPool2D AvgPool3D": "The gradient of each window is distributed evenly over its positions.",
    "Sum": "Each value that was summed gets the whole gradient.",
    "Var": "dL/dy times 2 (x − mean) / n, for n values.",
    "Amax Max": "The gradient goes to the position of the maximum; all others get 0.",
    "Maximum": "The gradient goes to whichever of the two was larger; the other gets 0.",
    "MaxPool2DWithIndices MaxPool2D MaxPool3DWithIndices": "The gradient of each window goes to the position of its "
    "maximum; the others get 0.",
    "Addmm Linear": "dL/dx = dL/dy · W. dL/dW multiplies dL/dy with the input, dL/db is dL/dy summed over the batch.",
    "Mm Bmm": "Each factor gets dL/dy times the other one, transposed.",
    "T Transpose Permute": "Only the order of the axes was changed: the gradient is permuted back.",
    "View UnsafeView Reshape ReshapeAlias Squeeze Unsqueeze": "Only the shape was changed: the gradient is reshaped "
    "back.",
    "Alias": "The same values under another name: the gradient goes on unchanged.",
    "AsStrided": "Another view of the same memory: each gradient goes back to the element that was read.",
    "CopySlices": "A part of the memory was overwritten: its gradient passes through what was written; the rest of "
    "the gradient goes on unchanged.",
    "Clone Copy ToCopy": "A copy: the gradient goes on unchanged.",
    "Expand Repeat": "The values were used several times: the gradients of all copies are summed.",
    "Slice Select Index": "The gradient goes back to the part that was selected; the rest gets 0.",
    "Cat Stack": "Each part that was concatenated gets its own slice of the gradient.",
    "ConstantPadNd": "The gradient of the padding is dropped; the map gets its own part. Negative padding crops, and "
    "what was cropped gets 0.",
    "ReflectionPad1D ReflectionPad2D ReflectionPad3D": "The gradients of mirrored positions are added to those of the "
    "positions that they mirror.",
    "NativeDropout FusedDropout": "The gradient passes where the value was kept, scaled up as the value was; "
    "elsewhere it is 0.",
    "Lerp": "Each of both gets dL/dy times its share of the mix.",
    "Shake": "The first branch gets dL/dy times a random number for each image, drawn apart from that of the forward "
    "pass; the second gets the rest.",
    "LogSoftmax": "dL/dy less the softmax times the sum of dL/dy: with the loss behind it, probability − target.",
    "NllLoss": "The gradient starts here: −1/N for each of the N images at its own class, 0 for every other class.",
}
"""What the backward functions compute: x is the input, y the output, dL/dy the gradient that arrives."""
_DERIVATIVES = {kind: text for kinds, text in _TEXTS.items() for kind in kinds.split()}
UNKNOWN = "dL/dx is dL/dy times this operation's local derivative: the chain rule."
_NAME = re.compile(r"(?:.*::)?(.+?)(?:Backward\d*)?")


def kind_of(name: str) -> str:
    """Return the operation of a backward function: ``Convolution`` for ``ConvolutionBackward0``."""
    match = _NAME.fullmatch(name)
    return match[1] if match else name


def derivative(name: str) -> str:
    """Return what the backward function of that name computes; for an unknown one, the chain rule."""
    return _DERIVATIVES.get(kind_of(name), UNKNOWN)
