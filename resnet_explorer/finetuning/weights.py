"""Initial weights: what torchvision publishes, downloads, files, and the network that starts from them."""

import hashlib
import os
import re
import secrets
import urllib.request
from collections.abc import Collection, Generator, Iterator, Mapping
from copy import deepcopy
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from resnet_explorer.errors import CheckpointError, ExplorerError
from resnet_explorer.finetuning import choices
from resnet_explorer.finetuning.plan import TunePlan
from resnet_explorer.finetuning.values import GreyMeasure, GreyReport, Published, Started, choose_published
from resnet_explorer.module.build import ResNet, add_adapter, build
from resnet_explorer.network import compile_spec
from resnet_explorer.network.tree import first_convolution
from resnet_explorer.probes.models import seeded
from resnet_explorer.readings.progress import Progress
from resnet_explorer.spec import ResNetSpec
from resnet_explorer.spec.catalogue import CATALOGUE, entry_of, title
from resnet_explorer.weights import checkpoint
from resnet_explorer.weights.compare import describe_head, refusal
from resnet_explorer.weights.identify import identify
from resnet_explorer.weights.reader import read as read_weights
from resnet_explorer.weights.values import Identified

LICENCE = (
    "torchvision (BSD-3-Clause) states no licence for the weights; the terms of ImageNet (non-commercial research)"
    " may apply."
)
CHUNK = 1 << 18
WAIT = 30
"""Seconds without an answer after which a download is given up."""
_HASH = re.compile(r"-([a-f0-9]{8,})\.")
"""torch.hub's names: a file ends in the first digits of its SHA-256."""


@lru_cache(maxsize=1)
def _all() -> Mapping[str, tuple[Published, ...]]:
    from torchvision import models  # a second, for those who ask for weights alone

    rows = (name for name in CATALOGUE if name in set(models.list_models(models)))
    return {name: tuple(_read(name, models.get_model_weights(name))) for name in rows}


def _read(network: str, kind: Any) -> Iterator[Published]:
    for weights in kind:
        meta, transforms = weights.meta, weights.transforms()
        figures, sizes = meta["_metrics"]["ImageNet-1K"], (transforms.resize_size[0], transforms.crop_size[0])
        yield Published(
            network,
            weights.name,
            weights is kind.DEFAULT,
            weights.url,
            round(meta["_file_size"] * 2**20),
            meta["num_params"],
            figures["acc@1"],
            figures["acc@5"],
            tuple(meta["categories"]),
            choices.Preprocess(*sizes, tuple(transforms.mean), tuple(transforms.std)),
            meta["recipe"],
            meta.get("license", LICENCE),
        )


def published(spec: ResNetSpec) -> tuple[Published, ...]:
    """Return the published weights of a network, whatever its head; none where there are none."""
    entry = entry_of(replace(spec, classes=1000, dropout=0.0))
    return tuple(_placed(weights) for weights in _all().get(entry.name, ())) if entry else ()


def find_published(spec: ResNetSpec, name: str) -> Published:
    """Return the weights of a network by their name, or the best by ``DEFAULT``.

    Raises ExplorerError where there are none, with what there is.
    """
    return choose_published(published(spec), spec, name)


def cache() -> Path:
    """Return the folder in which torch.hub keeps weights."""
    return Path(torch.hub.get_dir()) / "checkpoints"


def _placed(weights: Published) -> Published:
    file = cache() / weights.url.rpartition("/")[2]
    return replace(weights, cached=str(file) if file.is_file() else "")


def download(weights: Published) -> Generator[Progress | Path, None, None]:
    """Yield progress in bytes, and last the file in the cache, which is there whole or not at all.

    Its digest is held against the one in its name. To stop asking ends the download and takes away what came.
    Raises ExplorerError where there is no network, or what comes is not what was published.
    """
    target = cache() / weights.url.rpartition("/")[2]
    if target.is_file():
        yield target
        return
    part = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        digest = yield from _fetch(weights, part)
        wanted = _HASH.search(target.name)
        if wanted and not digest.startswith(wanted[1]):
            text = f"{target.name} differs from what was published."
            raise ExplorerError(weights.url, text, "Try again. The download was discarded.")
        os.replace(part, target)
    except OSError as error:
        raise _failed(weights, error, target.parent) from error
    finally:
        part.unlink(missing_ok=True)
    yield target


