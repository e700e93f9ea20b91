"""What is said of each part of a network: its words, its formulas, its figures."""

import pytest

from resnet_explorer.network import compile_spec
from resnet_explorer.readings import analyse
from resnet_explorer.readings.explain import Explanation, explain
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.catalogue import CATALOGUE
from resnet_explorer.spec.change import assign
from tests.cases import each


def describe(name: str, path: str, *changes: str, image: InputShape | None = None) -> Explanation:
    spec = assign(CATALOGUE[name].spec, *changes)
    return explain(analyse(compile_spec(spec), image or InputShape()), path)


def fact(explanation: Explanation, label: str) -> str:
    return next(entry.value for entry in explanation.facts if entry.label == label)


def test_the_first_block_of_conv3_x() -> None:
    """The block of the paper's figure 3 that brings 64 channels to 128, as the design's picture shows it."""
    block = describe("resnet18", "layer2.0")
    assert block.title == "conv3_x · block 1"
    assert block.kind == "Basic block"
    assert (block.branch, block.shortcut) == (221_696, 8_448)
    assert fact(block, "Parameters") == "230,144"
    assert fact(block, "MACs") == "179,830,784"
    assert fact(block, "FLOPs = 2 × MACs") == "359,661,568"
    assert fact(block, "% of MACs") == "9.91 %"
    assert (fact(block, "Receptive field"), fact(block, "Stride to the input")) == ("67 px", "8 px")
    assert "64×56² → 128×28²" in block.text
    assert "1×1 convolution with stride 2" in block.text
    assert block.formulas[0] == "projection_v1"


def test_an_identity_shortcut_costs_nothing() -> None:
    block = describe("resnet18", "layer1.0")
    assert (block.formulas[0], block.shortcut) == ("identity_v1", 0)
    assert describe("resnet18", "layer1.0.shortcut").kind == "Identity shortcut"
    assert describe("resnet18", "layer1.0.add").formulas == ("add",)


def test_the_projection_shortcut_alone() -> None:
    shortcut = describe("resnet18", "layer2.0.downsample")
    assert shortcut.kind == "Projection shortcut"
    assert fact(shortcut, "Parameters") == "8,448"  # 64·128 + 2·128
    assert fact(shortcut, "MACs") == "6,422,528"  # 64·128 · 28·28
    assert describe("resnet18", "layer2.0.add").formulas == ("add_projection",)


def test_option_a_pads_and_has_no_parameters() -> None:
    image = InputShape(1, 32, 32)
    block, pad = (
        describe("resnet20", "layer2.0", image=image),
        describe("resnet20", "layer2.0.downsample.0", image=image),
    )
    assert (block.formulas[0], block.shortcut) == ("padding_v1", 0)
    assert "every second position and padded with 16 channels of zeros" in block.text
    assert pad.kind == "ZeroPad /2, +16 ch"
    assert describe("resnet20", "layer2.0.downsample", image=image).kind == "Zero-padded shortcut"


def test_option_a_where_the_width_stays() -> None:
    block = describe("resnet20", "layer2.0", "widths=16,16,16", image=InputShape(1, 32, 32))
    assert "taken at every second position" in block.text
    assert "padded" not in block.text


def test_option_c_projects_where_shapes_agree() -> None:
    block = describe("resnet18", "layer1.1", "shortcut=C")
    assert block.formulas[0] == "projection_v1"
    assert "Option C projects everywhere" in block.text
    assert block.shortcut == 64 * 64 + 2 * 64


def test_a_plain_block_is_called_plain() -> None:
    block = describe("plain18", "layer2.0")
    assert block.formulas[0] == "plain_v1"
    assert block.shortcut is None
    assert block.gradients == ("gradient_plain",)


def test_a_convolutions_figures_are_worked_out() -> None:
    conv = describe("resnet18", "layer2.0.conv1")
    assert fact(conv, "Parameters") == "3·3·64·128 = 73,728"
    assert fact(conv, "MACs") == "73,728 × 28·28 = 57,802,752"
    labels = [entry.label for entry in conv.facts]
    assert len(labels) == len(set(labels))
    assert labels[:4] == ["Input", "Output", "Parameters", "% of parameters"]


