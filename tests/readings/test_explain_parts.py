"""What is said of parallel paths, of shortcuts alone, and of layers by where they stand."""

import pytest

from resnet_explorer.errors import InputError
from resnet_explorer.network.kinds.norms import GroupNorm
from resnet_explorer.readings.explain.text import listed
from resnet_explorer.spec import InputShape
from tests.cases import each
from tests.readings.test_explain import describe


def test_without_norms_the_order_with_a_norm_first_has_nothing_after_the_addition() -> None:
    assert "Nothing comes after the addition." in describe("resnet18", "layer1.0", "norm=none", "order=norm-first").text
    assert "begins and ends in a norm" in describe("resnet18", "layer1.0", "order=norm-first").text


@each(
    "name,settings,formula",
    [
        ("resnet20", (), "zeropad"),
        ("resnet20", ("shortcut=pool-pad",), "pad_channels"),
        ("resnet18", (), "projection"),
        ("resnet18", ("norm=none",), "projection_bare"),
        ("resnet18", ("order=v2",), "projection_activated_bare"),
    ],
)
def test_a_shortcut_alone_has_the_formula_of_its_kind(name: str, settings: tuple[str, ...], formula: str) -> None:
    assert describe(name, "layer2.0.downsample", *settings, image=InputShape(1, 32, 32)).formulas == (formula,)


@each(
    "name,settings,text",
    [
        (
            "res2net50_26w_4s",
            (),
            "In F(x) 1×1 brings 256 channels to 104, these part into 4 slices of 26, of which all but the last have a "
            "3×3 each, and 1×1 brings 104 to 256.",
        ),
        (
            "resnest50d",
            (),
            "In F(x) 1×1 brings 256 channels to 64, 3×3 makes 2 splits of 64, attention weights them against each "
            "other, and 1×1 brings 64 to 256.",
        ),
        ("resnest50d", ("radix=1",), "channels to 64, 3×3 works on those, attention weights them, and"),
        ("resnest50d", ("radix=1", "cardinality=2"), "3×3 works on those in 2 groups, attention weights them, and"),
        (
            "skresnext50_32x4d",
            (),
            "In F(x) 1×1 brings 256 channels to 128, two 3×3, one dilated, work on all channels, attention selects "
            "between them, and 1×1 brings 128 to 256.",
        ),
        (
            "skresnet18",
            (),
            "F(x) is two 3×3 convolutions, 64 → 64 channels. In the place of the first stand two that see 32 channels "
            "each, one dilated; attention selects between them.",
        ),
        ("skresnet18", ("selective=sk",), "In the place of the first stand two that see all channels, one dilated"),
    ],
)
def test_what_parallel_paths_do_is_said_in_numbers(name: str, settings: tuple[str, ...], text: str) -> None:
    assert text in describe(name, "layer1.1", *settings).text


@each(
    "name,settings,path,text",
    [
        ("resnet18", (), "layer1.0.relu2", "works in place. It comes after the addition, so it acts on what the"),
        ("plain18", (), "layer1.0.relu2", "sets the rest to 0; works in place."),
        ("resnet18", ("order=relu-only",), "layer1.1.relu1", "in a copy: the shortcut still needs x."),
        ("plain18", ("order=relu-only",), "layer1.1.relu1", "sets the rest to 0, in a copy."),
    ],
)
def test_an_activation_is_explained_by_where_it_stands(
    name: str, settings: tuple[str, ...], path: str, text: str
) -> None:
    said = describe(name, path, *settings).text
    assert text in said and ("shortcut" in said) == (name == "resnet18")


def test_what_is_worked_out_has_its_rules() -> None:
    """Parameters and MACs of convolutions, and the receptive field of what has windows."""
    field = ("Receptive field r and stride j", "receptive_field")
    rules = [describe("resnet18", path).rules for path in ("conv1", "bn1", "maxpool")]
    assert rules == [(("Parameters", "conv_params"), ("MACs", "conv_macs"), field), (), (field,)]


def test_a_group_of_a_single_value_is_refused_as_by_pytorch() -> None:
    norm = GroupNorm(8, 8)
    assert norm.output((2, 8, 1, 1)) == (2, 8, 1, 1) and norm.output((1, 8, 1, 2)) == (1, 8, 1, 2)
    with pytest.raises(InputError, match="each group would hold a single value") as caught:
        norm.output((1, 8, 1, 1))
    assert caught.value.where == "size"


