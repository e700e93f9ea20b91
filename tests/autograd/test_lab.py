"""The graph is torchviz's, node for node and edge for edge, and knows of each operation which layer made it."""

import re
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import cache
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, given, settings
from torch import Tensor, nn

from resnet_explorer.autograd.clusters import Recorded
from resnet_explorer.autograd.lab import forward, functions, graph_of, prepare, record
from resnet_explorer.autograd.values import UNKNOWN, AutogradGraph, GraphNode, NodeKind, RecordGraph, derivative
from resnet_explorer.errors import InputError, SpecError
from resnet_explorer.network import compile_spec
from resnet_explorer.network.kinds.blocks import Dropout, StochasticDepth
from resnet_explorer.network.kinds.gates import LayerNorm2d
from resnet_explorer.network.kinds.norms import InstanceNorm2d
from resnet_explorer.readings import analyse
from resnet_explorer.readings.progress import Progress
from resnet_explorer.spec import Block, InputShape, ResNetSpec
from resnet_explorer.spec.axes import AXES
from resnet_explorer.spec.catalogue import CATALOGUE, find
from resnet_explorer.spec.change import assign
from resnet_explorer.spec.families import FAMILIES
from tests.cases import each
from tests.specs import fitting, readable, shallow

FIRST = [next(name for name, entry in CATALOGUE.items() if entry.family.key == key) for key in FAMILIES]
FUNCTIONS = (NodeKind.OPERATION, NodeKind.ACCUMULATE)
REALLY_ON_THE_CPU = "cpu:0"
"""PyTorch's other name of the CPU, on which networks really run."""
SMALL = InputShape(2, 64, 64)


def recorded(spec: ResNetSpec, image: InputShape = SMALL, **options: Any) -> AutogradGraph:
    *steps, last = record(RecordGraph(spec, fitting(spec, image), **options))
    assert steps and all(isinstance(step, Progress) for step in steps)
    assert isinstance(last, Recorded)
    return last.graph


class Drawn:
    """What torchviz draws, in place of Graphviz's Digraph: labels and colours by torchviz's ids, and its edges."""

    def __init__(self, **looks: object) -> None:
        self.nodes: dict[int, tuple[str, str | None]] = {}
        self.edges: Counter[tuple[int, int]] = Counter()
        self.lines: Counter[tuple[int, int]] = Counter()
        self.body: list[str] = []
        self.graph_attr: dict[str, str] = {}

    def node(self, name: str, label: str, fillcolor: str | None = None) -> None:
        self.nodes[int(name)] = (label, fillcolor)

    def edge(self, tail: str, head: str, dir: str | None = None) -> None:
        (self.lines if dir == "none" else self.edges)[int(tail), int(head)] += 1


def drawn_by_torchviz(y: Tensor, model: nn.Module, x: Tensor, **options: bool) -> Drawn:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it imports what Python is about to drop
        import torchviz

        with patch("torchviz.dot.Digraph", Drawn):
            params = {**dict(model.named_parameters()), "input": x}
            drawn = torchviz.make_dot(y, params, max_attr_chars=1_000_000, **options)
    assert isinstance(drawn, Drawn)
    return drawn


FILLS = {
    NodeKind.OPERATION: None,
    NodeKind.ACCUMULATE: None,
    NodeKind.LEAF: "lightblue",
    NodeKind.SAVED: "orange",
    NodeKind.OUTPUT: "darkolivegreen1",
}


def as_drawn(node: GraphNode) -> tuple[str, str | None]:
    """The label and colour that torchviz gives a node without attributes."""
    if node.kind in FUNCTIONS:
        return node.name, None
    name = "" if node.kind is NodeKind.OUTPUT else node.name
    return f"{name}\n ({', '.join(map(str, node.shape or ()))})", FILLS[node.kind]


