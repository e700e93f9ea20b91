"""Weights in and out of files: safely, and all or nothing."""

from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

import torch
from torch import Tensor

from resnet_explorer import files
from resnet_explorer.errors import CheckpointError
from resnet_explorer.module.build import ResNet, build
from resnet_explorer.network import compile_spec
from resnet_explorer.network.tree import tensors
from resnet_explorer.spec import InputShape, ResNetSpec, codec
from resnet_explorer.spec.search import default_input
from resnet_explorer.weights.identify import identify
from resnet_explorer.weights.reader import SPEC_KEY, Checkpoint, read
from resnet_explorer.weights.values import BINS, LIMIT, Identified, TensorStats, Weights

SUFFIXES = (".safetensors", ".pth", ".pt", ".onnx")


def identified(checkpoint: Checkpoint) -> Identified:
    """Return the network that a checkpoint belongs to; raises CheckpointError where it is no residual network."""
    shapes = {name: tuple(tensor.shape) for name, tensor in checkpoint.tensors.items()}
    return identify(shapes, checkpoint.spec)


def load(path: Path, limit: int = LIMIT, key: str | None = None) -> tuple[ResNet, Identified]:
    """Return the module with a file's weights, in eval mode, and how the file fits it.

    What the file holds beside the network (another head, a second encoder) is left out. Raises CheckpointError where
    anything of the network is missing or of another shape: nothing is loaded by halves.
    """
    checkpoint = read(path, limit, key)
    result = identified(checkpoint)
    if not result.fits:
        first, rest = result.problems[:3], len(result.problems) - 3
        more = f" And {rest:,} more." if rest > 0 else ""
        raise CheckpointError(
            str(path),
            f"{path.name} does not fit {result.spec.name}: {' '.join(first)}{more}",
            "'resnet-explorer identify' lists everything.",
        )
    model = build(result.spec, initialise=False)
    model.load_state_dict(state_of(checkpoint, result), strict=False)  # nothing but counters of batches may be missing
    return model.eval(), result


def state_of(checkpoint: Checkpoint, result: Identified) -> dict[str, Tensor]:
    """Return the tensors that belong to the network, by our names and in its shapes."""
    expected = tensors(compile_spec(result.spec))
    state = {ours: checkpoint.tensors[theirs] for theirs, ours in result.names.items()}
    return {name: tensor.reshape(expected[name]) for name, tensor in state.items() if name in expected}


def strange_values(given: Iterable[Tensor]) -> tuple[int, int]:
    """Return how many values of some tensors are not finite, and how many there are."""
    real = [tensor for tensor in given if tensor.is_floating_point()]
    strange = sum(tensor.numel() - int(torch.isfinite(tensor).sum()) for tensor in real)
    return strange, sum(tensor.numel() for tensor in real)


def statistics(pairs: Iterable[tuple[str, Tensor]]) -> tuple[TensorStats, ...]:
    """Return the figures of some pairs tensors; counters and other whole numbers are left out."""
    return tuple(_figures(name, tensor) for name, tensor in pairs if tensor.is_floating_point())


def _figures(name: str, tensor: Tensor) -> TensorStats:
    values = tensor.detach().reshape(-1).to(torch.float64)
    finite = values[torch.isfinite(values)]
    strange, shape = values.numel() - finite.numel(), tuple(tensor.shape)
    if not finite.numel():
        return TensorStats(name, shape, 0.0, 0.0, 0.0, 0.0, 0.0, (0,) * BINS, strange)
    least, greatest = float(finite.min()), float(finite.max())
    counts = torch.histc(finite, BINS, least, greatest) if greatest > least else torch.zeros(BINS)
    if greatest <= least:
        counts[BINS // 2] = finite.numel()
    norm, mean, std = (float(value) for value in (finite.norm(), finite.mean(), finite.std(correction=0)))
    histogram = tuple(int(count) for count in counts.tolist())
    return TensorStats(name, shape, norm, mean, std, least, greatest, histogram, strange)


def weights(path: Path, limit: int = LIMIT, key: str | None = None) -> Weights:
    """Return the network of a file, with the figures of every tensor; raises CheckpointError as ``read``."""
    checkpoint = read(path, limit, key)
    result = identified(checkpoint)
    figures = statistics(sorted(checkpoint.tensors.items()))
    own = {result.names[stats.name]: stats for stats in figures if stats.name in result.names}
    strange, values = strange_values(checkpoint.tensors.values())
    return Weights(str(path), result, own, strange, values, checkpoint.notes, checkpoint.keys, checkpoint.key)


def save(
    model: ResNet, spec: ResNetSpec, path: Path, image: InputShape | None = None, *, dynamic: bool = False
) -> None:
    """Write a module's weights as .safetensors or .pth with the spec beside them, or the module as .onnx.

    ONNX takes batches of any length, of images as ``image`` has them, or of any height and width where ``dynamic``.
    The file is there whole or not at all. Raises ExportError where it cannot be written, CheckpointError where its
    ending is none of these or ONNX cannot express the network.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        kinds = ", ".join(SUFFIXES)
        raise CheckpointError(str(path), f"{path.name} is not a weights file.", f"End its name in {kinds}.")
    with files.replacing(path) as stream:
        if suffix == ".onnx":
            stream.write(_onnx(model, spec, image or default_input(spec), dynamic))
        elif suffix == ".safetensors":
            from safetensors.torch import save as to_bytes

            state = {name: tensor.contiguous() for name, tensor in model.state_dict().items()}
            stream.write(to_bytes(state, metadata={"format": "pt", SPEC_KEY: codec.dumps(spec)}))
        else:
            content = {"state_dict": model.state_dict(), SPEC_KEY: codec.dumps(spec)}
            torch.save(content, stream)  # type: ignore[arg-type]  # all that it asks of a stream is ``write``


def _onnx(model: ResNet, spec: ResNetSpec, image: InputShape, dynamic: bool) -> bytes:
    missing = [name for name in ("onnx", "onnxscript") if find_spec(name) is None]
    if missing:
        text = " and ".join(missing)
        raise CheckpointError("onnx", f"ONNX needs {text}.", f"Install it: pip install {' '.join(missing)}.")
    _, *sample = image.shape(spec.in_channels, spec.dims)
    example = torch.zeros(2, *sample)  # of one image PyTorch makes a constant
    names = ("frames", "height", "width")[3 - spec.dims :]
    sizes = {0: "batch"} | (dict(enumerate(names, start=2)) if dynamic else {})
    try:
        program = torch.onnx.export(model.eval(), (example,), dynamo=True, verbose=False, dynamic_shapes=(sizes,))
        content: bytes = program.model_proto.SerializeToString()  # type: ignore[union-attr]  # of dynamo=True
    except Exception as error:  # the exporter raises many kinds
        kind = "for images of any size" if dynamic else "as ONNX"
        remedy = "Export it for images of one size." if dynamic else "Save it as .safetensors or .pth."
        raise CheckpointError("onnx", f"PyTorch cannot export this network {kind}.", remedy) from error
    return content
