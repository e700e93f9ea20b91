"""The module is timm's network, weight for weight: the same outputs and gradients."""

import json
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from timm.layers.blur_pool import BlurPool2d
from timm.layers.create_act import get_act_layer
from timm.layers.norm import GroupNorm1
from torch import nn

from resnet_explorer.errors import InputError
from resnet_explorer.network import compile_spec
from resnet_explorer.readings import analyse
from resnet_explorer.spec import InputShape, ResNetSpec
from resnet_explorer.spec.catalogue import CATALOGUE, find
from resnet_explorer.spec.change import assign
from tests.timm_reference import custom, named, twins

ROWS = json.loads((Path(__file__).parents[1] / "reference" / "timm_resnet.json").read_text())["resnets"]
NAMES = [row["name"] for row in ROWS if row["covered"]]
SHAPE = (1, 3, 64, 97)
"""Maps of even heights and odd widths all the way down, so that each rounding of a stride and a pool is seen."""
HUGE = 150_000_000
"""Larger ones are compared at a quarter of their width: the same layers, a sixteenth of the memory."""


def difference(theirs: nn.Module, ours: nn.Module, shape: tuple[int, ...]) -> float:
    """Return the relative difference of the outputs, after making sure that they depend on the image.

    A second image rides along in the batch: most of the time goes into reading the weights, which are read once.
    """
    image = torch.randn(shape, generator=torch.Generator().manual_seed(1))
    both = torch.cat((image, image.roll(1, 3) * 0.5))
    with torch.no_grad():
        expected, answer = theirs.eval()(both), ours.eval()(both)
    one, other = expected.chunk(2)
    assert (other - one).norm() > 1e-4 * one.norm(), "the output hardly depends on the image"
    return float((answer - expected).norm() / expected.norm())


def test_ninety_nine_rows() -> None:
    assert len(NAMES) == 99


@pytest.mark.parametrize("name", [row["name"] for row in ROWS if row["covered"] and row["params"] < HUGE])
def test_the_same_output_as_timm(name: str) -> None:
    theirs, ours = twins(find(name), named(name))
    assert difference(theirs, ours, SHAPE) < 1e-5


@pytest.mark.parametrize("name", [row["name"] for row in ROWS if row["covered"] and row["params"] >= HUGE])
def test_the_same_tensors_as_timm_where_they_are_many(name: str) -> None:
    from resnet_explorer.module import build
    from tests.timm_reference import state_for

    with torch.device("meta"):
        theirs = named(name)
    expected = {path: tuple(tensor.shape) for path, tensor in state_for(theirs, find(name)).items()}
    ours = build(find(name), device="meta", initialise=False).state_dict()
    assert {path: tuple(tensor.shape) for path, tensor in ours.items()} == expected


@pytest.mark.parametrize("name", ["seresnext26t_32x4d", "resnetblur18", "resnetv2_50d_gn"])
def test_the_same_gradients_as_timm(name: str) -> None:
    theirs, ours = twins(find(name), named(name))
    image = torch.randn(2, 3, 64, 64)
    for model in (theirs, ours):
        model.train()(image).logsumexp(1).sum().backward()
    from resnet_explorer.weights.compare import renamed

    names = renamed([path for path, _ in theirs.named_parameters()], compile_spec(find(name)))
    expected = {names[path]: parameter.grad for path, parameter in theirs.named_parameters()}
    assert {path for path, _ in ours.named_parameters()} == set(expected)
    for path, parameter in ours.named_parameters():
        wanted = expected[path]
        assert parameter.grad is not None and wanted is not None
        gap = (parameter.grad - wanted.view_as(parameter.grad)).norm()
        assert gap <= 1e-3 * wanted.norm() + 1e-5, path


_NORMS = {"batch": nn.BatchNorm2d, "layer": GroupNorm1}
_ACTIVATIONS = {"relu": nn.ReLU, "leaky-relu": nn.LeakyReLU, "silu": nn.SiLU, "gelu": get_act_layer("gelu")}
_ACTIVATIONS |= {name: get_act_layer(name.replace("-", "_")) for name in ("relu6", "hard-swish", "mish", "elu")}
_ANTI_ALIAS = {"none": None, "blur": BlurPool2d, "average": nn.AvgPool2d}


