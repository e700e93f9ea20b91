"""DOT source of a graph: Graphviz reads it, every node and edge is there, and no text is taken for anything else."""

import json
import shutil
import subprocess
import sysconfig
from collections import Counter
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from resnet_explorer.autograd.clusters import Recorded
from resnet_explorer.autograd.graphviz import to_dot
from resnet_explorer.autograd.values import AutogradGraph, GraphNode, NodeKind, RecordGraph
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.catalogue import find
from tests.cases import each


@cache
def recorded(name: str, saved: bool = False) -> AutogradGraph:
    from resnet_explorer.autograd.lab import record

    *_, last = record(RecordGraph(find(name), InputShape(1, 64, 64), saved=saved))
    assert isinstance(last, Recorded)
    return last.graph


def read(source: str) -> dict[str, Any]:
    """What Graphviz makes of a source: its objects and edges, after layout."""
    command = shutil.which("graphviz-pure", path=sysconfig.get_path("scripts"))
    assert command
    done = subprocess.run([command, "-Tjson"], input=source.encode(), capture_output=True, check=True)
    assert not [line for line in done.stderr.decode().splitlines() if "non-ASCII" not in line], done.stderr
    read: dict[str, Any] = json.loads(done.stdout)
    return read


@pytest.mark.parametrize(("name", "saved"), [("resnet18", False), ("seresnet18", True), ("resnet50c", False)])
def test_graphviz_reads_every_node_and_edge(name: str, saved: bool) -> None:
    graph = recorded(name, saved)
    found = read(to_dot(graph, name))
    nodes = {one["_gvid"]: one for one in found["objects"] if "nodes" not in one and "subgraphs" not in one}
    indices = {number: int(one["name"].removeprefix("n")) for number, one in nodes.items()}
    assert sorted(indices.values()) == list(range(len(graph.nodes)))
    edges = Counter((indices[one["tail"]], indices[one["head"]]) for one in found["edges"])
    assert edges == Counter(graph.edges)
    for number, one in nodes.items():
        node = graph.nodes[indices[number]]
        assert node.name in one["label"] and node.path in one["tooltip"]
        if node.kind is NodeKind.LEAF:
            assert one["fillcolor"] == "lightblue"


def test_nodes_lie_in_the_clusters_of_their_stage_and_block() -> None:
    graph = recorded("resnet50c")
    found = read(to_dot(graph, "t"))
    clusters = {one["name"]: one for one in found["objects"] if one["name"].startswith("cluster_")}
    blocks = [f"layer{stage}.{number}" for stage, count in enumerate((3, 4, 6, 3), 1) for number in range(count)]
    assert set(clusters) == {f"cluster_{name}" for name in ("layer1", "layer2", "layer3", "layer4", *blocks)}
    assert {one["label"] for one in clusters.values()} == {name.removeprefix("cluster_") for name in clusters}
    members = {found["objects"][number]["name"] for number in clusters["cluster_layer2.1"]["nodes"]}
    inside = {f"n{index}" for index, node in enumerate(graph.nodes) if node.path.startswith("layer2.1.")}
    assert members == inside


def test_a_saved_tensor_hangs_on_a_line_without_a_head() -> None:
    graph = recorded("resnet18", True)
    lines = [line for line in to_dot(graph, "t").splitlines() if "->" in line]
    for (start, end), line in zip(graph.edges, lines, strict=True):
        kinds = {graph.nodes[start].kind, graph.nodes[end].kind}
        kept = NodeKind.SAVED in kinds or kinds == {NodeKind.LEAF, NodeKind.OPERATION}
        assert ("dir=none" in line) is kept


@each(
    "text",
    [
        "<b>bold</b>",
        'a "quoted" name',
        "back\\slash",
        "\\N \\G",
        "&lt;",
        "two\nlines",
        "tab\there",
        "日本語 é",
        "]; n9 [",
    ],
)
def test_any_text_is_shown_as_it_is(text: str) -> None:
    nodes = (GraphNode(text, NodeKind.OPERATION, text, (1, 2)), GraphNode("y", NodeKind.OUTPUT, "loss", ()))
    graph = AutogradGraph(nodes, ((0, 1),), 0, 1, "cpu", "2")
    found = read(to_dot(graph, text))
    assert len(found["objects"]) == 2
    svg = subprocess.run(
        [shutil.which("graphviz-pure", path=sysconfig.get_path("scripts")) or "", "-Tsvg"],
        input=to_dot(replace(graph), text).encode(),
        capture_output=True,
        check=True,
    ).stdout.decode()
    from xml.etree import ElementTree

    shown = [element.text for element in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]
    for line in text.replace("\t", " ").split("\n"):
        assert shown.count(line) >= 3, "as title, as name and as path"
