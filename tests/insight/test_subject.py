"""From a run's folder to a network and its images, and the images as they are seen."""

from pathlib import Path

import pytest
import torch

from resnet_explorer.errors import CheckpointError, ExplorerError
from resnet_explorer.images.choice import DIGITS, DataChoice, DataKind
from resnet_explorer.insight.lab import features, filters, gallery, load, maps_at, pixels
from resnet_explorer.insight.values import (
    Features,
    FeaturesRequest,
    FiltersRequest,
    GalleryRequest,
    map_paths,
    nearest_map,
)
from resnet_explorer.module import build
from resnet_explorer.module.build import ResNet
from resnet_explorer.probes.data import source
from resnet_explorer.runs.plan import RunPlan
from resnet_explorer.spec.catalogue import find
from resnet_explorer.spec.change import assign
from tests.inside_subject import IMAGE, images_of, kept_in, plan, trained
from tests.narrow import last


def fresh(folder: str, asked: RunPlan) -> ResNet:
    return trained(0, asked)


def test_a_run_folder_gives_back_its_network_whatever_else_it_holds(tmp_path: Path) -> None:
    model = trained(20)
    kept_in(tmp_path, plan(), model)
    loaded = load(str(tmp_path), plan())
    assert all(torch.equal(one, loaded.state_dict()[name]) for name, one in model.state_dict().items())
    (found,) = filters(FiltersRequest(str(tmp_path), plan()))
    assert torch.equal(torch.from_numpy(found.weights), model.state_dict()["conv1.weight"])
    with pytest.raises(CheckpointError, match="another network"):
        load(str(tmp_path), plan("width=4"))
    with pytest.raises(ExplorerError, match="holds no run"):
        load(str(tmp_path / "nowhere"), plan())


def test_images_are_seen_as_they_were_before_they_were_scaled() -> None:
    images = images_of(plan())
    seen = pixels(images, images.take(images.test[:5])[0])
    original = source(DIGITS).pick(images.test[:5], IMAGE.height, IMAGE.width)
    assert seen.shape == (5, 8, 8, 1) and seen.dtype == "uint8"
    assert torch.equal(torch.from_numpy(seen)[..., 0], (original[:, 0] * 255).round().to(torch.uint8))


def test_noise_is_spread_over_its_own_range() -> None:
    noisy = plan(data=DataChoice(DataKind.NOISE))
    images = images_of(noisy)
    seen = pixels(images, images.take(images.test[:2])[0])
    assert seen.min() == 0 and seen.max() == 255


def test_a_page_of_test_images_has_their_classes() -> None:
    (found,) = gallery(GalleryRequest("", plan(), first=290, count=120))
    assert len(found.pixels) == len(found.truth) == 7 and found.total == 297
    labels = source(DIGITS).labels
    assert found.truth == tuple(labels[-7:].tolist())


@pytest.mark.parametrize(
    "settings",
    [
        "",
        "shortcut=B",
        "order=v2",
        "residual=false",
        "block=bottleneck",
        "attention=se",
        "gating=exclusive",
        "stem=deep",
    ],
)
def test_every_address_that_is_offered_puts_out_maps_and_no_hook_stays(settings: str) -> None:
    spec = assign(find("resnet20"), "in_channels=1", "width=8", *settings.split())
    model, x = build(spec).eval(), torch.randn(1, 1, 16, 16)
    for path in map_paths(spec):
        found = maps_at(model, path, x)
        assert found.ndim == 4 and found.shape[0] == 1, path
    assert not any(module._forward_hooks for module in model.modules())
    assert map_paths(spec)[-1] == "layer3" and map_paths(spec)[0].startswith("conv1")


def test_an_address_without_maps_means_what_is_around_it() -> None:
    spec = plan().spec
    assert nearest_map(spec, "layer2.0.add") == "layer2.0"
    assert nearest_map(spec, "layer2.0.conv1") == "layer2.0.conv1"
    assert nearest_map(spec, "fc") == nearest_map(spec, "") == "layer3"


def test_maps_are_what_the_layer_put_out_before_anything_worked_on_it_in_place() -> None:
    model = trained(0).eval()
    x = images_of(plan()).take(torch.tensor([1600]))[0]
    after_norm = maps_at(model, "bn1", x)
    assert after_norm.min() < 0, "the ReLU behind it works in place"
    assert torch.equal(after_norm.relu(), maps_at(model, "relu", x))


def test_the_maps_of_a_stage_are_those_of_its_last_block() -> None:
    stage = last(Features, features(FeaturesRequest("", plan(), 3, "layer2"), fresh))
    block = last(Features, features(FeaturesRequest("", plan(), 3, "layer2.0"), fresh))
    assert stage.maps.shape == (16, 4, 4) and (stage.maps == block.maps).all()
    with pytest.raises(ExplorerError, match="no layer nowhere"):
        list(features(FeaturesRequest("", plan(), 3, "nowhere"), fresh))
    with pytest.raises(ExplorerError, match="no test image 297"):
        list(features(FeaturesRequest("", plan(), 297, "layer2"), fresh))


def test_the_first_filters_are_the_first_convolutions_weights() -> None:
    model = trained(0)
    (found,) = filters(FiltersRequest("", plan()), lambda folder, asked: model)
    assert found.path == "conv1" and found.weights.shape == (8, 1, 3, 3)
    assert torch.equal(torch.from_numpy(found.weights), model.state_dict()["conv1.weight"])