@st.composite
def random_timm(draw: st.DrawFn) -> tuple[ResNetSpec, nn.Module]:
    """Return a spec, and timm's ResNet with the arguments that say the same."""
    kinds = draw(st.tuples(*[st.sampled_from(("basic", "bottleneck"))] * 4))
    mixed_ok = "basic" not in kinds
    blocks = draw(st.tuples(*[st.integers(1, 2)] * 4))
    widths = draw(st.tuples(*[st.sampled_from((8, 16, 24))] * 4))
    cardinality, base_width = (
        (draw(st.sampled_from((1, 2, 4))), draw(st.sampled_from((64, 128)))) if mixed_ok else (1, 64)
    )
    stem, stem_width = draw(st.sampled_from(("imagenet", "deep", "tiered"))), draw(st.sampled_from((8, 16)))
    norm, activation = draw(st.sampled_from(tuple(_NORMS))), draw(st.sampled_from(tuple(_ACTIVATIONS)))
    smooth, attention = draw(st.sampled_from(tuple(_ANTI_ALIAS))), draw(st.sampled_from(("none", "se", "eca", "cbam")))
    pools, projection = draw(st.booleans()), draw(st.sampled_from(("1x1", "3x3", "avgpool")))
    reduce_first, output_stride = draw(st.sampled_from((1, 2))), draw(st.sampled_from((32, 16, 8)))
    join = ",".join
    spec = assign(
        find("resnet18"),
        *(f"block={join(kinds)}", f"blocks={join(map(str, blocks))}", f"widths={join(map(str, widths))}"),
        *(f"cardinality={cardinality}", f"base_width={base_width}", f"stem={stem}", f"stem_width={stem_width}"),
        *(f"norm={norm}", f"activation={activation}", f"anti_alias={smooth}", f"attention={attention}"),
        *(f"stem_pool={'conv' if pools else 'max'}", f"downsample={projection}", f"reduce_first={reduce_first}"),
        *(f"output_stride={output_stride}", "classes=10", f"reduction_multiple={1 if attention == 'cbam' else 8}"),
        f"stem_channels={64 if stem == 'imagenet' else 2 * stem_width}",
    )
    theirs = custom(
        kinds,
        layers=blocks,
        channels=widths,
        num_classes=10,
        cardinality=cardinality,
        base_width=base_width,
        stem_type={"imagenet": "", "deep": "deep", "tiered": "deep_tiered"}[stem],
        stem_width=stem_width,
        replace_stem_pool=pools,
        avg_down=projection == "avgpool",
        down_kernel_size=3 if projection == "3x3" else 1,
        block_reduce_first=reduce_first,
        output_stride=output_stride,
        norm_layer=_NORMS[norm],
        act_layer=_ACTIVATIONS[activation],
        aa_layer=_ANTI_ALIAS[smooth],
        block_args={"attn_layer": attention} if attention != "none" else {},
    )
    return spec, theirs


@given(pair=random_timm(), side=st.integers(33, 80))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_the_same_output_as_a_random_resnet_of_timm(pair: tuple[ResNetSpec, nn.Module], side: int) -> None:
    spec, theirs = pair
    theirs, ours = twins(spec, theirs)
    try:
        analyse(compile_spec(spec), InputShape(1, side, side))
    except InputError as error:
        assert error.where.startswith("layer") and "but the shortcut is" in error.what
        return
    assert difference(theirs, ours, (2, 3, side, side)) < 1e-5


@pytest.mark.parametrize("side", [100, 250])
def test_an_average_pool_cannot_take_every_size(side: int) -> None:
    """timm's ``resnetaa*`` raise at these sizes: the pool rounds down where the shortcut rounds up."""
    with pytest.raises(InputError, match="but the shortcut is"):
        analyse(compile_spec(CATALOGUE["resnetaa50d"].spec), InputShape(1, side, side))
    with pytest.raises(RuntimeError):
        named("resnetaa50d").eval()(torch.randn(1, 3, side, side))