def test_a_batch_of_images_is_counted() -> None:
    image = InputShape(4, 224, 224)
    assert fact(describe("resnet18", "layer2.0.conv1", image=image), "MACs") == "73,728 × 4·28·28 = 231,211,008"
    assert fact(describe("resnet18", "fc", image=image), "MACs") == "512·1000 × 4 = 2,048,000"


def test_groups_work_apart() -> None:
    """ResNeXt-50 32×4d: 32 groups of 4 channels in conv2_x (Xie et al. 2017, table 1)."""
    conv = describe("resnet50", "layer1.0.conv2", "cardinality=32", "base_width=4")
    assert "32 groups of 4 channels" in conv.text
    assert fact(conv, "Parameters") == "3·3·4·128 = 4,608"


def test_batch_norm_and_the_classifier_are_worked_out() -> None:
    assert fact(describe("resnet18", "bn1"), "Parameters") == "2·64 = 128"
    assert fact(describe("resnet18", "fc"), "Parameters") == "512·1000 + 1000 = 513,000"


def test_the_network_explains_its_name() -> None:
    network = describe("resnet18", "")
    assert network.title == "ResNet-18"
    assert network.kind == "Residual network of 8 basic blocks"
    assert "= 18; 3 projections are not counted" in network.text
    assert fact(network, "Parameters") == "11,689,512"
    assert "% of parameters" not in [entry.label for entry in network.facts]
    assert "= 50" in describe("resnet50", "").text


def test_stem_head_and_stages_tell_what_they_do_to_the_map() -> None:
    stem = describe("resnet18", "stem")
    assert (stem.title, stem.kind) == ("Stem", "ImageNet stem")
    assert "7×7 /2 convolution and a 3×3 /2 max-pool bring 3×224² to 64×56²" in stem.text
    assert "3×3 convolution brings 3×32² to 16×32²" in describe("resnet20", "stem", image=InputShape(1, 32, 32)).text
    assert describe("resnet18", "head").kind == "Classifier"
    odd = describe("resnet18", "layer2", image=InputShape(1, 225, 113))
    assert "57×29 becomes 29×15" in odd.text
    assert "The channels go from 64 to 128." in odd.text
    assert "the map stays 56×56" in describe("resnet18", "layer1").text


def test_the_gradient_is_told_honestly() -> None:
    """In v1 the ReLU after the addition gates the identity, too (He et al. 2016, section 2)."""
    block = describe("resnet18", "layer1.0")
    assert block.gradients == ("gradient_identity",)
    assert "gates both paths" in block.gradient_words
    assert "unchanged only where z > 0" in block.gradient_words


@pytest.mark.parametrize("path", ["layer9.7", "layer2.0.conv7", "layer1.0.downsample", "nonsense"])
def test_a_path_of_another_network_shows_the_network(path: str) -> None:
    assert describe("resnet18", path) == describe("resnet18", "")


def test_a_backbone_has_no_head() -> None:
    assert describe("resnet18", "head", "classes=none").path == ""
    assert fact(describe("resnet18", "", "classes=none"), "Output") == "512×7²"


@each(
    "order,equation,branch",
    [
        ("v1", "identity_v1", "branch_v1_2"),
        ("bn-after-add", "identity_bn-after-add", "branch_bn-after-add_2"),
        ("relu-before-add", "identity_bare", "branch_relu-before-add_2"),
        ("relu-only", "identity_bare", "branch_relu-only_2"),
        ("v2", "identity_bare", "branch_v2_2"),
    ],
)
def test_each_order_has_its_equation(order: str, equation: str, branch: str) -> None:
    """He et al. 2016, figure 4: a ReLU follows the addition in (a) and (b) alone."""
    block = describe("resnet18", "layer1.1", f"order={order}")
    assert block.formulas == (equation, branch)


def test_in_v2_the_identity_passes_the_gradient_untouched() -> None:
    """He et al. 2016, equation 5: the gradient of the last block reaches every block before it."""
    block = describe("resnet18", "layer1.1", "order=v2")
    assert block.gradients == ("gradient_identity_v2", "gradient_sum_v2")
    assert "untouched" in block.gradient_words and "gates both paths" not in block.gradient_words
    assert describe("resnet18", "", "order=v2").formulas == ("network_sum", "network_stride")
    projecting = describe("resnet18", "layer2.0", "order=v2")
    assert "It sees a(x): x after the first norm and ReLU, which both paths share." in projecting.text
    assert (projecting.formulas[0], projecting.gradients) == ("activated_bare", ("gradient_activated",))


