"""Weights come in safely, all or nothing, and go out so that they come back."""

import os
import pickle
import struct
import sys
from pathlib import Path

import pytest
import timm
import torch
import torchvision
from safetensors.torch import save_file

from resnet_explorer.errors import CheckpointError, ExportError
from resnet_explorer.module import build
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.catalogue import find
from resnet_explorer.spec.change import assign
from resnet_explorer.weights import checkpoint
from resnet_explorer.weights.reader import read
from tests.timm_reference import shaken


@pytest.mark.parametrize("suffix", [".safetensors", ".pth", ".pt"])
def test_what_is_saved_comes_back_with_its_spec(tmp_path: Path, suffix: str) -> None:
    """Also what tensors cannot tell: where the stride sits, and which activation it has."""
    spec = assign(find("resnet50"), "stride=1x1", "activation=silu", "width=8", "classes=7")
    model = build(spec).eval()
    file = tmp_path / f"net{suffix}"
    checkpoint.save(model, spec, file)
    assert [path.name for path in tmp_path.iterdir()] == [file.name]
    loaded, found = checkpoint.load(file)
    assert (found.spec, found.assumed, found.fits) == (spec, (), True)
    image = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        assert torch.equal(loaded(image), model(image))


@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
@pytest.mark.parametrize("wrap", ["plain", "state_dict", "model"])
def test_torchvisions_and_timms_files_load(tmp_path: Path, suffix: str, wrap: str) -> None:
    for theirs, name in ((torchvision.models.resnet18(), "resnet18"), (timm.create_model("resnet26t"), "resnet26t")):
        state = shaken(theirs).eval().state_dict()
        file = tmp_path / f"{name}{suffix}"
        if suffix == ".safetensors":
            save_file(state, file)
        else:
            torch.save(state if wrap == "plain" else {wrap: state, "epoch": 3}, file)
        ours, found = checkpoint.load(file)
        assert found.spec.name == name
        image = torch.randn(1, 3, 64, 64)
        with torch.no_grad():
            assert torch.allclose(ours(image), theirs(image), rtol=1e-4, atol=1e-4)


def test_nothing_is_loaded_by_halves(tmp_path: Path) -> None:
    state = torchvision.models.resnet18().state_dict()
    del state["layer3.0.bn2.weight"]
    file = tmp_path / "half.pth"
    torch.save(state, file)
    with pytest.raises(CheckpointError, match=r"does not fit resnet18: layer3.0.bn2.weight is missing"):
        checkpoint.load(file)


def test_a_tensor_that_claims_more_than_its_storage_is_refused_before_it_is_copied(tmp_path: Path) -> None:
    """1.5 kB on disk that claim 10 GB: a view with strides of 0."""
    file = tmp_path / "claims.pth"
    torch.save({"conv1.weight": torch.zeros(1).expand(50_000, 50_000)}, file)
    assert file.stat().st_size < 2000
    with pytest.raises(CheckpointError, match="claims 10,000,000,000 bytes, but the file holds 4"):
        read(file)


class Harmful:
    """What a malicious file does when it is unpickled."""

    def __reduce__(self) -> tuple[object, ...]:
        return os.system, (f'{sys.executable} -c \'open("harm", "w")\'',)


@pytest.mark.parametrize("form", ["torch", "pickle"])
def test_no_code_runs_from_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "harmful.pth"
    if form == "torch":
        torch.save({"conv1.weight": Harmful()}, file)
    else:
        file.write_bytes(pickle.dumps(Harmful()))
    with pytest.raises(CheckpointError) as caught:
        read(file)
    assert not (tmp_path / "harm").exists()
    assert "could run somebody's code" in caught.value.what or "cannot be read" in caught.value.what


