"""Parallel paths compute what the published code computes: timm's in numbers, the papers' in words."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import pytest
import timm
import torch
from torch import Tensor, nn

from resnet_explorer.module import build
from resnet_explorer.module.forks import ShakeMix
from resnet_explorer.network import compile_spec
from resnet_explorer.probes.models import seeded
from resnet_explorer.spec import ResNetSpec
from resnet_explorer.spec.catalogue import CATALOGUE, find
from resnet_explorer.spec.change import assign
from resnet_explorer.weights.compare import renamed
from tests.cases import each
from tests.timm_reference import twins, uninitialised

NAMES = [name for name, entry in CATALOGUE.items() if entry.family.key in ("sk", "res2net", "resnest")]
NAMES.remove("sknet101")  # the paper's, which timm lacks
WIDTHS, BLOCKS = (32, 64, 96, 128), (1, 2, 1, 1)
"""Narrow and shallow: the same layers, with a stage whose second block keeps the shape."""


def narrow(name: str) -> tuple[nn.Module, nn.Module]:
    """Return timm's network of that name and ours, narrow, with the same random weights in float64."""
    spec = replace(find(name), widths=WIDTHS, blocks=BLOCKS, classes=10)
    with uninitialised():
        theirs = timm.create_model(name, channels=WIDTHS, layers=BLOCKS, num_classes=10)
    theirs, ours = twins(spec, theirs)
    return theirs.double(), ours.double()


def shapes(model: nn.Module, x: Tensor, names: Mapping[str, str]) -> dict[str, tuple[int, ...]]:
    """Return the shape of the output of each layer with weights, by our name for it."""
    seen: dict[str, tuple[int, ...]] = {}

    def note(path: str, module: nn.Module, given: object, out: Tensor) -> None:
        seen[path] = tuple(out.shape)

    for theirs, ours in names.items():
        model.get_submodule(theirs).register_forward_hook(partial(note, ours))
    with torch.no_grad():
        model(x)
    return seen


@each("name", NAMES)
def test_the_same_outputs_and_shapes_as_timm(name: str) -> None:
    theirs, ours = narrow(name)
    spec = replace(find(name), widths=WIDTHS, blocks=BLOCKS, classes=10)
    for training, side in ((False, (65, 97)), (True, (39, 50))):
        image = torch.randn(2, 3, *side, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
        with torch.no_grad():
            expected, answer = theirs.train(training)(image), ours.train(training)(image)
        assert float((answer - expected).norm() / expected.norm()) < 1e-5, (training, side)
        pairs = renamed(theirs.state_dict(), compile_spec(spec)).items()
        layers = {one.rpartition(".")[0]: other.rpartition(".")[0] for one, other in pairs}
        assert shapes(theirs, image, layers) == shapes(ours, image, {path: path for path in layers.values()})


@pytest.mark.parametrize("name", ["res2net50_26w_4s", "skresnet18", "resnest50d_4s2x40d"])
def test_the_same_gradients_as_timm(name: str) -> None:
    theirs, ours = narrow(name)
    image = torch.randn(2, 3, 64, 64, dtype=torch.float64)
    for model in (theirs, ours):
        model.train()(image).logsumexp(1).sum().backward()
    spec = replace(find(name), widths=WIDTHS, blocks=BLOCKS, classes=10)
    names = renamed([path for path, _ in theirs.named_parameters()], compile_spec(spec))
    own = dict(ours.named_parameters())
    for path, parameter in theirs.named_parameters():
        torch.testing.assert_close(own[names[path]].grad, parameter.grad, msg=path)


def shaking() -> ResNetSpec:
    return assign(find("shake26_2x32d"), "blocks=1,1", "widths=4,8", "strides=1,2", "stem_channels=4")


def test_two_branches_count_one_half_each_in_inference() -> None:
    model = build(shaking()).eval()
    block = model.get_submodule("layer1.0")
    x = torch.randn(2, 4, 8, 8)
    seen: list[Tensor] = []
    for branch in ("0", "1"):
        layer = block.get_submodule(f"branches.{branch}.bn2")
        layer.register_forward_hook(lambda module, given, out: seen.append(out))
    y = block(x)
    torch.testing.assert_close(y, x + (seen[0] + seen[1]) / 2)


def test_shares_are_drawn_for_each_image_and_again_on_the_way_back() -> None:
    """Gastaldi 2017, section 2.2: "Shake-Shake-Image"."""
    a, b = (torch.full((3, 1, 1, 1), value, requires_grad=True) for value in (1.0, 0.0))
    y = ShakeMix()(a, b)
    y.sum().backward()
    assert a.grad is not None and b.grad is not None
    torch.testing.assert_close(a.grad + b.grad, torch.ones(3, 1, 1, 1))
    assert len({*y.flatten().tolist(), *a.grad.flatten().tolist()}) == 6, "six numbers, none of them twice"
    assert bool(((y >= 0) & (y < 1)).all())


def test_the_mix_is_the_same_from_the_same_seed() -> None:
    model, x = build(shaking()).train(), torch.randn(2, 3, 8, 8)
    with torch.no_grad():
        answers = []
        for seed in (1, 1, 2):
            with seeded(seed):
                answers.append(model(x))
    assert torch.equal(answers[0], answers[1]) and not torch.equal(answers[0], answers[2])


def test_the_shifted_convolution_sees_what_the_stride_of_the_other_drops() -> None:
    model = build(shaking()).eval()
    fork = model.get_submodule("layer2.0.downsample.0")
    x = torch.zeros(1, 4, 8, 8)
    x[..., 1, 1] = 1.0
    y = fork(x)
    assert not y[:, :4].any() and y[:, 4:, 0, 0].any()
