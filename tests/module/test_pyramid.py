"""PyramidNet as its authors' code has it: widths by block, the order of its layers, and its shortcut."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from resnet_explorer.module import build
from resnet_explorer.network import compile_spec
from resnet_explorer.readings import analyse
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.catalogue import CATALOGUE, find
from resnet_explorer.spec.change import assign
from resnet_explorer.weights.identify import identify
from tests.timm_reference import shaken


class ReferenceBlock(nn.Module):
    """A block of PyramidNet (Han et al. 2017, figure 6d), or of iResNet where the last convolution has the stride."""

    def __init__(self, channels: int, width: int, stride: int, expansion: int) -> None:
        super().__init__()
        sizes = [(channels, width, 3, stride), (width, width, 3, 1)]
        if expansion > 1:
            sizes = [(channels, width, 1, 1), (width, width, 3, stride), (width, width * expansion, 1, 1)]
        for number, (into, out, kernel, step) in enumerate(sizes, start=1):
            self.add_module(f"bn{number}", nn.BatchNorm2d(into))
            self.add_module(f"conv{number}", nn.Conv2d(into, out, kernel, step, kernel // 2, bias=False))
        self.add_module(f"bn{len(sizes) + 1}", nn.BatchNorm2d(sizes[-1][1]))
        self.stride, self.out = stride, sizes[-1][1]

    def forward(self, x: Tensor) -> Tensor:
        y = x
        for name, layer in self.named_children():
            if name.startswith("conv") and name != "conv1":
                y = functional.relu(y)
            y = layer(y)
        shortcut = functional.avg_pool2d(x, 2, ceil_mode=True) if self.stride == 2 else x
        zeros = shortcut.new_zeros(len(x), self.out - shortcut.shape[1], *shortcut.shape[2:])
        return y + torch.cat((shortcut, zeros), 1)


def reference(blocks: int, alpha: int, expansion: int) -> nn.Sequential:
    """Return a PyramidNet with so many blocks in each of its three stages."""
    layers: list[nn.Module] = [nn.Conv2d(3, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16)]
    channels, grown = 16, 16.0
    for number in range(3 * blocks):
        grown += alpha / (3 * blocks)
        stride = 2 if number in (blocks, 2 * blocks) else 1
        block = ReferenceBlock(channels, round(grown), stride, expansion)
        layers.append(block)
        channels = block.out
    end = [nn.BatchNorm2d(channels), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 10)]
    return nn.Sequential(*layers, *end)


@pytest.mark.parametrize(("name", "expansion"), [("pyramidnet110_a48", 1), ("pyramidnet272_a200", 4)])
def test_the_same_output_as_the_authors(name: str, expansion: int) -> None:
    spec = assign(find(name), "blocks=2,2,2", "widths=16+20")
    theirs, ours = shaken(reference(2, 20, expansion)).double(), build(spec, initialise=False).double()
    pairs = zip(ours.state_dict().items(), theirs.state_dict().values(), strict=True)
    assert ours.load_state_dict({key: theirs_ for (key, _), theirs_ in pairs}).missing_keys == []
    for training in (False, True):
        for size in ((33, 47), (32, 32)):
            x = torch.randn(2, 3, *size, generator=torch.Generator().manual_seed(0)).double()
            expected, answer = theirs.train(training)(x), ours.train(training)(x)
            assert (answer - expected).norm() <= 1e-10 * expected.norm()


PARAMETERS = {
    "pyramidnet110_a48": (1.7, 1_772_706),
    "pyramidnet110_a84": (3.8, 3_904_446),
    "pyramidnet110_a270": (28.3, 28_485_477),
    "pyramidnet272_a200": (26.0, 26_210_842),
}
"""Of the paper's table 4 in millions, and exactly, as pytorchcv counts them (it has ten classes, as here)."""


@pytest.mark.parametrize(("name", "counts"), PARAMETERS.items())
def test_parameters_of_the_paper(name: str, counts: tuple[float, int]) -> None:
    published, exact = counts
    total = analyse(compile_spec(find(name)), InputShape(1, 32, 32)).total.params
    assert total == exact and total == pytest.approx(published * 1e6, rel=0.05)
    assert f"{published} M parameters" in CATALOGUE[name].published


@pytest.mark.parametrize("name", ["pyramidnet110_a84", "pyramidnet272_a200"])
def test_it_is_known_by_its_weights(name: str) -> None:
    state = build(find(name), device="meta", initialise=False).state_dict()
    found = identify({f"net.{key.replace('bn', 'norm_')}": tuple(value.shape) for key, value in state.items()})
    assert found.fits and found.spec.name == name
