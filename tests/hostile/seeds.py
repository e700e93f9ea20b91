"""Good files of every kind, as the app and others write them, all of small networks."""

import csv
import gzip
import io
import json
import pickle
import struct
import tempfile
import warnings
import zipfile
from collections.abc import Mapping
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from safetensors.torch import save

from resnet_explorer.codec import plain
from resnet_explorer.diagram.view import View
from resnet_explorer.features import resolve
from resnet_explorer.module import build
from resnet_explorer.runs.kept_results import Conditions, conditions
from resnet_explorer.runs.recipe import Recipe
from resnet_explorer.runs.recorded import Recording, made_here, to_values
from resnet_explorer.scenes.scene import Scene, State
from resnet_explorer.scenes.session import History, SavedResult, SavedSession, encode
from resnet_explorer.spec import InputShape, codec
from resnet_explorer.spec.catalogue import find
from resnet_explorer.spec.change import assign
from resnet_explorer.timing.values import MeasureTime
from resnet_explorer.training.values import FindRate
from tests import training_runs, tuning_runs
from tests.geometry import results

Files = Mapping[str, bytes]
NET = assign(find("resnet20"), "width=2", "blocks=1,1,1")
TIMES = MeasureTime(NET, InputShape(2, 16, 16))
RATES = FindRate(training_runs.plan())


@lru_cache(maxsize=1)
def state() -> Mapping[str, torch.Tensor]:
    torch.manual_seed(0)
    tensors: Mapping[str, torch.Tensor] = build(NET).state_dict()
    return tensors


@lru_cache(maxsize=1)
def run() -> Files:
    """A run that was interrupted, with the list of its folder."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "run"
        recipe = Recipe(4, 8, evaluate_every=2, measure_every=2, ema=0.9)
        training_runs.run(training_runs.plan(recipe), folder, 3)
        files = {
            file.name: file.read_bytes()
            for file in folder.iterdir()
            if file.suffix in (".json", ".jsonl", ".safetensors")
        }
    files |= {"name.txt": b"my run\n", "ended.json": b'{"problem":"The loss is not finite.","final":true}'}
    kept = json.loads(files["run.json"])["plan"]
    rows = {"format": "resnet-explorer runs", "version": 1, "runs": [{"folder": "a", "plan": kept}]}
    noted = {
        "format": "resnet-explorer unfinished runs",
        "version": 1,
        "runs": [{"folder": "a", "plan": kept, "tune": ""}],
    }
    return files | {"runs.json": json.dumps(rows).encode(), "unfinished-training.json": json.dumps(noted).encode()}


@lru_cache(maxsize=1)
def tuning() -> Files:
    """A fine-tuning of which an epoch is made."""
    with tempfile.TemporaryDirectory() as place:
        tuning_runs.tuned(tuning_runs.PLAN, Path(place) / "run", 7)
        return {
            file.name: file.read_bytes() for file in (Path(place) / "run").iterdir() if not file.name.startswith(".")
        }


def spec() -> bytes:
    return codec.dumps(assign(find("resnet50"), "attention=none,none,se,se", "width=8")).encode()


def old_spec() -> bytes:
    axes = {"name": "old", "block": "bottleneck", "blocks": [1, 2, 1, 1], "width": 8, "doubling": [True, True, False]}
    return json.dumps({"format": codec.FORMAT, "version": 1, "spec": axes}).encode()


@lru_cache(maxsize=1)
def session() -> bytes:
    states = tuple(State(find(name), InputShape(1, 64, 64)) for name in ("resnet18", "resnet50"))
    return encode(
        SavedSession(
            Scene(
                states[1],
                View(frozenset({"layer2.0"}), compare=True),
                "layer2.0.conv1",
                "cpu",
                "timing",
                {"Layers": True},
            ),
            {"diagram": {"Build": ("open", 320), "Code": ("closed", 270)}},
            History(states, ("choose resnet50",), 1),
            (SavedResult("timing", to_values(Recording(results.times(TIMES), made_here("cpu", "2.14")))),),
            {"training": ("degradation/plain-20", "mine")},
        )
    )


def session_head() -> bytes:
    return zipfile.ZipFile(io.BytesIO(session())).read("session.json")


def workspace() -> bytes:
    """A session of version 1."""
    entries = zipfile.ZipFile(io.BytesIO(session()))
    scene, history = (json.loads(entries.read(name)) for name in ("session.json", "history.json"))
    shown = {key: scene["scene"][key] for key in ("state", "view", "selection", "page")}
    values = {**shown, "drawers": {"diagram": {"Build": ["open", 320]}}, "history": history}
    return json.dumps({"format": "resnet-explorer workspace", "version": 1, "workspace": values}).encode()


def kept(request: Any, kind: str) -> bytes:
    """A result on disk, of a request that still has the same conditions."""
    result: object = results.times(request) if isinstance(request, MeasureTime) else results.rates(request)
    assert isinstance(result, resolve(kind))
    held: Conditions = conditions(request)
    content = {**to_values(Recording(result, made_here("cpu", held.torch))), "conditions": plain(held)}
    return gzip.compress(json.dumps(content).encode(), 1)


LESSON = """\
+++
title = "Shortcuts"
minutes = 5
level = "first"
knows = "why a shortcut helps"
topics = [1, 2]
+++
## The stem
The stem has {stem.convs} convolutions and {network.params} parameters.