def test_altered_shortcuts_multiply() -> None:
    scaled = describe("resnet110_scaled", "layer1.1", image=InputShape(1, 32, 32))
    assert scaled.formulas[0] == "scaled_v1" and "0.5ⁿ" in scaled.text
    assert scaled.gradients == ("gradient_scaled", "gradient_scaled_product")
    gated = describe("resnet110_exclusive_gate", "layer1.1", image=InputShape(1, 32, 32))
    assert gated.formulas[0] == "exclusive_v1" and "1 − g" in gated.text
    assert gated.branch is not None and gated.shortcut == 16 * 16 + 16, "the gate belongs to the shortcut"
    assert describe("resnet110_exclusive_gate", "layer1.1.add", image=InputShape(1, 32, 32)).formulas == (
        "add_exclusive",
    )


def test_a_pooled_projection_says_so() -> None:
    assert "a 2×2 mean and a 1×1 convolution bring x" in describe("resnet50d", "layer2.0").text
    assert "every position counts" in describe("resnet50d", "layer2.0.downsample.0").text


@pytest.mark.parametrize(
    ("name", "path", "kind", "params"),
    [
        ("seresnet50", "layer1.0.se", "Squeeze-and-excitation", 2 * 256 * 16 + 16 + 256),
        ("ecaresnet50d", "layer1.0.eca", "Efficient channel attention", 5),
        ("cbam_resnet50", "layer1.0.cbam_channel", "Channel attention", 2 * 256 * 16),
        ("cbam_resnet50", "layer1.0.cbam_spatial", "Spatial attention", 2 * 49 + 2),
    ],
)
def test_attention_is_explained_as_a_whole(name: str, path: str, kind: str, params: int) -> None:
    gate = describe(name, path)
    assert (gate.kind, fact(gate, "Parameters")) == (kind, f"{params:,}")


@each(
    "settings,path,text",
    [
        (("norm=group",), "layer1.0.bn1", "groups of 2 channels of one image"),
        (("norm=layer",), "layer1.0.bn1", "layer norm"),
        (("norm=frn", "order=v2"), "layer1.1.bn1", "root mean square"),
        (("gain=skipinit",), "layer1.0.gain", "starts at 0"),
        (("gain=layerscale",), "layer1.0.gain", "LayerScale"),
        (("anti_alias=blur",), "layer2.0.pool", "1-2-1 blur"),
        (("conv=standardised",), "conv1", "mean 0 and variance 1"),
        (("output_stride=8",), "layer3.1.conv1", "lie 2 pixels apart"),
        (("stochastic_depth=0.8",), "layer4.1.skip", "chance of 80.0 %"),
        (("stochastic_depth=0.8",), "layer1.0.skip", "chance of 10.0 %"),
        (("order=relu-only",), "layer1.1.relu1", "in a copy"),
        (("stem_pool=zero-padded-max",), "pad", "win against negative values"),
        (("norm=none", "init=fixup"), "layer1.0.bias1a", "stands in for a norm's shift"),
        (("dropout=0.1",), "dropout", "each feature is dropped"),
        (("block_dropout=0.3",), "layer1.0.dropout", "each value is dropped"),
        (("shortcut_dropout=0.5",), "layer1.0.shortcut.dropout", "each value of the shortcut is dropped"),
    ],
)
def test_what_is_particular_of_a_layer_is_said(settings: tuple[str, ...], path: str, text: str) -> None:
    shown = describe("resnet18", path, *settings)
    assert shown.path == path
    assert text in shown.text


def test_norms_without_a_batch_are_worked_out() -> None:
    assert fact(describe("resnet18", "bn1", "norm=group"), "Parameters") == "2·64 = 128"
    assert fact(describe("resnetv2_50d_frn", "bn"), "Parameters") == "3·2048 = 6,144"


def test_a_backbone_lists_its_maps() -> None:
    """As detectors use them: strides 4, 8, 16 and 32."""
    shown = describe("resnet50", "", "classes=none")
    maps = [fact(shown, f"Map of layer{number}") for number in (1, 2, 3, 4)]
    assert maps == ["256×56², stride 4", "512×28², stride 8", "1024×14², stride 16", "2048×7², stride 32"]
    dilated = describe("resnet50", "", "classes=none", "output_stride=8")
    assert fact(dilated, "Map of layer4") == "2048×28², stride 8"


