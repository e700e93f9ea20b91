"""The picture of the autograd graph: every node has its place, every edge its line, and nothing lies on another."""

import itertools

from resnet_explorer.autograd.cluster_marks import nodes_of, opened
from resnet_explorer.autograd.clusters import Cluster, Recorded
from resnet_explorer.autograd.lab import record
from resnet_explorer.autograd.picture import GraphPicture, GraphView, graph_picture
from resnet_explorer.autograd.values import AutogradGraph, NodeKind, RecordGraph, highway
from resnet_explorer.network import Network, compile_spec
from resnet_explorer.picture.marks import Arrow, Group, Ink
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.catalogue import CATALOGUE, find
from resnet_explorer.spec.families import FAMILIES
from tests.cases import each
from tests.specs import fitting

FIRST = [next(name for name, entry in CATALOGUE.items() if entry.family.key == key) for key in FAMILIES]
Known = tuple[AutogradGraph, Network, tuple[Cluster, ...]]


def known(name: str, side: int = 64) -> Known:
    spec = find(name)
    *_, last = record(RecordGraph(spec, fitting(spec, InputShape(2, side, side))))
    assert isinstance(last, Recorded)
    return last.graph, compile_spec(spec), last.clusters


def picture(parts: Known, view: GraphView) -> GraphPicture:
    graph, network, drawn = parts
    return graph_picture(Recorded(graph, highway(graph), drawn), network, view, "title", "facts")


@each("name", FIRST)
def test_every_node_has_one_place_and_no_node_lies_on_another(name: str) -> None:
    graph, network, parts = known(name)
    everywhere = [index for part in parts for index in nodes_of(part)]
    assert sorted(everywhere) == list(range(len(graph.nodes)))
    made = picture((graph, network, parts), GraphView.all_open(parts))
    for part in parts:
        rects = [made.place(part.path, number) for number in range(len(nodes_of(part)))]
        frame, _ = made.spots[part.path]
        for x, y, wide, high in rects:
            assert frame[0] <= x and x + wide <= frame[0] + frame[2]
            assert frame[1] <= y and y + high <= frame[1] + frame[3]
        if len(rects) < 120:
            for one, other in itertools.combinations(rects, 2):
                assert not _overlap(one, other), (name, part.path, one, other)
    frames = [frame for frame, _ in made.spots.values()]
    for one, other in itertools.pairwise(frames):
        assert not _overlap(one, other)


def _overlap(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return (
        one[0] < other[0] + other[2]
        and other[0] < one[0] + one[2]
        and one[1] < other[1] + other[3]
        and other[1] < one[1] + one[3]
    )


def test_every_edge_between_operations_is_a_line_in_a_cluster_or_leads_to_the_next_one() -> None:
    graph, _, parts = known("seresnet18")
    order = {part.path: place for place, part in enumerate(parts)}
    home = {index: part.path for part in parts for index in part.operations}
    crossing = [(home[a], home[b]) for a, b in graph.edges if a in home and b in home and home[a] != home[b]]
    assert crossing and all(order[b] == order[a] + 1 for a, b in crossing), "clusters follow each other"
    inner = sum(len(part.inner) for part in parts)
    both = [(a, b) for a, b in graph.edges if a in home and b in home]
    assert inner + len(crossing) == len(both)


def test_equal_blocks_share_their_marks() -> None:
    graph, _, parts = known("resnet56", 32)
    drawn: dict[object, object] = {}
    bold = frozenset(highway(graph).way)
    blocks = [part for part in parts if part.path.startswith("layer1.")]
    groups = [opened(graph, part, bold, Ink.STEM, drawn).group for part in blocks]  # type: ignore[arg-type]
    assert len(drawn) == 1 and groups[1].marks[5] is groups[7].marks[5]
    assert groups[1].path != groups[7].path


def test_the_highway_is_bold_from_end_to_end() -> None:
    graph, network, parts = known("resnet18")
    made = picture((graph, network, parts), GraphView(frozenset({"layer1.0"})))
    stage = next(mark for mark in made.picture.marks if isinstance(mark, Group) and mark.path == "layer1")
    block = next(mark for mark in stage.marks if isinstance(mark, Group) and mark.path == "layer1.0")
    bold = [mark for mark in block.marks if isinstance(mark, Arrow) and mark.ink is Ink.SHORTCUT]
    assert len(bold) == 3, "into the addition, on to the ReLU, and out"


def test_a_stage_of_very_many_blocks_is_closed_at_first() -> None:
    graph, network, parts = known("resnet1202", 32)
    view = GraphView.first(network)
    assert view.closed_stages == {"layer1", "layer2", "layer3"}
    made = picture((graph, network, parts), view)
    assert made.place("layer2.7", 0) == made.place("layer2.100", 3)
    open_ = picture((graph, network, parts), view.toggled("layer2", network))
    assert open_.place("layer2.7", 0) != open_.place("layer2.100", 3)


def test_a_leaf_and_what_accumulates_its_gradient_hang_on_their_operation() -> None:
    graph, _, parts = known("resnet18")
    stem = next(part for part in parts if part.path == "stem")
    conv = stem.operations[0]
    ((leaf, accumulate),) = stem.leaves[conv]
    assert graph.nodes[leaf].name == "conv1.weight" and graph.nodes[leaf].kind is NodeKind.LEAF
    assert accumulate is not None and graph.nodes[accumulate].kind is NodeKind.ACCUMULATE


def test_a_leaf_of_several_operations_hangs_on_the_first_and_a_line_leads_to_the_others() -> None:
    graph, _, parts = known("resnet50_clip")
    head = next(part for part in parts if part.path == "head")
    ((accumulate, second),) = head.shared
    first = next(index for index, hung in head.leaves.items() if any(pair[1] == accumulate for pair in hung))
    assert {graph.nodes[index].name for index in (first, second)} == {"SliceBackward0"} and first < second
    assert (accumulate, first) in graph.edges and (accumulate, second) in graph.edges


def test_a_saved_tensor_has_one_place() -> None:
    spec = find("resnet18")
    *_, last = record(RecordGraph(spec, InputShape(2, 64, 64), saved=True))
    assert isinstance(last, Recorded)
    everywhere = [index for part in last.clusters for index in nodes_of(part)]
    assert sorted(everywhere) == list(range(len(last.graph.nodes)))