[scene]
network = "resnet18"
set = ["width=8"]
input = "1x3x64x64"
[/scene]
"""
SWEEP = b"""\
title = "Width and rate"
depth = [8, 20]
residual = [true, false]
seeds = 3
data = "digits"
device = "cpu"
[set]
width = [4, 8]
[recipe]
rate = [0.02, 0.1]
steps = 40
"""


def pytorch(*, is_archive: bool = True) -> bytes:
    stream = io.BytesIO()
    tensors = state() if not is_archive else {"state_dict": state(), "epoch": 3, "note": "x"}
    torch.save(tensors, stream, _use_new_zipfile_serialization=is_archive)
    return stream.getvalue()


def module() -> bytes:
    stream = io.BytesIO()
    torch.save(build(NET), stream)
    return stream.getvalue()


def arrays() -> dict[str, Any]:
    return {name: tensor.numpy() for name, tensor in state().items()}


def npz() -> bytes:
    stream = io.BytesIO()
    np.savez(stream, **arrays())
    return stream.getvalue()


def pickled(protocol: int, *, tensors: bool = False) -> bytes:
    return pickle.dumps(dict(state()) if tensors else arrays(), protocol)


def safetensors() -> bytes:
    return save(dict(state()), metadata={"resnet_explorer_spec": codec.dumps(NET)})


def script() -> bytes:
    stream = io.BytesIO()
    with warnings.catch_warnings(action="ignore"):
        torch.jit.save(torch.jit.trace(build(NET).eval(), torch.zeros(1, 3, 8, 8), check_trace=False), stream)
    return stream.getvalue()


def exported() -> bytes:
    """The weights of a program of torch.export, as its archive holds them."""
    table, stream = {}, io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for number, (name, tensor) in enumerate(state().items()):
            numbers = 7 if tensor.is_floating_point() else 5
            meta = {
                "dtype": numbers,
                "sizes": [{"as_int": size} for size in tensor.shape],
                "strides": [{"as_int": step} for step in tensor.stride()],
                "storage_offset": {"as_int": 0},
            }
            table[name] = {"path_name": f"weight_{number}", "is_param": True, "use_pickle": False, "tensor_meta": meta}
            archive.writestr(f"net/data/weights/weight_{number}", tensor.numpy().tobytes())
        archive.writestr("net/data/weights/model_weights_config.json", json.dumps({"config": table}))
    return stream.getvalue()


def hdf5() -> bytes:
    import h5py

    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        for name in ("conv1", "conv2_block1_1_conv", "conv2_block1_2_conv"):
            file.create_dataset(f"{name}/{name}/kernel:0", data=np.ones((3, 3, 4, 4), "f4"), compression="gzip")
            file.create_dataset(f"{name}/{name}/bias:0", data=np.ones(4, "f4"))
    return stream.getvalue()


def shards() -> Files:
    names = list(state())
    half = {"a.safetensors": names[::2], "b.safetensors": names[1::2]}
    table = {name: file for file, inside in half.items() for name in inside}
    files = {file: save({name: state()[name] for name in inside}) for file, inside in half.items()}
    return {"model.safetensors.index.json": json.dumps({"weight_map": table}).encode(), **files}


@lru_cache(maxsize=1)
def pixels() -> Any:
    return np.random.default_rng(0).integers(0, 255, (12, 17, 3), np.uint8)


def image(kind: str, mode: str = "RGB", **how: Any) -> bytes:
    stream = io.BytesIO()
    if mode == "I;16":
        Image.fromarray(pixels()[..., 0].astype("u2") * 256).save(stream, kind, **how)
    else:
        Image.fromarray(pixels()).convert(mode).save(stream, kind, **how)
    return stream.getvalue()


def turned() -> bytes:
    """A JPEG with EXIF data: turned, with a time and a place."""
    made = Image.Exif()
    made[0x0112], made[0x0132] = 6, "2026:01:01 00:00:00"
    made.get_ifd(0x8825)[1] = "N"
    return image("JPEG", exif=made)


def array() -> bytes:
    stream = io.BytesIO()
    np.save(stream, pixels().astype("f4"))
    return stream.getvalue()


def idx(count: int) -> bytes:
    return struct.pack(">HBBIII", 0, 8, 3, count, 28, 28) + bytes(count * 28 * 28)


def idx_labels(count: int) -> bytes:
    return struct.pack(">HBBI", 0, 8, 1, count) + bytes(number % 10 for number in range(count))


def table(delimiter: str = ",", encoding: str = "utf-8") -> bytes:
    text = io.StringIO(newline="")
    rows = csv.writer(text, delimiter=delimiter)
    rows.writerow(["file", "label", "split", "note"])
    for name, label, part in (("a", "cat", "train"), ("b", "dog", "test"), ("c", "cat", "")):
        rows.writerow([f"images/{name}.png", label, part, 'a "b"'])
    return text.getvalue().encode(encoding)


PNG = partial(image, "PNG")
