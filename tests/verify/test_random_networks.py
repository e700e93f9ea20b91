"""Random networks of all axes, by stage and by block: exported source, and files of their weights."""

import torch
from hypothesis import HealthCheck, assume, given, settings
from torch import nn

from resnet_explorer.errors import CheckpointError
from resnet_explorer.module import build
from resnet_explorer.network import compile_spec
from resnet_explorer.network.tree import tensors
from resnet_explorer.readings import analyse
from resnet_explorer.source import to_source
from resnet_explorer.spec import InputShape, ResNetSpec
from resnet_explorer.spec.change import change_all
from resnet_explorer.weights.identify import identify
from tests.specs import readable, small_specs
from tests.timm_reference import shaken

CHECKS = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]


@given(readable())
@settings(max_examples=100, deadline=None, suppress_health_check=CHECKS)
def test_exported_source_is_the_module(pair: tuple[ResNetSpec, InputShape]) -> None:
    spec, image = pair
    analysis = analyse(compile_spec(spec), image)
    names: dict[str, object] = {"__name__": "exported"}
    exec(to_source(analysis), names)  # the app's own text
    made = names.get("ResNet") or names["PlainNet"]
    assert isinstance(made, type)
    ours = shaken(build(spec, initialise=False)).double().eval()
    theirs: nn.Module = made().double().eval()
    theirs.load_state_dict(ours.state_dict(), strict=True)
    torch.manual_seed(0)
    x = torch.rand(analysis.total.input, dtype=torch.float64)
    with torch.no_grad():
        wanted, found = ours(x), theirs(x)
    assert found.shape == wanted.shape
    torch.testing.assert_close(found, wanted, rtol=1e-7, atol=1e-9)


@given(small_specs())
@settings(max_examples=100, deadline=None, suppress_health_check=CHECKS)
def test_weights_are_those_of_the_network_that_is_found(spec: ResNetSpec) -> None:
    """Each tensor has its place in it. What is too narrow to be told from other networks is refused."""
    rows = spec.block_widths or tuple((width,) for width in spec.widths)
    widths = tuple(tuple(8 * width for width in row) for row in rows)
    wide = {"widths": widths if spec.block_widths else tuple(row[0] for row in widths), "group_width": None}
    assume(spec.has_shortcuts)
    spec = change_all(spec, {**wide, "stem_channels": 8 * spec.stem_channels, "in_channels": 3, "base_width": 64})
    shapes = tensors(compile_spec(spec))
    try:
        found = identify(shapes)
    except CheckpointError as refusal:
        assert refusal.what.endswith(".") and refusal.remedy
        return
    if found.fits and len(found.names) == len(shapes):
        assert {found.names[name]: shape for name, shape in shapes.items()} == tensors(compile_spec(found.spec))
