"""iResNet as insightface has it (``arcface_torch/backbones/iresnet.py``), rewritten here from its layers."""

import pytest
import torch
from torch import Tensor, nn

from resnet_explorer.module import build
from resnet_explorer.network import compile_spec
from resnet_explorer.readings import analyse
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.catalogue import CATALOGUE, find
from resnet_explorer.spec.change import assign
from resnet_explorer.weights.identify import identify
from tests.timm_reference import shaken


class ReferenceBlock(nn.Module):
    """Norm, 3x3, norm, PReLU, 3x3 with the stride, norm; a projection where shapes change."""

    def __init__(self, channels: int, width: int, stride: int) -> None:
        super().__init__()
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv1 = nn.Conv2d(channels, width, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.prelu = nn.PReLU(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(width)
        self.downsample: nn.Module = nn.Identity()
        if stride > 1:
            self.downsample = nn.Sequential(nn.Conv2d(channels, width, 1, stride, bias=False), nn.BatchNorm2d(width))

    def forward(self, x: Tensor) -> Tensor:
        y = self.bn3(self.conv2(self.prelu(self.bn2(self.conv1(self.bn1(x))))))
        total: Tensor = y + self.downsample(x)
        return total


class Reference(nn.Module):
    """The whole network; ``side`` is that of its last map."""

    def __init__(self, blocks: tuple[int, ...], side: int = 7) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 64, 3, padding=1, bias=False), nn.BatchNorm2d(64)
        self.prelu = nn.PReLU(64)
        channels = 64
        for number, count in enumerate(blocks):
            width = 64 << number
            stage = [ReferenceBlock(channels, width, 2), *(ReferenceBlock(width, width, 1) for _ in range(count - 1))]
            self.add_module(f"layer{number + 1}", nn.Sequential(*stage))
            channels = width
        self.bn2, self.fc = nn.BatchNorm2d(channels), nn.Linear(channels * side**2, 512)
        self.features = nn.BatchNorm1d(512)
        self.features.weight.requires_grad = False

    def forward(self, x: Tensor) -> Tensor:
        x = self.prelu(self.bn1(self.conv1(x)))
        for number in range(1, 5):
            x = self.get_submodule(f"layer{number}")(x)
        y: Tensor = self.features(self.fc(self.bn2(x).flatten(1)))
        return y


BLOCKS = {
    "iresnet18": (2, 2, 2, 2),
    "iresnet34": (3, 4, 6, 3),
    "iresnet50": (3, 4, 14, 3),
    "iresnet100": (3, 13, 30, 3),
}


def test_every_network_of_insightface() -> None:
    assert [name for name, entry in CATALOGUE.items() if entry.family.key == "iresnet"] == list(BLOCKS)


@pytest.mark.parametrize("name", BLOCKS)
def test_the_same_tensors_known_by_their_layers(name: str) -> None:
    with torch.device("meta"):
        theirs = Reference(BLOCKS[name])
    shapes = {key: tuple(value.shape) for key, value in theirs.state_dict().items()}
    found = identify(shapes)
    assert found.fits and found.spec.name == name
    assert set(found.names) == set(shapes)
    total = analyse(compile_spec(find(name)), InputShape(1, 112, 112)).total
    assert total.params == sum(value.numel() for value in theirs.parameters() if value.requires_grad)


def test_the_same_outputs() -> None:
    theirs = shaken(Reference(BLOCKS["iresnet18"], 3))
    nn.init.ones_(theirs.get_parameter("features.weight"))
    ours = build(assign(find("iresnet18"), "map_side=3"), initialise=False)
    names = identify({key: tuple(value.shape) for key, value in theirs.state_dict().items()}).names
    ours.load_state_dict({names[key]: value for key, value in theirs.state_dict().items()})
    x = torch.randn(3, 3, 48, 48, generator=torch.Generator().manual_seed(0)).double()
    for training in (False, True):
        expected, answer = (model.double().train(training)(x) for model in (theirs, ours))
        assert (answer - expected).norm() <= 1e-9 * expected.norm()
