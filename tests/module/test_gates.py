"""Global context and non-local attention are timm's, weight for weight: the same outputs, parameters and MACs."""

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from resnet_explorer.module import build
from resnet_explorer.network import compile_spec
from resnet_explorer.readings import analyse
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.catalogue import find
from resnet_explorer.spec.change import assign
from resnet_explorer.weights.identify import identify
from tests.timm_reference import custom, shaken

WIDTHS = (16, 24, 32, 32)


@pytest.mark.parametrize("attention", ["gc", "gca", "nl"])
@pytest.mark.parametrize("kind", ["basic", "bottleneck"])
def test_the_same_as_timm(attention: str, kind: str) -> None:
    theirs = shaken(custom((kind,) * 4, layers=(1, 2, 1, 1), channels=WIDTHS, block_args={"attn_layer": attention}))
    multiple = 8 if attention == "nl" else 1
    spec = assign(
        find("resnet18"),
        *(f"block={kind}", "blocks=1,2,1,1", f"widths={','.join(map(str, WIDTHS))}", f"attention={attention}"),
        *("reduction=8", f"reduction_multiple={multiple}"),
    )
    names = identify({key: tuple(value.shape) for key, value in theirs.state_dict().items()}).names
    ours = build(spec, initialise=False)
    ours.load_state_dict({names[key]: value for key, value in theirs.state_dict().items()})
    for training in (False, True):
        for size in ((65, 97), (51, 34)):
            x = torch.randn(2, 3, *size, generator=torch.Generator().manual_seed(0)).double()
            with torch.no_grad(), FlopCounterMode(display=False) as counter:
                expected = theirs.double().train(training)(x)
            answer = ours.double().train(training)(x)
            assert (answer - expected).norm() <= 1e-10 * expected.norm()
            total = analyse(compile_spec(spec), InputShape(2, *size)).total
            assert 2 * total.macs == counter.get_total_flops()
            assert total.params == sum(parameter.numel() for parameter in theirs.parameters())


def test_a_non_local_block_starts_as_nothing() -> None:
    """Wang et al. 2018, section 4.1: the scale of its last norm is 0 at first."""
    model = build(assign(find("resnet20"), "attention=nl"))
    assert not model.get_parameter("layer1.0.nl.norm.weight").any()
