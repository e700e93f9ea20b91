"""Addresses in the tree, and the shape of the tree."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from timm.layers import make_divisible

from resnet_explorer.network import Network, compile_spec
from resnet_explorer.network.forks import hidden
from resnet_explorer.network.kinds.convolutions import Conv2d
from resnet_explorer.network.kinds.forks import Slice
from resnet_explorer.network.kinds.pads import ZeroPad
from resnet_explorer.network.tree import Gated, Part, first_convolution, flat, spread, stride_of, tensors
from resnet_explorer.spec import Activation, ResNetSpec, Shortcut
from resnet_explorer.spec.catalogue import CATALOGUE, find
from resnet_explorer.spec.change import assign
from tests.cases import each
from tests.narrow import of_kind
from tests.specs import small_specs


def network(name: str = "resnet18") -> Network:
    return compile_spec(CATALOGUE[name].spec)


def test_the_same_spec_gives_the_same_tree() -> None:
    assert compile_spec(ResNetSpec("x")) is compile_spec(ResNetSpec("x"))


def test_equal_blocks_share_one_form() -> None:
    stages = network("resnet152").stages
    assert len({id(block.form) for stage in stages for block in stage.blocks}) == 8
    assert len({id(block.form) for block in network("resnet18").stages[0].blocks}) == 1


@settings(deadline=None)
@given(small_specs())
def test_every_path_is_unique_and_known(spec: ResNetSpec) -> None:
    tree = compile_spec(spec)
    layers = [path for block in tree.blocks for path in block.layer_paths]
    assert len(layers) == len(set(layers))
    assert len(tree.blocks) == 1 + sum(spec.blocks) + (tree.head is not None)
    for block in tree.blocks:
        assert tree.has(block.path) and tree.block_at(block.path) is block
        assert len(block.layer_paths) == len(block.form.parts)
        for path in block.layer_paths:
            assert tree.has(path) and tree.block_at(path) is block
            assert block.path in tree.ancestors(path)
            assert tree.ancestors(path)[-1] == ""
    for stage in tree.stages:
        assert tree.has(stage.path) and tree.stage_at(stage.path) is stage and tree.block_at(stage.path) is None


@each(
    "path",
    [
        "layer5",
        "layer1.2",
        "layer1.0.conv9",
        "layer1.0.downsample",
        "conv2",
        "layer",
        ".",
        "layer1.",
        "head.fc",
        "layer1.-1",
    ],
)
def test_other_paths_are_unknown(path: str) -> None:
    assert not network().has(path)


def test_ancestors() -> None:
    assert network().ancestors("layer2.0.downsample.0") == ("layer2.0.downsample", "layer2.0", "layer2", "")
    assert network().ancestors("conv1") == ("stem", "")
    assert network().ancestors("fc") == ("head", "")
    assert network().ancestors("stem") == ("",)


def test_shortcuts_have_addresses() -> None:
    tree = network()
    blocks = {block.path: block for block in tree.blocks}
    assert blocks["layer1.0"].shortcut_path == "layer1.0.shortcut"
    assert blocks["layer2.0"].shortcut_path == "layer2.0.downsample"
    assert tree.has("layer1.0.shortcut") and tree.has("layer2.0.downsample")
    assert not compile_spec(CATALOGUE["resnet18"].spec.plain()).has("layer1.0.shortcut")


@pytest.mark.parametrize(
    ("option", "kinds"),
    [
        (Shortcut.PADDING, [(), (), (ZeroPad,), ()]),
        (Shortcut.PROJECTION, [(), (), (Conv2d,), ()]),
        (Shortcut.PROJECTION_EVERYWHERE, [(Conv2d,)] * 4),
    ],
)
def test_the_options_of_section_3_3(option: Shortcut, kinds: list[tuple[type, ...]]) -> None:
    spec = replace(assign(CATALOGUE["resnet18"].spec, "blocks=2,2"), shortcut=option)
    blocks = [block for stage in compile_spec(spec).stages for block in stage.blocks]
    assert [tuple(type(of_kind(Part, part).layer) for part in (b.form.shortcut or ())[:1]) for b in blocks] == kinds


def test_stages_are_titled_as_in_the_paper() -> None:
    assert [stage.title for stage in network().stages] == ["conv2_x", "conv3_x", "conv4_x", "conv5_x"]


def test_tensors_are_those_of_the_state_dict() -> None:
    shapes = tensors(network())
    assert shapes["conv1.weight"] == (64, 3, 7, 7) and shapes["fc.bias"] == (1000,)
    assert shapes["layer2.0.downsample.0.weight"] == (128, 64, 1, 1)
    assert len(shapes) == 122, "torchvision's: 62 parameters, and 3 buffers for each of 20 norms"


@each(
    "weights,channels,spread_out",
    [
        ((1.0, 1.0, 1.0), 1, ((1.0,), (1.0,), (1.0,))),
        ((0.3, 0.6), 1, ((0.3,), (0.6,))),
        ((1.0, 1.0, 1.0), 3, ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))),
        ((1.0, 1.0), 3, ((0.5, 0.0, 0.5), (0.0, 1.0, 0.0))),
        ((1.0, 1.0, 1.0), 2, ((0.5, 0.5),) * 3),
    ],
)
def test_weights_are_spread_over_other_channels(
    weights: tuple[float, ...], channels: int, spread_out: tuple[tuple[float, ...], ...]
) -> None:
    """Each row adds up to its weight, so that an image of equal channels comes out as the repeated channel does."""
    assert spread(weights, channels) == spread_out
    assert [sum(row) for row in spread_out] == list(weights)


def test_the_first_convolution_sees_the_image() -> None:
    assert first_convolution(network())[0] == "conv1"
    path, layer = first_convolution(network("resnet50d"))
    assert (path, layer.in_channels, layer.out_channels) == ("conv1.0", 3, 32)


@each("order", ["v1", "bn-after-add", "relu-before-add", "relu-only", "v2", "norm-first"])
@each("name", ["resnet18", "resnet50"])
def test_a_blocks_dropout_stands_before_the_second_convolution(name: str, order: str) -> None:
    """Zagoruyko and Komodakis 2016, figure 1d."""
    tree = compile_spec(assign(CATALOGUE[name].spec, "block_dropout=0.3", f"order={order}"))
    names = [of_kind(Part, part).name for part in tree.stages[0].blocks[1].form.branch]
    assert names.count("dropout") == 1 and names[names.index("dropout") + 1] == "conv2"


@pytest.mark.parametrize(("dims", "pool"), [(dims, f"AdaptiveAvgPool{dims}d") for dims in (1, 2, 3)])
def test_a_gate_has_the_dimensions_of_its_network(dims: int, pool: str) -> None:
    (gate,) = compile_spec(assign(CATALOGUE["seresnet50"].spec, f"dims={dims}")).stages[0].blocks[0].form.gates
    kinds = [of_kind(Part, part).layer.kind for part in gate.parts]
    assert (kinds[0], gate.name, gate.scale.name) == (pool, "se", "se.scale")


@each("name,stride", [("layer1.0", 1), ("layer2.0", 2), ("layer2.1", 1)])
def test_the_stride_of_a_branch_is_that_of_its_layers_together(name: str, stride: int) -> None:
    for net in ("resnet50", "res2net50_26w_4s", "skresnext50_32x4d", "shake26_2x32d"):
        block = next(block for block in network(net).blocks if block.path == name)
        assert stride_of(block.form.branch) == stride, net


def test_pairs_of_a_deep_stem_are_numbered_without_gaps() -> None:
    """Three convolutions in space and three in time, each but the last with its norm and activation: 16 layers."""
    stem = compile_spec(assign(CATALOGUE["r2plus1d_18"].spec, "stem=deep")).stem
    assert stem.layer_paths == (*(f"conv1.{number}" for number in range(16)), "bn1", "relu")


@given(st.integers(1, 4096), st.sampled_from([2, 4, 8, 16]), st.sampled_from([1, 8, 16]))
def test_hidden_channels_are_rounded_as_by_timm(channels: int, reduction: int, multiple: int) -> None:
    spec = ResNetSpec("x", reduction=reduction, reduction_multiple=multiple)
    assert hidden(spec, channels) == make_divisible(channels / reduction, multiple, round_limit=0.9)
    assert hidden(spec, channels, 32) >= 32


def test_the_second_of_selective_kernels_is_dilated_by_2() -> None:
    """In the place of a 5×5 stands a dilated 3×3 (Li et al. 2019, section 3.1)."""
    (fork,) = network("skresnet18").stages[0].blocks[0].form.forks
    convs = [part.layer for path in fork.paths for part in flat(path) if isinstance(part.layer, Conv2d)]
    assert [(conv.kernel, conv.dilation, conv.in_channels) for conv in convs] == [(3, 1, 32), (3, 2, 32)]


def test_selective_kernels_choose_between_their_two_paths() -> None:
    """One softmax over two numbers for each channel weighs them (Li et al. 2019, equations 5 and 6)."""
    (fork,) = network("skresnet18").stages[0].blocks[0].form.forks
    asked, answered = ([part.layer for part in flat(steps)] for steps in (fork.gate, (fork.join,)))
    assert [getattr(layer, "paths", None) for layer in (*asked, *answered)] == [2, *[None] * 5, 2, 2]


def test_a_non_local_block_maps_each_pixel_by_itself() -> None:
    """Its four convolutions are 1×1 and have biases (Wang et al. 2018, figure 2)."""
    shapes = tensors(compile_spec(assign(find("resnet18"), "attention=nl")))
    inside = {name.rpartition("nl.")[2]: shape for name, shape in shapes.items() if name.startswith("layer1.0.nl.")}
    assert inside == {
        **{f"{key}.weight": (8, 64, 1, 1) for key in "tpg"},
        **{f"{key}.bias": (8,) for key in "tpg"},
        "z.weight": (64, 8, 1, 1),
        **dict.fromkeys(("z.bias", "norm.weight", "norm.bias", "norm.running_mean", "norm.running_var"), (64,)),
        "norm.num_batches_tracked": (),
    }


@each("activation", Activation)
def test_activations_are_called_as_by_torchvision_or_timm(activation: Activation) -> None:
    relus = (Activation.RELU, Activation.LEAKY_RELU, Activation.RELU6)
    name = "relu" if activation in relus else "prelu" if activation is Activation.PRELU else "act"
    network = compile_spec(assign(find("resnet18"), f"activation={activation}"))
    called = {path.rpartition(".")[2] for path in network.blocks[1].layer_paths}
    assert called == {"conv1", "bn1", f"{name}1", "conv2", "bn2", "add", f"{name}2"}


def test_attention_in_the_middle_sees_what_the_last_convolution_takes() -> None:
    """Also where the first convolution leaves fewer channels than the 3×3, as in SENet-154."""
    spec = assign(CATALOGUE["seresnet50"].spec, "attention_at=middle", "reduce_first=2")
    branch = compile_spec(spec).stages[0].blocks[0].form.branch
    (gate,) = (step for step in branch if isinstance(step, Gated))
    following = of_kind(Part, branch[branch.index(gate) + 1])
    first, last = (of_kind(Conv2d, part.layer) for part in (of_kind(Part, gate.parts[1]), following))
    assert (following.name, first.in_channels, last.in_channels) == ("conv3", 64, 64)


def test_the_splits_of_split_attention_are_taken_in_turn() -> None:
    (fork,) = network("resnest50d").stages[0].blocks[0].form.forks
    slices = [of_kind(Slice, part.layer) for path in fork.paths for part in flat(path)]
    assert [(part.start, part.channels) for part in slices] == [(0, 64), (64, 64)]
