"""What autograd keeps, read off the tree: what of each layer, how it grows, and what an estimate adds to it."""

from math import prod

import pytest
from hypothesis import given, settings

from resnet_explorer.network import compile_spec
from resnet_explorer.readings import Analysis, analyse
from resnet_explorer.readings.kept import IMAGE, Kept, inference_bytes, kept, training_bytes
from resnet_explorer.spec import InputShape, ResNetSpec
from resnet_explorer.spec.catalogue import find
from resnet_explorer.spec.change import assign
from tests.specs import readable


def analysis_of(name: str, batch: int = 2, side: int = 64, *changes: str) -> Analysis:
    return analyse(compile_spec(assign(find(name), *changes)), InputShape(batch, side, side))


def kept_of(name: str, batch: int = 2, side: int = 64, *changes: str, training: bool = True) -> Kept:
    found = kept(analysis_of(name, batch, side, *changes), training=training)
    assert found is not None
    return found


def output(analysis: Analysis, path: str) -> int:
    return 4 * prod(analysis.by_path[path].reading.output)


def test_what_a_block_of_resnet18_keeps() -> None:
    """A batch norm needs its input and two statistics a channel; an in-place ReLU its result; a sum nothing."""
    analysis, found = analysis_of("resnet18"), kept_of("resnet18")
    block = {path.removeprefix("layer2.0."): count for path, count in found.by_path.items() if "layer2.0." in path}
    size, statistics = output(analysis, "layer2.0.conv1"), 2 * 4 * 128
    assert block == {
        "conv1": size,
        "bn1": size + statistics,
        "relu1": 0,
        "conv2": size,
        "bn2": statistics,
        "downsample.0": size,
        "downsample.1": statistics,
        "add": size,
        "relu2": 0,
    }
    assert found.sums["layer2.0"] == sum(block.values())


def test_the_ends_of_a_network() -> None:
    """The image is counted, and max-pool's int64 places; of the head the features and nothing of the scores."""
    analysis, found = analysis_of("resnet18"), kept_of("resnet18")
    assert found.by_path[IMAGE] == 4 * 2 * 3 * 64 * 64
    assert found.by_path["maxpool"] == 3 * output(analysis, "maxpool")
    assert [found.by_path[path] for path in ("avgpool", "flatten", "fc")] == [4 * 2 * 512, 0, 0]


@pytest.mark.parametrize("name", ["resnet20", "resnet110"])
def test_a_shortcut_without_weights_keeps_nothing(name: str) -> None:
    """Identity and option A cost no memory: the plain twin keeps as much (He et al. 2015, section 3.2)."""
    assert kept_of(name).total == kept_of(f"{name}-plain").total


def test_masks_are_kept_in_training_alone() -> None:
    changes = ("dropout=0.2", "stochastic_depth=0.2", "block_dropout=0.3")
    training, still = (kept_of("resnet18", 2, 64, *changes, training=mode) for mode in (True, False))
    mask = output = 4 * 2 * 512
    assert training.by_path["dropout"] == mask + output
    assert training.by_path["layer1.0.skip"] == 4 * 2
    assert still.by_path["dropout"] == still.by_path["layer1.0.skip"] == 0
    assert still.total < training.total


def test_where_training_fails_there_is_no_number() -> None:
    analysis = analysis_of("resnet18", 1, 32)
    assert kept(analysis) is None
    assert kept(analysis, training=False) is not None


@settings(deadline=None, max_examples=50)
@given(readable())
def test_sums_add_up_and_grow_evenly_with_the_batch(pair: tuple[ResNetSpec, InputShape]) -> None:
    spec, image = pair
    network = compile_spec(spec)
    analyses = [analyse(network, InputShape(batch, image.height, image.width, image.frames)) for batch in (2, 3, 4)]
    for training in (True, False):
        founds = [found for one in analyses if (found := kept(one, training=training)) is not None]
        totals = [found.total for found in founds]
        assert len(totals) < 3 or totals[2] - totals[1] == totals[1] - totals[0]
        for found in founds:
            assert list(found.by_path) == [IMAGE, *(row.path for row in analyses[0].rows)]
            tops = [found.sums[path] for path in ("stem", *(stage.path for stage in network.stages))]
            head = found.sums["head"] if network.head else 0
            assert found.total == sum(found.by_path.values()) == found.by_path[IMAGE] + sum(tops) + head


def test_estimates_say_what_they_count() -> None:
    analysis, found = analysis_of("resnet50", 8, 224), kept_of("resnet50", 8, 224)
    plain, adam = (training_bytes(analysis, found, states=states) for states in (0, 2))
    weights = 4 * 25_557_032
    assert dict(plain.parts)["parameters"] == dict(plain.parts)["their gradients"] == weights
    assert dict(plain.parts)["kept for backward"] == found.total
    assert plain.total == sum(count for _, count in plain.parts)
    assert adam.total - plain.total == 2 * weights
    still = inference_bytes(analysis)
    assert weights + 4 * prod(analysis.total.input) < still.total < plain.total
    assert all(text for text, _ in (*plain.parts, *still.parts))


def test_the_worst_moment_of_a_forward_pass_is_told() -> None:
    """In ResNet-50 a bottleneck's last norm takes and gives 256 maps of 56×56 while the shortcut holds as many."""
    assert inference_bytes(analysis_of("resnet50", 1, 224)).parts == (
        ("parameters", 4 * 25_557_032),
        ("the image", 4 * 3 * 224**2),
        ("input, output and shortcut of the largest layer", 3 * 4 * 256 * 56**2),
    )


@pytest.mark.parametrize(("name", "of_branch"), [("resnet110_shortcut_gate", 0), ("resnet110_exclusive_gate", 1)])
def test_a_gated_addition_keeps_the_factors_of_its_products(name: str, of_branch: int) -> None:
    """1 - g, which is new, for x; x and g are kept already, and F(x) only where g multiplies it too."""
    size, found = output(analysis_of(name, side=32), "layer2.1.add"), kept_of(name, side=32).by_path
    paths = ("add", "gate.sigmoid", "gate.conv", "bn2")
    assert [found[f"layer2.1.{path}"] for path in paths] == [2 * size, size, 0, of_branch * size + 2 * 4 * 32]


def test_the_relu_of_an_attention_works_in_place() -> None:
    """Its result lies where the first layer's output was, so that one of both is kept."""
    found = kept_of("seresnet50").by_path
    hidden = 4 * 2 * 16
    assert [found[f"layer1.0.se.{name}"] for name in ("fc1", "relu", "fc2")] == [hidden, 0, 0]
