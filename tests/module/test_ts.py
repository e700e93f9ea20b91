"""timm's ResNets of ``byobnet``: the same parameters, outputs and shapes, known by the order of their layers alone."""

from collections.abc import Mapping

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from resnet_explorer.module import build
from resnet_explorer.network import compile_spec
from resnet_explorer.readings import analyse
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.catalogue import CATALOGUE, find
from resnet_explorer.weights.identify import identify
from tests.cases import each
from tests.timm_reference import named, shaken

NAMES = [name for name, entry in CATALOGUE.items() if entry.family.key == "ts"]


def known(name: str, theirs: nn.Module) -> Mapping[str, str]:
    """Return our name of each of timm's tensors, after making sure that the network is known by them."""
    found = identify({key: tuple(value.shape) for key, value in theirs.state_dict().items()})
    assert found.fits and found.spec.name == name
    return found.names


@each("name", NAMES)
def test_the_same_outputs_as_timm(name: str) -> None:
    theirs, ours = shaken(named(name)), build(find(name), initialise=False)
    names = known(name, theirs)
    ours.load_state_dict({names[key]: value for key, value in theirs.state_dict().items()})
    x = torch.randn(2, 3, 65, 97, generator=torch.Generator().manual_seed(0)).double()
    with torch.no_grad():
        for training in (False, True):
            expected, answer = (model.double().train(training)(x) for model in (theirs, ours))
            assert (answer - expected).norm() <= 1e-10 * expected.norm()


@each("name", NAMES)
def test_the_same_counts_and_shapes_as_timm(name: str) -> None:
    with torch.device("meta"):
        theirs = named(name).eval()
    layers = {key.rpartition(".")[0]: ours.rpartition(".")[0] for key, ours in known(name, theirs).items()}
    shapes: dict[str, tuple[int, ...]] = {}
    for key, path in layers.items():
        module = theirs.get_submodule(key)
        module.register_forward_hook(lambda _, __, out, path=path: shapes.__setitem__(path, tuple(out.shape)))
    for height, width in ((65, 97), (221, 131)):
        analysis = analyse(compile_spec(find(name)), InputShape(1, height, width))
        with FlopCounterMode(display=False) as counter, torch.no_grad():
            theirs(torch.empty(1, 3, height, width, device="meta"))
        assert analysis.total.params == sum(parameter.numel() for parameter in theirs.parameters())
        assert 2 * analysis.total.macs == counter.get_total_flops()
        outputs = {row.path: row.reading.output for row in analysis.rows}
        assert {
            path: shape for path, shape in shapes.items() if len(shape) == 4 and shape[1:] != outputs[path][1:]
        } == {}
