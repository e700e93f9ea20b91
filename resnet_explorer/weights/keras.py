"""Weights of Keras and TensorFlow: their layouts and names, and HDF5 files by h5py."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from resnet_explorer.errors import ExplorerError
from resnet_explorer.spec import ResNetSpec
from resnet_explorer.spec.change import assign
from resnet_explorer.weights.containers import AGAIN, FileError
from resnet_explorer.weights.identify import identify
from resnet_explorer.weights.tensors import Leaf, array_leaf

MOST_OBJECTS = 20_000
_KINDS = {
    "kernel": "weight",
    "W": "weight",
    "gamma": "weight",
    "scale": "weight",
    "bias": "bias",
    "b": "bias",
    "beta": "bias",
    "moving_mean": "running_mean",
    "running_mean": "running_mean",
    "moving_variance": "running_var",
    "running_std": "running_var",  # so called before Keras 2, though it held the variance
}
_LAST = re.compile(rf"(?:.*_)?({'|'.join(_KINDS)})(?:_\d+)?(?::0)?")
_BLOCK = re.compile(r"conv(\d)_block(\d+)_([0-3])_(conv|bn)")
_OLD_BLOCK = re.compile(r"(res|bn)(\d)(?:([a-z])|b(\d+))_branch(1|2[abc])")
_STEM = {"conv1_conv": "conv1", "conv1": "conv1", "conv1_bn": "bn1", "bn_conv1": "bn1"}
_NOTES = (
    "Keras' names and layout were converted to PyTorch's.",
    "Keras' ResNets stride in the first 1×1 convolution of a block, and so does this network.",
    "Keras' batch norms add 1.001e-5 to the variance where PyTorch's add 1e-5.",
    "Keras' ImageNet weights take BGR images of 0 to 255 without their means (103.939, 116.779, 123.68).",
)


def open_hdf5(path: Path, most: int) -> tuple[dict[str, Leaf], tuple[str, ...], tuple[str, ...]]:
    """Return the tensors of an .h5 file by PyTorch's names, what to say of them, and settings that tensors do not tell.

    Raises FileError where h5py is not installed, or the file holds links to other files or more than ``most`` bytes of
    compressed numbers.
    """
    try:
        import h5py
    except ImportError as error:
        what = "is an HDF5 file, as Keras saves; reading it needs h5py."
        raise FileError(what, "Install it: pip install h5py.") from error
    try:
        with h5py.File(path, "r") as file:
            arrays = dict(_datasets(file, h5py, most))
    except (OSError, RuntimeError, KeyError, ValueError) as error:
        what = "is damaged: it begins as an HDF5 file, and cannot be read to its end."
        raise FileError(what, AGAIN) from error
    if any("_preact_" in name for name in arrays):
        raise FileError(
            "holds a ResNetV2 of Keras, which strides at the end of its stages.",
            "No network here does; its tensors cannot be used.",
        )
    tensors = dict(_converted(arrays))
    if "conv1.weight" not in tensors or "layer1.0.conv1.weight" not in tensors:
        return tensors, _NOTES[:1], ()
    folded = _fold_biases(tensors)
    return tensors, _NOTES + folded, ("stride=1x1",)


def _datasets(file: Any, h5py: Any, most: int) -> Iterator[tuple[str, Leaf]]:
    """Yield the arrays in a file by their paths; nothing that lies in another file is opened."""
    waiting: list[tuple[str, Any]] = [("", file)]
    seen = 0
    while waiting:
        before, group = waiting.pop()
        for name in group:
            seen += 1
            if seen > MOST_OBJECTS:
                raise FileError(f"holds more than {MOST_OBJECTS:,} arrays.", "Do not trust this file.")
            if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                raise FileError("holds links instead of arrays.", "Do not trust this file.")
            item, path = group[name], f"{before}/{name}"
            if isinstance(item, h5py.Group):
                waiting += [(path, item)] if len(waiting) < MOST_OBJECTS else []
            elif isinstance(item, h5py.Dataset) and item.dtype.kind in "fiu":
                if item.is_virtual or item.external:
                    raise FileError("holds numbers of other files.", "Do not trust this file.")
                most -= item.nbytes
                if most < 0:
                    raise FileError("holds more numbers than are read by default.", "Use --allow-large to read it.")
                leaf = array_leaf(np.ascontiguousarray(item[()]))
                if leaf is not None:
                    yield path, leaf


def _converted(arrays: Mapping[str, Leaf]) -> Iterator[tuple[str, Leaf]]:
    for path, leaf in arrays.items():
        *_, layer, last = ("", *path.strip("/").split("/"))
        kind = _LAST.fullmatch(last)
        if kind is None or "optimizer_weights" in path:
            continue
        layer = _layer(layer) or layer or "layer"
        yield f"{layer}.{_KINDS[kind[1]]}", _turned(leaf) if _KINDS[kind[1]] == "weight" else leaf


def _layer(name: str) -> str | None:
    """Return torchvision's name of a layer of Keras' ResNets, None where it has none."""
    if match := _BLOCK.fullmatch(name):
        stage, block, number, kind = int(match[1]) - 1, int(match[2]) - 1, match[3], match[4]
    elif match := _OLD_BLOCK.fullmatch(name):
        stage, kind = int(match[2]) - 1, "conv" if match[1] == "res" else "bn"
        block = ord(match[3]) - ord("a") if match[3] else int(match[4])
        number = "0" if match[5] == "1" else str(ord(match[5][1]) - ord("a") + 1)
    else:
        return _STEM.get(name) or ("fc" if name in ("predictions", "fc1000", "probs") else None)
    place = f"downsample.{'01'[kind == 'bn']}" if number == "0" else f"{kind}{number}"
    return f"layer{stage}.{block}.{place}"


def _turned(leaf: Leaf) -> Leaf:
    """Return a kernel (height, width, in, out) as PyTorch has it (out, in, height, width), a matrix likewise."""
    if not isinstance(leaf, Tensor) or leaf.dim() not in (2, 4):
        return leaf
    return leaf.permute(3, 2, 0, 1).contiguous() if leaf.dim() == 4 else leaf.t().contiguous()


def _fold_biases(tensors: dict[str, Leaf]) -> tuple[str, ...]:
    """Take each convolution's bias off the mean of the batch norm that follows: the same output in eval mode."""
    folded = 0
    for name in [name for name in tensors if name.endswith(".bias") and re.search(r"conv\d\.|downsample\.0\.", name)]:
        norm = name.removesuffix(".bias").replace("downsample.0", "downsample.1").replace("conv", "bn")
        mean, bias = tensors.get(f"{norm}.running_mean"), tensors[name]
        if isinstance(mean, Tensor) and isinstance(bias, Tensor) and mean.shape == bias.shape:
            tensors[f"{norm}.running_mean"] = mean - tensors.pop(name)  # type: ignore[operator] # both are tensors
            folded += 1
    text = f"The biases of {folded:,} convolutions were folded into the batch norms: the same outputs when evaluated."
    return (text,) if folded else ()


def converted(value: object) -> object:
    """Return what an archive of arrays holds by PyTorch's names and layouts, where it is TensorFlow's."""
    if not isinstance(value, dict) or not any(str(name).endswith(("/kernel", "/kernel:0")) for name in value):
        return value
    return {
        str(name).strip("/").replace("/", ".").replace(":0", ""): _turned(leaf) if "kernel" in str(name) else leaf
        for name, leaf in value.items()
    }


def spec_of(tensors: Mapping[str, Tensor], settings: tuple[str, ...]) -> ResNetSpec | None:
    """Return the network of some tensors with settings that they do not tell, None where there are none."""
    if not settings:
        return None
    try:
        return assign(identify({name: tuple(tensor.shape) for name, tensor in tensors.items()}).spec, *settings)
    except ExplorerError:
        return None