class Live:
    """A network's graph and torchviz's of the same live functions: both know a node by its ``id``."""

    def __init__(self, name: str, loss: bool, saved: bool = False, **options: bool) -> None:
        self.model, self.x = prepare(RecordGraph(find(name), fitting(find(name), SMALL), REALLY_ON_THE_CPU))
        self.y, makers = forward(self.model, self.x, loss=loss)
        self.graph = graph_of(self.y, self.model, self.x, makers, device="cpu", saved=saved)
        self.drawn = drawn_by_torchviz(self.y, self.model, self.x, show_saved=saved, **options)
        assert self.y.grad_fn is not None
        self.functions = functions(self.y.grad_fn)

    @property
    def ids(self) -> dict[int, int]:
        """torchviz's id of each node but the saved ones."""
        places = [index for index, node in enumerate(self.graph.nodes) if node.kind in FUNCTIONS]
        known = {index: id(fn) for index, fn in zip(places, self.functions, strict=True)}
        leaves = {"input": self.x, **dict(self.model.named_parameters())}
        for index, node in enumerate(self.graph.nodes):
            if node.kind is NodeKind.LEAF:
                known[index] = id(leaves[node.name])
        return known | {self.graph.output: id(self.y)}


@pytest.mark.parametrize(
    ("name", "loss"), [*((name, True) for name in FIRST), ("resnet18", False), ("preresnet110", False)]
)
def test_the_graph_is_the_one_that_torchviz_draws(name: str, loss: bool) -> None:
    live = Live(name, loss)
    ids, graph = live.ids, live.graph
    # torchviz draws what a custom function (Shake) saves even where no saved tensors are asked for.
    drawn = {key: look for key, look in live.drawn.nodes.items() if look[1] != FILLS[NodeKind.SAVED]}
    assert {ids[index]: as_drawn(node) for index, node in enumerate(graph.nodes)} == drawn
    assert Counter((ids[start], ids[end]) for start, end in graph.edges) == live.drawn.edges
    assert all(tensor not in drawn and live.drawn.nodes[fn][0] == "ShakeBackward" for tensor, fn in live.drawn.lines)


def _attributes(label: str) -> tuple[tuple[str, str], ...]:
    """Read torchviz's table of attributes, without the tensors in it; an axis of -1 is printed as 2^64 - 1."""
    label = re.sub(r"\b1844674407\d{10}\b", lambda number: str(int(number[0]) - 2**64), label)
    rows = [line.partition(":") for line in label.split("\n")[2:]]
    pairs = [(name.strip(), value.strip()) for name, _, value in rows]
    return tuple(pair for pair in pairs if pair[1] not in ("[saved tensor]", "[saved tensors]"))


@pytest.mark.parametrize("name", ["resnet18", "resnet50", "seresnet18", "shake26_2x32d"])
def test_saved_tensors_and_attributes_are_those_that_torchviz_shows(name: str) -> None:
    live = Live(name, True, saved=True, show_attrs=True)
    ids, graph, drawn = live.ids, live.graph, live.drawn
    for index, node in enumerate(graph.nodes):
        if node.kind is NodeKind.OPERATION:
            assert _attributes(drawn.nodes[ids[index]][0]) == node.attributes
    gradients = [(start, end) for start, end in graph.edges if not _is_kept(graph, start, end)]
    assert Counter((ids[start], ids[end]) for start, end in gradients) == drawn.edges
    assert _keepers(graph, ids) == _drawn_keepers(drawn)
    assert len(graph.nodes) == len(drawn.nodes)


def _is_kept(graph: AutogradGraph, start: int, end: int) -> bool:
    kinds = graph.nodes[start].kind, graph.nodes[end].kind
    return NodeKind.SAVED in kinds or kinds == (NodeKind.LEAF, NodeKind.OPERATION)