def test_published_results_are_shown_as_published() -> None:
    shown = describe("resnet110", "", image=InputShape(1, 32, 32))
    assert "6.43 %" in fact(shown, "Published")
    assert "He et al. 2015" in fact(shown, "Source")


def test_a_formula_says_what_the_network_has() -> None:
    """No BN in the branch of a network without norms; one letter for a norm that activates; Fixup's scalars."""
    small = InputShape(1, 32, 32)
    assert describe("resnet18", "layer1.1", "norm=none").formulas == ("identity_v1", "branch_bare_v1_2")
    assert describe("resnet18", "layer1.1", "norm=none", "order=bn-after-add").formulas[0] == "identity_v1"
    assert describe("resnet18", "layer1.1", "norm=none", "order=relu-only").formulas[1] == "branch_bare_v2_2"
    assert describe("resnetv2_50d_frn", "layer1.1").formulas == ("identity_bare", "branch_joint_3")
    assert describe("fixup_resnet110", "layer1.1", image=small).formulas[1] == "branch_fixup_2"
    assert "BN in the formula stands for this network's norm: group norm." in describe("resnet50_gn", "layer1.1").text
    assert "ReLU in the formula stands for SiLU." in describe("resnet18", "layer1.1", "activation=silu").text


@pytest.mark.parametrize(
    ("activation", "text"),
    [
        ("relu", "unchanged only where z > 0"),
        ("leaky-relu", "to a hundredth where z < 0"),
        ("silu", "by its slope at z"),
        ("gelu", "by its slope at z"),
    ],
)
def test_what_the_last_activation_does_to_both_paths(activation: str, text: str) -> None:
    assert text in describe("resnet18", "layer1.1", f"activation={activation}").gradient_words


def test_a_scaled_shortcut_vanishes_or_explodes() -> None:
    """He et al. 2016, equation 8."""
    assert "0.5ⁿ of the shortcut's part, which vanishes (He et al. 2016, equation 8)" in (
        describe("resnet18", "layer1.1", "shortcut_scale=0.5").gradient_words
    )
    assert "which explodes" in describe("resnet18", "layer1.1", "shortcut_scale=1.5").gradient_words


def test_shortcuts_that_are_altered_and_bring_another_shape() -> None:
    block = describe("resnet18", "layer2.0", "shortcut_dropout=0.3")
    assert (block.formulas[0], block.gradients) == ("altered_v1", ("gradient_altered",))
    assert "with a chance of 0.3" in block.text and "0.7ⁿ" in block.text
    shortcut = describe("resnet18", "layer2.0.downsample", "shortcut_scale=0.5")
    assert (shortcut.kind, shortcut.formulas) == ("Scaled projection shortcut", ("projection", "scale"))
    assert describe("resnet18", "layer2.0.add", "shortcut_scale=0.5").formulas == ("add_altered",)


def test_a_gate_tells_where_it_starts() -> None:
    """He et al. 2016, section 3.1: with a bias of -6 the gate of the shortcut is nearly shut, 1 - g near 1."""
    text = describe("resnet18", "layer1.1", "gating=shortcut-only").text
    assert "Its bias starts at −6, so that g is about 0.0025 at first." in text
    assert "g is about 0.5" in describe("resnet18", "layer1.1.gate.conv", "gating=exclusive", "gate_bias=0").text


def test_the_mean_of_a_pooled_projection_is_not_that_of_anti_aliasing() -> None:
    assert "gives the mean of what it has" in describe("resnet50d", "layer2.0.downsample.0").text
    assert "in the max-pool's place" in describe("resnetaa50", "maxpool").text
    assert "in the place of a stride" in describe("resnetaa50", "layer2.0.pool").text
    assert describe("resnetaa50", "layer2").formulas == ("stage_floor",)
    assert "keep the map's size" in describe("resnet50d", "layer4.0.downsample.0", "output_stride=16").text


def test_a_stride_without_a_change_of_shape_is_no_option_c() -> None:
    block = describe("resnet18", "layer2.0", "widths=64,64,64,64", image=InputShape(1, 1, 1))
    assert block.text.startswith("The block has a stride, so a 1×1 convolution with stride 2")


