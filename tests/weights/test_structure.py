"""Networks are recognised by the shapes of their layers: whatever their names, prefixes, heads, and order of groups."""

import random
from collections.abc import Mapping
from dataclasses import replace

import pytest
import timm
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from resnet_explorer.errors import CheckpointError
from resnet_explorer.network import compile_spec
from resnet_explorer.network.tree import tensors
from resnet_explorer.spec import ResNetSpec
from resnet_explorer.spec.catalogue import CATALOGUE, find
from resnet_explorer.spec.change import assign, differences
from resnet_explorer.weights.identify import identify
from resnet_explorer.weights.values import Identified
from tests.cases import each
from tests.timm_reference import custom

Shapes = dict[str, tuple[int, ...]]
NETWORKS = tuple(
    name for name, entry in CATALOGUE.items() if sum(entry.spec.blocks) <= 16 and entry.spec.residual
)  # the deeper ones differ in numbers alone

_BEGINNINGS = ("nf_", "gcresn", "iresnet", "skresnet", "r2plus1d", "resnet50_mlp")
TOLD_BY_NAMES = sorted(name for name in NETWORKS if name.startswith(_BEGINNINGS) or "33ts" in name)
"""Networks whose gains, slopes, equal paths, or layers of the head are told by names or by their order."""


def shapes_of(name: str, *settings_: str) -> Shapes:
    return tensors(compile_spec(assign(find(name), *settings_)))


def prefixed(prefix: str, shapes: Mapping[str, tuple[int, ...]]) -> Shapes:
    return {f"{prefix}{name}": shape for name, shape in shapes.items()}


def layers_of(shapes: Shapes) -> list[list[str]]:
    """Return the names of each layer's tensors."""
    layers: dict[str, list[str]] = {}
    for name in shapes:
        layers.setdefault(name.rpartition(".")[0], []).append(name)
    return list(layers.values())


def ordered(shapes: Shapes, layers: list[list[str]]) -> Shapes:
    return {name: shapes[name] for layer in layers for name in layer}


def is_convolution(shapes: Shapes, layer: list[str]) -> bool:
    return any(len(shapes[name]) > 1 for name in layer)


def in_module_order(name: str) -> Shapes:
    """Return the shapes in the order in which PyTorch's state_dict has them."""
    return in_order(find(name))


def in_order(spec: ResNetSpec) -> Shapes:
    from resnet_explorer.module import build

    model = build(spec, device="meta", initialise=False)
    return {key: tuple(tensor.shape) for key, tensor in model.state_dict().items()}


def assert_is(found: Identified, name: str) -> None:
    assert found.fits, found.problems[:3]
    assert name in (found.spec.name.removesuffix("-edited"), *found.alternatives)


ORDERS = ("as it is", "convolutions first", "norms first", "sorted", "shuffled")
PREFIXES = ("", "module.", "a.b.", "net.encoder.", "_orig_mod.module.")


def regrouped(shapes: Shapes, order: str, seed: int) -> Shapes:
    """Return the tensors in another order: of their layers, or of their names, which then have to tell it."""
    layers = layers_of(shapes)
    if order in ("convolutions first", "norms first"):
        layers.sort(key=lambda layer: is_convolution(shapes, layer) == (order == "norms first"))
    shapes = ordered(shapes, layers)
    if order in ("sorted", "shuffled"):
        keys = sorted(shapes)
        if order == "shuffled":
            random.Random(seed).shuffle(keys)
        shapes = {key: shapes[key] for key in keys}
    return shapes


@given(
    name=st.sampled_from([name for name in NETWORKS if name not in TOLD_BY_NAMES]),
    order=st.sampled_from(ORDERS),
    prefix=st.sampled_from(PREFIXES),
    text=st.booleans(),
    seed=st.integers(0, 2**32),
)
@settings(max_examples=30, deadline=None)
def test_a_network_is_known_under_any_names_and_in_any_grouping(
    name: str, order: str, prefix: str, text: bool, seed: int
) -> None:
    """Random words take the place of all names, unless these are needed to tell the order."""
    shapes = regrouped(in_module_order(name), order, seed)
    chance = random.Random(seed)
    random_words = text and order not in ("sorted", "shuffled")
    theirs = {key: f"{chance.getrandbits(60):x}" if random_words else f"{prefix}{key}" for key in shapes}
    found = identify({theirs[key]: shape for key, shape in shapes.items()})
    assert_is(found, name)
    if not set(differences(found.spec, find(name))) & {"downsample", "norm", "stem_pool"}:
        assert [(key, found.names.get(theirs[key])) for key in shapes if found.names.get(theirs[key]) != key] == []


@each("name", TOLD_BY_NAMES)
def test_names_tell_what_shapes_do_not(name: str) -> None:
    shapes = regrouped(in_module_order(name), "as it is", 0)
    found = identify({f"net.encoder.{key}": shape for key, shape in shapes.items()})
    assert_is(found, name)
    assert all(found.names[f"net.encoder.{key}"] == key for key in shapes)


