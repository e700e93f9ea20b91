"""The shortest and the longest way back, and how many paths there are: Veit et al. 2016, and brute force."""

from collections import Counter
from functools import cache
from itertools import pairwise, product
from math import comb

import pytest
from hypothesis import given, settings

from resnet_explorer.autograd.clusters import Recorded
from resnet_explorer.autograd.values import AutogradGraph, GraphNode, NodeKind, RecordGraph, highway, path_lengths
from resnet_explorer.network import compile_spec
from resnet_explorer.network.kinds.convolutions import Conv2d, Linear
from resnet_explorer.network.tree import Chain, Fork, Part
from resnet_explorer.spec import Block, InputShape, ResNetSpec
from resnet_explorer.spec.catalogue import find
from tests.specs import any_specs, small_specs


def graph_of(*ways: tuple[int, int]) -> AutogradGraph:
    """A graph of operations 2, 3, ... after the input's leaf (0) and what accumulates its gradient (1)."""
    last = max(map(max, ways))
    inner = tuple(GraphNode(f"{index}", NodeKind.OPERATION, f"{index}") for index in range(2, last + 1))
    leaf = (GraphNode("input", NodeKind.LEAF, "input"), GraphNode("AccumulateGrad", NodeKind.ACCUMULATE, "input"))
    nodes = (*leaf, *inner, GraphNode("loss", NodeKind.OUTPUT, "loss"))
    return AutogradGraph(nodes, ((0, 1), *ways, (last, last + 1)), last, last + 1, "cpu", "2")


def test_a_residual_block_is_passed_by_its_shortcut() -> None:
    """conv 2, then a branch 3, 4 and the addition 5: the way back is 5, 2."""
    found = highway(graph_of((1, 2), (2, 3), (3, 4), (4, 5), (2, 5)))
    assert found.way == (5, 2)
    assert (found.shortest, found.longest) == (2, 4)


def test_a_graph_that_does_not_reach_the_input_has_no_highway() -> None:
    found = highway(graph_of((2, 3)))
    assert (found.way, found.shortest, found.longest) == ((), 0, 0)


def test_parameters_lie_beside_the_way() -> None:
    graph = graph_of((1, 2), (2, 3), (3, 4))
    parameter = (GraphNode("w", NodeKind.LEAF, "4"), GraphNode("AccumulateGrad", NodeKind.ACCUMULATE, "4"))
    more = AutogradGraph(
        (*graph.nodes, *parameter), (*graph.edges, (6, 7), (7, 4)), graph.root, graph.output, "cpu", ""
    )
    assert highway(more) == highway(graph)


@cache
def ways_of(name: str) -> tuple[int, int]:
    """The shortest and the longest way through a network that PyTorch recorded; the way is one of its edges."""
    from resnet_explorer.autograd.lab import record

    *_, last = record(RecordGraph(find(name), InputShape(1, 64, 64)))
    assert isinstance(last, Recorded)
    graph, found = last.graph, last.highway
    assert found.way[0] == graph.root
    assert {(after, before) for before, after in pairwise(found.way)} <= set(graph.edges)
    assert all(graph.nodes[index].kind is NodeKind.OPERATION for index in found.way)
    return found.shortest, found.longest


@pytest.mark.parametrize(("name", "projections", "branch"), [("resnet18", 3, 5), ("resnet50", 4, 8)])
def test_the_highway_skips_the_branches_and_the_longest_way_takes_them(
    name: str, projections: int, branch: int
) -> None:
    """Through each block lead addition and ReLU, and before them the branch, or nothing, or a projection of two.

    Around them lie the stem's 4 operations, and pool, view, fc and the loss' 2 at the end.
    """
    blocks = sum(find(name).blocks)
    shortest, longest = ways_of(name)
    assert shortest == 4 + 2 * blocks + 2 * projections + 5
    assert longest == 4 + (2 + branch) * blocks + 5


def test_the_plain_twin_has_one_way() -> None:
    shortest, longest = ways_of("resnet18-plain")
    assert shortest == longest == ways_of("resnet18")[1] - 8, "the same layers without eight additions"


def test_resnet110_has_2_to_the_54_paths_and_most_are_of_middling_length() -> None:
    """Veit et al. 2016, section 4.2: more than 95 % of the paths of a 110-layer ResNet pass 19 to 35 modules."""
    found = path_lengths(compile_spec(find("resnet110")))
    assert found.blocks == 54
    assert found.count == 2**54 == 18_014_398_509_481_984
    assert sum(found.by_branches[19:36]) > 0.95 * found.count
    assert max(found.by_branches) == found.by_branches[27] == comb(54, 27)


def test_three_blocks_have_eight_paths() -> None:
    """Veit et al. 2016, figure 1: paths of length 0 to 3 in the ratio 1, 3, 3, 1."""
    spec = ResNetSpec("three", block=(Block.BASIC,), blocks=(3,), widths=(64,), strides=(1,))
    assert path_lengths(compile_spec(spec)).by_branches == (1, 3, 3, 1)


@settings(deadline=None, max_examples=60)
@given(small_specs())
def test_paths_are_counted_as_by_hand(spec: ResNetSpec) -> None:
    """All choices of branch or shortcut, one by one."""
    network = compile_spec(spec)
    ways = []
    for block in network.blocks:
        form = block.form
        both = (*form.before, *form.after)
        chains: list[Chain] = [(*both, *form.branch)]
        chains += [(*both, *form.shortcut)] if form.shortcut is not None else []
        ways.append([_weights(chain) for chain in chains])
    by_hand = Counter(sum(choice) for choice in product(*ways))
    found = path_lengths(network)
    assert dict(found.by_layers) == dict(by_hand)
    assert found.count == sum(found.by_branches) == sum(found.by_layers.values()) == by_hand.total()


def _weights(chain: Chain) -> int:
    """Count the weight layers: of parallel paths those of the longest, of a pair in space and time the first."""
    count = 0
    for step in chain:
        if isinstance(step, Fork):
            count += max(map(_weights, step.paths))
        elif isinstance(step, Part) and isinstance(step.layer, Conv2d | Linear):
            count += not step.name.endswith("_time")
    return count


@settings(deadline=None, max_examples=20)
@given(any_specs())
def test_a_plain_network_has_one_path(spec: ResNetSpec) -> None:
    network = compile_spec(spec)
    found = path_lengths(network)
    assert found.count == sum(found.by_layers.values()) == 2 ** (sum(spec.blocks) if spec.residual else 0)
    assert spec.residual or len(found.by_layers) == 1