def test_which_convolution_of_a_bottleneck_carries_the_stride() -> None:
    assert "The 3×3 carries the stride, as in torchvision (v1.5)." in describe("resnet50", "layer2.0").text
    assert "The first 1×1 carries the stride, as in the paper." in describe("resnet50_v1", "layer2.0").text
    assert "brings those to 256 in 64 groups" in describe("senet154", "layer1.1").text


def test_depthwise_and_dilated_convolutions() -> None:
    depthwise = describe("resnet50", "layer1.1.conv2", "cardinality=64", "base_width=1")
    assert "mixes neighbouring positions." in depthwise.text and "depthwise" in depthwise.text
    dilated = describe("resnet18", "layer4.1.conv1", "output_stride=16")
    assert dilated.formulas == ("conv_dilated", "size_dilated")
    assert "Both 3×3 are dilated by 2" in describe("resnet18", "layer4.1", "output_stride=16").text
    assert "The second 3×3 is dilated by 2" in describe("resnet18", "layer4.0", "output_stride=16").text


@each(
    "settings,path,text",
    [
        ((), "layer1.0.conv1", "the norm after it shifts"),
        (("order=bn-after-add",), "layer1.0.conv2", "the norm after the addition shifts"),
        (("order=v2",), "layer1.0.conv2", "No bias."),
        (("norm=none", "init=fixup"), "layer1.0.conv1", "one number for all follows it"),
        (("norm=none",), "conv1", "No bias."),
    ],
)
def test_why_a_convolution_has_no_bias(settings: tuple[str, ...], path: str, text: str) -> None:
    assert describe("resnet18", path, *settings).text.endswith(f"{text}{'' if text.endswith('.') else '.'}")


def test_stems_in_words() -> None:
    """Three 3x3 with strides 2, 1 and 1 see 3 + 2 * 2 + 2 * 2 = 11 pixels."""
    assert "(3 → 24 → 32 → 64 channels), the first with stride 2" in describe("resnet50t", "stem").text
    assert "The three see 11×11 pixels" in describe("resnet50d", "stem").text
    assert "in the max-pool's place" in describe("resnetrs50", "stem").text
    assert "Its last norm and ReLU are left to the first block." in describe("resnetv2_50", "stem").text
    assert "a 3×3 max-pool and a 3×3 /2 blur bring" in describe("resnetblur50", "stem").text
    assert "No pool follows" in describe("resnet18", "stem", "stem_pool=none").text
    assert describe("resnet18", "stem", "stem_pool=zero-padded-max").text.endswith("the ReLU before has left none.")
    assert "win against negative values." in describe("resnetv2_50x1_bit", "stem").text


def test_heads_in_words() -> None:
    assert describe("resnetv2_50", "head").text.startswith("Brings the norm and ReLU that the last block still lacks.")
    assert describe("resnetv2_50d_frn", "head").text.startswith("Brings the FRN ")
    assert "20 % of the features" in describe("resnet18", "head", "dropout=0.2").text
    backbone = describe("resnetv2_50", "head", "classes=none")
    assert (backbone.kind, backbone.formulas) == ("Last norm and ReLU", ("batchnorm", "relu"))


def test_mixed_networks_name_both_kinds_of_block() -> None:
    assert describe("test_resnet", "").kind == "Residual network of 4 basic and bottleneck blocks"
    assert describe("test_resnet", "layer3").text.endswith("It is a bottleneck block.")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("wrn28_10", "The 28 in the name counts all convolutions, projections too, and no fc."),
        ("resnet50d", "The 50 in the name counts the stem as one layer."),
        ("resnetrs50", "4 projections and 32 gate layers are not counted."),
    ],
)
def test_names_that_count_differently(name: str, text: str) -> None:
    """Zagoruyko and Komodakis 2016, section 2: WRN-n has n convolutional layers."""
    assert text in describe(name, "").text


def test_the_networks_equation_has_its_shortcuts() -> None:
    assert describe("resnet18", "", "shortcut=C", "order=v2").formulas[0] == "activated_bare", "no sum of identities"
    assert describe("resnet18", "", "gating=exclusive").formulas[0] == "exclusive_v1"
    assert describe("resnet18", "", "residual=false", "order=v2").formulas[0] == "network_plain_bare"
    assert describe("resnetaa50", "").formulas == ("network", "size"), "average pools round odd sizes down"