def _fetch(weights: Published, part: Path) -> Generator[Progress, None, str]:
    request = urllib.request.Request(weights.url, headers={"User-Agent": "resnet-explorer"})
    digest, done = hashlib.sha256(), 0
    with urllib.request.urlopen(request, timeout=WAIT) as answer, part.open("xb") as file:
        size = int(answer.headers.get("Content-Length") or weights.bytes)
        while chunk := answer.read(CHUNK):
            file.write(chunk)
            digest.update(chunk)
            done += len(chunk)
            yield Progress(done, size, f"downloading {weights.name}: {done / 1e6:,.1f} of {size / 1e6:,.1f} MB")
        file.flush()
        os.fsync(file.fileno())
    if done < size and answer.headers.get("Content-Length"):
        raise OSError(0, f"the connection ended after {done:,} of {size:,} bytes")
    return digest.hexdigest()


def _failed(weights: Published, error: OSError, folder: Path) -> ExplorerError:
    """Return a download's failure in words; an HTTP answer and a network that is not there are OSErrors as well."""
    file, host = weights.url.rpartition("/")[2], weights.url.split("/")[2] or "this address"
    if isinstance(error, urllib.error.HTTPError):
        return ExplorerError(weights.url, f"{host} does not serve {file} ({error.code}).", "Try again later.")
    if isinstance(error, urllib.error.URLError | TimeoutError | ConnectionError) or not error.errno:
        why = getattr(error, "reason", None) or error.strerror or error
        text = f"{file} could not be downloaded from {host}: {getattr(why, 'strerror', None) or why}."
        return ExplorerError(weights.url, text, f"Check the network, or put the file into {folder}.")
    text = f"{file} cannot be written to {folder}: {error.strerror}."
    return ExplorerError(str(folder), text, "Free some space, or set TORCH_HOME to another folder.")


HEAD = ("fc.weight", "fc.bias")
"""The tensors of the classifier."""


def drawn(spec: ResNetSpec, seed: int) -> ResNet:
    """Return a network with the initial weights of a seed, on the CPU in training mode."""
    with seeded(seed):
        return build(spec)


def give(model: nn.Module, state: Mapping[str, Tensor], leave: Collection[str] = ()) -> int:
    """Copy tensors into those of a model by their names, except those of ``leave``; return how many."""
    count = 0
    with torch.no_grad():
        for name, tensor in model.state_dict().items():
            if name in state and name not in leave:
                tensor.copy_(state[name])
                count += 1
    return count


def mixed(kernels: Tensor, way: choices.GreyWay, channels: int) -> Tensor:
    """Return a convolution's kernels for images of so many channels: sums of those that it has."""
    matrix = torch.tensor(choices.mixing(way, channels, kernels.shape[1]), dtype=torch.float64)
    return torch.einsum("okhw,kc->ochw", kernels.double(), matrix).to(kernels.dtype)


def port(model: ResNet, spec: ResNetSpec, way: choices.GreyWay, channels: int) -> ResNet:
    """Give a network a first convolution for images of so many channels, in place; raises ExplorerError in groups."""
    path, layer = first_convolution(compile_spec(spec))
    conv = model.get_submodule(path)
    assert isinstance(conv, nn.Conv2d)
    if layer.groups != 1:
        raise ExplorerError(path, "A first convolution in groups cannot be mixed.", "Choose an adapter.")
    conv.weight = nn.Parameter(mixed(conv.weight.detach(), way, channels), conv.weight.requires_grad)
    conv.in_channels = channels
    return model


def measure_grey(
    model: ResNet, spec: ResNetSpec, grey: Tensor, preprocess: choices.Preprocess = choices.IMAGENET, seed: int = 0
) -> GreyReport:
    """Return the relative error of each way's outputs against those for the repeated channel; the model is unchanged.

    ``grey`` are images (N, 1, H, W) from 0 to 1. All are normalised with one mean and standard deviation, the network's
    own for grey. Raises ExplorerError where the network takes one channel already.
    """
    if spec.in_channels == 1:
        raise ExplorerError("in_channels", "The network takes grey images as it is.", "Choose one for colour images.")
    (mean,), (std,) = choices.normalisation(preprocess, spec, 1, choices.GreyWay.SUM)
    x = (grey - mean) / std
    repeated = x.expand(-1, spec.in_channels, -1, -1)
    inputs = {choices.GreyWay.REPEAT: repeated, **dict.fromkeys(choices.PORTS, x), choices.GreyWay.ADAPTER: x}
    if spec.in_channels != len(choices.LUMINANCE):
        del inputs[choices.GreyWay.LUMINANCE]

    def outputs(images: Tensor, training: bool, way: choices.GreyWay = choices.GreyWay.REPEAT) -> Tensor:
        net = deepcopy(model)
        if way in choices.PORTS:
            port(net, spec, way, 1)
        elif way is choices.GreyWay.ADAPTER:
            net = add_adapter(net, 1, spec.in_channels)
        with seeded(seed), torch.no_grad():  # in training, dropout drops the same features for all
            scores: Tensor = net.train(training)(images)
        return scores

    def error(outputs: Tensor, expected: Tensor) -> float:
        return float((outputs - expected).norm() / expected.norm().clamp(min=1e-30))

    expected = [outputs(repeated, training) for training in (False, True)]
    measures = tuple(
        GreyMeasure(way, *(error(outputs(images, training, way), expected[training]) for training in (False, True)))
        for way, images in inputs.items()
    )
    own = choices.normalisation(preprocess, spec, 1, choices.GreyWay.REPEAT)
    means, stds = (torch.tensor(values).view(-1, 1, 1) for values in own)
    return GreyReport(measures, error(outputs((grey - means) / stds, False), expected[False]), len(grey))


