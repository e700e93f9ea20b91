"""Files of weights as people have them: what is read of each, and what is said of the others."""

import argparse
import collections
import io
import json
import pickle
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from resnet_explorer.errors import CheckpointError
from resnet_explorer.module import build
from resnet_explorer.spec.catalogue import find
from resnet_explorer.spec.change import assign
from resnet_explorer.weights.reader import read

NET = build(assign(find("resnet20"), "width=2", "blocks=1,1,1"))
STATE = NET.state_dict()


class Opaque(nn.Module):
    """A class of which a reader of its file knows nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Conv2d(3, 4, 3, bias=False), nn.BatchNorm2d(4))
        self.register_buffer("scratch", torch.zeros(3), persistent=False)
        self.unregistered = torch.zeros(7)


OPAQUE = Opaque()


def adam() -> torch.optim.Optimizer:
    optimiser = torch.optim.Adam(NET.parameters())
    for parameter in NET.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimiser.step()
    NET.zero_grad()
    return optimiser


def saved(content: object, **how: Any) -> Callable[[Path], object]:
    return lambda path: torch.save(content, path, **how)


def pickled(content: object, protocol: int) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(pickle.dumps(content, protocol))


def nested_by_module(state: dict[str, Tensor]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, tensor in state.items():
        *parts, last = name.split(".")
        place = found
        for part in parts:
            place = place.setdefault(part, {})
        place[last] = tensor
    return found


def rezipped(
    content: object, change: Callable[[str, bytes], bytes] = lambda name, data: data
) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        buffer = io.BytesIO()
        torch.save(content, buffer)
        source = zipfile.ZipFile(buffer)
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
            for name in source.namelist():
                target.writestr(name, change(name, source.read(name)))

    return write


def big_endian(name: str, data: bytes) -> bytes:
    if name.endswith("byteorder"):
        return b"big"
    numbers = "/data/" in name and len(data) % 4 == 0 and len(data) != 8  # the counters have eight bytes
    return np.frombuffer(data, "<f4").byteswap().tobytes() if numbers else data[::-1] if "/data/" in name else data


ARRAYS = {name: tensor.numpy() for name, tensor in STATE.items()}
WRAPPED: dict[str, Callable[[Path], object]] = {
    "plain.pth": saved(STATE),
    "legacy.pth": saved(STATE, _use_new_zipfile_serialization=False),
    "protocol5.pth": saved(STATE, pickle_protocol=5),
    "deep.pth": saved({"a": {"b": {"c": {"d": {"e": {"net": STATE, "epoch": 3}}}}}}),
    "pair.pth": saved((STATE, 3)),
    "modules.pth": saved({"params": nested_by_module(STATE)}),
    "parameters.pth": saved(
        collections.OrderedDict((k, nn.Parameter(v) if "num" not in k else v) for k, v in STATE.items())
    ),
    "torchvision.pth": saved(
        {"optimizer": adam().state_dict(), "model": STATE, "args": argparse.Namespace(lr=0.1), "epoch": 3}
    ),
    "lightning.ckpt": saved(
        {
            "optimizer_states": [adam().state_dict()],
            "state_dict": STATE,
            "hyper_parameters": {"data_dir": Path("/data/x"), "lr": np.float64(0.1)},
            "callbacks": {"ModelCheckpoint": {"best_model_score": torch.tensor(0.3)}},
        }
    ),
    "optimiser.pth": saved({"optimizer": adam(), "weights": STATE}),
    "scalar.pth": saved({"best_acc1": torch.tensor(70.1), "state_dict": STATE, "acc": np.float32(3)}),
    "module.pth": saved(NET),
    "module_in.pt": saved({"model": NET, "epoch": 3}),
    "module_legacy.pt": saved(NET, _use_new_zipfile_serialization=False),
    "compressed.pth": rezipped(STATE),
    "big_endian.pth": rezipped(STATE, big_endian),
    "numpy0.pkl": pickled({"model": ARRAYS, "__author__": "somebody"}, 0),
    "numpy2.pkl": pickled({"model": ARRAYS, "__author__": "somebody"}, 2),
    "numpy5.pkl": pickled(ARRAYS, 5),
    "tensors.pkl": pickled({"state": STATE}, 4),
    "arrays.npz": lambda path: np.savez(path, **ARRAYS),
    "compressed.npz": lambda path: np.savez_compressed(path, **ARRAYS),
    "net.safetensors": lambda path: save_file(STATE, path),
    "misnamed.bin": lambda path: save_file(STATE, path),
}


@pytest.mark.parametrize("name", WRAPPED)
def test_the_state_dictionary_is_found_in_whatever_it_is_wrapped(tmp_path: Path, name: str) -> None:
    WRAPPED[name](tmp_path / name)
    found = read(tmp_path / name)
    assert dict(found.tensors).keys() == STATE.keys()
    assert all(torch.equal(found.tensors[key], tensor) for key, tensor in STATE.items())
    assert found.keys == () and found.key is None
    if not name.endswith((".safetensors", ".bin")):  # which sort by type and name
        assert list(found.tensors) == list(STATE)


def test_a_class_that_nobody_knows_is_read_as_its_module_would_tell(tmp_path: Path) -> None:
    torch.save({"net": nn.DataParallel(OPAQUE), "epoch": 1}, tmp_path / "opaque.pth")
    found = read(tmp_path / "opaque.pth")
    assert list(found.tensors) == [f"module.{name}" for name in OPAQUE.state_dict()]
    assert found.notes == (
        "The file holds a whole module under 'net' (torch.nn.parallel.data_parallel.DataParallel); "
        "its code was not run, its tensors were read.",
    )


def test_programs_are_read_as_their_weights(tmp_path: Path) -> None:
    image = torch.zeros(1, 3, 8, 8)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.trace(OPAQUE.encoder.eval(), image).save(str(tmp_path / "traced.pt"))
        torch.export.save(torch.export.export(OPAQUE.encoder.eval(), (image,)), tmp_path / "exported.pt2")
    state = OPAQUE.encoder.state_dict()
    for name, kind in (("traced.pt", "TorchScript"), ("exported.pt2", "torch.export")):
        found = read(tmp_path / name)
        assert found.tensors.keys() == state.keys() and kind in found.notes[0]
        assert all(torch.equal(found.tensors[key], tensor) for key, tensor in state.items())


keys = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1, max_size=8)
noise = st.one_of(
    st.integers(), st.floats(), st.text(max_size=5), st.none(), st.just(Path("x")), st.just(torch.ones(2))
)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(keys, st.dictionaries(keys, noise, max_size=3)), max_size=12))
def test_no_wrapping_hides_it(
    tmp_path_factory: pytest.TempPathFactory, layers: list[tuple[str, dict[str, object]]]
) -> None:
    content: object = STATE
    for key, beside in layers:
        content = {**beside, key: content}
    path = tmp_path_factory.getbasetemp() / "wrapped.pth"
    torch.save(content, path)
    found = read(path)
    assert list(found.tensors) == list(STATE)
    assert all(torch.equal(found.tensors[key], tensor) for key, tensor in STATE.items())


def shifted(by: float) -> dict[str, Tensor]:
    return {name: tensor + by if tensor.is_floating_point() else tensor for name, tensor in STATE.items()}


@pytest.mark.parametrize(
    ("content", "chosen", "other"),
    [
        ({"state_dict": STATE, "state_dict_ema": shifted(1)}, "state_dict", "state_dict_ema"),
        ({"model_ema": shifted(1), "model": STATE}, "model", "model_ema"),
        ({"teacher": shifted(1), "student": STATE, "epoch": 3}, "student", "teacher"),
        ({"ema": {"shadow": shifted(1)}, "net": STATE}, "net", "ema.shadow"),
        (
            {"discriminator": {f"{i}.weight": torch.zeros(4, 4, 5, 5) for i in range(40)}, "g": STATE},
            "g",
            "discriminator",
        ),
    ],
)
def test_of_several_networks_one_is_taken_and_the_other_offered(
    tmp_path: Path, content: object, chosen: str, other: str
) -> None:
    path = tmp_path / "two.pth"
    torch.save(content, path)
    found = read(path)
    assert found.key == chosen and set(found.keys) == {chosen, other}
    assert torch.equal(found.tensors["fc.bias"], STATE["fc.bias"])
    assert found.notes[0] == f"These are the weights under '{chosen}'." and f"'{other}'" in found.notes[1]
    asked = read(path, key=other)
    assert asked.key == other and not torch.equal(next(iter(asked.tensors.values())), STATE["conv1.weight"])
    with pytest.raises(CheckpointError, match=r"no weights under 'nothing'. Choose one of: "):
        read(path, key="nothing")


def test_the_same_dictionary_twice_is_said(tmp_path: Path) -> None:
    torch.save({"state_dict": STATE, "state_dict_ema": STATE}, tmp_path / "twice.pth")
    found = read(tmp_path / "twice.pth")
    assert found.notes[1] == "The file also holds 'state_dict_ema': the same tensors."


def test_a_backbone_and_its_head_in_dictionaries_of_their_own_stay_together(tmp_path: Path) -> None:
    backbone = {name: tensor for name, tensor in STATE.items() if not name.startswith("fc.")}
    head = {"weight": STATE["fc.weight"], "bias": STATE["fc.bias"]}
    torch.save({"backbone": backbone, "head": head, "optimizer": adam().state_dict()}, tmp_path / "parts.pth")
    found = read(tmp_path / "parts.pth")
    assert list(found.tensors) == [*(f"backbone.{name}" for name in backbone), "head.weight", "head.bias"]


def test_an_average_is_called_one(tmp_path: Path) -> None:
    torch.save(AveragedModel(NET).state_dict(), tmp_path / "average.pth")
    found = read(tmp_path / "average.pth")
    assert list(found.tensors) == [f"module.{name}" for name in STATE]
    assert found.notes == ("The weights are a running average (n_averaged is 0).",)


@pytest.fixture
def shards(tmp_path: Path) -> Path:
    """A folder as transformers saves it."""
    names = list(STATE)
    parts = {f"model-0000{i + 1}-of-00002.safetensors": names[i::2] for i in range(2)}
    for file, some in parts.items():
        save_file({name: STATE[name] for name in some}, tmp_path / file)
    table = {name: file for name in names for file, some in parts.items() if name in some}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": table}))
    return tmp_path


@pytest.mark.parametrize("given", ["model.safetensors.index.json", "model-00002-of-00002.safetensors", "."])
def test_shards_are_read_together(shards: Path, given: str) -> None:
    found = read(shards / given)
    assert list(found.tensors) == list(STATE)
    assert all(torch.equal(found.tensors[name], tensor) for name, tensor in STATE.items())
    assert found.notes == ("Read 2 shards by their index model.safetensors.index.json.",)


def test_a_lone_shard_says_that_it_is_one_of_two(shards: Path) -> None:
    index = shards / "model.safetensors.index.json"
    (shards / "model-00001-of-00002.safetensors").rename(shards / "elsewhere")
    with pytest.raises(CheckpointError, match=r"is an index of 2 shards, of which 1 are missing, such as model-00001"):
        read(index)
    index.unlink()
    with pytest.raises(CheckpointError, match=r"is shard 2 of 2, and the index model.safetensors.index.json is not"):
        read(shards / "model-00002-of-00002.safetensors")


@pytest.mark.parametrize("target", ["../secret.pth", "/etc/passwd", "..", "a\\b", "model.safetensors.index.json"])
def test_an_index_reads_no_file_of_another_place(tmp_path: Path, target: str) -> None:
    index = tmp_path / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"a": target}}))
    with pytest.raises(CheckpointError, match=r"in another place|under another name"):
        read(index)


def test_a_folder_of_transformers(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"is a folder without model.safetensors or pytorch_model.bin"):
        read(tmp_path)
    torch.save(STATE, tmp_path / "pytorch_model.bin")
    assert list(read(tmp_path).tensors) == list(STATE)


def keras_layer(name: str) -> tuple[str, str]:
    """Return how Keras names a layer and a tensor of ours."""
    layer, _, tensor = name.rpartition(".")
    norm = layer.rpartition(".")[2].startswith("bn") or layer.endswith("downsample.1")
    kinds = {"weight": "gamma" if norm else "kernel", "bias": "beta" if norm else "bias"}
    kind = kinds.get(tensor) or {"running_mean": "moving_mean", "running_var": "moving_variance"}[tensor]
    if layer in ("conv1", "bn1", "fc"):
        return {"conv1": "conv1_conv", "bn1": "conv1_bn", "fc": "predictions"}[layer], kind
    stage, block, *rest = layer.removeprefix("layer").split(".")
    number = "0" if rest[0] == "downsample" else rest[0][-1]
    return f"conv{int(stage) + 1}_block{int(block) + 1}_{number}_{'bn' if norm else 'conv'}", kind


def test_a_resnet_of_keras_gives_the_same_outputs(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    spec = assign(find("resnet50"), "width=4", "blocks=1,1,1,1", "stride=1x1", "classes=5")
    net = build(spec).eval()
    for name, buffer in net.named_buffers():
        if name.endswith(("mean", "var")):
            buffer.uniform_(0.5, 1.5)
    biases: dict[str, Tensor] = {}
    with h5py.File(tmp_path / "keras.h5", "w") as file:
        for name, tensor in net.state_dict().items():
            if name.endswith("num_batches_tracked"):
                continue
            layer, kind = keras_layer(name)
            group = file.require_group(f"{layer}/{layer}")
            values = tensor.permute(2, 3, 1, 0) if tensor.dim() == 4 else tensor.T if tensor.dim() == 2 else tensor
            if kind == "moving_mean":  # as if the convolution before it had a bias
                biases[layer.replace("bn", "conv")] = torch.rand_like(tensor)
                values = values + biases[layer.replace("bn", "conv")]
            group[f"{kind}:0"] = values.numpy()
        for layer, bias in biases.items():
            file[f"{layer}/{layer}/bias:0"] = bias.numpy()
    found = read(tmp_path / "keras.h5")
    assert found.spec is not None and found.spec.stride == spec.stride
    assert any("folded into the batch norms" in note for note in found.notes)
    loaded = build(spec).eval()
    assert not loaded.load_state_dict(dict(found.tensors), strict=False).unexpected_keys
    image = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        assert torch.allclose(loaded(image), net(image), rtol=1e-4, atol=1e-5)


def test_keras_says_what_it_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "h5py", None)
    (tmp_path / "net.h5").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))
    with pytest.raises(CheckpointError, match=r"is an HDF5 file, as Keras saves; reading it needs h5py. Install it"):
        read(tmp_path / "net.h5")


WHOLE = io.BytesIO()
torch.save(STATE, WHOLE)
LEGACY = io.BytesIO()
torch.save(STATE, LEGACY, _use_new_zipfile_serialization=False)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("page.pth", b"\n <!DOCTYPE html><html>404 Not found</html>", "is a web page (HTML)"),
        (
            "lfs.pth",
            b"version https://git-lfs.github.com/spec/v1\noid sha256:4d\nsize 46827520\n",
            "is a Git LFS pointer",
        ),
        ("net.onnx", b"\x08\x08\x12\x07pytorch\x1a\x05", "is an ONNX file"),
        ("renamed.pth", b"\x08\x08\x12\x07pytorch\x1a\x05", "is an ONNX file"),
        ("config.json", b'{"depths": [2, 2]}', "is a JSON file that lists no weights"),
        ("notes.txt", b"epoch 1, loss 2\n", "is a text file"),
        ("net.py", b"import torch\n", "is Python source"),
        ("photo.pth", b"\x89PNG\r\n\x1a\n" + bytes(20), "is an image (PNG)"),
        ("net.tar", b"x".ljust(257, b"\0") + b"ustar" + bytes(250), "is a tar archive"),
        ("net.tar.gz", b"\x1f\x8b\x08" + bytes(20), "is compressed with gzip"),
        ("one.npy", b"\x93NUMPY\x01\x00" + bytes(20), "is a single NumPy array"),
        ("net.pth", b"", "is empty (0 bytes)"),
        ("zeros.pth", bytes(5000), "begins with zeros only"),
        ("cut.pth", WHOLE.getvalue()[:-900], "is cut short or damaged"),
        ("half.pth", WHOLE.getvalue()[: len(WHOLE.getvalue()) // 2], "is cut short or damaged"),
        ("legacy.pth", LEGACY.getvalue()[:-900], "is cut short: its tensors need"),
        ("legacy2.pth", LEGACY.getvalue()[:900], "is cut short: its pickle has no end"),
        (
            "unknown.pth",
            b"\xfe\x01\x02\x03",
            "is not a file of weights that is known here: it begins with the bytes fe 01",
        ),
    ],
)
def test_what_is_no_file_of_weights_is_called_what_it_is(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(CheckpointError) as caught:
        read(tmp_path / name)
    assert caught.value.what.startswith(f"{name} {said}") and caught.value.what.endswith(".") and caught.value.remedy
    assert "code" not in str(caught.value) and "\n" not in str(caught.value)


def test_archives_and_lists_are_called_what_they_are(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "folder.zip", "w") as archive:
        archive.writestr("README.md", "read me")
        archive.writestr("resnet/model.pth", b"123")
    torch.save(list(STATE.values()), tmp_path / "list.pth")
    torch.save(adam().state_dict(), tmp_path / "optimiser.pth")
    torch.save({"epoch": 3}, tmp_path / "epoch.pth")
    for name, said in (
        ("folder.zip", "is a zip archive of 2 files, such as 'resnet/model.pth'. Unpack it"),
        ("list.pth", f"holds a list of {len(STATE)} tensors without names"),
        ("optimiser.pth", "holds no tensors of a network: it is the state of an optimiser alone"),
        ("epoch.pth", "holds no tensors: it is a dictionary of 'epoch'"),
    ):
        with pytest.raises(CheckpointError) as caught:
            read(tmp_path / name)
        assert caught.value.args[0].startswith(f"{name} {said}")