@each(
    "activation,text",
    [
        ("relu", "gates both paths: in this order of layers (v1) x passes unchanged only where z > 0."),
        ("relu6", "gates both paths: in this order of layers (v1) x passes unchanged only where 0 < z < 6."),
        ("hard-swish", "stops both paths where z < −3: x passes unchanged only where z > 3."),
        ("elu", "weakens both paths to exp(z) of them where z < 0: x passes unchanged only where z > 0."),
        ("leaky-relu", "weakens both paths to a hundredth where z < 0: x passes unchanged only where z > 0."),
        ("prelu", "by the slope that the channel learnt where z < 0: x passes unchanged only where z > 0."),
        ("gelu", "multiplies both paths by its slope at z: x passes exactly unchanged hardly anywhere."),
    ],
)
def test_the_last_activation_decides_where_the_gradient_passes(activation: str, text: str) -> None:
    assert describe("resnet18", "layer1.0", f"activation={activation}").gradient_words.endswith(text)


@each(
    "settings,text",
    [
        (("shortcut=A",), "P, which skips positions and pads channels: those send nothing back"),
        (("shortcut=pool-pad",), "P, which averages positions and pads channels: the padded ones send nothing back"),
        (("shortcut=B",), "and through Wₛ: the projection with its norm"),
        (("shortcut=B", "norm=none"), "and through Wₛ: the projection."),
        (("shortcut=A", "order=v2"), "z is the block's output. P skips positions and pads channels"),
    ],
)
def test_the_gradient_through_a_shortcut_that_changes_shapes(settings: tuple[str, ...], text: str) -> None:
    assert text in describe("resnet20", "layer2.0", *settings, image=InputShape(1, 32, 32)).gradient_words


@each(
    "name,text",
    [
        ("reduce", "the branch over positions needs few channels"),
        ("conv1", "A 3×3 convolution dilated by 4: it sees what lies further around each position."),
        ("conv2", "A second 3×3 convolution dilated by 4: it sees further still."),
        ("conv3", "A 1×1 convolution to one number for each position."),
    ],
)
def test_the_convolutions_of_a_bottleneck_attention_are_told_apart(name: str, text: str) -> None:
    """Park et al. 2018, figure 2: three convolutions, two of them dilated, lead to a number for each position."""
    assert text in describe("resnet18", f"layer1.1.bam.{name}", "stage_end=bam,bam,none,none").text


@each(
    "order,text",
    [
        ("v1", ""),
        ("bn-after-add", " The last norm comes after the addition, so it alters what the shortcut brings."),
        ("relu-before-add", " F(x) ends in a ReLU, so it can only add: the signal grows from block to block."),
        ("relu-only", " ReLU comes before each convolution; nothing comes after the addition."),
        ("v2", " Norm and ReLU come before each convolution; nothing comes after the addition."),
        ("norm-first", " It begins and ends in a norm, and the first has no ReLU; nothing comes after the addition."),
    ],
)
def test_what_is_particular_of_an_order_of_layers_is_said(order: str, text: str) -> None:
    """He et al. 2016, figure 4."""
    said = describe("resnet18", "layer1.1", f"order={order}").text
    before, after = "The shapes agree, so x itself is added to F(x): the shortcut costs nothing.", " F(x) is two 3×3"
    assert said.startswith(f"{before}{text}{after}")


@each(
    "name,text",
    [
        ("wrn28_10", " The 28 in the name counts all convolutions, projections too, and no fc."),
        ("resnet50c", " The 50 in the name counts the stem as one layer."),
        ("resnet50", ""),
    ],
)
def test_a_number_that_is_not_the_depth_is_explained(name: str, text: str) -> None:
    said = describe(name, "").text
    assert text in said and ("in the name" in said) == bool(text)


def test_a_shortcut_says_what_its_formula_stands_for() -> None:
    stands = "BN in the formula stands for this network's norm: group norm."
    assert describe("resnet18", "layer2.0.downsample", "norm=group").text.endswith(stands)
    assert stands not in describe("resnet18", "layer1.0.shortcut", "norm=group").text
    assert "stands for" not in describe("resnet18", "layer2.0.downsample").text