def _keepers(graph: AutogradGraph, ids: dict[int, int]) -> Counter[tuple[object, ...]]:
    """Which functions keep each tensor: a tensor that is saved anew for each look has no other identity."""
    keepers: dict[int, list[int]] = defaultdict(list)
    for start, end in graph.edges:
        if _is_kept(graph, start, end):
            fn, tensor = (start, end) if graph.nodes[start].kind is NodeKind.OPERATION else (end, start)
            keepers[tensor].append(ids[fn])
    return Counter((*as_drawn(graph.nodes[tensor]), tuple(sorted(fns))) for tensor, fns in keepers.items())


def _drawn_keepers(drawn: Drawn) -> Counter[tuple[object, ...]]:
    keepers: dict[int, list[int]] = defaultdict(list)
    for ends, count in drawn.lines.items():
        fn, tensor = sorted(ends, key=lambda end: drawn.nodes[end][1] is not None)  # a custom function's is the head
        keepers[tensor] += [fn] * count
    return Counter((*drawn.nodes[tensor], tuple(sorted(fns))) for tensor, fns in keepers.items())


@each("name", FIRST)
def test_the_graph_of_the_meta_device_is_that_of_the_cpu(name: str) -> None:
    """Two blocks of a stage have all the operations that its others have."""
    for training in (True, False):
        ours = recorded(shallow(name), training=training, saved=True)
        real = recorded(shallow(name), training=training, saved=True, device=REALLY_ON_THE_CPU)
        assert ours.nodes == real.nodes
        assert ours.edges == real.edges
        assert (ours.root, ours.output, ours.device) == (real.root, real.output, "cpu")


def test_torchviz_gives_up_on_resnet1202_and_the_walk_does_not() -> None:
    spec, image = find("resnet1202"), InputShape(1, 32, 32)
    model, x = prepare(RecordGraph(spec, image))
    y, makers = forward(model, x, loss=True)
    with pytest.raises(RecursionError):
        drawn_by_torchviz(y, model, x)
    graph = graph_of(y, model, x, makers, device="cpu")
    kinds = Counter(node.kind for node in graph.nodes)
    assert kinds[NodeKind.LEAF] == kinds[NodeKind.ACCUMULATE] == len(list(model.parameters())) + 1
    assert sum(node.name == "ConvolutionBackward0" for node in graph.nodes) == 1201


def test_resnet152_has_as_many_nodes_and_edges_as_torchviz_shows_of_it() -> None:
    """1,451 and 1,500 without the input, which is a leaf here: a node, what accumulates its gradient, two edges."""
    graph = recorded(find("resnet152"), InputShape(1, 224, 224), loss=False)
    assert (len(graph.nodes), len(graph.edges)) == (1451 + 2, 1500 + 2)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(readable())
def test_each_layer_has_its_operations_and_they_put_out_its_shape(drawn: tuple[ResNetSpec, InputShape]) -> None:
    """The closed form and the recorded graph agree on every layer of a random network.

    PyTorch norms instances as a batch norm of N·C channels, and the layer norm of a gate the channels without their
    map of 1×1; a ReLU in place writes into what was normed, not into its view.
    """
    spec, image = drawn
    graph = recorded(spec, image, training=False)
    rows = analyse(compile_spec(spec), image).by_path
    idle = {path for path, row in rows.items() if isinstance(row.part.layer, Dropout | StochasticDepth)}
    last = {node.path: node.shape for node in graph.nodes if node.kind is NodeKind.OPERATION}
    assert last.pop("loss") == ()
    assert set(last) == set(rows) - idle
    for path, shape in last.items():
        layer, output = rows[path].part.layer, rows[path].reading.output
        normed = {InstanceNorm2d: (1, output[0] * output[1], *output[2:]), LayerNorm2d: output[:2]}
        assert shape in (output, normed.get(type(layer))), path
    for node in graph.nodes:
        if node.kind is NodeKind.LEAF:
            assert node.name == "input" if node.path == "input" else node.name.rpartition(".")[0] in rows


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(readable())
def test_nodes_are_in_the_order_in_which_the_data_went(drawn: tuple[ResNetSpec, InputShape]) -> None:
    graph = recorded(*drawn, training=False, saved=True)
    assert all(start < end for start, end in graph.edges)
    assert graph.nodes[graph.root].path == "loss" and graph.output == len(graph.nodes) - 1
    again = recorded(*drawn, training=False, saved=True)
    assert (again.nodes, again.edges) == (graph.nodes, graph.edges)


