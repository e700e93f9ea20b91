"""The bytes kept for backward equal what PyTorch's own hooks see, byte for byte and layer by layer."""

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
import torchvision
from hypothesis import given, settings
from torch import nn

from resnet_explorer.network import compile_spec
from resnet_explorer.readings import analyse
from resnet_explorer.readings.kept import Kept, kept
from resnet_explorer.readings.progress import Progress
from resnet_explorer.spec import InputShape, ResNetSpec
from resnet_explorer.spec.catalogue import find
from resnet_explorer.verify.against_pytorch import measure_kept
from tests.cases import each
from tests.specs import readable

EVEN, ODD = InputShape(2, 64, 64), InputShape(3, 65, 71)
ODD_THAT_FITS = InputShape(3, 63, 95)
"""For average pools that round down beside shortcuts that round up."""
NAMES = (
    "resnet18",
    "resnet50",
    "resnet20",  # option A
    "plain20",
    "resnet110_exclusive_gate",
    "resnet110_shortcut_gate",
    "resnet110_dropout_shortcut",
    "resnet110_relu_only",
    "resnetv2_50",
    "resnet110_sd",
    "wrn40_1",
    "resnext50_32x4d",
    "seresnet50",
    "ecaresnet26t",
    "cbam_resnet50",
    "resnet50_gn",
    "resnet50d",  # deep stem, average pool in the shortcut
    "resnetblur18",
    "resnetaa50",
    "fixup_resnet110",
    "skipinit_resnet110",
    "resnetv2_50x1_bit",  # standardised weights
    "resnetv2_50d_frn",
    "resnetv2_50d_evos",
    "nf_resnet26",
)


def measured(spec: ResNetSpec, shape: InputShape, training: bool) -> Kept:
    *steps, last = measure_kept(spec, shape, training=training)
    assert all(isinstance(step, Progress) for step in steps)
    assert isinstance(last, Kept)
    return last


def check(spec: ResNetSpec, shape: InputShape, training: bool) -> None:
    ours = kept(analyse(compile_spec(spec), shape), training=training)
    if ours is None:
        with pytest.raises(ValueError, match="Expected more than 1"):
            measured(spec, shape, training)
        return
    theirs = measured(spec, shape, training)
    assert dict(ours.by_path) == dict(theirs.by_path)
    assert ours.sums == theirs.sums


def narrow(name: str) -> ResNetSpec:
    """Return a network with at most two blocks a stage: its forms are all there, and it runs in milliseconds."""
    spec = find(name)
    return replace(spec, blocks=tuple(min(2, count) for count in spec.blocks))


@each("name", NAMES)
def test_every_layer_of_the_catalogue_keeps_what_torch_keeps(name: str) -> None:
    odd = ODD_THAT_FITS if name.startswith("resnetaa") else ODD
    for shape in (EVEN, odd):
        check(narrow(name), shape, True)
    check(narrow(name), odd, False)


@pytest.mark.parametrize("name", ["resnet152", "resnet110"])
def test_deep_networks_keep_what_torch_keeps(name: str) -> None:
    check(find(name), InputShape(2, 48, 48), True)


@settings(deadline=None, max_examples=60)
@given(readable())
def test_any_small_network_keeps_what_torch_keeps(pair: tuple[ResNetSpec, InputShape]) -> None:
    for training in (True, False):
        check(*pair, training)


def seen(model: nn.Module, x: torch.Tensor) -> int:
    """Return the bytes of all storages that are saved, each once, without parameters and buffers."""
    anyway = {tensor.untyped_storage().data_ptr() for tensor in (*model.parameters(), *model.buffers())}
    sizes: dict[int, int] = {}

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        sizes[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        y = model(x)  # keeps all that is saved alive
    assert y.requires_grad
    return sum(size for address, size in sizes.items() if address not in anyway)


@pytest.mark.parametrize("name", ["resnet18", "resnet50", "resnext50_32x4d", "wide_resnet50_2"])
def test_torchvisions_own_networks_keep_as_much(name: str) -> None:
    make: Callable[[], nn.Module] = getattr(torchvision.models, name)
    ours = kept(analyse(compile_spec(find(name)), InputShape(2, 65, 71)))
    assert ours is not None
    assert ours.total == seen(make(), torch.rand(2, 3, 65, 71))
