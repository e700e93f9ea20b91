"""A network is found again from the names and shapes of its tensors."""

import re
from dataclasses import replace

import pytest
import timm
import torch
import torchvision
from hypothesis import HealthCheck, given, settings
from torch import nn

from resnet_explorer.errors import CheckpointError
from resnet_explorer.module import build
from resnet_explorer.network import compile_spec
from resnet_explorer.network.tree import tensors
from resnet_explorer.spec import ResNetSpec
from resnet_explorer.spec.catalogue import CATALOGUE, find
from resnet_explorer.spec.change import assign
from resnet_explorer.weights.identify import identify
from resnet_explorer.weights.values import Identified
from tests.cases import each
from tests.specs import small_specs

SILENT = {
    *("stride", "strides", "anti_alias", "activation", "output_stride", "stochastic_depth", "block_dropout", "dropout"),
    *("init", "zero_init", "gate_bias", "shortcut_scale", "shortcut_dropout", "branch_scale", "norm_groups", "conv"),
    *("order", "residual", "gating", "stem_pool", "downsample", "reduction", "reduction_multiple"),
}
"""The axes of which tensors say nothing, or not enough."""


def shapes_of(model: nn.Module) -> dict[str, tuple[int, ...]]:
    return {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}


def differing(found: Identified, spec: ResNetSpec) -> set[str]:
    from resnet_explorer.spec.change import differences

    return set(differences(found.spec, spec))


@given(small_specs())
@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
def test_the_tensors_of_any_network_are_those_of_its_module(spec: ResNetSpec) -> None:
    model = build(spec, device="meta", initialise=False)
    assert tensors(compile_spec(spec)) == shapes_of(model)


@each("name", CATALOGUE)
def test_every_network_is_found_from_its_own_tensors(name: str) -> None:
    spec = CATALOGUE[name].spec
    found = identify(tensors(compile_spec(spec)))
    assert found.fits, found.problems[:3]
    assert differing(found, spec) <= SILENT
    assert found.assumed


@pytest.mark.parametrize("name", ["resnet18", "resnet50", "resnext101_32x8d", "wide_resnet50_2"])
def test_torchvisions_checkpoints_get_their_names(name: str) -> None:
    with torch.device("meta"):
        found = identify(shapes_of(getattr(torchvision.models, name)()))
    assert (found.spec, found.fits) == (find(name), True)


@each(
    "name",
    [
        *("resnet50d", "resnet26t", "resnetrs50", "seresnext50_32x4d", "senet154", "ecaresnet50t", "resnet50_gn"),
        *("resnetv2_50", "resnetv2_50d_frn", "resnetv2_50d_evos", "resnetv2_50x1_bit", "resnetv2_18", "test_resnet"),
    ],
)
def test_timms_checkpoints_fit(name: str) -> None:
    with torch.device("meta"):
        found = identify(shapes_of(timm.create_model(name, pretrained=False)))
    assert found.fits, found.problems[:3]
    assert differing(found, find(name)) <= SILENT


def test_timms_numbers_tell_the_average_pool() -> None:
    with torch.device("meta"):
        assert identify(shapes_of(timm.create_model("resnet50d"))).spec == find("resnet50d")
        assert identify(shapes_of(timm.create_model("resnet50c"))).spec == find("resnet50c")


@each("prefix", ["module.", "_orig_mod.", "module._orig_mod.", "model.", "backbone.model."])
def test_wrappers_are_stripped(prefix: str) -> None:
    wrapped = {f"{prefix}{name}": shape for name, shape in tensors(compile_spec(find("resnet18"))).items()}
    found = identify(wrapped)
    assert found.spec == find("resnet18") and found.fits
    assert found.names[f"{prefix}conv1.weight"] == "conv1.weight"


def test_other_classes_channels_and_backbones() -> None:
    for settings_ in (("classes=10", "in_channels=1"), ("classes=none",), ("width=32",), ("blocks=1,2",)):
        spec = assign(find("resnet50"), *settings_)
        found = identify(tensors(compile_spec(spec)))
        assert found.fits and differing(found, spec) <= SILENT