@each("name", FIRST)
def test_a_network_in_training_has_operations_in_every_layer(name: str) -> None:
    graph = recorded(find(name))
    made = {node.path for node in graph.nodes if node.kind is NodeKind.OPERATION}
    assert made == {row.path for row in analyse(compile_spec(find(name)), fitting(find(name), SMALL)).rows} | {"loss"}


def test_a_block_adds_where_its_relu_comes_after() -> None:
    graph = recorded(find("resnet18"))
    made = [(node.path, node.name) for node in graph.nodes if node.path.startswith("layer2.0.")]
    assert ("layer2.0.add", "AddBackward0") in made
    assert ("layer2.0.relu2", "ReluBackward0") in made
    assert Counter(name for _, name in made)["AddBackward0"] == 1


def test_hooks_are_taken_back_whatever_happens() -> None:
    model, x = prepare(RecordGraph(find("resnet20"), InputShape(1, 32, 32)))
    forward(model, x, loss=True)
    with pytest.raises(RuntimeError):
        forward(model, x[:, :1], loss=True)
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in model.modules())


def test_a_network_that_cannot_train_on_an_input_is_refused_in_words() -> None:
    image = InputShape(1, 32, 32)
    with pytest.raises(InputError, match=r"layer4\.0\.bn1 would see one value per channel") as caught:
        recorded(find("resnet18"), image)
    assert caught.value.where == "layer4.0.bn1"
    assert recorded(find("resnet18"), image, training=False).nodes


@cache
def _choices() -> tuple[ResNetSpec, ...]:
    """A small network for each choice of each axis, and for the numbers that add a layer."""
    numbers = {"gate_bias", "shortcut_scale", "branch_scale", "shortcut_dropout", "block_dropout", "stochastic_depth"}
    found = []
    for kind in Block:
        base = ResNetSpec("s", (kind,) * 2, (2, 2), (8, 8), (1, 2), stem_channels=8, stem_width=8, classes=10)
        for key, axis in AXES.items():
            values = [choice.value for choice in axis.choices] if key != "block" else []
            values += ["0.5"] if key in numbers | {"dropout"} else []
            values += ["false"] if key == "residual" else ["none"] if key == "classes" else []
            found += [_with(base, f"{key}={value}") for value in values]
    return tuple(found)


def _with(base: ResNetSpec, setting: str) -> ResNetSpec:
    try:
        return assign(base, setting)
    except SpecError as error:
        return assign(base, *error.fixes[0], setting)


def _names(spec: ResNetSpec) -> Iterator[str]:
    for training in (True, False):
        graph = recorded(spec, training=training)
        yield from (node.name for node in graph.nodes if node.kind in FUNCTIONS)


def test_every_operation_of_every_choice_has_a_derivative_in_words() -> None:
    names = {name for spec in _choices() for name in _names(spec)}
    assert {"ConvolutionBackward0", "CopySlices", "AccumulateGrad", "MaximumBackward0", "VarBackward0"} <= names
    assert not [name for name in names if derivative(name) == UNKNOWN]
    assert all(derivative(name).endswith(".") for name in names)


def test_an_unknown_operation_gets_the_chain_rule() -> None:
    assert derivative("BesselJ0Backward0") == UNKNOWN
    assert "chain rule" in derivative("BesselJ0Backward0")
    assert "dL/dx = dL/dy + (dF/dx)ᵀ dL/dy" in derivative("AddBackward0")