def start(plan: TunePlan) -> tuple[ResNet, Started]:
    """Return the network to tune, on the CPU in training mode, and what it starts from.

    What no file gives is drawn from the plan's seed. Raises ExplorerError where published weights are not on this
    machine, and CheckpointError where a file's weights are those of another network.
    """
    model = drawn(plan.network_spec, plan.seed)
    if plan.weights.kind is choices.WeightsKind.NONE:
        started = Started((f"All weights are random, from seed {plan.seed}.",), 0, False)
    else:
        state, text, same = _initial(plan)
        loaded = give(model, _ported(plan, state), () if same else HEAD)
        started = Started(text, loaded, same)
    return (add_adapter(model, *plan.adapter) if plan.adapter else model), started


def bare(plan: TunePlan) -> ResNet:
    """Return the network to tune with no weights of its own: for some that are loaded next."""
    model = drawn(plan.network_spec, plan.seed)
    return add_adapter(model, *plan.adapter) if plan.adapter else model


def check_file(path: Path, spec: ResNetSpec, key: str = "") -> tuple[Mapping[str, Tensor], Identified, tuple[str, ...]]:
    """Return a file's tensors by the names of a network, what was found in the file, and notes on what was read of it.

    ``key`` chooses where it holds several networks.

    Raises CheckpointError where they are another network's, or not all of them are finite.
    """
    read = read_weights(path, key=key or None)
    identified = checkpoint.identified(read)
    shapes = {name: tuple(tensor.shape) for name, tensor in read.tensors.items()}
    own = [read.tensors[name] for name in identified.names]
    why = refusal(path.name, identified, spec, *checkpoint.strange_values(own))
    if why:
        raise CheckpointError(str(path), why, "Choose that network, or another file.")
    fitting = identify(shapes, replace(spec, classes=identified.spec.classes))
    return checkpoint.state_of(read, fitting), identified, read.notes


def _initial(plan: TunePlan) -> tuple[Mapping[str, Tensor], tuple[str, ...], bool]:
    """Return the tensors by our names, what is said of them, and whether those of the head are loaded too."""
    path, classes = plan.weights.file or Path(plan.weights.name), len(plan.classes)
    is_published = plan.weights.kind is choices.WeightsKind.PUBLISHED
    chosen = find_published(plan.spec, plan.weights.name) if is_published else None
    if chosen and not chosen.cached:
        text = f"{chosen.name} of {title(plan.spec)} is not on this machine."
        raise ExplorerError("weights", text, "Download it.")
    state, identified, notes = check_file(Path(chosen.cached) if chosen else path, plan.spec, plan.weights.key)
    same = plan.classes == chosen.classes if chosen else identified.spec.classes == classes
    head = describe_head(chosen.name if chosen else path.name, identified, classes)
    if identified.spec.classes == classes and not same:
        head = (f"The head of {classes:,} classes was not loaded: these are other classes. It is new.",)
    origin = f"{chosen.name} of {title(plan.spec)}" if chosen else path.name
    return state, (f"The backbone starts from {origin}.", *head, *(() if chosen else notes)), same


def _ported(plan: TunePlan, state: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
    if plan.grey not in choices.PORTS or not choices.adapts(plan.spec, plan.channels):
        return state
    name = f"{first_convolution(plan.network)[0]}.weight"
    return {**state, name: mixed(state[name], plan.grey, plan.channels)}
