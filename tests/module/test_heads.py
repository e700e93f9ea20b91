"""Pools and heads: CLIP's are timm's, and an iResNet's head is insightface's."""

import pytest
import torch
from torch import nn

from resnet_explorer.errors import InputError
from resnet_explorer.module import build
from resnet_explorer.module.layers import GeM
from resnet_explorer.network import compile_spec
from resnet_explorer.network.tree import tensors
from resnet_explorer.readings import analyse
from resnet_explorer.readings.needs import needs
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.catalogue import find
from resnet_explorer.spec.change import assign
from resnet_explorer.weights.identify import identify
from tests.cases import each
from tests.module.test_nf import difference
from tests.timm_reference import macs, named, twins

CLIP = {
    **{"resnet50_clip": 224, "resnet101_clip": 224, "resnet50x4_clip": 288, "resnet50x16_clip": 384},
    **{"resnet50x64_clip": 448, "resnet50_mlp": 224},
}


@each("name", CLIP)
def test_parameters_and_names_are_timms(name: str) -> None:
    with torch.device("meta"):
        theirs = named(name)
    spec = find(name)
    total = analyse(compile_spec(spec), InputShape(1, CLIP[name], CLIP[name])).total
    assert total.params == sum(parameter.numel() for parameter in theirs.parameters())
    found = identify({key: tuple(tensor.shape) for key, tensor in theirs.state_dict().items()})
    assert found.fits, found.problems[:3]
    assert found.spec == spec


def test_multiply_accumulates_are_timms_but_for_the_questions_that_are_not_read() -> None:
    """timm asks with each of the 49 positions and projects each answer; CLIP and ours with the mean alone."""
    unread = 49 * (2048**2 + 2 * 50 * 2048 + 2048 * 1024)
    for name, more in (("resnet50_mlp", 0), ("resnet50_clip", unread)):
        with torch.device("meta"):
            theirs = named(name)
        ours = analyse(compile_spec(find(name)), InputShape(1, 224, 224)).total.macs
        assert macs(theirs, 224) == ours + more


@pytest.mark.parametrize("name", ["resnet50_clip", "resnet50_mlp"])
@pytest.mark.parametrize("side", [224, 192])
def test_outputs_are_timms(name: str, side: int) -> None:
    """Another size than CLIP's own interpolates the positions."""
    theirs, ours = twins(find(name), named(name))
    for training, shape in ((False, (1, 3, side, side)), (True, (2, 3, side, side))):
        assert difference(theirs, ours, shape, training=training) < 1e-5


def _openai(path: str) -> str:
    """Return OpenAI's name of a tensor of ours (clip/model.py, ModifiedResNet)."""
    stem = {
        "conv1.0": "conv1",
        "conv1.1": "bn1",
        "conv1.3": "conv2",
        "conv1.4": "bn2",
        "conv1.6": "conv3",
        "bn1": "bn3",
    }
    layer, _, tensor = path.rpartition(".")
    if layer == "attnpool":
        letter, _, role = tensor.partition("_")
        return f"visual.attnpool.{f'{letter}_proj.{role}' if role else 'positional_embedding'}"
    layer = {**stem, "bn1": "bn3", "fc": "attnpool.c_proj"}.get(layer, layer)
    return f"visual.{layer}.{tensor}"


@pytest.mark.parametrize("name", ["resnet50_clip", "resnet50x4_clip"])
def test_openais_names_are_known(name: str) -> None:
    spec = find(name)
    shapes: dict[str, tuple[int, ...]] = {}
    for path, shape in tensors(compile_spec(spec)).items():
        if ".downsample." in path:
            stage, kind, tensor = path.partition(".0.downsample.")[0], len(shape), path.rpartition(".")[2]
            shapes[f"visual.{stage}.0.downsample.{0 if kind == 4 else 1}.{tensor}"] = shape
        else:
            shapes[_openai(path)] = shape
    found = identify(shapes)
    assert found.fits, found.problems[:3]
    assert found.spec == spec
    assert found.names["visual.attnpool.k_proj.bias"] == "attnpool.k_bias"


class ArcFaceHead(nn.Module):
    """The end of insightface's iresnet.py (arcface_torch/backbones): bn2, dropout, flatten, fc, features."""

    def __init__(self, channels: int, side: int, features: int) -> None:
        super().__init__()
        self.bn2 = nn.BatchNorm2d(channels)
        self.fc = nn.Linear(channels * side * side, features)
        self.features = nn.BatchNorm1d(features)
        nn.init.constant_(self.features.weight, 1.0)
        self.features.weight.requires_grad = False

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.features(self.fc(torch.flatten(self.bn2(x), 1)))  # type: ignore[no-any-return]


def test_an_embedding_is_insightfaces() -> None:
    settings = "pool=none map_side=2 head_norm=true head=embedding classes=5 widths=4,4,6,8 stem=cifar stem_pool=none"
    spec = assign(find("resnet18"), *settings.split(), "strides=2,2,2,2", "activation=prelu")
    ours, head = build(spec).double(), ArcFaceHead(8, 2, 5).double()
    names = {"bn2": "norm", "fc": "fc", "features": "fc_norm"}
    state = {name: value.uniform_(0.5, 1.5) for name, value in head.state_dict().items() if value.is_floating_point()}
    state["features.weight"].fill_(1.0)
    head.load_state_dict(state, strict=False)
    moved = {f"{names[name.partition('.')[0]]}.{name.partition('.')[2]}": value for name, value in state.items()}
    ours.load_state_dict(moved, strict=False)
    for training in (False, True):
        x = torch.randn(3, 3, 32, 32, dtype=torch.float64)
        ours.train(training), head.train(training)
        maps = list(ours.features(x).values())[-1]
        torch.testing.assert_close(ours(x), head(maps))
    assert [name for name, _ in ours.get_submodule("fc_norm").named_parameters()] == ["bias"]


@each(
    "settings",
    [
        *("pool=gem", "pool=none", "head=embedding pool=none head_norm=true", "head=mlp", "pool=attention"),
        *("head=embedding head_norm=true", "pool=gem head=embedding", "head=mlp activation=prelu"),
        "head=mlp pool=gem head_norm=true",
    ],
)
@each("base", ["resnet18", "resnetv2_50", "nf_resnet26"])
def test_a_head_is_found_in_a_file(base: str, settings: str) -> None:
    spec = assign(find(base), *settings.split(), "classes=12")
    found = identify(tensors(compile_spec(spec)))
    assert found.fits, found.problems[:3]
    for key in ("pool", "head", "classes", "activation"):
        assert getattr(found.spec, key) == getattr(spec, key), key


def test_a_flattened_map_has_one_size() -> None:
    network = compile_spec(assign(find("resnet18"), "pool=none"))
    with pytest.raises(InputError, match="weights for a map of 7×7, not 8×8") as raised:
        analyse(network, InputShape(1, 256, 256))
    assert raised.value.remedy == "Give an image of 224×224 pixels, or set map_side to 8."
    analysis = analyse(network, InputShape(2, 200, 224))
    assert analysis.total.output == (2, 1000)
    needed = needs(analysis)
    assert (needed.smallest_inference, needed.largest) == (193, 224)


def test_gem_is_a_mean_at_1_and_nearly_the_maximum_far_above() -> None:
    pool = GeM()
    x = torch.rand(2, 512, 7, 7) + 0.1
    for p, expected in ((1.0, x.mean((2, 3))), (200.0, x.amax((2, 3)))):
        nn.init.constant_(pool.p, p)
        torch.testing.assert_close(pool(x).flatten(1), expected, rtol=0.03, atol=0)
