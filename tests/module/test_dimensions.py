"""Signal and video networks: torchvision's video ResNets, weight for weight, and what holds along each axis."""

import pytest
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode
from torchvision.models import video as torchvision_video

from resnet_explorer.errors import SpecError
from resnet_explorer.module import build
from resnet_explorer.network import compile_spec
from resnet_explorer.readings import analyse
from resnet_explorer.spec import Attention, InputShape, ResNetSpec
from resnet_explorer.spec.catalogue import CATALOGUE, find
from resnet_explorer.spec.change import assign
from resnet_explorer.weights.identify import identify
from tests.timm_reference import shaken

VIDEO = {"r3d_18": (33_371_472, 40.697), "mc3_18": (11_695_440, 43.343), "r2plus1d_18": (31_505_325, 40.519)}
"""Parameters, and GMACs at 16 frames of 112×112 pixels, as torchvision's weights tell them."""
ODD = (InputShape(1, 33, 45, 5), InputShape(1, 57, 39, 9))


def theirs(name: str, device: str = "cpu") -> nn.Module:
    with torch.device(device):
        model = getattr(torchvision_video, name)()
    assert isinstance(model, nn.Module)
    return model


@pytest.mark.parametrize("name", VIDEO)
def test_parameters_and_macs_are_torchvisions(name: str) -> None:
    params, gmacs = VIDEO[name]
    total = analyse(compile_spec(find(name)), InputShape(1, 112, 112)).total
    assert total.params == params == sum(value.numel() for value in theirs(name, "meta").parameters())
    assert round(total.macs / 1e9, 3) == gmacs
    model = theirs(name, "meta").eval()
    for image in ODD:
        with FlopCounterMode(display=False) as counter, torch.no_grad():
            model(torch.empty(image.shape(3, 3), device="meta"))
        assert counter.get_total_flops() == 2 * analyse(compile_spec(find(name)), image).total.macs


@pytest.mark.parametrize("name", VIDEO)
def test_outputs_are_torchvisions_in_both_modes(name: str) -> None:
    reference, ours = shaken(theirs(name)).double(), build(find(name), initialise=False)
    state = reference.state_dict()
    found = identify({key: tuple(value.shape) for key, value in state.items()})
    assert (found.spec.name, found.fits, found.leftovers) == (name, True, ())
    ours.load_state_dict({found.names[key]: value for key, value in state.items()}, strict=True)
    x = torch.randn(2, 3, 3, 21, 29, dtype=torch.float64)
    for training in (False, True):
        with torch.no_grad():
            expected, got = reference.train(training)(x), ours.double().train(training)(x)
        assert (got - expected).abs().max() <= 1e-5 * expected.abs().max()


@pytest.mark.parametrize("name", VIDEO)
@pytest.mark.parametrize("image", ODD)
def test_every_layer_puts_out_torchvisions_shape(name: str, image: InputShape) -> None:
    shapes: dict[str, list[tuple[int, ...]]] = {}

    def note(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        kind = next((kind for kind in (nn.Conv3d, nn.BatchNorm3d, nn.Linear) if isinstance(module, kind)), None)
        if kind is not None:  # torchvision's convolutions are subclasses
            shapes.setdefault(kind.__name__, []).append(tuple(output.shape))

    model = theirs(name, "meta").eval()
    for module in model.modules():
        module.register_forward_hook(note)
    model(torch.empty(image.shape(3, 3), device="meta"))
    rows = analyse(compile_spec(find(name)), image).rows
    for kind, outputs in shapes.items():
        own = [row.reading.output for row in rows if row.part.layer.kind == kind]
        assert sorted(own) == sorted(outputs), kind


def test_the_pairs_of_r2plus1d_have_the_weights_of_what_they_stand_for() -> None:
    whole, pairs = (analyse(compile_spec(find(name)), InputShape(1, 112, 112)) for name in ("r3d_18", "r2plus1d_18"))
    convs = {row.path: row.reading.params for row in pairs.rows if "layer1" in row.path and "conv" in row.path}
    assert convs["layer1.0.conv1_space"] + convs["layer1.0.conv1_time"] == 110_592  # Tran et al. 2018, section 3.5
    assert whole.by_path["layer1.0.conv1"].reading.params == 27 * 64 * 64 == 110_592


@pytest.mark.parametrize(
    "settings",
    ["dims=3 conv_time=2+1d", "dims=3 conv_time=3d,2d downsample=3x3", "dims=3 conv_time=2d anti_alias=blur", "dims=1"],
)
def test_the_receptive_field_is_what_one_position_depends_on(settings: str) -> None:
    spec = assign(find("resnet18"), "blocks=1,1", "width=2", "norm=none", "in_channels=1", "classes=none")
    spec = assign(spec, "stem_pool=none", *settings.split())
    image = InputShape(1, 61, 61, 31)
    model = build(spec).double()
    for parameter in model.parameters():
        nn.init.constant_(parameter, 1 / parameter[0].numel())
    x = torch.ones(image.shape(1, spec.dims), dtype=torch.float64, requires_grad=True)
    y = model(x)
    middle = tuple(size // 2 for size in y.shape[2:])
    y[(0, slice(None), *middle)].sum().backward()
    assert x.grad is not None
    reached = x.grad[0, 0].nonzero()
    sides = tuple(int(side) + 1 for side in reached.max(dim=0).values - reached.min(dim=0).values)
    field = analyse(compile_spec(spec), image).total.receptive_field
    assert sides == (field if isinstance(field, tuple) else (field,) * spec.dims)


def test_equal_axes_have_one_number() -> None:
    spec = assign(find("resnet18"), "dims=3", "stem=cifar")
    total = analyse(compile_spec(spec), InputShape(1, 32, 32, 32)).total
    assert (
        total.receptive_field
        == analyse(compile_spec(assign(spec, "dims=2")), InputShape(1, 32, 32)).total.receptive_field
    )


@pytest.mark.parametrize("name", ["resnet18", "resnet50", "resnext50_32x4d", "seresnet50", "resnet20", "preresnet110"])
def test_a_signal_network_has_the_weights_of_its_kernels_alone(name: str) -> None:
    spec = assign(CATALOGUE[name].spec, "dims=1")
    square, row = (build(each, device="meta", initialise=False).state_dict() for each in (find(name), spec))
    assert square.keys() == row.keys()
    assert all(value.shape == square[key].shape[:-1] for key, value in row.items() if value.ndim == 3)


def test_what_is_made_for_images_says_so() -> None:
    with pytest.raises(SpecError, match="Choose 1, 2 or 3"):
        ResNetSpec("", dims=4)
    assert ResNetSpec("", dims=3, attention=Attention.CBAM).dims == 3
