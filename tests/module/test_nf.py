"""NF-ResNets are timm's, to the last parameter and output."""

import pytest
import torch
from torch import nn

from resnet_explorer.network import compile_spec
from resnet_explorer.network.tree import tensors
from resnet_explorer.readings import analyse
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.catalogue import find
from resnet_explorer.spec.change import assign
from resnet_explorer.weights.identify import identify
from tests.cases import each
from tests.timm_reference import macs, named, twins

NAMES = [f"nf_{kind}resnet{depth}" for kind in ("", "se", "eca") for depth in (26, 50, 101)]


def difference(theirs: nn.Module, ours: nn.Module, shape: tuple[int, ...], *, training: bool) -> float:
    image = torch.randn(shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    with torch.no_grad():
        expected, answer = (model.double().train(training)(image) for model in (theirs, ours))
    return float((answer - expected).norm() / expected.norm())


@each("name", NAMES)
def test_parameters_and_names_are_timms(name: str) -> None:
    with torch.device("meta"):
        theirs = named(name)
    spec = find(name)
    total = analyse(compile_spec(spec), InputShape(1, 64, 64)).total
    assert total.params == sum(parameter.numel() for parameter in theirs.parameters())
    assert total.macs == macs(theirs, 64)
    found = identify({key: tuple(tensor.shape) for key, tensor in theirs.state_dict().items()})
    assert found.fits, found.problems[:3]
    assert found.spec == spec


@pytest.mark.parametrize("name", ["nf_resnet50", "nf_seresnet26", "nf_ecaresnet26"])
def test_outputs_are_timms(name: str) -> None:
    theirs, ours = twins(find(name), named(name))
    for training, shape in ((False, (1, 3, 65, 97)), (True, (2, 3, 64, 33))):
        assert difference(theirs, ours, shape, training=training) < 1e-5


@pytest.mark.parametrize("name", ["nf_resnet50", "nf_seresnet26", "nf_ecaresnet26"])
def test_structure_alone_tells_them(name: str) -> None:
    shapes = {f"encoder.{number // 3}.{path.rpartition('.')[2]}": tensor for number, (path, tensor) in _layers(name)}
    found = identify(shapes)
    assert found.fits, found.problems[:3]
    assert found.spec == find(name)


def _layers(name: str) -> list[tuple[int, tuple[str, tuple[int, ...]]]]:
    """Return the tensors of a network, each with three times the number of its layer."""
    shapes = tensors(compile_spec(find(name)))
    paths = list(dict.fromkeys(path.rpartition(".")[0] for path in shapes))
    return [(3 * paths.index(path.rpartition(".")[0]), (path, shape)) for path, shape in shapes.items()]


def test_an_edited_one_keeps_what_no_tensor_tells() -> None:
    spec = assign(find("nf_seresnet26"), "blocks=1,2,1,1", "widths=8,16,24,32")
    found = identify(tensors(compile_spec(spec))).spec
    kept = (
        "order",
        "norm",
        "conv",
        "conv_bias",
        "branch_scale",
        "track_variance",
        "attention_scale",
        "blocks",
        "widths",
    )
    assert [getattr(found, key) for key in kept] == [getattr(spec, key) for key in kept]
