"""The graph that is read off the tree is the one that PyTorch records: nodes, attributes, saved tensors, edges."""

import pytest
from hypothesis import given, settings

from resnet_explorer.autograd.lab import record
from resnet_explorer.autograd.reading import differing, read, read_graph
from resnet_explorer.autograd.values import AutogradGraph, RecordGraph
from resnet_explorer.cli.run import main
from resnet_explorer.readings.needs import needs
from resnet_explorer.scenes.scene import State
from resnet_explorer.spec import InputShape, ResNetSpec
from resnet_explorer.spec.search import default_input, find_network
from resnet_explorer.ui.document import read as read_state
from tests.specs import readable

NETWORKS = (
    *("resnet18", "resnet20", "resnet50d", "resnetv2_50x1_bit", "resnetv2_50d_evos", "resnetv2_50d_frn"),
    *("ecaresnet50d", "cbam_resnet50", "seresnet50", "resnetblur18", "resnetaa34d", "resnet110_dropout_shortcut"),
    *("resnet110_sd", "resnet110_exclusive_gate", "resnet110_shortcut_gate", "skipinit_resnet110", "fixup_resnet110"),
    *("resnet110_scaled", "resnet50_gn", "preresnet110", "resnet10t", "plain20"),
)
"""Between them they have every kind of layer; those below the others."""
SETTINGS = (
    *("activation=leaky-relu", "activation=silu", "activation=gelu", "norm=instance", "norm=rms", "norm=none"),
    *("norm=instance order=v2", "norm=instance activation=silu", "dropout=0.1", "classes=none", "gain=layerscale"),
    *("widths=16,16,32", "downsample=3x3", "attention=gc", "attention=gca attention_at=middle", "attention=nl"),
    *("order=norm-first shortcut=pool-pad stem_activation=false", "stride=last", "block=bottleneck group_width=1"),
    *("activation=relu6", "activation=hard-swish", "activation=mish", "stage_end=bam,bam,none"),
    *("conv=scaled-standardised conv_bias=true norm=none order=v2 branch_scale=0.2 track_variance=true",),
    *(
        "pool=gem",
        "pool=attention",
        "pool=attention map_side=9 widths=16,32,64",
        "head=mlp",
        "head=mlp activation=prelu",
    ),
    *("head=embedding head_norm=true dropout=0.1", "stem=3x3 stem_pool=max", "pool=gem head_norm=true order=v2"),
    *("activation=elu", "norm=instance activation=elu", "activation=prelu", "activation=prelu order=v2"),
    *("block=bottleneck scales=3", "selective=sk", "selective=sk-split"),
    *("block=bottleneck radix=2 average_down=after", "block=bottleneck radix=1 cardinality=2 average_down=before"),
    *("branches=shake-shake shortcut=B downsample=shifted", "branches=shake-shake order=v2"),
)


def recorded(request: RecordGraph) -> AutogradGraph:
    *_, result = record(request)
    assert not isinstance(result, AutogradGraph) and hasattr(result, "graph")
    graph: AutogradGraph = result.graph
    return graph


def compare(request: RecordGraph) -> None:
    ours, theirs = read_graph(request), recorded(request)
    for left, right in zip(ours.nodes, theirs.nodes, strict=True):
        assert left == right, request.spec.name
    assert ours.edges == theirs.edges and (ours.root, ours.output) == (theirs.root, theirs.output)


@pytest.mark.parametrize("saved", [False, True])
def test_the_catalogues_kinds_of_layers(saved: bool) -> None:
    for name in NETWORKS:
        spec = find_network(name)
        compare(RecordGraph(spec, default_input(spec), training=saved, saved=saved))


@pytest.mark.parametrize("saved", [False, True])
def test_the_settings_that_no_network_of_the_catalogue_has(saved: bool) -> None:
    for text in SETTINGS:
        spec = find_network("resnet20", text.split())
        compare(RecordGraph(spec, InputShape(2, 33, 32), loss=saved, training=not saved, saved=saved))


@given(readable())
@settings(max_examples=25, deadline=None)
def test_random_networks(pair: tuple[ResNetSpec, InputShape]) -> None:
    spec, image = pair
    trains = needs(read_state(State(spec, image)).analysis).failing is None
    compare(RecordGraph(spec, image, training=trains, saved=True))


def test_differing_counts_nodes() -> None:
    ours = read_graph(RecordGraph(find_network("resnet20"), InputShape(1, 32, 32)))
    other = read_graph(RecordGraph(find_network("resnet20", ["activation=silu"]), InputShape(1, 32, 32)))
    assert differing(ours, ours) == 0
    assert differing(ours, other) == 19, "one for each activation"


def test_the_whole_result_is_pytorchs() -> None:
    request = RecordGraph(find_network("resnet50"), InputShape(1, 64, 64))
    *_, theirs = record(request)
    ours = read(request)
    assert ours.highway == theirs.highway  # type: ignore[union-attr]  # the last one is the result
    assert [part.path for part in ours.clusters] == [part.path for part in theirs.clusters]  # type: ignore[union-attr]


def test_an_export_needs_no_pytorch(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise AssertionError("PyTorch was asked")

    monkeypatch.setattr("resnet_explorer.autograd.lab.record", fail)
    assert main(["export", "resnet18", "--view", "autograd", "-o", f"{tmp_path}/graph.svg"]) == 0