def _lying_header() -> bytes:
    header = b'{"conv1.weight":{"dtype":"F32","shape":[50000,50000],"data_offsets":[0,10000000000]}}'
    return struct.pack("<Q", len(header)) + header + b"\0" * 16


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.pth", b""),
        ("empty.safetensors", b""),
        ("junk.pth", b"\x00\x01\x02junk" * 100),
        ("junk.safetensors", b"\xff" * 64),
        ("text.pt", b"weights"),
        ("lies.safetensors", _lying_header()),
        ("cut.pth", b"PK\x03\x04" + b"\0" * 30),
    ],
)
def test_what_is_no_checkpoint_is_said_in_a_sentence(tmp_path: Path, name: str, content: bytes) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    with pytest.raises(CheckpointError) as caught:
        read(file)
    assert caught.value.where == str(file)
    assert name in caught.value.what and "\n" not in str(caught.value) and len(str(caught.value)) < 400


def test_a_truncated_file(tmp_path: Path) -> None:
    whole = tmp_path / "whole.pth"
    checkpoint.save(build(find("resnet20")), find("resnet20"), whole)
    cut = tmp_path / "cut.pth"
    cut.write_bytes(whole.read_bytes()[:-2000])
    with pytest.raises(CheckpointError):
        read(cut)


def test_places_that_cannot_be_read_or_written(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.pth", tmp_path):
        with pytest.raises(CheckpointError):
            read(path)
    spec = find("resnet20")
    with pytest.raises(ExportError, match="its folder does not exist"):
        checkpoint.save(build(spec), spec, tmp_path / "nowhere" / "net.pth")
    with pytest.raises(CheckpointError, match="not a weights file"):
        checkpoint.save(build(spec), spec, tmp_path / "net.txt")


def test_a_large_file_is_asked_about_first(tmp_path: Path) -> None:
    file = tmp_path / "net.pth"
    checkpoint.save(build(find("resnet20")), find("resnet20"), file)
    with pytest.raises(CheckpointError, match="--allow-large"):
        read(file, limit=1000)


def test_statistics_are_those_of_the_values() -> None:
    values = torch.tensor([[-1.0, 0.0], [1.0, 2.0]])
    (stats,) = checkpoint.statistics([("w", values), ("count", torch.tensor(3))])
    assert (stats.name, stats.shape, stats.least, stats.greatest) == ("w", (2, 2), -1.0, 2.0)
    assert stats.norm == pytest.approx(6**0.5) and stats.mean == 0.5 and stats.std == pytest.approx(1.25**0.5)
    assert sum(stats.histogram) == 4 and stats.histogram[0] == stats.histogram[-1] == 1


def test_statistics_of_strange_values() -> None:
    values = torch.tensor([float("nan"), float("inf"), 3.0, 3.0])
    (stats,) = checkpoint.statistics([("w", values)])
    assert (stats.strange, stats.mean, sum(stats.histogram)) == (2, 3.0, 2)
    (empty,) = checkpoint.statistics([("w", torch.tensor([float("nan")]))])
    assert (empty.strange, empty.norm) == (1, 0.0)


def test_onnx_says_the_same_of_an_image(tmp_path: Path) -> None:
    """By ONNX's own reference, which runs every operator as its standard says."""
    import onnx
    from onnx.reference import ReferenceEvaluator

    spec = assign(find("resnet20"), "width=4", "blocks=1,1,1")
    model, file = build(spec).eval(), tmp_path / "net.onnx"
    checkpoint.save(model, spec, file, InputShape(1, 16, 16))
    graph = onnx.load(file)
    onnx.checker.check_model(graph)
    x = torch.randn(1, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    (said,) = ReferenceEvaluator(graph).run(None, {graph.graph.input[0].name: x.numpy()})
    assert torch.allclose(torch.tensor(said), model(x), atol=1e-5)
    assert [path.name for path in tmp_path.iterdir()] == ["net.onnx"]


def test_onnx_says_what_it_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint, "find_spec", lambda name: None)
    file = tmp_path / "net.onnx"
    with pytest.raises(CheckpointError) as caught:
        checkpoint.save(build(find("resnet20")), find("resnet20"), file)
    assert "pip install" in caught.value.remedy
    assert not file.exists()