@pytest.mark.parametrize("settings_", ["", "norm=none", "norm=rms", "order=v2 block=bottleneck"])
def test_learnt_slopes_are_no_norms(settings_: str) -> None:
    spec = assign(find("resnet18"), "activation=prelu", *settings_.split())
    found = identify(tensors(compile_spec(spec)))
    assert found.fits, found.problems[:3]
    assert found.spec.activation == "prelu" and differing(found, spec) <= SILENT - {"activation"}


def test_what_does_not_fit_is_said_tensor_by_tensor() -> None:
    shapes = tensors(compile_spec(find("resnet18")))
    del shapes["layer2.0.bn1.bias"]
    shapes["extra.weight"] = (3, 3)
    shapes["layer3.1.conv2.weight"] = (256, 128, 3, 3)
    found = identify(shapes)
    assert not found.fits
    assert found.missing == ("layer2.0.bn1.bias is missing.",)
    assert found.unexpected == ("extra.weight has no place in this network.",)
    assert found.misshapen == ("layer3.1.conv2.weight is 256×128×3×3 where 256×256×3×3 is needed.",)


def test_counters_of_batches_may_be_missing() -> None:
    shapes = {
        name: shape
        for name, shape in tensors(compile_spec(find("resnet18"))).items()
        if not name.endswith("num_batches_tracked")
    }
    assert identify(shapes).fits


@pytest.mark.parametrize("names", [(), ("features.0.weight",), ("conv1.weight",), ("layer1.0.conv1.weight",)])
def test_other_networks_are_refused(names: tuple[str, ...]) -> None:
    with pytest.raises(CheckpointError, match="not those of a residual network"):
        identify(dict.fromkeys(names, (64, 3, 3, 3)))


def test_a_spec_that_the_file_tells_is_believed_and_checked() -> None:
    spec = replace(find("resnet50_v1"), name="mine")
    assert identify(tensors(compile_spec(spec)), spec).spec == spec
    assert not identify(tensors(compile_spec(find("resnet18"))), spec).fits


@pytest.mark.parametrize("text", ["resnet18", "resnet50d", "resnetv2_50 blocks=3,2,2,2", "senet154 blocks=3,2,2,2"])
def test_whatever_is_missing_or_odd_is_a_sentence(text: str) -> None:
    """A tensor of each kind gone, or of another rank: identified all the same, or refused in words.

    They lie in the stem and the first two blocks, so that most blocks after these are left out.
    """
    name, *settings_ = text.split()
    spec = assign(find(name), *settings_)
    whole = tensors(compile_spec(spec))
    kinds = {re.sub(r"\d+\.(?=.*\.)", "", name): name for name in reversed(list(whole)[:60])}
    assert len(kinds) >= 20
    for lost in kinds.values():
        for shape in (None, (), (3,) if len(whole[lost]) > 1 else (1, 1, 1, 1)):
            damaged = {key: value for key, value in whole.items() if key != lost}
            if shape is not None:
                damaged[lost] = shape
            try:
                found = identify(damaged)
            except CheckpointError as error:
                assert error.what.endswith(".")
                continue
            assert not found.fits or lost.endswith("num_batches_tracked") or found.spec != spec


@each(
    "settings_",
    [
        "attention=none,se,eca,cbam",
        "cardinality=1,1,32,32 base_width=64,64,4,4",
        "expansion=4,2,1,1.5",
        "widths=24,56,152,368 expansion=1 group_width=8",
        "widths=16+240 blocks=2,3,2,2",
        "block=basic,basic,bottleneck,bottleneck attention=se,none,se,none",
        "blocks=1,1,1,1,1,1",
    ],
)
def test_stages_and_blocks_that_differ_are_found(settings_: str) -> None:
    spec = assign(find("resnet50"), *settings_.split())
    shapes = tensors(compile_spec(spec))
    found = identify(shapes)
    assert tensors(compile_spec(found.spec)) == shapes
    assert found.spec.by_stage == spec.by_stage and found.spec.block_widths == spec.block_widths
