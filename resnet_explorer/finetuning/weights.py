"""Weights that torchvision publishes: which there are, whether they are here, and how they come, when asked."""

import hashlib
import os
import re
import secrets
import urllib.request
from collections.abc import Generator, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch

from resnet_explorer.errors import ExplorerError
from resnet_explorer.finetuning.choices import Preprocess
from resnet_explorer.finetuning.results import Published
from resnet_explorer.readings.progress import Progress
from resnet_explorer.spec import ResNetSpec
from resnet_explorer.spec.catalogue import CATALOGUE, entry_of, title

LICENCE = (
    "torchvision (BSD-3-Clause) names no licence of the weights; ImageNet's terms, for research that earns"
    " nothing, may bind them."
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
    for one in kind:
        meta, transforms = one.meta, one.transforms()
        figures = meta["_metrics"]["ImageNet-1K"]
        yield Published(
            network,
            one.name,
            one is kind.DEFAULT,
            one.url,
            round(meta["_file_size"] * 2**20),
            meta["num_params"],
            figures["acc@1"],
            figures["acc@5"],
            tuple(meta["categories"]),
            Preprocess(
                transforms.resize_size[0], transforms.crop_size[0], tuple(transforms.mean), tuple(transforms.std)
            ),
            meta["recipe"],
            meta.get("license", LICENCE),
        )


def catalogue() -> tuple[Published, ...]:
    """Return all published weights of the catalogue's networks, with where they lie on this machine."""
    return tuple(_placed(one) for row in _all().values() for one in row)


def published(spec: ResNetSpec) -> tuple[Published, ...]:
    """Return the published weights of a network, whatever its head; none where there are none."""
    entry = entry_of(replace(spec, classes=1000, dropout=0.0))
    return tuple(_placed(one) for one in _all().get(entry.name, ())) if entry else ()


def find_published(spec: ResNetSpec, name: str) -> Published:
    """Return the weights of a network by their name, or the best by ``DEFAULT``.

    Raises ExplorerError where there are none, with what there is.
    """
    found = published(spec)
    if not found:
        words = f"torchvision publishes no weights of {title(spec)}."
        raise ExplorerError("weights", words, "Choose a file, or none, or one of the ResNets of ImageNet.")
    wanted = [one for one in found if one.name == name or (one.is_default and name == "DEFAULT")]
    if not wanted:
        known = ", ".join(one.name for one in found)
        raise ExplorerError("weights", f"{title(spec)} has no weights called {name}.", f"Choose DEFAULT or {known}.")
    return wanted[0]


def cache() -> Path:
    """Return the folder in which torch.hub keeps weights."""
    return Path(torch.hub.get_dir()) / "checkpoints"


def _placed(one: Published) -> Published:
    file = cache() / one.url.rpartition("/")[2]
    return replace(one, cached=str(file) if file.is_file() else "")


def download(one: Published) -> Generator[Progress | Path, None, None]:
    """Yield progress in bytes, and last the file in the cache, which is there whole or not at all.

    Its digest is held against the one in its name. To stop asking ends the download and takes away what came.
    Raises ExplorerError where there is no network, or what comes is not what was published.
    """
    target = cache() / one.url.rpartition("/")[2]
    if target.is_file():
        yield target
        return
    part = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        digest = yield from _fetch(one, part)
        wanted = _HASH.search(target.name)
        if wanted and not digest.startswith(wanted[1]):
            words = f"{target.name} came with other content than was published."
            raise ExplorerError(one.url, words, "Try again; nothing was kept.")
        os.replace(part, target)
    except OSError as error:
        raise _failed(one, error, target.parent) from error
    finally:
        part.unlink(missing_ok=True)
    yield target


def _fetch(one: Published, part: Path) -> Generator[Progress, None, str]:
    """Yield progress while the bytes are written; return their SHA-256."""
    request = urllib.request.Request(one.url, headers={"User-Agent": "resnet-explorer"})
    digest, done = hashlib.sha256(), 0
    with urllib.request.urlopen(request, timeout=WAIT) as answer, part.open("xb") as file:
        size = int(answer.headers.get("Content-Length") or one.bytes)
        while chunk := answer.read(CHUNK):
            file.write(chunk)
            digest.update(chunk)
            done += len(chunk)
            yield Progress(done, size, f"fetching {one.name}: {done / 1e6:,.1f} of {size / 1e6:,.1f} MB")
        file.flush()
        os.fsync(file.fileno())
    if done < size and answer.headers.get("Content-Length"):
        raise OSError(0, f"it broke off after {done:,} of {size:,} bytes")
    return digest.hexdigest()


def _failed(one: Published, error: OSError, folder: Path) -> ExplorerError:
    """Return a download's failure in words; an HTTP answer and a network that is not there are OSErrors as well."""
    file, host = one.url.rpartition("/")[2], one.url.split("/")[2] or "this address"
    if isinstance(error, urllib.error.HTTPError):
        return ExplorerError(one.url, f"{host} has no {file} to give ({error.code}).", "Try again later.")
    if isinstance(error, urllib.error.URLError | TimeoutError | ConnectionError) or not error.errno:
        why = getattr(error, "reason", None) or error.strerror or error
        words = f"{file} could not be fetched from {host}: {getattr(why, 'strerror', None) or why}."
        return ExplorerError(one.url, words, f"Check the network, or put the file into {folder}.")
    words = f"{file} cannot be written to {folder}: {error.strerror}."
    return ExplorerError(str(folder), words, "Free some space, or set TORCH_HOME to another folder.")