HEADS: Mapping[str, Shapes] = {
    "none": {},
    "without a bias": {"head.weight": (10, -1)},
    "of two layers": {"head.0.weight": (64, -1), "head.0.bias": (64,), "head.2.weight": (5, 64), "head.2.bias": (5,)},
    "with a norm": {"proj.0.weight": (-1,), "proj.0.bias": (-1,), "proj.1.weight": (9, -1), "proj.1.bias": (9,)},
    "with a queue": {"queue": (128, 4096), "queue_ptr": (1,)},
}


@given(st.sampled_from(NETWORKS), st.sampled_from(sorted(HEADS)), st.booleans(), st.booleans())
@settings(max_examples=25, deadline=None)
def test_other_heads_are_left_over(name: str, head: str, first: bool, beside: bool) -> None:
    backbone = shapes_of(name, "classes=none")
    features = find(name).outputs[-1]
    extra = {key: tuple(features if size < 0 else size for size in shape) for key, shape in HEADS[head].items()}
    net = prefixed("backbone." if beside else "", backbone)
    found = identify({**extra, **net} if first else {**net, **extra})
    assert_is(found, name)
    assert found.spec.classes is None
    assert {key for one in found.leftovers for key in one.names} == set(extra)


def test_a_single_linear_layer_is_the_head_whatever_it_is_called() -> None:
    for name in ("fc", "classifier", "linear", "head.fc", "fc.1", "last_linear"):
        shapes = {**shapes_of("resnet18", "classes=none"), f"{name}.weight": (7, 512), f"{name}.bias": (7,)}
        found = identify(shapes)
        assert found.spec.classes == 7 and found.names[f"{name}.weight"] == "fc.weight" and not found.leftovers


def test_of_two_encoders_the_trained_one_is_taken_and_said() -> None:
    net = shapes_of("resnet50", "classes=128")
    for pair in (("module.encoder_k.", "module.encoder_q."), ("student.", "teacher."), ("target.", "online.")):
        found = identify({**prefixed(pair[0], net), **prefixed(pair[1], net)})
        assert_is(found, "resnet50")
        taken = next(prefix for prefix in pair if prefix in ("module.encoder_q.", "student.", "online."))
        assert all(key.startswith(taken) for key in found.names)
        assert taken.removesuffix(".") in found.assumed[0] and "second encoder" in found.leftovers[0].text


@pytest.mark.parametrize("settings_", ["in_channels=1", "in_channels=4", "in_channels=12", "stem=cifar"])
def test_another_first_convolution_is_an_edit(settings_: str) -> None:
    found = identify(shapes_of("resnet18", settings_))
    assert found.fits and found.spec.name == "resnet18-edited"


def test_other_libraries_names() -> None:
    """transformers', detectron2's, fastai's, those of a Sequential and of the CIFAR nets of many repositories."""
    net = shapes_of("resnet18", "classes=none")
    places = {"conv1": "0", "bn1": "1", "layer1": "4", "layer2": "5", "layer3": "6", "layer4": "7"}
    numbered = {f"{places[key.partition('.')[0]]}.{key.partition('.')[2]}": shape for key, shape in net.items()}
    fastai = {**prefixed("0.", numbered), "1.2.weight": (1024,), "1.2.bias": (1024,), "1.4.weight": (512, 1024)}
    for shapes in (numbered, fastai):
        found = identify(shapes)
        assert_is(found, "resnet18")
        assert found.names[next(key for key in shapes if key.endswith("7.1.conv2.weight"))] == "layer4.1.conv2.weight"
    short = {key.replace("downsample", "shortcut"): shape for key, shape in shapes_of("resnet18", "stem=cifar").items()}
    assert identify(short).names["layer2.0.shortcut.0.weight"] == "layer2.0.downsample.0.weight"
    found = identify(
        prefixed("module.", {key.replace("fc.", "linear."): s for key, s in shapes_of("resnet20").items()})
    )
    assert (found.spec, found.fits) == (find("resnet20"), True)


@each(
    "name,text",
    [
        *[("hrnet_w18_small", "HRNet"), ("vgg11", "VGG"), ("vit_tiny_patch16_224", "vision transformer")],
        *[
            ("densenet121", "DenseNet"),
            ("dpn68", "concatenated"),
            ("legacy_xception", "an Xception"),
            ("botnet26t_256", "a BoTNet"),
            ("convnext_atto", "a ConvNeXt"),
            ("cspresnet50", "a CSPNet"),
            ("repvgg_a0", "a RepVGG"),
            ("dla34", ""),
            ("darknet53", ""),
            ("vovnet39a", ""),
            ("mobilenetv3_small_050", "a MobileNet or an EfficientNet"),
        ],
    ],
)
def test_other_families_are_never_taken_for_a_residual_network(name: str, text: str) -> None:
    with torch.device("meta"):
        model = timm.create_model(name)
    shapes = {key: tuple(tensor.shape) for key, tensor in model.state_dict().items()}
    with pytest.raises(CheckpointError, match="not those of a residual network") as caught:
        identify(shapes)
    assert text in caught.value.what
    with pytest.raises(CheckpointError):
        identify({f"w{number}": shape for number, shape in enumerate(shapes.values())})


