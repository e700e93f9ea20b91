"""Published weights: what there is, and downloads that come whole, or not at all with a sentence."""

import errno
import hashlib
import os
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import torchvision

from resnet_explorer.errors import ExplorerError
from resnet_explorer.finetuning import weights
from resnet_explorer.finetuning.choices import WeightsChoice
from resnet_explorer.finetuning.plan import TunePlan
from resnet_explorer.finetuning.values import Published
from resnet_explorer.finetuning.weights import start
from resnet_explorer.network import compile_spec
from resnet_explorer.readings import analyse
from resnet_explorer.readings.progress import Progress
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.catalogue import CATALOGUE, find
from resnet_explorer.spec.change import assign


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "home"))


@pytest.fixture
def offered(tmp_path: Path) -> Published:
    """Weights of ResNet-18 that lie in a folder as if in the network."""
    file = tmp_path / "part.pth"
    torch.save(torchvision.models.resnet18().state_dict(), file)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()[:8]
    file = file.rename(tmp_path / f"resnet18-{digest}.pth")
    return replace(weights.find_published(find("resnet18"), "DEFAULT"), url=file.as_uri())


def files(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.is_file()]


def test_ten_networks_have_published_weights() -> None:
    rows = [row for name in CATALOGUE for row in weights.published(find(name))]
    assert len({one.network for one in rows}) == 10 and sum(one.is_default for one in rows) == 10
    for one in rows:
        assert one.parameters == analyse(compile_spec(find(one.network)), InputShape()).total.params
        assert len(one.classes) == 1000
        assert one.url.startswith("https://download.pytorch.org/models/") and not one.cached and one.licence


def test_torchvisions_own_figures_are_told() -> None:
    one = weights.find_published(find("resnet50"), "DEFAULT")
    assert (one.name, one.top1, one.preprocess.resize, one.preprocess.crop) == ("IMAGENET1K_V2", 80.858, 232, 224)
    assert weights.find_published(find("resnet50"), "IMAGENET1K_V1").top1 == 76.13
    assert 102 < one.bytes / 1e6 < 103 and "BSD-3-Clause" in one.licence


def test_other_heads_have_them_too_and_other_networks_none() -> None:
    assert weights.published(assign(find("resnet18"), "classes=7", "dropout=0.2"))
    assert not weights.published(find("resnet20"))
    with pytest.raises(ExplorerError, match="publishes no weights for ResNet-20"):
        weights.find_published(find("resnet20"), "DEFAULT")
    with pytest.raises(ExplorerError, match="Choose DEFAULT or IMAGENET1K_V1"):
        weights.find_published(find("resnet18"), "IMAGENET1K_V9")


def test_a_download_comes_whole_and_is_used_from_then_on(offered: Published, tmp_path: Path) -> None:
    *steps, file = weights.download(offered)
    assert isinstance(file, Path) and files(tmp_path / "home") == [file.name]
    done = [one.done for one in steps if isinstance(one, Progress)]
    assert done == sorted(done) and done[-1] == file.stat().st_size
    assert list(weights.download(offered)) == [file], "not again"
    published = weights.cache() / weights.find_published(find("resnet18"), "DEFAULT").url.rpartition("/")[2]
    file.rename(published)
    assert weights.find_published(find("resnet18"), "DEFAULT").cached == str(published)
    model, started = start(TunePlan(find("resnet18"), WeightsChoice(), classes=("a", "b")))
    assert started.loaded == 120 and "head of 1,000 classes was not loaded" in started.sentences[1]
    assert torch.equal(model.get_parameter("conv1.weight"), torch.load(published)["conv1.weight"])


def test_other_content_is_not_kept(offered: Published, tmp_path: Path) -> None:
    file = tmp_path / "resnet18-00000000.pth"
    file.write_bytes(b"something else")
    with pytest.raises(ExplorerError, match="differs from what was published"):
        list(weights.download(replace(offered, url=file.as_uri())))
    assert not files(tmp_path / "home")


def test_to_stop_asking_leaves_nothing(offered: Published, tmp_path: Path) -> None:
    steps = weights.download(offered)
    next(steps)
    assert files(tmp_path / "home")
    steps.close()
    assert not files(tmp_path / "home")


def test_no_network_and_a_full_disk_are_said(
    offered: Published, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ExplorerError, match=r"could not be downloaded .* put the file into"):
        list(weights.download(replace(offered, url="http://127.0.0.1:9/resnet18-f37072fd.pth")))

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ExplorerError, match=r"cannot be written .* No space left"):
        list(weights.download(offered))
    assert not files(tmp_path / "home")
