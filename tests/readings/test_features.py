"""The maps that a backbone offers, as detectors and segmenters use them."""

import pytest
import torch

from resnet_explorer.module.build import build
from resnet_explorer.network import compile_spec
from resnet_explorer.readings import Analysis, analyse
from resnet_explorer.readings.read import features
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.catalogue import CATALOGUE
from resnet_explorer.spec.change import assign
from tests.cases import each


def read(name: str, *settings: str, side: int = 224, batch: int = 1) -> Analysis:
    return analyse(compile_spec(assign(CATALOGUE[name].spec, *settings)), InputShape(batch, side, side))


@each(
    "name,settings,strides",
    [
        ("resnet50", (), [4, 8, 16, 32]),  # feature pyramids: Lin et al. 2017, section 3
        ("resnet50", ("output_stride=16",), [4, 8, 16, 16]),  # DeepLab: Chen et al. 2017, section 3.1
        ("resnet50", ("output_stride=8",), [4, 8, 8, 8]),
        ("resnetv2_50d", (), [4, 8, 16, 32]),
        ("resnet18", ("stem=cifar", "stem_pool=none"), [1, 2, 4, 8]),
        ("resnet20", (), [1, 2, 4]),
        ("plain18", (), [4, 8, 16, 32]),
    ],
)
def test_strides_to_the_input(name: str, settings: tuple[str, ...], strides: list[int]) -> None:
    assert [one.stride for one in features(read(name, *settings))] == strides


def test_maps_of_resnet50() -> None:
    found = features(read("resnet50", batch=2))
    assert [one.path for one in found] == ["layer1", "layer2", "layer3", "layer4"]
    assert [one.shape for one in found] == [(2, 256, 56, 56), (2, 512, 28, 28), (2, 1024, 14, 14), (2, 2048, 7, 7)]
    assert found[-1].text == "2048×7²"


def test_a_classifier_or_none_makes_no_difference() -> None:
    assert features(read("resnetv2_50")) == features(read("resnetv2_50", "classes=none"))


@pytest.mark.parametrize("settings", [(), ("order=v2",), ("output_stride=8",), ("stem=deep", "downsample=avgpool")])
def test_they_are_those_that_pytorch_puts_out(settings: tuple[str, ...]) -> None:
    analysis = read("resnet18", *settings, side=65)
    maps = build(analysis.network.spec).eval().features(torch.zeros(1, 3, 65, 65))
    assert {one.path: one.shape for one in features(analysis)} == {path: tuple(x.shape) for path, x in maps.items()}