def test_numbers_count_where_a_file_is_sorted_as_text() -> None:
    """So safetensors keeps them: layer3.10 before layer3.2, which has the same shapes."""
    shapes = dict(sorted(shapes_of("resnet101").items()))
    found = identify(prefixed("model.", shapes))
    assert_is(found, "resnet101")
    assert all(theirs == f"model.{ours}" for theirs, ours in found.names.items())


@each("name", ["res2net50d", "res2next50", "skresnet18", "skresnext50_32x4d", "resnest14d", "resnest50d_1s4x24d"])
@each("words", [False, True])
def test_parallel_paths_are_recognised_from_timms_weights(name: str, words: bool) -> None:
    with torch.device("meta"):
        state = timm.create_model(name).state_dict()
    named = enumerate(state.items())
    found = identify({f"w{number}" if words else key: tuple(tensor.shape) for number, (key, tensor) in named})
    assert found.fits and found.spec == find(name)


@pytest.mark.parametrize("half", [slice(0, 62), slice(0, 64), slice(60, None)])
def test_half_a_network_is_refused_and_called_nothing_else(half: slice) -> None:
    names = list(shapes_of("resnet18"))[half]
    with pytest.raises(CheckpointError, match="not those of a residual network that this app knows:"):
        identify({name: shapes_of("resnet18")[name] for name in names})


def test_the_networks_with_the_same_tensors_are_listed() -> None:
    assert set(identify(shapes_of("resnet50")).alternatives) == {"resnet50_v1", "resnetblur50", "resnetaa50"}
    assert identify(shapes_of("resnet20")).alternatives[0] == "plain20"


def test_a_pooled_stem_with_anti_aliasing_is_recognised() -> None:
    for smooth in ("blur", "average"):
        spec = replace(assign(find("resnetrs50"), f"anti_alias={smooth}"), name="resnetrs50")
        found = identify(tensors(compile_spec(spec)))
        assert_is(found, "resnetrs50")


@pytest.mark.parametrize(
    "settings_", ["kernel=5", "block=bottleneck kernel=7", "block=bottleneck group_width=1", "kernel=7 order=v2"]
)
def test_the_kernel_is_told_by_the_weights(settings_: str) -> None:
    wanted = assign(find("resnet18"), *settings_.split())
    found = identify(tensors(compile_spec(wanted)))
    assert found.fits, found.problems[:3]
    assert not set(differences(found.spec, wanted)) & {"kernel", "group_width", "cardinality", "base_width", "widths"}


@pytest.mark.parametrize(
    "settings_",
    ["attention=se block=bottleneck", "attention=eca block=bottleneck", "attention=cbam kernel=5",
     "attention=gc block=bottleneck reduction=8 reduction_multiple=1", "attention=nl reduction=8"],
)  # fmt: skip
def test_attention_before_the_last_convolution_is_told_by_the_order(settings_: str) -> None:
    wanted = assign(find("resnet18"), "attention_at=middle", *settings_.split())
    found = identify(in_order(wanted))
    assert found.fits, found.problems[:3]
    assert not set(differences(found.spec, wanted)) & {"attention", "attention_at", "kernel", "block"}
    assert all(name == ours for name, ours in found.names.items())


@pytest.mark.parametrize("attention", ["gc", "gca", "nl"])
def test_timms_attention_is_told_by_its_layers(attention: str) -> None:
    theirs = custom(("basic",) * 4, layers=(2, 2, 2, 2), block_args={"attn_layer": attention})
    shapes = {name: tuple(tensor.shape) for name, tensor in theirs.state_dict().items()}
    found = identify(shapes)
    assert found.fits, found.problems[:3]
    multiple = 8 if attention == "nl" else 1
    wanted = assign(find("resnet18"), f"attention={attention}", "reduction=8", f"reduction_multiple={multiple}")
    assert set(differences(found.spec, wanted)) <= {"reduction_multiple"}
    assert set(found.names) == set(shapes)


@pytest.mark.parametrize("settings_", ["stage_end=bam,bam,bam,none", "stage_end=bam block=bottleneck attention=se"])
def test_what_ends_a_stage_is_told_by_its_layers(settings_: str) -> None:
    wanted = assign(find("resnet18"), *settings_.split())
    found = identify({f"net.{name.replace('bam', 'end')}": shape for name, shape in in_order(wanted).items()})
    assert found.fits, found.problems[:3]
    assert found.spec.value("stage_end") == wanted.value("stage_end")
    assert all(name.removeprefix("net.").replace("end", "bam") == ours for name, ours in found.names.items())