@each(
    "name,path,text",
    [
        ("resnet18", "layer2.0.conv1", "mixes channels and neighbouring positions, at every second position."),
        ("resnet18", "layer1.0.conv1", "mixes channels and neighbouring positions."),
        ("r3d_18", "conv1", "neighbouring positions and frames, at every second position of every frame."),
        ("r3d_18", "layer2.0.conv1", "mixes channels and neighbouring positions, at every second position."),
        ("r2plus1d_18", "layer2.0.conv1_space", "positions of each frame, at every second position of every frame."),
        ("r2plus1d_18", "layer2.0.conv1_time", "neighbouring frames at each position of every second frame."),
    ],
)
def test_a_stride_is_said_along_the_axes_that_it_has(name: str, path: str, text: str) -> None:
    assert text in describe(name, path).text


@each(
    "activation,part", [("relu", "only where z > 0"), ("relu6", "only where 0 < z < 6"), ("elu", "in full only where")]
)
def test_a_projection_lets_x_pass_where_its_activation_does(activation: str, part: str) -> None:
    text = describe("resnet18", "layer2.0", f"activation={activation}").gradient_words
    assert f"x passes {part}" in text and text.endswith(", and through Wₛ: the projection with its norm.")


@each(
    "gain,text",
    [
        ("skipinit", " One learnt factor, 0 at first, multiplies F(x)."),
        ("layerscale", " A learnt factor for each channel, "),
        ("none", ""),
    ],
)
def test_what_multiplies_a_branch_is_said(gain: str, text: str) -> None:
    said = describe("resnet18", "layer1.1", f"gain={gain}").text
    assert text in said and ("multiplies F(x)" in said) == bool(text)


@each(
    "name,path,settings,text",
    [
        (
            "resnet18",
            "layer1.0.scale",
            "branch_scale=0.5",
            "A constant factor of 0.5 on the branch; nothing is learnt.",
        ),
        ("resnet18", "layer1.0.shortcut.scale", "shortcut_scale=0.5", "A constant factor of 0.5 on the shortcut;"),
        ("seresnet50", "layer1.0.se.fc1", "", "on the channels' means, 256 → 16: through so few numbers the gate"),
        ("seresnet50", "layer1.0.se.fc2", "", "back to 256 numbers: one for each channel."),
        ("cbam_resnet50", "layer1.0.cbam_channel.fc1", "", "on the channels' means and largest values, 256 → 16:"),
        ("skresnet18", "layer1.0.conv1.attn.fc_reduce", "", "on the channels' means, 64 → 16: through so few"),
        (
            "resnet18",
            "stem",
            "dims=3 conv_time=3d",
            "the first stage a 3×7×7 /1×2×2 convolution and a 3×3×3 /2 max-pool",
        ),
        ("resnet18", "stem", "dims=3 conv_time=2+1d", "in space and a 3×1×1 one in time (3 → 45 → 64 channels) and a"),
        ("resnet50d", "stem", "dims=3 conv_time=2+1d", "three pairs of 1×3×3 and 3×1×1 convolutions (3 → 22 → 32 → "),
        ("resnet18", "maxpool", "", "each 3×3 window. What lies outside the map never wins."),
        ("resnet18", "layer1.0.gca.fc1", "attention=gca", "on the channels' weighted means, 64 → 8: through so few"),
        ("resnet18", "layer1.0.gca.conv_attn", "attention=gca", "A 1×1 convolution to one number for each position:"),
        ("resnet110_shortcut_gate", "layer2.0", "", " In the formula the last x is what the shortcut brings."),
        ("resnet50", "head", "pool=attention head_norm=true", "of its mean to all positions, then scores the classes."),
        ("resnet50", "head", "head_norm=true", " normalises that, then scores the classes."),
        ("resnext50_32x4d", "layer1.0.conv2", "", " 32 groups of 4 channels work apart."),
    ],
)
def test_a_layer_or_part_says_what_is_its_own(name: str, path: str, settings: str, text: str) -> None:
    assert text in describe(name, path, *settings.split()).text


def test_words_are_listed() -> None:
    assert [listed(list(words)) for words in ("a", "ab", "abc")] == ["a", "a and b", "a, b and c"]


def test_what_is_not_said() -> None:
    padded = describe("resnet18", "maxpool", "stem_pool=zero-padded-max").text
    assert padded == "Keeps the largest value of each 3×3 window."
    assert "In the formula" not in describe("resnet110_shortcut_gate", "layer1.1").text


def test_the_macs_of_an_attention_grow_with_the_square_of_the_map() -> None:
    facts = {fact.label: fact.value for fact in describe("resnet18", "layer1.0.nl.gather", "attention=nl").facts}
    assert facts["MACs"] == f"3136·3136·8 = {3136 * 3136 * 8:,}"
